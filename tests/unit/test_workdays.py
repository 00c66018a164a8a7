"""Protects the 20-working-day clocks: the national calendar day by day, local days above it, unknown years refused.

``tests/data/holidays_national_2024_2026.csv`` is the State Council's notices, entered by hand; its last column
names the notice each day comes from.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.catalog import Holiday, load_catalog
from disclosure.errors import DisclosureError
from disclosure.workdays import (
    NATIONAL_HOLIDAYS,
    add_workdays,
    count_workdays,
    is_workday,
    missing_holidays,
    next_workday,
    previous_workday,
)

pytestmark = pytest.mark.unit

NOTICES = Path(__file__).parent.parent / "data" / "holidays_national_2024_2026.csv"
CHUXIONG = load_catalog("chuxiong").holidays
NONE: Mapping[str, Holiday] = {}
KNOWN_DAYS = st.dates(dt.date(2024, 3, 1), dt.date(2026, 9, 1))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def own_days(**kinds: str) -> dict[str, Holiday]:
    """``own_days(_2027_01_01="off 元旦")`` as a profile would write it."""
    found = {}
    for key, value in kinds.items():
        date, (kind, name) = key.strip("_").replace("_", "-"), value.split()
        found[date] = Holiday.model_validate({"date": date, "kind": kind, "name": name})
    return found


def year_2027(without: str = "") -> dict[str, Holiday]:
    """One made-up day off for each national holiday, to say that the year has been entered."""
    days = {f"_2027_{month:02}_10": f"off {name}" for month, name in enumerate(NATIONAL_HOLIDAYS, 1) if name != without}
    return own_days(**days)


def test_every_day_of_three_years_is_as_the_notices_say() -> None:
    with NOTICES.open(encoding="utf-8", newline="") as file:
        notices = {row["date"]: row["kind"] for row in csv.DictReader(file)}
    assert len(notices) > 100

    differing = []
    for ordinal in range(day("2024-01-01").toordinal(), day("2026-12-31").toordinal() + 1):
        date = dt.date.fromordinal(ordinal)
        expected = notices.get(date.isoformat(), "work" if date.weekday() < 5 else "off") == "work"
        if is_workday(date, NONE) != expected:
            differing.append(date)
    assert differing == []


@pytest.mark.parametrize(
    ("start", "limit"),
    [
        # 21-24 January, Sunday 26 (make-up), 27; off to 4 February; 5-7, Saturday 8 (make-up), 10-14, 17-21
        ("2025-01-20", "2025-02-21"),
        # 23-26 September, Sunday 28 (make-up), 29, 30; off to 8 October; 9, 10, Saturday 11 (make-up), 13-17, 20-24
        ("2025-09-22", "2025-10-24"),
        # from a day off: Wednesday 1 October; 9, 10, 11 (make-up), 13-17, 20-24, 27-31, 3-4 November
        ("2025-10-01", "2025-11-04"),
    ],
    ids=["Spring Festival", "National Day", "from a day off"],
)
def test_twenty_working_days_counted_by_hand(start: str, limit: str) -> None:
    assert add_workdays(day(start), 20, NONE) == day(limit)


def test_torch_festival_moves_the_limit_by_three_working_days() -> None:
    # 2-4, 7-11, 14-18, 21-25, 28-29 July where 16-18 July are ordinary days
    assert add_workdays(day("2025-07-01"), 20, NONE) == day("2025-07-29")
    assert add_workdays(day("2025-07-01"), 20, CHUXIONG) == day("2025-08-01")
    assert count_workdays(day("2025-07-29"), day("2025-08-01"), NONE) == 3


def test_own_days_stand_above_the_national_calendar() -> None:
    assert not is_workday(day("2025-04-14"), CHUXIONG)
    assert is_workday(day("2025-04-14"), NONE)
    assert is_workday(day("2025-10-01"), own_days(_2025_10_01="work 更正"))


def test_neighbouring_working_days_skip_a_holiday() -> None:
    assert previous_workday(day("2025-10-09"), NONE) == day("2025-09-30")
    assert next_workday(day("2025-09-30"), NONE) == day("2025-10-09")
    assert next_workday(day("2025-07-15"), CHUXIONG) == day("2025-07-21")


def test_a_year_nobody_knows_is_refused_with_what_to_fill_in() -> None:
    with pytest.raises(DisclosureError, match=r"2027年.*holidays\.yaml.*元旦、春节.*2027-01-01.*kind: off"):
        add_workdays(day("2026-12-25"), 20, CHUXIONG)


@pytest.mark.parametrize("forgotten", NATIONAL_HOLIDAYS)
def test_a_year_with_one_national_holiday_missing_is_still_refused(forgotten: str) -> None:
    assert missing_holidays(2027, year_2027(without=forgotten)) == (forgotten,)
    with pytest.raises(DisclosureError, match=forgotten):
        is_workday(day("2027-12-01"), year_2027(without=forgotten))


def test_a_year_entered_in_full_follows_the_profile_and_the_week() -> None:
    entered = year_2027() | own_days(_2027_12_04="work 补班")
    assert missing_holidays(2027, entered) == ()
    assert not is_workday(day("2027-03-10"), entered)  # a Wednesday, entered as a day off
    assert is_workday(day("2027-12-03"), entered)  # a Friday
    assert is_workday(day("2027-12-04"), entered)  # a Saturday, entered as a working day
    assert not is_workday(day("2027-12-05"), entered)  # a Sunday


def test_a_moment_is_not_a_day() -> None:
    with pytest.raises(TypeError, match="Asia/Shanghai"):
        is_workday(dt.datetime(2025, 4, 14, 23, 30, tzinfo=dt.UTC), CHUXIONG)


@given(start=KNOWN_DAYS, count=st.integers(-40, 40).filter(bool))
def test_counting_undoes_adding(start: dt.date, count: int) -> None:
    end = add_workdays(start, count, CHUXIONG)
    assert is_workday(end, CHUXIONG)
    if count > 0 or is_workday(start, CHUXIONG):
        assert count_workdays(start, end, CHUXIONG) == count


@given(days=st.lists(KNOWN_DAYS, min_size=3, max_size=3).map(sorted))
def test_counts_of_adjoining_spans_add_up(days: list[dt.date]) -> None:
    first, middle, last = days
    parts = count_workdays(first, middle, CHUXIONG) + count_workdays(middle, last, CHUXIONG)
    assert parts == count_workdays(first, last, CHUXIONG)
