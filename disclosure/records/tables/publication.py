"""Releases, and what became of them on each channel."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from disclosure.records.states import DeliveryAction, DeliveryState, ReleaseState
from disclosure.records.tables.base import Base
from disclosure.records.tables.cycle import Compilation


class Release(Base):
    """The rendered channels of one round, what the leader signs and the public reads.

    ``digest`` covers the compilation's digest and every rendered file (``files``: path to SHA-256, bytes
    under ``home/releases``). ``planned_for`` is the time the leader signed for, None for at once.
    ``published_at`` is set before the channels switch, so that a rerun writes the same bytes. ``waived`` are the gates
    that an emergency sign-off went ahead of, None until publication begins; ``cleared_at`` is when the last of them
    approved afterwards. ``proof`` is what the manifest says of approvals and ledger, fixed before anything is staged.
    """

    __tablename__ = "releases"
    __table_args__ = (
        UniqueConstraint("cycle_id", "round"),
        CheckConstraint("(state = 'rendered') = (published_at IS NULL)", name="published"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycles.id"))
    round: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    compilation_id: Mapped[int] = mapped_column(ForeignKey("compilations.id"))
    digest: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text, default="")
    files: Mapped[dict[str, str]] = mapped_column(default=dict)
    rendered_at: Mapped[dt.datetime]
    planned_for: Mapped[dt.datetime | None]
    waived: Mapped[list[str] | None]
    cleared_at: Mapped[dt.datetime | None]
    published_at: Mapped[dt.datetime | None]
    state: Mapped[ReleaseState] = mapped_column(default=ReleaseState.RENDERED)
    proof: Mapped[dict[str, Any] | None]

    compilation: Mapped[Compilation] = relationship()


#: What a delivery may be about, by its column.
_SUBJECTS = ("release_id", "change_id", "withdrawal_id", "site")


class ChannelDelivery(Base):
    """One action of one subject on one channel, however often it is tried; ``reason`` says why it failed.

    It is about a release, about a publication of the openness catalogue (known by its first change), about a withdrawal
    with its restoration, or about the upkeep of the site of a profile: exactly one of them.
    ``token`` and ``digest`` are what the channel needs to find what it is about (``Staged``); ``before`` is the token
    that was live before a switch, empty for none.
    """

    __tablename__ = "channel_deliveries"
    __table_args__ = (
        *(UniqueConstraint(subject, "channel", "action") for subject in _SUBJECTS),
        CheckConstraint(
            " + ".join(f"CASE WHEN {subject} IS NULL THEN 0 ELSE 1 END" for subject in _SUBJECTS) + " = 1",
            name="one_subject",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int | None] = mapped_column(ForeignKey("releases.id"))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("openness_changes.id"))
    withdrawal_id: Mapped[int | None] = mapped_column(ForeignKey("withdrawals.id"))
    site: Mapped[str | None] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(60))
    action: Mapped[DeliveryAction]
    state: Mapped[DeliveryState]
    reason: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[str] = mapped_column(String(200), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    before: Mapped[str] = mapped_column(String(200), default="")
    updated_at: Mapped[dt.datetime]
