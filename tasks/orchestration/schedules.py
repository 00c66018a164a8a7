"""Every deployment, in one place: cycles on their first milestone, everything else on a clock of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, cast

from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule, RRuleSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.types.entrypoint import EntrypointType

from disclosure.catalog import Catalog, CycleFacts
from disclosure.cycle import deadlines
from disclosure.cycle.deadlines import Start
from disclosure.monitoring.supervision.schedule import supervision_times
from disclosure.platform.clock import shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation
from tasks.orchestration.known_flows import (
    CHANGE_DEPLOYMENT,
    CYCLE,
    INTAKE,
    OPENNESS_CHANGE,
    OPENNESS_WATCH,
    REMINDERS,
    SUPERVISION,
    KnownFlow,
)

#: Flows on the cron of a setting: the flow, its deployment's name, tag and description, and the setting.
_ON_A_CLOCK = (
    (INTAKE, "intake", "收件", "收取各中心收件夹、数据库和 CSV 中的报表", "intake_schedule"),
    (REMINDERS, "reminders", "提醒", "按节点提醒应办的人，逾期逐级报告", "reminder_schedule"),
    (
        OPENNESS_WATCH,
        "openness-watch",
        "政务公开",
        "查看政务公开目录各要素的变更和年度确认，发布已审核的内容",
        "openness_schedule",
    ),
)


def all_deployments(installation: Installation, now: dt.datetime) -> list[RunnerDeployment]:
    """Return what Prefect should know; ``now`` is an aware time.

    Raises:
        DisclosureError: naming the flow that cannot be imported, and why.
    """
    catalog = installation.catalog
    change = "办理政务公开目录的一次变更：科室核对、审核、公开"
    return [
        *_cycle_deployments(installation, now),
        *(_clocked(installation, *each) for each in _ON_A_CLOCK),
        # Started by the morning's look at the catalogue, or by hand.
        _made(catalog, OPENNESS_CHANGE, name=CHANGE_DEPLOYMENT, description=change, tag="政务公开"),
        _supervision_deployment(installation, now),
    ]


def _supervision_deployment(installation: Installation, now: dt.datetime) -> RunnerDeployment:
    """Supervise on the working mornings of this year and the next: a schedule a year, since a cron knows no holidays.

    Without an hour (``supervise_at``) it runs when somebody starts it.
    """
    schedules = []
    for year in (shanghai(now).year, shanghai(now).year + 1):
        if mornings := supervision_times(installation.settings, installation.catalog.holidays, year):
            schedules.append(_dates(str(year), mornings))
    told = "核对法定日程、办理记录、Prefect 的排定与线上页面，能处理的处理，其余报告"
    return _made(
        installation.catalog, SUPERVISION, name="supervision", description=told, tag="督办", schedules=schedules
    )


def _clocked(  # noqa: PLR0917 - a row of the table
    installation: Installation, flow: KnownFlow, name: str, tag: str, description: str, setting: str
) -> RunnerDeployment:
    """Make a deployment on the cron of a setting; where that is empty it runs when somebody starts it.

    Raises:
        DisclosureError: when the setting is no cron.
    """
    cron = getattr(installation.settings, setting)
    try:
        clock = CronSchedule(cron=cron, timezone="Asia/Shanghai") if cron else None
    except ValueError as error:
        raise DisclosureError(
            f"DISCLOSURE_{setting.upper()} 的“{cron}”不是 cron 写法，"
            "应如 */5 8-18 * * *（每天 8 点到 18 点每 5 分钟）。"
        ) from error
    schedules = [DeploymentScheduleCreate(slug=name, schedule=clock, active=True)] if clock else []
    return _made(installation.catalog, flow, name=name, description=description, tag=tag, schedules=schedules)


def _cycle_deployments(installation: Installation, now: dt.datetime) -> list[RunnerDeployment]:
    """One deployment for each cycle this profile discloses, with its starts of this year and the next.

    A cron knows no holidays, so every start is a date of its own. Prefect plans 100 days ahead: two years are
    always enough, and dates that changed meanwhile (a holiday entered, a deadline moved) come with the next
    registration.
    """
    catalog, year = installation.catalog, shanghai(now).year
    with installation.records.read() as session:
        starts = deadlines.starts(session, catalog, (year, year + 1))
    return [
        _deployment(catalog, catalog.cycles[kind], [start for start in starts if start.period.kind == kind])
        for kind in catalog.profile.cycles
    ]


def _deployment(catalog: Catalog, cycle: CycleFacts, starts: Iterable[Start]) -> RunnerDeployment:
    return _made(
        catalog,
        CYCLE,
        name=cycle.id,
        description=f"{catalog.profile.publisher}：{cycle.name}披露",
        tag=cycle.name,
        parameters={"kind": cycle.id},
        # One date, by its period's id: what is registered again is the same schedule, moved or not.
        schedules=[_dates(s.period.id.lower(), [s.moment], {"year": s.period.year}) for s in starts],
    )


def _dates(
    slug: str, moments: Iterable[dt.datetime], parameters: dict[str, Any] | None = None
) -> DeploymentScheduleCreate:
    """Exactly these moments (aware), earliest first."""
    local = [f"{shanghai(moment):%Y%m%dT%H%M%S}" for moment in moments]
    return DeploymentScheduleCreate(
        slug=slug,
        # Prefect would begin it in 2020 if nothing were said.
        schedule=RRuleSchedule(rrule=f"DTSTART:{local[0]}\nRDATE:{','.join(local)}", timezone="Asia/Shanghai"),
        parameters=parameters or {},
        active=True,
    )


def _made(catalog: Catalog, flow: KnownFlow, *, tag: str, **about: Any) -> RunnerDeployment:
    try:
        loaded: Flow[..., Any] = load_flow_from_entrypoint(flow.entrypoint)
    except Exception as error:
        raise DisclosureError(
            f"流程 {flow.entrypoint} 导入失败（{type(error).__name__}: {error}），没有登记任何部署。"
            "请检查安装是否完整（disclosure doctor），或恢复改动过的文件后再运行 disclosure deploy。"
        ) from error
    # Outside an event loop this is the deployment itself, never a coroutine.
    made = loaded.to_deployment(entrypoint_type=EntrypointType.MODULE_PATH, tags=[tag, catalog.profile.id], **about)
    return cast(RunnerDeployment, made)
