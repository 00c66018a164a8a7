"""Cycles: what is disclosed and when, from opening to archive."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from disclosure.records.states import CycleStep
from disclosure.records.tables.base import Base
from disclosure.records.tables.review import Person


class Cycle(Base):
    """One disclosure cycle: a period of one profile, from opening to archive.

    ``only`` and ``milestones`` (ISO dates) are what a special cycle was opened with. ``step`` is where the
    cycle stands, for people to read; what has been done is told by the other tables. ``driver_run_id`` is
    the Prefect flow run that drives it.
    """

    __tablename__ = "cycles"
    __table_args__ = (UniqueConstraint("profile", "period_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    period_id: Mapped[str] = mapped_column(String(80))
    round: Mapped[int] = mapped_column(default=1)
    step: Mapped[CycleStep] = mapped_column(default=CycleStep.COLLECT)
    only: Mapped[list[str]] = mapped_column(default=list)
    milestones: Mapped[dict[str, str]] = mapped_column(default=dict)
    is_demo: Mapped[bool] = mapped_column(default=False)
    opened_at: Mapped[dt.datetime]
    driver_run_id: Mapped[str | None] = mapped_column(String(36))


class CycleClosure(Base):
    """A cycle that a person closed before anything was public, with the reason, and who opened it again.

    ``step`` is where the cycle stood.
    """

    __tablename__ = "cycle_closures"

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"))
    step: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    closed_at: Mapped[dt.datetime]
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reopened_at: Mapped[dt.datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Compilation(Base):
    """What all centres handed in for a round, as one canonical text with its SHA-256 (``digest``).

    ``text_digest`` covers the narrative text and the set of tables alone: approvals of the first review
    are carried over while it stays the same. ``withheld`` is what is not shown of it, why, and what an outsider
    can work out of it.
    """

    __tablename__ = "compilations"
    __table_args__ = (UniqueConstraint("cycle_id", "round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"))
    round: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    text_digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    withheld: Mapped[dict[str, Any]]
    compiled_at: Mapped[dt.datetime]


class Excuse(Base):
    """A centre the compiler went on without in one round, with the printed reason."""

    __tablename__ = "excuses"
    __table_args__ = (UniqueConstraint("cycle_id", "round", "centre"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"))
    round: Mapped[int]
    centre: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    excused_at: Mapped[dt.datetime]

    person: Mapped[Person] = relationship()
