"""Writing the workbook that goes out to a centre: what to fill in, what was there before, what must add up.

The same arguments give the same bytes. Protection carries no password: it guards against slips, and the
reader checks every address again.
"""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import quote_sheetname, xl_cell_to_rowcol
from xlsxwriter.worksheet import Worksheet

from disclosure.catalog import Catalog, Indicator, Region
from disclosure.collection.files import write_whole
from disclosure.collection.workbook_cells import clean
from disclosure.collection.workbook_formulas import (
    filled_formula,
    identity_formula,
    mismatch_formula,
    sum_formula,
    unfit_formula,
    validation,
)
from disclosure.collection.workbook_layout import (
    CODE_ROW,
    COVER_FACTS,
    COVER_LABEL_COLUMN,
    COVER_MESSAGE_ROW,
    COVER_ROWS,
    COVER_VALUE_COLUMN,
    FIRST_INPUT_COLUMN,
    FIRST_LINE_ROW,
    HEADING_ROW,
    ID_COLUMN,
    LABEL_COLUMN,
    LAST_COLUMN,
    NOTES_HEADING_ROW,
    SCHEMA_VERSION,
    SUBTITLE_ROW,
    TITLE_ROW,
    UNIT_COLUMN,
    YEAR_BEFORE_COLUMN,
    CheckLine,
    Line,
    SheetLayout,
    address,
    lay_out,
    texts,
)
from disclosure.collection.workbook_reading import CellValue, Explanation, Problem, Typed, TypedCell
from disclosure.errors import DisclosureError
from disclosure.figures import Figure
from disclosure.periods import Period

#: (region code, indicator id) -> figure, all of one period.
Figures = Mapping[tuple[str, str], Figure]

_FONT = "微软雅黑"
_INK, _FAINT, _LINE = "#1F2D3D", "#5B6B7B", "#B8C4D0"
_HEAD, _SECTION, _INPUT, _CLOSED, _PAST = "#D6E4F0", "#EEF3F8", "#FFF9DB", "#E7E9EC", "#F7F9FB"
_RED, _RED_BACK, _AMBER, _AMBER_BACK = "#9C0006", "#FFC7CE", "#7F4F00", "#FFE8B3"
_A4 = 9
#: Excel counts its days from here.
_FIRST_YEAR = 1900
#: Characters that a cell of Excel holds; XlsxWriter would leave a longer text out.
_CELL_LIMIT = 32_767
#: Characters that a custom property and a text in a formula hold.
_SHORT_TEXT = 255
#: Problems that are marked and listed; of a workbook with more, the first say enough.
_PROBLEM_LIMIT = 1000
#: Rows for explanations that are formatted and have drop-downs, beyond those already filled in.
_SPARE_NOTES = 200


def write_workbook(
    path: Path,
    catalog: Catalog,
    period: Period,
    centre_id: str,
    *,
    round_number: int = 1,
    only: Iterable[str] = (),
    last: Iterable[Figure] = (),
    year_before: Iterable[Figure] = (),
    filled: Iterable[Figure] = (),
    explanations: Iterable[Explanation] = (),
    message: str = "",
    cover: tuple[str, str, str] = ("", "", ""),
    typed: Typed | None = None,
    problems: Sequence[Problem] = (),
) -> Path:
    """Write the workbook of ``centre_id`` for ``period`` to ``path``, whole or not at all.

    ``last`` and ``year_before`` are shown beside the inputs and count only where they are of the period
    before and of the same period last year (a special cycle has neither). ``filled`` fills inputs, and their
    reasons and ``explanations`` the sheet 说明; what the centre is not asked for is left out.
    ``message`` is what the reviewer wrote when returning it; ``cover`` is (填报人, 审核人, 填报日期).
    ``typed`` stands for ``last``, ``year_before``, ``filled``, ``explanations`` and ``message``: a workbook
    that came in is written anew as it was filled in. Cells with ``problems`` are marked until they are
    changed, have a comment, and are listed in 错误清单.

    Raises:
        DisclosureError: when there is no such centre, nothing is asked of it, or a text is too long for a cell.
    """
    only = tuple(only)
    layout = lay_out(catalog, period, centre_id, only)
    last, year_before, filled = tuple(last), tuple(year_before), tuple(filled)
    if typed is not None:
        last = year_before = typed.past
        message = typed.message
    longest = max((message, *cover, *(figure.text for figure in filled)), key=len)
    if len(longest) > _CELL_LIMIT:
        raise DisclosureError(f"“{longest[:20]}…”有 {len(longest)} 个字，工作簿的一格最多 {_CELL_LIMIT} 字，请精简。")
    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    writer = _Writer(
        workbook=workbook,
        catalog=catalog,
        layout_sheets=layout.sheets,
        period=period,
        centre=catalog.offices[centre_id].name,
        round_number=round_number,
        past=(_by_cell(last, period.previous()), _by_cell(year_before, period.year_before())),
        openings=_by_cell([*last, *year_before], period.last_year_end()),
        filled=_by_cell(filled, period),
        explanations=tuple(explanations),
        typed=typed,
        problems=problems,
    )
    writer.write_cover(message, cover)
    for sheet in layout.sheets:
        writer.write_sheet(sheet)
    writer.write_notes()
    writer.write_guide()
    writer.write_problems()
    writer.write_metadata(
        {
            "schema_version": str(SCHEMA_VERSION),
            "profile": layout.profile,
            "period": period.id,
            "centre": centre_id,
            "round": str(round_number),
            "only": " ".join(only),
            "layout": layout.digest,
        }
    )
    workbook.close()
    write_whole(path, content.getvalue())
    return path


def _by_cell(figures: Iterable[Figure], period: Period | None) -> dict[tuple[str, str], Figure]:
    return {(f.region, f.indicator): f for f in figures if f.period == period}


class _Writer:
    """One workbook being written, sheet by sheet."""

    def __init__(
        self,
        *,
        workbook: xlsxwriter.Workbook,
        catalog: Catalog,
        layout_sheets: tuple[SheetLayout, ...],
        period: Period,
        centre: str,
        round_number: int,
        past: tuple[Figures, Figures],
        openings: Figures,
        filled: Figures,
        explanations: tuple[Explanation, ...],
        typed: Typed | None,
        problems: Sequence[Problem],
    ) -> None:
        self.book, self.catalog, self.sheets, self.period = workbook, catalog, layout_sheets, period
        self.centre, self.round_number = centre, round_number
        self.past, self.openings, self.filled = past, openings, filled
        self.explanations, self.typed, self.problems = explanations, typed, problems
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        names = texts()["sheets"]
        self.cover: Worksheet = workbook.add_worksheet(names["cover"])
        self.errors: Worksheet | None = workbook.add_worksheet(names["errors"]) if problems else None
        self.tables: dict[str, Worksheet] = {s.name: workbook.add_worksheet(s.name) for s in layout_sheets}
        self.notes: Worksheet = workbook.add_worksheet(names["notes"])
        self.guide: Worksheet = workbook.add_worksheet(names["guide"])
        self.meta: Worksheet = workbook.add_worksheet(names["meta"])

    def style(self, **properties: Any) -> Format:
        """One format per set of properties: a workbook may hold only so many."""
        wanted = {"font_name": _FONT, "font_size": 10, "font_color": _INK, "valign": "vcenter", **properties}
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(wanted)
        return self._formats[key]

    def boxed(self, **properties: Any) -> Format:
        return self.style(border=1, border_color=_LINE, **properties)

    # -- 封面 -------------------------------------------------------------------------------------------

    def write_cover(self, message: str, cover: tuple[str, str, str]) -> None:
        sheet, words = self.cover, texts()["cover"]
        left, right = COVER_LABEL_COLUMN, COVER_VALUE_COLUMN + 2
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 3)
        sheet.set_column(1, 4, 22)
        title = self.style(font_size=20, bold=True, align="center")
        sheet.set_row(1, 22)
        sheet.set_row(2, 36)
        _merge(sheet, (1, left, 1, right), self.catalog.profile.publisher, self.style(font_size=13, align="center"))
        _merge(sheet, (2, left, 2, right), words["title"], title)
        as_of = words["as_of_text"].format(stock=self.period.stock_label, flow=self.period.flow_label)
        facts = {
            "period": self.period.label,
            "as_of": as_of,
            "centre": self.centre,
            "round": words["round_text"].format(round=self.round_number),
        }
        label = self.boxed(bold=True, bg_color=_HEAD, align="center")
        for key, value in facts.items():
            row = COVER_FACTS[key]
            sheet.set_row(row, 24)
            sheet.write_string(row, left, words[key], label)
            _merge(sheet, (row, COVER_VALUE_COLUMN, row, right), value, self.boxed(indent=1, text_wrap=True))
        open_cell = self.boxed(indent=1, bg_color=_INPUT, locked=False, num_format="yyyy-mm-dd", align="left")
        for (key, row), value in zip(COVER_ROWS.items(), cover, strict=True):
            sheet.set_row(row, 24)
            sheet.write_string(row, left, words[key], label)
            _merge(sheet, (row, COVER_VALUE_COLUMN, row, right), value, open_cell)
        row = COVER_MESSAGE_ROW
        if message:
            warning = {"font_color": _RED, "bg_color": _RED_BACK, "text_wrap": True, "indent": 1}
            _merge(sheet, (row, left, row, right), words["message"], self.boxed(**warning, bold=True))
            body = self.boxed(**{**warning, "valign": "top"})
            _merge(sheet, (row + 1, left, row + 1, right), message, body)
            sheet.set_row(row + 1, 18 * max(2, sum(1 + len(part) // 40 for part in message.splitlines())))
            row += 3
        row = self._write_progress(row)
        self._write_steps(row)
        sheet.set_portrait()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 1)
        sheet.center_horizontally()
        sheet.protect("")
        sheet.activate()
        sheet.set_first_sheet()

    def _write_progress(self, row: int) -> int:
        """A table that counts, by formulas, what is filled in and what does not add up."""
        sheet, words, left = self.cover, texts()["cover"], COVER_LABEL_COLUMN
        heading = self.style(bold=True, font_size=11)
        sheet.write_string(row, left, words["progress"], heading)
        row += 1
        for place, text in enumerate(words["progress_columns"]):
            sheet.write_string(row, left + place, text, self.boxed(bold=True, bg_color=_HEAD, align="center"))
        count = self.boxed(align="center", num_format="0")
        bad = self.book.add_format({"font_color": _RED, "bg_color": _RED_BACK, "bold": True})
        first = row + 1
        for table in self.sheets:
            row += 1
            name = quote_sheetname(table.name)
            cells = [(line, r, c) for line, _, r, c in table.inputs() if self._is_required(line)]
            sheet.write_url(row, left, f"internal:{name}!A1", self.boxed(indent=1, font_color="#0563C1"), table.name)
            sheet.write_number(row, left + 1, len(cells), count)
            required = {r for _, r, _ in cells}
            filled = self._count_filled(table, required)
            sheet.write_formula(row, left + 2, filled_formula(table, name, required), count, filled)
            sheet.write_formula(row, left + 3, mismatch_formula(table, name), count, "")
        sheet.conditional_format(
            first, left + 3, row, left + 3, {"type": "cell", "criteria": ">", "value": 0, "format": bad}
        )
        return row + 2

    def _count_filled(self, table: SheetLayout, rows: set[int]) -> int:
        if self.typed is not None:
            return sum(sheet == table.name and row in rows for sheet, row, _ in self.typed.cells)
        return sum((region.code, i.id) in self.filled for i, region, row, _ in table.inputs() if row in rows)

    def _write_steps(self, row: int) -> None:
        sheet, words, left = self.cover, texts()["cover"], COVER_LABEL_COLUMN
        sheet.write_string(row, left, words["how"], self.style(bold=True, font_size=11))
        steps = [f"{place}. {step}" for place, step in enumerate(words["steps"], 1)]
        if self.catalog.profile.contact:
            steps.append(f"{words['contact']}：{self.catalog.profile.contact}")
        for step in steps:
            row += 1
            _merge(sheet, (row, left, row, COVER_VALUE_COLUMN + 2), step, self.style(text_wrap=True))
            sheet.set_row(row, 17 * (1 + len(step) // 46))

    # -- 险种 -------------------------------------------------------------------------------------------

    def write_sheet(self, layout: SheetLayout) -> None:
        sheet, words = self.tables[layout.name], texts()["data"]
        last_printed = layout.last_input_column if layout.sum_column is None else layout.sum_column
        has_text = any(indicator.kind == "text" for indicator in layout.indicators)
        self._set_columns(sheet, layout, has_text=has_text)
        sheet.set_row(TITLE_ROW, 28)
        title = words["title"].format(insurance=layout.insurance.name)
        sheet.write_string(TITLE_ROW, LABEL_COLUMN, title, self.style(font_size=15, bold=True))
        subtitle = words["subtitle"].format(centre=self.centre, period=self.period.label, round=self.round_number)
        sheet.write_string(SUBTITLE_ROW, LABEL_COLUMN, subtitle, self.style(font_color=_FAINT))
        self._write_headings(sheet, layout)
        for line in layout.lines:
            if line.indicator is None:
                self._write_section(sheet, layout, line, last_printed)
            else:
                self._write_line(sheet, layout, line, line.indicator)
        self._write_checks(sheet, layout, last_printed)
        self._write_past_of_parts(sheet, layout, last_printed + 2)
        self._mark_mismatches(sheet, layout)
        frozen = FIRST_INPUT_COLUMN + 1 if layout.sum_column is not None else UNIT_COLUMN + 1
        sheet.freeze_panes(FIRST_LINE_ROW, frozen)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEADING_ROW)
        sheet.print_area(TITLE_ROW, LABEL_COLUMN, layout.end_row, last_printed)
        self._head_and_foot(sheet, layout.name)
        sheet.protect("", {"format_columns": True, "format_rows": True})

    def _set_columns(self, sheet: Worksheet, layout: SheetLayout, *, has_text: bool) -> None:
        sheet.set_column(ID_COLUMN, ID_COLUMN, 30, None, {"hidden": True})
        sheet.set_column(LABEL_COLUMN, LABEL_COLUMN, 30)
        sheet.set_column(UNIT_COLUMN, UNIT_COLUMN, 6.5)
        sheet.set_column(LAST_COLUMN, YEAR_BEFORE_COLUMN, 12.5)
        sheet.set_column(FIRST_INPUT_COLUMN, FIRST_INPUT_COLUMN, 46 if has_text else 13)
        if layout.sum_column is not None:
            sheet.set_column(FIRST_INPUT_COLUMN + 1, layout.last_input_column, 10)
            sheet.set_column(layout.sum_column, layout.sum_column, 12)

    def _write_headings(self, sheet: Worksheet, layout: SheetLayout) -> None:
        words = texts()["data"]
        sheet.set_row(CODE_ROW, None, None, {"hidden": True})
        sheet.set_row(HEADING_ROW, 34)
        head = self.boxed(bold=True, bg_color=_HEAD, align="center", text_wrap=True)
        sheet.write_string(CODE_ROW, ID_COLUMN, "id", self.style())
        sheet.write_string(HEADING_ROW, LABEL_COLUMN, words["indicator"], head)
        sheet.write_string(HEADING_ROW, UNIT_COLUMN, words["unit"], head)
        for column, key, period in (
            (LAST_COLUMN, "last", self.period.previous()),
            (YEAR_BEFORE_COLUMN, "year_before", self.period.year_before()),
        ):
            text = f"{words[key]}\n{period.label if period else words['no_table']}"
            sheet.write_string(HEADING_ROW, column, text, head)
        for region in layout.regions:
            column = layout.columns[region.code]
            sheet.write_string(CODE_ROW, column, region.code, self.style())
            sheet.write_string(HEADING_ROW, column, self._region_name(region), head)
        if layout.sum_column is not None:
            sheet.write_string(HEADING_ROW, layout.sum_column, words["sum_check"], head)

    def _region_name(self, region: Region) -> str:
        """The prefecture as 全州 where it is called so; any other region by its name."""
        return next((alias for alias in region.aliases if alias.startswith("全")), region.name)

    def _write_section(self, sheet: Worksheet, layout: SheetLayout, line: Line, last_printed: int) -> None:
        sheet.set_row(line.row, 20)
        band = self.style(bold=True, bg_color=_SECTION, top=1, bottom=1, top_color=_LINE, bottom_color=_LINE)
        sheet.write_string(line.row, ID_COLUMN, line.id, self.style())
        sheet.write_string(line.row, LABEL_COLUMN, line.section.name, band)
        for column in range(UNIT_COLUMN, last_printed + 1):
            if (typed := self._typed_at(layout, line.row, column)) is None:
                sheet.write_blank(line.row, column, None, band)
            else:
                self._write_misplaced(sheet, (line.row, column), typed)

    def _typed_at(self, layout: SheetLayout, row: int, column: int) -> TypedCell | None:
        return self.typed.cells.get((layout.name, row, column)) if self.typed else None

    def _write_misplaced(self, sheet: Worksheet, place: tuple[int, int], typed: TypedCell) -> None:
        """What was typed where nothing is asked; not locked, for it must be cleared."""
        self._write_typed(sheet, place, typed, {"bg_color": _CLOSED, "locked": False})

    def _write_line(self, sheet: Worksheet, layout: SheetLayout, line: Line, indicator: Indicator) -> None:
        row = line.row
        sheet.set_row(row, 54 if indicator.kind == "text" else 19)
        label = indicator.label if line.depth or not indicator.part_of else indicator.name
        if not self._is_required(indicator):
            label += texts()["data"]["optional"]
        sheet.write_string(row, ID_COLUMN, line.id, self.style())
        sheet.write_string(row, LABEL_COLUMN, label, self.boxed(indent=1 + 2 * line.depth, shrink=True))
        sheet.write_string(row, UNIT_COLUMN, indicator.unit, self.boxed(align="center", font_color=_FAINT))
        for column, figures in zip((LAST_COLUMN, YEAR_BEFORE_COLUMN), self.past, strict=True):
            self._write_past(sheet, row, column, indicator, figures.get((layout.prefecture.code, indicator.id)))
        asked = {region.code for region in layout.regions_of(indicator)}
        for region in layout.regions:
            column = layout.columns[region.code]
            typed = self._typed_at(layout, row, column)
            if region.code in asked:
                figure = self.filled.get((region.code, indicator.id))
                self._write_input(sheet, (row, column), indicator, figure, typed)
            elif typed is not None:
                self._write_misplaced(sheet, (row, column), typed)
            else:
                sheet.write_blank(row, column, None, self.boxed(bg_color=_CLOSED))
        if asked:
            first, last = FIRST_INPUT_COLUMN, FIRST_INPUT_COLUMN + len(asked) - 1
            rule = validation(self.catalog, indicator)
            sheet.data_validation(row, first, row, last, rule)
        if layout.sum_column is not None:
            closed = self.boxed(bg_color=_PAST if layout.is_summed(indicator) else _CLOSED)
            if layout.is_summed(indicator):
                formula = sum_formula(self.catalog, layout, row, indicator)
                sheet.write_formula(row, layout.sum_column, formula, self._check_format(indicator), "")
            else:
                sheet.write_blank(row, layout.sum_column, None, closed)

    def _is_required(self, indicator: Indicator) -> bool:
        # A special cycle asks for what it was opened for: nothing in it is marked as optional.
        return self.period.kind == "special" or indicator.demand(self.period.kind) == "required"

    def _number_format(self, indicator: Indicator) -> str:
        decimals = self.catalog.decimals(indicator)
        return "#,##0" + (f".{'0' * decimals}" if decimals else "")

    def _write_input(
        self,
        sheet: Worksheet,
        place: tuple[int, int],
        indicator: Indicator,
        figure: Figure | None,
        typed: TypedCell | None,
    ) -> None:
        is_text = indicator.kind == "text"
        shape = {"text_wrap": True, "align": "left", "valign": "top"} if is_text else {"align": "right"}
        number_format = "@" if is_text else self._number_format(indicator)
        look = {"bg_color": _INPUT, "locked": False, "num_format": number_format, **shape}
        format_ = self.boxed(**look)
        if typed is not None:
            self._write_typed(sheet, place, typed, look)
        elif figure is None:
            sheet.write_blank(*place, None, format_)
        elif figure.value is None or figure.state != "reported":
            sheet.write_string(*place, figure.printed, format_)
        else:
            sheet.write_number(*place, float(figure.value), format_)

    def _write_typed(self, sheet: Worksheet, place: tuple[int, int], typed: TypedCell, look: dict[str, Any]) -> None:
        """What somebody typed, as it was typed; a formula only as its text, for nobody knows what it would do."""
        value = typed.value
        code = typed.number_format[:_SHORT_TEXT]
        look = look if isinstance(value, str) else {**look, "shrink": True}
        format_ = self.boxed(**{**look, "num_format": code} if code else look)
        if isinstance(value, bool):
            sheet.write_boolean(*place, value, format_)
        elif isinstance(value, int | float) and math.isfinite(value):
            sheet.write_number(*place, value, format_)
        elif isinstance(value, dt.datetime | dt.date) and value.year >= _FIRST_YEAR:
            date = self.boxed(**{**look, "num_format": code or "yyyy-mm-dd"})
            sheet.write_datetime(*place, value, date)
        else:
            sheet.write_string(*place, clean(value)[:_CELL_LIMIT], self.boxed(**look))

    def _write_past(self, sheet: Worksheet, row: int, column: int, indicator: Indicator, figure: Figure | None) -> None:
        """An earlier figure in the indicator's present unit, or as it was printed where units do not convert."""
        plain: dict[str, Any] = {"bg_color": _PAST, "font_color": _FAINT}
        plain |= {"text_wrap": True, "font_size": 8} if indicator.kind == "text" else {"align": "right", "shrink": True}
        if figure is None:
            sheet.write_blank(row, column, None, self.boxed(**plain))
            return
        units, value = self.catalog.units, figure.value
        if value is None or figure.state != "reported":
            sheet.write_string(row, column, figure.printed, self.boxed(**plain))
        elif figure.unit == indicator.unit:
            shown = "#,##0" + (f".{'0' * figure.decimals}" if figure.decimals else "")
            sheet.write_number(row, column, float(value), self.boxed(num_format=shown, **plain))
        elif figure.unit in units and units[figure.unit].base == units[indicator.unit].base:
            converted = value * units[figure.unit].factor / units[indicator.unit].factor
            format_ = self.boxed(num_format=self._number_format(indicator), **plain)
            sheet.write_number(row, column, float(converted), format_)
        else:
            sheet.write_string(row, column, f"{figure.printed} {figure.unit}", self.boxed(**plain))

    def _write_past_of_parts(self, sheet: Worksheet, layout: SheetLayout, column: int) -> None:
        """The parts' earlier figures, to the right and outside the print, where there are any."""
        words = texts()["data"]
        regions = [region for region in layout.regions if region != layout.prefecture]
        for key, period, figures in (
            ("last_parts", self.period.previous(), self.past[0]),
            ("year_before_parts", self.period.year_before(), self.past[1]),
        ):
            rows = [(i, row) for i, row in ((i, layout.rows[i.id]) for i in layout.indicators) if i.by_county]
            if not any((region.code, i.id) in figures for i, _ in rows for region in regions):
                continue
            heading = words[key].format(period=period.label if period else "")
            sheet.write_string(SUBTITLE_ROW, column, heading, self.style(bold=True))
            sheet.set_column(column, column + len(regions) - 1, 11)
            sheet.set_column(column + len(regions), column + len(regions), 3)
            for place, region in enumerate(regions):
                head = self.boxed(bold=True, bg_color=_HEAD, align="center", text_wrap=True)
                sheet.write_string(HEADING_ROW, column + place, region.name, head)
                for indicator, row in rows:
                    figure = figures.get((region.code, indicator.id))
                    self._write_past(sheet, row, column + place, indicator, figure)
            column += len(regions) + 1

    # -- 核对 -------------------------------------------------------------------------------------------

    def _check_format(self, indicator: Indicator) -> Format:
        shown = self._number_format(indicator)
        match, mismatch = texts()["data"]["match"], texts()["data"]["mismatch"]
        format_ = f'"{mismatch} "{shown};"{mismatch} -"{shown};"{match}"'
        return self.boxed(num_format=format_, align="center", bg_color=_PAST, shrink=True)

    def _write_checks(self, sheet: Worksheet, layout: SheetLayout, last_printed: int) -> None:
        words = texts()["data"]
        if not layout.checks:
            return
        heading = self.style(bold=True, bg_color=_SECTION, top=1, bottom=1, top_color=_LINE, bottom_color=_LINE)
        above = layout.checks[0].row - 1
        sheet.write_string(above, LABEL_COLUMN, words["checks"], heading)
        for column in range(UNIT_COLUMN, last_printed + 1):
            sheet.write_blank(above, column, None, heading)
        for check in layout.checks:
            sheet.set_row(check.row, 19)
            label, description = check.identity.name, check.identity.description
            sheet.write_string(check.row, ID_COLUMN, check.id, self.style())
            sheet.write_string(check.row, LABEL_COLUMN, label, self.boxed(indent=1, shrink=True))
            sheet.write_string(
                check.row, UNIT_COLUMN, words["check_unit"], self.boxed(align="center", font_color=_FAINT)
            )
            note = self.boxed(font_size=8, font_color=_FAINT, text_wrap=True)
            _merge(sheet, (check.row, LAST_COLUMN, check.row, YEAR_BEFORE_COLUMN), description, note)
            sheet.set_row(check.row, 12 * (1 + len(description) // 19) + 6)
            for region in layout.regions:
                column = layout.columns[region.code]
                formula = self._check_formula(layout, check, region)
                if formula is None:
                    sheet.write_blank(check.row, column, None, self.boxed(bg_color=_CLOSED))
                else:
                    sheet.write_formula(check.row, column, formula, self._check_format(check.total), "")

    def _check_formula(self, layout: SheetLayout, check: CheckLine, region: Region) -> str | None:
        """None where the identity is not asked, or the opening balance it needs is not known."""
        if region not in check.regions:
            return None
        if not check.identity.opening:
            return identity_formula(self.catalog, layout, check, region, None)
        figure = self.openings.get((region.code, f"{layout.insurance.id}.{check.identity.opening}"))
        if figure is None or figure.value is None or figure.unit != check.total.unit:
            return None
        return identity_formula(self.catalog, layout, check, region, figure.value)

    def _mark_mismatches(self, sheet: Worksheet, layout: SheetLayout) -> None:
        red = self.book.add_format({"font_color": _RED, "bg_color": _RED_BACK, "bold": True})
        amber = self.book.add_format({"font_color": _AMBER, "bg_color": _AMBER_BACK, "bold": True})

        def mark(top: int, bottom: int, left: int, right: int, format_: Format) -> None:
            cell = address(top, left)
            wrong = f"=AND(ISNUMBER({cell}),{cell}<>0)"
            sheet.conditional_format(
                top, left, bottom, right, {"type": "formula", "criteria": wrong, "format": format_}
            )

        for indicator in layout.indicators:
            row, last = layout.rows[indicator.id], FIRST_INPUT_COLUMN + len(layout.regions_of(indicator)) - 1
            unfit = unfit_formula(self.catalog, indicator, address(row, FIRST_INPUT_COLUMN))
            rule = {"type": "formula", "criteria": unfit, "format": red}
            sheet.conditional_format(row, FIRST_INPUT_COLUMN, row, last, rule)
        if layout.sum_column is not None:
            mark(FIRST_LINE_ROW, layout.last_line_row, layout.sum_column, layout.sum_column, red)
        for check in layout.checks:
            colour = red if check.identity.severity == "critical" else amber
            mark(check.row, check.row, FIRST_INPUT_COLUMN, layout.last_input_column, colour)

    # -- 说明、填报须知、元数据 --------------------------------------------------------------------------

    def write_notes(self) -> None:
        sheet, words = self.notes, texts()["notes"]
        sheet.hide_gridlines(2)
        for column, width in enumerate((14, 30, 18, 70)):
            sheet.set_column(column, column, width)
        sheet.set_row(0, 28)
        sheet.write_string(0, 0, words["title"], self.style(font_size=15, bold=True))
        _merge(sheet, (1, 0, 1, 3), words["hint"], self.style(text_wrap=True, font_color=_FAINT))
        sheet.set_row(1, 34)
        head = self.boxed(bold=True, bg_color=_HEAD, align="center")
        for column, text in enumerate(words["columns"]):
            sheet.write_string(NOTES_HEADING_ROW, column, text, head)
        cell = self.boxed(bg_color=_INPUT, locked=False, text_wrap=True, indent=1)
        first = NOTES_HEADING_ROW + 1
        rows = self.typed.notes if self.typed else dict(enumerate(self._reasons(), first))
        last = max(rows, default=first) + _SPARE_NOTES
        for row in range(first, last + 1):
            for column, value in enumerate(rows.get(row, ("",) * 4)):
                sheet.write_string(row, column, value[:_CELL_LIMIT], cell)
        meta, count = quote_sheetname(texts()["sheets"]["meta"]), len(self.sheets)
        names = f"{meta}!$E$2:$E${count + 1}"
        place = f"MATCH($A{first + 1},{names},0)"
        lengths = f"{meta}!$F$1:${address(0, 4 + count).rstrip('1')}$1"
        regions = f"{meta}!$D$2:$D${len(self.catalog.regions) + 1}"
        for column, source in enumerate(
            (f"={names}", f"=OFFSET({meta}!$F$2,0,{place}-1,INDEX({lengths},{place}),1)", f"={regions}")
        ):
            # A drop-down helps; the reader decides, so that an alias typed by hand is not refused here.
            options = {"validate": "list", "source": source, "show_error": False}
            sheet.data_validation(first, column, last, column, options)
        sheet.freeze_panes(first, 0)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(NOTES_HEADING_ROW)
        sheet.print_area(0, 0, max([*rows, first + 20]), 3)
        self._head_and_foot(sheet, words["title"])
        sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True})

    def _reasons(self) -> Iterator[tuple[str, str, str, str]]:
        """The explanations as they were written, then the reasons of states that none of them covers."""
        for table in self.sheets:
            for said in self.explanations:
                if said.insurance == table.insurance.id and (not said.indicator or said.indicator in table.rows):
                    place = self.catalog.regions[said.region].name if said.region else ""
                    yield table.name, table.labels.get(said.indicator, ""), place, said.text
            for indicator, region, _, _ in table.inputs():
                figure = self.filled.get((region.code, indicator.id))
                if (
                    figure
                    and figure.state != "reported"
                    and figure.text
                    and not any(e.covers(indicator.insurance, indicator.id, region.code) for e in self.explanations)
                ):
                    yield table.name, table.labels[indicator.id], region.name, figure.text

    def write_guide(self) -> None:
        sheet, words = self.guide, texts()["guide"]
        whole = self._region_name(self.catalog.prefecture)
        sheet.hide_gridlines(2)
        for column, width in enumerate((12, 26, 8, 8, 18, 10, 44, 36)):
            sheet.set_column(column, column, width)
        sheet.set_row(0, 28)
        sheet.write_string(0, 0, words["title"], self.style(font_size=15, bold=True))
        head = self.boxed(bold=True, bg_color=_HEAD, align="center")
        for column, text in enumerate(words["columns"]):
            sheet.write_string(2, column, text, head)
        row = 2
        for table in self.sheets:
            for indicator in table.indicators:
                row += 1
                is_text = indicator.kind == "text"
                values = (
                    table.name,
                    indicator.name,
                    indicator.unit,
                    words["text"] if is_text else str(self.catalog.decimals(indicator)),
                    words["by_county" if len(table.regions_of(indicator)) > 1 else "whole"].format(whole=whole),
                    words["required"] if self._is_required(indicator) else words["optional"],
                    indicator.note,
                    indicator.source,
                )
                for column, value in enumerate(values):
                    align = "center" if column in (2, 3, 5) else "left"
                    sheet.write_string(row, column, value, self.boxed(text_wrap=True, align=align))
        sheet.freeze_panes(3, 2)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(2)
        self._head_and_foot(sheet, words["title"])
        sheet.protect("", {"format_columns": True, "format_rows": True, "autofilter": True})

    # -- 错误清单 ---------------------------------------------------------------------------------------

    def write_problems(self) -> None:
        """Mark each problem where it is, and list them all with a link."""
        if self.errors is None:
            return
        sheet, words, shown = self.errors, texts()["errors"], self.problems[:_PROBLEM_LIMIT]
        sheet.hide_gridlines(2)
        widths = (6, 9, 24, 34, 30, 62)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.set_row(0, 28)
        heading = f"{words['title']}（{len(self.problems)}）"
        sheet.write_string(0, 0, heading, self.style(font_size=15, bold=True))
        _merge(sheet, (1, 0, 1, 5), words["hint"], self.style(text_wrap=True, font_color=_FAINT))
        sheet.set_row(1, 22)
        for column, text in enumerate(words["columns"]):
            sheet.write_string(2, column, text, self.boxed(bold=True, bg_color=_HEAD, align="center"))
        cell, link = self.boxed(text_wrap=True), self.boxed(font_color="#0563C1", underline=1, text_wrap=True)
        existing = {worksheet.get_name(): worksheet for worksheet in self.book.worksheets()}
        for number, problem in enumerate(shown, 1):
            row = number + 2
            sheet.write_number(row, 0, number, self.boxed(align="center"))
            sheet.write_string(row, 1, words["kind"][problem.kind], self.boxed(align="center"))
            if problem.sheet in existing:
                place = f"internal:{quote_sheetname(problem.sheet)}!{problem.cell or 'A1'}"
                sheet.write_url(row, 2, place, link, f"{problem.sheet} {problem.cell}".strip())
            else:
                sheet.write_string(row, 2, problem.sheet or words["whole"], cell)
            said = (problem.found, problem.expected, problem.why)
            for column, text in enumerate(said, 3):
                sheet.write_string(row, column, text[:_CELL_LIMIT], cell)
            # A Chinese character is two wide.
            lines = max(1 + 2 * len(text) // widths[column] for column, text in enumerate(said, 3))
            sheet.set_row(row, 15 * min(lines, 20))
        sheet.freeze_panes(3, 0)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(2)
        self._head_and_foot(sheet, words["title"])
        sheet.protect("", {"format_columns": True, "format_rows": True})
        sheet.activate()

        def place_of(problem: Problem) -> tuple[str, str]:
            return problem.sheet, problem.cell

        at_cells = sorted((p for p in shown if p.cell and p.sheet in existing), key=place_of)
        for (name, address_), found in groupby(at_cells, place_of):
            self._mark_problem(existing[name], address_, list(found))

    def _mark_problem(self, sheet: Worksheet, cell: str, problems: list[Problem]) -> None:
        words = texts()["errors"]
        said = [words["comment"].format(found=p.found, expected=p.expected, why=p.why) for p in problems]
        options = {"author": words["author"], "x_scale": 2.2, "y_scale": 0.6 + 0.8 * len(said), "font_size": 9}
        sheet.write_comment(cell, "\n\n".join(said), options)
        is_refused = any(problem.kind in ("refused", "critical") for problem in problems)
        ink, back = (_RED, _RED_BACK) if is_refused else (_AMBER, _AMBER_BACK)
        box = self.book.add_format({"bg_color": back, "font_color": ink, "border": 1, "border_color": ink})
        row, column = xl_cell_to_rowcol(cell)
        typed = self.typed.cells.get((sheet.get_name(), row, column)) if self.typed else None
        sheet.conditional_format(cell, {"type": "formula", "criteria": _unchanged(cell, typed), "format": box})

    def write_metadata(self, facts: Mapping[str, str]) -> None:
        """What the reader goes by, in a sheet people do not see, with the lists of the drop-downs beside it."""
        for row, (key, value) in enumerate(facts.items()):
            self.meta.write_string(row, 0, key)
            self.meta.write_string(row, 1, value)
            if 0 < len(value) <= _SHORT_TEXT:
                self.book.set_custom_property(f"disclosure_{key}", value, "text")
        for row, region in enumerate(self.catalog.regions.values(), 1):
            self.meta.write_string(row, 3, region.name)
        for place, table in enumerate(self.sheets):
            self.meta.write_string(place + 1, 4, table.name)
            self.meta.write_number(0, 5 + place, len(table.labels))
            for row, label in enumerate(table.labels.values(), 1):
                self.meta.write_string(row, 5 + place, label)
        self.meta.protect("")
        self.meta.very_hidden()
        self.book.set_properties(
            {
                "title": f"{self.period.label} {texts()['cover']['title']}",
                "subject": self.centre,
                "author": self.catalog.profile.publisher,
                # Fixed by the period, so that the same workbook written twice has the same bytes.
                "created": dt.datetime.combine(self.period.end, dt.time(), dt.UTC),
            }
        )

    def _head_and_foot(self, sheet: Worksheet, name: str) -> None:
        facts = {
            "publisher": self.catalog.profile.publisher,
            "period": self.period.label,
            "sheet": name,
            "centre": self.centre,
        }
        escaped = {key: value.replace("&", "&&") for key, value in facts.items()}
        sheet.set_header(texts()["print"]["header"].format(**escaped))
        sheet.set_footer(texts()["print"]["footer"].format(**escaped))


def _merge(sheet: Worksheet, area: tuple[int, int, int, int], text: str, format_: Format) -> None:
    """Merge ``area`` (top, left, bottom, right); left to ``merge_range``, a text like ``=x`` becomes a formula."""
    sheet.merge_range(*area, "", format_)
    sheet.write_string(area[0], area[1], text, format_)


def _unchanged(cell: str, typed: TypedCell | None) -> str:
    """A formula that is true as long as ``cell`` still holds what was typed; always, where it cannot be told."""
    value: CellValue = typed.value if typed else ""
    if isinstance(value, str) and 0 < len(value) < _SHORT_TEXT // 2:
        escaped = value.replace('"', '""')
        return f'={cell}="{escaped}"'
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return f"={cell}={value!r}"
    return "=TRUE"
