"""Closing a cycle that is not to be disclosed after all, and opening it again: by a person, for a reason."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.cycle import queries
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.states import UNDER_WAY, CycleStep, ReleaseState
from disclosure.records.tables import Cycle, CycleClosure, Release
from disclosure.review import asks
from disclosure.review.identify import Proof, authorise, explain_missing_power
from disclosure.review.refusals import Refusal, RefusalCode, combine_refusals


def close_cycle(work: Work, cycle: Cycle, proof: Proof) -> CycleClosure | Refusal:
    """Close ``cycle``: nobody is asked about it any more, and nothing of it is published; commit either way."""
    queries.lock(work.session, cycle)
    if refusal := combine_refusals(_object_to_close(work.session, cycle)):
        return refusal
    person = authorise(work, proof, "close")
    if isinstance(person, Refusal):
        return person
    if ask := asks.open_ask_of(work.session, cycle):
        asks.abandon(work.session, ask)
    closure = CycleClosure(
        cycle_id=cycle.id, step=cycle.step, reason=proof.reason.strip(), person_id=person.id, closed_at=work.now
    )
    work.session.add(closure)
    cycle.step = CycleStep.CLOSED
    details = {"step": closure.step, "reason": closure.reason, "run": cycle.driver_run_id}
    ledger.append(work.session, "cycle.closed", actor=person.name, cycle_id=cycle.id, **details)
    return closure


def reopen_cycle(work: Work, cycle: Cycle, proof: Proof) -> CycleStep | Refusal:
    """Open a closed ``cycle`` again where it stood, and return that step; commit either way."""
    queries.lock(work.session, cycle)
    closure = closure_of(work.session, cycle.id)
    if closure is None:
        return _not_closed(cycle)
    person = authorise(work, proof, "close")
    if isinstance(person, Refusal):
        return person
    closure.reopened_by_id, closure.reopened_at = person.id, work.now
    cycle.step = CycleStep(closure.step)
    details = {"step": closure.step, "reason": proof.reason.strip()}
    ledger.append(work.session, "cycle.reopened", actor=person.name, cycle_id=cycle.id, **details)
    return cycle.step


def explain_unclosable(work: Work, cycle_id: int, proof: Proof) -> Refusal | None:
    """Return why this cycle cannot be closed so, whatever the code; None when only the code is left to be checked."""
    cycle = queries.get_cycle(work.session, cycle_id)
    return combine_refusals([*_object_to_close(work.session, cycle), explain_missing_power(work, proof, "close")])


def explain_not_closed(work: Work, cycle_id: int, proof: Proof) -> Refusal | None:
    """Return why this cycle cannot be opened again so, whatever the code; None when only the code is left."""
    against = None if closure_of(work.session, cycle_id) else _not_closed(queries.get_cycle(work.session, cycle_id))
    return combine_refusals([against, explain_missing_power(work, proof, "close")])


def can_close(session: Session, cycle: Cycle) -> bool:
    """Tell whether the cycle may be closed now, by whoever holds the power."""
    return next(_object_to_close(session, cycle), None) is None


def closure_of(session: Session, cycle_id: int) -> CycleClosure | None:
    """Return the closure that is in force, if the cycle is closed."""
    return session.scalars(
        select(CycleClosure).where(CycleClosure.cycle_id == cycle_id, CycleClosure.reopened_at.is_(None))
    ).one_or_none()


def _not_closed(cycle: Cycle) -> Refusal:
    return Refusal(RefusalCode.OUT_OF_DATE, f"{queries.period_of(cycle).label}没有关闭，不用重新开启。")


def _object_to_close(session: Session, cycle: Cycle) -> Iterator[Refusal]:
    label = queries.period_of(cycle).label
    if cycle.step is CycleStep.CLOSED:
        yield Refusal(RefusalCode.OUT_OF_DATE, f"{label}已经关闭。")
        return
    states = set(session.scalars(select(Release.state).where(Release.cycle_id == cycle.id)))
    if cycle.step not in UNDER_WAY or states - {ReleaseState.RENDERED}:
        yield Refusal(
            RefusalCode.PUBLISHED,
            f"{label}已经发布或正在发布，不能关闭；不应公开的，请运行 disclosure withdraw 撤回。",
        )
