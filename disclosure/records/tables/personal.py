"""Data of persons that were refused, and which of them may be published all the same; none of them in clear."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from disclosure.records.states import HeldDoor, HeldState
from disclosure.records.tables.base import Base
from disclosure.records.tables.review import Person


class HeldDatum(Base):
    """One datum of a person that was refused, wherever it was found, and what the reviewer said of it last.

    ``kind`` is the name of a ``PersonalKind``, ``digest`` the HMAC of kind and value under the installation's key:
    whoever has the database alone cannot try values on it. ``shown`` leaves the middle out. ``reason``, ``person`` and
    ``judged_at`` tell of the last judgement, ``mac`` authenticates it: whoever can write to the database alone cannot
    make one.
    """

    __tablename__ = "held_data"
    __table_args__ = (
        UniqueConstraint("profile", "kind", "digest"),
        CheckConstraint("state <> 'accepted' OR person_id IS NOT NULL", name="judged"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    shown: Mapped[str] = mapped_column(String(100))
    state: Mapped[HeldState]
    reason: Mapped[str] = mapped_column(Text, default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    judged_at: Mapped[dt.datetime | None]
    mac: Mapped[str] = mapped_column(String(64), default="")

    person: Mapped[Person | None] = relationship()
    places: Mapped[list[HeldPlace]] = relationship(back_populates="datum", order_by="HeldPlace.id")


class HeldPlace(Base):
    """Where a datum was found: by which door, in what, and who handed that in; once, however often it was tried."""

    __tablename__ = "held_places"
    __table_args__ = (UniqueConstraint("datum_id", "door", "place", "handed_in_by"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    datum_id: Mapped[int] = mapped_column(ForeignKey("held_data.id"))
    door: Mapped[HeldDoor]
    place: Mapped[str] = mapped_column(String(300))
    handed_in_by: Mapped[str] = mapped_column(String(60))
    found_at: Mapped[dt.datetime]

    datum: Mapped[HeldDatum] = relationship(back_populates="places")
