"""Going on after everything was killed: what Prefect alone never does.

A run whose process was killed together with its runner stays ``Running`` for good. When our server and
runner start, every earlier process of theirs is gone, so whatever is still called running is dead. And
whatever Prefect remembers, or has lost with its database, our records know which cycles were under way.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed
from sqlalchemy import select

from disclosure import cycles
from disclosure.periods import Period
from disclosure.processes import run_processes
from disclosure.records import ledger
from disclosure.records.tables import Cycle, LedgerEntry
from disclosure.workplace import Workplace
from tasks import known_flows, runs

_UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
#: Prefect's own page size; a prefecture has a handful under way.
_AT_MOST = 200
_GONE = "运行的进程已不在，由新的运行接着办理。"


def crash_dead_runs() -> int:
    """Call dead what is dead; to be done while no runner of ours lives. How many there were."""
    with get_client(sync_client=True) as client:
        dead = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[flow.name for flow in known_flows.ALL])),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNDER_WAY))),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=_AT_MOST,
        )
        for run in dead:
            client.set_flow_run_state(run.id, Crashed(message=_GONE), force=True)
    return len(dead)


def restart_abandoned_cycles(place: Workplace) -> list[Period]:
    """A fresh run for every cycle that was under way and has no run that can go on; their periods."""
    with place.records.read() as session:
        under_way = session.scalars(
            select(Cycle).where(
                Cycle.profile == place.catalog.profile.id, Cycle.step != "archive", Cycle.driver_run_id.is_not(None)
            )
        ).all()
    restarted = []
    for cycle in under_way:
        if _can_go_on(UUID(cycle.driver_run_id)):
            continue
        take_up(place, cycle.id)
        restarted.append(cycles.period_of(cycle))
    return restarted


def take_up(place: Workplace, cycle_id: int) -> UUID:
    """A fresh run for a cycle whose run cannot go on; the same one for whoever asks again before it has begun."""
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
    before = cycle.driver_run_id or "none"
    run_id = runs.start_once(cycles.period_of(cycle), tuple(cycle.only), f"after-{before}")
    with place.records.write() as session:
        told = select(LedgerEntry.details).where(
            LedgerEntry.event == "cycle.restarted", LedgerEntry.cycle_id == cycle_id
        )
        if not any(str(run_id) in details for details in session.scalars(told)):
            ledger.append(
                session, "cycle.restarted", actor="系统", cycle_id=cycle_id, run=str(run_id), before=cycle.driver_run_id
            )
    return run_id


def crash_if_dead(run_id: UUID) -> bool:
    """Call a run dead that says it has a process, and has none here; whether it was.

    A run ends its state before its process, so one whose state is the same before and after a look that found no
    process has none. Only for where ``RunnerMark.is_here``.
    """
    with get_client(sync_client=True) as client:
        before = client.read_flow_run(run_id).state
        if before is None or before.type not in _UNDER_WAY or run_processes().has(str(run_id)):
            return False
        after = client.read_flow_run(run_id).state
        if after is None or after.id != before.id:
            return False
        # Somebody was cancelling it, and nobody is to go on with it.
        ended: State[Any] = Cancelled(message=_GONE) if after.type == StateType.CANCELLING else Crashed(message=_GONE)
        client.set_flow_run_state(run_id, ended, force=True)
    return True


def crash_without_form(run_id: UUID) -> None:
    """Call a run dead that was stopped between suspending and storing its form: nobody can ever resume it."""
    with get_client(sync_client=True) as client:
        try:
            run = client.read_flow_run(run_id)
        except ObjectNotFound:
            return
        if run.state is not None and run.state.is_paused() and runs.open_form(run_id) is None:
            client.set_flow_run_state(run_id, Crashed(message="提问中途被停掉，由新的运行接着办理。"), force=True)


def _can_go_on(run_id: UUID) -> bool:
    """Whether Prefect still has the run, neither crashed nor lost nor suspended without a form to answer.

    A run that failed or was cancelled is somebody's decision to make: Retry in the UI, or ``disclosure open``.
    """
    with get_client(sync_client=True) as client:
        try:
            run = client.read_flow_run(run_id)
        except ObjectNotFound:
            return False
        if run.state is None or run.state.is_crashed():
            return False
    if run.state.is_paused() and runs.open_form(run_id) is None:
        crash_without_form(run_id)
        return False
    return True
