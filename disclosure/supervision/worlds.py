"""The worlds that supervision compares, as snapshots: plain data, gathered once and judged by pure rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from disclosure.deadlines import Deadline, Start
from disclosure.openness.duties import OpenClock
from disclosure.periods import Period

#: What may be unreadable on its own; its findings are then neither made nor settled.
World = Literal["records", "prefect", "processes", "pages"]


@dataclass(frozen=True)
class OpenAsk:
    """A question that our records have as open."""

    key: str
    run_id: str
    asked_at: dt.datetime


@dataclass(frozen=True)
class CycleSeen:
    """One cycle of our records.

    ``planned_for``: the hour signed for a publication that is still to come; ``is_partial``: some channels show the
    release and others do not yet.
    """

    id: int
    period: Period
    step: str
    opened_at: dt.datetime
    driver_run_id: str
    deadlines: tuple[Deadline, ...]
    done: frozenset[str]
    only: tuple[str, ...] = ()
    ask: OpenAsk | None = None
    planned_for: dt.datetime | None = None
    is_published: bool = False
    is_partial: bool = False


@dataclass(frozen=True)
class OurRecords:
    """The plan and our records.

    ``starts``: when dated cycles should start; ``publish_by``: period id -> the last day for it; ``began``: when
    these records begin, before which nothing was owed here; ``last_look``: when supervision last began; ``openness``:
    clocks of the openness catalogue that run, confirmations and requests that are owed.
    """

    starts: tuple[Start, ...]
    publish_by: Mapping[str, dt.date]
    cycles: tuple[CycleSeen, ...]
    began: dt.datetime
    last_look: dt.datetime | None
    missed_mornings: int = 0
    openness: tuple[OpenClock, ...] = ()


@dataclass(frozen=True)
class ScheduleSeen:
    """A schedule of a deployment; ``rule`` is its rule and time zone as text, ``since`` when it became what it is."""

    slug: str
    rule: str
    is_active: bool = True
    since: dt.datetime | None = None


@dataclass(frozen=True)
class DeploymentSeen:
    """A deployment of one of our flows; ``is_ours``: it carries this profile's tag."""

    name: str
    schedules: tuple[ScheduleSeen, ...] = ()
    is_paused: bool = False
    is_ours: bool = True


@dataclass(frozen=True)
class RunSeen:
    """A run that has not ended, or that our records name.

    ``state_type`` and ``state`` are Prefect's (``PAUSED``, ``Suspended``), ``since`` when it entered the state;
    ``period_id`` is empty for a run that drives no cycle; ``has_form`` and ``has_process`` are None where that
    does not matter or cannot be known.
    """

    id: str
    name: str
    state_type: str
    state: str
    since: dt.datetime
    period_id: str = ""
    expected: dt.datetime | None = None
    is_planned_by_prefect: bool = False
    has_form: bool | None = None
    has_process: bool | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it is over, one way or the other."""
        return self.state_type in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class AutomationSeen:
    """An automation that Prefect would act on; this product has none of its own."""

    id: str
    name: str


@dataclass(frozen=True)
class PrefectWorld:
    """What Prefect has; ``wanted`` is what a registration would make of it, ``runner_since`` None while none lives."""

    deployments: tuple[DeploymentSeen, ...]
    wanted: tuple[DeploymentSeen, ...]
    runs: tuple[RunSeen, ...]
    automations: tuple[AutomationSeen, ...] = ()
    runner_since: dt.datetime | None = None


@dataclass(frozen=True)
class PageSeen:
    """Live files of one channel that are not as they should be.

    ``what``: ``missing``, ``altered``, ``foreign``, or ``figures`` where numbers read out of them are not the
    compilation's; ``part``: whose files they are, for people.
    """

    channel: str
    channel_name: str
    what: Literal["missing", "altered", "foreign", "figures"]
    part: str
    part_name: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Worlds:
    """All of it at ``now`` (aware); ``unread`` says why a world could not be looked at."""

    now: dt.datetime
    records: OurRecords
    prefect: PrefectWorld | None = None
    pages: tuple[PageSeen, ...] | None = None
    unread: Mapping[World, str] = field(default_factory=dict)
