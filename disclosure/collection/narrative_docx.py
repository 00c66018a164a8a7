"""A .docx handed in as bytes: is it safe to open, does it hold only text, and that text as HTML.

Everything mammoth would drop without a word or carry along unseen (tracked changes, comments, pictures, text
boxes, hidden text, fields, formulas, merged cells …) is looked for in the XML first and refused by name. A document
type declaration is refused in every part, so no entity is ever expanded.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable
from xml.parsers import expat

from disclosure.collection.narrative_looks import Looks, StyleLooks
from disclosure.collection.narrative_texts import PROPERTY
from disclosure.errors import DisclosureError

#: Largest file, largest sum of the declared sizes, largest XML part (mammoth keeps its whole tree), in bytes.
FILE_LIMIT, UNPACKED_LIMIT, PART_LIMIT = 10 * 1024 * 1024, 30 * 1024 * 1024, 4 * 1024 * 1024
#: Members of the archive; elements of one part (mammoth takes seconds for more), and how deep they may be nested.
MEMBER_LIMIT, ELEMENT_LIMIT, DEPTH_LIMIT = 500, 40_000, 60

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_DAMAGED = "文件损坏或不完整，可能没有传完，请在 Word 或 WPS 中打开原文件，重新保存为 .docx 后再交"
_CHUNK = 1 << 16

#: Element -> the sentence that refuses it.
_UNFIT = {
    "ins": "正文里有尚未接受的修订，请在“审阅”中接受全部修订并关闭修订后再交",
    "del": "正文里有尚未接受的修订，请在“审阅”中接受全部修订并关闭修订后再交",
    "moveFrom": "正文里有尚未接受的修订，请在“审阅”中接受全部修订并关闭修订后再交",
    "moveTo": "正文里有尚未接受的修订，请在“审阅”中接受全部修订并关闭修订后再交",
    "rPrChange": "正文里有尚未接受的格式修订，请在“审阅”中接受全部修订并关闭修订后再交",
    "pPrChange": "正文里有尚未接受的格式修订，请在“审阅”中接受全部修订并关闭修订后再交",
    "commentReference": "正文里有批注，请处理并删除全部批注后再交",
    "commentRangeStart": "正文里有批注，请处理并删除全部批注后再交",
    "drawing": "正文里有图片、图形或文本框，披露文字只收文字，请删去后再交",
    "pict": "正文里有图片、图形或文本框，披露文字只收文字，请删去后再交",
    "txbxContent": "正文里有图片、图形或文本框，披露文字只收文字，请删去后再交",
    "object": "正文里有嵌入的对象（如 Excel 表格），请删去，需要的内容改写成文字或简单表格后再交",
    "altChunk": "正文里嵌入了另一个文件，请删去，需要的内容改写成文字后再交",
    "footnoteReference": "正文里有脚注或尾注，请把注释写进正文并删去脚注后再交",
    "endnoteReference": "正文里有脚注或尾注，请把注释写进正文并删去脚注后再交",
    "hyperlink": "正文里有超链接，请取消超链接（右键“取消超链接”），只留文字后再交",
    "fldSimple": "正文里有域（自动目录、页码、链接等），请选中后按 Ctrl+Shift+F9 转成文字，不需要的删去后再交",
    "instrText": "正文里有域（自动目录、页码、链接等），请选中后按 Ctrl+Shift+F9 转成文字，不需要的删去后再交",
    "oMath": "正文里有公式，请改写成文字后再交",
    "gridSpan": "表格里有合并的单元格，请改成每行列数相同的简单表格后再交",
    "vMerge": "表格里有合并的单元格，请改成每行列数相同的简单表格后再交",
    "sym": "正文里有用符号字体插入的符号，请改用普通文字后再交",
    "ruby": "正文里有拼音注音，请删去注音后再交",
}
#: The same for run properties that are switched on.
_UNFIT_RUNS = {
    "vanish": "正文里有隐藏的文字，请取消隐藏或删去后再交",
    "strike": "正文里有加了删除线的文字，请删去这些文字，或取消删除线后再交",
    "dstrike": "正文里有加了删除线的文字，请删去这些文字，或取消删除线后再交",
}
_UNSEEN = "正文里有看不见的文字（白色、与底色相同或小得看不清），请改成看得见的或删去后再交"
_STYLE_MAP = "\n".join(
    f"p[style-name='{name} {level}'] => h{level}:fresh"
    for name in ("heading", "Heading", "标题")
    for level in range(1, 7)
)


class UnfitDocumentError(DisclosureError):
    """The file cannot be taken; its sentence says why and what to do."""


def open_docx(content: bytes, suffix: str) -> zipfile.ZipFile:
    """The archive, checked to be a .docx within bounds, undamaged, without password or macros.

    Raises:
        UnfitDocumentError: for anything else.
    """
    if len(content) > FILE_LIMIT:
        raise UnfitDocumentError(
            f"文件有 {len(content) / 1024 / 1024:.0f} MB，超过 10 MB，请删去图片等多余的内容后再交"
        )
    if content.startswith(_OLE):
        raise UnfitDocumentError(_old_format(content, suffix))
    if not content.startswith(b"PK\x03\x04"):
        raise UnfitDocumentError("不是 Word 文档（改扩展名不能改变文件格式），请用下发的文稿填写并保存为 .docx 后再交")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise UnfitDocumentError(_DAMAGED) from error
    _check_members(archive)
    return archive


def _old_format(content: bytes, suffix: str) -> str:
    if "EncryptedPackage".encode("utf-16-le") in content:
        return "文件设有打开密码，请取消密码，另存为 .docx 后再交"
    if suffix in {".wps", ".wpt"}:
        return "这是 WPS 的 .wps 文件，请在 WPS 中另存为 .docx 后再交"
    return "这是旧式的 .doc 文件，请在 Word 或 WPS 中另存为 .docx 后再交"


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    declared = sum(member.file_size for member in members)
    too_large = any(m.file_size > PART_LIMIT and m.filename.endswith((".xml", ".rels")) for m in members)
    if declared > UNPACKED_LIMIT or len(members) > MEMBER_LIMIT or too_large:
        raise UnfitDocumentError(
            f"文件解压后有 {declared / 1024 / 1024:.0f} MB、{len(members)} 个部件，疑似异常文件，"
            "请把文字复制到下发的文稿里再交"
        )
    if any(member.flag_bits & 1 for member in members):
        raise UnfitDocumentError("文件是加密的压缩文件，请取消密码，另存为 .docx 后再交")
    if len(names) != len(members) or "[Content_Types].xml" not in names:
        raise UnfitDocumentError(_DAMAGED if "[Content_Types].xml" in names else _NOT_WORD)
    if any(name.endswith("vbaProject.bin") for name in names):
        raise UnfitDocumentError("文件含有宏（.docm），请另存为不含宏的 .docx 后再交")
    for member in members:
        # Reading to the end compares the checksum, and so finds damage and members that lie about their size.
        try:
            with archive.open(member) as stream:
                while stream.read(_CHUNK):
                    pass
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as error:
            raise UnfitDocumentError(_DAMAGED) from error
    for name in sorted(names):
        if name.endswith((".xml", ".rels")):
            _walk(archive.read(name), lambda _namespace, _name, _attributes: None)
    if any("/embeddings/" in f"/{name}" for name in names):
        raise UnfitDocumentError(_UNFIT["object"])


_NOT_WORD = "是别的格式的文件（如表格、压缩包或 .odt），请用下发的文稿填写并保存为 .docx 后再交"


def properties_of(archive: zipfile.ZipFile) -> dict[str, str]:
    """The custom properties that mark a document of ours, without their prefix; empty where there are none."""
    found: dict[str, str] = {}
    if "docProps/custom.xml" not in archive.namelist():
        return found
    name = ""

    def start(_namespace: str, tag: str, attributes: dict[str, str]) -> None:
        nonlocal name
        if tag == "property":
            name = attributes.get("name", "")

    def text(words: str) -> None:
        if name.startswith(PROPERTY):
            key = name.removeprefix(PROPERTY)
            found[key] = found.get(key, "") + words

    _walk(archive.read("docProps/custom.xml"), start, text)
    return {key: words.strip() for key, words in found.items()}


def unfit_parts(archive: zipfile.ZipFile) -> list[str]:
    """A sentence for each kind of content that cannot be taken, in the order met."""
    found: dict[str, None] = {}
    tables = 0
    open_tags: list[str] = []
    styles = StyleLooks()
    if "word/styles.xml" in archive.namelist():
        _walk(archive.read("word/styles.xml"), styles.start, end=styles.end)
    looks = Looks(frozenset(styles.hidden))

    def start(namespace: str, tag: str, attributes: dict[str, str]) -> None:
        nonlocal tables
        open_tags.append(tag)
        if looks.start(tag, attributes):
            found[_UNSEEN] = None
        if tag in _UNFIT and not _is_off(tag, attributes):
            found[_UNFIT[tag]] = None
        elif tag in _UNFIT_RUNS and "r" in open_tags and _is_on(attributes):
            found[_UNFIT_RUNS[tag]] = None
        elif tag == "vertAlign" and attributes.get("val") in {"superscript", "subscript"}:
            found["正文里有上标或下标，请改写成普通文字（如“平方米”）后再交"] = None
        elif tag == "tbl" and namespace == _WORD:
            tables += 1
            if tables > 1:
                found["表格里套着表格，请改成简单表格后再交"] = None

    def end(tag: str) -> None:
        nonlocal tables
        open_tags.pop()
        looks.end(tag)
        tables -= tag == "tbl"

    _walk(archive.read(main_part(archive)), start, end=end)
    return list(found)


def _is_off(tag: str, attributes: dict[str, str]) -> bool:
    return tag == "gridSpan" and attributes.get("val") == "1"


def _is_on(attributes: dict[str, str]) -> bool:
    return attributes.get("val", "true") not in {"0", "false", "off", "none"}


def main_part(archive: zipfile.ZipFile) -> str:
    """The member that holds the text.

    Raises:
        UnfitDocumentError: when there is none, or it is of another kind (a template, a macro document).
    """
    targets: list[str] = []
    types: dict[str, str] = {}

    def relation(_namespace: str, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
            targets.append(posixpath.normpath(attributes.get("Target", "").lstrip("/")))

    def override(_namespace: str, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Override":
            types[attributes.get("PartName", "").lstrip("/")] = attributes.get("ContentType", "")

    names = set(archive.namelist())
    if "_rels/.rels" not in names:
        raise UnfitDocumentError(_NOT_WORD)
    _walk(archive.read("_rels/.rels"), relation)
    _walk(archive.read("[Content_Types].xml"), override)
    part = next(iter(targets), "")
    if part not in names:
        raise UnfitDocumentError(_DAMAGED if types.get(part) == _MAIN else _NOT_WORD)
    if "macroEnabled" in types.get(part, ""):
        raise UnfitDocumentError("文件是启用宏的格式（.docm），请另存为不含宏的 .docx 后再交")
    if types.get(part) != _MAIN:
        raise UnfitDocumentError(_NOT_WORD)
    return part


def html_of_docx(content: bytes) -> tuple[str, list[str]]:
    """The document as HTML (not yet sanitised), and sentences for what could not be read.

    Raises:
        UnfitDocumentError: when mammoth cannot make sense of it.
    """
    import mammoth

    try:
        result = mammoth.convert_to_html(
            io.BytesIO(content),
            style_map=_STYLE_MAP,
            convert_image=mammoth.images.img_element(lambda _image: {}),
            include_embedded_style_map=False,
            external_file_access=False,
        )
    except Exception as error:
        # Whatever a hand-made file makes it stumble over: the file is told to be damaged, and is kept.
        raise UnfitDocumentError(_DAMAGED) from error
    lost = sorted({m.message for m in result.messages if "ignored" in m.message or m.type == "error"})
    return result.value, [f"正文里有不能识别的内容（{words}），请改写成普通文字后再交" for words in lost]


def _walk(
    xml: bytes,
    start: Callable[[str, str, dict[str, str]], None],
    text: Callable[[str], None] | None = None,
    end: Callable[[str], None] | None = None,
) -> None:
    """Call ``start(namespace, local name, attributes by local name)`` for every element."""
    depth = count = 0

    def forbid(*_: object) -> None:
        raise UnfitDocumentError(
            "文件里有文档类型声明（DOCTYPE），正常的文档没有这种内容，请把文字复制到下发的文稿里再交"
        )

    def on_start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth += 1
        count += 1
        if depth > DEPTH_LIMIT or count > ELEMENT_LIMIT:
            raise UnfitDocumentError("文件的内容过多或层层嵌套，疑似异常文件，请把文字复制到下发的文稿里再交")
        namespace, _, local = name.rpartition(" ")
        start(namespace, local, {key.rpartition(" ")[2]: value for key, value in attributes.items()})

    def on_end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end:
            end(name.rpartition(" ")[2])

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = forbid
    parser.StartElementHandler = on_start
    parser.EndElementHandler = on_end
    if text:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise UnfitDocumentError(_DAMAGED) from error
