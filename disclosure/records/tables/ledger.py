"""The append-only ledger and its checkpoints."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from disclosure.records.tables.base import Base


class LedgerEntry(Base):
    """One line of the append-only ledger; ``hash`` covers the line and the hash before it.

    ``rows`` are the digests of the rows that the transaction left, by table and id (JSON), empty for none.
    """

    __tablename__ = "ledger"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime]
    actor: Mapped[str] = mapped_column(String(80))
    event: Mapped[str] = mapped_column(String(60), index=True)
    cycle_id: Mapped[int | None]
    details: Mapped[str] = mapped_column(Text)
    rows: Mapped[str] = mapped_column(Text, insert_default="")
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class LedgerCheckpoint(Base):
    """How long the ledger was and where it ended at a time, signed (Ed25519, hex)."""

    __tablename__ = "ledger_checkpoints"

    id: Mapped[int] = mapped_column(primary_key=True)
    length: Mapped[int]
    head_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[str] = mapped_column(String(40))
    signature: Mapped[str] = mapped_column(String(128))
