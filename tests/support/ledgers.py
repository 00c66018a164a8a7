"""The ledger as a test looks at it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.records.ledger import broken_at
from disclosure.records.tables import LedgerEntry


def first_broken(session: Session) -> LedgerEntry | None:
    """Return the first entry that does not follow from the one before it; None when the chain is whole."""
    entries = list(session.scalars(select(LedgerEntry).order_by(LedgerEntry.number)))
    place = broken_at(entries)
    return None if place is None else entries[place]
