"""The append-only ledger: each entry is hashed over the one before it.

``append`` is called inside the transaction of the change it tells of, so neither exists without the other. An entry
carries the digests of the rows its transaction changed (``vouching``), so that a row edited past it is found.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from disclosure.platform.clock import utc_now
from disclosure.records.tables import LedgerEntry
from disclosure.records.vouching import RowDigests, has_untold, take_untold

#: The hash "before" the first entry.
GENESIS = "0" * 64
#: Any constant: the name of the PostgreSQL lock under which the chain grows.
_LOCK = 820_214
_WRITTEN = "ledger entries written"


class Growth(NamedTuple):
    """What a transaction added: the number and the hash before its first entry, and those of its last."""

    first: int
    previous_hash: str
    last: int
    head_hash: str


def append(session: Session, event: str, *, actor: str, cycle_id: int | None = None, **details: Any) -> LedgerEntry:
    """Add an entry. ``event`` is a dotted name such as ``decision.recorded``; ``details`` is JSON."""
    # The change itself goes first: whoever holds the ledger's lock never waits for a row of somebody else's.
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        # SQLite's write transactions are one at a time anyway; PostgreSQL's are not.
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    rows = take_untold(session)
    last = session.scalars(select(LedgerEntry).order_by(LedgerEntry.number.desc()).limit(1)).first()
    entry = LedgerEntry(
        number=last.number + 1 if last else 1,
        at=utc_now(),
        actor=actor,
        event=event,
        cycle_id=cycle_id,
        details=json.dumps(details, ensure_ascii=False, sort_keys=True, default=str),
        rows=json.dumps(rows, sort_keys=True) if rows else "",
        previous_hash=last.hash if last else GENESIS,
    )
    entry.hash = entry_hash(entry)
    session.add(entry)
    session.info.setdefault(_WRITTEN, []).append(entry)
    return entry


def vouch_for_rest(session: Session) -> None:
    """Add an entry for rows that were changed since the last one; called at the end of every transaction."""
    session.flush()
    if has_untold(session):
        append(session, "rows.changed", actor="系统")


def growth_of(session: Session) -> Growth | None:
    """Return what the transaction of ``session``, now committed, added to the ledger; None for nothing."""
    written = [entry for entry in session.info.pop(_WRITTEN, ()) if inspect(entry).persistent]
    if not written:
        return None
    first, last = written[0], written[-1]
    return Growth(first.number, first.previous_hash, last.number, last.hash)


def vouched_rows(entries: Iterable[LedgerEntry]) -> RowDigests:
    """Return what the ledger last said of every row."""
    found: dict[str, dict[str, str]] = {}
    for entry in entries:
        for table, digests in json.loads(entry.rows or "{}").items():
            found.setdefault(table, {}).update(digests)
    return found


def entry_hash(entry: LedgerEntry) -> str:
    """Return the SHA-256, in hex, over everything the entry says and the hash before it."""
    said = [
        entry.number,
        entry.at.astimezone(dt.UTC).isoformat(),
        entry.actor,
        entry.event,
        entry.cycle_id,
        entry.details,
        entry.rows or "",
        entry.previous_hash,
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def broken_at(entries: Sequence[LedgerEntry]) -> int | None:
    """Return the index of the first entry that does not follow from the one before it."""
    before = GENESIS
    for place, entry in enumerate(entries):
        if entry.number != place + 1 or entry.previous_hash != before or entry.hash != entry_hash(entry):
            return place
        before = entry.hash
    return None
