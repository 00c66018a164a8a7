"""What people are asked and decide about: a disclosure cycle, or a change of the openness catalogue."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from disclosure.catalog import GateId
from disclosure.records.tables import Ask, Cycle, Decision, OpennessChange

Subject = Cycle | OpennessChange


class SubjectKey(NamedTuple):
    """A subject by its table and id, to be fetched in another transaction."""

    kind: type[Cycle] | type[OpennessChange]
    id: int

    def get(self, session: Session) -> Subject:
        """Return the subject as this transaction sees it."""
        found: Subject = session.get_one(self.kind, self.id)  # type: ignore[assignment]  # one of the two
        return found


def key_of(subject: Subject) -> SubjectKey:
    """Return the key under which ``subject`` is found again."""
    return SubjectKey(type(subject), subject.id)


def columns_of(subject: Subject) -> dict[str, int]:
    """Return what a new ask or decision about ``subject`` is given."""
    return {"cycle_id": subject.id} if isinstance(subject, Cycle) else {"change_id": subject.id}


def is_about(table: type[Ask] | type[Decision], subject: Subject) -> ColumnElement[bool]:
    """Return the condition that a row of ``table`` is about ``subject``."""
    return (table.cycle_id if isinstance(subject, Cycle) else table.change_id) == subject.id


def ledger_reference(about: Subject | Ask) -> dict[str, Any]:
    """Return whom a ledger entry about a subject, or about an ask of it, is about."""
    if isinstance(about, Ask):
        return {"cycle_id": about.cycle_id} if about.change_id is None else {"change": about.change_id}
    return {"cycle_id": about.id} if isinstance(about, Cycle) else {"change": about.id}


def lock(session: Session, subject: Subject) -> None:
    """Wait until no other transaction changes it, and see it as it is then; held until the end of ours."""
    session.refresh(subject, with_for_update=True)


def decisions_of(session: Session, subject: Subject, round_number: int) -> dict[GateId, Decision]:
    """Return the decisions of one round, by gate."""
    rows = session.scalars(
        select(Decision)
        .where(is_about(Decision, subject), Decision.round == round_number)
        .order_by(Decision.decided_at, Decision.id)
    )
    return {decision.gate: decision for decision in rows}
