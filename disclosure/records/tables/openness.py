"""The openness catalogue's tables: what its elements came to say, who stands for it, and what became public when."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from disclosure.records.states import ChangeCause, ChangeStep
from disclosure.records.tables.base import Base
from disclosure.records.tables.review import Person


class OpennessChange(Base):
    """What one cause brought about at once in elements of one office: reviewed as one, published as one.

    ``cause``: office (handed in), compilation (a published cycle filled statistics) or confirmation (no new content:
    the office is asked whether what is public still holds). ``source`` names the cause once. ``digest`` covers the
    newest version of each element. A withdrawn change has no clock. ``person_id`` is who of the office stands for the
    content of this round. ``driver_run_id`` is the Prefect flow run that drives it.
    """

    __tablename__ = "openness_changes"
    __table_args__ = (UniqueConstraint("profile", "cause", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    cause: Mapped[ChangeCause]
    source: Mapped[str] = mapped_column(String(160))
    office: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64), default="")
    round: Mapped[int] = mapped_column(default=1)
    step: Mapped[ChangeStep] = mapped_column(default=ChangeStep.OFFICE)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    driver_run_id: Mapped[str | None] = mapped_column(String(36))
    opened_at: Mapped[dt.datetime]

    person: Mapped[Person | None] = relationship()
    versions: Mapped[list[OpennessVersion]] = relationship(back_populates="change", order_by="OpennessVersion.id")
    release: Mapped[OpennessRelease | None] = relationship(back_populates="change")


class OpennessVersion(Base):
    """What an element came to say, numbered within the element; never updated.

    ``content`` is a guide's Markdown or canonical JSON, ``sha256`` its digest. ``changed_on`` is the Shanghai day on
    which the matter itself changed, from which the limit counts; ``what`` says in print what changed.
    """

    __tablename__ = "openness_versions"
    __table_args__ = (UniqueConstraint("profile", "item", "element", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    change_id: Mapped[int] = mapped_column(ForeignKey("openness_changes.id"), index=True)
    item: Mapped[str] = mapped_column(String(2))
    element: Mapped[str] = mapped_column(String(60))
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    what: Mapped[str] = mapped_column(String(200))
    changed_on: Mapped[dt.date]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    recorded_at: Mapped[dt.datetime]

    change: Mapped[OpennessChange] = relationship(back_populates="versions")
    person: Mapped[Person | None] = relationship()


class OpennessRelease(Base):
    """The publication of one change, from before the channels switch; ``published_at`` is what its pages say."""

    __tablename__ = "openness_releases"
    __table_args__ = (UniqueConstraint("change_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("openness_changes.id"))
    digest: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[dt.datetime]

    change: Mapped[OpennessChange] = relationship(back_populates="release")


class OpennessConfirmation(Base):
    """A version the office is asked to confirm; ``confirmed_at`` stays empty where it said the matter has changed."""

    __tablename__ = "openness_confirmations"
    __table_args__ = (UniqueConstraint("change_id", "version_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("openness_changes.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("openness_versions.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    confirmed_at: Mapped[dt.datetime | None]

    change: Mapped[OpennessChange] = relationship()
    version: Mapped[OpennessVersion] = relationship()


class OpennessDraft(Base):
    """What somebody has written so far for an element; it counts for nothing before they hand it in.

    ``fields`` are those of the form by name, as they were typed; ``based_on`` is the number of the version that stood
    when it was begun, 0 for none.
    """

    __tablename__ = "openness_drafts"
    __table_args__ = (UniqueConstraint("profile", "person_id", "item", "element"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    item: Mapped[str] = mapped_column(String(2))
    element: Mapped[str] = mapped_column(String(60))
    fields: Mapped[dict[str, str]]
    based_on: Mapped[int]
    saved_at: Mapped[dt.datetime]

    person: Mapped[Person] = relationship()


class OpennessRequest(Base):
    """A request for information (依申请公开) by the bureau's own number: nothing of the applicant is kept here.

    ``outcome`` is an id of the catalogue's ``requests.outcomes``, empty while it is open; ``notice`` says by which
    letter the applicant was told of the extension. ``office`` is the one it was given to, empty for the item's.
    """

    __tablename__ = "openness_requests"
    __table_args__ = (
        UniqueConstraint("profile", "number"),
        CheckConstraint("(outcome = '') = (answered_on IS NULL)", name="answered"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    number: Mapped[str] = mapped_column(String(40))
    item: Mapped[str] = mapped_column(String(2), default="")
    office: Mapped[str] = mapped_column(String(60), default="")
    received_on: Mapped[dt.date]
    extended_on: Mapped[dt.date | None]
    notice: Mapped[str] = mapped_column(String(200), default="")
    answered_on: Mapped[dt.date | None]
    outcome: Mapped[str] = mapped_column(String(40), default="")
    registered_at: Mapped[dt.datetime]
