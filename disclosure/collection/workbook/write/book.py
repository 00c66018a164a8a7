"""A workbook being written: what it is to hold, its sheets, and the styles they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator
from disclosure.collection.workbook.layout import SheetLayout, texts
from disclosure.collection.workbook.ooxml.cells import GENERAL
from disclosure.collection.workbook.read.result import Explanation, Problem, Typed, TypedCell
from disclosure.figures.figures import Figure

#: (region code, indicator id) -> figure, all of one period.
Figures = Mapping[tuple[str, str], Figure]

FONT = "微软雅黑"
INK, FAINT, LINE, LINK = "#1F2D3D", "#5B6B7B", "#B8C4D0", "#0563C1"
HEAD, SECTION, INPUT, CLOSED, PAST = "#D6E4F0", "#EEF3F8", "#FFF9DB", "#E7E9EC", "#F7F9FB"
RED, RED_BACK, AMBER, AMBER_BACK = "#9C0006", "#FFC7CE", "#7F4F00", "#FFE8B3"
A4 = 9
#: Characters that a cell of Excel holds; XlsxWriter would leave a longer text out.
CELL_LIMIT = 32_767
#: Characters that a custom property and a text in a formula hold.
SHORT_TEXT = 255


def decimals_format(decimals: int) -> str:
    """Return Excel's format code with so many decimals."""
    return "#,##0" + (f".{'0' * decimals}" if decimals else "")


@dataclass(kw_only=True)
class Book:
    """One workbook being written. ``past`` are the figures of the period before and those compared with.

    ``openings`` those of the last year's end; ``filled`` go into the inputs, or ``typed``, as somebody typed it.
    """

    file: xlsxwriter.Workbook
    catalog: Catalog
    sheets: tuple[SheetLayout, ...]
    period: Period
    centre: str
    round_number: int
    past: tuple[Figures, Figures]
    openings: Figures
    filled: Figures
    explanations: tuple[Explanation, ...]
    typed: Typed | None
    problems: Sequence[Problem]

    cover: Worksheet = field(init=False)
    errors: Worksheet | None = field(init=False)
    tables: dict[str, Worksheet] = field(init=False)
    notes: Worksheet = field(init=False)
    guide: Worksheet = field(init=False)
    meta: Worksheet = field(init=False)
    _formats: dict[tuple[tuple[str, Any], ...], Format] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Add the sheets, in the order people see them."""
        names, add = texts()["sheets"], self.file.add_worksheet
        self.cover = add(names["cover"])
        self.errors = add(names["errors"]) if self.problems else None
        self.tables = {sheet.name: add(sheet.name) for sheet in self.sheets}
        self.notes, self.guide, self.meta = add(names["notes"]), add(names["guide"]), add(names["meta"])

    def style(self, **properties: Any) -> Format:
        """One format per set of properties: a workbook may hold only so many."""
        wanted = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter", **properties}
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self.file.add_format(wanted)
        return self._formats[key]

    def boxed(self, **properties: Any) -> Format:
        """Return a style with thin lines around."""
        return self.style(border=1, border_color=LINE, **properties)

    def is_required(self, indicator: Indicator) -> bool:
        """Whether the indicator must be filled in for this period."""
        # A special cycle asks for what it was opened for: nothing in it is marked as optional.
        return self.period.kind == "special" or indicator.demand(self.period.kind) == "required"

    def typed_at(self, layout: SheetLayout, row: int, column: int) -> TypedCell | None:
        """Return what somebody typed there; None where nothing was, or nobody has typed yet."""
        return self.typed.cells.get((layout.name, row, column)) if self.typed else None

    def number_format(self, indicator: Indicator) -> str:
        """Excel's format code with the indicator's printed decimals; where these differ by figure, as it is typed."""
        return GENERAL if indicator.least_decimals is not None else decimals_format(self.catalog.decimals(indicator))

    def print_pages(self, sheet: Worksheet, name: str, heading_row: int) -> None:
        """Print ``sheet`` on A4, crosswise, as wide as a page, with its heading above each."""
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(heading_row)
        self.head_and_foot(sheet, name)

    def head_and_foot(self, sheet: Worksheet, name: str) -> None:
        """Set what is printed above and below each page of ``sheet``."""
        facts = {
            "publisher": self.catalog.profile.publisher,
            "period": self.period.label,
            "sheet": name,
            "centre": self.centre,
        }
        escaped = {key: value.replace("&", "&&") for key, value in facts.items()}
        sheet.set_header(texts()["print"]["header"].format(**escaped))
        sheet.set_footer(texts()["print"]["footer"].format(**escaped))


def merge(sheet: Worksheet, area: tuple[int, int, int, int], text: str, format_: Format) -> None:
    """Merge ``area`` (top, left, bottom, right); left to ``merge_range``, a text like ``=x`` becomes a formula."""
    sheet.merge_range(*area, "", format_)
    sheet.write_string(area[0], area[1], text, format_)
