"""What is wrong with a workbook, shown in it: cells marked and commented, and 错误清单, which links to them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from xlsxwriter.utility import quote_sheetname, xl_cell_to_rowcol
from xlsxwriter.worksheet import Worksheet

from disclosure.collection.workbook.layout import CONFIRM_COLUMN, texts
from disclosure.collection.workbook.problem_lines import causes
from disclosure.collection.workbook.read.result import CellValue, Problem
from disclosure.collection.workbook.write.book import (
    AMBER,
    AMBER_BACK,
    CELL_LIMIT,
    FAINT,
    HEAD,
    INPUT,
    LINK,
    RED,
    RED_BACK,
    SHORT_TEXT,
    Book,
    merge,
)

#: Problems that are marked and listed; of a workbook with more, the first say enough.
_PROBLEM_LIMIT = 1000
#: The row of the list's heading.
_ABOVE = 2


def write_problems(book: Book) -> None:
    """Mark each problem where it is, and list them all with a link."""
    if book.errors is None:
        return
    sheet, words, shown = book.errors, texts()["errors"], book.problems[:_PROBLEM_LIMIT]
    confirmations = confirmed_rows(book.problems)
    sheet.hide_gridlines(2)
    widths = (6, 9, 24, 34, 30, 62, 12)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.set_row(0, 28)
    heading = f"{words['title']}（{len(book.problems)}）"
    sheet.write_string(0, 0, heading, book.style(font_size=15, bold=True))
    hint = words["hint"] + (f"\n{words['confirm_hint']}" if confirmations else "")
    merge(sheet, (1, 0, 1, 5), hint, book.style(text_wrap=True, font_color=FAINT))
    sheet.set_row(1, 40 if confirmations else 22)
    columns = [*words["columns"], *([words["confirm_column"]] if confirmations else [])]
    for column, text in enumerate(columns):
        sheet.write_string(2, column, text, book.boxed(bold=True, bg_color=HEAD, align="center"))
    cell, link = book.boxed(text_wrap=True), book.boxed(font_color=LINK, underline=1, text_wrap=True)
    existing = {worksheet.get_name(): worksheet for worksheet in book.file.worksheets()}
    for number, problem in enumerate(shown, 1):
        row = number + _ABOVE
        sheet.write_number(row, 0, number, book.boxed(align="center"))
        sheet.write_string(row, 1, words["kind"][problem.kind], book.boxed(align="center"))
        if problem.sheet in existing:
            place = f"internal:{quote_sheetname(problem.sheet)}!{problem.cell or 'A1'}"
            sheet.write_url(row, 2, place, link, f"{problem.sheet} {problem.cell}".strip())
        else:
            sheet.write_string(row, 2, problem.sheet or words["whole"], cell)
        said = (problem.found, problem.expected, problem.why)
        for column, text in enumerate(said, 3):
            sheet.write_string(row, column, text[:CELL_LIMIT], cell)
        if row in confirmations:
            _write_confirmation(book, sheet, row, confirmations[row])
        # A Chinese character is two wide.
        lines = max(1 + 2 * len(text) // widths[column] for column, text in enumerate(said, 3))
        sheet.set_row(row, 15 * min(lines, 20))
    sheet.freeze_panes(3, 0)
    book.print_pages(sheet, words["title"], 2)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    sheet.activate()

    def place_of(problem: Problem) -> tuple[str, str]:
        return problem.sheet, problem.cell

    at_cells = sorted((p for p in shown if p.cell and p.sheet in existing), key=place_of)
    for (name, address_), found in groupby(at_cells, place_of):
        _mark_problem(book, existing[name], address_, list(found))


def confirmed_rows(problems: Sequence[Problem]) -> dict[int, int]:
    """Rows of 错误清单 whose problem must be confirmed -> the row of the first of its cause, where that is done."""
    shown = problems[:_PROBLEM_LIMIT]
    rows = {id(problem): row for row, problem in enumerate(shown, _ABOVE + 1)}
    return {
        rows[id(problem)]: rows[id(cause.problems[0])]
        for cause in causes(shown)
        for problem in cause.problems
        if problem.confirm
    }


def _write_confirmation(book: Book, sheet: Worksheet, row: int, first: int) -> None:
    words = texts()["errors"]
    if row == first:
        sheet.write_blank(row, CONFIRM_COLUMN, None, book.boxed(bg_color=INPUT, locked=False, align="center"))
        sheet.data_validation(
            row, CONFIRM_COLUMN, row, CONFIRM_COLUMN, {"validate": "list", "source": [words["confirmed"]]}
        )
    else:
        same = words["confirm_same"].format(row=first + 1)
        sheet.write_string(row, CONFIRM_COLUMN, same, book.boxed(align="center", font_color=FAINT))


def _mark_problem(book: Book, sheet: Worksheet, cell: str, problems: list[Problem]) -> None:
    words = texts()["errors"]
    said = [
        words["comment" if p.expected else "comment_plain"].format(found=p.found, expected=p.expected, why=p.why)
        for p in problems
    ]
    options = {"author": words["author"], "x_scale": 2.2, "y_scale": 0.6 + 0.8 * len(said), "font_size": 9}
    sheet.write_comment(cell, "\n\n".join(said), options)
    is_refused = any(problem.kind in ("refused", "critical") for problem in problems)
    ink, back = (RED, RED_BACK) if is_refused else (AMBER, AMBER_BACK)
    box = book.file.add_format({"bg_color": back, "font_color": ink, "border": 1, "border_color": ink})
    row, column = xl_cell_to_rowcol(cell)
    held = _held(book, sheet.get_name(), row, column)
    sheet.conditional_format(cell, {"type": "formula", "criteria": _unchanged(cell, held), "format": box})


def _held(book: Book, name: str, row: int, column: int) -> CellValue:
    """Return what a cell holds when the workbook goes out; empty for none, or where that is not known."""
    if book.typed is not None:
        typed = book.typed.cells.get((name, row, column))
        return typed.value if typed else ""
    layout = next((sheet for sheet in book.sheets if sheet.name == name), None)
    asked = layout.inputs_by_place.get((row, column)) if layout else None
    figure = book.filled.get((asked[1].code, asked[0].id)) if asked else None
    if figure is None:
        return ""
    return figure.printed if figure.value is None or figure.state != "reported" else float(figure.value)


def _unchanged(cell: str, value: CellValue) -> str:
    """Return a formula that is true as long as ``cell`` still holds ``value``; always, where it cannot be told."""
    if isinstance(value, str) and 0 < len(value) < SHORT_TEXT // 2:
        escaped = value.replace('"', '""')
        return f'={cell}="{escaped}"'
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return f"={cell}={value!r}"
    return "=TRUE"
