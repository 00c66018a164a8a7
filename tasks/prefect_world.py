"""Looking at Prefect's world for supervision: deployments, runs, automations, and which runs have a process here."""

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
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import DeploymentSort, FlowRunSort
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound

from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.clock import utc_now
from disclosure.errors import DisclosureError
from disclosure.periods import Period
from disclosure.processes import RunProcesses, read_mark, run_processes
from disclosure.supervision.worlds import (
    AutomationSeen,
    DeploymentSeen,
    OurRecords,
    PrefectWorld,
    RunSeen,
    ScheduleSeen,
)
from disclosure.workplace import Workplace
from tasks import known_flows
from tasks.registration import wanted_deployments

_PAGE = 200
_OUR_FLOWS = FlowFilter(name=FlowFilterName(any_=[flow.name for flow in known_flows.ALL]))
_NOT_ENDED = [
    StateType.SCHEDULED,
    StateType.PENDING,
    StateType.RUNNING,
    StateType.PAUSED,
    StateType.CANCELLING,
]
#: States in which a run has a process of its own.
_IN_A_PROCESS = {StateType.PENDING, StateType.RUNNING, StateType.CANCELLING}


def look_at_prefect(place: Workplace, records: OurRecords) -> PrefectWorld:
    """What Prefect has now; a run that our records name and Prefect has not is simply not among the runs."""
    mark = read_mark(place.settings)
    processes_are_here = mark is not None and mark.is_here
    with get_client(sync_client=True) as client:
        deployments = client.read_deployments(flow_filter=_OUR_FLOWS, limit=_PAGE, sort=DeploymentSort.NAME_ASC)
        runs = {run.id: run for run in _runs(client)}
        for run_id in _named(records) - runs.keys():
            if run := _find(client, run_id):
                runs[run_id] = run
        # Processes are looked at after the states, and states without one once more: a run may end in between.
        processes = run_processes()
        for run in list(runs.values()):
            if _is_in_a_process(run) and not processes.has(str(run.id)) and (again := _find(client, run.id)):
                runs[run.id] = again
        seen = [
            _run(client, place.catalog, run, processes if processes_are_here else None)
            for run in runs.values()
            if run.state is not None
        ]
        automations = _automations(client)
    return PrefectWorld(
        deployments=tuple(_deployment(d, place.catalog.profile.id) for d in deployments),
        wanted=tuple(_wanted(d) for d in wanted_deployments(place)),
        runs=tuple(seen),
        automations=automations,
        runner_since=mark.since if mark is not None and mark.is_alive else None,
    )


def why_processes_unseen(place: Workplace) -> str:
    """Why this process cannot tell which runs live; empty when it can."""
    mark = read_mark(place.settings)
    if mark is None:
        return "还没有启动过流程运行器（disclosure up）。"
    return "" if mark.is_here else "流程运行器不在本机（或本机重启后还没有启动它），请在它所在的机器上督办。"


def rule_text(schedule: Any) -> str:
    """A schedule's rule and time zone as one text, the same from the server and from the calendar."""
    rule = getattr(schedule, "rrule", None) or getattr(schedule, "cron", None) or f"每 {schedule.interval}"
    return f"{rule} {schedule.timezone}".replace("\n", " ")


def _runs(client: SyncPrefectClient) -> Iterable[FlowRun]:
    """Every run of our flows that has not ended, page by page."""
    state = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_NOT_ENDED)))
    offset = 0
    while page := client.read_flow_runs(
        flow_filter=_OUR_FLOWS, flow_run_filter=state, sort=FlowRunSort.ID_DESC, limit=_PAGE, offset=offset
    ):
        yield from page
        offset += len(page)


def _automations(client: SyncPrefectClient) -> tuple[AutomationSeen, ...]:
    # The client's own read_automations answers 422.
    found = client.request("POST", "/automations/filter", json={"limit": _PAGE}).json()
    return tuple(AutomationSeen(a["id"], a["name"]) for a in found if a["enabled"])


def _named(records: OurRecords) -> set[UUID]:
    """Runs that cycles under way count on."""
    under_way = [cycle for cycle in records.cycles if cycle.step != "archive"]
    named = {cycle.driver_run_id for cycle in under_way} | {c.ask.run_id for c in under_way if c.ask}
    return {UUID(run_id) for run_id in named if run_id}


def _find(client: SyncPrefectClient, run_id: UUID) -> FlowRun | None:
    try:
        return client.read_flow_run(run_id)
    except ObjectNotFound:
        return None


def _is_in_a_process(run: FlowRun) -> bool:
    # Without a deployment somebody runs it by hand, in a process that does not carry its name.
    return run.deployment_id is not None and run.state is not None and run.state.type in _IN_A_PROCESS


def _run(
    client: SyncPrefectClient,
    catalog: Catalog,
    run: FlowRun,
    processes: RunProcesses | None,
) -> RunSeen:
    state = run.state
    assert state is not None  # noqa: S101 - asked before
    keys = state.state_details.run_input_keyset if state.is_paused() else None
    has_form = None
    if keys:
        has_form = bool(client.filter_flow_run_input(run.id, key_prefix=keys["schema"], limit=1, exclude_keys=set()))
    return RunSeen(
        id=str(run.id),
        name=run.name,
        state_type=state.type.value,
        state=state.name or state.type.value,
        since=state.timestamp,
        period_id=_period_id(catalog, run),
        expected=state.state_details.scheduled_time or run.expected_start_time,
        is_planned_by_prefect=bool(run.auto_scheduled),
        has_form=has_form,
        has_process=processes.has(str(run.id)) if processes and _is_in_a_process(run) else None,
    )


def _period_id(catalog: Catalog, run: FlowRun) -> str:
    """The period a run of the cycle's flow is about; empty for any other, or where its parameters make none."""
    given = run.parameters
    kind, year = given.get("kind"), given.get("year")
    if not kind:
        return ""
    try:
        if year:
            return Period(int(year), kind, given.get("name") or "").id
        return cycles.due_period(catalog, kind, run.expected_start_time or utc_now()).id
    except (DisclosureError, ValueError, KeyError):
        return ""


def _deployment(found: DeploymentResponse, profile: str) -> DeploymentSeen:
    return DeploymentSeen(
        name=found.name,
        schedules=tuple(
            ScheduleSeen(s.slug or "", rule_text(s.schedule), bool(s.active), s.updated) for s in found.schedules
        ),
        is_paused=found.paused,
        is_ours=profile in found.tags,
    )


def _wanted(deployment: RunnerDeployment) -> DeploymentSeen:
    return DeploymentSeen(
        name=deployment.name,
        schedules=tuple(ScheduleSeen(s.slug or "", rule_text(s.schedule)) for s in deployment.schedules or []),
    )
