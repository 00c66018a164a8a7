"""The rows and columns of a sheet that show, while it is filled in, whether everything adds up."""

from __future__ import annotations

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from disclosure.catalog import Indicator, Region
from disclosure.collection.workbook.layout import (
    BASE_COLUMN,
    FIRST_INPUT_COLUMN,
    FIRST_LINE_ROW,
    ID_COLUMN,
    LABEL_COLUMN,
    LAST_COLUMN,
    UNIT_COLUMN,
    CheckLine,
    SheetLayout,
    address,
    texts,
)
from disclosure.collection.workbook.write.book import (
    AMBER,
    AMBER_BACK,
    CLOSED,
    FAINT,
    LINE,
    PAST,
    RED,
    RED_BACK,
    SECTION,
    Book,
    merge,
)
from disclosure.collection.workbook.write.formulas import Opening, identity_formula, unfit_formula
from disclosure.figures.figures import half_in_base_units


def check_format(book: Book, indicator: Indicator) -> Format:
    """Show a tick for 0 and the gap in words for anything else."""
    shown = book.number_format(indicator)
    match, mismatch = texts()["data"]["match"], texts()["data"]["mismatch"]
    format_ = f'"{mismatch} "{shown};"{mismatch} -"{shown};"{match}"'
    return book.boxed(num_format=format_, align="center", bg_color=PAST, shrink=True)


def write_checks(book: Book, sheet: Worksheet, layout: SheetLayout, last_printed: int) -> None:
    """Write the identities under the table, recomputed by formulas."""
    words = texts()["data"]
    if not layout.checks:
        return
    heading = book.style(bold=True, bg_color=SECTION, top=1, bottom=1, top_color=LINE, bottom_color=LINE)
    above = layout.checks[0].row - 1
    sheet.write_string(above, LABEL_COLUMN, words["checks"], heading)
    for column in range(UNIT_COLUMN, last_printed + 1):
        sheet.write_blank(above, column, None, heading)
    for check in layout.checks:
        sheet.set_row(check.row, 19)
        label, description = check.identity.name, check.identity.description
        sheet.write_string(check.row, ID_COLUMN, check.id, book.style())
        sheet.write_string(check.row, LABEL_COLUMN, label, book.boxed(indent=1, shrink=True))
        sheet.write_string(check.row, UNIT_COLUMN, words["check_unit"], book.boxed(align="center", font_color=FAINT))
        note = book.boxed(font_size=8, font_color=FAINT, text_wrap=True)
        merge(sheet, (check.row, LAST_COLUMN, check.row, BASE_COLUMN), description, note)
        sheet.set_row(check.row, 12 * (1 + len(description) // 19) + 6)
        for region in layout.regions:
            column = layout.columns[region.code]
            formula = _check_formula(book, layout, check, region)
            if formula is None:
                sheet.write_blank(check.row, column, None, book.boxed(bg_color=CLOSED))
            else:
                sheet.write_formula(check.row, column, formula, check_format(book, check.total), "")


def _check_formula(book: Book, layout: SheetLayout, check: CheckLine, region: Region) -> str | None:
    """None where the identity is not asked, or the opening balance it needs is not known."""
    if region not in check.regions:
        return None
    if not check.identity.opening:
        return identity_formula(book.catalog, layout, check, region, None)
    figure = book.openings.get((region.code, f"{layout.insurance.id}.{check.identity.opening}"))
    own, unit = book.catalog.units[check.total.unit], book.catalog.find_unit(figure.unit) if figure else None
    if figure is None or figure.value is None or unit is None or unit.base != own.base:
        return None
    scale = unit.factor / own.factor
    half = half_in_base_units(figure.value, unit) / own.factor
    return identity_formula(book.catalog, layout, check, region, Opening(figure.value * scale, half))


def mark_mismatches(book: Book, sheet: Worksheet, layout: SheetLayout) -> None:
    """Red or amber wherever an input is unfit or something does not add up."""
    red = book.file.add_format({"font_color": RED, "bg_color": RED_BACK, "bold": True})
    amber = book.file.add_format({"font_color": AMBER, "bg_color": AMBER_BACK, "bold": True})

    def mark(top: int, bottom: int, left: int, right: int, format_: Format) -> None:
        cell = address(top, left)
        wrong = f"=AND(ISNUMBER({cell}),{cell}<>0)"
        sheet.conditional_format(top, left, bottom, right, {"type": "formula", "criteria": wrong, "format": format_})

    for indicator in layout.indicators:
        row, last = layout.rows[indicator.id], FIRST_INPUT_COLUMN + len(layout.regions_of(indicator)) - 1
        unfit = unfit_formula(book.catalog, indicator, address(row, FIRST_INPUT_COLUMN))
        rule = {"type": "formula", "criteria": unfit, "format": red}
        sheet.conditional_format(row, FIRST_INPUT_COLUMN, row, last, rule)
    if layout.sum_column is not None:
        mark(FIRST_LINE_ROW, layout.last_line_row, layout.sum_column, layout.sum_column, red)
    for check in layout.checks:
        colour = red if check.identity.severity == "critical" else amber
        mark(check.row, check.row, FIRST_INPUT_COLUMN, layout.last_input_column, colour)
