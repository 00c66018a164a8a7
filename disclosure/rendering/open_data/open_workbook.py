"""The tables as one workbook: a sheet for each insurance as printed, and all figures with their ids."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from decimal import Decimal
from typing import Any

import xlsxwriter

from disclosure.rendering.document.document import Cell, DisclosureDocument, Table
from disclosure.rendering.outlets import Outlets

_ALL_COLUMNS = ("id", "region", "insurance", "indicator", "unit", "value", "text", "state", "note", "status")
_WIDTHS = (44, 12, 26, 30, 10, 18, 40, 10, 40, 10)
#: Chinese letters in a line of the sheet that tells about the others, 100 columns wide.
_LETTERS_A_LINE = 45
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\s]")


def render_workbook(document: DisclosureDocument, outlets: Outlets) -> bytes:
    """``document`` as .xlsx, the same bytes every time: about, a sheet for each insurance, all figures.

    Numbers are numbers, shown with the printed decimals; texts are never taken for formulas.
    """
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties(
            {
                "title": document.title,
                "author": document.publisher,
                "created": dt.datetime.combine(dt.date.fromisoformat(document.compiled_on), dt.time()),
            }
        )
        _Writer(book, document, outlets).write()
    return out.getvalue()


class _Writer:
    def __init__(self, book: Any, document: DisclosureDocument, outlets: Outlets) -> None:
        self._book, self._document, self._outlets = book, document, outlets
        self._formats: dict[tuple[Any, ...], Any] = {}

    def write(self) -> None:
        facts = self._outlets.facts.open_data
        self._about(self._sheet(facts.sheet_about))
        for block in self._document.blocks:
            sheet = self._sheet(block.contents_title)
            sheet.set_column(0, 0, 34)
            sheet.set_column(1, 9, 18)
            row = 0
            for table in block.tables:
                row = self._table(sheet, row, table) + 2
        self._all(self._sheet(facts.sheet_all))

    def _sheet(self, name: str) -> Any:
        """Return a sheet that prints on A4 sheets lying on their side, one page wide."""
        sheet = self._book.add_worksheet(_NOT_IN_NAMES.sub(" ", name)[:31])
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        return sheet

    def _format(self, **look: Any) -> Any:
        key = tuple(sorted(look.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"font_name": "宋体", "valign": "vcenter", **look})
        return self._formats[key]

    def _about(self, sheet: Any) -> None:
        sheet.set_column(0, 0, 100)
        document = self._document
        lines = [document.publisher, document.summary, document.demo, self._outlets.page, self._outlets.licence_line]
        sheet.write_string(0, 0, document.title, self._format(bold=True, font_size=16))
        for row, line in enumerate((*filter(None, lines), *document.notes), start=1):
            # Not every program makes a row as high as its wrapped text.
            sheet.set_row(row, 16 * math.ceil(len(line) / _LETTERS_A_LINE))
            sheet.write_string(row, 0, line, self._format(text_wrap=True))

    def _table(self, sheet: Any, row: int, table: Table) -> int:
        """Write ``table`` from ``row`` on; the row behind it."""
        sheet.write_string(row, 0, table.caption, self._format(bold=True, font_size=12))
        for column, heading in enumerate(table.columns):
            align = "right" if heading.numeric else "left"
            head = self._format(bold=True, bg_color="#E7F0FA", bottom=1, text_wrap=True, align=align)
            sheet.write_string(row + 1, column, heading.title, head)
        row += 2
        for group in table.groups:
            if group.title:
                sheet.write_string(row, 0, group.title, self._format(font_color="#0C437F"))
                row += 1
            for each in group.rows:
                sheet.write_string(row, 0, each.label, self._format(indent=each.depth, bold=each.is_total))
                for column, cell in enumerate(each.cells, start=1):
                    self._cell(sheet, row, column, cell)
                row += 1
        return row

    def _cell(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        if cell.kind in {"figure", "change"}:
            self._number(sheet, row, column, cell.text.replace(",", ""), signed=cell.kind == "change")
        else:
            align = "right" if cell.kind in {"blank", "state"} else "left"
            sheet.write_string(row, column, cell.text, self._format(align=align))

    def _number(self, sheet: Any, row: int, column: int, plain: str, *, signed: bool = False) -> None:
        decimals = len(plain.partition(".")[2])
        shape = "#,##0" + ("." + "0" * decimals if decimals else "")
        look = self._format(num_format=f"+{shape};-{shape};{shape}" if signed else shape)
        sheet.write_number(row, column, float(Decimal(plain)), look)

    def _all(self, sheet: Any) -> None:
        """All figures, a row each: the sheet for those who compute."""
        fields = self._outlets.facts.open_data.fields
        for column, (name, width) in enumerate(zip(_ALL_COLUMNS, _WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, fields[name].title, self._format(bold=True, bg_color="#E7F0FA", bottom=1))
        for row, seen in enumerate(self._document.observations, start=1):
            values = (seen.key, seen.region, seen.insurance, seen.indicator, seen.unit)
            for column, value in enumerate(values):
                sheet.write_string(row, column, value, self._format())
            if seen.is_number:
                self._number(sheet, row, 5, seen.value)
            else:
                sheet.write_string(row, 6, seen.value, self._format(text_wrap=True))
            sheet.write_string(row, 7, seen.state, self._format())
            sheet.write_string(row, 8, seen.note, self._format())
            sheet.write_string(row, 9, seen.status, self._format())
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, len(self._document.observations), len(_ALL_COLUMNS) - 1)
