"""Problems as people read them: what must be mended before what is only a hint, one entry for one cause.

A cause is the same thing expected for the same reason in one sheet: a hidden range, a column typed in the wrong
unit, is told once with all its cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from disclosure.collection.workbook.layout import WorkbookLayout, address
from disclosure.collection.workbook.read.result import Problem, ProblemKind

#: In the order in which people are told.
KINDS: tuple[ProblemKind, ...] = get_args(ProblemKind)
#: What must be mended before the file is taken.
MUST: tuple[ProblemKind, ...] = ("refused", "critical")
#: Of what was found in the cells of one cause, of their rows, and of its ranges, so many are named.
_FOUND_SHOWN, _RANGES_SHOWN = 3, 12
_A1 = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)


@dataclass(frozen=True)
class ProblemGroup:
    """Problems with one cause, in the order they were found; at least one."""

    problems: tuple[Problem, ...]

    @property
    def count(self) -> int:
        """How many places it is about."""
        return len(self.problems)

    @property
    def kind(self) -> ProblemKind:
        """``refused``, or the severity of a finding."""
        return self.problems[0].kind

    @property
    def must(self) -> bool:
        """Whether it must be mended."""
        return self.kind in MUST

    @property
    def whole(self) -> Problem:
        """All of them as one problem: its cells as ranges, or the first of a mistake with where else it shows."""
        first = self.problems[0]
        if self.count == 1:
            return first
        if first.cause and not self.must:
            elsewhere = _elsewhere(first, self.problems)
            told = f"；同一原因的共 {self.count} 条{f'，还涉及{elsewhere}' if elsewhere else ''}"
            return replace(first, why=f"{first.why}{told}")
        rows = list(dict.fromkeys(problem.row for problem in self.problems if problem.row))
        named = f"：{'、'.join(rows[:_FOUND_SHOWN])}{'等' if len(rows) > _FOUND_SHOWN else ''}" if rows else ""
        cell = f"{_shown(ranges(problem.cell for problem in self.problems))}（{self.count} 格{named}）"
        return replace(first, cell=cell, row="", found=_found([problem.found for problem in self.problems]))

    @property
    def sentence(self) -> str:
        """One Chinese sentence: where, what was found, what was expected, what to do."""
        return self.whole.sentence


def causes(problems: Iterable[Problem]) -> tuple[ProblemGroup, ...]:
    """One entry for each cause, what must be mended first; within a kind in the order they were found."""
    groups: dict[object, list[Problem]] = {}
    for problem in problems:
        is_of_a_cell = bool(problem.sheet and _A1.fullmatch(problem.cell))
        same_reason = (problem.kind, problem.sheet, problem.expected, problem.why)
        # What must be mended has its own figures to be told; of hints the first of a mistake says enough.
        one_mistake = "" if problem.kind in MUST else problem.cause
        groups.setdefault(one_mistake or (same_reason if is_of_a_cell else id(problem)), []).append(problem)
    found = [ProblemGroup(tuple(group)) for group in groups.values()]
    return tuple(sorted(found, key=lambda cause: KINDS.index(cause.kind)))


def problem_of_finding(layout: WorkbookLayout, finding: Any) -> Problem:
    """Return a finding of the audit, fresh or from the records, as a problem at its cell of the workbook."""
    sheet, cell = layout.place_of(finding.indicator, finding.region)
    why = f"{finding.message.rstrip('。')}。{finding.cause}".rstrip("。")
    if finding.explanation:
        why += f"。已说明：{finding.explanation.rstrip('。')}"
    said = (finding.value, finding.expected, why, finding.severity, finding.cause_group)
    return Problem(sheet, cell, *said, row=layout.row_name(sheet, cell))


def _found(texts: Sequence[str]) -> str:
    """Return what was found in several cells; what they have in common before a quotation is said once."""
    different = list(dict.fromkeys(texts))
    common = different[0].partition("“")[0]
    shown = different[:_FOUND_SHOWN]
    if all(text.startswith(f"{common}“") for text in shown):
        shown = [shown[0], *(text.removeprefix(common) for text in shown[1:])]
    return "、".join(shown) + ("等" if len(different) > _FOUND_SHOWN else "")


def _elsewhere(first: Problem, problems: Sequence[Problem]) -> str:
    """Return the cells of the other problems, by sheet."""
    cells: dict[str, set[str]] = {}
    for problem in problems:
        if (problem.sheet, problem.cell) != (first.sheet, first.cell) and _A1.fullmatch(problem.cell):
            cells.setdefault(problem.sheet, set()).add(problem.cell)
    return "、".join(
        ("" if sheet == first.sheet else f"工作表“{sheet}”") + f" {_shown(ranges(found))}"
        for sheet, found in cells.items()
    )


def _shown(places: Sequence[str]) -> str:
    return "、".join(places[:_RANGES_SHOWN]) + (" 等" if len(places) > _RANGES_SHOWN else "")


def ranges(cells: Iterable[str]) -> list[str]:
    """``H6, H7, H8, J1`` as ``H6:H8, J1``: runs down a column, then runs along a row."""
    places = sorted({_place(cell) for cell in cells}, key=lambda place: (place[1], place[0]))
    runs: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for place in places:
        if runs and runs[-1][1] == (place[0] - 1, place[1]):
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return [_range(first, last) for first, last in _beside(runs)]


def _beside(
    runs: Sequence[tuple[tuple[int, int], tuple[int, int]]],
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Join runs over the same rows in neighbouring columns into blocks."""
    blocks: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for first, last in sorted(runs, key=lambda run: (run[0][0], run[1][0], run[0][1])):
        if blocks:
            top, bottom = blocks[-1]
            if (top[0], bottom[0], bottom[1] + 1) == (first[0], last[0], first[1]):
                blocks[-1] = (top, last)
                continue
        blocks.append((first, last))
    return blocks


def _range(first: tuple[int, int], last: tuple[int, int]) -> str:
    return address(*first) if first == last else f"{address(*first)}:{address(*last)}"


def _place(cell: str) -> tuple[int, int]:
    """(row, column) from 0 of ``D7``."""
    found = _A1.fullmatch(cell)
    assert found is not None  # noqa: S101 - only cells are asked
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1
