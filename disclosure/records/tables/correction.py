"""What becomes of a release after it was published: corrected, withdrawn, doubted by a later figure."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from disclosure.records.states import RevisionAnswer, WithdrawalKind, WithdrawalState
from disclosure.records.tables.base import Base
from disclosure.records.tables.publication import Release
from disclosure.records.tables.review import Person


class Correction(Base):
    """A new version of a published cycle (更正): its rounds begin with ``round``, what it replaces is ``base``.

    ``offices`` are ids of those who hand in anew; ``reason`` is printed in the public note.
    """

    __tablename__ = "corrections"
    __table_args__ = (UniqueConstraint("cycle_id", "version"), UniqueConstraint("cycle_id", "round"))

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"))
    version: Mapped[int]
    round: Mapped[int]
    base_id: Mapped[int] = mapped_column(ForeignKey("releases.id"))
    offices: Mapped[list[str]] = mapped_column(default=list)
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    begun_at: Mapped[dt.datetime]

    base: Mapped[Release] = relationship()
    person: Mapped[Person] = relationship()


class Withdrawal(Base):
    """Every version of a cycle up to ``version`` taken from the public, and perhaps brought back (撤回、恢复).

    ``number`` counts those of one cycle from 1.
    """

    __tablename__ = "withdrawals"
    __table_args__ = (
        UniqueConstraint("cycle_id", "number"),
        CheckConstraint("(state IN ('restoring', 'restored')) = (restored_at IS NOT NULL)", name="restored"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"))
    number: Mapped[int]
    version: Mapped[int]
    kind: Mapped[WithdrawalKind]
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[WithdrawalState]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    withdrawn_at: Mapped[dt.datetime]
    restored_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    restore_reason: Mapped[str] = mapped_column(Text, default="")
    restored_at: Mapped[dt.datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Revision(Base):
    """Another value for a figure that we published, in data that came later: to be corrected, or to be left (修订).

    ``published`` and ``found`` are values as printed, with their unit; ``source`` is the file and place of ``found``.
    ``answer`` is None until somebody decided.
    """

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint(
            "profile", "period_id", "region", "indicator", "published", "found", name="uq_revisions_value"
        ),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    period_id: Mapped[str] = mapped_column(String(80))
    region: Mapped[str] = mapped_column(String(6))
    indicator: Mapped[str] = mapped_column(String(120))
    published: Mapped[str] = mapped_column(String(200))
    found: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(Text)
    found_at: Mapped[dt.datetime]
    answer: Mapped[RevisionAnswer | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    answered_at: Mapped[dt.datetime | None]
