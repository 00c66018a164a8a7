"""Where everything stands at one moment, as the board and ``disclosure status`` show it: facts, no layout."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from disclosure.calendar.time_left import TimeLeft
from disclosure.cycle.deadlines import Deadline
from disclosure.cycle.view import CycleView, OfficeDelivery
from disclosure.records.tables import Release

#: ``done``; ``now``: somebody can do it; ``late``: its working day has passed; ``ahead``: not its turn yet;
#: ``unknown``: the period passed without a cycle here.
StationState = Literal["done", "now", "late", "ahead", "unknown"]


@dataclass(frozen=True)
class Station:
    """One milestone of a cycle: ``done_on`` is the Shanghai day, ``time`` that of its planned one."""

    deadline: Deadline
    state: StationState
    time: TimeLeft
    done_on: dt.date | None = None

    @property
    def was_late(self) -> bool:
        """Whether it was done after the date that counts."""
        return self.done_on is not None and self.done_on > self.deadline.due


@dataclass(frozen=True)
class ChannelState:
    """A publication channel of one release; ``is_live``: read back byte for byte, last ``at``."""

    name: str
    is_live: bool
    at: dt.datetime


#: Said in place of a link to a run that is gone.
RUN_REPLACED = "提问的运行已不在，正在另起，稍后重新提问。"


@dataclass(frozen=True)
class CycleProgress:
    """One cycle of the year, opened or not, against its milestones.

    ``waits`` for whom, as one text; ``decided`` what was decided this round; ``channels`` are the release's.
    """

    view: CycleView
    stations: tuple[Station, ...]
    waits: str = ""
    decided: str = ""
    channels: tuple[ChannelState, ...] = ()

    @property
    def label(self) -> str:
        """What people call its period."""
        return self.view.period.label

    @property
    def released(self) -> Release | None:
        """The release of the round at hand, once it is signed for an hour or its publication has begun."""
        release = self.view.release
        return release if release and (release.planned_for or release.published_at) else None

    @property
    def handed(self) -> tuple[OfficeDelivery, ...]:
        """What each office has handed in, while the cycle is under way."""
        return tuple(self.view.deliveries) if self.view.is_under_way else ()

    @property
    def run_id(self) -> str:
        """The run whose form is open; empty for none."""
        return self.view.answerable_run_id

    @property
    def run_note(self) -> str:
        """What is to be said of a run that cannot be answered; empty while all is well."""
        return RUN_REPLACED if self.view.is_run_replaced else ""

    @property
    def is_late(self) -> bool:
        """Whether a milestone has passed undone."""
        return self.view.is_opened and any(station.state == "late" for station in self.stations)


@dataclass(frozen=True)
class Awaited:
    """One thing that somebody can do now, and how its day lies to today."""

    period: str
    milestone: str
    office: str
    people: tuple[str, ...]
    since: dt.date
    time: TimeLeft
    run_id: str = ""


@dataclass(frozen=True)
class Upcoming:
    """A milestone of the next days that is not done; ``offices`` (names) have something to do by it."""

    deadline: Deadline
    offices: tuple[str, ...]
    time: TimeLeft


@dataclass(frozen=True)
class Concern:
    """Something that somebody should look at, as one sentence; ``mended``: the product put it right itself."""

    what: str
    since: dt.datetime | None = None
    mended: bool = False


@dataclass(frozen=True)
class Overview:
    """Everything the board and ``status`` show. ``at`` is an aware time; ``year`` its Shanghai year."""

    title: str
    publisher: str
    at: dt.datetime
    year: int
    cycles: tuple[CycleProgress, ...]
    awaited: tuple[Awaited, ...]
    upcoming: tuple[Upcoming, ...]
    #: What supervision found, newest first.
    supervision: tuple[Concern, ...] = ()
    #: What our own records tell of reminders and emergencies.
    concerns: tuple[Concern, ...] = ()
    #: How often the leader signed ahead of the reviews; empty for never.
    emergencies: str = ""

    @property
    def overdue(self) -> int:
        """How many things are overdue."""
        return sum(each.time.is_over for each in self.awaited)

    @property
    def open_concerns(self) -> int:
        """How many concerns nobody has put right yet."""
        return sum(not each.mended for each in (*self.supervision, *self.concerns))
