"""Findings about what Prefect has registered: schedules missing, added or paused by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.monitoring.supervision.snapshots import DeploymentSnapshot, Snapshots
from disclosure.platform.clock import format_moment

#: Prefect plans 100 days ahead, a few times a minute.
PLANNED_AHEAD = dt.timedelta(days=90)
PLANNING_GRACE = dt.timedelta(minutes=10)


def deployments_missing(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find a deployment of ours that is not there."""
    known = _ours(worlds)
    for wanted in worlds.prefect.wanted if worlds.prefect else ():
        if wanted.name not in known:
            yield Discrepancy("deployment_missing", wanted.name, {"deployment": wanted.name})


def schedules_missing(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find what is planned but not scheduled: one of a deployment's schedules is not there or is another."""
    if worlds.prefect is None:
        return
    known = _ours(worlds)
    for wanted in worlds.prefect.wanted:
        here = known.get(wanted.name)
        if here is None:
            continue
        rules = {schedule.slug: schedule.rule for schedule in here.schedules}
        for schedule in wanted.schedules:
            if rules.get(schedule.slug) != schedule.rule:
                facts = {"deployment": wanted.name, "schedule": schedule.slug}
                yield Discrepancy("not_scheduled", f"{wanted.name}/{schedule.slug}", facts)


def starts_without_a_run(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find what is planned and registered, and yet Prefect's scheduler has made no run for the start."""
    if worlds.prefect is None:
        return
    # A wrong schedule is told above; Prefect needs a while to plan by a right one.
    settled = {
        schedule.slug
        for name, here in _ours(worlds).items()
        for schedule in here.schedules
        if schedule.is_active
        and not here.is_paused
        and (schedule.since is None or schedule.since + PLANNING_GRACE < worlds.now)
    }
    runs = {run.period_id for run in worlds.prefect.runs if not run.has_ended}
    opened = {cycle.period.id for cycle in worlds.records.cycles}
    for start in worlds.records.starts:
        period = start.period
        is_near = worlds.now < start.moment < worlds.now + PLANNED_AHEAD
        if is_near and period.id.lower() in settled and period.id not in runs | opened:
            facts = {"label": period.label, "start": format_moment(start.moment)}
            yield Discrepancy("start_not_planned", period.id, facts)


def schedules_added(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find what is scheduled but not planned: a schedule somebody added to a deployment of ours."""
    if worlds.prefect is None:
        return
    wanted = {deployment.name: {s.slug for s in deployment.schedules} for deployment in worlds.prefect.wanted}
    for name, here in _ours(worlds).items():
        for schedule in here.schedules:
            if name in wanted and schedule.slug not in wanted[name]:
                facts = {"deployment": name, "schedule": schedule.slug or "（无名）", "rule": schedule.rule}
                yield Discrepancy("schedule_added", f"{name}/{schedule.slug or schedule.rule}", facts)


def schedules_paused(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find a schedule of ours, or a whole deployment, that somebody paused."""
    if worlds.prefect is None:
        return
    wanted = {deployment.name: {s.slug for s in deployment.schedules} for deployment in worlds.prefect.wanted}
    for name, here in _ours(worlds).items():
        if name not in wanted:
            continue
        if here.is_paused:
            yield Discrepancy("deployment_paused", name, {"deployment": name})
            continue
        for schedule in here.schedules:
            if not schedule.is_active and schedule.slug in wanted[name]:
                facts = {"deployment": name, "schedule": schedule.slug}
                yield Discrepancy("schedule_paused", f"{name}/{schedule.slug}", facts)


def _ours(worlds: Snapshots) -> dict[str, DeploymentSnapshot]:
    return {d.name: d for d in (worlds.prefect.deployments if worlds.prefect else ()) if d.is_ours}


RULES = (
    deployments_missing,
    schedules_missing,
    starts_without_a_run,
    schedules_added,
    schedules_paused,
)
