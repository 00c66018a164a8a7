"""Protects: which warning an explanation line speaks of, however people number and punctuate it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.review.explanations import printed_numbers, read_explanations, unexplained

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("opinion", "found"),
    [
        ("1：跨年结算", {1: "跨年结算"}),
        ("１： 跨年结算", {1: "跨年结算"}),
        ("2、5：口径调整", {2: "口径调整", 5: "口径调整"}),
        ("1-3: 中央调剂", {1: "中央调剂", 2: "中央调剂", 3: "中央调剂"}),
        ("同意。\n1：甲的原因\n\n2：乙的原因", {1: "甲的原因", 2: "乙的原因"}),
        (
            "1：甲的原因；2-3：乙的原因，含补缴；无误",
            {1: "甲的原因", 2: "乙的原因，含补缴；无误", 3: "乙的原因，含补缴；无误"},
        ),
        ("1、跨年结算", {1: "跨年结算"}),
        ("3.14万元是尾差", {}),
        ("同意", {}),
        ("1：", {}),
        ("1：略", {}),
        ("第一个是跨年结算", {}),
        ("2026年收入增加", {}),
    ],
)
def test_lines_are_read_by_number(opinion: str, found: dict[int, str]) -> None:
    assert read_explanations(opinion) == found


def test_a_slip_in_a_range_stays_small() -> None:
    assert len(read_explanations("1-99999999：同上原因")) <= 1000


@given(st.sets(st.integers(1, 300), min_size=1))
def test_printed_numbers_read_back_as_the_same_numbers(numbers: set[int]) -> None:
    assert set(read_explanations(f"{printed_numbers(numbers)}：同一原因")) == numbers


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)))
def test_what_is_left_is_what_nobody_explained(asked: set[int], told: set[int]) -> None:
    assert set(unexplained(asked, dict.fromkeys(told, "原因"))) == asked - told
