"""What a rehearsal came to, read from its records: each date met or missed, by whom and why, and every letter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles, deadlines
from disclosure.catalog import Catalog, GateId, Milestone
from disclosure.clock import shanghai
from disclosure.deadlines import CyclePlan, Deadline
from disclosure.periods import Period
from disclosure.records.tables import ChannelDelivery, Compilation, Cycle, Decision, Person, Submission
from disclosure.rehearsal.stage import Message, Note, Stage
from disclosure.reminders.duties import MILESTONE_OF_GATE

#: ``met``: by its planned day; ``late``: after that, by the date that counts; ``missed``: later, or never.
State = Literal["met", "late", "missed"]


@dataclass(frozen=True)
class Passed:
    """One milestone: ``done_at`` (aware; None: never) by ``people``; ``causes`` say why it was not by its planned day.

    ``is_statutory``: the law wants it by that date, and whoever misses it must answer for it.
    """

    deadline: Deadline
    state: State
    done_at: dt.datetime | None
    people: tuple[str, ...]
    causes: tuple[str, ...]
    is_statutory: bool


@dataclass(frozen=True)
class Course:
    """One cycle from opening to publication; ``opened_at`` is None where it never was."""

    period: Period
    opened_at: dt.datetime | None
    rounds: int
    milestones: tuple[Passed, ...]


@dataclass(frozen=True)
class Rehearsed:
    """The whole year."""

    year: int
    title: str
    courses: tuple[Course, ...]
    messages: tuple[Message, ...]
    notes: tuple[Note, ...]

    @property
    def passed(self) -> tuple[Passed, ...]:
        """Every milestone of every cycle."""
        return tuple(each for course in self.courses for each in course.milestones)

    @property
    def statutory_misses(self) -> tuple[Passed, ...]:
        """Dates of the law that were missed."""
        return tuple(each for each in self.passed if each.is_statutory and each.state == "missed")


@dataclass(frozen=True)
class _Done:
    at: dt.datetime | None
    people: tuple[str, ...] = ()


def look_back(stage: Stage, year: int, played: Sequence[Period]) -> Rehearsed:
    """What the records of ``stage`` tell of the cycles that were ``played``."""
    with stage.place.records.read() as session:
        plans = [deadlines.cycle_plan(session, stage.catalog, period) for period in played]
        plans.sort(key=lambda own: own.deadlines[0].due if own.deadlines else dt.date.max)
        courses = tuple(_course(session, stage.catalog, own, stage.notes) for own in plans)
    return Rehearsed(year, stage.catalog.profile.title, courses, tuple(stage.messages), tuple(stage.notes))


def _course(session: Session, catalog: Catalog, own: CyclePlan, notes: Sequence[Note]) -> Course:
    cycle = own.cycle
    done = _done(session, catalog, cycle) if cycle is not None else {}
    # What went wrong before a milestone that was met explains nothing after it.
    since = dt.datetime.combine(own.deadlines[0].planned - dt.timedelta(days=1), dt.time(), dt.UTC)
    passed: list[Passed] = []
    for place, deadline in enumerate(own.deadlines):
        reached = done.get(deadline.milestone, _Done(None))
        state = _state(deadline, reached.at)
        # What was never done was over when something after it was.
        later = (done[each.milestone].at for each in own.deadlines[place:] if each.milestone in done)
        until = next((at for at in later if at is not None), None)
        causes = [] if state == "met" else _causes(own.period, deadline, notes, since, until)
        is_statutory = deadline.milestone == "publish" and own.period.kind != "special"
        passed.append(Passed(deadline, state, reached.at, reached.people, tuple(causes), is_statutory))
        if state == "met" and reached.at is not None:
            since = max(since, reached.at)
    return Course(own.period, cycle.opened_at if cycle else None, cycle.round if cycle else 0, tuple(passed))


def _state(deadline: Deadline, done_at: dt.datetime | None) -> State:
    if done_at is None or shanghai(done_at).date() > deadline.due:
        return "missed"
    return "met" if shanghai(done_at).date() <= deadline.planned else "late"


def _causes(
    period: Period, deadline: Deadline, notes: Sequence[Note], since: dt.datetime, until: dt.datetime | None
) -> list[str]:
    concerning = [note for note in notes if note.period in (None, period) and note.at > since]
    known = [note.said for note in concerning if note.delays and (until is None or note.at <= until)]
    return [*dict.fromkeys(known), *([deadline.why] if deadline.is_provisional else [])]


def _done(session: Session, catalog: Catalog, cycle: Cycle) -> dict[Milestone, _Done]:
    """When each milestone was done and by whom: drafts and compilation in the first round, the gates in the last."""
    found: dict[Milestone, _Done] = {"draft": _drafts(session, catalog, cycle), "compile": _compiled(session, cycle)}
    made = cycles.decisions(session, cycle, cycle.round)
    for milestone in ("review", "confidentiality", "sign_off"):
        gates = [gate for gate, of in MILESTONE_OF_GATE.items() if of == milestone]
        found[milestone] = _decided(made, gates)
    release = cycles.release_of(session, cycle)
    if release is not None and release.is_live:
        of_release = (ChannelDelivery.release_id == release.id, ChannelDelivery.action == "switch")
        rows = session.scalars(select(ChannelDelivery).where(*of_release).order_by(ChannelDelivery.id)).all()
        names = tuple(catalog.channels[row.channel].name for row in rows)
        found["publish"] = _Done(max(row.updated_at for row in rows), names)
    return found


def _drafts(session: Session, catalog: Catalog, cycle: Cycle) -> _Done:
    rows = session.scalars(
        select(Submission)
        .where(Submission.cycle_id == cycle.id, Submission.is_accepted, Submission.round == 1)
        .order_by(Submission.received_at, Submission.id)
    ).all()
    handed_in = {row.centre for row in rows}
    owing = [office.name for office in cycles.expected_centres(catalog, cycle) if office.id not in handed_in]
    if owing:
        return _Done(None, tuple(f"{name}未交" for name in owing))
    return _Done(rows[-1].received_at, (rows[-1].filler,))


def _compiled(session: Session, cycle: Cycle) -> _Done:
    first = session.scalars(
        select(Compilation).where(Compilation.cycle_id == cycle.id, Compilation.round == 1)
    ).one_or_none()
    if first is None:
        return _Done(None)
    excused = [excuse for excuse in cycles.excuses(session, cycle).values() if excuse.round == 1]
    by = dict.fromkeys(session.get_one(Person, excuse.person_id).name for excuse in excused)
    return _Done(first.compiled_at, tuple(by) or ("系统",))


def _decided(made: dict[str, Decision], gates: Sequence[GateId]) -> _Done:
    standing = [made[gate] for gate in gates if gate in made and made[gate].outcome == "approved"]
    names = tuple(dict.fromkeys(decision.person.name for decision in standing))
    if len(standing) < len(gates):
        return _Done(None, names)
    return _Done(max(decision.decided_at for decision in standing), names)
