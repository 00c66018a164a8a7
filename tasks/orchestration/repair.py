"""Going on after something died: at every start of the runner, and where supervision finds it.

What Prefect alone never does. A run whose process was killed together with its runner stays ``Running`` for good. When
our server and runner start, every earlier process of theirs is gone, so whatever is still called running is dead. And
whatever Prefect remembers, or has lost with its database, our records know which cycles were under way.

Each repair may be done twice, or be stopped anywhere, and leaves nothing double.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.exceptions import PrefectException
from prefect.states import Scheduled
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from disclosure.calendar.periods import parse_period
from disclosure.cycle import queries
from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.monitoring.supervision.our_snapshots import load_watched
from disclosure.monitoring.supervision.run_status import ABANDONED, LIVE, TO_BE_ENDED, RunStatus, run_status
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.installation import Installation
from disclosure.records.subjects import SubjectKey, ledger_reference, lock
from disclosure.records.tables import Cycle, LedgerEntry, OpennessChange
from disclosure.review import asks
from tasks.orchestration import runs
from tasks.orchestration.registration import register
from tasks.orchestration.run_status import end_run, settle_run, snapshot_run, snapshot_runs, unended_runs

#: A run is started and told of in one go: whatever was told long ago is of another run.
_LATEST = 200
#: Registering puts all of these right at once.
_BY_REGISTERING = {
    "deployment_missing",
    "not_scheduled",
    "schedule_added",
    "schedule_paused",
    "deployment_paused",
    "deployment_unwanted",
    "deployment_altered",
}


def end_dead_runs(installation: Installation) -> int:
    """Call dead what is dead; to be done while no runner of ours lives. How many were in a process.

    A run that was stopped before its form was there is dead as well.
    """
    statuses = []
    with get_client(sync_client=True) as client:
        seen = snapshot_runs(client, installation, unended_runs(client))
    for run in seen:
        status = run_status(replace(run, has_process=False), utc_now(), has_runner=False)
        if status in TO_BE_ENDED:
            end_run(run, status)
            statuses.append(status)
    return statuses.count(RunStatus.DEAD)


def restart_abandoned(installation: Installation) -> list[str]:
    """Start a fresh run for everything under way that has no run which can go on; what people call it."""
    with installation.records.read() as session:
        watched = load_watched(session, installation.catalog)
    abandoned = [
        one
        for one in watched
        if not one.driver_run_id
        or settle_run(installation, one.driver_run_id, asked=one.asked or None)[1] not in LIVE | {RunStatus.ENDED}
    ]
    for one in abandoned:
        start_successor(installation, one.about, one.driver_run_id or None)
    return [one.label for one in abandoned]


def start_successor(installation: Installation, about: SubjectKey, before: str | None) -> UUID:
    """Start a fresh run for what ``before`` drove and cannot go on with, and make it the driver.

    The same run for whoever asks again before it has begun. Another driver than ``before`` is left alone: somebody was
    quicker. A question that the run before put can be answered no more, and whoever shows it sees that by its driver.
    """
    with installation.records.read() as session:
        subject = about.get(session)
    if subject.driver_run_id != before:
        return UUID(subject.driver_run_id)
    occasion = f"after-{before or 'none'}"
    if isinstance(subject, Cycle):
        run_id = runs.start_once(queries.period_of(subject), tuple(subject.only), occasion)
    else:
        run_id = runs.start_change_once(subject.id, occasion)
    with installation.records.write() as session:
        subject = about.get(session)
        lock(session, subject)
        if subject.driver_run_id in {before, str(run_id)} and not _is_told(session, run_id):
            subject.driver_run_id = str(run_id)
            event = "cycle.restarted" if isinstance(subject, Cycle) else "openness.restarted"
            ledger.append(session, event, actor="系统", **ledger_reference(subject), run=str(run_id), before=before)
    return run_id


def _is_told(session: Session, run_id: UUID) -> bool:
    """Tell whether the ledger has it that this run was started."""
    told = select(LedgerEntry.details).where(LedgerEntry.event.in_(["cycle.restarted", "openness.restarted"]))
    newest = session.scalars(told.order_by(LedgerEntry.number.desc()).limit(_LATEST))
    return any(str(run_id) in details for details in newest)


def mend(installation: Installation, found: Iterable[Discrepancy]) -> dict[tuple[str, str], str]:
    """Do what is safe about ``found``; for what something was tried: an empty text, or why it did not work."""
    outcome: dict[tuple[str, str], str] = {}
    of_schedules = [one for one in found if one.kind in _BY_REGISTERING]
    if of_schedules:
        why = _tried(lambda: register(installation))
        outcome |= {one.key: why for one in of_schedules}
    for one in found:
        if mending := _MENDINGS.get(one.kind):
            outcome[one.key] = _tried(lambda mending=mending, one=one: mending(installation, one))  # type: ignore[misc]
    return outcome


def mended_kinds() -> frozenset[str]:
    """Return the kinds that something is done about."""
    return frozenset(_BY_REGISTERING | _MENDINGS.keys())


def _start(installation: Installation, one: Discrepancy) -> None:
    """Let a fresh run drive a change of the openness catalogue."""
    about = SubjectKey(OpennessChange, int(one.subject))
    with installation.records.read() as session:
        asked = asks.awaited_key(session, about.get(session))
    if one.run_id and settle_run(installation, one.run_id, asked=asked)[1] in LIVE:
        return
    start_successor(installation, about, one.run_id or None)


def _replace_late(installation: Installation, one: Discrepancy) -> None:
    """End a run that nothing took up when it was due, and let a fresh one begin."""
    run = snapshot_run(installation, UUID(one.run_id))
    if run is not None and (run.state_type == "SCHEDULED" or (run.state_type == "PENDING" and not run.has_process)):
        end_run(run, RunStatus.DUE)
    table = Cycle if one.cycle_id is not None else OpennessChange
    start_successor(installation, SubjectKey(table, one.cycle_id or int(one.subject)), one.run_id)


def _open(installation: Installation, one: Discrepancy) -> None:
    """Open the cycle in our records, without which no run may (``admission``), and start its run."""
    with installation.records.write() as session:
        queries.open_cycle(session, installation.catalog, parse_period(one.subject))
    runs.start_once(parse_period(one.subject), (), "missed-start")


def _pause_deployment(_installation: Installation, one: Discrepancy) -> None:
    _patch(f"/deployments/{one.facts['id']}", {"paused": True})


def _switch_off_automation(_installation: Installation, one: Discrepancy) -> None:
    _patch(f"/automations/{one.subject}", {"enabled": False})


def _pause_pool(_installation: Installation, one: Discrepancy) -> None:
    with get_client(sync_client=True) as client:
        client.update_work_pool(one.subject, WorkPoolUpdate(is_paused=True))


def _patch(path: str, body: Mapping[str, bool]) -> None:
    with get_client(sync_client=True) as client:
        client.request("PATCH", path, json=body)  # type: ignore[arg-type]  # any path, not only those it names


def _crash_run(installation: Installation, one: Discrepancy) -> None:
    """Crash a dead run; its cycle, if it drove one, gets a fresh run."""
    _, status = settle_run(installation, one.run_id)
    if status in ABANDONED and one.cycle_id is not None:
        start_successor(installation, SubjectKey(Cycle, one.cycle_id), one.run_id)


def _go_on(installation: Installation, one: Discrepancy) -> None:
    """Let a fresh run take up where the records are, and ask again what is open."""
    assert one.cycle_id is not None  # noqa: S101 - a finding about a cycle
    with installation.records.read() as session:
        asked = asks.awaited_key(session, queries.get_cycle(session, one.cycle_id))
    _, status = settle_run(installation, one.run_id, asked=asked)
    if status not in LIVE:
        start_successor(installation, SubjectKey(Cycle, one.cycle_id), one.run_id)


def _to_its_hour(installation: Installation, one: Discrepancy) -> None:
    """Schedule the run of a signed release for the hour that was signed, any other that was put off for now."""
    hour = utc_now()
    if one.cycle_id is not None:
        with installation.records.read() as session:
            release = queries.release_of(session, queries.get_cycle(session, one.cycle_id))
        hour = release.planned_for if release is not None and release.planned_for is not None else hour
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(UUID(one.run_id)).state
        if state is not None and state.is_scheduled():
            client.set_flow_run_state(UUID(one.run_id), Scheduled(scheduled_time=hour), force=True)


def _tried(mending: Callable[[], object]) -> str:
    try:
        mending()
    except (DisclosureError, PrefectException, httpx.HTTPError, SQLAlchemyError, OSError) as error:
        return str(error) if isinstance(error, DisclosureError) else f"{type(error).__name__}: {error}"
    return ""


_MENDINGS: Mapping[str, Callable[[Installation, Discrepancy], None]] = {
    "cycle_not_opened": _open,
    "deployment_added": _pause_deployment,
    "automation_added": _switch_off_automation,
    "pool_added": _pause_pool,
    "run_dead": _crash_run,
    "run_stopped": _go_on,
    "run_ended": _go_on,
    "run_late": _replace_late,
    "change_without_run": _start,
    "ask_without_run": _go_on,
    "release_partial": _go_on,
    "publication_not_scheduled": _to_its_hour,
}
