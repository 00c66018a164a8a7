"""Findings about Prefect's runs: dead, stopped, waiting for nobody, or of questions that nobody can answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from disclosure.clock import said
from disclosure.supervision.discovered import Discovered
from disclosure.supervision.worlds import CycleSeen, RunSeen, Worlds

#: A run says ``Running`` from within its process, so no process means dead; this only spares it needless looks.
RUNNING_GRACE = dt.timedelta(seconds=2)
#: A cold start of a process takes its time before the run says ``Running``.
PENDING_GRACE = dt.timedelta(minutes=2)
#: A living runner takes a run within seconds.
TAKING_GRACE = dt.timedelta(minutes=1)
#: Between suspending and storing its form a run needs a moment.
FORM_GRACE = dt.timedelta(minutes=1)
#: A run may start this much off its hour.
HOUR_GRACE = dt.timedelta(minutes=1)

_WAITING_FOR_RUNNER = {"Resuming", "Late", "AwaitingRetry", "Scheduled", "AwaitingConcurrencySlot"}


def is_dead(run: RunSeen, now: dt.datetime) -> bool:
    """Whether Prefect calls a run under way whose process is gone; false where that cannot be known."""
    grace = {"RUNNING": RUNNING_GRACE, "CANCELLING": PENDING_GRACE, "PENDING": PENDING_GRACE}.get(run.state_type)
    return grace is not None and run.has_process is False and run.since + grace < now


def can_go_on(run: RunSeen, now: dt.datetime) -> bool:
    """Whether a run is under way, waits for an answer that can be given, or will be taken up now."""
    if run.has_ended or is_dead(run, now) or _lacks_form(run, now):
        return False
    return run.state_type != "SCHEDULED" or run.expected is None or run.expected <= now + HOUR_GRACE


def runs_under_way(worlds: Worlds, period_id: str, but: str = "") -> list[RunSeen]:
    """Runs of a period that can go on by themselves, other than ``but``."""
    runs = worlds.prefect.runs if worlds.prefect else ()
    return [run for run in runs if run.period_id == period_id and run.id != but and can_go_on(run, worlds.now)]


def dead_runs(worlds: Worlds) -> Iterator[Discovered]:
    """``Running`` with no live process."""
    for run in worlds.prefect.runs if worlds.prefect else ():
        if is_dead(run, worlds.now):
            cycle = _driven_by(worlds, run.id)
            facts = {"run": run.name, "state": run.state, "since": said(run.since)}
            yield Discovered("run_dead", run.id, facts, cycle.id if cycle else None, run.id)


def runs_not_taken(worlds: Worlds) -> Iterator[Discovered]:
    """``Resuming`` (or late) with no runner that takes it up."""
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
            facts = {"run": run.name, "state": run.state, "since": said(run.expected or run.since), "runner": runner}
            yield Discovered("run_not_taken", run.id, facts, run_id=run.id)


def cycles_without_a_run(worlds: Worlds) -> Iterator[Discovered]:
    """A cycle under way whose run is gone, crashed, ended by hand, or asks without a form."""
    if worlds.prefect is None:
        return
    known = {run.id: run for run in worlds.prefect.runs}
    for cycle in worlds.records.cycles:
        if cycle.step == "archive" or runs_under_way(worlds, cycle.period.id, but=cycle.driver_run_id):
            continue
        facts = {"label": cycle.period.label, "period": cycle.period.id}
        if not cycle.driver_run_id:
            if cycle.opened_at + FORM_GRACE < worlds.now:
                yield Discovered("cycle_without_run", cycle.period.id, facts, cycle.id)
            continue
        driver = known.get(cycle.driver_run_id)
        yield from _of_driver(worlds, cycle, driver, facts)


def _of_driver(worlds: Worlds, cycle: CycleSeen, driver: RunSeen | None, facts: dict[str, str]) -> Iterator[Discovered]:
    is_lost = driver is None or driver.state_type == "CRASHED"
    if is_lost or (driver is not None and _lacks_form(driver, worlds.now)):
        what = "已不在" if driver is None else "已崩溃" if driver.has_ended else "没有留下表单"
        facts = {**facts, "what": what, "run": driver.name if driver else cycle.driver_run_id}
        if cycle.ask is not None and cycle.ask.run_id == cycle.driver_run_id:
            facts |= {"asked": said(cycle.ask.asked_at)}
            yield Discovered("ask_without_run", cycle.ask.key, facts, cycle.id, cycle.driver_run_id)
        else:
            yield Discovered("run_stopped", cycle.driver_run_id, facts, cycle.id, cycle.driver_run_id)
    elif driver is not None and driver.has_ended:
        facts |= {"run": driver.name, "state": driver.state, "since": said(driver.since)}
        # Somebody who cancels a publication half way has a reason; one that failed goes on until it is whole.
        kind = "release_partial" if cycle.is_partial and driver.state_type == "FAILED" else "run_ended"
        yield Discovered(kind, driver.id, facts, cycle.id, driver.id)


def publications_not_scheduled(worlds: Worlds) -> Iterator[Discovered]:
    """A signed release whose run will not start at the signed hour; where that has passed, it should start now."""
    if worlds.prefect is None:
        return
    known = {run.id: run for run in worlds.prefect.runs}
    for cycle in worlds.records.cycles:
        planned, driver = cycle.planned_for, known.get(cycle.driver_run_id)
        if planned is None or driver is None or driver.state_type != "SCHEDULED" or driver.expected is None:
            continue
        # What is due already is not taken, which is told elsewhere.
        if driver.expected > worlds.now and abs(driver.expected - planned) > HOUR_GRACE:
            facts = {"label": cycle.period.label, "planned": said(planned), "scheduled": said(driver.expected)}
            yield Discovered("publication_not_scheduled", cycle.period.id, facts, cycle.id, driver.id)


def runs_not_planned(worlds: Worlds) -> Iterator[Discovered]:
    """A run that somebody has scheduled ahead, which neither the plan nor a sign-off asks for."""
    if worlds.prefect is None:
        return
    drivers = {cycle.driver_run_id for cycle in worlds.records.cycles}
    for run in worlds.prefect.runs:
        ahead = run.state_type == "SCHEDULED" and run.expected is not None and run.expected > worlds.now + HOUR_GRACE
        if ahead and run.period_id and not run.is_planned_by_prefect and run.id not in drivers:
            facts = {"run": run.name, "when": said(run.expected or worlds.now)}
            yield Discovered("scheduled_not_planned", run.id, facts, run_id=run.id)


def _lacks_form(run: RunSeen, now: dt.datetime) -> bool:
    return run.state_type == "PAUSED" and run.has_form is False and run.since + FORM_GRACE < now


def _driven_by(worlds: Worlds, run_id: str) -> CycleSeen | None:
    return next((cycle for cycle in worlds.records.cycles if cycle.driver_run_id == run_id), None)


RULES = (
    dead_runs,
    runs_not_taken,
    cycles_without_a_run,
    publications_not_scheduled,
    runs_not_planned,
)
