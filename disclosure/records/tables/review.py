"""People, the questions put to them, and what they decided."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from disclosure.catalog import GateId
from disclosure.records.states import AskState, AskStep, Outcome
from disclosure.records.tables.base import Base


class Person(Base):
    """Somebody who may decide. ``secret`` is the TOTP secret, encrypted.

    Reminders go by ``messenger`` (an id of the catalogue) to ``address``; both are empty where none are wanted.

    ``roles`` are ids of the catalogue; None: every role of the office, as the catalogue has them at the time.
    ``secret_number`` counts the secrets a person has had: codes of an earlier one say nothing about those of this.
    """

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    office: Mapped[str] = mapped_column(String(60))
    roles: Mapped[list[str] | None]
    secret: Mapped[str] = mapped_column(Text)
    secret_number: Mapped[int] = mapped_column(default=1)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    messenger: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(254), default="")
    enrolled_at: Mapped[dt.datetime]


class Substitution(Base):
    """``person`` may act for ``absent_person`` from ``first_day`` to ``last_day``, both included (Shanghai days)."""

    __tablename__ = "substitutions"
    __table_args__ = (
        UniqueConstraint("person_id", "absent_person_id", "first_day"),
        CheckConstraint("first_day <= last_day", name="days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    absent_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    registered_at: Mapped[dt.datetime]


class UsedCode(Base):
    """A one-time code that was used up: the number of its 30-second step under the person's secret, and for what.

    ``ask_id`` is the question it was given for, if it was one, and ``used_for`` what was to be done by it, such as
    ``policy/approved``; whether that was done does not matter.
    """

    __tablename__ = "used_codes"
    __table_args__ = (UniqueConstraint("person_id", "secret_number", "time_step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    secret_number: Mapped[int]
    time_step: Mapped[int]
    ask_id: Mapped[int | None] = mapped_column(ForeignKey("asks.id"))
    used_for: Mapped[str] = mapped_column(String(100))
    used_at: Mapped[dt.datetime]


class GivenAnswer(Base):
    """What somebody answered to an ask, taken or refused, as it came; written once and never changed.

    ``name`` is who it says gave it and ``person_id`` whose name that is; ``gate`` and ``outcome`` are empty where the
    form could not be read, ``said`` is the rest of it without the one-time code. ``digest`` is the content asked about.
    ``form_mac`` knows the same form again. ``mac`` authenticates the row by the installation's key: whoever can write
    to the database alone cannot make or change one.
    """

    __tablename__ = "given_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    ask_id: Mapped[int | None] = mapped_column(ForeignKey("asks.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(60))
    gate: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    said: Mapped[dict[str, Any]]
    source: Mapped[str] = mapped_column(String(100))
    is_taken: Mapped[bool]
    refusal: Mapped[str] = mapped_column(Text)
    refusal_codes: Mapped[list[str]]
    form_mac: Mapped[str] = mapped_column(String(64))
    mac: Mapped[str] = mapped_column(String(64))
    given_at: Mapped[dt.datetime]


class ExplanationDraft(Base):
    """What somebody has written so far of why a warning of the audit stands; it counts for nothing before they answer.

    ``finding_digest`` knows the warning again when the audit runs anew.
    """

    __tablename__ = "explanation_drafts"
    __table_args__ = (UniqueConstraint("person_id", "cycle_id", "finding_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"))
    finding_digest: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[dt.datetime]


class Ask(Base):
    """A question put to people through a suspended run.

    It is about a cycle or about a change of the openness catalogue, exactly one of them (``records.subjects``).
    ``times_put`` counts how often a run was suspended with it, last at ``put_at``: one that woke without an answer puts
    it again.
    ``is_awake``: once it was answered, its run was seen to have gone on.
    """

    __tablename__ = "asks"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("cycle_id", "round", "step", "number"),
        UniqueConstraint("change_id", "round", "step", "number"),
        CheckConstraint("(cycle_id IS NULL) <> (change_id IS NULL)", name="one_subject"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int | None] = mapped_column(ForeignKey("cycles.id"))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("openness_changes.id"))
    round: Mapped[int]
    step: Mapped[AskStep]
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64))
    flow_run_id: Mapped[str] = mapped_column(String(36))
    times_put: Mapped[int] = mapped_column(default=1)
    state: Mapped[AskState] = mapped_column(default=AskState.OPEN)
    is_awake: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[dt.datetime]
    put_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]

    #: Whatever was answered, the refused ones too, in the order it came.
    answers: Mapped[list[GivenAnswer]] = relationship(lazy="selectin", order_by="GivenAnswer.id", viewonly=True)

    @property
    def pause_key(self) -> str:
        """The key under which its run is suspended; Prefect takes each only once."""
        return self.key if self.times_put == 1 else f"{self.key}-again-{self.times_put}"


class Decision(Base):
    """What one person decided at one gate of one round, on exactly ``digest``; its subject is as an ask's.

    A decision that was carried over from an earlier round names it in ``carried_from_id``.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("cycle_id", "round", "gate"),
        UniqueConstraint("change_id", "round", "gate"),
        CheckConstraint("(cycle_id IS NULL) <> (change_id IS NULL)", name="one_subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int | None] = mapped_column(ForeignKey("cycles.id"))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("openness_changes.id"))
    round: Mapped[int]
    gate: Mapped[GateId]
    outcome: Mapped[Outcome]
    digest: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    ask_id: Mapped[int | None] = mapped_column(ForeignKey("asks.id"))
    opinion: Mapped[str] = mapped_column(Text, default="")
    returned_to: Mapped[list[str]] = mapped_column(default=list)
    carried_from_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    decided_at: Mapped[dt.datetime]

    person: Mapped[Person] = relationship()
