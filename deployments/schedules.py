"""Every deployment, in one place: four dated cycles on their first milestone, the special one on demand; intake
and reminders on clocks of their own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, cast

from prefect import Flow
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
from flows.reminders import reminders

#: The flows' names in Prefect, and so the first half of every deployment's full name.
FLOW_NAME = disclosure_cycle.name
INTAKE_NAME = intake.name
REMINDERS_NAME = reminders.name


def all_deployments(place: Workplace, now: dt.datetime) -> list[RunnerDeployment]:
    """What Prefect should know; ``now`` is an aware time."""
    return [*cycle_deployments(place, now), intake_deployment(place), reminder_deployment(place)]


def intake_deployment(place: Workplace) -> RunnerDeployment:
    """Intake on its own clock."""
    told = "收取各中心收件夹、数据库和 CSV 中的报表"
    return _clocked(place, intake, name="intake", tag="收件", description=told, setting="intake_schedule")


def reminder_deployment(place: Workplace) -> RunnerDeployment:
    """Reminders on their own clock."""
    told = "按节点提醒应办的人，逾期逐级报告"
    return _clocked(place, reminders, name="reminders", tag="提醒", description=told, setting="reminder_schedule")


def _clocked(
    place: Workplace, flow: Flow[[], Any], *, name: str, tag: str, description: str, setting: str
) -> RunnerDeployment:
    """A deployment on the cron of a setting; where that is empty it runs when somebody starts it.

    Raises:
        DisclosureError: when the setting is no cron.
    """
    cron = getattr(place.settings, setting)
    try:
        clock = CronSchedule(cron=cron, timezone="Asia/Shanghai") if cron else None
        made = flow.to_deployment(
            name=name,
            description=description,
            tags=[tag, place.catalog.profile.id],
            schedules=[DeploymentScheduleCreate(slug=name, schedule=clock, active=True)] if clock else [],
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
    except ValueError as error:
        raise DisclosureError(
            f"DISCLOSURE_{setting.upper()} 的“{cron}”不是 cron 写法，"
            "应如 */5 8-18 * * *（每天 8 点到 18 点每 5 分钟）。"
        ) from error
    return cast(RunnerDeployment, made)


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
