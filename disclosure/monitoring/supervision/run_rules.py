"""Findings about Prefect's runs: dead, stopped, waiting for nobody, or of questions that nobody can answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from disclosure.cycle.view import CycleView
from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.monitoring.supervision.run_status import FORM_GRACE, GOING_ON, HOUR_GRACE, RunStatus, run_status
from disclosure.monitoring.supervision.snapshots import RunSnapshot, Snapshots
from disclosure.platform.clock import format_moment
from disclosure.records.states import UNDER_WAY, ReleaseState

#: A living runner takes a run within seconds.
TAKING_GRACE = dt.timedelta(minutes=1)

#: What became of the run of a cycle that nobody stopped.
_STOPPED = {
    RunStatus.LOST: "已不在",
    RunStatus.CRASHED: "已崩溃",
    RunStatus.FORMLESS: "没有留下表单",
    RunStatus.OUTDATED: "等的不是现在要问的",
}
_WAITING_FOR_RUNNER = {"Resuming", "Late", "AwaitingRetry", "Scheduled", "AwaitingConcurrencySlot"}


def runs_under_way(worlds: Snapshots, period_id: str, but: str = "") -> list[RunSnapshot]:
    """Return the runs of a period that can go on by themselves, other than ``but``."""
    runs = worlds.prefect.runs if worlds.prefect else ()
    return [
        run for run in runs if run.period_id == period_id and run.id != but and run_status(run, worlds.now) in GOING_ON
    ]


def dead_runs(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find ``Running`` with no live process."""
    for run in worlds.prefect.runs if worlds.prefect else ():
        if run_status(run, worlds.now) is RunStatus.DEAD:
            cycle = _driven_by(worlds, run.id)
            yield dead_run(run, cycle.id if cycle else None)


def dead_run(run: RunSnapshot, cycle_id: int | None) -> Discrepancy:
    """Say that a run is under way for Prefect, and its process is gone."""
    facts = {"run": run.name, "state": run.state, "since": format_moment(run.since)}
    return Discrepancy("run_dead", run.id, facts, cycle_id, run.id)


def runs_not_taken(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find ``Resuming`` (or late) with no runner that takes it up."""
    if worlds.prefect is None:
        return
    for run in worlds.prefect.runs:
        if run.state_type != "SCHEDULED" or run.state not in _WAITING_FOR_RUNNER:
            continue
        due = max(run.since if run.state == "Resuming" else run.expected or run.since, run.since)
        # A runner that has just come first takes up what has gathered.
        due = max(due, worlds.prefect.runner_since or due)
        if due + TAKING_GRACE < worlds.now and (run.expected is None or run.expected + TAKING_GRACE < worlds.now):
            runner = "流程运行器在运行，却没有接走它" if worlds.prefect.runner_since else "没有看到流程运行器"
            facts = {
                "run": run.name,
                "state": run.state,
                "since": format_moment(run.expected or run.since),
                "runner": runner,
            }
            yield Discrepancy("run_not_taken", run.id, facts, run_id=run.id)


def cycles_without_a_run(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find a cycle under way whose run is gone, crashed, ended by hand, or asks without a form."""
    if worlds.prefect is None:
        return
    known = {run.id: run for run in worlds.prefect.runs}
    for cycle in worlds.records.cycles:
        if cycle.step not in UNDER_WAY or runs_under_way(worlds, cycle.period.id, but=cycle.driver_run_id):
            continue
        if not cycle.driver_run_id:
            if cycle.opened_at and cycle.opened_at + FORM_GRACE < worlds.now:
                facts = {"label": cycle.period.label, "period": cycle.period.id}
                yield Discrepancy("cycle_without_run", cycle.period.id, facts, cycle.id)
            continue
        driver = known.get(cycle.driver_run_id)
        yield from explain_driver(cycle, driver, run_status(driver, worlds.now))


def explain_driver(cycle: CycleView, driver: RunSnapshot | None, status: RunStatus) -> Iterator[Discrepancy]:
    """Say what is wrong with the run that drives a cycle (None: Prefect does not have it), where it cannot go on."""
    facts = {"label": cycle.period.label, "period": cycle.period.id}
    if what := _STOPPED.get(status):
        facts = {**facts, "what": what, "run": driver.name if driver else cycle.driver_run_id}
        if cycle.ask is not None and cycle.ask.flow_run_id == cycle.driver_run_id:
            facts |= {"asked": format_moment(cycle.ask.asked_at)}
            yield Discrepancy("ask_without_run", cycle.ask.key, facts, cycle.id, cycle.driver_run_id)
        else:
            yield Discrepancy("run_stopped", cycle.driver_run_id, facts, cycle.id, cycle.driver_run_id)
    elif driver is not None and status is RunStatus.ENDED:
        facts |= {"run": driver.name, "state": driver.state, "since": format_moment(driver.since)}
        is_partial = cycle.release is not None and cycle.release.state is ReleaseState.PARTIAL
        # Somebody who cancels a publication half way has a reason; one that failed goes on until it is whole.
        kind = "release_partial" if is_partial and driver.state_type == "FAILED" else "run_ended"
        yield Discrepancy(kind, driver.id, facts, cycle.id, driver.id)


def publications_not_scheduled(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find a signed release whose run will not start at the signed hour; where that has passed, it should start now."""
    if worlds.prefect is None:
        return
    known = {run.id: run for run in worlds.prefect.runs}
    for cycle in worlds.records.cycles:
        planned, driver = cycle.planned_for, known.get(cycle.driver_run_id)
        if planned is None or driver is None or driver.state_type != "SCHEDULED" or driver.expected is None:
            continue
        # What is due already is not taken, which is told elsewhere.
        if driver.expected > worlds.now and abs(driver.expected - planned) > HOUR_GRACE:
            facts = {
                "label": cycle.period.label,
                "planned": format_moment(planned),
                "scheduled": format_moment(driver.expected),
            }
            yield Discrepancy("publication_not_scheduled", cycle.period.id, facts, cycle.id, driver.id)


def runs_not_planned(worlds: Snapshots) -> Iterator[Discrepancy]:
    """Find a run that somebody has scheduled ahead, which neither the plan nor a sign-off asks for."""
    if worlds.prefect is None:
        return
    drivers = {cycle.driver_run_id for cycle in worlds.records.cycles}
    for run in worlds.prefect.runs:
        ahead = run.state_type == "SCHEDULED" and run.expected is not None and run.expected > worlds.now + HOUR_GRACE
        if ahead and run.period_id and not run.is_planned_by_prefect and run.id not in drivers:
            facts = {"run": run.name, "when": format_moment(run.expected or worlds.now)}
            yield Discrepancy("scheduled_not_planned", run.id, facts, run_id=run.id)


def _driven_by(worlds: Snapshots, run_id: str) -> CycleView | None:
    return next((cycle for cycle in worlds.records.cycles if cycle.driver_run_id == run_id), None)


RULES = (
    dead_runs,
    runs_not_taken,
    cycles_without_a_run,
    publications_not_scheduled,
    runs_not_planned,
)
