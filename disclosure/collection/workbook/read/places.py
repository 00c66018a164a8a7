"""Where everything stands in a workbook handed in: as it was sent out, or with a problem that says what moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from disclosure.collection.workbook.layout import (
    CODE_ROW,
    FIRST_INPUT_COLUMN,
    FIRST_LINE_ROW,
    HEADING_ROW,
    ID_COLUMN,
    LABEL_COLUMN,
    SUBTITLE_ROW,
    UNIT_COLUMN,
    SheetLayout,
    address,
    heading_of,
    texts,
)
from disclosure.collection.workbook.ooxml.cells import clean, quoted
from disclosure.collection.workbook.ooxml.package import Package
from disclosure.collection.workbook.ooxml.scan import SheetScan
from disclosure.collection.workbook.ooxml.xml import UnreadableError, unreadable
from disclosure.collection.workbook.read.result import Problem
from disclosure.collection.workbook.read.sheets import (
    REFILL,
    InsuranceSheet,
    OpenWorkbook,
    Values,
    at,
    shown,
    values_of,
)

#: Sheets of this name are WPS's own; nobody types into them.
_OF_THE_PROGRAM = "WpsReserved_"


def check_sheets(handed: OpenWorkbook) -> None:
    """No figure may stand where nobody reads it, or be read where nobody saw it."""
    names = texts()["sheets"]
    unseen = {names["meta"], names["guide"], names["errors"]}
    for name in handed.package.sheet_names:
        if name in handed.layout.own_sheets() - unseen and not handed.package.is_visible(name):
            why = "隐藏的工作表没有人核对过，请取消隐藏，核对后再交"
            handed.problems.append(Problem(name, "", "隐藏的工作表", "可见的工作表", why))
    for name in _foreign_sheets(handed):
        why, kind = "本系统不读自己添加的工作表，请把要报的数填入原来的表中，并删除这张工作表", "多出的工作表"
        if not handed.package.is_visible(name):
            kind = "多出的、隐藏的工作表"
            why += (
                "（右键任一工作表标签选“取消隐藏”就看得见；列表里没有它的，"
                "在“文件—信息—检查问题—检查文档”中删除隐藏的工作表，WPS 为“审阅—文档检查”）"
            )
        handed.problems.append(Problem(name, "", kind, "原有的工作表", why))


def _foreign_sheets(handed: OpenWorkbook) -> list[str]:
    """Sheets that are none of ours and hold something."""
    return [
        name
        for name in handed.package.sheet_names
        if name not in handed.layout.own_sheets()
        and not name.startswith(_OF_THE_PROGRAM)
        and handed.package.scan(name).styles
    ]


def _replace_extra(handed: OpenWorkbook, name: str, wanted: str) -> None:
    """Tell of a sheet under another name once: as renamed."""
    handed.problems[:] = [problem for problem in handed.problems if problem.sheet != name]
    why = f"工作表被改名，请改回“{wanted}”"
    handed.problems.append(Problem(wanted, "", f"工作表“{name}”", f"工作表“{wanted}”", why))


def find_table(handed: OpenWorkbook, sheet: SheetLayout) -> InsuranceSheet | None:
    """Return the sheet as found; whatever does not stand as it was sent out is a problem. None: no such sheet."""
    try:
        name = _name_of(handed, sheet)
        values, scan = values_of(handed.book, handed.package, name)
    except UnreadableError as error:
        handed.problems.append(error.problem)
        return None
    moved = next(_moved(handed, sheet, values), None)
    if moved is None:
        overwritten = next(_overwritten(sheet, values, scan), None)
        handed.problems.extend([overwritten] if overwritten else [])
        handed.problems.extend(_changed_words(sheet, values))
        handed.problems.extend(_astray(sheet, values))
        handed.problems.extend(_merged(handed, sheet, name))
        rows = {line.id: line.row for line in sheet.lines}
        return InsuranceSheet(sheet, values, scan, rows, sheet.columns, overwritten is None, name)
    handed.problems.append(moved)
    ids = [(clean(value), row) for (row, column), value in values.items() if column == ID_COLUMN]
    codes = [(clean(value), column) for (row, column), value in values.items() if row == CODE_ROW]
    return InsuranceSheet(sheet, values, scan, _once(ids), _once(codes), is_read=False, name=name)


def _name_of(handed: OpenWorkbook, sheet: SheetLayout) -> str:
    """Return the name under which the sheet is found: its own, or with a problem that which carries its lines."""
    if sheet.name not in handed.package.sheet_names:
        for name in _foreign_sheets(handed):
            values, _ = values_of(handed.book, handed.package, name)
            if next(_moved(handed, sheet, values), None) is None:
                _replace_extra(handed, name, sheet.name)
                return name
    require(handed.package, sheet.name)
    return sheet.name


def require(package: Package, name: str) -> None:
    """Raise UnreadableError when there is no sheet of this name."""
    if name not in package.sheet_names:
        raise unreadable("没有这张工作表", f"工作表被改名或删除，{REFILL}", "原来的工作表名称", name)


def _moved(handed: OpenWorkbook, sheet: SheetLayout, values: Values) -> Iterator[Problem]:
    """Columns and rows that are not where they were sent out."""
    for region in sheet.regions:
        column = sheet.columns[region.code]
        if (found := at(values, CODE_ROW, column)) != region.code:
            other = handed.catalog.regions.get(found)
            yield Problem(
                sheet.name,
                address(HEADING_ROW, column),
                f"“{other.name}”列" if other else "不明的列",
                f"“{region.name}”列",
                f"有列被插入、删除或移动，{REFILL}",
            )
    for line in sheet.lines:
        if at(values, line.row, ID_COLUMN) != line.id:
            wanted = line.indicator.name if line.indicator else line.section.name
            label = at(values, line.row, LABEL_COLUMN)
            yield Problem(
                sheet.name,
                address(line.row, LABEL_COLUMN),
                f"{quoted(label)}行" if label else "空行",
                f"“{wanted}”行",
                f"有行被插入、删除或移动，{REFILL}",
            )


def _overwritten(sheet: SheetLayout, values: Values, scan: SheetScan) -> Iterator[Problem]:
    """Find checks that are no longer formulas: with them cells of their row or column may have moved."""
    for row, column in sheet.certain_formulas():
        if (row, column) not in scan.formulas:
            why = f"核对公式被覆盖，或有单元格被插入、删除，{REFILL}"
            found = shown(at(values, row, column))
            yield Problem(sheet.name, address(row, column), found, "自动核对的公式", why)


def _changed_words(sheet: SheetLayout, values: Values) -> Iterator[Problem]:
    """Who changes a name or a unit means the figures beside it under that name and in that unit."""
    optional = texts()["data"]["optional"]
    for line in sheet.lines:
        if line.indicator is None:
            continue
        if (found := at(values, line.row, LABEL_COLUMN)).removesuffix(optional) != line.label:
            why = "指标名称被改动，请改回原来的名称，并核对这一行的数据是否按它填写"
            yield Problem(sheet.name, address(line.row, LABEL_COLUMN), shown(found), quoted(line.label), why)
        if (found := at(values, line.row, UNIT_COLUMN)) != line.indicator.unit:
            why = "计量单位被改动，请改回原来的单位，并核对这一行的数据是否按它填写"
            yield Problem(sheet.name, address(line.row, UNIT_COLUMN), shown(found), shown(line.indicator.unit), why)
    for region in sheet.regions:
        place = (HEADING_ROW, sheet.columns[region.code])
        if (found := at(values, *place)) != (wanted := heading_of(region)):
            why = "地区名称被改动，请改回原来的名称，并核对这一列的数据是否是它的"
            yield Problem(sheet.name, address(*place), shown(found), quoted(wanted), why)


def _astray(sheet: SheetLayout, values: Values) -> Iterator[Problem]:
    """Yield what stands beside or below the table, where nobody reads it; earlier figures there have a heading."""
    last = sheet.last_input_column if sheet.sum_column is None else sheet.sum_column
    for row, column in sorted(values):
        is_beside = column > last and (HEADING_ROW, column) not in values and row != SUBTITLE_ROW
        if (is_beside or row > sheet.end_row) and (found := at(values, row, column)):
            why = f"表外的内容不会被读到，要说明的请写到“{texts()['sheets']['notes']}”中，并清除这一格"
            yield Problem(sheet.name, address(row, column), f"写在表外的{quoted(found)}", "空白", why)


def _merged(handed: OpenWorkbook, sheet: SheetLayout, name: str) -> Iterator[Problem]:
    for (top, left), (bottom, right) in handed.book.get_sheet_by_name(name).merged_cell_ranges or []:
        if (
            top <= sheet.last_line_row
            and bottom >= FIRST_LINE_ROW
            and left <= sheet.last_input_column
            and right >= FIRST_INPUT_COLUMN
        ):
            found = f"合并的单元格 {address(top, left)}:{address(bottom, right)}"
            cell = address(max(top, FIRST_LINE_ROW), max(left, FIRST_INPUT_COLUMN))
            yield Problem(sheet.name, cell, found, "未合并的单元格", "请取消合并后逐格填写")


def _once(found: list[tuple[str, int]]) -> dict[str, int]:
    """Name -> place for the names that stand in one place only."""
    times = Counter(name for name, _ in found)
    return {name: place for name, place in found if times[name] == 1}
