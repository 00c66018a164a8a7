"""What was filled in: every figure by its address, every mistake by its cell."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal

from disclosure.calendar.periods import Period
from disclosure.catalog import Indicator, Region
from disclosure.collection.workbook.layout import (
    FIRST_INPUT_COLUMN,
    SUBTITLE_ROW,
    SheetLayout,
    address,
    texts,
)
from disclosure.collection.workbook.ooxml.cells import (
    GENERAL,
    CellReading,
    Complaint,
    NumberForm,
    clean,
    quoted,
    read_number,
    read_text,
    rules,
)
from disclosure.collection.workbook.past_columns import PastColumn, past_columns
from disclosure.collection.workbook.read.looks import fault_of_look
from disclosure.collection.workbook.read.notes import Notes
from disclosure.collection.workbook.read.result import CellValue, TypedCell
from disclosure.collection.workbook.read.sheets import InsuranceSheet, OpenWorkbook, at, shown, typed_cell
from disclosure.figures.figures import Figure, FigureSource

#: Functions of WPS and Excel that put a picture into a cell.
_PICTURE = re.compile(r"\b(?:DISPIMG|IMAGE)\s*\(", re.IGNORECASE)


def typed_cells(handed: OpenWorkbook, table: InsuranceSheet) -> Iterator[tuple[tuple[str, int, int], TypedCell]]:
    """Yield what stands in the inputs and the grey cells between them, wherever they are now."""
    for line in table.layout.lines:
        for region in table.layout.regions:
            row, column = table.rows.get(line.id, -1), table.columns.get(region.code, -1)
            if (cell := typed_cell(handed.package, table, row, column)) is not None:
                yield (table.layout.name, line.row, table.layout.columns[region.code]), cell


def past_figures(handed: OpenWorkbook, table: InsuranceSheet) -> Iterator[Figure]:
    """Yield the earlier figures beside the inputs, as they are shown: in the present unit, or as a text."""
    layout, columns = table.layout, past_columns(handed.catalog, handed.cover.period)
    if table.columns != layout.columns:
        return
    blocks: list[tuple[int, PastColumn, tuple[Region, ...]]] = [
        (each.column, each, (layout.prefecture,)) for each in columns
    ]
    parts = tuple(region for region in layout.regions if region != layout.prefecture)
    for (row, column), value in table.values.items():
        if row == SUBTITLE_ROW and column > layout.last_input_column:
            blocks += ((column, each, parts) for each in columns if clean(value) == each.parts_heading)
    for first, past, regions in blocks:
        for indicator in layout.indicators:
            earlier = past.period_of(indicator)
            for column, region in enumerate(regions, first):
                place = (table.rows.get(indicator.id, -1), column)
                if earlier is not None and (value := table.values.get(place, "")) != "":
                    code = handed.package.number_format(table.scan.styles.get(place, 0))
                    yield _past_figure(indicator, region, earlier, value, code)


def read_figures(handed: OpenWorkbook, table: InsuranceSheet, notes: Notes) -> Iterator[Figure]:
    """Every figure of a table; a cell that gives none, and is not blank, is a problem."""
    sheet = table.layout
    forms = {indicator.id: NumberForm.of(handed.catalog, indicator) for indicator in sheet.indicators}
    for line in sheet.lines:
        for column in range(FIRST_INPUT_COLUMN, sheet.last_input_column + 1):
            place = (line.row, column)
            if place not in sheet.inputs_by_place:
                if (grey := typed_cell(handed.package, table, *place)) is not None:
                    why = "这一格不需要填，请清除内容并核对是否填错了位置"
                    handed.complain(sheet, place, Complaint(quoted(clean(grey.value)), "空白", why))
                continue
            indicator, _ = sheet.inputs_by_place[place]
            reading = _cell(handed, table, place, indicator, forms[indicator.id])
            if isinstance(reading, Complaint):
                handed.complain(sheet, place, reading)
            elif reading.is_blank:
                continue
            elif unseen := fault_of_look(handed.package, table.name, table.values, place):
                handed.complain(sheet, place, unseen, confirm=True)
            elif figure := _figure(handed, notes, sheet, place, reading):
                yield figure


def _cell(
    handed: OpenWorkbook, table: InsuranceSheet, place: tuple[int, int], indicator: Indicator, form: NumberForm
) -> CellReading | Complaint:
    is_text, scan = indicator.kind == "text", table.scan
    if place in scan.formulas or place in scan.errors or place in scan.pictured:
        expected = texts()["validation"]["text"] if is_text else form.expected
        return _not_typed(table, place, expected)
    raw = table.values.get(place, "")
    if is_text:
        return read_text(raw)
    return read_number(raw, form, handed.package.number_format(scan.styles.get(place, 0)) or GENERAL)


def _not_typed(table: InsuranceSheet, place: tuple[int, int], expected: str) -> Complaint:
    """Return what a formula gave, or an error value, is no figure that somebody stands for."""
    scan, words = table.scan, rules()["cells"]
    if place in scan.pictured or _PICTURE.search(scan.formulas.get(place, "")):
        return Complaint(words["picture"]["found"], expected, words["picture"]["why"])
    if place not in scan.formulas:
        words = words["error"]
        return Complaint(words["found"].format(shown=shown(scan.errors[place])), expected, words["why"])
    words, result = words["formula"], scan.errors.get(place) or at(table.values, *place)
    formula = quoted(f"={scan.formulas[place]}")
    return Complaint(words["found"].format(formula=formula, shown=shown(result)), expected, words["why"])


def _figure(
    handed: OpenWorkbook, notes: Notes, sheet: SheetLayout, place: tuple[int, int], reading: CellReading
) -> Figure | None:
    indicator, region = sheet.inputs_by_place[place]
    text = reading.text
    if reading.state != "reported":
        text = notes.reason(indicator, region)
        if not text:
            state, name = texts()["states"][reading.state], texts()["sheets"]["notes"]
            where = f"“{sheet.name}—{sheet.labels[indicator.id]}—{region.name}”"
            why = f"填“{state}”须说明原因，请在工作表“{name}”中加一行{where}并写明"
            if notes.is_read and not notes.is_pending(indicator, region):
                expected = f"数据，或写明原因的“{state}”"
                handed.complain(sheet, place, Complaint(f"“{state}”但没有原因", expected, why))
            return None
    return Figure(
        region=region.code,
        indicator=indicator.id,
        period=handed.cover.period,
        unit=indicator.unit,
        value=reading.value,
        text=text,
        state=reading.state,
        centre=handed.cover.centre,
        source=FigureSource(handed.file.document, handed.file.file_name, sheet.name, address(*place)),
    )


def _past_figure(indicator: Indicator, region: Region, period: Period, value: CellValue, code: str) -> Figure:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return Figure(region.code, indicator.id, period, indicator.unit, text=clean(value))
    shown = re.search(r"\.(0+)", code)
    exact = Decimal(f"{value:.{len(shown[1]) if shown else 0}f}")
    return Figure(region.code, indicator.id, period, indicator.unit, exact)
