"""What became of a release on each channel: one row per release, channel and action, however often it is tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.clock import utc_now
from disclosure.publication.channels import Staged
from disclosure.records.tables import ChannelDelivery

Action = Literal["stage", "switch", "undo"]
#: ``begun``: asked for, and not known to have happened; ``undone``: a switch that was brought back.
State = Literal["begun", "done", "failed", "undone"]


def note(
    session: Session,
    release_id: int,
    channel: str,
    action: Action,
    state: State,
    *,
    staged: Staged | None = None,
    before: str | None = None,
    reason: str = "",
) -> None:
    """Write where an action stands; ``staged`` and ``before`` (the token live before) stay when they are None."""
    row = deliveries(session, release_id).get((channel, action))
    if row is None:
        row = ChannelDelivery(release_id=release_id, channel=channel, action=action, attempts=0)
        session.add(row)
    row.attempts += state == "begun" or (action == "stage" and state in ("done", "failed"))
    row.state, row.reason, row.updated_at = state, reason, utc_now()
    if staged is not None:
        row.token, row.digest = staged.token, staged.digest
    if before is not None:
        row.before = before


def deliveries(session: Session, release_id: int) -> Mapping[tuple[str, str], ChannelDelivery]:
    """The rows of a release by channel and action."""
    rows = session.scalars(select(ChannelDelivery).where(ChannelDelivery.release_id == release_id))
    return {(row.channel, row.action): row for row in rows}


def staged_in(row: ChannelDelivery | None) -> Staged | None:
    """What the row's action was about."""
    return Staged(row.token, row.digest) if row is not None and row.token else None
