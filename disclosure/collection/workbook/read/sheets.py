"""A sheet as it was found in a workbook handed in: values by their place, and what is said of one gone astray."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import python_calamine as calamine

from disclosure.catalog import Catalog
from disclosure.collection.workbook.layout import SheetLayout, WorkbookLayout, address, texts
from disclosure.collection.workbook.ooxml.cells import Complaint, clean, quoted
from disclosure.collection.workbook.ooxml.package import Package
from disclosure.collection.workbook.ooxml.scan import SheetScan
from disclosure.collection.workbook.ooxml.xml import UnreadableError, unreadable
from disclosure.collection.workbook.read.result import CellValue, Cover, Problem, TypedCell
from disclosure.confidentiality.public_text import NOTHING_ACCEPTED, Acceptances
from disclosure.figures.figures import FigureSource

#: (row, column) from 0 -> value, of filled cells.
Values = Mapping[tuple[int, int], CellValue]
RESEND = "请用本系统为本单位下发的工作簿重新填报"
REFILL = "请用原工作簿重新填报"
FAULTY = ("有错误的内容", "文件内部结构不正确，请在 Excel 或 WPS 中打开原文件，另存为 .xlsx 后再交", "完好的工作簿")


@dataclass(frozen=True)
class OpenWorkbook:
    """A workbook handed in whose cover and layout are known; ``problems`` grow as it is read.

    ``acceptances`` tell which data of persons may be published all the same.
    """

    book: calamine.CalamineWorkbook
    package: Package
    catalog: Catalog
    cover: Cover
    layout: WorkbookLayout
    file: FigureSource
    problems: list[Problem] = field(default_factory=list)
    acceptances: Acceptances = NOTHING_ACCEPTED

    def complain(
        self, sheet: SheetLayout, place: tuple[int, int], complaint: Complaint, *, confirm: bool = False
    ) -> None:
        """Add a problem of one cell."""
        cell = address(*place)
        said = (complaint.found, complaint.expected, complaint.why)
        self.problems.append(Problem(sheet.name, cell, *said, confirm=confirm))


@dataclass(frozen=True)
class InsuranceSheet:
    """One insurance's sheet as found, under ``name``.

    ``rows`` and ``columns`` tell where each line and region really stands; ``is_read`` is false where
    cells may have moved, so that no address can be trusted.
    """

    layout: SheetLayout
    values: Values
    scan: SheetScan
    rows: Mapping[str, int]
    columns: Mapping[str, int]
    is_read: bool
    name: str


def values_of(
    book: calamine.CalamineWorkbook, package: Package, name: str
) -> tuple[dict[tuple[int, int], CellValue], SheetScan]:
    """Return the sheet's filled cells, once its extent is known to be bounded.

    Raises:
        UnreadableError: when it is not, or the sheet cannot be read.
    """
    try:
        scan = package.scan(name)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except calamine.CalamineError as error:
        raise unreadable(*FAULTY, sheet=_seen(name)) from error
    except UnreadableError as error:
        raise UnreadableError(replace(error.problem, sheet=_seen(error.problem.sheet))) from error
    filled = {(r, c): value for r, row in enumerate(rows) for c, value in enumerate(row) if value != ""}
    return filled, scan


def _seen(name: str) -> str:
    """Return a sheet that people see; of the one they do not, the whole file is spoken of."""
    return "" if name == texts()["sheets"]["meta"] else name


def at(values: Values, row: int, column: int) -> str:
    """Return the cleaned text of a cell; empty for a blank one."""
    return clean(values.get((row, column), ""))


def shown(text: str) -> str:
    """Text as a problem quotes it."""
    return quoted(text) if text else "空白"


def typed_cell(package: Package, table: InsuranceSheet, row: int, column: int) -> TypedCell | None:
    """Return what somebody typed into a cell; None for a blank one."""
    scan, place = table.scan, (row, column)
    if place in scan.formulas:
        formula = scan.formulas[place]
        return TypedCell(f"={formula}" if formula else at(table.values, row, column))
    if place in scan.errors:
        return TypedCell(scan.errors[place])
    raw = table.values.get(place, "")
    return None if clean(raw) == "" else TypedCell(raw, package.number_format(scan.styles.get(place, 0)))
