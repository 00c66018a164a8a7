"""Open a cycle, hand out workbooks, and see who still has to hand in."""

from __future__ import annotations

from pathlib import Path

from prefect import runtime, task

from disclosure.calendar.periods import CycleKind, Period
from disclosure.collection import handout
from disclosure.cycle import queries
from disclosure.cycle.states import enter
from disclosure.platform.clock import utc_now
from disclosure.records.installation import open_installation
from disclosure.records.states import CycleStep
from disclosure.review import asks
from tasks.patience import patient


@task(name="open 开启周期")
@patient("开启周期")
def open_cycle(kind: CycleKind, year: int | None, name: str = "", only: list[str] | None = None) -> int:
    """Return the id of the cycle of this period, opened now if it was not; without a year, of the period now due."""
    installation = open_installation()
    due = runtime.flow_run.scheduled_start_time or utc_now()
    period = Period(year, kind, name) if year else queries.due_period(installation.catalog, kind, due)
    with installation.records.write() as session:
        return queries.open_cycle(session, installation.catalog, period, only=only or ()).id


@task(name="workbooks 发放报表")
@patient("发放报表")
def hand_out_workbooks(cycle_id: int) -> list[Path]:
    """Write the workbooks of the centres that must hand in this round; those written before stay."""
    return handout.hand_out(open_installation(), cycle_id)


@task(name="collect 查看报送")
@patient("查看报送")
def missing_centres(cycle_id: int) -> list[str]:
    """Name the centres the current round waits for."""
    installation = open_installation()
    with installation.records.write() as session:
        cycle = queries.get_cycle(session, cycle_id)
        missing = queries.missing_centres(session, installation.catalog, cycle)
        if missing:
            enter(session, cycle, CycleStep.COLLECT)
        else:
            asks.give_up(session, cycle, "collect")
        return [office.name for office in missing]
