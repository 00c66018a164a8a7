"""Decisions, whatever they are about: made by a reviewer's answer on exactly an ask's digest, or carried over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection

from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, GateId
from disclosure.records import ledger
from disclosure.records.subjects import Subject, columns_of, decisions_of, lock, told
from disclosure.records.tables import Ask, Decision, Person
from disclosure.review import asks, authority
from disclosure.review.authority import Answer, Deciding, Reviewer
from disclosure.review.people import check_code, find_person, holders, own_roles, roles_of
from disclosure.review.secrets import Cipher


def take_answer(
    session: Session,
    catalog: Catalog,
    cipher: Cipher,
    subject: Subject,
    ask: Ask,
    *,
    answer: Answer | str,
    now: dt.datetime,
    read: Callable[[], Deciding | str],
) -> Decision | str:
    """The decision that ``answer`` to ``ask`` makes, or the sentence that says why it makes none.

    ``read`` tells, once ``subject`` is locked, what the rules must know of it, or why the ask is out of date. An
    answer that could not be understood is its sentence itself. The ask is closed either way, in this transaction;
    one that was closed before is not answered twice.
    """
    lock(session, subject)
    session.refresh(ask)
    if ask.state != "open":
        return ask.refusal
    if isinstance(answer, str):
        asks.close(session, ask, "refused", answer)
        return answer
    person = find_person(session, answer.name)
    state = read()
    reason = (
        state if isinstance(state, str) else _refusal(session, catalog, cipher, answer, state, person=person, now=now)
    )
    if reason or person is None:
        asks.close(session, ask, "refused", reason, gate=answer.gate, name=answer.name)
        return reason
    decision = Decision(
        **columns_of(subject),
        round=subject.round,
        gate=answer.gate,
        outcome=answer.outcome,
        digest=ask.digest,
        person_id=person.id,
        ask_id=ask.id,
        opinion=answer.opinion.strip(),
        returned_to=list(answer.returned_to),
        decided_at=now,
    )
    session.add(decision)
    session.flush()
    asks.close(session, ask, "answered", gate=answer.gate, name=answer.name)
    ledger.append(
        session,
        "decision.recorded",
        actor=person.name,
        **told(subject),
        gate=answer.gate,
        round=subject.round,
        outcome=answer.outcome,
        digest=ask.digest,
        opinion=answer.opinion.strip(),
        returned_to=list(answer.returned_to),
        publish_at=answer.publish_at.isoformat() if answer.publish_at else None,
    )
    return decision


def carry(session: Session, subject: Subject, decision: Decision, digest: str, why: str) -> None:
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
        **told(subject),
        gate=decision.gate,
        round=subject.round,
        digest=digest,
        why=why,
    )


def able_to_decide(
    session: Session,
    catalog: Catalog,
    subject: Subject,
    gate: GateId,
    now: dt.datetime,
    *,
    drafters: Collection[str],
) -> list[Person]:
    """Everybody whose answer at ``gate`` would be taken in this round: the role, no own content, no second hat."""
    others = {
        decision.person_id
        for acted, decision in decisions_of(session, subject, subject.round).items()
        if (acted, gate) != ("emergency", "leader")
    }
    return [
        person
        for person in holders(session, catalog, catalog.gates[gate].role, now)
        if person.id not in others and not authority.names_in(person.name) & set(drafters)
    ]


def _refusal(
    session: Session,
    catalog: Catalog,
    cipher: Cipher,
    answer: Answer,
    state: Deciding,
    *,
    person: Person | None,
    now: dt.datetime,
) -> str:
    reviewer = _reviewer(session, catalog, person, now) if person else None
    reason = authority.refusal(catalog, answer, reviewer, state)
    if reason or person is None:
        return reason
    return check_code(session, cipher, person, answer.code, now)


def _reviewer(session: Session, catalog: Catalog, person: Person, now: dt.datetime) -> Reviewer | None:
    office = catalog.offices.get(person.office)
    if office is None:
        return None
    return Reviewer(office, person.is_active, own_roles(catalog, person), roles_of(session, catalog, person, now))
