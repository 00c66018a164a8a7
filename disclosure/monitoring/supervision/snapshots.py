"""The worlds that supervision compares, as snapshots: plain data, gathered once and judged by pure rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from disclosure.cycle.deadlines import Start
from disclosure.cycle.view import CycleView
from disclosure.openness.duties import OpenClock
from disclosure.records.self_check.findings import RecordsFinding

#: What may be unreadable on its own; its findings are then neither made nor settled.
World = Literal["records", "prefect", "processes", "pages"]


@dataclass(frozen=True)
class RecordsSnapshot:
    """The plan and our records.

    ``starts``: when dated cycles should start; ``cycles``: every opened cycle but demonstrations, which are nobody's
    duty; ``began``: when these records begin, before which nothing was owed here; ``last_look``: when supervision last
    began; ``openness``: clocks of the openness catalogue that run, confirmations and requests that are owed;
    ``attacks``: where passwords and codes are being guessed from, and how often.
    """

    starts: tuple[Start, ...]
    cycles: tuple[CycleView, ...]
    began: dt.datetime
    last_look: dt.datetime | None
    missed_mornings: int = 0
    openness: tuple[OpenClock, ...] = ()
    attacks: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class ScheduleSnapshot:
    """A schedule of a deployment; ``rule`` is its rule and time zone as text, ``since`` when it became what it is."""

    slug: str
    rule: str
    is_active: bool = True
    since: dt.datetime | None = None


@dataclass(frozen=True)
class DeploymentSnapshot:
    """A deployment; ``altered``: what of one of ours says to run something else than was registered."""

    name: str
    schedules: tuple[ScheduleSnapshot, ...] = ()
    is_paused: bool = False
    is_ours: bool = True
    id: str = ""
    altered: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunSnapshot:
    """A run that has not ended, or that our records name.

    ``state_type`` and ``state`` are Prefect's (``PAUSED``, ``Suspended``), ``since`` when it entered the state;
    ``period_id`` is empty for a run that drives no cycle; ``asks`` is the key of the question it waits with;
    ``has_form`` and ``has_process`` are None where that does not matter or cannot be known; ``message`` is what Prefect
    says of the state.
    """

    id: str
    name: str
    state_type: str
    state: str
    since: dt.datetime
    period_id: str = ""
    expected: dt.datetime | None = None
    is_planned_by_prefect: bool = False
    asks: str = ""
    has_form: bool | None = None
    has_process: bool | None = None
    message: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether it is over, one way or the other."""
        return self.state_type in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class AutomationSnapshot:
    """An automation that Prefect would act on; this product has none of its own. ``acts``: the types of its actions."""

    id: str
    name: str
    acts: frozenset[str]


@dataclass(frozen=True)
class PrefectSnapshot:
    """What Prefect has; ``wanted`` is what a registration would make of it, ``runner_since`` None while none lives."""

    deployments: tuple[DeploymentSnapshot, ...]
    wanted: tuple[DeploymentSnapshot, ...]
    runs: tuple[RunSnapshot, ...]
    automations: tuple[AutomationSnapshot, ...] = ()
    pools: tuple[str, ...] = ()
    runner_since: dt.datetime | None = None


@dataclass(frozen=True)
class PageSnapshot:
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
class Snapshots:
    """All of it at ``now`` (aware); ``unread`` says why a world could not be looked at.

    ``unsound`` is what is wrong with the records themselves: what rests on them is then not judged.
    """

    now: dt.datetime
    records: RecordsSnapshot
    prefect: PrefectSnapshot | None = None
    pages: tuple[PageSnapshot, ...] | None = None
    unread: Mapping[World, str] = field(default_factory=dict)
    unsound: tuple[RecordsFinding, ...] = ()
