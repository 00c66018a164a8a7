"""An ask is a row: the question a suspended run puts, until somebody's answer to it is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure.cycle import queries
from disclosure.platform.clock import utc_now
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.states import AskState, AskStep
from disclosure.records.subjects import Subject, columns_of, is_about, ledger_reference, lock
from disclosure.records.tables import Ask, Cycle, GivenAnswer, Person
from disclosure.review.forms import proof_in
from disclosure.review.given_answers import Statement, find_same_answer, keep_answer
from disclosure.review.identify import Proof, prove
from disclosure.review.refusals import Refusal, RefusalCode


class Provable(Protocol):
    """An answer: whatever else it says, somebody says it."""

    @property
    def proof(self) -> Proof:
        """Who says it, and by what."""


A = TypeVar("A", bound=Provable)


@dataclass(frozen=True)
class Question(Generic[A]):
    """How the answers to an ask are judged, once its subject is locked.

    ``read`` makes out what a form says; ``object_to`` tells all that stands against it but the code; ``record`` does
    what the person answers; ``say`` names it.
    """

    read: Callable[[], A | Refusal]
    object_to: Callable[[A], Refusal | None]
    record: Callable[[A, Person], None]
    say: Callable[[A], Statement]


def label_of(subject: Subject) -> str:
    """Return what people call it."""
    return queries.period_of(subject).label if isinstance(subject, Cycle) else f"“{subject.title}”"


def open_ask_of(session: Session, subject: Subject) -> Ask | None:
    """Return the ask that is open about ``subject``; there is at most one."""
    return session.scalars(select(Ask).where(is_about(Ask, subject), Ask.state == AskState.OPEN)).one_or_none()


def awaited_key(session: Session, subject: Subject) -> str:
    """Return the key that the run of ``subject`` may rightly be suspended under: that of the open ask, or of the last
    one if it was answered and its run is still to be woken; empty for none.
    """
    last = session.scalars(select(Ask).where(is_about(Ask, subject)).order_by(Ask.id.desc()).limit(1)).first()
    return last.pause_key if last is not None and last.state is not AskState.ABANDONED else ""


def put(session: Session, subject: Subject, step: AskStep, digest: str, flow_run_id: str) -> Ask:
    """Ask about ``digest``: the open ask once more if it is the same question, otherwise a new one instead of it.

    Either way under a pause key never used before.
    """
    if ask := open_ask_of(session, subject):
        if (ask.step, ask.round, ask.digest) == (step, subject.round, digest):
            ask.flow_run_id, ask.times_put, ask.put_at = flow_run_id, ask.times_put + 1, utc_now()
            ledger.append(session, "ask.put_again", actor="系统", **ledger_reference(subject), key=ask.pause_key)
            return ask
        abandon(session, ask)
    asked = session.scalar(
        select(func.count()).where(is_about(Ask, subject), Ask.round == subject.round, Ask.step == step)
    )
    number, now = (asked or 0) + 1, utc_now()
    kind = "cycle" if isinstance(subject, Cycle) else "openness"
    ask = Ask(
        **columns_of(subject),
        round=subject.round,
        step=step,
        number=number,
        # Prefect takes only lowercase letters, digits and dashes here.
        key=f"{kind}{subject.id}-round{subject.round}-{step.replace('_', '-')}-{number}",
        digest=digest,
        flow_run_id=flow_run_id,
        asked_at=now,
        put_at=now,
    )
    session.add(ask)
    session.flush()
    ledger.append(session, "ask.put", actor="系统", **ledger_reference(subject), key=ask.key, digest=digest)
    return ask


def abandon(session: Session, ask: Ask) -> None:
    """Close an ask that nobody is to answer any more."""
    ask.state, ask.closed_at = AskState.ABANDONED, utc_now()
    ledger.append(session, "ask.abandoned", actor="系统", key=ask.key, **ledger_reference(ask))


def give_up(session: Session, subject: Subject, step: AskStep) -> None:
    """Close the ask of this step if it is open: there is nothing to ask any more."""
    ask = open_ask_of(session, subject)
    if ask is not None and ask.step == step:
        abandon(session, ask)


def settle(work: Work, subject: Subject, ask: Ask, form: object, question: Question[A]) -> GivenAnswer:
    """Judge ``form`` as an answer to ``ask``; take it and close the ask, or leave that open. Commit either way.

    The one-time code of the form is used up in any case. The very same form is not judged twice in a round: the
    answer that it was comes back.
    """
    lock(work.session, subject)
    work.session.refresh(ask)
    if same := find_same_answer(work, subject, form):
        return same
    answer = question.read()
    if isinstance(answer, Refusal):
        return refuse(work, ask, form, answer)
    said = question.say(answer)
    refusal = _object_to_ask(ask) or question.object_to(answer)
    person = prove(work, answer.proof, refusal, used_for=f"{said.gate}/{said.outcome}".strip("/"), ask=ask)
    if isinstance(person, Refusal):
        return _keep(work, ask, form, said, person)
    question.record(answer, person)
    ask.state, ask.closed_at = AskState.ANSWERED, utc_now()
    return _keep(work, ask, form, said, None)


def refuse(work: Work, ask: Ask | None, form: object, refusal: Refusal) -> GivenAnswer:
    """Keep a form that cannot be an answer, whatever it says, as refused; its one-time code is used up."""
    proof = proof_in(form, work.now)
    if isinstance(proof, Refusal):
        return _keep(work, ask, form, Statement(), refusal)
    outcome = prove(work, proof, refusal, used_for="", ask=ask)
    whole = outcome if isinstance(outcome, Refusal) else refusal
    return _keep(work, ask, form, Statement(name=proof.name), whole)


def _object_to_ask(ask: Ask) -> Refusal | None:
    if ask.state is AskState.OPEN:
        return None
    return Refusal(RefusalCode.ANSWERED_BEFORE, "这一问刚刚已有人答复，或已不再需要答复，请看最新的表单。")


def _keep(work: Work, ask: Ask | None, form: object, said: Statement, refusal: Refusal | None) -> GivenAnswer:
    row = keep_answer(work, ask, form, said, refusal)
    about = ledger_reference(ask) if ask else {}
    about |= {"key": ask.key} if ask else {}
    about |= {"gate": said.gate, "outcome": said.outcome, "name": row.name, "answer": row.mac}
    if refusal is not None:
        about |= {"refusal": refusal.sentence, "codes": list(refusal.codes)}
    event = "ask.answered" if row.is_taken else "ask.refused"
    ledger.append(work.session, event, actor="系统" if refusal else row.name, **about)
    return row


def last_refusal(session: Session, subject: Subject, step: AskStep) -> str:
    """Return why the latest answer at this step of the round was not taken; empty when it was, or there is none."""
    latest = session.scalars(
        select(GivenAnswer)
        .join(Ask, GivenAnswer.ask_id == Ask.id)
        .where(is_about(Ask, subject), Ask.round == subject.round, Ask.step == step)
        .order_by(GivenAnswer.id.desc())
        .limit(1)
    ).first()
    return latest.refusal if latest is not None else ""


def get(session: Session, ask_id: int) -> Ask:
    """Return the ask with this id."""
    return session.get_one(Ask, ask_id)
