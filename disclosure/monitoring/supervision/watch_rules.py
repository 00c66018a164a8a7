"""What the watcher does about the run of a cycle or a change: pure rules over one look at it.

Whoever means to stop a cycle says so in our records; what happens to its run in Prefect, or to the machine, is nobody's
decision, and another run takes up where the records are.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from disclosure.monitoring.supervision.run_status import LIVE, RunStatus
from disclosure.monitoring.supervision.snapshots import RunSnapshot
from disclosure.records.subjects import SubjectKey

#: How long a run is seen like this before a fresh one takes its place: whoever presses Retry or Run is quicker, a run
#: that was answered is being woken, a runner takes up what is due.
UNTIL_REPLACED: Mapping[RunStatus, dt.timedelta] = {
    RunStatus.LOST: dt.timedelta(seconds=6),
    RunStatus.DEAD: dt.timedelta(),
    RunStatus.FORMLESS: dt.timedelta(),
    RunStatus.CRASHED: dt.timedelta(seconds=6),
    RunStatus.ENDED: dt.timedelta(seconds=6),
    RunStatus.OUTDATED: dt.timedelta(seconds=12),
    RunStatus.DUE: dt.timedelta(seconds=15),
}
#: A runner that has taken a run has a process for it by then, also where it waits for a new one to fork from.
UNTIL_PROCESS = dt.timedelta(seconds=22)
#: A change that was just recorded gets its run from whoever recorded it.
UNTIL_STARTED = dt.timedelta(seconds=15)
#: A run may be planned this much off the hour that was signed.
OFF_THE_HOUR = dt.timedelta(seconds=5)
#: Between one fresh run and the next, when they do not last: the first comes at once, the last value holds for ever.
PAUSES = tuple(dt.timedelta(seconds=seconds) for seconds in (0, 10, 30, 60, 120, 300))
#: What a rule refused is not tried again soon: somebody has to do something first.
REFUSED_PAUSE = dt.timedelta(minutes=10)
#: A run that went on for so long did last.
LASTED = dt.timedelta(minutes=10)
#: So many fresh runs one after the other are told.
RUNS_TOLD = 3

#: How Prefect says that a run ended by an error of ours that waiting does not mend.
_REFUSED = re.compile(r"\b(DisclosureError|StateError|PrintError): (?P<why>.+)", re.DOTALL)


class Act(StrEnum):
    """What is to be done about a run."""

    LEAVE = "leave"
    REPLACE = "replace"  # a fresh run takes up where our records are
    RESCHEDULE = "reschedule"  # the run is put back to its hour


@dataclass(frozen=True)
class Watched:
    """A cycle or change under way, as our records have it.

    ``driver_run_id``: the run that drives it, empty for none yet; ``asked``: the key it may rightly wait under, empty
    for none; ``planned_for``: the hour that was signed for its publication, while it waits for that.
    """

    about: SubjectKey
    label: str
    driver_run_id: str
    asked: str = ""
    planned_for: dt.datetime | None = None


@dataclass(frozen=True)
class Restarts:
    """How often a subject got a fresh run lately, one after the other, and when last."""

    count: int
    last: dt.datetime


def decide(watched: Watched, run: RunSnapshot | None, status: RunStatus, stood: dt.timedelta, now: dt.datetime) -> Act:
    """Tell what to do about ``run`` (None: Prefect does not have it), seen in ``status`` for as long as ``stood``."""
    if run is not None and run.state_type == "SCHEDULED":
        if _is_off_its_hour(watched, run, now):
            return Act.RESCHEDULE
        late = now - due_at(watched, run)
        return Act.REPLACE if min(late, stood) >= UNTIL_REPLACED[RunStatus.DUE] else Act.LEAVE
    if run is not None and run.state_type == "PENDING" and run.has_process is False:
        return Act.REPLACE if now - run.since >= UNTIL_PROCESS else Act.LEAVE
    if not watched.driver_run_id:
        return Act.REPLACE if stood >= UNTIL_STARTED else Act.LEAVE
    if status in LIVE:
        return Act.LEAVE
    return Act.REPLACE if stood >= UNTIL_REPLACED[status] else Act.LEAVE


def due_at(watched: Watched, run: RunSnapshot) -> dt.datetime:
    """Return when a scheduled run should begin: at the hour that was signed, where there is one."""
    expected = run.expected or run.since
    return expected if watched.planned_for is None else max(watched.planned_for, run.since)


def _is_off_its_hour(watched: Watched, run: RunSnapshot, now: dt.datetime) -> bool:
    """Tell whether it waits for another hour than its own; without one of its own it should begin now."""
    if run.expected is None or run.expected <= now + OFF_THE_HOUR:
        return False
    return abs(run.expected - (watched.planned_for or now)) > OFF_THE_HOUR


def refusal_of(run: RunSnapshot | None) -> str:
    """Return why a rule of ours ended the run; empty when it ended for another reason."""
    found = _REFUSED.search(run.message) if run is not None and run.state_type == "FAILED" else None
    return found["why"].strip() if found else ""


def may_restart(restarts: Restarts | None, run: RunSnapshot | None, stood: dt.timedelta, now: dt.datetime) -> bool:
    """Tell whether a fresh run may come now, given those before and how long this one has been seen ended."""
    if refusal_of(run) and stood < REFUSED_PAUSE:
        return False
    return restarts is None or now - restarts.last >= PAUSES[min(restarts.count, len(PAUSES) - 1)]


def count_restart(restarts: Restarts | None, now: dt.datetime) -> Restarts:
    """Count one more fresh run, or anew when the last one has lasted."""
    lasted = restarts is None or now - restarts.last > LASTED
    return Restarts(1 if restarts is None or lasted else restarts.count + 1, now)
