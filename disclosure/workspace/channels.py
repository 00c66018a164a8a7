"""发布渠道: what was last published on each, by our records, and on demand what the public sees there now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from disclosure.calendar.periods import parse_period
from disclosure.catalog import RoleId
from disclosure.platform.clock import format_moment
from disclosure.platform.secrets import Secrets
from disclosure.publication.channel_status import channel_statuses
from disclosure.records.installation import Installation, Work
from disclosure.records.states import DeliveryState
from disclosure.records.tables import ChannelDelivery, Cycle, OpennessChange, Release

CHANNELS = "/channels"
_READERS: frozenset[RoleId] = frozenset({"compiler", "supervisor", "leader", "operator"})
_CONTENTS = {"site": "整个网站", "release": "发布件"}
_ON_FAILURE = {
    "all_or_none": "有渠道失败时，已切换的渠道全部退回。",
    "partially": "有渠道失败时，其余渠道照常发布（部分发布），重试时从未完成的渠道继续。",
}


@dataclass(frozen=True)
class ChannelLine:
    """A channel in words: what it is given, what was last published there, what went wrong since, what is live."""

    id: str
    name: str
    office: str
    content: str
    last: str
    failure: str
    live: str = ""
    trouble: str = ""


def may_read_channels(roles: Collection[RoleId]) -> bool:
    """Whether the page is for somebody of these roles."""
    return not _READERS.isdisjoint(roles)


def say_on_failure(work: Work) -> str:
    """Say what becomes of the other channels when one fails."""
    return _ON_FAILURE[work.catalog.profile.on_channel_failure]


def list_channels(work: Work) -> list[ChannelLine]:
    """Return every channel in use as our records have it."""
    session, catalog = work.session, work.catalog
    wanted = (
        select(ChannelDelivery)
        .where(ChannelDelivery.action == "switch")
        .order_by(ChannelDelivery.updated_at.desc(), ChannelDelivery.id.desc())
    )
    switches = list(session.scalars(wanted))
    lines = []
    for fact in catalog.publishes_to:
        own = [row for row in switches if row.channel == fact.id]
        last = next((row for row in own if row.state is DeliveryState.DONE), None)
        failed = own[0] if own and own[0].state is DeliveryState.FAILED else None
        folder = f" {fact.folder}/" if fact.folder else ""
        lines.append(
            ChannelLine(
                id=fact.id,
                name=fact.name,
                office=catalog.offices[fact.office].name,
                content=_CONTENTS[fact.content] + folder,
                last=f"{format_moment(last.updated_at)}　{_subject(work, last)}" if last else "还没有发布过",
                failure=f"{format_moment(failed.updated_at)}没有办成：{failed.reason}" if failed else "",
            )
        )
    return lines


def look_at_channels(installation: Installation, read_secret: Secrets) -> dict[str, tuple[str, str]]:
    """Look at every channel now: by its id what is live, and why that could not be seen; one of them is empty."""
    seen = channel_statuses(installation.catalog, installation.settings.home, read_secret)
    return {one.fact.id: (one.live, one.trouble) for one in seen}


def _subject(work: Work, row: ChannelDelivery) -> str:
    """Say what a delivery was about."""
    session = work.session
    if row.release_id is not None:
        release = session.get_one(Release, row.release_id)
        return f"{parse_period(session.get_one(Cycle, release.cycle_id).period_id).label}第 {release.version} 版"
    if row.change_id is not None:
        return f"政务公开：{session.get_one(OpennessChange, row.change_id).title}"
    return "撤回或恢复公开" if row.withdrawal_id is not None else "网站维护"
