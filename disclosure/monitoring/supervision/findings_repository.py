"""Findings as rows: one open row per kind and subject, whoever looks and however often."""

from __future__ import annotations

import datetime as dt
import fcntl
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.monitoring.supervision.findings import Discrepancy, Inspection
from disclosure.monitoring.supervision.texts import kinds, phrase
from disclosure.platform.clock import format_moment
from disclosure.records import ledger
from disclosure.records.tables import SupervisionFinding, SupervisionRun


@dataclass(frozen=True)
class FindingLine:
    """One finding as people read it: what, since when, what was done, what is left to do."""

    kind: str
    subject: str
    name: str
    found: str
    since: str
    mended: str
    todo: str
    is_open: bool


@dataclass(frozen=True)
class SupervisionReport:
    """What one supervision came to; ``left`` first what a person must do, ``settled`` what is over since."""

    left: tuple[FindingLine, ...]
    settled: tuple[FindingLine, ...]
    found: int

    @property
    def mended(self) -> int:
        """How many of the settled were mended by supervision."""
        return sum(bool(line.mended) for line in self.settled)

    @property
    def summary(self) -> str:
        """One line."""
        if not self.found and not self.settled:
            return phrase("agreed")
        return phrase("summary", found=self.found, mended=self.mended, left=len(self.left))


@contextmanager
def one_at_a_time(home: Path) -> Iterator[None]:
    """Let a second supervision wait for the first: both would mend the same things."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".supervising.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def begin(session: Session, profile: str, flow_run_id: str, now: dt.datetime) -> int:
    """Note that a look begins, and return its id."""
    row = SupervisionRun(profile=profile, flow_run_id=flow_run_id, started_at=now)
    session.add(row)
    session.flush()
    return row.id


def write_down(session: Session, profile: str, look: Inspection, now: dt.datetime) -> None:
    """Keep a row for every finding of a look that has none open; those that were found before are seen again."""
    keep(session, profile, look.found, now)


def keep(session: Session, profile: str, found: Iterable[Discrepancy], now: dt.datetime) -> None:
    """Keep a row for each of ``found`` that has none open; ``now`` is when a new one was first seen."""
    known = {(row.kind, row.subject): row for row in open_findings(session, profile)}
    for one in found:
        row = known.get(one.key)
        is_new = row is None
        if row is None:
            row = SupervisionFinding(profile=profile, kind=one.kind, subject=one.subject, first_seen=now)
            session.add(row)
        row.facts, row.cycle_id, row.run_id, row.last_seen = dict(one.facts), one.cycle_id, one.run_id, now
        if is_new:
            ledger.append(
                session, "supervision.found", actor="系统", cycle_id=one.cycle_id, kind=one.kind, subject=one.subject
            )


def note_mending(session: Session, profile: str, outcome: Mapping[tuple[str, str], str], now: dt.datetime) -> None:
    """Note what became of mending: key -> an empty text, or why it did not work."""
    for row in open_findings(session, profile):
        why = outcome.get((row.kind, row.subject))
        if why is not None:
            row.mended_at, row.failure = (None, why) if why else (now, "")


def settle(session: Session, profile: str, look: Inspection, now: dt.datetime) -> list[SupervisionFinding]:
    """Close what ``look`` no longer finds, but for what rests on a world it could not see; those closed.

    What only the watcher sees, it closes itself.
    """
    seen = {one.key for one in look.found}
    gone = [
        row
        for row in open_findings(session, profile)
        if (row.kind, row.subject) not in seen
        and not kinds()[row.kind].is_watched
        and not set(kinds()[row.kind].worlds) & look.unread.keys()
    ]
    _close(session, gone, now)
    return gone


def close(session: Session, profile: str, keys: Collection[tuple[str, str]], now: dt.datetime) -> None:
    """Close the open findings with these keys."""
    _close(session, [row for row in open_findings(session, profile) if (row.kind, row.subject) in keys], now)


def _close(session: Session, rows: Iterable[SupervisionFinding], now: dt.datetime) -> None:
    for row in rows:
        row.settled_at = now
        ledger.append(
            session,
            "supervision.settled",
            actor="系统",
            cycle_id=row.cycle_id,
            kind=row.kind,
            subject=row.subject,
            mended=row.mended_at is not None,
        )


def finish(session: Session, run: int, report: SupervisionReport, now: dt.datetime) -> None:
    """Note what the look came to."""
    row = session.get_one(SupervisionRun, run)
    row.finished_at = now
    row.found, row.mended, row.left = report.found, report.mended, len(report.left)


def open_findings(session: Session, profile: str, *, kind: str = "") -> list[SupervisionFinding]:
    """Return what is open, or what of one kind is, oldest first."""
    wanted = select(SupervisionFinding).where(
        SupervisionFinding.profile == profile, SupervisionFinding.settled_at.is_(None)
    )
    if kind:
        wanted = wanted.where(SupervisionFinding.kind == kind)
    return list(session.scalars(wanted.order_by(SupervisionFinding.first_seen, SupervisionFinding.id)))


def line_of(row: SupervisionFinding) -> FindingLine:
    """Return a row as people read it."""
    kind = kinds()[row.kind]
    is_open = row.settled_at is None
    mended = kind.mended.format(**row.facts) if row.mended_at is not None else ""
    if row.failure:
        mended = phrase("failed", why=row.failure)
    elif mended and is_open:
        mended = phrase("still", mended=mended)
    return FindingLine(
        kind=row.kind,
        subject=row.subject,
        name=kind.name,
        found=kind.found.format(**row.facts),
        since=format_moment(row.first_seen),
        mended=mended,
        todo=kind.todo.format(**row.facts) if is_open else "",
        is_open=is_open,
    )


def report_of(
    session: Session, profile: str, looks: Sequence[Inspection], gone: list[SupervisionFinding]
) -> SupervisionReport:
    """Return what to tell after ``looks``: what is open, and what was settled in it."""
    left = tuple(line_of(row) for row in open_findings(session, profile))
    seen = {one.key for look in looks for one in look.found}
    return SupervisionReport(left, tuple(line_of(row) for row in gone), len(seen))
