"""What became of each thing on each channel: one row per subject, channel and action, however often it is tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.platform.clock import utc_now
from disclosure.publication.channels import Staged
from disclosure.records.states import DeliveryAction, DeliveryState
from disclosure.records.tables import ChannelDelivery


class DeliverySubject(NamedTuple):
    """What a delivery is about: the column of ``ChannelDelivery`` that says so, and its value.

    An openness publication is known by the first of the changes that it publishes; ``site`` is the upkeep of a
    profile's site, which nothing new comes with.
    """

    column: Literal["release_id", "change_id", "withdrawal_id", "site"]
    value: int | str


def note(
    session: Session,
    subject: DeliverySubject,
    channel: str,
    action: DeliveryAction,
    state: DeliveryState,
    *,
    staged: Staged | None = None,
    before: str | None = None,
    reason: str = "",
) -> None:
    """Write where an action stands; ``staged`` and ``before`` (the token live before) stay when they are None."""
    row = deliveries(session, subject).get((channel, action))
    if row is None:
        row = ChannelDelivery(channel=channel, action=action, attempts=0, **{subject.column: subject.value})
        session.add(row)
    row.attempts += state is DeliveryState.BEGUN or action == "stage"
    row.state, row.reason, row.updated_at = state, reason, utc_now()
    if staged is not None:
        row.token, row.digest = staged.token, staged.digest
    if before is not None:
        row.before = before


def deliveries(session: Session, subject: DeliverySubject) -> Mapping[tuple[str, str], ChannelDelivery]:
    """Return the rows of a subject by channel and action."""
    column = getattr(ChannelDelivery, subject.column)
    return {
        (row.channel, row.action): row
        for row in session.scalars(select(ChannelDelivery).where(column == subject.value))
    }


def visible_deliveries(session: Session, subject: DeliverySubject) -> Mapping[str, ChannelDelivery]:
    """Return the switches, by channel, that the public may see: begun or done, and not brought back."""
    return {
        channel: row
        for (channel, action), row in deliveries(session, subject).items()
        if action == "switch" and row.token and row.state is not DeliveryState.UNDONE
    }
