"""Looking at runs: what Prefect says of them, whether their process lives here, whether their form is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.cycle import queries
from disclosure.monitoring.supervision.run_status import TO_BE_ENDED, RunStatus, run_status
from disclosure.monitoring.supervision.snapshots import RunSnapshot
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation
from tasks.orchestration import known_flows
from tasks.orchestration.processes import RunProcesses, read_mark, run_processes

PAGE = 200
OUR_FLOWS = FlowFilter(name=FlowFilterName(any_=[flow.name for flow in known_flows.ALL]))
_NOT_ENDED = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING]
#: States in which a run has a process of its own.
_IN_A_PROCESS = {StateType.PENDING, StateType.RUNNING, StateType.CANCELLING}
_ENDINGS = {
    RunStatus.OUTDATED: "所问的内容已经更换，由新的运行接着办理。",
    RunStatus.FORMLESS: "提问中途被停掉，由新的运行接着办理。",
    RunStatus.DUE: "到点没有开始，由新的运行接着办理。",
    RunStatus.DEAD: "运行的进程已不在，由新的运行接着办理。",
}


def in_states(*types: StateType) -> FlowRunFilter:
    """Make the filter of runs whose state is one of ``types``."""
    return FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types))))


def unended_runs(client: SyncPrefectClient) -> Iterable[FlowRun]:
    """Read every run of our flows that has not ended, page by page."""
    offset = 0
    while page := client.read_flow_runs(
        flow_filter=OUR_FLOWS,
        flow_run_filter=in_states(*_NOT_ENDED),
        sort=FlowRunSort.ID_DESC,
        limit=PAGE,
        offset=offset,
    ):
        yield from page
        offset += len(page)


def find_run(client: SyncPrefectClient, run_id: UUID) -> FlowRun | None:
    """Find the run; None when Prefect does not have it, or not any more."""
    try:
        return client.read_flow_run(run_id)
    except ObjectNotFound:
        return None


def snapshot_run(installation: Installation, run_id: UUID) -> RunSnapshot | None:
    """Look at one run; None when Prefect does not have it."""
    with get_client(sync_client=True) as client:
        run = find_run(client, run_id)
        return next(iter(snapshot_runs(client, installation, [run])), None) if run else None


def snapshot_runs(
    client: SyncPrefectClient, installation: Installation, runs: Iterable[FlowRun]
) -> tuple[RunSnapshot, ...]:
    """Look at ``runs``.

    Processes are looked at after the states, states without one once more, and forms last: a run stores its form and
    enters its last state before its process ends.
    """
    mark = read_mark(installation.settings)
    states = list(runs)
    processes = run_processes() if mark is not None and mark.is_here else None
    for place, run in enumerate(states):
        if processes is not None and _is_in_a_process(run) and not processes.has(str(run.id)):
            states[place] = find_run(client, run.id) or run
    return tuple(_snapshot(client, installation.catalog, run, processes) for run in states if run.state is not None)


def settle_run(
    installation: Installation, run_id: str, *, asked: str | None = None
) -> tuple[RunSnapshot | None, RunStatus]:
    """Look at a run and tell where it stands (see ``run_status``); one that Prefect only holds for live is ended."""
    run = snapshot_run(installation, UUID(run_id))
    status = run_status(run, utc_now(), asked=asked)
    if run is not None and status in TO_BE_ENDED:
        end_run(run, status)
    return run, status


def end_run(run: RunSnapshot, status: RunStatus) -> None:
    """Let Prefect know that a run whose status must be ended, or that nothing takes up, never goes on."""
    is_cancelled = status in {RunStatus.OUTDATED, RunStatus.DUE} or run.state_type == "CANCELLING"
    ended: State[Any] = (Cancelled if is_cancelled else Crashed)(message=_ENDINGS[status])
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(run.id), ended, force=True)


def _is_in_a_process(run: FlowRun) -> bool:
    return run.state is not None and run.state.type in _IN_A_PROCESS


def _snapshot(client: SyncPrefectClient, catalog: Catalog, run: FlowRun, processes: RunProcesses | None) -> RunSnapshot:
    state = run.state
    assert state is not None  # noqa: S101 - asked before
    keys = state.state_details.run_input_keyset if state.is_paused() else None
    has_form = None
    if keys:
        has_form = bool(client.filter_flow_run_input(run.id, key_prefix=keys["schema"], limit=1, exclude_keys=set()))
    # Without a deployment somebody runs it by hand, in a process that does not carry its name.
    is_visible = processes is not None and run.deployment_id is not None and (_is_in_a_process(run) or keys)
    return RunSnapshot(
        id=str(run.id),
        name=run.name,
        state_type=state.type.value,
        state=state.name or state.type.value,
        since=state.timestamp,
        period_id=period_of_run(catalog, run),
        expected=state.state_details.scheduled_time or run.expected_start_time,
        is_planned_by_prefect=bool(run.auto_scheduled),
        asks=state.state_details.pause_key or "",
        has_form=has_form,
        has_process=processes.has(str(run.id)) if processes is not None and is_visible else None,
        message=state.message or "",
    )


def period_of_run(catalog: Catalog, run: FlowRun) -> str:
    """Tell the period a run of the cycle's flow is about; empty for any other, or where its parameters make none."""
    given = run.parameters
    kind, year = given.get("kind"), given.get("year")
    if not kind:
        return ""
    try:
        if year:
            return Period(int(year), kind, given.get("name") or "").id
        return queries.due_period(catalog, kind, run.expected_start_time or utc_now()).id
    except (DisclosureError, ValueError, KeyError):
        return ""
