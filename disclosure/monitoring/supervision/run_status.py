"""Whether a run can go on: one answer for whoever claims, restarts, crashes or supervises runs."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from disclosure.monitoring.supervision.snapshots import RunSnapshot

#: A run says ``Running`` from within its process, so no process means dead; this only spares it needless looks.
RUNNING_GRACE = dt.timedelta(seconds=2)
#: A cold start of a process takes its time before the run says ``Running``.
PENDING_GRACE = dt.timedelta(minutes=2)
#: Between suspending and storing its form a run needs a moment.
FORM_GRACE = dt.timedelta(minutes=1)
#: A run may start this much off its hour.
HOUR_GRACE = dt.timedelta(minutes=1)

#: Between killing a process and saying so a runner needs a moment.
CANCELLING_GRACE = dt.timedelta(seconds=10)

_GRACES = {"RUNNING": RUNNING_GRACE, "CANCELLING": CANCELLING_GRACE, "PENDING": PENDING_GRACE}


class RunStatus(StrEnum):
    """Where a run stands."""

    LOST = "lost"  # our records name it, and Prefect does not have it
    PLANNED = "planned"  # begins at an hour that is still to come
    DUE = "due"  # scheduled, late, retried or resumed: a runner takes it up now
    RUNNING = "running"  # in a process of this machine, or about to be
    RUNNING_ELSEWHERE = "running_elsewhere"  # in a process that cannot be seen from here
    WAITING = "waiting"  # suspended, with a form that can be answered
    OUTDATED = "outdated"  # suspended with a question that is no longer open
    FORMLESS = "formless"  # stopped between suspending and storing its form: nobody can ever resume it
    DEAD = "dead"  # under way for Prefect, and its process is gone
    CRASHED = "crashed"  # Prefect knows that its process is gone
    ENDED = "ended"  # completed, failed or cancelled, whether or not its work is done


#: Under way, waiting for an answer that can be given, or taken up now.
GOING_ON = frozenset({RunStatus.DUE, RunStatus.RUNNING, RunStatus.RUNNING_ELSEWHERE, RunStatus.WAITING})
#: Going on, now or at its hour.
LIVE = GOING_ON | {RunStatus.PLANNED}
#: Held for live by Prefect, and never to go on.
TO_BE_ENDED = frozenset({RunStatus.OUTDATED, RunStatus.FORMLESS, RunStatus.DEAD})
#: To be followed by a fresh run, without anybody having to decide so.
ABANDONED = TO_BE_ENDED | {RunStatus.LOST, RunStatus.CRASHED}


def run_status(
    run: RunSnapshot | None, now: dt.datetime, *, asked: str | None = None, has_runner: bool = True
) -> RunStatus:
    """Tell where ``run`` (None: Prefect does not have it) stands at ``now``, an aware time.

    ``asked`` is the key of the question that is open, empty for none; None where that is not looked at.
    Without a runner nothing is just about to get a process or a form, and no grace is given.
    """
    if run is None:
        return RunStatus.LOST
    if run.has_ended:
        return RunStatus.CRASHED if run.state_type == "CRASHED" else RunStatus.ENDED
    if run.state_type == "SCHEDULED":
        is_ahead = run.expected is not None and run.expected > now + HOUR_GRACE
        return RunStatus.PLANNED if is_ahead else RunStatus.DUE
    if run.state_type == "PAUSED":
        # Once its process is gone, a form that is not there never comes.
        is_forming = has_runner and run.has_process is not False and run.since + FORM_GRACE >= now
        return _suspended_status(run, asked, is_forming=is_forming)
    if run.has_process is None:
        return RunStatus.RUNNING_ELSEWHERE
    is_young = has_runner and run.since + _GRACES[run.state_type] >= now
    return RunStatus.RUNNING if run.has_process or is_young else RunStatus.DEAD


def _suspended_status(run: RunSnapshot, asked: str | None, *, is_forming: bool) -> RunStatus:
    if run.has_form is False and not is_forming:
        return RunStatus.FORMLESS
    is_open = asked is None or (asked == run.asks and asked != "")
    return RunStatus.WAITING if is_open else RunStatus.OUTDATED
