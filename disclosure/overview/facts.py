"""Where everything stands at one moment, as the board and ``disclosure status`` show it: facts, no layout."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

#: ``done``; ``now``: somebody can do it; ``late``: its working day has passed; ``ahead``: not its turn yet;
#: ``unknown``: the period passed without a cycle here.
StationState = Literal["done", "now", "late", "ahead", "unknown"]
HandedState = Literal["accepted", "refused", "missing", "excused"]


@dataclass(frozen=True)
class Station:
    """One milestone of a cycle.

    ``planned`` is the working day by the end of which it should be done, ``due`` what counts by law or after a move,
    ``why`` the sentence that tells them apart. ``done_on`` is the Shanghai day it was done. ``left``: working days
    until ``planned``, negative when it has passed.
    """

    name: str
    planned: dt.date
    due: dt.date
    why: str
    is_provisional: bool
    state: StationState
    left: int
    done_on: dt.date | None = None

    @property
    def was_late(self) -> bool:
        """Whether it was done after the date that counts."""
        return self.done_on is not None and self.done_on > self.due


@dataclass(frozen=True)
class Handed:
    """What one office has handed in for the round at hand; ``on`` is the Shanghai day, ``note`` a reason or a count."""

    office: str
    state: HandedState
    on: dt.date | None = None
    note: str = ""


@dataclass(frozen=True)
class Audited:
    """What the data audit of the round at hand found, in findings; ``report``: its path below ``/reports``."""

    critical: int
    warnings: int
    unexplained: int
    report: str


@dataclass(frozen=True)
class ChannelState:
    """A publication channel of one release; ``is_live``: read back byte for byte, last ``at``."""

    name: str
    is_live: bool
    at: dt.datetime


@dataclass(frozen=True)
class ReadBackSummary:
    """The latest reading back of a release: ``figures`` read out of ``files``, what was wrong, and when."""

    figures: int
    files: int
    problems: tuple[str, ...]
    at: dt.datetime


@dataclass(frozen=True)
class Released:
    """The release of the round at hand: signed for an hour, or published."""

    version: int
    planned_for: dt.datetime | None
    published_at: dt.datetime | None
    is_live: bool
    #: Some channels show it and others do not yet.
    is_partial: bool
    channels: tuple[ChannelState, ...]
    #: Where it stands on the site, relative to its root.
    address: str
    #: The latest reading back of bytes and numbers.
    read: ReadBackSummary | None = None
    is_withdrawn: bool = False


@dataclass(frozen=True)
class Track:
    """One cycle of the year, opened or not.

    ``step`` says where it stands; ``waits`` for whom, as one text; ``decided`` what was decided this round;
    ``run_id``: the run whose form is open.
    """

    label: str
    step: str
    round: int
    is_opened: bool
    is_published: bool
    is_demo: bool
    stations: tuple[Station, ...]
    waits: str = ""
    decided: str = ""
    run_id: str = ""
    handed: tuple[Handed, ...] = ()
    audited: Audited | None = None
    released: Released | None = None

    @property
    def is_late(self) -> bool:
        """Whether a milestone has passed undone."""
        return self.is_opened and any(station.state == "late" for station in self.stations)


@dataclass(frozen=True)
class Awaited:
    """One thing that somebody can do now; ``overdue`` and ``left`` are working days, one of them 0."""

    period: str
    milestone: str
    office: str
    people: tuple[str, ...]
    since: dt.date
    planned: dt.date
    overdue: int
    left: int
    run_id: str = ""


@dataclass(frozen=True)
class Upcoming:
    """A milestone of the next days that is not done; ``offices`` have something to do by it."""

    period: str
    milestone: str
    offices: tuple[str, ...]
    planned: dt.date
    why: str
    left: int
    is_provisional: bool


@dataclass(frozen=True)
class Concern:
    """Something that somebody should look at, as one sentence; ``mended``: the product put it right itself."""

    what: str
    since: dt.datetime | None = None
    mended: bool = False


@dataclass(frozen=True)
class Overview:
    """Everything the board and ``status`` show. ``at`` is an aware time; ``year`` the Shanghai year of the tracks."""

    title: str
    publisher: str
    at: dt.datetime
    year: int
    tracks: tuple[Track, ...]
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
        return sum(each.overdue > 0 for each in self.awaited)

    @property
    def open_concerns(self) -> int:
        """How many concerns nobody has put right yet."""
        return sum(not each.mended for each in (*self.supervision, *self.concerns))
