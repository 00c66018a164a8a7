"""Looking at Prefect's world for supervision: deployments, runs, automations, and which runs have a process here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.sorting import DeploymentSort
from prefect.deployments.runner import RunnerDeployment

from disclosure.monitoring.supervision.foreign_rules import acts_of
from disclosure.monitoring.supervision.snapshots import (
    AutomationSnapshot,
    DeploymentSnapshot,
    PrefectSnapshot,
    RecordsSnapshot,
    ScheduleSnapshot,
)
from disclosure.records.installation import Installation
from disclosure.records.states import UNDER_WAY
from tasks.orchestration.known_flows import BY_NAME
from tasks.orchestration.processes import read_mark
from tasks.orchestration.registration import alterations, wanted_deployments
from tasks.orchestration.run_status import PAGE, find_run, snapshot_runs, unended_runs


def snapshot_prefect(installation: Installation, records: RecordsSnapshot) -> PrefectSnapshot:
    """Look at what Prefect has now; a run that our records name and Prefect has not is simply not among the runs."""
    mark = read_mark(installation.settings)
    wanted = wanted_deployments(installation)
    with get_client(sync_client=True) as client:
        deployments = _deployments(client, installation, wanted)
        found = {run.id: run for run in unended_runs(client)}
        named = [find_run(client, run_id) for run_id in _named(records) - found.keys()]
        runs = snapshot_runs(client, installation, [*found.values(), *filter(None, named)])
        automations, pools = _automations(client), _pools(client)
    return PrefectSnapshot(
        deployments=deployments,
        wanted=tuple(_wanted(d) for d in wanted),
        runs=runs,
        automations=automations,
        pools=pools,
        runner_since=mark.since if mark is not None and mark.is_alive else None,
    )


def snapshot_registered(installation: Installation, wanted: Sequence[RunnerDeployment]) -> PrefectSnapshot:
    """Look only at what is registered: deployments, automations, work pools."""
    with get_client(sync_client=True) as client:
        return PrefectSnapshot(
            deployments=_deployments(client, installation, wanted),
            wanted=tuple(_wanted(d) for d in wanted),
            runs=(),
            automations=_automations(client),
            pools=_pools(client),
        )


def why_processes_unseen(installation: Installation) -> str:
    """Say why this process cannot tell which runs live; empty when it can."""
    mark = read_mark(installation.settings)
    if mark is None:
        return "还没有启动过流程运行器（disclosure up）。"
    return "" if mark.is_here else "流程运行器不在本机（或本机重启后还没有启动它），请在它所在的机器上督办。"


def rule_text(schedule: Any) -> str:
    """Return a schedule's rule and time zone as one text, the same from the server and from the calendar."""
    rule = getattr(schedule, "rrule", None) or getattr(schedule, "cron", None) or f"每 {schedule.interval}"
    return f"{rule} {schedule.timezone}".replace("\n", " ")


def _automations(client: SyncPrefectClient) -> tuple[AutomationSnapshot, ...]:
    # The client's own read_automations answers 422.
    found = client.request("POST", "/automations/filter", json={"limit": PAGE}).json()
    return tuple(AutomationSnapshot(a["id"], a["name"], acts_of(a)) for a in found if a["enabled"])


def _named(records: RecordsSnapshot) -> set[UUID]:
    """Return the runs that cycles under way count on."""
    under_way = [cycle for cycle in records.cycles if cycle.step in UNDER_WAY]
    named = {cycle.driver_run_id for cycle in under_way} | {c.ask.flow_run_id for c in under_way if c.ask}
    return {UUID(run_id) for run_id in named if run_id}


def _pools(client: SyncPrefectClient) -> tuple[str, ...]:
    return tuple(pool.name for pool in client.read_work_pools(limit=PAGE) if not pool.is_paused)


def _deployments(
    client: SyncPrefectClient, installation: Installation, wanted: Sequence[RunnerDeployment]
) -> tuple[DeploymentSnapshot, ...]:
    """Look at every deployment there is; one of ours has the full name of a wanted one, or our flow and our tag."""
    profile, by_name = installation.catalog.profile.id, {d.full_name: d for d in wanted}
    flows = {flow.id: flow.name for flow in client.read_flows(limit=PAGE)}
    found = []
    for row in client.read_deployments(limit=PAGE, sort=DeploymentSort.NAME_ASC):
        flow = flows.get(row.flow_id, "")
        ours = by_name.get(f"{flow}/{row.name}")
        is_ours = ours is not None or (flow in BY_NAME and profile in row.tags)
        altered = alterations(row, ours.entrypoint, ours.parameters) if ours else ()
        # Nobody's deployment passes for one of ours by its bare name.
        is_double = ours is None and any(row.name == d.name for d in wanted)
        found.append(
            DeploymentSnapshot(
                name=f"{flow}/{row.name}" if is_double else row.name,
                schedules=tuple(
                    ScheduleSnapshot(s.slug or "", rule_text(s.schedule), bool(s.active), s.updated)
                    for s in row.schedules
                ),
                is_paused=row.paused,
                is_ours=is_ours,
                id=str(row.id),
                altered=altered,
            )
        )
    return tuple(found)


def _wanted(deployment: RunnerDeployment) -> DeploymentSnapshot:
    return DeploymentSnapshot(
        name=deployment.name,
        schedules=tuple(ScheduleSnapshot(s.slug or "", rule_text(s.schedule)) for s in deployment.schedules or []),
    )
