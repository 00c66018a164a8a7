"""The release calendar: which releases came out when, in time or not, and which come next, as a page and as iCalendar.

It follows from the catalogue's milestones and from what was published, not from the clock: the same releases give the
same bytes, and what is to come is told as of the newest publication.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from icalendar import Calendar, Event

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.cycle.deadlines import Deadline, periods_of_year, plan
from disclosure.platform.clock import format_day, shanghai
from disclosure.rendering.document.phrases import fill_text, load_phrases
from disclosure.rendering.site.entries import SiteEntry

SCHEDULE_PAGE, SCHEDULE_FILE = "schedule.html", "schedule.ics"

ScheduleState = Literal["next", "later", "published", "withdrawn", "missed"]


@dataclass(frozen=True)
class ScheduledRelease:
    """One period's place in the calendar; ``deadline`` is None for a special disclosure.

    ``published_on`` is the day its first version came out, ``days_late`` how long after the deadline that was.
    """

    period: Period
    state: ScheduleState
    deadline: Deadline | None = None
    entry: SiteEntry | None = None

    @property
    def published_on(self) -> dt.date | None:
        """The Shanghai day on which the public could read it first."""
        if self.entry is None:
            return None
        first = self.entry.earlier[-1] if self.entry.earlier else self.entry
        return shanghai(first.published_at).date()

    @property
    def days_late(self) -> int | None:
        """Days after the legal date; zero in time, None where there is nothing to compare."""
        if self.deadline is None or self.published_on is None:
            return None
        return max(0, (self.published_on - self.deadline.legal).days)

    @property
    def expected(self) -> dt.date | None:
        """The working day before the legal date where that is a day off; None where it is not, or nobody knows yet."""
        if self.deadline is None or self.deadline.is_provisional or self.deadline.planned == self.deadline.legal:
            return None
        return self.deadline.planned

    @property
    def day(self) -> dt.date:
        """The day it stands on in a calendar."""
        known = self.published_on or (self.deadline.legal if self.deadline else None)
        assert known is not None  # noqa: S101 - it was published or is due
        return known


def scheduled_releases(catalog: Catalog, entries: Sequence[SiteEntry]) -> tuple[ScheduledRelease, ...]:
    """Return what is to come, the next first, then what was published or should have been, the newest first.

    What is to come are the dated periods due after the newest publication, to the end of the next year; nothing is
    told before anything was published.
    """
    if not entries:
        return ()
    first_days = {entry.period: min(each.published_at for each in (entry, *entry.earlier)) for entry in entries}
    begin, newest = (shanghai(moment).date() for moment in (min(first_days.values()), max(first_days.values())))
    due = {
        period: deadline
        for year in range(begin.year, newest.year + 2)
        for period in periods_of_year(catalog, year)
        if (deadline := _publication(catalog, period)) is not None
    }
    shown = {entry.period: entry for entry in entries}
    coming = sorted(
        (period for period, each in due.items() if each.legal > newest and period not in shown),
        key=lambda period: due[period].legal,
    )
    missed = [period for period, each in due.items() if begin <= each.legal <= newest and period not in shown]
    past = [ScheduledRelease(period, "missed", due[period]) for period in missed]
    for period, entry in shown.items():
        state: ScheduleState = "withdrawn" if entry.withdrawn_at else "published"
        past.append(ScheduledRelease(period, state, due.get(period) or _publication(catalog, period), entry))
    return (
        *(ScheduledRelease(p, "later" if place else "next", due[p]) for place, p in enumerate(coming)),
        *sorted(past, key=lambda each: (each.day, each.period.id), reverse=True),
    )


def release_calendar(catalog: Catalog, scheduled: Sequence[ScheduledRelease], address: str) -> bytes:
    """Return ``scheduled`` as iCalendar (RFC 5545), all-day events; links where ``address``, the site's, is known.

    An event keeps its UID for ever and moves from the legal date to the day of publication; its SEQUENCE tells that.
    """
    words = load_phrases(catalog).schedule
    made = Calendar()
    made.add("prodid", "-//shebao-disclosure//release calendar//ZH")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", fill_text(words.calendar, title=catalog.profile.title))
    made.add("x-wr-caldesc", catalog.profile.publisher)
    made.add("x-wr-timezone", "Asia/Shanghai")
    stamp = max((each.entry.changed_at for each in scheduled if each.entry), default=None)
    for each in sorted(scheduled, key=lambda one: (one.day, one.period.id)):
        event = Event()
        event.add("uid", f"{each.period.id}@{catalog.profile.id}.release")
        summary = words.event_published if each.entry else words.event_due
        event.add("summary", fill_text(summary, period=each.period.label, title=catalog.profile.title))
        event.add("dtstart", each.day)
        event.add("dtend", each.day + dt.timedelta(days=1))
        if each.deadline is not None:
            event.add("description", fill_text(words.event_limit, day=format_day(each.deadline.legal)))
        if each.entry is not None and address:
            event.add("url", address + each.entry.address)
        event.add("status", "CANCELLED" if each.state == "withdrawn" else "CONFIRMED")
        event.add("transp", "TRANSPARENT")
        event.add("sequence", each.entry.version + bool(each.entry.withdrawn_at) if each.entry else 0)
        if stamp is not None:
            event.add("dtstamp", stamp.astimezone(dt.UTC).replace(microsecond=0))
        made.add_component(event)
    content: bytes = made.to_ical()
    return content


def yearly_limits(catalog: Catalog) -> Iterator[dict[str, str | int | bool]]:
    """Yield each dated cycle's name and the month and day until which it is published."""
    for kind in catalog.profile.cycles:
        cycle = catalog.cycles[kind]
        if cycle.milestones:
            month, day = map(int, cycle.milestones["publish"].split("-"))
            yield {"name": cycle.name, "next_year": cycle.years_later == 1, "month": month, "day": day}


def _publication(catalog: Catalog, period: Period) -> Deadline | None:
    return next((each for each in plan(catalog, period) if each.milestone == "publish"), None)
