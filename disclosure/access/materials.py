"""What lies unpublished behind an address: of which round it is, and where that stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.access.embargo import GATES_OF_STEP, MaterialState
from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog, GateId, MaterialKind
from disclosure.records.states import ChangeStep, ReleaseState
from disclosure.records.subjects import Subject, is_about
from disclosure.records.tables import Ask, AuditRun, Compilation, Cycle, LedgerEntry, OpennessChange, Release

_REPORT = re.compile(r"(?P<period>[^/]+)/round-(?P<round>\d{1,4})-[^/]*")
_PREVIEW = re.compile(r"(?P<openness>openness-)?(?P<digest>[0-9a-f]{16})(?:/.*)?")
_REPLY = re.compile(r"[^/]+/(?P<period>[^/]+?)-(?P<office>[^-/]+)-第(?P<round>\d{1,4})轮[^/]*")
#: What the ledger is told when a run becomes the one that drives a cycle or a change, and of the one before it.
_TAKEN_BY_RUNS = (
    *("cycle.taken_over", "cycle.restarted", "publication.scheduled"),
    *("openness.taken_over", "openness.restarted"),
)


@dataclass(frozen=True)
class Material:
    """Something that may be unpublished: ``path`` below the folder of its kind, ``title`` for people."""

    kind: MaterialKind
    path: str
    title: str
    state: MaterialState
    cycle_id: int | None = None


def find_report(session: Session, catalog: Catalog, path: str) -> Material | None:
    """Return the quality report, or its sheets, at ``path``; None for what no cycle of ours has."""
    found = _REPORT.fullmatch(path)
    wanted = select(Cycle).where(Cycle.profile == catalog.profile.id)
    cycle = session.scalars(wanted.where(Cycle.period_id == found["period"])).one_or_none() if found else None
    return None if found is None or cycle is None else _of_round(session, cycle, int(found["round"]), "report", path)


def find_preview(session: Session, path: str) -> Material | None:
    """Return the rendered release, or openness pages, that ``path`` belongs to."""
    found = _PREVIEW.fullmatch(path)
    if found is None:
        return None
    if found["openness"]:
        wanted = select(OpennessChange).where(OpennessChange.digest.startswith(found["digest"]))
        change = session.scalars(wanted.order_by(OpennessChange.id.desc())).first()
        return None if change is None else _of_change(session, change, "openness", path)
    release = session.scalars(select(Release).where(Release.digest.startswith(found["digest"]))).first()
    if release is None:
        return None
    return _of_round(session, session.get_one(Cycle, release.cycle_id), release.round, "preview", path)


def find_reply(session: Session, catalog: Catalog, path: str) -> Material | None:
    """Return the reply to an office at ``path``; one to a file that belongs to no round is the compiler's to see."""
    found = _REPLY.fullmatch(path)
    if found is None:
        return Material("reply", path, "未受理的文件", MaterialState()) if path.startswith("未受理/") else None
    offices = frozenset(o.id for o in catalog.offices.values() if found["office"] in (o.id, o.name))
    title = f"{found['period']} {found['office']}第 {found['round']} 轮"
    return Material(
        "reply", path, title, MaterialState(offices=offices), _cycle_of_label(session, catalog, found["period"])
    )


def find_briefing(session: Session, flow_run_id: str) -> Material | None:
    """Return what the run ``flow_run_id`` shows to those it asks; None for a run that is about nothing of ours.

    A run that was replaced before it asked anything has shown the figures all the same.
    """
    latest = select(Ask).where(Ask.flow_run_id == flow_run_id).order_by(Ask.id.desc()).limit(1)
    ask = session.scalars(latest).one_or_none()
    about = _driven_by(session, flow_run_id) if ask is None else _asked_about(session, ask)
    if about is None:
        return None
    if isinstance(about, OpennessChange):
        return _of_change(session, about, "briefing", flow_run_id)
    return _of_round(session, about, ask.round if ask is not None else about.round, "briefing", flow_run_id)


def _asked_about(session: Session, ask: Ask) -> Subject:
    if ask.change_id is not None:
        return session.get_one(OpennessChange, ask.change_id)
    return session.get_one(Cycle, ask.cycle_id)


def _driven_by(session: Session, flow_run_id: str) -> Subject | None:
    """Return what the run drives, or drove at some time by the ledger."""
    cycle = session.scalars(select(Cycle).where(Cycle.driver_run_id == flow_run_id)).one_or_none()
    change = session.scalars(select(OpennessChange).where(OpennessChange.driver_run_id == flow_run_id)).one_or_none()
    if cycle is not None or change is not None:
        return cycle or change
    told = select(LedgerEntry).where(
        LedgerEntry.event.in_(_TAKEN_BY_RUNS), LedgerEntry.details.contains(f'"{flow_run_id}"', autoescape=True)
    )
    entry = session.scalars(told.order_by(LedgerEntry.number.desc()).limit(1)).one_or_none()
    if entry is None:
        return None
    if entry.cycle_id is not None:
        return session.get(Cycle, entry.cycle_id)
    return session.get(OpennessChange, json.loads(entry.details)["change"])


def of_current_round(session: Session, cycle: Cycle, path: str) -> Material:
    """Return what the page at ``path`` gathers of the round that ``cycle`` is in."""
    return _of_round(session, cycle, cycle.round, "briefing", path)


def list_materials(session: Session, catalog: Catalog, limit: int) -> list[Material]:
    """Return the newest reports and previews, the newest first of each."""
    reports = select(AuditRun.report).join(Compilation).join(Cycle).where(Cycle.profile == catalog.profile.id)
    releases = select(Release.digest).join(Cycle).where(Cycle.profile == catalog.profile.id)
    paths = session.scalars(reports.order_by(AuditRun.id.desc()).limit(limit))
    digests = session.scalars(releases.order_by(Release.id.desc()).limit(limit))
    found = [find_report(session, catalog, path) for path in paths]
    found += [find_preview(session, f"{digest[:16]}/index.html") for digest in digests]
    return [material for material in found if material is not None]


def _of_round(session: Session, cycle: Cycle, round_number: int, kind: MaterialKind, path: str) -> Material:
    wanted = select(Release.state).where(Release.cycle_id == cycle.id, Release.round == round_number)
    state = MaterialState(
        asked=_asked(session, cycle, round_number),
        offices=frozenset(),
        is_public=session.scalars(wanted).one_or_none() is ReleaseState.LIVE,
    )
    title = f"{parse_period(cycle.period_id).label}第 {round_number} 轮"
    return Material(kind, path, title, state, cycle.id)


def _of_change(session: Session, change: OpennessChange, kind: MaterialKind, path: str) -> Material:
    state = MaterialState(
        asked=_asked(session, change, change.round),
        offices=frozenset({change.office}),
        is_public=change.step is ChangeStep.DONE,
    )
    return Material(kind, path, change.title, state)


def _asked(session: Session, subject: Subject, round_number: int) -> frozenset[GateId]:
    """Return the gates that a round was put to so far."""
    steps = session.scalars(select(Ask.step).where(is_about(Ask, subject), Ask.round == round_number).distinct())
    return frozenset(gate for step in steps for gate in GATES_OF_STEP[step])


def _cycle_of_label(session: Session, catalog: Catalog, label: str) -> int | None:
    rows = session.execute(select(Cycle.id, Cycle.period_id).where(Cycle.profile == catalog.profile.id))
    return next((cycle_id for cycle_id, period_id in rows if parse_period(period_id).label == label), None)
