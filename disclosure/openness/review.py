"""Who says what to a change: the office that keeps the elements stands for them, the gates decide on their digest."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, GateId
from disclosure.openness.changes import digest_of, gates_of, standing_versions
from disclosure.openness.forms import OfficeAnswer, parse_office
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.states import ChangeStep
from disclosure.records.subjects import decisions_of, lock
from disclosure.records.tables import Ask, Decision, OpennessChange, Person
from disclosure.review.answering import ask_for_decision, carry_over_approvals, people_able_to_decide
from disclosure.review.asks import Question
from disclosure.review.authority import Answer, RoundState
from disclosure.review.decisions import GateStatus, gate_status
from disclosure.review.forms import parse_review
from disclosure.review.given_answers import Statement
from disclosure.review.identify import Proof, explain_refusal, need_office
from disclosure.review.names import spell
from disclosure.review.refusals import Refusal, RefusalCode


def may_withdraw(change: OpennessChange) -> bool:
    """Tell whether an office may drop what it handed in; what a published cycle says it may not."""
    return change.cause == "office"


def ask_office(work: Work, change: OpennessChange, ask: Ask, form: object) -> Question[OfficeAnswer]:
    """Return how ``form`` is judged as the office's answer about new content; it may have it looked at again."""

    def object_to(answer: OfficeAnswer) -> Refusal | None:
        is_outdated = (ask.round, ask.digest) != (change.round, change.digest)
        if is_outdated and answer.action != "look_again":
            sentence = "这一问所附的内容已不是现在的内容，请按重新提出的一问答复。"
            return Refusal(RefusalCode.OUT_OF_DATE, sentence)
        return object_to_staff(work, change.office, answer.proof)

    def record(answer: OfficeAnswer, person: Person) -> None:
        if answer.action == "look_again":
            return
        is_withdrawal = answer.action == "withdraw"
        if is_withdrawal:
            change.step = ChangeStep.WITHDRAWN
        else:
            change.person_id = person.id
        ledger.append(
            work.session,
            "openness.withdrawn" if is_withdrawal else "openness.provided",
            actor=person.name,
            change=change.id,
            round=change.round,
            digest=change.digest,
            opinion=answer.proof.reason,
        )

    def read() -> OfficeAnswer | Refusal:
        return parse_office(form, work.now, may_withdraw=may_withdraw(change))

    def say(answer: OfficeAnswer) -> Statement:
        return Statement(outcome=answer.action, name=answer.proof.name, rest={"opinion": answer.proof.reason})

    return Question(read, object_to, record, say)


def object_to_staff(work: Work, office_id: str, proof: Proof) -> Refusal | None:
    """Return why whoever answers does not answer for this office; None when only the code is left to be checked."""
    office = work.catalog.offices[office_id]
    sentence = f"这些内容由{office.name}负责，须由{office.name}的人答复。"
    return explain_refusal(work, proof, needs=need_office(office, sentence))


def enter_review(session: Session, catalog: Catalog, change: OpennessChange) -> None:
    """Put the round to review: a gate that approved exactly this content before is not asked again."""
    lock(session, change)
    if change.step is not ChangeStep.OFFICE:
        return
    change.step = ChangeStep.REVIEW
    for gate in gates_of(catalog, standing_versions(session, change)):
        decision = session.scalars(
            select(Decision)
            .where(Decision.change_id == change.id, Decision.gate == gate, Decision.digest == change.digest)
            .order_by(Decision.round.desc())
            .limit(1)
        ).first()
        if decision is None or decision.round == change.round or decision.outcome != "approved":
            continue
        if spell(decision.person.name) in drafters(session, change):
            continue
        carry_over_approvals(session, change, decision, change.digest, "content unchanged")
    session.flush()


def standing_of(session: Session, catalog: Catalog, change: OpennessChange) -> GateStatus:
    """Return what the round has come to."""
    return gate_status(session, change, gates_of(catalog, standing_versions(session, change)), change.digest)


def ask_reviewers(work: Work, change: OpennessChange, ask: Ask, form: object) -> Question[Answer]:
    """Return how ``form`` is judged as a reviewer's answer about ``change``."""
    session = work.session

    def look() -> RoundState | Refusal:
        if (ask.round, ask.digest) != (change.round, change.digest):
            sentence = "这一问所附的内容已不是现在的内容，请按重新提出的一问审核。"
            return Refusal(RefusalCode.OUT_OF_DATE, sentence)
        if digest_of(standing_versions(session, change)) != change.digest:
            sentence = "记录的内容与摘要不符，不能审核。请联系管理员核查记录库。"
            return Refusal(RefusalCode.DAMAGED, sentence)
        return round_state(work, change)

    return ask_for_decision(work, change, ask, lambda: parse_review(form, work.catalog, ask.step, work.now), look=look)


def round_state(work: Work, change: OpennessChange) -> RoundState:
    """Return what the rules must know of the round that a change is in."""
    made = decisions_of(work.session, change, change.round)
    return RoundState(
        open_gates=standing_of(work.session, work.catalog, change).open_gates,
        acted={decision.person.name: gate for gate, decision in made.items()},
        drafters=drafters(work.session, change),
        audit_blocks=False,
        unexplained=(),
        returnable={change.office},
    )


def drafters(session: Session, change: OpennessChange) -> frozenset[str]:
    """Return who handed in what stands, or stands for it, as names are compared: they cannot review it."""
    ids = {version.person_id for version in standing_versions(session, change)} | {change.person_id}
    return frozenset(spell(session.get_one(Person, id_).name) for id_ in ids - {None})


def who_may_decide(
    session: Session, catalog: Catalog, change: OpennessChange, gate: GateId, now: dt.datetime
) -> list[Person]:
    """Return everybody whose answer at ``gate`` would be taken in this round."""
    return people_able_to_decide(session, catalog, change, gate, now, drafters=drafters(session, change))


def begin_next_round(session: Session, change: OpennessChange) -> None:
    """Give a returned change back to its office, which says again that it stands for the content."""
    lock(session, change)
    if change.step is not ChangeStep.REVIEW:
        return  # its office has handed in something newer meanwhile
    change.round, change.step, change.person_id = change.round + 1, ChangeStep.OFFICE, None
    ledger.append(session, "round.begun", actor="系统", change=change.id, round=change.round)


def returned_with(session: Session, change: OpennessChange) -> list[Decision]:
    """Return the decisions of the round before that gave the change back."""
    made = decisions_of(session, change, change.round - 1)
    return [decision for decision in made.values() if decision.outcome == "returned"]
