"""Protects who answers for a workbook: two people by name and a day of the calendar, by the written rules."""

from __future__ import annotations

import datetime as dt

import pytest

from disclosure.calendar.periods import Period
from disclosure.collection.workbook.ooxml.cells import rules
from disclosure.collection.workbook.read.result import Cover, WorkbookReading
from disclosure.collection.workbook.read.signatures import parse_date, unsigned

pytestmark = pytest.mark.unit


def complaints(filler: str = "张三", checker: str = "李四", filled_on: str = "") -> list[tuple[str, str]]:
    """Cell and reason of each problem of a cover."""
    cover = Cover("chuxiong", Period(2025, "annual"), "employment_centre", 1, (), 2, filler, checker, filled_on)
    return [(problem.cell, problem.why) for problem in unsigned(WorkbookReading(cover, (), (), ())).problems]


def test_every_example_of_the_rules_is_answered_by_its_rule() -> None:
    cover = rules()["cover"]
    labels = {"C9": "填报人", "C10": "审核人"}
    for rule in ("blank", "no_name"):
        for text in cover[rule]["examples"]:
            assert complaints(filler=text) == [("C9", cover[rule]["why"].format(label=labels["C9"]))]
            assert complaints(checker=text) == [("C10", cover[rule]["why"].format(label=labels["C10"]))]
    for text in cover["same"]["examples"]:
        filler, checker = text.split("|")
        assert complaints(filler, checker) == [("C10", cover["same"]["why"])]
    for text in cover["date"]["examples"]:
        assert complaints(filled_on=text) == [("C11", cover["date"]["why"])]
    assert complaints(filler="张" * 61) == [("C9", "填报人一栏请只写姓名")]


@pytest.mark.parametrize(
    ("filler", "checker"),
    [("张三", "李四"), ("阿依古丽·买买提", "O'Neil"), ("张三、李四", "李四、王五"), ("张三 13800000000", "李四")],
)
def test_two_people_are_taken(filler: str, checker: str) -> None:
    assert complaints(filler, checker) == []


@pytest.mark.parametrize(
    "text",
    ["2026-02-05", "2026/2/5", "2026.2.5", "2026年2月5日", "2026 年 2 月 5 日", "２０２６－０２－０５", "20260205"],
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert parse_date(text) == dt.date(2026, 2, 5)
    assert complaints(filled_on=text) == []


def test_a_special_disclosure_is_signed_within_its_year() -> None:
    today = dt.date(2026, 3, 2)
    faults = []
    for period in (Period(2026, "annual"), Period(2026, "special", "防汛救助")):
        cover = Cover("chuxiong", period, "employment_centre", 1, (), 2, "张三", "李四", "2026-03-01")
        faults.append([problem.cell for problem in unsigned(WorkbookReading(cover, (), (), ()), today).problems])
    assert faults == [["C11"], []]
