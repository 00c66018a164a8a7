"""What proves a release: keys, signed manifests, what was read back of what is live."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from disclosure.records.states import KeyUse
from disclosure.records.tables.base import Base


class SigningKey(Base):
    """The public half of a key that signs (``use`` says what); ``valid_until`` is None while it is in use.

    ``key_id`` is the RFC 7638 thumbprint, ``public_key`` the raw key, both base64url.
    """

    __tablename__ = "signing_keys"
    __table_args__ = (
        UniqueConstraint("profile", "key_id"),
        Index(
            "uq_signing_keys_in_use",
            "profile",
            "use",
            unique=True,
            sqlite_where=text("valid_until IS NULL"),
            postgresql_where=text("valid_until IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(80))
    key_id: Mapped[str] = mapped_column(String(43))
    use: Mapped[KeyUse]
    public_key: Mapped[str] = mapped_column(String(43))
    valid_from: Mapped[dt.datetime]
    valid_until: Mapped[dt.datetime | None]


class ManifestSignature(Base):
    """The signature of one manifest of a release: made once, kept when the key is replaced."""

    __tablename__ = "manifest_signatures"
    __table_args__ = (UniqueConstraint("release_id", "manifest_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("releases.id"))
    manifest_digest: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(String(43))
    signed_at: Mapped[dt.datetime]
    jws: Mapped[str] = mapped_column(Text)


class ReadBack(Base):
    """What the latest reading back of one published file came to: its bytes, and every number read out of it.

    ``figures`` counts the figures that were read, ``problems`` are sentences, none when all agreed. ``sha256`` is what
    was read, so that numbers are read out of a file again only when it has changed.
    """

    __tablename__ = "read_backs"
    __table_args__ = (UniqueConstraint("release_id", "channel", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("releases.id"))
    channel: Mapped[str] = mapped_column(String(40))
    path: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    figures: Mapped[int] = mapped_column(default=0)
    problems: Mapped[list[str]] = mapped_column(default=list)
    checked_at: Mapped[dt.datetime]
