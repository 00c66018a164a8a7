"""An insurance's sheet of a workbook: what to fill in and what was there before."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from xlsxwriter.worksheet import Worksheet

from disclosure.catalog import Indicator, Region
from disclosure.collection.workbook.layout import (
    BASE_COLUMN,
    CODE_ROW,
    FIRST_INPUT_COLUMN,
    FIRST_LINE_ROW,
    HEADING_ROW,
    ID_COLUMN,
    LABEL_COLUMN,
    LAST_COLUMN,
    SUBTITLE_ROW,
    TITLE_ROW,
    UNIT_COLUMN,
    LayoutRow,
    SheetLayout,
    heading_of,
    texts,
)
from disclosure.collection.workbook.ooxml.cells import clean
from disclosure.collection.workbook.ooxml.styles import hides
from disclosure.collection.workbook.past_columns import past_columns
from disclosure.collection.workbook.read.result import TypedCell
from disclosure.collection.workbook.write.book import (
    CELL_LIMIT,
    CLOSED,
    FAINT,
    HEAD,
    INPUT,
    LINE,
    PAST,
    SECTION,
    SHORT_TEXT,
    Book,
    decimals_format,
)
from disclosure.collection.workbook.write.checks import check_format, mark_mismatches, write_checks
from disclosure.collection.workbook.write.formulas import sum_formula, validation
from disclosure.figures.figures import Figure

#: Excel counts its days from here.
_FIRST_YEAR = 1900


def write_sheet(book: Book, layout: SheetLayout) -> None:
    """Write the sheet of one insurance."""
    sheet, words = book.tables[layout.name], texts()["data"]
    last_printed = layout.last_input_column if layout.sum_column is None else layout.sum_column
    has_text = any(indicator.kind == "text" for indicator in layout.indicators)
    _set_columns(sheet, layout, has_text=has_text)
    sheet.set_row(TITLE_ROW, 28)
    title = words["title"].format(insurance=layout.insurance.name)
    sheet.write_string(TITLE_ROW, LABEL_COLUMN, title, book.style(font_size=15, bold=True))
    subtitle = words["subtitle"].format(centre=book.centre, period=book.period.label, round=book.round_number)
    sheet.write_string(SUBTITLE_ROW, LABEL_COLUMN, subtitle, book.style(font_color=FAINT))
    _write_headings(book, sheet, layout)
    for line in layout.lines:
        if line.indicator is None:
            _write_section(book, sheet, layout, line, last_printed)
        else:
            _write_line(book, sheet, layout, line, line.indicator)
    write_checks(book, sheet, layout, last_printed)
    _write_past_of_parts(book, sheet, layout, last_printed + 2)
    mark_mismatches(book, sheet, layout)
    frozen = FIRST_INPUT_COLUMN + 1 if layout.sum_column is not None else UNIT_COLUMN + 1
    sheet.freeze_panes(FIRST_LINE_ROW, frozen)
    sheet.hide_gridlines(2)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.print_area(TITLE_ROW, LABEL_COLUMN, layout.end_row, last_printed)
    book.print_pages(sheet, layout.name, HEADING_ROW)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def _set_columns(sheet: Worksheet, layout: SheetLayout, *, has_text: bool) -> None:
    sheet.set_column(ID_COLUMN, ID_COLUMN, 30, None, {"hidden": True})
    sheet.set_column(LABEL_COLUMN, LABEL_COLUMN, 30)
    sheet.set_column(UNIT_COLUMN, UNIT_COLUMN, 6.5)
    sheet.set_column(LAST_COLUMN, BASE_COLUMN, 12.5)
    sheet.set_column(FIRST_INPUT_COLUMN, FIRST_INPUT_COLUMN, 46 if has_text else 13)
    if layout.sum_column is not None:
        sheet.set_column(FIRST_INPUT_COLUMN + 1, layout.last_input_column, 10)
        sheet.set_column(layout.sum_column, layout.sum_column, 12)


def _write_headings(book: Book, sheet: Worksheet, layout: SheetLayout) -> None:
    words = texts()["data"]
    sheet.set_row(CODE_ROW, None, None, {"hidden": True})
    sheet.set_row(HEADING_ROW, 48)
    head = book.boxed(bold=True, bg_color=HEAD, align="center", text_wrap=True)
    sheet.write_string(CODE_ROW, ID_COLUMN, "id", book.style())
    sheet.write_string(HEADING_ROW, LABEL_COLUMN, words["indicator"], head)
    sheet.write_string(HEADING_ROW, UNIT_COLUMN, words["unit"], head)
    for past in past_columns(book.catalog, book.period):
        sheet.write_string(HEADING_ROW, past.column, past.heading, head)
    for region in layout.regions:
        column = layout.columns[region.code]
        sheet.write_string(CODE_ROW, column, region.code, book.style())
        sheet.write_string(HEADING_ROW, column, heading_of(region), head)
    if layout.sum_column is not None:
        sheet.write_string(HEADING_ROW, layout.sum_column, words["sum_check"], head)


def _write_section(book: Book, sheet: Worksheet, layout: SheetLayout, line: LayoutRow, last_printed: int) -> None:
    sheet.set_row(line.row, 20)
    band = book.style(bold=True, bg_color=SECTION, top=1, bottom=1, top_color=LINE, bottom_color=LINE)
    sheet.write_string(line.row, ID_COLUMN, line.id, book.style())
    sheet.write_string(line.row, LABEL_COLUMN, line.section.name, band)
    for column in range(UNIT_COLUMN, last_printed + 1):
        if (typed := book.typed_at(layout, line.row, column)) is None:
            sheet.write_blank(line.row, column, None, band)
        else:
            _write_misplaced(book, sheet, (line.row, column), typed)


def _write_misplaced(book: Book, sheet: Worksheet, place: tuple[int, int], typed: TypedCell) -> None:
    """Write what was typed where nothing is asked; not locked, for it must be cleared."""
    _write_typed(book, sheet, place, typed, {"bg_color": CLOSED, "locked": False})


def _write_line(book: Book, sheet: Worksheet, layout: SheetLayout, line: LayoutRow, indicator: Indicator) -> None:
    row = line.row
    sheet.set_row(row, 54 if indicator.kind == "text" else 19)
    label = line.label + ("" if book.is_required(indicator) else texts()["data"]["optional"])
    sheet.write_string(row, ID_COLUMN, line.id, book.style())
    sheet.write_string(row, LABEL_COLUMN, label, book.boxed(indent=1 + 2 * line.depth, shrink=True))
    sheet.write_string(row, UNIT_COLUMN, indicator.unit, book.boxed(align="center", font_color=FAINT))
    for column, figures in zip((LAST_COLUMN, BASE_COLUMN), book.past, strict=True):
        _write_past(book, sheet, (row, column), indicator, figures.get((layout.prefecture.code, indicator.id)))
    asked = {region.code for region in layout.regions_of(indicator)}
    for region in layout.regions:
        column = layout.columns[region.code]
        typed = book.typed_at(layout, row, column)
        if region.code in asked:
            _write_input(book, layout, (row, column), indicator, region)
        elif typed is not None:
            _write_misplaced(book, sheet, (row, column), typed)
        else:
            sheet.write_blank(row, column, None, book.boxed(bg_color=CLOSED))
    if asked:
        first, last = FIRST_INPUT_COLUMN, FIRST_INPUT_COLUMN + len(asked) - 1
        rule = validation(book.catalog, indicator)
        sheet.data_validation(row, first, row, last, rule)
    if layout.sum_column is not None:
        closed = book.boxed(bg_color=PAST if layout.is_summed(indicator) else CLOSED)
        if layout.is_summed(indicator):
            formula = sum_formula(book.catalog, layout, row, indicator)
            sheet.write_formula(row, layout.sum_column, formula, check_format(book, indicator), "")
        else:
            sheet.write_blank(row, layout.sum_column, None, closed)


def _write_input(book: Book, layout: SheetLayout, place: tuple[int, int], indicator: Indicator, region: Region) -> None:
    sheet, typed = book.tables[layout.name], book.typed_at(layout, *place)
    figure = book.filled.get((region.code, indicator.id))
    is_text = indicator.kind == "text"
    shape = {"text_wrap": True, "align": "left", "valign": "top"} if is_text else {"align": "right"}
    number_format = "@" if is_text else book.number_format(indicator)
    look = {"bg_color": INPUT, "locked": False, "num_format": number_format, **shape}
    format_ = book.boxed(**look)
    if typed is not None:
        _write_typed(book, sheet, place, typed, look)
    elif figure is None:
        sheet.write_blank(*place, None, format_)
    elif figure.value is None or figure.state != "reported":
        sheet.write_string(*place, figure.printed, format_)
    else:
        if indicator.least_decimals is not None:
            format_ = book.boxed(**{**look, "num_format": decimals_format(figure.decimals)})
        sheet.write_number(*place, float(figure.value), format_)


def _write_typed(book: Book, sheet: Worksheet, place: tuple[int, int], typed: TypedCell, look: dict[str, Any]) -> None:
    """Write what somebody typed, as typed; a formula only as its text, for nobody knows what it would do."""
    value = typed.value
    code = typed.number_format[:SHORT_TEXT]
    if hides(code):
        # What goes back must be seen, and the format of a cell cannot be changed in a protected sheet.
        code = ""
    look = look if isinstance(value, str) else {**look, "shrink": True}
    format_ = book.boxed(**{**look, "num_format": code} if code else look)
    if isinstance(value, bool):
        sheet.write_boolean(*place, value, format_)
    elif isinstance(value, int | float) and math.isfinite(value):
        sheet.write_number(*place, value, format_)
    elif isinstance(value, dt.datetime | dt.date) and value.year >= _FIRST_YEAR:
        # In the format of a number it would come back as one.
        date = book.boxed(**{**look, "num_format": "yyyy-mm-dd"})
        sheet.write_datetime(*place, value, date)
    else:
        text = clean(value)
        # Cut short a text might be a number.
        shown = text if len(text) <= CELL_LIMIT else f"{text[: CELL_LIMIT - 1]}…"
        sheet.write_string(*place, shown, book.boxed(**look))


def _write_past(
    book: Book, sheet: Worksheet, place: tuple[int, int], indicator: Indicator, figure: Figure | None
) -> None:
    """Write an earlier figure in the indicator's present unit, or as printed where units do not convert."""
    plain: dict[str, Any] = {"bg_color": PAST, "font_color": FAINT}
    plain |= {"text_wrap": True, "font_size": 8} if indicator.kind == "text" else {"align": "right", "shrink": True}
    if figure is None:
        sheet.write_blank(*place, None, book.boxed(**plain))
        return
    units, value = book.catalog.units, figure.value
    if value is None or figure.state != "reported":
        sheet.write_string(*place, figure.printed, book.boxed(**plain))
    elif figure.unit == indicator.unit:
        sheet.write_number(*place, float(value), book.boxed(num_format=decimals_format(figure.decimals), **plain))
    elif figure.unit in units and units[figure.unit].base == units[indicator.unit].base:
        converted = value * units[figure.unit].factor / units[indicator.unit].factor
        format_ = book.boxed(num_format=book.number_format(indicator), **plain)
        sheet.write_number(*place, float(converted), format_)
    else:
        sheet.write_string(*place, f"{figure.printed} {figure.unit}", book.boxed(**plain))


def _write_past_of_parts(book: Book, sheet: Worksheet, layout: SheetLayout, column: int) -> None:
    """Write the parts' earlier figures, to the right and outside the print, where there are any."""
    regions = [region for region in layout.regions if region != layout.prefecture]
    for past, figures in zip(past_columns(book.catalog, book.period), book.past, strict=True):
        rows = [(i, row) for i, row in ((i, layout.rows[i.id]) for i in layout.indicators) if i.by_county]
        if not any((region.code, i.id) in figures for i, _ in rows for region in regions):
            continue
        sheet.write_string(SUBTITLE_ROW, column, past.parts_heading, book.style(bold=True))
        sheet.set_column(column, column + len(regions) - 1, 11)
        sheet.set_column(column + len(regions), column + len(regions), 3)
        for place, region in enumerate(regions):
            head = book.boxed(bold=True, bg_color=HEAD, align="center", text_wrap=True)
            sheet.write_string(HEADING_ROW, column + place, region.name, head)
            for indicator, row in rows:
                figure = figures.get((region.code, indicator.id))
                _write_past(book, sheet, (row, column + place), indicator, figure)
        column += len(regions) + 1
