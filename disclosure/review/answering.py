"""Decisions, whatever they are about: made by a reviewer's answer on exactly an ask's digest, or carried over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection

from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, GateId
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.subjects import Subject, columns_of, decisions_of, ledger_reference
from disclosure.records.tables import Ask, Decision, Person
from disclosure.review.asks import Question
from disclosure.review.authority import Answer, RoundState, object_to_answer
from disclosure.review.given_answers import Statement
from disclosure.review.identify import explain_refusal, need_gate
from disclosure.review.names import spell
from disclosure.review.people import holders
from disclosure.review.refusals import Refusal


def ask_for_decision(
    work: Work,
    subject: Subject,
    ask: Ask,
    read: Callable[[], Answer | Refusal],
    *,
    look: Callable[[], RoundState | Refusal],
    then: Callable[[Decision, Answer], None] = lambda _decision, _answer: None,
) -> Question[Answer]:
    """Return how answers to ``ask`` become decisions about ``subject``.

    ``look`` tells what the rules must know of it, or why the ask is out of date; ``then`` is done with each decision.
    """

    def object_to(answer: Answer) -> Refusal | None:
        state = look()
        if isinstance(state, Refusal):
            return state
        against = object_to_answer(work.catalog, answer, state)
        return explain_refusal(work, answer.proof, needs=need_gate(work.catalog, answer.gate), against=against)

    def record(answer: Answer, person: Person) -> None:
        then(_record(work, subject, ask, answer, person), answer)

    return Question(read, object_to, record, _say)


def _say(answer: Answer) -> Statement:
    rest = {
        "opinion": answer.opinion,
        "returned_to": list(answer.returned_to),
        "publish_at": answer.publish_at.isoformat() if answer.publish_at else None,
    }
    return Statement(answer.gate, answer.outcome, answer.proof.name, rest)


def _record(work: Work, subject: Subject, ask: Ask, answer: Answer, person: Person) -> Decision:
    decision = Decision(
        **columns_of(subject),
        round=subject.round,
        gate=answer.gate,
        outcome=answer.outcome,
        digest=ask.digest,
        person_id=person.id,
        ask_id=ask.id,
        opinion=answer.opinion,
        returned_to=list(answer.returned_to),
        decided_at=work.now,
    )
    work.session.add(decision)
    work.session.flush()
    ledger.append(
        work.session,
        "decision.recorded",
        actor=person.name,
        **ledger_reference(subject),
        gate=answer.gate,
        round=subject.round,
        outcome=answer.outcome,
        digest=ask.digest,
        opinion=answer.opinion,
        returned_to=list(answer.returned_to),
        publish_at=answer.publish_at.isoformat() if answer.publish_at else None,
    )
    return decision


def carry_over_approvals(session: Session, subject: Subject, decision: Decision, digest: str, why: str) -> None:
    """Let an approval of an earlier round stand in the current one for ``digest``; ``why`` goes into the ledger."""
    session.add(
        Decision(
            **columns_of(subject),
            round=subject.round,
            gate=decision.gate,
            outcome="approved",
            digest=digest,
            person_id=decision.person_id,
            opinion=decision.opinion,
            carried_from_id=decision.id,
            decided_at=decision.decided_at,
        )
    )
    ledger.append(
        session,
        "decision.carried_over",
        actor=decision.person.name,
        **ledger_reference(subject),
        gate=decision.gate,
        round=subject.round,
        digest=digest,
        why=why,
    )


def people_able_to_decide(
    session: Session,
    catalog: Catalog,
    subject: Subject,
    gate: GateId,
    now: dt.datetime,
    *,
    drafters: Collection[str],
) -> list[Person]:
    """Return everybody whose answer at ``gate`` would be taken now: the role, no own content, no second gate."""
    others = {
        decision.person_id
        for acted, decision in decisions_of(session, subject, subject.round).items()
        if (acted, gate) != ("emergency", "leader")
    }
    return [
        person
        for person in holders(session, catalog, catalog.gates[gate].role, now)
        if person.id not in others and spell(person.name) not in drafters
    ]
