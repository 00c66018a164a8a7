"""The sheet 说明 of a workbook handed in: reasons and explanations, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from disclosure.catalog import Indicator, Region
from disclosure.catalog.catalog import normalise
from disclosure.collection.reading_places import require
from disclosure.collection.reading_sheets import REFILL, Handed, at, shown, values_of
from disclosure.collection.workbook_cells import quoted
from disclosure.collection.workbook_layout import NOTES_HEADING_ROW, TEXT_LIMIT, SheetLayout, address, texts
from disclosure.collection.workbook_reading import Explanation, Problem
from disclosure.collection.workbook_xml import UnreadableError, unreadable


@dataclass
class Notes:
    """What 说明 holds: its ``rows`` as they are by row number, and those that explain something.

    ``is_read`` is false where the sheet does not stand as it was sent out.
    """

    rows: dict[int, tuple[str, ...]] = field(default_factory=dict)
    explanations: list[Explanation] = field(default_factory=list)
    is_read: bool = True

    def reason(self, indicator: Indicator, region: Region) -> str:
        """What is said about the cell; the rows that name it most exactly count."""
        covering = [e for e in self.explanations if e.covers(indicator.insurance, indicator.id, region.code)]
        if not covering:
            return ""

        def exactness(explanation: Explanation) -> tuple[bool, bool]:
            return (bool(explanation.indicator), bool(explanation.region))

        best = max(map(exactness, covering))
        return "；".join(e.text for e in covering if exactness(e) == best)


def read_notes(handed: Handed) -> Notes:
    """Read 说明; a row that cannot be understood is a problem."""
    name, headings = texts()["sheets"]["notes"], texts()["notes"]["columns"]
    notes = Notes()
    try:
        require(handed.package, name)
        values, _ = values_of(handed.book, handed.package, name)
        found = [at(values, NOTES_HEADING_ROW, column) for column in range(len(headings))]
        if found != headings:
            cell = address(NOTES_HEADING_ROW, 0)
            why = f"行列被移动过，{REFILL}"
            raise unreadable(quoted("、".join(found)), why, f"表头“{'、'.join(headings)}”", name, cell)
    except UnreadableError as error:
        handed.problems.append(error.problem)
        notes.is_read = False
        return notes
    for row in sorted({row for row, column in values if row > NOTES_HEADING_ROW and column < len(headings)}):
        cells = [at(values, row, column) for column in range(len(headings))]
        if any(cells):
            notes.rows[row] = tuple(cells)
            note = _note(handed, row, cells)
            if isinstance(note, Problem):
                handed.problems.append(note)
            else:
                notes.explanations.append(note)
    return notes


def _note(handed: Handed, row: int, cells: Sequence[str]) -> Explanation | Problem:
    insurance_name, indicator_name, region_name, text = cells
    name = texts()["sheets"]["notes"]
    insurance = handed.catalog.find_insurance(insurance_name) if insurance_name else None
    sheet = next((s for s in handed.layout.sheets if insurance and s.insurance.id == insurance.id), None)
    if sheet is None:
        names = "、".join(quoted(s.name) for s in handed.layout.sheets)
        expected = f"{names}之一" if len(handed.layout.sheets) > 1 else names
        return Problem(
            name, address(row, 0), shown(insurance_name), expected, "不知道说明的是哪个险种，请从下拉列表中选"
        )
    indicator = _indicator_named(handed, sheet, indicator_name) if indicator_name else ""
    if indicator is None:
        why = f"本单位的“{sheet.name}”里没有这个指标，请从下拉列表中选，或留空表示全部指标"
        return Problem(name, address(row, 1), quoted(indicator_name), f"“{sheet.name}”表中的指标", why)
    region = handed.catalog.find_region(region_name) if region_name else None
    if region_name and region is None:
        why = "没有这个地区，请从下拉列表中选，或留空表示各地"
        return Problem(name, address(row, 2), quoted(region_name), "本地区的名称", why)
    if not text:
        return Problem(name, address(row, 3), "空白", "说明的内容", "选了指标而没有写说明，请写明或清除这一行")
    if len(text) > TEXT_LIMIT:
        return Problem(name, address(row, 3), f"{len(text)} 个字", f"不超过 {TEXT_LIMIT} 字的说明", "文字太长，请精简")
    return Explanation(sheet.insurance.id, indicator, region.code if region else "", text, name, address(row, 3))


def _indicator_named(handed: Handed, sheet: SheetLayout, text: str) -> str | None:
    for id_, label in sheet.labels.items():
        if normalise(label) == normalise(text):
            return id_
    known = handed.catalog.find_indicator(sheet.insurance.id, text)
    return known.id if known and known.id in sheet.rows else None
