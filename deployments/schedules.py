"""Every deployment, in one place: four dated cycles on their first milestone, and the special one on demand."""

from __future__ import annotations

from typing import cast

from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron, Schedule
from prefect.types.entrypoint import EntrypointType

from disclosure.catalog import Catalog, Cycle
from flows.cycle import disclosure_cycle

#: The flow's name in Prefect, and so the first half of every deployment's full name.
FLOW_NAME = disclosure_cycle.name
#: Hour of the day, Asia/Shanghai, at which a dated cycle starts.
START_HOUR = 9


def cycle_deployments(catalog: Catalog) -> list[RunnerDeployment]:
    """One deployment for each cycle this profile discloses."""
    return [_deployment(catalog, catalog.cycles[kind]) for kind in catalog.profile.cycles]


def _deployment(catalog: Catalog, cycle: Cycle) -> RunnerDeployment:
    made = disclosure_cycle.to_deployment(
        name=cycle.id,
        description=f"{catalog.profile.publisher}：{cycle.name}披露",
        tags=[cycle.name, catalog.profile.id],
        parameters={"kind": cycle.id},
        schedule=_schedule(cycle),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    # Outside an event loop this is the deployment itself, never a coroutine.
    return cast(RunnerDeployment, made)


def _schedule(cycle: Cycle) -> Schedule | None:
    """The morning of the first milestone's date, every year; a special cycle has none."""
    if "draft" not in cycle.milestones:
        return None
    month, day = (int(part) for part in cycle.milestones["draft"].split("-"))
    return Cron(f"0 {START_HOUR} {day} {month} *", timezone="Asia/Shanghai")
