"""Problems as people read them: what must be mended before what is only a hint, one entry for one cause.

A cause is the same thing expected for the same reason in one sheet: a hidden range, a column typed in the wrong
unit, is told once with all its cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from disclosure.collection.workbook_layout import address
from disclosure.collection.workbook_reading import Problem, ProblemKind

#: In the order in which people are told.
KINDS: tuple[ProblemKind, ...] = get_args(ProblemKind)
#: What must be mended before the file is taken.
MUST: tuple[ProblemKind, ...] = ("refused", "critical")
#: Of what was found in the cells of one cause, and of its ranges, so many are named.
_FOUND_SHOWN, _RANGES_SHOWN = 3, 12
_A1 = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)


@dataclass(frozen=True)
class Cause:
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
        """All of them as one problem, whose cell is a range or several: ``H6:H8、H10``."""
        first = self.problems[0]
        if self.count == 1:
            return first
        cells = ranges(problem.cell for problem in self.problems)
        shown = "、".join(cells[:_RANGES_SHOWN]) + (" 等" if len(cells) > _RANGES_SHOWN else "")
        found = list(dict.fromkeys(problem.found for problem in self.problems))
        told = "、".join(found[:_FOUND_SHOWN]) + ("等" if len(found) > _FOUND_SHOWN else "")
        return replace(first, cell=f"{shown}（{self.count} 格）", found=told)

    @property
    def sentence(self) -> str:
        """One Chinese sentence: where, what was found, what was expected, what to do."""
        return self.whole.sentence


def causes(problems: Iterable[Problem]) -> tuple[Cause, ...]:
    """One entry for each cause, what must be mended first; within a kind in the order they were found."""
    groups: dict[object, list[Problem]] = {}
    for problem in problems:
        is_of_a_cell = bool(problem.sheet and _A1.fullmatch(problem.cell))
        key = (problem.kind, problem.sheet, problem.expected, problem.why) if is_of_a_cell else id(problem)
        groups.setdefault(key, []).append(problem)
    found = [Cause(tuple(group)) for group in groups.values()]
    return tuple(sorted(found, key=lambda cause: KINDS.index(cause.kind)))


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
    """Runs over the same rows in neighbouring columns joined into blocks."""
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
