"""A file handed in as bytes: is it an .xlsx at all, is it safe to open, and what its sheets hold in the raw.

calamine reads values, but shows an error value (``#REF!``) as blank, hides formulas behind their last
result, and lays a sheet out densely up to its furthest cell. So each sheet is first walked as XML, without
keeping its text: error cells, formula cells and extent. A document type declaration is refused, so no
entity is ever expanded.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from disclosure.collection.workbook_layout import address
from disclosure.collection.workbook_reading import Problem

#: Largest file taken, in bytes.
FILE_LIMIT = 20 * 1024 * 1024
#: Largest sum of the sizes that the archive's members declare, in bytes.
UNPACKED_LIMIT = 200 * 1024 * 1024
MEMBER_LIMIT = 2000
#: A sheet whose filled cells reach further than this is not one of ours (calamine would lay all of it out).
ROW_LIMIT, COLUMN_LIMIT = 20_000, 500

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_WANTED = "本系统下发的 .xlsx 工作簿"
_CHUNK = 1 << 20


class UnreadableError(Exception):
    """The file cannot be taken; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def unreadable(found: str, why: str, expected: str = _WANTED, sheet: str = "", cell: str = "") -> UnreadableError:
    """The error for one problem of the file or a sheet."""
    return UnreadableError(Problem(sheet, cell, found, expected, why))


_DAMAGED = ("损坏或不完整的文件", "文件可能没有传完，请在 Excel 或 WPS 中打开原文件，重新保存后再交")


@dataclass
class SheetScan:
    """What the XML of a sheet tells beyond its values; cells are (row, column) from 0.

    ``formulas`` are cells with a formula, ``errors`` cells with an error value such as ``#REF!``.
    """

    errors: set[tuple[int, int]] = field(default_factory=set)
    formulas: set[tuple[int, int]] = field(default_factory=set)


class Package:
    """The archive of an .xlsx that is safe to open."""

    def __init__(self, archive: zipfile.ZipFile, sheets: dict[str, str]) -> None:
        self._archive = archive
        self._sheets = sheets

    def scan(self, sheet: str) -> SheetScan:
        """Walk ``sheet``'s XML.

        Raises:
            UnreadableError: for broken XML, or cells out of all bounds.
        """
        part = self._sheets.get(sheet)
        if part is None:
            raise unreadable("没有这张工作表", "工作表被改名或删除，请用原工作簿重新填报", "原来的工作表名称", sheet)
        return _scan_sheet(sheet, _read(self._archive, part))


def open_package(content: bytes, file_name: str) -> Package:
    """Check that ``content`` is an .xlsx within bounds, undamaged, without password or macros.

    Raises:
        UnreadableError: with one problem, for anything else.
    """
    if not content:
        raise unreadable("空文件", "文件里没有内容，请重新保存后再交")
    if len(content) > FILE_LIMIT:
        size = f"{len(content) / 1024 / 1024:.0f} MB 的文件"
        raise unreadable(size, "文件过大，请删去多余的工作表和图片后再交", "不超过 20 MB 的工作簿")
    if content.startswith(_OLE):
        raise _ole_problem(content, file_name)
    if not content.startswith(b"PK\x03\x04"):
        raise unreadable(
            "不是 Excel 工作簿的文件", "改扩展名不能改变文件格式，请用本系统下发的工作簿填报并保存为 .xlsx"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise unreadable(*_DAMAGED) from error
    _check_members(archive)
    return Package(archive, _sheet_parts(archive))


def _ole_problem(content: bytes, file_name: str) -> UnreadableError:
    """Old Office files and encrypted new ones share a container; its directory names tell them apart."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        return unreadable("设有打开密码的文件", "请取消打开密码，另存为 .xlsx 后再交")
    if file_name.lower().endswith((".et", ".ett")):
        return unreadable("WPS 的 .et 文件", "请在 WPS 中另存为 .xlsx 后再交")
    return unreadable("旧式的 .xls 文件", "请用本系统下发的 .xlsx 工作簿填报，保存时不要改成 .xls")


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    declared = sum(member.file_size for member in members)
    if declared > UNPACKED_LIMIT or len(members) > MEMBER_LIMIT:
        raise unreadable(
            f"解压后有 {declared / 1024 / 1024:.0f} MB、{len(members)} 个部件的文件",
            "内容过大，疑似异常文件，请重新下载工作簿填报",
            "解压后不超过 200 MB 的工作簿",
        )
    if any(member.flag_bits & 1 for member in members):
        raise unreadable("加密的压缩文件", "请取消密码，另存为 .xlsx 后再交")
    if len(names) != len(members):
        raise unreadable(*_DAMAGED)
    if "xl/vbaProject.bin" in names:
        raise unreadable("含有宏的文件（.xlsm）", "请另存为不含宏的 .xlsx 后再交")
    if "xl/workbook.bin" in names:
        raise unreadable("二进制工作簿（.xlsb）", "请另存为 .xlsx 后再交")
    if "xl/workbook.xml" not in names:
        raise unreadable("别的格式的文件（如 Word 文档、压缩包或 .ods）", "请用本系统下发的 .xlsx 工作簿填报")
    for member in members:
        # Reading to the end compares the checksum, and so finds damage and members that lie about their size.
        try:
            with archive.open(member) as stream:
                while stream.read(_CHUNK):
                    pass
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as error:
            raise unreadable(*_DAMAGED) from error


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> member that holds it."""
    targets: dict[str, str] = {}
    parts: dict[str, str] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
            targets[attributes.get("Id", "")] = posixpath.normpath(path)

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            id_ = next((value for key, value in attributes.items() if key.endswith(" id")), "")
            parts[attributes.get("name", "")] = targets.get(id_, "")

    names = set(archive.namelist())
    if "xl/_rels/workbook.xml.rels" not in names:
        raise unreadable(*_DAMAGED)
    _walk(_read(archive, "xl/_rels/workbook.xml.rels"), relation)
    _walk(_read(archive, "xl/workbook.xml"), sheet)
    return {name: part for name, part in parts.items() if part in names}


def _read(archive: zipfile.ZipFile, member: str) -> bytes:
    try:
        return archive.read(member)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise unreadable(*_DAMAGED) from error


def _walk(xml: bytes, start: Callable[[str, dict[str, str]], None]) -> None:
    """Call ``start(local name, attributes)`` for every element."""

    def forbid(*_: object) -> None:
        raise unreadable("含有文档类型声明（DOCTYPE）的文件", "正常的工作簿里没有这种内容，请重新下载工作簿填报")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = forbid
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(" ")[2], attributes)
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise unreadable(*_DAMAGED) from error


def _scan_sheet(sheet: str, xml: bytes) -> SheetScan:
    found = SheetScan()
    row, column, kind = -1, -1, ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, kind
        if name == "row":
            row, column = _number(attributes.get("r"), row + 1), -1
        elif name == "c":
            place = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", attributes.get("r", ""))
            row, column = (int(place[2]) - 1, _column(place[1])) if place else (row, column + 1)
            kind = attributes.get("t", "")
        elif name == "f":
            found.formulas.add((row, column))
        elif name in ("v", "is"):
            if row >= ROW_LIMIT or column >= COLUMN_LIMIT:
                raise unreadable(
                    "表格以外的内容",
                    "请删去表格以外的内容后重新报送",
                    "空白",
                    sheet,
                    address(row, column),
                )
            if kind == "e":
                found.errors.add((row, column))

    _walk(xml, start)
    return found


def _number(text: str | None, otherwise: int) -> int:
    return int(text) - 1 if text and re.fullmatch(r"[0-9]{1,7}", text) else otherwise


def _column(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1
