"""Going on after everything was killed: what Prefect alone never does.

A run whose process was killed together with its runner stays ``Running`` for good. When our server and
runner start, every earlier process of theirs is gone, so whatever is still called running is dead. And
whatever Prefect remembers, or has lost with its database, our records know which cycles were under way.
"""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed
from sqlalchemy import select

from deployments import runs
from deployments.schedules import FLOW_NAME, INTAKE_NAME, REMINDERS_NAME
from disclosure import cycles
from disclosure.periods import Period
from disclosure.records import ledger
from disclosure.records.tables import Cycle
from disclosure.workplace import Workplace

_UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
#: Prefect's own page size; a prefecture has a handful under way.
_AT_MOST = 200


def crash_dead_runs() -> int:
    """Call dead what is dead; to be done while no runner of ours lives. How many there were."""
    with get_client(sync_client=True) as client:
        dead = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW_NAME, INTAKE_NAME, REMINDERS_NAME])),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNDER_WAY))),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=_AT_MOST,
        )
        for run in dead:
            client.set_flow_run_state(run.id, Crashed(message="运行的进程已不在，由新的运行接着办理。"), force=True)
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
        period = cycles.period_of(cycle)
        run_id = runs.start_run(period, tuple(cycle.only))
        with place.records.write() as session:
            ledger.append(
                session, "cycle.restarted", actor="系统", cycle_id=cycle.id, run=str(run_id), before=cycle.driver_run_id
            )
        restarted.append(period)
    return restarted


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
            client.set_flow_run_state(run_id, Crashed(message="提问中途被停掉，由新的运行接着办理。"), force=True)
            return False
    return True
