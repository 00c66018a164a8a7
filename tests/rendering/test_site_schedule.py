"""The release calendar tells what comes next and what came when, by the milestones; calendar programs read it."""

from __future__ import annotations

import datetime as dt

import pytest
from icalendar import Calendar, Event

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.rendering.site.entries import SiteEntry
from disclosure.rendering.site.pages import schedule_page
from disclosure.rendering.site.schedule import ScheduledRelease, release_calendar, scheduled_releases

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
ADDRESS = "https://www.example.gov.cn/shebao/"
ANNUAL, Q1, H1, Q3 = (Period(2025 if kind == "annual" else 2026, kind) for kind in ("annual", "q1", "h1", "q3"))  # type: ignore[arg-type]


def entry(period: Period, day: dt.date, version: int = 1, earlier: tuple[SiteEntry, ...] = ()) -> SiteEntry:
    at = dt.datetime.combine(day, dt.time(9), dt.UTC)
    return SiteEntry(period, version, "披露", "", at, False, f"releases/{period.id}/", {}, "", earlier)


def states(*entries: SiteEntry) -> dict[str, ScheduledRelease]:
    return {each.period.id: each for each in scheduled_releases(CATALOG, entries)}


def test_next_release_is_the_first_due_after_the_newest() -> None:
    told = scheduled_releases(CATALOG, [entry(ANNUAL, dt.date(2026, 3, 13))])
    assert [(each.period.id, each.state) for each in told] == [
        ("2026-q1", "next"),
        ("2026-h1", "later"),
        ("2026-q3", "later"),
        ("2026-annual", "later"),
        ("2027-q1", "later"),
        ("2027-h1", "later"),
        ("2027-q3", "later"),
        ("2025-annual", "published"),
    ]
    assert told[0].day == dt.date(2026, 5, 15)


def test_limit_on_a_day_off_tells_the_working_day_before() -> None:
    told = states(entry(ANNUAL, dt.date(2026, 3, 13)))
    assert (told[H1.id].day, told[H1.id].expected) == (dt.date(2026, 8, 15), dt.date(2026, 8, 14))
    assert told[Q1.id].expected is None


def test_punctuality_is_that_of_the_first_version() -> None:
    in_time, late = entry(ANNUAL, dt.date(2026, 3, 15)), entry(Q1, dt.date(2026, 5, 18))
    corrected = entry(ANNUAL, dt.date(2026, 6, 1), version=2, earlier=(in_time,))
    told = states(corrected, late)
    assert (told[ANNUAL.id].days_late, told[Q1.id].days_late) == (0, 3)
    page = schedule_page(CATALOG, scheduled_releases(CATALOG, [corrected, late])).decode()
    assert "按时发布；更正后为第2版" in page
    assert "晚于时限3天" in page


def test_period_between_releases_that_never_came_is_not_kept_quiet() -> None:
    told = states(entry(ANNUAL, dt.date(2026, 3, 13)), entry(H1, dt.date(2026, 8, 14)))
    assert told[Q1.id].state == "missed"
    page = schedule_page(CATALOG, tuple(told.values())).decode()
    assert "没有在本站发布" in page


def test_nothing_is_foretold_before_anything_was_published() -> None:
    assert scheduled_releases(CATALOG, []) == ()
    assert "将要发布" not in schedule_page(CATALOG, ()).decode()


def test_special_disclosure_has_no_limit() -> None:
    special = Period(2026, "special", "工伤保险专项")
    told = states(entry(special, dt.date(2026, 4, 1)))[special.id]
    assert (told.deadline, told.days_late, told.state) == (None, None, "published")


def test_calendar_file_moves_the_event_when_the_release_is_out() -> None:
    def events(*entries: SiteEntry) -> dict[str, Event]:
        content = release_calendar(CATALOG, scheduled_releases(CATALOG, entries), ADDRESS)
        return {str(e["uid"]): e for e in Calendar.from_ical(content).walk("VEVENT") if isinstance(e, Event)}

    annual = entry(ANNUAL, dt.date(2026, 3, 13))
    before, after = events(annual), events(annual, entry(Q1, dt.date(2026, 5, 14)))
    uid = "2026-q1@chuxiong.release"
    assert before[uid].decoded("dtstart") == dt.date(2026, 5, 15)
    assert after[uid].decoded("dtstart") == dt.date(2026, 5, 14)
    assert int(after[uid]["sequence"]) > int(before[uid]["sequence"])
    assert str(after[uid]["url"]) == f"{ADDRESS}releases/2026-q1/index.html"
    assert events(annual) == before
