"""Protects that a centre reads what must be mended first, and one line for one cause that still names every cell."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.collection.workbook.layout import address
from disclosure.collection.workbook.problem_lines import causes, ranges
from disclosure.collection.workbook.read.result import Problem, ProblemKind

pytestmark = pytest.mark.unit


def problem(cell: str, found: str = "“12”", why: str = "隐藏", kind: ProblemKind = "refused") -> Problem:
    return Problem("失业", cell, found, "看得见的数据", why, kind)


def test_a_hidden_range_is_one_line_and_another_cause_another() -> None:
    told = causes([problem(f"H{row}", f"“{row}”") for row in range(6, 26)] + [problem("H30", why="文字")])
    assert [cause.sentence for cause in told] == [
        "工作表“失业”单元格 H6:H25（20 格）：实际为“6”、“7”、“8”等，应为看得见的数据；隐藏。",
        "工作表“失业”单元格 H30：实际为“12”，应为看得见的数据；文字。",
    ]


def test_rows_are_told_by_their_names() -> None:
    rows = [("H6", "参保人数"), ("H7", "参保人数"), ("H8", "缴费人数"), ("H9", "")]
    told = causes(Problem("失业", cell, "“1”", "空白", "多余", row=row) for cell, row in rows)
    assert told[0].whole.where == "工作表“失业”单元格 H6:H9（4 格：参保人数、缴费人数）"
    assert told[0].problems[2].where == "工作表“失业”单元格 H8（缴费人数）"


def test_what_must_be_mended_comes_before_hints() -> None:
    kinds: list[ProblemKind] = ["info", "warning", "refused", "warning", "critical"]
    told = causes(problem(f"F{n}", why=f"{n}", kind=kind) for n, kind in enumerate(kinds, 6))
    assert [(cause.kind, cause.whole.cell) for cause in told] == [
        ("refused", "F8"), ("critical", "F10"), ("warning", "F7"), ("warning", "F9"), ("info", "F6"),
    ]  # fmt: skip


def test_hints_of_one_mistake_are_told_once_by_the_first_and_name_every_cell() -> None:
    said: list[tuple[str, str, ProblemKind]] = [
        ("H6", "雷同", "warning"),
        ("F6", "合计", "critical"),
        ("I6", "增长", "warning"),
        ("I6", "同比", "info"),
        ("F8", "合计", "critical"),
    ]
    told = causes(Problem("失业", cell, cell, f"应为{cell}", why, kind, "copy") for cell, why, kind in said)
    assert [(cause.whole.cell, cause.must) for cause in told] == [("F6", True), ("F8", True), ("H6", False)]
    assert told[2].whole.why == "雷同；同一原因的共 3 条，还涉及 I6"


def test_what_all_have_in_common_is_said_once() -> None:
    (told,) = causes([problem("H6", "隐藏的“1”"), problem("H8", "隐藏的“2”")])
    assert told.whole.found == "隐藏的“1”、“2”"


def test_problems_of_the_file_are_not_thrown_together() -> None:
    whole = Problem("", "", "空文件", "工作簿", "重交")
    assert [cause.count for cause in causes([whole, Problem("", "", "空文件", "工作簿", "重交")])] == [1, 1]


@given(st.sets(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1))
def test_ranges_cover_every_cell_once(places: set[tuple[int, int]]) -> None:
    covered: list[tuple[int, int]] = []
    for told in ranges(address(row, column) for row, column in places):
        first, _, last = told.partition(":")
        (top, left), (bottom, right) = (place(cell) for cell in (first, last or first))
        covered += [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]
    assert sorted(covered) == sorted(places)


def place(cell: str) -> tuple[int, int]:
    """(row, column) by trying them all."""
    found = re.fullmatch(r"([A-Z]+)(\d+)", cell)
    assert found is not None
    column = next(n for n in range(60) if address(0, n) == f"{found[1]}1")
    return int(found[2]) - 1, column
