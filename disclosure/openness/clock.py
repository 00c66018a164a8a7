"""The 20-working-day clock of a content element, and its confirmation once a year: pure rules.

A change is a new version. Its clock starts on the day the change came about and stops on the day it, or a newer
version, is public; the day of the change does not count. Source: the catalogue's 公开时限; 政府信息公开条例 (2019)
art. 26; ``disclosure.calendar.workdays`` for what a working day is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from disclosure.calendar.holidays import Holidays
from disclosure.calendar.time_left import TimeLeft, time_left
from disclosure.calendar.workdays import add_workdays, count_workdays
from disclosure.platform.errors import DisclosureError

#: Published within the limit; published after it; not public yet, within the limit; not public yet, after it.
ClockState = Literal["on_time", "late", "running", "overdue"]


@dataclass(frozen=True)
class OpennessClock:
    """One change against its limit; days are Shanghai days.

    ``used`` is working days from the change to publication, or to ``seen_on`` while nothing is public; ``time`` is how
    the limit lay to that day.
    """

    changed_on: dt.date
    limit: dt.date
    published_on: dt.date | None
    seen_on: dt.date
    used: int
    time: TimeLeft
    state: ClockState


@dataclass(frozen=True)
class ElementVersion:
    """A version of an element: when its content came about or was changed, when it became public."""

    number: int
    changed_on: dt.date
    published_on: dt.date | None = None
    what: str = ""


def read_clock(
    changed_on: dt.date, published_on: dt.date | None, seen_on: dt.date, *, workdays: int, holidays: Holidays
) -> OpennessClock:
    """Return the clock of a change on ``changed_on``, read on ``seen_on``; what came out later is not public.

    Raises:
        DisclosureError: when the change is after publication or after ``seen_on``, or a year's holidays are unknown.
    """
    if published_on is not None and published_on < changed_on:
        raise DisclosureError(f"公开日期 {published_on} 早于变更日期 {changed_on}，请核对要素的记录。")
    if seen_on < changed_on:
        raise DisclosureError(f"变更日期 {changed_on} 晚于查看日期 {seen_on}，请核对要素的记录。")
    if published_on is not None and published_on > seen_on:
        published_on = None
    limit = add_workdays(changed_on, workdays, holidays)
    until = published_on or seen_on
    states: tuple[ClockState, ClockState]
    states = ("running", "overdue") if published_on is None else ("on_time", "late")
    return OpennessClock(
        changed_on=changed_on,
        limit=limit,
        published_on=published_on,
        seen_on=seen_on,
        used=count_workdays(changed_on, until, holidays),
        time=time_left(limit, until, holidays),
        state=states[until > limit],
    )


def clocks_of(
    versions: Sequence[ElementVersion], seen_on: dt.date, *, workdays: int, holidays: Holidays
) -> tuple[OpennessClock, ...]:
    """Return a clock for each version, in the order of their numbers.

    A version is answered by itself or by any newer one, whichever was public first: changing a text again neither
    starts its clock anew nor leaves the older change open for ever.

    Raises:
        DisclosureError: for a number given twice, and as ``read_clock``.
    """
    ordered = sorted(versions, key=lambda version: version.number)
    if len({version.number for version in ordered}) < len(ordered):
        raise DisclosureError("同一要素有两个版本的版本号相同，请核对要素的记录。")
    clocks = []
    for place, version in enumerate(ordered):
        public = [later.published_on for later in ordered[place:] if later.published_on is not None]
        answered_on = min(public, default=None)
        clocks.append(read_clock(version.changed_on, answered_on, seen_on, workdays=workdays, holidays=holidays))
    return tuple(clocks)


def standing_clock(clocks: Sequence[OpennessClock]) -> OpennessClock | None:
    """Return the clock that counts today: the unanswered one with the earliest limit, else that of the last change."""
    unanswered = [clock for clock in clocks if clock.published_on is None]
    if unanswered:
        return min(unanswered, key=lambda clock: clock.limit)
    return clocks[-1] if clocks else None


def confirmation_due(seen_right_on: dt.date) -> dt.date:
    """Return when an element published or confirmed on ``seen_right_on`` must be confirmed again: a year later.

    From 29 February it is 1 March, the day after the year is full.
    """
    try:
        return seen_right_on.replace(year=seen_right_on.year + 1)
    except ValueError:
        return dt.date(seen_right_on.year + 1, 3, 1)


def needs_confirmation(published_on: dt.date | None, confirmed_on: dt.date | None, seen_on: dt.date) -> bool:
    """Tell whether the office must be asked to confirm that the public content still holds.

    What is not public is not confirmed: it has a clock instead.
    """
    if published_on is None:
        return False
    return seen_on >= confirmation_due(max(published_on, confirmed_on or published_on))
