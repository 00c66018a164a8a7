"""Every deployment, in one place: four dated cycles on their first milestone, the special one on demand, intake, the
openness catalogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import cast

from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule, RRuleSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from disclosure import deadlines
from disclosure.catalog import Catalog, Cycle
from disclosure.clock import shanghai
from disclosure.deadlines import Start
from disclosure.errors import DisclosureError
from disclosure.workplace import Workplace
from flows.cycle import disclosure_cycle
from flows.intake import intake
from flows.openness import openness_change, openness_watch
from tasks.openness import CHANGE_DEPLOYMENT

#: The flows' names in Prefect, and so the first half of every deployment's full name.
FLOW_NAME = disclosure_cycle.name
INTAKE_NAME = intake.name
OPENNESS_NAMES = (openness_change.name, openness_watch.name)


def all_deployments(place: Workplace, now: dt.datetime) -> list[RunnerDeployment]:
    """What Prefect should know; ``now`` is an aware time."""
    return [*cycle_deployments(place, now), intake_deployment(place), *openness_deployments(place)]


def intake_deployment(place: Workplace) -> RunnerDeployment:
    """Intake on its own clock; without one it runs when somebody starts it.

    Raises:
        DisclosureError: when ``intake_schedule`` is no cron.
    """
    made = intake.to_deployment(
        name="intake",
        description="收取各中心收件夹、数据库和 CSV 中的报表",
        tags=["收件", place.catalog.profile.id],
        schedules=_cron("intake", place.settings.intake_schedule, "*/5 8-18 * * *（每天 8 点到 18 点每 5 分钟）"),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return cast(RunnerDeployment, made)


def openness_deployments(place: Workplace) -> list[RunnerDeployment]:
    """The morning's look at the openness catalogue, and the one that drives a change, started by it or by hand.

    Raises:
        DisclosureError: when ``openness_schedule`` is no cron.
    """
    watch = openness_watch.to_deployment(
        name="openness-watch",
        description="查看政务公开目录各要素的变更和年度确认，发布已审核的内容",
        tags=["政务公开", place.catalog.profile.id],
        schedules=_cron("openness", place.settings.openness_schedule, "20 8 * * *（每天 8 点 20 分）"),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    change = openness_change.to_deployment(
        name=CHANGE_DEPLOYMENT,
        description="办理政务公开目录的一次变更：科室核对、审核、公开",
        tags=["政务公开", place.catalog.profile.id],
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return [cast(RunnerDeployment, watch), cast(RunnerDeployment, change)]


def _cron(slug: str, cron: str, example: str) -> list[DeploymentScheduleCreate]:
    """The schedule that the setting ``<slug>_schedule`` asks for; none where it is empty."""
    if not cron:
        return []
    try:
        clock = CronSchedule(cron=cron, timezone="Asia/Shanghai")
    except ValueError as error:
        name = f"DISCLOSURE_{slug.upper()}_SCHEDULE"
        raise DisclosureError(f"{name} 的“{cron}”不是 cron 写法，应如 {example}。") from error
    return [DeploymentScheduleCreate(slug=slug, schedule=clock, active=True)]


def cycle_deployments(place: Workplace, now: dt.datetime) -> list[RunnerDeployment]:
    """One deployment for each cycle this profile discloses, with its starts of this year and the next.

    A cron knows no holidays, so every start is a date of its own. Prefect plans 100 days ahead: two years are
    always enough, and dates that changed meanwhile (a holiday entered, a deadline moved) come with the next
    registration.
    """
    catalog, year = place.catalog, shanghai(now).year
    with place.records.read() as session:
        starts = deadlines.starts(session, catalog, (year, year + 1))
    return [
        _deployment(catalog, catalog.cycles[kind], [start for start in starts if start.period.kind == kind])
        for kind in catalog.profile.cycles
    ]


def _deployment(catalog: Catalog, cycle: Cycle, starts: Iterable[Start]) -> RunnerDeployment:
    made = disclosure_cycle.to_deployment(
        name=cycle.id,
        description=f"{catalog.profile.publisher}：{cycle.name}披露",
        tags=[cycle.name, catalog.profile.id],
        parameters={"kind": cycle.id},
        schedules=[_schedule(start) for start in starts],
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    # Outside an event loop this is the deployment itself, never a coroutine.
    return cast(RunnerDeployment, made)


def _schedule(start: Start) -> DeploymentScheduleCreate:
    """One date, by its period's id: what is registered again is the same schedule, moved or not."""
    moment = f"{shanghai(start.moment):%Y%m%dT%H%M%S}"
    return DeploymentScheduleCreate(
        slug=start.period.id.lower(),
        # Prefect would begin it in 2020 if nothing were said.
        schedule=RRuleSchedule(rrule=f"DTSTART:{moment}\nRDATE:{moment}", timezone="Asia/Shanghai"),
        parameters={"year": start.period.year},
        active=True,
    )
