"""Every deployment, in one place: four dated cycles on their first milestone, and the special one on demand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import cast

from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import RRuleSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from disclosure import deadlines
from disclosure.catalog import Catalog, Cycle
from disclosure.clock import shanghai
from disclosure.deadlines import Start
from disclosure.workplace import Workplace
from flows.cycle import disclosure_cycle

#: The flow's name in Prefect, and so the first half of every deployment's full name.
FLOW_NAME = disclosure_cycle.name


def all_deployments(place: Workplace, now: dt.datetime) -> list[RunnerDeployment]:
    """What Prefect should know; ``now`` is an aware time."""
    return cycle_deployments(place, now)


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
