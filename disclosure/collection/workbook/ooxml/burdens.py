"""What a workbook carries that ours do not, found out far enough to say where it is and how to be rid of it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator

from disclosure.collection.workbook.ooxml.xml import UnreadableError, unreadable

_CHUNK, _SHOWN = 1 << 18, 3
#: ``[1]`` before a sheet's name: the first linked workbook.
_LINK = rb"\[\d+\]"
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?>[^<]*" + _LINK)
_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?r=\"([A-Z]{1,3}\d{1,7})\"[^>]*>\s*(?:<(?:\w+:)?f(?:\s[^>]*)?>)([^<]*)")
_NAME = re.compile(rb"<(?:\w+:)?definedName\s([^>]*)>([^<]*)")
#: What else may hold a link: where it lies, what it looks like, what people call it and how they are rid of it.
_HOLDERS: tuple[tuple[str, re.Pattern[bytes], str, str], ...] = (
    (
        r"xl/worksheets/",
        re.compile(rb"<(?:(?:\w+:)?(?:formula[12]?)|xm:f)>[^<]*" + _LINK),
        "条件格式或数据有效性",
        "请在“开始—条件格式—清除规则”和“数据—数据有效性”中清除自己加的",
    ),
    (r"xl/charts/", re.compile(rb"<(?:\w+:)?f>[^<]*" + _LINK), "自己加的图表", "请点选图表按 Delete 键删去"),
    (r"xl/pivot", re.compile(rb"<"), "自己加的数据透视表", "请选中整个透视表删去"),
)
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?r=\"(\d{1,7})\"")
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)>")
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
#: So many blank rows are no slip.
_MANY = 200


def has_external_links(archive: zipfile.ZipFile) -> UnreadableError:
    """Return the error for links to other workbooks, which says what holds them: cells, names, or nothing any more."""
    break_link = "请在 Excel 的“数据—编辑链接”（WPS 相同）中断开链接"
    if cells := [cell for _, xml in _sheets(archive) for cell in _linked_cells(xml)]:
        shown = "、".join(cells[:_SHOWN]) + (" 等" if len(cells) > _SHOWN else "")
        why = f"{shown} 的公式引用了别的文件，{break_link}，或把引用的数以“选择性粘贴—数值”填入后再交"
        return unreadable("含有外部链接的文件", why)
    if names := list(_linked_names(_read(archive, "xl/workbook.xml"))):
        shown = "、".join(f"“{name}”" for name in names[:_SHOWN]) + (" 等" if len(names) > _SHOWN else "")
        why = (
            f"没有单元格用到它，只有名称{shown}还指着别的文件，数据不用重填：请在“公式—名称管理器”中删去这些名称，"
            f"再在“数据—编辑链接”中断开链接（WPS 相同），保存后再交"
        )
        return unreadable("含有外部链接的文件", why)
    for folder, pattern, holder, remedy in _HOLDERS:
        if any(
            re.match(folder, name, re.IGNORECASE) and pattern.search(_read(archive, name))
            for name in archive.namelist()
        ):
            why = f"{holder}引用了别的文件，数据不用重填：{remedy}，再{break_link.removeprefix('请')}后再交"
            return unreadable("含有外部链接的文件", why)
    why = f"{break_link}，或把引用的数以“选择性粘贴—数值”填入后再交"
    return unreadable("含有外部链接的文件", why)


def _linked_cells(xml: bytes) -> Iterator[str]:
    if _FORMULA.search(xml):
        for cell, formula in _CELL.findall(xml):
            if re.search(_LINK, formula):
                yield cell.decode()


def _linked_names(xml: bytes) -> Iterator[str]:
    for attributes, said in _NAME.findall(xml):
        name = re.search(rb'\bname="([^"]*)"', attributes)
        if name and re.search(_LINK, said):
            yield name[1].decode("utf-8", "replace")


def overlong_sheet(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> UnreadableError | None:
    """Return the error for a sheet of too much XML whose rows go on below what is filled in; None for any other."""
    if not _SHEET_PART.fullmatch(member.filename):
        return None
    last = filled = 0
    try:
        with archive.open(member) as stream:
            before = b""
            while chunk := stream.read(_CHUNK):
                last, filled = _reach(before + chunk, last, filled)
                before = chunk[-512:]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
        return None
    return blank_rows(_sheet_name(archive, member.filename), filled, last)


def blank_rows_in(sheet: str, xml: bytes) -> UnreadableError | None:
    """Return the error for the rows of a sheet's XML that go on below what is filled in; None where they do not."""
    last, filled = _reach(xml, 0, 0)
    return blank_rows(sheet, filled, last)


def _reach(xml: bytes, last: int, filled: int) -> tuple[int, int]:
    """Return the last row, and the last that holds something, of a piece of a sheet's XML."""
    rows = [(int(row[1]), row.end()) for row in _ROW.finditer(xml)]
    if values := list(_VALUE.finditer(xml)):
        above = [row for row, place in rows if place < values[-1].start()]
        filled = max(filled, *above, last if not above else 0)
    return max(last, *(row for row, _ in rows), 0), filled


def blank_rows(sheet: str, filled: int, last: int) -> UnreadableError | None:
    """Return the error for a sheet whose rows from ``filled`` on are blank, many as they are."""
    if not 0 < filled < last - _MANY:
        return None
    why = (
        f"多出的第 {filled + 1} 到 {last} 行没有内容、只有格式（如边框、底色），文件因此过大，数据不用重填："
        f"请点第 {filled + 1} 行的行号，按 Ctrl+Shift+↓ 选到最后一行，右键“删除”，保存后再交"
    )
    found = f"到第 {last} 行的格式，而内容只到第 {filled} 行"
    return unreadable(found, why, "只有本单位数据的工作表", sheet)


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for name in archive.namelist():
        if _SHEET_PART.fullmatch(name):
            yield name, _read(archive, name)


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a part, or nothing of one that is damaged: it is refused whatever stands in it."""
    try:
        return archive.read(name)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
        return b""


def _sheet_name(archive: zipfile.ZipFile, part: str) -> str:
    """Return the name that people know a sheet's part by; empty where it cannot be told."""
    file = part.rpartition("/")[2].encode()
    relations = _read(archive, "xl/_rels/workbook.xml.rels")
    for relation in re.findall(rb"<Relationship\s[^>]*>", relations):
        id_, target = re.search(rb'\bId="([^"]*)"', relation), re.search(rb'\bTarget="([^"]*)"', relation)
        if id_ and target and target[1].endswith(b"/" + file):
            for sheet in re.findall(rb"<(?:\w+:)?sheet\s[^>]*>", _read(archive, "xl/workbook.xml")):
                name = re.search(rb'\bname="([^"]*)"', sheet)
                if name and b'"' + id_[1] + b'"' in sheet:
                    return name[1].decode("utf-8", "replace")
    return ""
