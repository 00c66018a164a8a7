"""A .docx handed in as bytes: is it safe to open, does it hold only text, and that text as HTML.

Everything mammoth would drop without a word or carry along unseen (tracked changes, comments, pictures, text
boxes, hidden text, fields, formulas, merged cells …) is looked for in the XML first and refused by name. A document
type declaration is refused in every part, so no entity is ever expanded.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from xml.etree import ElementTree
from xml.parsers import expat

from disclosure.collection.narrative.looks import Looks, StyleLooks, elements, is_on, is_symbol_font
from disclosure.collection.narrative.numbering import write_numbers
from disclosure.collection.narrative.texts import PROPERTY
from disclosure.collection.workbook.ooxml.other_files import (
    ENCRYPTED,
    GET_IT_WHOLE,
    NOT_THERE,
    encryption_maker,
    is_all_zero,
    looks_encrypted,
)
from disclosure.confidentiality.draft_marks import draft_fault
from disclosure.platform.errors import DisclosureError

#: Largest file, largest sum of the declared sizes, largest XML part (mammoth keeps its whole tree), in bytes.
FILE_LIMIT, UNPACKED_LIMIT, PART_LIMIT = 10 * 1024 * 1024, 30 * 1024 * 1024, 4 * 1024 * 1024
#: Members of the archive; elements of one part (mammoth takes seconds for more), and how deep they may be nested.
MEMBER_LIMIT, ELEMENT_LIMIT, DEPTH_LIMIT = 500, 40_000, 60

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_DAMAGED = "文件损坏或不完整，可能没有传完，请在 Word 或 WPS 中打开原文件，重新保存为 .docx 后再交"
_CHUNK = 1 << 16

_STYLE_MAP = "\n".join(
    f"p[style-name='{name} {level}'] => h{level}:fresh"
    for name in ("heading", "Heading", "标题")
    for level in range(1, 7)
)


class UnfitDocumentError(DisclosureError):
    """The file cannot be taken; its sentence says why and what to do."""


def open_docx(content: bytes, suffix: str) -> zipfile.ZipFile:
    """Return the archive, checked to be a .docx within bounds, undamaged, without password or macros.

    Raises:
        UnfitDocumentError: for anything else.
    """
    if len(content) > FILE_LIMIT:
        raise UnfitDocumentError(
            f"文件有 {len(content) / 1024 / 1024:.0f} MB，超过 10 MB，请删去图片等多余的内容后再交"
        )
    if content.startswith(_OLE):
        raise UnfitDocumentError(_old_format(content, suffix))
    if is_all_zero(content):
        raise UnfitDocumentError(f"{NOT_THERE}：{GET_IT_WHOLE}")
    if not content.startswith(b"PK\x03\x04"):
        if (maker := encryption_maker(content)) or looks_encrypted(content, suffix):
            raise UnfitDocumentError(f"文件被加密软件{f'（{maker}）' if maker else ''}加密，{ENCRYPTED}")
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
    if "word\\document.xml" in names:
        raise UnfitDocumentError(
            "文件内部的名称用了“\\”，是不合规范的程序重新打包的，别的软件找不到里面的文字，"
            "请在 WPS 或 Word 中打开它，另存为 .docx，交另存的文件"
        )
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
        raise UnfitDocumentError(elements()["sentences"]["object"])


_NOT_WORD = "是别的格式的文件（如表格、压缩包或 .odt），请用下发的文稿填写并保存为 .docx 后再交"


def properties_of(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the custom properties that mark a document of ours, without their prefix; empty where there are none."""
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


@cache
def _fates() -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    """Return the sentence that refuses an element, that which refuses one switched on, and those that are let be."""
    said = elements()
    refused = {tag: said["sentences"][kind] for kind, tags in said["refused"].items() for tag in tags}
    switched = {tag: said["sentences"][kind] for kind, tags in said["switched"].items() for tag in tags}
    return refused, switched, frozenset((*said["shown"], *said["layout"]))


def unfit_parts(archive: zipfile.ZipFile) -> list[str]:
    """Return a sentence for each kind of content that cannot be taken, in the order met."""
    found: dict[str, None] = {}
    tables = 0
    open_tags: list[str] = []
    looks = Looks(_looks_of(archive))

    def start(namespace: str, tag: str, attributes: dict[str, str]) -> None:
        nonlocal tables
        open_tags.append(tag)
        for kind in sorted(looks.start(tag, attributes)):
            found[elements()["sentences"][kind]] = None
        if sentence := _refusal(namespace, tag, attributes, open_tags):
            found[sentence] = None
        if tag == "tbl" and namespace == _WORD:
            tables += 1
            if tables > 1:
                found["表格里套着表格，请改成简单表格后再交"] = None

    def end(tag: str) -> None:
        nonlocal tables
        open_tags.pop()
        looks.end(tag)
        tables -= tag == "tbl"

    _walk(archive.read(main_part(archive)), start, end=end)
    if fault := draft_fault(_words_around(archive)):
        found[elements()["sentences"]["around"].format(fault=fault)] = None
    return list(found)


def _words_around(archive: zipfile.ZipFile) -> str:
    """Return the words of headers, footers and watermarks, a line each paragraph: nobody publishes them, but a page
    across which 草稿 is written is no text that is done."""
    words: list[str] = []

    def start(_namespace: str, tag: str, attributes: dict[str, str]) -> None:
        if tag == "p":
            words.append("\n")
        elif tag == "textpath":
            words.append(f"\n{attributes.get('string', '')}\n")

    for name in archive.namelist():
        if re.fullmatch(r"word/(?:header|footer)\d*\.xml", name):
            _walk(archive.read(name), start, words.append)
    return "".join(words)


def _looks_of(archive: zipfile.ZipFile) -> StyleLooks:
    """Return how letters of each style look."""
    styles = StyleLooks()
    if content := _related_part(archive, "styles"):
        _walk(content, styles.start, end=styles.end)
    return styles


def _refusal(namespace: str, tag: str, attributes: dict[str, str], open_tags: Sequence[str]) -> str:
    """Return the sentence that refuses an element; empty for one that may stand."""
    refused, switched, let_be = _fates()
    sentences, kind = elements()["sentences"], ""
    if tag in switched:
        # The look of a paragraph's own mark is not that of its words; a hidden row is.
        return switched[tag] if is_on(attributes) and ("r" in open_tags or tag == "hidden") else ""
    if tag == "vertAlign" and "r" in open_tags and attributes.get("val") in {"superscript", "subscript"}:
        kind = "raised"
    elif tag == "gridSpan" and attributes.get("val") != "1":
        kind = "merged"
    elif tag == "rFonts" and "r" in open_tags and is_symbol_font(attributes):
        kind = "symbol"
    elif tag in refused:
        return refused[tag]
    elif not any(each in refused for each in open_tags[:-1]):
        # Other makers' properties change how letters look; anywhere else they could be words.
        is_property = namespace != _WORD and any(each.endswith("Pr") for each in open_tags[:-1])
        is_known = is_property or (namespace == _WORD and tag in let_be)
        kind = "" if is_known else "unknown"
    return str(sentences[kind]).format(name=tag) if kind else ""


def main_part(archive: zipfile.ZipFile) -> str:
    """Return the member that holds the text.

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


def _related_part(archive: zipfile.ZipFile, kind: str) -> bytes:
    """Return the part of this kind that the text has a relation to (``numbering``, ``styles``); nothing without one."""
    main, names = main_part(archive), set(archive.namelist())
    folder, _, file = main.rpartition("/")
    relations = posixpath.join(folder, "_rels", f"{file}.rels")
    targets: list[str] = []

    def relation(_namespace: str, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("Type", "").endswith(f"/{kind}"):
            target = attributes.get("Target", "")
            targets.append(posixpath.normpath(target.lstrip("/") if target[:1] == "/" else f"{folder}/{target}"))

    if relations in names:
        _walk(archive.read(relations), relation)
    return archive.read(targets[0]) if targets and targets[0] in names else b""


def _with_written_numbers(content: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return the document with its automatic numbers as words, and sentences for those that cannot be."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        main = main_part(archive)
        try:
            written = write_numbers(
                archive.read(main),
                _related_part(archive, "numbering"),
                _related_part(archive, "styles"),
                _looks_of(archive),
            )
        except (ElementTree.ParseError, ValueError) as error:
            raise UnfitDocumentError(_DAMAGED) from error
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as other:
            for name in archive.namelist():
                other.writestr(name, written.document if name == main else archive.read(name))
    return made.getvalue(), written.problems


def html_of_docx(content: bytes) -> tuple[str, list[str]]:
    """Return the document as HTML (not yet sanitised), and sentences for what could not be read.

    Raises:
        UnfitDocumentError: when mammoth cannot make sense of it.
    """
    content, unknown_numbers = _with_written_numbers(content)
    import mammoth  # noqa: PLC0415 - most files are workbooks

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
    unread = [f"正文里有不能识别的内容（{words}），请改写成普通文字后再交" for words in lost]
    return result.value, [*unknown_numbers, *unread]


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
