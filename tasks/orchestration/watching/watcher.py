"""The watcher: every few seconds, do all that is under way have a run that goes on, and is what is due being done?

A thread of the runner's process, which has Prefect's client in memory anyway; without a runner nothing would start.
One look is a few statements of our records and one call to Prefect. What it finds is a row before it is mended.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectException
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from disclosure.cycle import queries
from disclosure.cycle.view import load_view
from disclosure.monitoring.supervision import findings_repository, plan_rules, run_rules
from disclosure.monitoring.supervision.alarms import AlarmBook
from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.monitoring.supervision.our_snapshots import load_late_publications, load_watched, snapshot_records
from disclosure.monitoring.supervision.run_status import LIVE, RunStatus, run_status
from disclosure.monitoring.supervision.snapshots import PrefectSnapshot, RunSnapshot, Snapshots
from disclosure.monitoring.supervision.watch_rules import (
    RUNS_TOLD,
    Act,
    Restarts,
    Watched,
    count_restart,
    decide,
    due_at,
    may_restart,
    refusal_of,
)
from disclosure.platform.clock import format_moment, utc_now
from disclosure.platform.errors import is_passing
from disclosure.platform.secrets import Secrets
from disclosure.records.installation import Installation
from disclosure.records.states import AskState
from disclosure.records.subjects import SubjectKey
from disclosure.records.tables import Ask, Cycle
from tasks.orchestration.processes import note_look
from tasks.orchestration.repair import mend
from tasks.orchestration.resume import wake_answered_runs
from tasks.orchestration.run_status import PAGE, snapshot_runs, unended_runs
from tasks.orchestration.secrets import read_secret
from tasks.orchestration.watching.storage import StorageFailure, storage_failures

LOOK_SECONDS = 3.0
#: A suspended run's form is looked for again after so long.
_FORM_SECONDS = 12.0
#: Whether a cycle should have been opened by now is looked at so often.
_STARTS_SECONDS = 60.0

_log = logging.getLogger("disclosure.watch")

#: What else is to be done at every look, such as waking runs whose question was answered.
Chore = Callable[[Installation], object]


class WakeForgotten:
    """Wakes the runs that still wait although they were answered a look ago: whoever took the answer wakes them first.

    Two who wake one run at once are in each other's way.
    """

    def __init__(self) -> None:
        self._asleep: set[int] = set()

    def __call__(self, installation: Installation) -> None:
        """Wake those that were asleep the last time as well."""
        with installation.records.read() as session:
            asleep = set(session.scalars(select(Ask.id).where(Ask.state == AskState.ANSWERED, Ask.is_awake.is_(False))))
        if asleep & self._asleep:
            wake_answered_runs(installation)
        self._asleep = asleep


@dataclass
class _Sight:
    """What was seen of the run of one subject: in which status, and since when."""

    driver: str
    status: RunStatus
    since: dt.datetime


@dataclass
class Watcher:
    """Looks, mends, and tells of what cannot be mended."""

    installation: Installation
    read_secret: Secrets = read_secret
    chores: Sequence[Chore] = ()
    _sights: dict[SubjectKey, _Sight] = field(default_factory=dict)
    _restarts: dict[SubjectKey, Restarts] = field(default_factory=dict)
    _paused: dict[tuple[UUID, UUID], tuple[dt.datetime, RunSnapshot]] = field(default_factory=dict)
    _starts_seen_at: dt.datetime | None = None
    _book: AlarmBook | None = None
    _client: SyncPrefectClient | None = None
    _can_write: bool = True

    def look(self) -> None:
        """Look once; whatever goes wrong in it is told, and the next look comes."""
        now = utc_now()
        found = [_as_finding(one) for one in storage_failures(self.installation.settings)]
        # Whoever writes to records that are locked is held up, and watches nothing meanwhile.
        self._can_write = not found
        try:
            found += self._watch(now)
        except (httpx.HTTPError, PrefectException) as error:
            self._close_client()
            found.append(Discrepancy("prefect_unreachable", "server", {"why": _first_line(error)}))
        except SQLAlchemyError as error:
            found.append(_as_finding(StorageFailure("records", "记录库", _first_line(error))))
        except OSError as error:
            home = self.installation.settings.home
            found.append(_as_finding(StorageFailure("disk", f"文件夹 {home}", _first_line(error))))
        self._book = self._book or AlarmBook(self.installation, self.read_secret)
        self._book.update({one.key: one for one in found}.values(), now, can_write=self._can_write)

    def close(self) -> None:
        """Let go of the connection."""
        self._close_client()

    def _watch(self, now: dt.datetime) -> list[Discrepancy]:
        for chore in self.chores if self._can_write else ():
            chore(self.installation)
        catalog = self.installation.catalog
        with self.installation.records.read() as session:
            watched = load_watched(session, catalog)
            found = [*load_late_publications(session, catalog, now)]
            hindered = findings_repository.open_findings(session, catalog.profile.id, kind="step_hindered")
        runs = self._see([one.driver_run_id for one in watched], now)
        for one in watched:
            found += self._look_at(one, runs.get(one.driver_run_id), now)
        self._forget(watched)
        drivers = {one.driver_run_id for one in watched}
        # What a run of anything else is hindered by, it settles itself.
        found += [
            Discrepancy(row.kind, row.subject, row.facts, row.cycle_id, row.run_id)
            for row in hindered
            if row.run_id not in runs or (row.run_id in drivers and not runs[row.run_id].has_ended)
        ]
        if self._can_write:
            self._open_what_is_due(now)
        return found

    def _look_at(self, one: Watched, run: RunSnapshot | None, now: dt.datetime) -> Iterator[Discrepancy]:
        """Do what is to be done about one subject's run; yield what people should hear of."""
        status = run_status(run, now, asked=one.asked)
        sight = self._sights.get(one.about)
        if sight is None or (sight.driver, sight.status) != (one.driver_run_id, status):
            sight = self._sights[one.about] = _Sight(one.driver_run_id, status, now)
        stood = now - sight.since
        if status in {RunStatus.WAITING, RunStatus.PLANNED}:
            self._restarts.pop(one.about, None)
        act = decide(one, run, status, stood, now)
        restarts = self._restarts.get(one.about)
        is_due = act is Act.RESCHEDULE or (act is Act.REPLACE and may_restart(restarts, run, stood, now))
        if is_due and self._can_write:
            self._mend(one, run, status, act, now)
        refused = refusal_of(run)
        name = run.name if run else one.driver_run_id
        if refused and status not in LIVE:
            yield Discrepancy(
                "work_refused", _subject(one), {"label": one.label, "run": name, "why": refused[:500].rstrip("。")}
            )
        elif (restarts := self._restarts.get(one.about)) and restarts.count >= RUNS_TOLD:
            why = (run.message if run and run.message else "没有说明")[:300]
            facts = {"label": one.label, "count": str(restarts.count), "run": name, "why": why}
            yield Discrepancy("run_keeps_failing", _subject(one), facts)

    def _mend(self, one: Watched, run: RunSnapshot | None, status: RunStatus, act: Act, now: dt.datetime) -> None:
        """Keep what was found as rows, mend it, and settle it."""
        found = [*self._explain(one, run, status, act, now)]
        profile, records = self.installation.catalog.profile.id, self.installation.records
        with records.write() as session:
            findings_repository.keep(session, profile, found, now)
        outcome = mend(self.installation, found)
        with records.write() as session:
            findings_repository.note_mending(session, profile, outcome, utc_now())
            done = [key for key, why in outcome.items() if not why]
            findings_repository.close(session, profile, done, utc_now())
        if act is Act.REPLACE:
            self._restarts[one.about] = count_restart(self._restarts.get(one.about), now)
        for (kind, _), why in outcome.items():
            told = f"，没有处理成：{why}" if why else "，已处理"
            ids = {
                "event": "run.not_mended" if why else "run.mended",
                "subject": _subject(one),
                "run": one.driver_run_id,
            }
            _log.warning("%s：%s%s", one.label, kind, told, extra=ids)

    def _explain(
        self, one: Watched, run: RunSnapshot | None, status: RunStatus, act: Act, now: dt.datetime
    ) -> Iterator[Discrepancy]:
        """Say what is wrong, in the words of supervision."""
        is_cycle = one.about.kind is Cycle
        cycle_id = one.about.id if is_cycle else None
        subject = one.label if is_cycle else str(one.about.id)
        if run is not None and run.state_type in {"SCHEDULED", "PENDING"}:
            due = format_moment(due_at(one, run))
            if act is Act.RESCHEDULE:
                facts = {"label": one.label, "planned": due, "scheduled": format_moment(run.expected or now)}
                yield Discrepancy("publication_not_scheduled", subject, facts, cycle_id, run.id)
            else:
                facts = {"label": one.label, "run": run.name, "planned": due, "state": run.state}
                yield Discrepancy("run_late", subject, facts, cycle_id, run.id)
        elif is_cycle and run is not None and status is RunStatus.DEAD:
            yield run_rules.dead_run(run, cycle_id)
        elif is_cycle:
            catalog = self.installation.catalog
            with self.installation.records.read() as session:
                view = load_view(session, catalog, queries.period_of(queries.get_cycle(session, one.about.id)))
            yield from run_rules.explain_driver(view, run, status)
        else:
            facts = {"label": one.label, "run": run.name if run else one.driver_run_id, "what": _what(run)}
            yield Discrepancy("change_without_run", subject, facts, None, one.driver_run_id)

    def _see(self, run_ids: Sequence[str], now: dt.datetime) -> dict[str, RunSnapshot]:
        """Look at these runs by one call; a suspended one whose form was there a moment ago is not looked at again."""
        wanted = [UUID(run_id) for run_id in run_ids if run_id]
        client = self._open_client()
        found: list[FlowRun] = []
        for first in range(0, len(wanted), PAGE):
            ids = FlowRunFilterId(any_=wanted[first : first + PAGE])
            found += client.read_flow_runs(flow_run_filter=FlowRunFilter(id=ids), limit=PAGE)
        fresh, runs, known = [], {}, self._paused
        self._paused = {}
        for run in found:
            key = (run.id, run.state.id) if run.state is not None else (run.id, run.id)
            if key in known and (now - known[key][0]).total_seconds() < _FORM_SECONDS:
                self._paused[key] = known[key]
                runs[str(run.id)] = known[key][1]
            else:
                fresh.append(run)
        states = {str(run.id): run.state.id for run in fresh if run.state is not None}
        for snapshot in snapshot_runs(client, self.installation, fresh):
            runs[snapshot.id] = snapshot
            if snapshot.state_type == "PAUSED" and snapshot.has_form:
                self._paused[UUID(snapshot.id), states[snapshot.id]] = (now, snapshot)
        return runs

    def _open_what_is_due(self, now: dt.datetime) -> None:
        """Start what should have been opened by now, where supervision has an hour; it says so of the rest."""
        if not self.installation.settings.supervise_at:
            return
        if self._starts_seen_at is not None and (now - self._starts_seen_at).total_seconds() < _STARTS_SECONDS:
            return
        self._starts_seen_at = now
        records = snapshot_records(self.installation, now)
        client = self._open_client()
        runs = snapshot_runs(client, self.installation, unended_runs(client))
        found = plan_rules.cycles_not_opened(Snapshots(now, records, PrefectSnapshot((), (), runs)))
        if missed := [one for one in found if one.kind == "cycle_not_opened"]:
            with self.installation.records.write() as session:
                findings_repository.keep(session, self.installation.catalog.profile.id, missed, now)
            outcome = mend(self.installation, missed)
            with self.installation.records.write() as session:
                findings_repository.note_mending(session, self.installation.catalog.profile.id, outcome, utc_now())

    def _forget(self, watched: Sequence[Watched]) -> None:
        here = {one.about for one in watched}
        for kept in (self._sights, self._restarts):
            for about in kept.keys() - here:
                del kept[about]

    def _open_client(self) -> SyncPrefectClient:
        if self._client is None:
            self._client = get_client(sync_client=True).__enter__()
        return self._client

    def _close_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.__exit__(None, None, None)


@contextmanager
def watching(installation: Installation, chores: Sequence[Chore] = ()) -> Iterator[None]:
    """Keep watch in a thread while this context is open."""
    closing = threading.Event()
    thread = threading.Thread(target=_keep_watch, args=(installation, chores, closing), name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join(LOOK_SECONDS)


def _keep_watch(installation: Installation, chores: Sequence[Chore], closing: threading.Event) -> None:
    watcher = Watcher(installation, chores=chores)
    while not closing.wait(LOOK_SECONDS):
        try:
            watcher.look()
            note_look(installation.settings)
        except Exception as error:
            # Whatever it is, nobody else would watch.
            level = logging.WARNING if is_passing(error) else logging.ERROR
            _log.log(level, "值守出错：%s", error, exc_info=True, extra={"event": "watch.failed"})
    watcher.close()


def _as_finding(failure: StorageFailure) -> Discrepancy:
    return Discrepancy("storage_failing", failure.id, {"what": failure.what, "why": failure.why[:300]})


def _subject(one: Watched) -> str:
    return f"{one.about.kind.__tablename__}/{one.about.id}"


def _what(run: RunSnapshot | None) -> str:
    return "已不在" if run is None else f"已结束（{run.state}）" if run.has_ended else "没有进程或表单"


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
