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

from disclosure import deadlines
from disclosure.catalog import Catalog, Cycle
from disclosure.clock import shanghai
from disclosure.deadlines import Start
from disclosure.errors import DisclosureError
from disclosure.supervision.mornings import mornings_of_year
from disclosure.workplace import Workplace
from tasks.known_flows import CYCLE, INTAKE, OPENNESS_CHANGE, OPENNESS_WATCH, REMINDERS, SUPERVISION, KnownFlow
from tasks.openness import CHANGE_DEPLOYMENT


def all_deployments(place: Workplace, now: dt.datetime) -> list[RunnerDeployment]:
    """What Prefect should know; ``now`` is an aware time.

    Raises:
        DisclosureError: naming the flow that cannot be imported, and why.
    """
    return [
        *cycle_deployments(place, now),
        intake_deployment(place),
        reminder_deployment(place),
        *openness_deployments(place),
        supervision_deployment(place, now),
    ]


def supervision_deployment(place: Workplace, now: dt.datetime) -> RunnerDeployment:
    """Supervision on the working mornings of this year and the next: a schedule a year, since a cron knows no holidays.

    Without an hour (``supervise_at``) it runs when somebody starts it.
    """
    schedules = []
    for year in (shanghai(now).year, shanghai(now).year + 1):
        if mornings := mornings_of_year(place.settings, place.catalog.holidays, year):
            schedules.append(_dates(str(year), mornings))
    return _made(
        SUPERVISION,
        name="supervision",
        description="核对法定日程、办理记录、Prefect 的排定与线上页面，能处理的处理，其余报告",
        tags=["督办", place.catalog.profile.id],
        schedules=schedules,
    )


def intake_deployment(place: Workplace) -> RunnerDeployment:
    """Intake on its own clock."""
    told = "收取各中心收件夹、数据库和 CSV 中的报表"
    return _clocked(place, INTAKE, name="intake", tag="收件", description=told, setting="intake_schedule")


def reminder_deployment(place: Workplace) -> RunnerDeployment:
    """Reminders on their own clock."""
    told = "按节点提醒应办的人，逾期逐级报告"
    return _clocked(place, REMINDERS, name="reminders", tag="提醒", description=told, setting="reminder_schedule")


def openness_deployments(place: Workplace) -> list[RunnerDeployment]:
    """The morning's look at the openness catalogue, and the one that drives a change, started by it or by hand."""
    told = "查看政务公开目录各要素的变更和年度确认，发布已审核的内容"
    watch = _clocked(
        place, OPENNESS_WATCH, name="openness-watch", tag="政务公开", description=told, setting="openness_schedule"
    )
    change = _made(
        OPENNESS_CHANGE,
        name=CHANGE_DEPLOYMENT,
        description="办理政务公开目录的一次变更：科室核对、审核、公开",
        tags=["政务公开", place.catalog.profile.id],
    )
    return [watch, change]


def _clocked(
    place: Workplace, flow: KnownFlow, *, name: str, tag: str, description: str, setting: str
) -> RunnerDeployment:
    """A deployment on the cron of a setting; where that is empty it runs when somebody starts it.

    Raises:
        DisclosureError: when the setting is no cron.
    """
    cron = getattr(place.settings, setting)
    try:
        clock = CronSchedule(cron=cron, timezone="Asia/Shanghai") if cron else None
    except ValueError as error:
        raise DisclosureError(
            f"DISCLOSURE_{setting.upper()} 的“{cron}”不是 cron 写法，"
            "应如 */5 8-18 * * *（每天 8 点到 18 点每 5 分钟）。"
        ) from error
    return _made(
        flow,
        name=name,
        description=description,
        tags=[tag, place.catalog.profile.id],
        schedules=[DeploymentScheduleCreate(slug=name, schedule=clock, active=True)] if clock else [],
    )


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
    return _made(
        CYCLE,
        name=cycle.id,
        description=f"{catalog.profile.publisher}：{cycle.name}披露",
        tags=[cycle.name, catalog.profile.id],
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


def _made(flow: KnownFlow, **about: Any) -> RunnerDeployment:
    try:
        loaded: Flow[..., Any] = load_flow_from_entrypoint(flow.entrypoint)
    except Exception as error:
        raise DisclosureError(
            f"流程 {flow.entrypoint} 导入失败（{type(error).__name__}: {error}），没有登记任何部署。"
            "请检查安装是否完整（disclosure doctor），或恢复改动过的文件后再运行 disclosure deploy。"
        ) from error
    # Outside an event loop this is the deployment itself, never a coroutine.
    return cast(RunnerDeployment, loaded.to_deployment(entrypoint_type=EntrypointType.MODULE_PATH, **about))
