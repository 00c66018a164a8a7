"""Making Prefect know exactly the deployments and schedules that follow from the catalogue and the calendar.

Done at every start of the runner, by ``disclosure deploy``, and whenever a deadline moves. What is the same
already is not touched: an update makes Prefect drop and plan again every run to come of that deployment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import DeploymentSort, FlowRunSort
from prefect.deployments.runner import DeploymentApplyError, RunnerDeployment
from prefect.exceptions import ObjectNotFound

from disclosure.monitoring.supervision import findings_repository
from disclosure.monitoring.supervision.findings import Discrepancy, Inspection
from disclosure.platform.clock import utc_now
from disclosure.records import ledger
from disclosure.records.installation import Installation
from tasks.orchestration.known_flows import BY_NAME
from tasks.orchestration.prefect_private import parameter_schema
from tasks.orchestration.run_status import in_states

#: A bureau has a handful.
_AT_MOST = 200
#: What Prefect itself writes as the path of a flow that is imported.
_NO_PATH = (None, "", ".")
#: A limit that somebody set is not taken away but raised: runs that hold a place under it could not end any more.
_NO_LIMIT = 1000
_NOT_YET = "Prefect 服务没有应答，几秒后再改"
#: What an update by Prefect leaves alone where we say nothing.
_PLAIN: dict[str, Any] = {
    "paused": False,
    "path": None,
    "pull_steps": None,
    "job_variables": {},
    "enforce_parameter_schema": True,
    "work_pool_name": None,
    "work_queue_name": None,
    "storage_document_id": None,
    "infrastructure_document_id": None,
    "concurrency_options": None,
}


@dataclass(frozen=True)
class Registered:
    """What a registration came to, by names of deployments.

    ``corrected``: what of each somebody had made otherwise than it was registered; ``kept``: not wanted any more, but
    with a run under way; ``ids``: under which Prefect knows each that is wanted.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    corrected: Mapping[str, tuple[str, ...]]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    ids: Mapping[str, UUID]

    @property
    def lines(self) -> list[str]:
        """For people, one sentence each."""
        said = {
            "新登记": self.added,
            "已更新": self.changed,
            "与登记的不同，已改回": tuple(f"{name}（{'、'.join(what)}）" for name, what in self.corrected.items()),
            "没有变化": self.unchanged,
            "已移除": self.removed,
            "不再需要，但还有运行没有办完，暂时保留": self.kept,
        }
        return [f"{what}：{'、'.join(names)}" for what, names in said.items() if names]


def wanted_deployments(installation: Installation) -> list[RunnerDeployment]:
    """Return every deployment there should be, each with a flow that Prefect can import.

    Raises:
        DisclosureError: naming the flow that cannot be imported, and why.
    """
    # Not before it is wanted: it imports the flows, and a broken one is to be told in words.
    from tasks.orchestration.schedules import all_deployments  # noqa: PLC0415

    return all_deployments(installation, utc_now())


def register(installation: Installation, wanted: Iterable[RunnerDeployment] | None = None) -> Registered:
    """Register what is wanted (by default everything), remove what is ours and no longer wanted.

    Raises:
        DisclosureError: when a flow cannot be imported; nothing is registered then.
    """
    deployments = list(wanted_deployments(installation) if wanted is None else wanted)
    with get_client(sync_client=True) as client:
        tagged = {_full_name(client, found): found for found in _ours(client, installation.catalog.profile.id)}
        # Whatever else carries our tag is somebody's, and is kept for whoever looks into it.
        known = {name: found for name, found in tagged.items() if name.partition("/")[0] in BY_NAME}
        added: list[str] = []
        changed: list[str] = []
        found_altered: dict[str, tuple[str, ...]] = {}
        unchanged: list[str] = []
        ids: dict[str, UUID] = {}
        try:
            for deployment in deployments:
                # One of ours may have lost its tag.
                known.pop(deployment.full_name, None)
                before = find_deployment(client, deployment)
                altered = alterations(before, deployment.entrypoint, deployment.parameters) if before else ()
                if before is not None and not altered and _is_same(before, deployment):
                    unchanged.append(deployment.name)
                    ids[deployment.name] = before.id
                    continue
                if altered:
                    found_altered[deployment.name] = altered
                ids[deployment.name] = _make_so(client, deployment, before)
                if not altered:
                    (added if before is None else changed).append(deployment.name)
        finally:
            # Also where the server fails at one of them: what was put right before, nobody would find any more.
            corrected = {name: what for name, what in found_altered.items() if name in ids}
            if found_altered:
                _tell(installation, found_altered, corrected)
        busy = {name: found for name, found in known.items() if _is_busy(client, found)}
        for name, found in known.items():
            if name not in busy:
                client.delete_deployment(found.id)
    return Registered(
        added=tuple(added),
        changed=tuple(changed),
        corrected=corrected,
        unchanged=tuple(unchanged),
        removed=tuple(found.name for name, found in known.items() if name not in busy),
        kept=tuple(found.name for found in busy.values()),
        ids=ids,
    )


def find_deployment(client: SyncPrefectClient, wanted: RunnerDeployment) -> DeploymentResponse | None:
    """Find what Prefect has under the full name of ``wanted``."""
    try:
        return client.read_deployment_by_name(wanted.full_name)
    except ObjectNotFound:
        return None


def alterations(known: DeploymentResponse, entrypoint: str | None, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Name what in a deployment's row says what is to run, where and with what, and is not as we register it.

    None of it changes what is run here (``tasks.orchestration.own_code.admission``); whoever wrote it meant it to.
    """
    limit = known.global_concurrency_limit.limit if known.global_concurrency_limit else None
    differs = {
        "入口": known.entrypoint != entrypoint,
        "路径": known.path not in _NO_PATH,
        "拉取步骤": bool(known.pull_steps),
        "运行环境变量": bool(known.job_variables),
        "参数": dict(known.parameters) != dict(parameters),
        "不核对参数": not known.enforce_parameter_schema,
        "工作池": bool(known.work_pool_name or known.work_queue_name),
        "存储或运行环境": bool(known.storage_document_id or known.infrastructure_document_id),
        "并发限制": limit not in (None, _NO_LIMIT) or known.concurrency_options is not None,
    }
    return tuple(name for name, is_so in differs.items() if is_so)


def _tell(
    installation: Installation, altered: Mapping[str, tuple[str, ...]], corrected: Mapping[str, tuple[str, ...]]
) -> None:
    """Note what somebody had written into our deployments, and what of it is put right by now."""
    profile, now = installation.catalog.profile.id, utc_now()
    found = tuple(
        Discrepancy("deployment_altered", name, {"deployment": name, "what": "、".join(what)})
        for name, what in altered.items()
    )
    outcome = {one.key: "" if one.subject in corrected else _NOT_YET for one in found}
    with installation.records.write() as session:
        for name, what in corrected.items():
            ledger.append(session, "deployment.corrected", actor="系统", deployment=name, altered=list(what))
        findings_repository.write_down(session, profile, Inspection(found), now)
        findings_repository.note_mending(session, profile, outcome, now)


def _make_so(client: SyncPrefectClient, wanted: RunnerDeployment, before: DeploymentResponse | None) -> UUID:
    """Register ``wanted``, and undo what an update by Prefect leaves as it was; return its id."""
    if before is not None and before.global_concurrency_limit is not None:
        wanted = wanted.model_copy(update={"concurrency_limit": _NO_LIMIT})
    _apply(wanted)
    made = client.read_deployment_by_name(wanted.full_name)
    if alterations(made, wanted.entrypoint, wanted.parameters) or made.paused:
        client.request("PATCH", "/deployments/{id}", path_params={"id": made.id}, json=_PLAIN)
        made = client.read_deployment_by_name(wanted.full_name)
    if alterations(made, wanted.entrypoint, wanted.parameters):
        # Whatever it is that cannot be undone goes with the row.
        client.delete_deployment(made.id)
        _apply(wanted)
        made = client.read_deployment_by_name(wanted.full_name)
    slugs = {schedule.slug for schedule in wanted.schedules or []}
    for schedule in made.schedules:
        if schedule.slug not in slugs:
            client.delete_deployment_schedule(made.id, schedule.id)
    return made.id


def _apply(wanted: RunnerDeployment) -> None:
    """Register, failing with what the server answered: Prefect wraps it in an error that nobody takes for its own."""
    try:
        wanted.apply()
    except DeploymentApplyError as error:
        raise error.__cause__ or error from error.__cause__


def _ours(client: SyncPrefectClient, profile: str) -> list[DeploymentResponse]:
    """Read what this product registered for this profile: it carries the profile's tag."""
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[profile]))
    return client.read_deployments(deployment_filter=ours, limit=_AT_MOST, sort=DeploymentSort.NAME_ASC)


def _full_name(client: SyncPrefectClient, deployment: DeploymentResponse) -> str:
    return f"{client.read_flow(deployment.flow_id).name}/{deployment.name}"


def _is_same(known: DeploymentResponse, wanted: RunnerDeployment) -> bool:
    """Whether registering ``wanted`` would change nothing of what people and the calendar say."""

    def schedules(of: Iterable[Any]) -> dict[str | None, Any]:
        return {
            s.slug: (
                getattr(s.schedule, "rrule", None) or s.schedule,
                getattr(s.schedule, "timezone", None),
                s.active,
                dict(s.parameters or {}),
            )
            for s in of
        }

    return (
        known.description == wanted.description
        and sorted(known.tags) == sorted(wanted.tags)
        and known.parameter_openapi_schema == parameter_schema(wanted)
        and not known.paused
        and len(known.schedules) == len(wanted.schedules or [])
        and schedules(known.schedules) == schedules(wanted.schedules or [])
    )


def _is_busy(client: SyncPrefectClient, deployment: DeploymentResponse) -> bool:
    """Whether a run of it is under way or waits for an answer; one that only was planned goes with it."""
    under_way = in_states(StateType.RUNNING, StateType.PENDING, StateType.PAUSED, StateType.CANCELLING)
    return bool(
        client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
            flow_run_filter=under_way,
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=1,
        )
    )
