"""Who says what to a change: the office that keeps the elements stands for them, the gates decide on their digest."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, GateId
from disclosure.openness.changes import digest_of, gates_of, standing_versions
from disclosure.openness.forms import OfficeAnswer, parse_office
from disclosure.records import ledger
from disclosure.records.openness_tables import OpennessChange
from disclosure.records.subjects import decisions_of, lock
from disclosure.records.tables import Ask, Decision, Person
from disclosure.review import asks, authority, people
from disclosure.review.answering import able_to_decide, carry, take_answer
from disclosure.review.authority import Answer, Deciding
from disclosure.review.decisions import Standing, standing
from disclosure.review.secrets import Cipher


def may_withdraw(change: OpennessChange) -> bool:
    """What an office handed in it may drop again; what a published cycle says it may not."""
    return change.cause == "office"


def record_office_answer(
    session: Session, catalog: Catalog, cipher: Cipher, ask: Ask, raw: object, *, now: dt.datetime
) -> str:
    """Take the office's answer about a change; an empty text, or why it was not taken. The ask is closed."""
    change = session.get_one(OpennessChange, ask.change_id)
    lock(session, change)
    session.refresh(ask)
    if ask.state != "open":
        return ask.refusal
    answer = parse_office(raw, may_withdraw=may_withdraw(change))
    if isinstance(answer, str):
        asks.close(session, ask, "refused", answer)
        return answer
    if answer.action == "look_again":
        asks.close(session, ask, "answered", name=answer.name)
        return ""
    if (ask.round, ask.digest) != (change.round, change.digest):
        person: Person | str = "这一问所附的内容已不是现在的内容，请按重新提出的一问答复。"
    else:
        person = prove_staff(session, catalog, cipher, change.office, claimed=answer, now=now)
    if isinstance(person, str):
        asks.close(session, ask, "refused", person, name=answer.name)
        return person
    if answer.action == "withdraw":
        change.step = "withdrawn"
    else:
        change.person_id = person.id
    asks.close(session, ask, "answered", name=person.name)
    ledger.append(
        session,
        "openness.withdrawn" if answer.action == "withdraw" else "openness.provided",
        actor=person.name,
        change=change.id,
        round=change.round,
        digest=change.digest,
        opinion=answer.opinion,
    )
    return ""


def prove_staff(
    session: Session, catalog: Catalog, cipher: Cipher, office: str, *, claimed: OfficeAnswer, now: dt.datetime
) -> Person | str:
    """The person of ``office`` who answered, the one-time code used up; or why it is not."""
    person = people.find_person(session, claimed.name)
    if person is None or not person.is_active:
        return f"“{claimed.name}”没有登记或已停用，请核对姓名，或请管理员登记。"
    if office not in people.offices_of(session, person, now):
        return f"这些内容由{catalog.offices[office].name}负责，须由{catalog.offices[office].name}的人答复。"
    return people.check_code(session, cipher, person, claimed.code, now) or person


def enter_review(session: Session, catalog: Catalog, change: OpennessChange) -> None:
    """Put the round to review: a gate that approved exactly this content before is not asked again."""
    lock(session, change)
    if change.step == "review":
        return
    change.step = "review"
    for gate in gates_of(catalog, standing_versions(session, change)):
        decision = session.scalars(
            select(Decision)
            .where(Decision.change_id == change.id, Decision.gate == gate, Decision.digest == change.digest)
            .order_by(Decision.round.desc())
            .limit(1)
        ).first()
        if decision is None or decision.round == change.round or decision.outcome != "approved":
            continue
        if authority.names_in(decision.person.name) & drafters(session, change):
            continue
        carry(session, change, decision, change.digest, "content unchanged")
    session.flush()


def standing_of(session: Session, catalog: Catalog, change: OpennessChange) -> Standing:
    """What the round has come to."""
    return standing(session, change, gates_of(catalog, standing_versions(session, change)), change.digest)


def record_review_answer(
    session: Session,
    catalog: Catalog,
    cipher: Cipher,
    change: OpennessChange,
    ask: Ask,
    *,
    answer: Answer | str,
    now: dt.datetime,
) -> str:
    """Take a reviewer's answer: a decision, or the sentence that says why not (empty when decided)."""

    def read() -> Deciding | str:
        if (ask.round, ask.digest) != (change.round, change.digest):
            return "这一问所附的内容已不是现在的内容，请按重新提出的一问审核。"
        if digest_of(standing_versions(session, change)) != change.digest:
            return "记录的内容与摘要不符，不能审核。请联系管理员核查记录库。"
        made = decisions_of(session, change, change.round)
        return Deciding(
            open_gates=standing_of(session, catalog, change).open_gates,
            acted={decision.person.name: authority.as_gate(gate) for gate, decision in made.items()},
            drafters=drafters(session, change),
            audit_blocks=False,
            unexplained=(),
            returnable={change.office},
            now=now,
        )

    taken = take_answer(session, catalog, cipher, change, ask, answer=answer, now=now, read=read)
    return taken if isinstance(taken, str) else ""


def drafters(session: Session, change: OpennessChange) -> set[str]:
    """Names of those who handed in what stands, or stand for it: they cannot review it."""
    ids = {version.person_id for version in standing_versions(session, change)} | {change.person_id}
    return {name for id_ in ids - {None} for name in authority.names_in(session.get_one(Person, id_).name)}


def who_may_decide(
    session: Session, catalog: Catalog, change: OpennessChange, gate: GateId, now: dt.datetime
) -> list[Person]:
    """Everybody whose answer at ``gate`` would be taken in this round."""
    return able_to_decide(session, catalog, change, gate, now, drafters=drafters(session, change))


def begin_next_round(session: Session, change: OpennessChange) -> None:
    """Give a returned change back to its office, which says again that it stands for the content."""
    lock(session, change)
    if change.step != "review":
        return  # its office has handed in something newer meanwhile
    change.round, change.step, change.person_id = change.round + 1, "office", None
    ledger.append(session, "round.begun", actor="系统", change=change.id, round=change.round)


def returned_with(session: Session, change: OpennessChange) -> list[Decision]:
    """The decisions of the round before that gave the change back."""
    made = decisions_of(session, change, change.round - 1)
    return [decision for decision in made.values() if decision.outcome == "returned"]
