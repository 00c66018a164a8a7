"""What was answered, as rows that nobody without the installation's key can make or change.

A row is written in the transaction that takes or refuses the answer. What came of a taken one, a decision above all,
counts only as long as the row says the same (``object_to_decisions``).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.platform.cipher import Cipher
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Work
from disclosure.records.subjects import Subject, is_about
from disclosure.records.tables import Ask, Decision, GivenAnswer, Person
from disclosure.review.people import find_person
from disclosure.review.refusals import Refusal, RefusalCode

#: Refusals after which the same form is judged anew: the code may have been mistyped, or come too early.
_JUDGED_ANEW = frozenset({RefusalCode.WRONG_CODE, RefusalCode.LOCKED})


@dataclass(frozen=True)
class Statement:
    """What a form says once it is read: at which gate, what, and the rest that is kept of it."""

    gate: str = ""
    outcome: str = ""
    name: str = ""
    rest: Mapping[str, Any] = field(default_factory=dict)


def keep_answer(work: Work, ask: Ask | None, form: object, said: Statement, refusal: Refusal | None) -> GivenAnswer:
    """Write down an answer to ``ask``, taken or refused; None for a run that asks nothing we know of."""
    person = find_person(work.session, said.name) if said.name else None
    row = GivenAnswer(
        ask_id=ask.id if ask else None,
        person_id=person.id if person else None,
        name=said.name[:60],
        gate=said.gate,
        outcome=said.outcome,
        digest=ask.digest if ask else "",
        said=dict(said.rest),
        source=work.source[:100],
        is_taken=refusal is None,
        refusal=refusal.sentence if refusal else "",
        refusal_codes=list(refusal.codes) if refusal else [],
        form_mac=_form_mac(work.cipher, form),
        given_at=work.now,
    )
    row.mac = work.cipher.authenticate(_content(row))
    work.session.add(row)
    work.session.flush()
    if ask is not None:
        work.session.refresh(ask, ["answers"])
    return row


def find_same_answer(work: Work, subject: Subject, form: object) -> GivenAnswer | None:
    """Return the answer that this very form was in the subject's present round, its one-time code included."""
    wanted = (
        select(GivenAnswer)
        .join(Ask, GivenAnswer.ask_id == Ask.id)
        .where(
            is_about(Ask, subject),
            Ask.round == subject.round,
            GivenAnswer.form_mac == _form_mac(work.cipher, form),
        )
        .order_by(GivenAnswer.id.desc())
    )
    found = work.session.scalars(wanted.limit(1)).first()
    if found is None or not is_authentic(work.cipher, found) or _JUDGED_ANEW & set(found.refusal_codes):
        return None
    return found


def is_authentic(cipher: Cipher, row: GivenAnswer) -> bool:
    """Tell whether ``row`` is as it was written here."""
    return cipher.is_authentic(_content(row), row.mac)


def require_proven(session: Session, catalog: Catalog, cipher: Cipher, subject: Subject) -> None:
    """Stop where a decision of the subject's present round is not what its person answered.

    Raises:
        DisclosureError: naming the decisions.
    """
    decisions = session.scalars(select(Decision).where(is_about(Decision, subject), Decision.round == subject.round))
    if unproven := [each for decision in decisions for each in object_to_decision(session, catalog, cipher, decision)]:
        raise DisclosureError(
            "".join(unproven) + "流程停在这里，没有采用。请管理员核查记录库（disclosure ledger verify），"
            "从备份恢复后重试；更换过 secret.key 的，请恢复原来的。"
        )


def object_to_decision(session: Session, catalog: Catalog, cipher: Cipher, decision: Decision) -> Iterator[str]:
    """Give what does not fit between a decision and the answer it was made by: a sentence, or nothing.

    One that was carried over is as good as the one it was carried from.
    """
    made = decision
    while made.carried_from_id is not None:
        made = session.get_one(Decision, made.carried_from_id)
    is_same = (made.person_id, made.gate, made.outcome) == (decision.person_id, decision.gate, decision.outcome)
    person = session.get_one(Person, decision.person_id)
    answers = session.scalars(
        select(GivenAnswer).where(GivenAnswer.ask_id == made.ask_id, GivenAnswer.is_taken.is_(True))
    ).all()
    if not is_same or not any(_says(answer, made) and is_authentic(cipher, answer) for answer in answers):
        yield f"第 {decision.round} 轮“{person.name}”所作的{catalog.gates[decision.gate].name}结论，与本人的答复不符。"


def _says(answer: GivenAnswer, decision: Decision) -> bool:
    said = (answer.person_id, answer.gate, answer.outcome, answer.digest)
    return said == (decision.person_id, decision.gate, decision.outcome, decision.digest) and (
        answer.said.get("opinion"),
        answer.said.get("returned_to"),
    ) == (decision.opinion, list(decision.returned_to))


def _form_mac(cipher: Cipher, form: object) -> str:
    return cipher.authenticate("form " + json.dumps(form, ensure_ascii=False, sort_keys=True, default=str))


def _content(row: GivenAnswer) -> str:
    """Return all that a row says, in one way only."""
    said = [
        row.ask_id,
        row.person_id,
        row.name,
        row.gate,
        row.outcome,
        row.digest,
        row.said,
        row.source,
        row.is_taken,
        row.refusal,
        list(row.refusal_codes),
        row.form_mac,
        row.given_at.astimezone(dt.UTC).isoformat(),
    ]
    return "answer " + json.dumps(said, ensure_ascii=False, sort_keys=True)
