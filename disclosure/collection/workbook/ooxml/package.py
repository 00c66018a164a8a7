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
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from disclosure.collection.workbook.ooxml.burdens import has_external_links, overlong_sheet
from disclosure.collection.workbook.ooxml.other_files import (
    MACROS,
    OTHER_ARCHIVES,
    has_backslashes,
    no_archive,
    other_archive,
    unfinished,
)
from disclosure.collection.workbook.ooxml.scan import SheetScan, scan_sheet
from disclosure.collection.workbook.ooxml.styles import (
    Condition,
    Font,
    Style,
    Styles,
    read_font,
    read_styles,
    with_property,
)
from disclosure.collection.workbook.ooxml.xml import DAMAGED, UnreadableError, has_doctype, unreadable, walk

#: Largest file taken, in bytes.
FILE_LIMIT = 20 * 1024 * 1024
#: Largest sum of the unpacked members, and largest single XML part, in bytes. Ours have less than one MB.
UNPACKED_LIMIT, PART_LIMIT = 64 * 1024 * 1024, 16 * 1024 * 1024
MEMBER_LIMIT = 1000

_CHUNK = 1 << 18
_MEGABYTE = 1 << 20


_CONNECTIONS = (
    "打开它就会去别处取数，数据不用重填：请在 Excel 的“数据—查询和连接”（WPS 为“数据—全部刷新—连接属性”）中删去连接，"
    "保存后再交"
)
_EMBEDDED = "嵌入的文件和控件里可能有程序，请点选它们按 Delete 键删去，保存后再交，需要的附件另行报送"
_STRANGE = ("内部结构异常的文件", "不是 Excel 或 WPS 正常保存的工作簿，请重新下载本系统下发的工作簿填报")
#: Parts that no workbook of ours has or needs: pattern of the name in lower case -> (found, what to do).
_FOREIGN_PARTS: tuple[tuple[str, str, str], ...] = (
    (r"vbaproject\.bin$|^xl/macrosheets/", *MACROS),
    (r"^xl/(connections\.xml$|querytables/)", "含有外部数据连接的文件", _CONNECTIONS),
    (r"^xl/(embeddings|activex)/", "嵌有其他文件或控件的文件", _EMBEDDED),
)


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
                self._scans[sheet] = scan_sheet(sheet, _read(self._archive, self._sheets[sheet].part))
            except UnreadableError as error:
                raise UnreadableError(replace(error.problem, sheet=sheet)) from error
        return self._scans[sheet]

    def style(self, number: int) -> Style:
        """How a cell of this style looks."""
        cells = self._styles.cells
        return cells[number] if 0 <= number < len(cells) else Style()

    def fonts(self, sheet: str, place: tuple[int, int]) -> tuple[Font, ...]:
        """Return the fonts of a cell's letters: its style's, or those of the runs of a text that has several."""
        scan = self.scan(sheet)
        runs = self._shared_runs.get(scan.shared[place], ()) if place in scan.shared else ()
        if place in scan.inline:
            runs = tuple(read_font(run, self._styles.palette) for run in scan.inline[place])
        return runs or (self.style(scan.styles.get(place, 0)).font,)

    def condition(self, number: int) -> Condition:
        """Return what the conditional format of this number does; nothing, where there is none such."""
        conditions = self._styles.conditions
        return conditions[number] if 0 <= number < len(conditions) else Condition()

    def number_format(self, style: int) -> str:
        """Return the format code of a style; empty for General and the plain built-in ones."""
        return self.style(style).number_format

    @cached_property
    def _styles(self) -> Styles:
        names = self._archive.NameToInfo
        if "xl/styles.xml" not in names:
            return Styles()
        theme = _read(self._archive, "xl/theme/theme1.xml") if "xl/theme/theme1.xml" in names else b""
        return read_styles(_read(self._archive, "xl/styles.xml"), theme)

    @cached_property
    def _shared_runs(self) -> dict[int, tuple[Font, ...]]:
        """The fonts of shared texts that have several, by the texts' numbers."""
        part = next((name for name in self._archive.NameToInfo if name.lower() == "xl/sharedstrings.xml"), "")
        xml = _read(self._archive, part) if part else b""
        if b"rPr" not in xml:
            return {}
        found: dict[int, list[Font]] = {}
        number, palette = -1, self._styles.palette

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal number
            if name == "si":
                number += 1
            elif name == "rPr":
                found.setdefault(number, []).append(Font())
            elif number in found:
                found[number][-1] = with_property(found[number][-1], name, attributes, palette)

        walk(xml, start)
        return {number: tuple(fonts) for number, fonts in found.items()}

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
            walk(_read(self._archive, "docProps/custom.xml"), start, text)
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
        raise unfinished(file_name) or no_archive(content, file_name)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise unfinished(file_name) or unreadable(*DAMAGED) from error
    _check_members(archive)
    return Package(archive, _sheets(archive))


def too_large(size: int) -> UnreadableError:
    """Return the error for a file of ``size`` bytes, which is above the limit and need not be read to be refused."""
    why = "文件过大，请删去多余的工作表和图片后再交"
    return unreadable(f"{_megabytes(size)} 的文件", why, f"不超过 {_megabytes(FILE_LIMIT)} 的工作簿")


def _megabytes(size: int) -> str:
    """Round up, so that what is too large is never shown as the limit itself."""
    return f"{-(-size // _MEGABYTE):,} MB"


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    declared = sum(member.file_size for member in members)
    if declared > UNPACKED_LIMIT or len(members) > MEMBER_LIMIT:
        found = f"解压后有 {_megabytes(declared)}、{len(members)} 个部件的文件"
        raise _swollen(found, f"解压后不超过 {_megabytes(UNPACKED_LIMIT)}、{MEMBER_LIMIT} 个部件的工作簿")
    if any(member.flag_bits & 1 for member in members):
        raise unreadable("加密的压缩文件", "请取消密码，另存为 .xlsx 后再交")
    names = {member.filename for member in members}
    if "xl\\workbook.xml" in names:
        raise has_backslashes()
    _check_kind(archive, names)
    _check_names(members)
    for member in members:
        if _is_xml(member.filename) and member.file_size > PART_LIMIT:
            if overlong := overlong_sheet(archive, member):
                raise overlong
            found = f"单个部件解压后有 {_megabytes(member.file_size)} 的文件"
            raise _swollen(found, f"单个部件不超过 {_megabytes(PART_LIMIT)} 的工作簿")
        _check_content(archive, member)


def _swollen(found: str, expected: str) -> UnreadableError:
    return unreadable(found, "内容过大，疑似异常文件，请重新下载工作簿填报", expected)


def _check_kind(archive: zipfile.ZipFile, names: set[str]) -> None:
    if any(name.lower().startswith("xl/externallinks/") for name in names):
        raise has_external_links(archive)
    for pattern, found, why in _FOREIGN_PARTS:
        if any(re.search(pattern, name.lower()) for name in names):
            raise unreadable(found, why)
    for part, found, why in OTHER_ARCHIVES:
        if part in names and "xl/workbook.xml" not in names:
            raise unreadable(found, why)
    if "xl/workbook.xml" not in names:
        raise other_archive(archive)
    if "[Content_Types].xml" in names and b"macroEnabled" in _read(archive, "[Content_Types].xml"):
        raise unreadable(*MACROS)


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
                    raise has_doctype()
                before = chunk[-32:]
            if seen != member.file_size:
                raise unreadable(*DAMAGED)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError, RuntimeError) as error:
        raise unreadable(*DAMAGED) from error


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
        raise unreadable(*DAMAGED)
    walk(_read(archive, "xl/_rels/workbook.xml.rels"), relation)
    walk(_read(archive, "xl/workbook.xml"), sheet)
    if len({name for name, _, _ in listed}) != len(listed):
        raise unreadable(*_STRANGE)
    return {name: _Sheet(part, state == "visible") for name, part, state in listed if part in names}


def _read(archive: zipfile.ZipFile, member: str) -> bytes:
    try:
        return archive.read(member)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise unreadable(*DAMAGED) from error
