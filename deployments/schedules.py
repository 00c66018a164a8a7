"""Every deployment, in one place: four dated cycles on their first milestone, the special one on demand, intake."""

from __future__ import annotations

from typing import cast

from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron, Schedule
from prefect.types.entrypoint import EntrypointType

from disclosure.catalog import Catalog, Cycle
from disclosure.errors import DisclosureError
from disclosure.settings import Settings
from flows.cycle import disclosure_cycle
from flows.intake import intake

#: The flows' names in Prefect, and so the first half of every deployment's full name.
FLOW_NAME = disclosure_cycle.name
INTAKE_NAME = intake.name
#: Hour of the day, Asia/Shanghai, at which a dated cycle starts.
START_HOUR = 9


def cycle_deployments(catalog: Catalog) -> list[RunnerDeployment]:
    """One deployment for each cycle this profile discloses."""
    return [_deployment(catalog, catalog.cycles[kind]) for kind in catalog.profile.cycles]


def intake_deployment(settings: Settings) -> RunnerDeployment:
    """Intake on its own clock; without one it runs when somebody starts it.

    Raises:
        DisclosureError: when ``intake_schedule`` is no cron.
    """
    cron = settings.intake_schedule
    try:
        schedule = Cron(cron, timezone="Asia/Shanghai") if cron else None
        made = intake.to_deployment(
            name="intake",
            description="收取各中心收件夹、数据库和 CSV 中的报表",
            tags=["收件"],
            schedule=schedule,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
    except ValueError as error:
        raise DisclosureError(
            f"DISCLOSURE_INTAKE_SCHEDULE 的“{cron}”不是 cron 写法，应如 */5 8-18 * * *（每天 8 点到 18 点每 5 分钟）。"
        ) from error
    return cast(RunnerDeployment, made)


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
