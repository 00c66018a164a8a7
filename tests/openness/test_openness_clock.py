"""The clock of an element: 20 working days over holidays, answered by newer versions, confirmed once a year.

Limits over holidays were counted by hand in ``test_workdays``; here the clock must agree with them and with a plain
count of days.
"""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.calendar.workdays import is_workday
from disclosure.catalog import load_catalog
from disclosure.openness.clock import (
    ElementVersion,
    OpennessClock,
    clocks_of,
    confirmation_due,
    needs_confirmation,
    read_clock,
    standing_clock,
)
from disclosure.platform.errors import DisclosureError

pytestmark = pytest.mark.unit

CHUXIONG = load_catalog("chuxiong").holidays
DAYS = st.dates(dt.date(2024, 1, 2), dt.date(2026, 6, 30))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def clock(changed: str, published: str | None, seen: str) -> OpennessClock:
    return read_clock(day(changed), day(published) if published else None, day(seen), workdays=20, holidays=CHUXIONG)


@pytest.mark.parametrize(
    ("changed", "limit"),
    [
        ("2025-01-20", "2025-02-21"),  # Spring Festival and two make-up days
        ("2025-09-22", "2025-10-24"),  # National Day and two make-up days
        ("2025-07-01", "2025-08-01"),  # three days of 火把节, which only 楚雄 has
        ("2025-10-01", "2025-11-04"),  # changed on a day off
    ],
)
def test_the_last_day_is_in_time_and_the_next_is_late(changed: str, limit: str) -> None:
    after = day(limit) + dt.timedelta(days=1)
    on_the_day = clock(changed, limit, limit)
    assert (on_the_day.state, on_the_day.used, on_the_day.time.text) == ("on_time", 20, "今天到期")
    assert clock(changed, str(after), str(after)).state == "late"
    assert (clock(changed, None, limit).state, clock(changed, None, limit).time.text) == ("running", "今天到期")
    assert clock(changed, None, str(after)).state == "overdue"


def test_days_used_stop_at_publication_and_days_left_go_below_zero() -> None:
    early = clock("2025-07-01", "2025-07-15", "2026-02-02")
    assert (early.used, early.time.left, early.state) == (10, 10, "on_time")
    late = clock("2025-07-01", "2025-08-05", "2026-02-02")
    assert (late.used, late.time.over, late.state) == (22, 2, "late")


def test_published_on_the_day_of_the_change_uses_no_day() -> None:
    assert clock("2025-07-01", "2025-07-01", "2025-07-01").used == 0


def test_what_is_published_later_than_one_looks_is_not_public_yet() -> None:
    seen = clock("2025-07-01", "2025-07-30", "2025-07-10")
    assert (seen.published_on, seen.used, seen.state) == (None, 7, "running")


@pytest.mark.parametrize(("published", "seen"), [("2025-06-30", "2025-07-10"), (None, "2025-06-30")])
def test_an_impossible_order_of_days_is_refused(published: str | None, seen: str) -> None:
    with pytest.raises(DisclosureError, match=r"2025-07-01.*请核对"):
        clock("2025-07-01", published, seen)


def test_a_limit_in_a_year_without_a_calendar_is_refused_with_what_to_fill_in() -> None:
    with pytest.raises(DisclosureError, match=r"2027年.*holidays\.yaml"):
        clock("2026-12-10", None, "2026-12-10")


@given(changed=DAYS, wait=st.integers(0, 60), look=st.integers(0, 80), public=st.booleans())
def test_the_clock_agrees_with_counting_day_by_day(changed: dt.date, wait: int, look: int, public: bool) -> None:
    published = changed + dt.timedelta(days=wait) if public else None
    seen = changed + dt.timedelta(days=look)
    read = read_clock(changed, published, seen, workdays=20, holidays=CHUXIONG)
    until = published if published and published <= seen else seen
    used = sum(is_workday(changed + dt.timedelta(days=n), CHUXIONG) for n in range(1, (until - changed).days + 1))
    assert read.used == used
    assert is_workday(read.limit, CHUXIONG)
    if used > 20:
        assert read.time.is_over
        assert read.state in {"late", "overdue"}
    elif used < 20:
        assert (read.used + read.time.left, read.state in {"on_time", "running"}) == (20, True)
    assert (read.state in {"on_time", "late"}) == (published is not None and published <= seen)


def version(number: int, changed: str, published: str | None = None) -> ElementVersion:
    return ElementVersion(number, day(changed), day(published) if published else None)


def clocks(*versions: ElementVersion, seen: str) -> tuple[OpennessClock, ...]:
    return clocks_of(versions, day(seen), workdays=20, holidays=CHUXIONG)


def test_a_newer_version_does_not_reset_the_clock_of_the_older_one() -> None:
    both = clocks(version(1, "2025-03-03"), version(2, "2025-03-24"), seen="2025-04-07")
    assert [each.state for each in both] == ["overdue", "running"]
    assert standing_clock(both) == both[0]


def test_publishing_the_newer_answers_the_older_on_that_day() -> None:
    both = clocks(version(2, "2025-03-24", "2025-04-03"), version(1, "2025-03-03"), seen="2025-04-30")
    assert [each.changed_on for each in both] == [day("2025-03-03"), day("2025-03-24")]
    assert [each.published_on for each in both] == [day("2025-04-03")] * 2
    assert [each.state for each in both] == ["late", "on_time"]
    assert standing_clock(both) == both[1]


def test_publishing_the_older_leaves_the_newer_open() -> None:
    both = clocks(version(1, "2025-03-03", "2025-03-10"), version(2, "2025-03-24"), seen="2025-03-31")
    assert [each.state for each in both] == ["on_time", "running"]
    assert standing_clock(both) == both[1]


def test_an_element_never_changed_has_no_clock_and_two_versions_of_one_number_are_refused() -> None:
    assert standing_clock(()) is None
    with pytest.raises(DisclosureError, match="版本号相同"):
        clocks(version(1, "2025-03-03"), version(1, "2025-03-24"), seen="2025-04-07")


@pytest.mark.parametrize(
    ("right_on", "due"),
    [("2025-03-10", "2026-03-10"), ("2024-02-29", "2025-03-01"), ("2023-02-28", "2024-02-28")],
)
def test_confirmation_falls_due_a_year_later(right_on: str, due: str) -> None:
    assert confirmation_due(day(right_on)) == day(due)
    before = day(due) - dt.timedelta(days=1)
    assert not needs_confirmation(day(right_on), None, before)
    assert needs_confirmation(day(right_on), None, day(due))


def test_a_confirmation_counts_from_itself_and_a_newer_publication_from_itself() -> None:
    assert not needs_confirmation(day("2024-01-10"), day("2025-01-09"), day("2025-12-31"))
    assert needs_confirmation(day("2024-01-10"), day("2025-01-09"), day("2026-01-09"))
    assert not needs_confirmation(day("2025-06-10"), day("2025-01-09"), day("2026-01-09"))


def test_what_is_not_public_is_not_confirmed() -> None:
    assert not needs_confirmation(None, day("2020-01-01"), day("2026-01-01"))
