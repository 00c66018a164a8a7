"""Protects the plan of the year: every date of the five cycles as counted by hand, and where a date may move to."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.calendar.periods import Period, parse_period
from disclosure.calendar.workdays import is_workday
from disclosure.catalog import Catalog, load_catalog
from disclosure.cycle.deadlines import Deadline, Move, find_milestone, periods_of_year, plan
from disclosure.cycle.queries import MILESTONES
from disclosure.platform.errors import DisclosureError
from disclosure.review.deadline_changes import NewDate, object_to_date
from disclosure.review.refusals import combine_refusals
from tests.support.outcomes import words_of

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
TABLE = Path(__file__).parent.parent / "data" / "milestones_2024_2026.csv"
ANNUAL = Period(2025, "annual")
TODAY = dt.date(2026, 2, 2)
AT = dt.datetime(2026, 2, 2, 1, tzinfo=dt.UTC)


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def test_every_date_of_the_five_cycles_is_as_counted_by_hand() -> None:
    by_hand: dict[str, list[dict[str, str]]] = {}
    for row in rows():
        by_hand.setdefault(row["period"], []).append(row)
    dated = {p.id for year in (2024, 2025, 2026) for p in periods_of_year(CATALOG, year)}
    assert {period for period in by_hand if "special" not in period} == dated
    assert len(dated) == 12
    for period, expected in by_hand.items():
        own = {row["milestone"]: dt.date.fromisoformat(row["legal"]) for row in expected}
        made = plan(CATALOG, parse_period(period), own if "special" in period else None)  # type: ignore[arg-type]
        found = [(d.milestone, d.legal, "一二三四五六日"[d.legal.weekday()], d.planned) for d in made]
        assert found == [
            (r["milestone"], dt.date.fromisoformat(r["legal"]), r["weekday"], dt.date.fromisoformat(r["planned"]))
            for r in expected
        ]
        assert not any(d.is_provisional for d in made)


def test_a_rest_day_is_planned_before_and_keeps_its_legal_date() -> None:
    publish = plan(CATALOG, ANNUAL)[-1]
    assert (publish.legal, publish.due, publish.planned) == (
        dt.date(2026, 3, 15),
        dt.date(2026, 3, 15),
        dt.date(2026, 3, 13),
    )
    assert publish.why == "星期日，提前到上一个工作日"
    assert publish.sentence == "2026年3月15日（星期日），休息日，请在3月13日（星期五）下班前办完"
    assert plan(CATALOG, ANNUAL)[0].why == ""
    assert plan(CATALOG, Period(2024, "h1"))[1].why == "火把节，提前到上一个工作日"
    national = plan(CATALOG, Period(2024, "special", "稽核"), {"compile": dt.date(2024, 10, 1)})
    assert national[0].why == "国庆节，提前到上一个工作日"


def test_a_weekend_that_is_worked_says_so() -> None:
    """9 May 2026 is a Saturday that makes up for the Labour Day holiday."""
    worked = [each for each in plan(CATALOG, Period(2026, "q1")) if each.planned == dt.date(2026, 5, 9)]
    assert [each.why for each in worked] == ["星期日，提前到上一个工作日；星期六调休上班"]
    for period in periods_of_year(CATALOG, 2026):
        for each in plan(CATALOG, period):
            assert ("调休上班" in each.why) == (each.planned.weekday() >= 5), each


def test_a_year_that_is_not_published_is_shown_on_its_calendar_dates() -> None:
    deadlines = plan(CATALOG, Period(2026, "annual"))
    assert all(d.is_provisional and d.planned == d.legal for d in deadlines)
    assert deadlines[1].why == "暂定：放假安排未录入"
    assert "暂定" in deadlines[1].sentence


@given(
    year=st.integers(2024, 2026),
    place=st.integers(0, 3),
    shift=st.lists(st.integers(-6, 6), min_size=6, max_size=6),
)
def test_the_plan_is_on_working_days_in_order_and_never_after_its_date(year: int, place: int, shift: list[int]) -> None:
    period = periods_of_year(CATALOG, year)[place]
    legal = plan(CATALOG, period)
    wanted = sorted(d.legal + dt.timedelta(days=days) for d, days in zip(legal, shift, strict=True))
    moves = [Move(d.milestone, d.legal, day, "周督办", "节前调整", AT) for d, day in zip(legal, wanted, strict=True)]
    made = plan(CATALOG, period, moves=moves)
    for deadline, before in zip(made, legal, strict=True):
        assert deadline.legal == before.legal
        assert deadline.planned <= deadline.due
        assert is_workday(deadline.planned, CATALOG.holidays)
        between = (deadline.due - deadline.planned).days
        rest = [deadline.planned + dt.timedelta(days=n) for n in range(1, between + 1)]
        assert not any(is_workday(day, CATALOG.holidays) for day in rest)
    assert all(one.planned <= other.planned for one, other in pairwise(made))


# --- moving


def refused(milestone: str, day: str, *, reason: str = "报表模板改版，推迟三天", **more: object) -> str:
    asked = {"catalog": CATALOG, "period": ANNUAL, "today": TODAY, "deadlines": plan(CATALOG, ANNUAL), **more}
    wanted = NewDate(asked["period"], find_milestone(CATALOG, milestone), dt.date.fromisoformat(day))  # type: ignore[arg-type]
    against = object_to_date(asked["catalog"], asked["deadlines"], wanted, reason, asked["today"])  # type: ignore[arg-type]
    return words_of(combine_refusals(against))


@pytest.mark.parametrize(
    ("milestone", "day"),
    [
        ("draft", "2026-02-27"),  # later, past its own date: only the last one is the law's
        ("编写报送", "2026-02-28"),  # together with the next
        ("compile", "2026-02-25"),
        ("publish", "2026-03-10"),  # earlier, together with the one before
        ("sign_off", "2026-03-15"),
        ("draft", "2026-02-02"),  # today
    ],
)
def test_where_a_date_may_move(milestone: str, day: str) -> None:
    assert refused(milestone, day) == ""


@pytest.mark.parametrize(
    ("milestone", "day", "words"),
    [
        ("publish", "2026-03-16", "法定披露日期是 2026年3月15日（星期日），发布不能改到它之后"),
        ("publish", "2026-03-15", "已经是 2026年3月15日（星期日），不用改"),
        ("publish", "2026-03-09", "不能早于前一节点“局领导审核”的 2026年3月10日（星期二）"),
        ("draft", "2026-03-01", "不能晚于后一节点“汇总”的 2026年2月28日（星期六）"),
        ("draft", "2026-01-30", "2026年1月30日（星期五）已经过去"),
        # A Sunday in front of today whose working day is gone.
        ("draft", "2026-02-01", "是休息日，工作安排是 2026年1月30日（星期五），已经过去"),
    ],
)
def test_where_a_date_may_not_move(milestone: str, day: str, words: str) -> None:
    told = refused(milestone, day)
    assert words in told
    assert told.endswith("。")


def test_no_reason_no_move() -> None:
    assert "必须写明理由" in refused("draft", "2026-02-27", reason=" 晚 ")


def test_nothing_is_due_before_the_period_is_over() -> None:
    early = refused("draft", "2025-12-30", today=dt.date(2025, 12, 1))
    assert (
        early == "2025年12月30日（星期二）在2025年度结束（2025年12月31日（星期三））之前，那时还没有数据，请另选日期。"
    )
    # New Year's day is planned for the last day of the year: neither.
    assert "那时还没有数据" in refused("draft", "2026-01-01", today=dt.date(2025, 12, 1))


def test_an_unknown_year_binds_nobody() -> None:
    period = Period(2026, "annual")
    with pytest.raises(DisclosureError, match=r"2027年.*holidays\.yaml"):
        refused("draft", "2027-02-26", period=period, deadlines=plan(CATALOG, period))


def test_a_special_cycle_moves_where_it_likes_but_has_no_date_it_was_not_given() -> None:
    special = Period(2026, "special", "工伤")
    given_days = {"draft": dt.date(2026, 6, 5), "publish": dt.date(2026, 6, 30)}
    own = {"period": special, "deadlines": plan(CATALOG, special, given_days)}  # type: ignore[arg-type]
    assert refused("publish", "2026-08-14", **own) == ""
    assert "没有“汇总”的日期" in refused("compile", "2026-06-10", **own)
    assert "不能早于前一节点" in refused("publish", "2026-06-04", **own)


def test_a_cycle_this_profile_does_not_disclose() -> None:
    facts = CATALOG.profile.model_copy(update={"cycles": ("annual",)})
    catalog: Catalog = replace(CATALOG, profile=facts)
    q1 = Period(2026, "q1")
    assert "不作1季度披露" in refused("draft", "2026-04-21", catalog=catalog, period=q1, deadlines=plan(CATALOG, q1))


def test_an_unknown_milestone_is_answered_with_the_known_ones() -> None:
    with pytest.raises(DisclosureError, match=r"没有“审核”这个节点，应为 draft（编写报送）、compile（汇总）"):
        find_milestone(CATALOG, "审核")
    assert [find_milestone(CATALOG, step) for step in MILESTONES] == list(MILESTONES)


@given(place=st.integers(0, 5), days=st.integers(-40, 40))
def test_whatever_move_is_taken_keeps_order_and_the_legal_date(place: int, days: int) -> None:
    deadlines = plan(CATALOG, ANNUAL)
    present = deadlines[place]
    day = present.due + dt.timedelta(days=days)
    against = object_to_date(CATALOG, deadlines, NewDate(ANNUAL, present.milestone, day), "节前调整", TODAY)
    told = words_of(combine_refusals(against))
    moved = plan(CATALOG, ANNUAL, moves=[Move(present.milestone, present.due, day, "周督办", "节前调整", AT)])
    kept: list[Deadline] = list(moved)
    lawful = (
        days != 0
        and all(one.due <= other.due for one, other in pairwise(kept))
        and kept[-1].due <= kept[-1].legal
        and kept[place].planned >= TODAY
    )
    assert (told == "") is lawful
