"""The sheet 说明 of a workbook handed in: reasons and explanations, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from disclosure.catalog import Indicator, Region, normalise
from disclosure.collection.workbook.layout import NOTES_HEADING_ROW, TEXT_LIMIT, SheetLayout, address, texts
from disclosure.collection.workbook.ooxml.cells import is_no_reason, quoted, rules
from disclosure.collection.workbook.ooxml.scan import SheetScan
from disclosure.collection.workbook.ooxml.xml import UnreadableError, unreadable
from disclosure.collection.workbook.read.looks import fault_of_look
from disclosure.collection.workbook.read.places import require
from disclosure.collection.workbook.read.result import Explanation, Problem
from disclosure.collection.workbook.read.sheets import REFILL, OpenWorkbook, Values, at, shown, values_of
from disclosure.confidentiality.draft_marks import draft_fault
from disclosure.confidentiality.public_text import advise, search_public_text


@dataclass
class Notes:
    """What 说明 holds: its ``rows`` as they are by row number, and those that explain something.

    ``pending`` stand for rows whose words have a problem of their own.
    ``is_read`` is false where the sheet does not stand as it was sent out.
    """

    rows: dict[int, tuple[str, ...]] = field(default_factory=dict)
    explanations: list[Explanation] = field(default_factory=list)
    pending: list[Explanation] = field(default_factory=list)
    is_read: bool = True

    def is_pending(self, indicator: Indicator, region: Region) -> bool:
        """Whether a row about the cell must be mended anyway, so that one without a reason need not be told of too."""
        return any(e.gives_reason(indicator.insurance, indicator.id, region.code) for e in self.pending)

    def reason(self, indicator: Indicator, region: Region) -> str:
        """Return what is said about the cell; the rows that name it most exactly count."""
        covering = [e for e in self.explanations if e.gives_reason(indicator.insurance, indicator.id, region.code)]
        if not covering:
            return ""

        def exactness(explanation: Explanation) -> tuple[bool, bool]:
            return (bool(explanation.indicator), bool(explanation.region))

        best = max(map(exactness, covering))
        return "；".join(e.text for e in covering if exactness(e) == best)


def read_notes(handed: OpenWorkbook) -> Notes:
    """Read 说明; a row that cannot be understood is a problem."""
    name, headings = texts()["sheets"]["notes"], texts()["notes"]["columns"]
    notes = Notes()
    try:
        require(handed.package, name)
        values, scan = values_of(handed.book, handed.package, name)
        found = [at(values, NOTES_HEADING_ROW, column) for column in range(len(headings))]
        if found != headings:
            cell = address(NOTES_HEADING_ROW, 0)
            why = f"行列被移动过，{REFILL}"
            raise unreadable(quoted("、".join(found)), why, f"表头“{'、'.join(headings)}”", name, cell)
    except UnreadableError as error:
        handed.problems.append(replace(error.problem, confirm=True))
        notes.is_read = False
        return notes
    handed.problems.extend(_astray(values, scan, len(headings)))
    for row in sorted({row for row, column in {**values, **scan.formulas} if row > NOTES_HEADING_ROW}):
        cells = [at(values, row, column) for column in range(len(headings))]
        faults = list(_faults_of_cells(handed, values, row, len(headings)))
        if any(cells) or faults:
            notes.rows[row] = tuple(cells)
            note = _note(handed, row, cells) if not faults else None
            handed.problems.extend([*faults, note] if isinstance(note, Problem) else faults)
            if isinstance(note, Explanation):
                notes.explanations.append(note)
            elif isinstance(meant := _note(handed, row, [*cells[:-1], texts()["notes"]["title"] * 2]), Explanation):
                notes.pending.append(meant)
    return notes


def _astray(values: Values, scan: SheetScan, columns: int) -> Iterator[Problem]:
    """Yield what stands where nobody reads it."""
    name, ours = texts()["sheets"]["notes"], {(0, 0), (1, 0)}
    for row, column in sorted({**values, **scan.formulas}):
        is_read = column < columns and row >= NOTES_HEADING_ROW
        if not is_read and (row, column) not in ours and (at(values, row, column) or (row, column) in scan.formulas):
            why = "写在这里的话不会被读到，请移到黄色的四列里（险种、指标、地区、说明），一行写一件事"
            found = f"写在四列以外的{shown(at(values, row, column))}"
            yield Problem(name, address(row, column), found, "空白", why, confirm=True)


def _faults_of_cells(handed: OpenWorkbook, values: Values, row: int, columns: int) -> Iterator[Problem]:
    """Cells of a row that hold a formula, or what nobody can see or is struck out."""
    name = texts()["sheets"]["notes"]
    formulas = handed.package.scan(name).formulas
    for column in range(columns):
        cell = address(row, column)
        if (row, column) in formulas:
            formula, result = quoted(f"={formulas[row, column]}"), shown(at(values, row, column))
            words = rules()["cells"]["formula"]
            found = words["found"].format(formula=formula, shown=result)
            yield Problem(name, cell, found, "直接写的文字", words["why"], confirm=True)
        elif at(values, row, column) and (fault := fault_of_look(handed.package, name, values, (row, column))):
            yield Problem(name, cell, fault.found, fault.expected, fault.why, confirm=True)


def _note(handed: OpenWorkbook, row: int, cells: Sequence[str]) -> Explanation | Problem:
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
    if text and (persons := search_public_text(handed.catalog, [text], handed.acceptances)):
        told, why = "、".join(map(str, persons)), f"说明会公开，{advise(handed.catalog)}"
        return Problem(name, address(row, 3), told, "不含个人信息的说明", why, persons=persons)
    if said := _fault_of_words(text):
        return Problem(name, address(row, 3), *said)
    return Explanation(sheet.insurance.id, indicator, region.code if region else "", text, name, address(row, 3))


def _fault_of_words(text: str) -> tuple[str, str, str] | None:
    """Return what is wrong with the words of a row: found, expected, why."""
    if not text:
        return "空白", "说明的内容", "选了指标而没有写说明，请写明或清除这一行"
    if len(text) > TEXT_LIMIT:
        return f"{len(text)} 个字", f"不超过 {TEXT_LIMIT} 字的说明", "文字太长，请精简"
    if fault := draft_fault(text):
        return fault, "定稿的说明", "说明会公开"
    if is_no_reason(text):
        words = rules()["reason"]
        return words["found"].format(shown=quoted(text)), words["expected"], words["why"]
    return None


def _indicator_named(handed: OpenWorkbook, sheet: SheetLayout, text: str) -> str | None:
    for id_, label in sheet.labels.items():
        if normalise(label) == normalise(text):
            return id_
    known = handed.catalog.find_indicator(sheet.insurance.id, text)
    return known.id if known and known.id in sheet.rows else None
