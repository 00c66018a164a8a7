"""Making Prefect know exactly the deployments and schedules that follow from the catalogue and the calendar.

Done at every start of the runner, by ``disclosure deploy``, and whenever a deadline moves. What is the same
already is not touched: an update makes Prefect drop and plan again every run to come of that deployment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from disclosure.clock import utc_now
from disclosure.workplace import Workplace

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse
    from prefect.deployments.runner import RunnerDeployment

#: A bureau has a handful.
_AT_MOST = 200


@dataclass(frozen=True)
class Registered:
    """What a registration came to, by names of deployments; ``kept``: not wanted any more, but with a run under way."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """For people, one sentence each."""
        said = {
            "新登记": self.added,
            "已更新": self.changed,
            "没有变化": self.unchanged,
            "已移除": self.removed,
            "不再需要，但还有运行没有办完，暂时保留": self.kept,
        }
        return [f"{what}：{'、'.join(names)}" for what, names in said.items() if names]


def wanted_deployments(place: Workplace) -> list[RunnerDeployment]:
    """Every deployment there should be, each with a flow that Prefect can import.

    Raises:
        DisclosureError: naming the flow that cannot be imported, and why.
    """
    from tasks.schedules import all_deployments

    return all_deployments(place, utc_now())


def register(place: Workplace, wanted: Iterable[RunnerDeployment] | None = None) -> Registered:
    """Register what is wanted (by default everything), remove what is ours and no longer wanted.

    Raises:
        DisclosureError: when a flow cannot be imported; nothing is registered then.
    """
    deployments = list(wanted_deployments(place) if wanted is None else wanted)
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        known = {_full_name(client, found): found for found in _ours(client, place.catalog.profile.id)}
        added: list[str] = []
        changed: list[str] = []
        unchanged: list[str] = []
        for deployment in deployments:
            before = known.pop(deployment.full_name, None)
            if before is not None and _is_same(before, deployment):
                unchanged.append(deployment.name)
                continue
            deployment.apply()
            after = client.read_deployment_by_name(deployment.full_name)
            slugs = {schedule.slug for schedule in deployment.schedules or []}
            for schedule in after.schedules:
                if schedule.slug not in slugs:
                    client.delete_deployment_schedule(after.id, schedule.id)
            (added if before is None else changed).append(deployment.name)
        busy = {name: found for name, found in known.items() if _is_busy(client, found)}
        for name, found in known.items():
            if name not in busy:
                client.delete_deployment(found.id)
    return Registered(
        added=tuple(added),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        removed=tuple(found.name for name, found in known.items() if name not in busy),
        kept=tuple(found.name for found in busy.values()),
    )


def _ours(client: SyncPrefectClient, profile: str) -> list[DeploymentResponse]:
    """What this product registered for this profile: it carries the profile's tag."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
    from prefect.client.schemas.sorting import DeploymentSort

    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[profile]))
    return client.read_deployments(deployment_filter=ours, limit=_AT_MOST, sort=DeploymentSort.NAME_ASC)


def _full_name(client: SyncPrefectClient, deployment: DeploymentResponse) -> str:
    return f"{client.read_flow(deployment.flow_id).name}/{deployment.name}"


def _is_same(known: DeploymentResponse, wanted: RunnerDeployment) -> bool:
    """Whether registering ``wanted`` would change nothing that matters."""

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
        known.entrypoint == wanted.entrypoint
        and known.description == wanted.description
        and sorted(known.tags) == sorted(wanted.tags)
        and known.parameters == wanted.parameters
        and known.parameter_openapi_schema == wanted._parameter_openapi_schema.model_dump(exclude_unset=True)
        and not known.paused
        and len(known.schedules) == len(wanted.schedules or [])
        and schedules(known.schedules) == schedules(wanted.schedules or [])
    )


def _is_busy(client: SyncPrefectClient, deployment: DeploymentResponse) -> bool:
    """Whether a run of it is under way or waits for an answer; one that only was planned goes with it."""
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterId,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType
    from prefect.client.schemas.sorting import FlowRunSort

    under_way = [StateType.RUNNING, StateType.PENDING, StateType.PAUSED, StateType.CANCELLING]
    return bool(
        client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=under_way))),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=1,
        )
    )
