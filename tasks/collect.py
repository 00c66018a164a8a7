"""Open a cycle, hand out workbooks, and see who still has to hand in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from prefect import runtime, task

from disclosure import cycles
from disclosure.clock import utc_now
from disclosure.collection import answers, workbooks
from disclosure.periods import CycleKind, Period
from disclosure.review import asks
from disclosure.workplace import open_workplace


@task(name="open 开启周期")
def open_cycle(kind: CycleKind, year: int | None, name: str = "", only: list[str] | None = None) -> int:
    """The id of the cycle of this period, opened now if it was not; without a year, of the period now due."""
    place = open_workplace()
    due = runtime.flow_run.scheduled_start_time or utc_now()
    period = Period(year, kind, name) if year else cycles.due_period(place.catalog, kind, due)
    with place.records.write() as session:
        return cycles.open_cycle(session, place.catalog, period, only=only or ()).id


@task(name="workbooks 发放报表")
def hand_out_workbooks(cycle_id: int) -> list[Path]:
    """Write the workbooks of the centres that must hand in this round; those written before stay."""
    return workbooks.hand_out(open_workplace(), cycle_id)


@task(name="collect 查看报送")
def missing_centres(cycle_id: int) -> list[str]:
    """Names of the centres the current round waits for."""
    place = open_workplace()
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        missing = cycles.missing_centres(session, place.catalog, cycle)
        if missing:
            cycles.enter(session, cycle, "collect")
        return [office.name for office in missing]


@task(name="answer 记录汇总人答复")
def record_collect_answer(ask_id: int, raw: object, answered_at: dt.datetime) -> None:
    """Take the compiler's answer to an ask about missing centres."""
    place = open_workplace()
    with place.records.write() as session:
        ask = asks.get(session, ask_id)
        answers.record_collect_answer(session, place.catalog, place.cipher, ask, raw, answered_at=answered_at)
