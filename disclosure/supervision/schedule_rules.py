"""Findings about what Prefect has registered: schedules missing, added or paused by hand, deployments, automations."""

from __future__ import annotations

from collections.abc import Iterator

from disclosure.supervision.discovered import Discovered
from disclosure.supervision.worlds import DeploymentSeen, Worlds


def schedules_missing(worlds: Worlds) -> Iterator[Discovered]:
    """Planned but not scheduled: a deployment, or one of its schedules, is not there or says something else."""
    if worlds.prefect is None:
        return
    known = _ours(worlds)
    for wanted in worlds.prefect.wanted:
        here = known.get(wanted.name)
        if here is None:
            yield Discovered("deployment_missing", wanted.name, {"deployment": wanted.name})
            continue
        rules = {schedule.slug: schedule.rule for schedule in here.schedules}
        for schedule in wanted.schedules:
            if rules.get(schedule.slug) != schedule.rule:
                facts = {"deployment": wanted.name, "schedule": schedule.slug}
                yield Discovered("not_scheduled", f"{wanted.name}/{schedule.slug}", facts)


def schedules_added(worlds: Worlds) -> Iterator[Discovered]:
    """Scheduled but not planned: a schedule somebody added to a deployment of ours."""
    if worlds.prefect is None:
        return
    wanted = {deployment.name: {s.slug for s in deployment.schedules} for deployment in worlds.prefect.wanted}
    for name, here in _ours(worlds).items():
        for schedule in here.schedules:
            if name in wanted and schedule.slug not in wanted[name]:
                facts = {"deployment": name, "schedule": schedule.slug or "（无名）", "rule": schedule.rule}
                yield Discovered("schedule_added", f"{name}/{schedule.slug or schedule.rule}", facts)


def schedules_paused(worlds: Worlds) -> Iterator[Discovered]:
    """A schedule of ours, or a whole deployment, that somebody paused."""
    if worlds.prefect is None:
        return
    wanted = {deployment.name: {s.slug for s in deployment.schedules} for deployment in worlds.prefect.wanted}
    for name, here in _ours(worlds).items():
        if name not in wanted:
            continue
        if here.is_paused:
            yield Discovered("deployment_paused", name, {"deployment": name})
            continue
        for schedule in here.schedules:
            if not schedule.is_active and schedule.slug in wanted[name]:
                facts = {"deployment": name, "schedule": schedule.slug}
                yield Discovered("schedule_paused", f"{name}/{schedule.slug}", facts)


def deployments_added(worlds: Worlds) -> Iterator[Discovered]:
    """A deployment of our flows that we did not register."""
    if worlds.prefect is None:
        return
    wanted = {deployment.name for deployment in worlds.prefect.wanted}
    for here in worlds.prefect.deployments:
        if here.is_ours and here.name not in wanted:
            yield Discovered("deployment_unwanted", here.name, {"deployment": here.name})
        elif not here.is_ours:
            yield Discovered("deployment_added", here.name, {"deployment": here.name})


def automations_added(worlds: Worlds) -> Iterator[Discovered]:
    """An automation that Prefect acts on: this product registers none."""
    for automation in worlds.prefect.automations if worlds.prefect else ():
        yield Discovered("automation_added", automation.id, {"automation": automation.name})


def _ours(worlds: Worlds) -> dict[str, DeploymentSeen]:
    return {d.name: d for d in (worlds.prefect.deployments if worlds.prefect else ()) if d.is_ours}


RULES = (schedules_missing, schedules_added, schedules_paused, deployments_added, automations_added)
