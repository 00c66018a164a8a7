"""What people are asked and decide about: a disclosure cycle, or a change of the openness catalogue."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from disclosure.records.openness_tables import OpennessChange
from disclosure.records.tables import Ask, Cycle, Decision

Subject = Cycle | OpennessChange


class SubjectKey(NamedTuple):
    """A subject by its table and id, to be fetched in another transaction."""

    kind: type[Cycle] | type[OpennessChange]
    id: int

    def get(self, session: Session) -> Subject:
        """The subject as this transaction sees it."""
        found: Subject = session.get_one(self.kind, self.id)  # type: ignore[assignment]  # one of the two
        return found


def key_of(subject: Subject) -> SubjectKey:
    """The key under which ``subject`` is found again."""
    return SubjectKey(type(subject), subject.id)


def columns_of(subject: Subject) -> dict[str, int]:
    """What a new ask or decision about ``subject`` is given."""
    return {"cycle_id": subject.id} if isinstance(subject, Cycle) else {"change_id": subject.id}


def is_about(table: type[Ask] | type[Decision], subject: Subject) -> ColumnElement[bool]:
    """The condition that a row of ``table`` is about ``subject``."""
    return (table.cycle_id if isinstance(subject, Cycle) else table.change_id) == subject.id


def told_of(ask: Ask) -> dict[str, Any]:
    """Whom a ledger entry about ``ask`` is about."""
    return {"cycle_id": ask.cycle_id} if ask.change_id is None else {"change": ask.change_id}


def told(subject: Subject) -> dict[str, Any]:
    """Whom a ledger entry about ``subject`` is about."""
    return {"cycle_id": subject.id} if isinstance(subject, Cycle) else {"change": subject.id}


def lock(session: Session, subject: Subject) -> None:
    """Wait until no other transaction changes it, and see it as it is then; held until the end of ours."""
    session.refresh(subject, with_for_update=True)


def decisions_of(session: Session, subject: Subject, round_number: int) -> dict[str, Decision]:
    """The decisions of one round, by gate."""
    rows = session.scalars(
        select(Decision)
        .where(is_about(Decision, subject), Decision.round == round_number)
        .order_by(Decision.decided_at, Decision.id)
    )
    return {decision.gate: decision for decision in rows}
