"""A file handed in as bytes: is it an .xlsx at all, is it safe to open, and what its sheets hold in the raw.

calamine reads values, but shows an error value (``#REF!``) as blank, hides formulas behind their last
result and number formats altogether, and lays a sheet out densely up to its furthest cell. So each sheet is
first walked as XML: error cells, formulas, formats, what is hidden, and how far it reaches. Nothing is
unpacked to disk. A document type declaration is refused in every part, so no entity is ever expanded.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from xml.etree import ElementTree
from xml.parsers import expat

from disclosure.collection.workbook_layout import address
from disclosure.collection.workbook_reading import Problem

#: Largest file taken, in bytes.
FILE_LIMIT = 20 * 1024 * 1024
#: Largest sum of the unpacked members, and largest single XML part, in bytes. Ours have less than one MB.
UNPACKED_LIMIT, PART_LIMIT = 64 * 1024 * 1024, 16 * 1024 * 1024
MEMBER_LIMIT = 1000
#: A sheet whose cells reach further is not one of ours, nor one of more cells up to the furthest (calamine lays
#: them all out) or of more tags.
ROW_LIMIT, COLUMN_LIMIT, AREA_LIMIT, TAG_LIMIT = 20_000, 500, 1_000_000, 1_000_000

_WANTED = "本系统下发的 .xlsx 工作簿"
_CHUNK = 1 << 18
_MEGABYTE = 1 << 20


class UnreadableError(Exception):
    """The file cannot be taken; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def unreadable(found: str, why: str, expected: str = _WANTED, sheet: str = "", cell: str = "") -> UnreadableError:
    """The error for one problem of the file or a sheet."""
    return UnreadableError(Problem(sheet, cell, found, expected, why))


_DAMAGED = ("损坏或不完整的文件", "文件可能没有传完，请在 Excel 或 WPS 中打开原文件，重新保存后再交")
_STRANGE = ("内部结构异常的文件", "不是 Excel 或 WPS 正常保存的工作簿，请重新下载本系统下发的工作簿填报")
_REFILL = "请用本系统下发的 .xlsx 工作簿填报"

#: What a file that is no archive begins with -> (found, what to do).
_OTHER_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "PDF 文件", f"PDF 里的数读不出来，{_REFILL}"),
    (b"\x89PNG", "图片", f"图片里的数读不出来，{_REFILL}"),
    (b"\xff\xd8\xff", "图片", f"图片里的数读不出来，{_REFILL}"),
    (b"Rar!", "RAR 压缩包", "请解压后把里面的 .xlsx 工作簿单独报送"),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩包", "请解压后把里面的 .xlsx 工作簿单独报送"),
    (b"\x1f\x8b", "gzip 压缩包", "请解压后把里面的 .xlsx 工作簿单独报送"),
    (b"{\\rtf", "RTF 文档", _REFILL),
)
#: What an archive that is no workbook holds -> (found, what to do).
_OTHER_ARCHIVES: tuple[tuple[str, str, str], ...] = (
    ("xl/workbook.bin", "二进制工作簿（.xlsb）", "请另存为 .xlsx 后再交"),
    ("word/document.xml", "Word 文档", _REFILL),
    ("ppt/presentation.xml", "演示文稿", _REFILL),
    ("content.xml", ".ods 文件（LibreOffice 表格）", "请另存为 .xlsx 后再交"),
)
#: Parts that no workbook of ours has or needs: pattern of the name in lower case -> (found, what to do).
_FOREIGN_PARTS: tuple[tuple[str, str, str], ...] = (
    (r"vbaproject\.bin$|^xl/macrosheets/", "含有宏的文件（.xlsm）", "请另存为不含宏的 .xlsx 后再交"),
    (
        r"^xl/externallinks/",
        "含有外部链接的文件",
        "请在 Excel 的“数据—编辑链接”中断开链接，或把引用的数以“选择性粘贴—数值”填入后再交",
    ),
    (r"^xl/(connections\.xml$|querytables/)", "含有外部数据连接的文件", "请删去数据连接，只保留填好的数后再交"),
    (r"^xl/(embeddings|activex)/", "嵌有其他文件或控件的文件", "请删去嵌入的对象后再交，需要的附件另行报送"),
)


@dataclass
class SheetScan:
    """What the XML of a sheet tells beyond its values; cells are (row, column) from 0.

    ``formulas`` are cells with their formula, ``errors`` cells with their error value such as ``#REF!``,
    ``styles`` filled cells with the number of their style.
    """

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    styles: dict[tuple[int, int], int] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)

    def is_hidden(self, row: int, column: int) -> bool:
        """Whether the cell's row or column is hidden."""
        return row in self.hidden_rows or column in self.hidden_columns


@dataclass(frozen=True)
class _Sheet:
    part: str
    is_visible: bool


class Package:
    """The archive of an .xlsx that is safe to open."""

    def __init__(self, archive: zipfile.ZipFile, sheets: dict[str, _Sheet]) -> None:
        self._archive = archive
        self._sheets = sheets
        self._scans: dict[str, SheetScan] = {}

    @property
    def sheet_names(self) -> tuple[str, ...]:
        """Every sheet, in the order of the workbook."""
        return tuple(self._sheets)

    def is_visible(self, sheet: str) -> bool:
        """Whether people see this sheet's tab."""
        return self._sheets[sheet].is_visible

    def scan(self, sheet: str) -> SheetScan:
        """Walk ``sheet``'s XML.

        Raises:
            UnreadableError: for broken XML, or cells out of all bounds.
        """
        if sheet not in self._scans:
            if sheet not in self._sheets:
                raise unreadable(
                    "没有这张工作表", "工作表被改名或删除，请用原工作簿重新填报", "原来的工作表名称", sheet
                )
            try:
                self._scans[sheet] = _scan_sheet(sheet, _read(self._archive, self._sheets[sheet].part))
            except UnreadableError as error:
                raise UnreadableError(replace(error.problem, sheet=sheet)) from error
        return self._scans[sheet]

    def number_format(self, style: int) -> str:
        """The format code of a style; empty for General and the plain built-in ones."""
        return self._formats[style] if 0 <= style < len(self._formats) else ""

    @cached_property
    def _formats(self) -> list[str]:
        #: The built-in formats that matter: Excel writes them by number, without a code.
        codes = {"9": "0%", "10": "0.00%"}
        styles: list[str] = []
        inside = False

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            if name == "numFmt":
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif name in ("cellXfs", "cellStyleXfs", "dxfs"):
                inside = name == "cellXfs"
            elif name == "xf" and inside:
                styles.append(attributes.get("numFmtId", ""))

        if "xl/styles.xml" in self._archive.NameToInfo:
            _walk(_read(self._archive, "xl/styles.xml"), start)
        return [codes.get(number, "") for number in styles]

    @cached_property
    def properties(self) -> dict[str, str]:
        """The custom properties (``docProps/custom.xml``): name -> text; empty where there are none."""
        found: dict[str, str] = {}
        name = ""

        def start(element: str, attributes: dict[str, str]) -> None:
            nonlocal name
            if element == "property":
                name = attributes.get("name", "")

        def text(content: str) -> None:
            if name and (said := found.get(name, "") + content.strip()):
                found[name] = said

        if "docProps/custom.xml" in self._archive.NameToInfo:
            _walk(_read(self._archive, "docProps/custom.xml"), start, text)
        return found


def open_package(content: bytes, file_name: str) -> Package:
    """Check that ``content`` is an .xlsx within bounds, undamaged, without password or macros.

    Raises:
        UnreadableError: with one problem, for anything else.
    """
    if not content:
        raise unreadable("空文件", "文件里没有内容，请重新保存后再交")
    if len(content) > FILE_LIMIT:
        raise too_large(len(content))
    if not content.startswith(b"PK\x03\x04"):
        raise _no_archive(content, file_name)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise unreadable(*_DAMAGED) from error
    _check_members(archive)
    return Package(archive, _sheets(archive))


def too_large(size: int) -> UnreadableError:
    """The error for a file of ``size`` bytes, which is above the limit and need not be read to be refused."""
    why = "文件过大，请删去多余的工作表和图片后再交"
    return unreadable(f"{_megabytes(size)} 的文件", why, f"不超过 {_megabytes(FILE_LIMIT)} 的工作簿")


def _megabytes(size: int) -> str:
    """Rounded up, so that what is too large is never shown as the limit itself."""
    return f"{-(-size // _MEGABYTE):,} MB"


def _no_archive(content: bytes, file_name: str) -> UnreadableError:
    """What the file is instead, by its first bytes."""
    if content.startswith(bytes.fromhex("D0CF11E0A1B11AE1")):
        return _ole_problem(content, file_name)
    for magic, found, why in _OTHER_KINDS:
        if content.startswith(magic):
            return unreadable(found, why)
    head = content[:4096].lower()
    if any(tag in head for tag in (b"<html", b"<table", b"<!doctype html")):
        return unreadable("网页（HTML）文件", f"从业务系统导出的网页改了扩展名也不是工作簿，{_REFILL}")
    if b"<workbook" in head or b"<?mso-application" in head:
        return unreadable("XML 表格文件", "请在 Excel 中另存为 .xlsx 后再交")
    if b"\0" not in content[:4096]:
        return unreadable("文本或 CSV 文件", f"改扩展名不能改变文件格式，{_REFILL}并保存为 .xlsx")
    return unreadable("不是 Excel 工作簿的文件", f"改扩展名不能改变文件格式，{_REFILL}并保存为 .xlsx")


def _ole_problem(content: bytes, file_name: str) -> UnreadableError:
    """Old Office files and encrypted new ones share a container; its directory names tell them apart."""

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        return unreadable("设有打开密码的文件", "请取消打开密码，另存为 .xlsx 后再交")
    if holds("WordDocument"):
        return unreadable("Word 文档", _REFILL)
    if file_name.lower().endswith((".et", ".ett")):
        return unreadable("WPS 的 .et 文件", "请在 WPS 中另存为 .xlsx 后再交")
    return unreadable("旧式的 .xls 文件", f"{_REFILL}，保存时不要改成 .xls")


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    declared = sum(member.file_size for member in members)
    if declared > UNPACKED_LIMIT or len(members) > MEMBER_LIMIT:
        found = f"解压后有 {_megabytes(declared)}、{len(members)} 个部件的文件"
        raise _swollen(found, f"解压后不超过 {_megabytes(UNPACKED_LIMIT)}、{MEMBER_LIMIT} 个部件的工作簿")
    if any(member.flag_bits & 1 for member in members):
        raise unreadable("加密的压缩文件", "请取消密码，另存为 .xlsx 后再交")
    names = {member.filename for member in members}
    _check_kind(archive, names)
    _check_names(members)
    for member in members:
        if _is_xml(member.filename) and member.file_size > PART_LIMIT:
            found = f"单个部件解压后有 {_megabytes(member.file_size)} 的文件"
            raise _swollen(found, f"单个部件不超过 {_megabytes(PART_LIMIT)} 的工作簿")
        _check_content(archive, member)


def _swollen(found: str, expected: str) -> UnreadableError:
    return unreadable(found, "内容过大，疑似异常文件，请重新下载工作簿填报", expected)


def _check_kind(archive: zipfile.ZipFile, names: set[str]) -> None:
    for pattern, found, why in _FOREIGN_PARTS:
        if any(re.search(pattern, name.lower()) for name in names):
            raise unreadable(found, why)
    for part, found, why in _OTHER_ARCHIVES:
        if part in names and "xl/workbook.xml" not in names:
            raise unreadable(found, why)
    if "xl/workbook.xml" not in names:
        raise unreadable("压缩包", "请解压后把里面的 .xlsx 工作簿单独报送")
    if "[Content_Types].xml" in names and b"macroEnabled" in _read(archive, "[Content_Types].xml"):
        raise unreadable("启用宏的文件（.xlsm）", "请另存为不含宏的 .xlsx 后再交")


def _check_names(members: list[zipfile.ZipInfo]) -> None:
    """No name twice (parts are told apart without case), none that points elsewhere, no two in the same bytes."""
    if len({member.filename.lower() for member in members}) != len(members):
        raise unreadable(*_STRANGE)
    for member in members:
        name = member.orig_filename
        if name.startswith(("/", "\\")) or re.search(r"[\\\0:]", name) or ".." in name.split("/"):
            raise unreadable(*_STRANGE)
    places = sorted((member.header_offset, member.compress_size) for member in members)
    if any(offset + size > following for (offset, size), (following, _) in pairwise(places)):
        raise unreadable(*_STRANGE)


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels", ".vml"))


def _check_content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read to the end: the checksum finds damage and members that lie about their size."""
    forbidden = [
        word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")
    ]
    try:
        with archive.open(member) as stream:
            before, seen = b"", 0
            while chunk := stream.read(_CHUNK):
                seen += len(chunk)
                window = before + chunk
                if _is_xml(member.filename) and any(word in window for word in forbidden):
                    raise _has_doctype()
                before = chunk[-32:]
            if seen != member.file_size:
                raise unreadable(*_DAMAGED)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError, RuntimeError) as error:
        raise unreadable(*_DAMAGED) from error


def _has_doctype() -> UnreadableError:
    return unreadable("含有文档类型声明（DOCTYPE）的文件", "正常的工作簿里没有这种内容，请重新下载工作簿填报")


def _sheets(archive: zipfile.ZipFile) -> dict[str, _Sheet]:
    """Sheet name -> where it is and whether it shows."""
    targets: dict[str, str] = {}
    listed: list[tuple[str, str, str]] = []

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
            targets[attributes.get("Id", "")] = posixpath.normpath(path)

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            id_ = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            listed.append((attributes.get("name", ""), targets.get(id_, ""), attributes.get("state", "visible")))

    names = archive.NameToInfo
    if "xl/_rels/workbook.xml.rels" not in names:
        raise unreadable(*_DAMAGED)
    _walk(_read(archive, "xl/_rels/workbook.xml.rels"), relation)
    _walk(_read(archive, "xl/workbook.xml"), sheet)
    if len({name for name, _, _ in listed}) != len(listed):
        raise unreadable(*_STRANGE)
    return {name: _Sheet(part, state == "visible") for name, part, state in listed if part in names}


def _read(archive: zipfile.ZipFile, member: str) -> bytes:
    try:
        return archive.read(member)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise unreadable(*_DAMAGED) from error


def _walk(xml: bytes, start: Callable[[str, dict[str, str]], None], text: Callable[[str], None] | None = None) -> None:
    """Call ``start(local name, attributes)`` for every element, and ``text`` for what stands between."""

    def forbid(*_: object) -> None:
        raise _has_doctype()

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = forbid
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError) as error:
        # ValueError: an encoding that Python does not know.
        raise unreadable(*_DAMAGED) from error


def _scan_sheet(sheet: str, xml: bytes) -> SheetScan:
    if xml.count(b"<") > TAG_LIMIT:
        raise unreadable("内容过多的工作表", "请删去表格以外的内容后重新报送", "只有本单位数据的工作表", sheet)
    scan = SheetScan()
    row, column, kind, style, furthest = -1, -1, "", 0, (0, 0)
    for element in _tree(xml).iter():
        name, attributes = _local(element.tag), element.attrib
        if name == "c":
            row, column = _place(attributes.get("r"), row, column + 1)
            kind, style = attributes.get("t", ""), _number(attributes.get("s", "0"))
        elif name in ("v", "is", "f"):
            if not (0 <= row < ROW_LIMIT and 0 <= column < COLUMN_LIMIT):
                why = "请删去表格以外的内容后重新报送"
                raise unreadable("表格以外的内容", why, "空白", sheet, address(row, column))
            if name == "f":
                scan.formulas[row, column] = element.text or ""
                continue
            scan.styles[row, column] = style
            furthest = (max(furthest[0], row), max(furthest[1], column))
            if kind == "e":
                scan.errors[row, column] = element.text or ""
        elif name == "row":
            row, column = _number(attributes.get("r", str(row + 2))) - 1, -1
            if attributes.get("hidden") in ("1", "true"):
                scan.hidden_rows.add(row)
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            first, last = _number(attributes.get("min", "0")), _number(attributes.get("max", "0"))
            scan.hidden_columns.update(range(first - 1, min(last, COLUMN_LIMIT)))
    if (furthest[0] + 1) * (furthest[1] + 1) > AREA_LIMIT:
        raise unreadable("表格以外的内容", "请删去表格以外的内容后重新报送", "空白", sheet, address(*furthest))
    return scan


def _tree(xml: bytes) -> ElementTree.Element:
    """The elements of a sheet. In the encodings let through, a document type was looked for before."""
    declared = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", xml[:200])
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise unreadable(*_DAMAGED)
    if not declared and not xml.lstrip()[:4].startswith((b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<")):
        raise unreadable(*_DAMAGED)
    try:
        return ElementTree.fromstring(xml)  # noqa: S314 - it has no document type
    except (ElementTree.ParseError, ValueError) as error:
        raise unreadable(*_DAMAGED) from error


@lru_cache(maxsize=1000)
def _local(name: str) -> str:
    return name.rpartition("}")[2]


_A1 = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)


def _place(reference: str | None, row: int, next_column: int) -> tuple[int, int]:
    """(row, column) of ``D7``, or the next cell of the row where a cell names no place."""
    if reference is None:
        return row, next_column
    match = _A1.fullmatch(reference)
    if match is None:
        raise unreadable(*_DAMAGED)
    return int(match[2]) - 1, _column(match[1])


@lru_cache(maxsize=COLUMN_LIMIT)
def _column(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


@lru_cache(maxsize=ROW_LIMIT)
def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text, re.ASCII):
        raise unreadable(*_DAMAGED)
    return int(text)
