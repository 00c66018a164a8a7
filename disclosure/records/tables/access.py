"""Who came in, how, and what they looked at before it was published."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from disclosure.catalog import MaterialKind
from disclosure.records.tables.base import Base
from disclosure.records.tables.review import Person


class Account(Base):
    """How a person signs in: by ``password_hash`` (argon2, empty for none) or as ``openid_subject`` of the provider."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("person_id"), UniqueConstraint("openid_subject"))

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    password_hash: Mapped[str] = mapped_column(Text, default="")
    openid_subject: Mapped[str | None] = mapped_column(String(255))
    changed_at: Mapped[dt.datetime]


class Invitation(Base):
    """A link by which a person sets a password, once; only the SHA-256 of its token is kept.

    ``shows_secret``: they set up their authenticator by it too.
    """

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    shows_secret: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]

    person: Mapped[Person] = relationship()


class CalendarLink(Base):
    """The address at which a person's calendar is read without signing in; only the SHA-256 of its token is kept."""

    __tablename__ = "calendar_links"
    __table_args__ = (UniqueConstraint("person_id"), UniqueConstraint("token_hash"))

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[dt.datetime]

    person: Mapped[Person] = relationship()


class SignIn(Base):
    """One session of a person in one browser; only the SHA-256 of its token is kept.

    ``seen_at`` is when the person last did something, within a minute; ``expires_at`` the end whatever they do.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(80))
    opened_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]

    person: Mapped[Person] = relationship()


class FailedAttempts(Base):
    """Wrong passwords and codes of one name from one source since it last got in; the name is kept as a digest.

    An empty ``name_digest`` counts what came from the source under any name. ``last_failed_at`` begins the wait.
    """

    __tablename__ = "failed_attempts"
    __table_args__ = (UniqueConstraint("name_digest", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name_digest: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(80))
    failures: Mapped[int]
    last_failed_at: Mapped[dt.datetime]
    alarmed_at: Mapped[dt.datetime | None]


class Look(Base):
    """A person opened, or was refused, a page that was not published at that moment."""

    __tablename__ = "looks"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[MaterialKind]
    path: Mapped[str] = mapped_column(String(255))
    cycle_id: Mapped[int | None] = mapped_column(ForeignKey("cycles.id"))
    source: Mapped[str] = mapped_column(String(80))
    is_allowed: Mapped[bool]
    looked_at: Mapped[dt.datetime]

    person: Mapped[Person] = relationship()
