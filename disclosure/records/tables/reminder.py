"""Deadlines that were moved, and reminders: what was sent, and how each messenger does."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from disclosure.catalog import Milestone
from disclosure.records.states import ReminderState
from disclosure.records.tables.base import Base
from disclosure.records.tables.review import Person


class DeadlineMove(Base):
    """A milestone's date set anew by a person, with the reason; the latest of a milestone counts.

    ``number`` counts the moves of one period from 1: of two made at the same moment one fails.
    """

    __tablename__ = "deadline_moves"
    __table_args__ = (UniqueConstraint("profile", "period_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    period_id: Mapped[str] = mapped_column(String(80))
    number: Mapped[int]
    milestone: Mapped[Milestone]
    before: Mapped[dt.date]
    day: Mapped[dt.date]
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    moved_at: Mapped[dt.datetime]

    person: Mapped[Person] = relationship()


class SentReminder(Base):
    """A reminder that was begun: the row is there before anything is sent, ``key`` only once.

    ``failure`` says why the channel did not take it.
    """

    __tablename__ = "reminders"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255))
    profile: Mapped[str] = mapped_column(String(80))
    period_id: Mapped[str] = mapped_column(String(80))
    milestone: Mapped[Milestone]
    kind: Mapped[str] = mapped_column(String(20))
    due: Mapped[dt.date]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    state: Mapped[ReminderState]
    attempts: Mapped[int] = mapped_column(default=1)
    failure: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[dt.datetime]

    person: Mapped[Person] = relationship()


class MessengerState(Base):
    """How a way of sending reminders does: since when it fails (None while it works) and why."""

    __tablename__ = "messenger_states"
    __table_args__ = (UniqueConstraint("profile", "messenger"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    messenger: Mapped[str] = mapped_column(String(40))
    failing_since: Mapped[dt.datetime | None]
    failure: Mapped[str] = mapped_column(Text, default="")
    last_sent_at: Mapped[dt.datetime | None]
