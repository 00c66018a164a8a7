"""Making approved changes of the catalogue public: one release for each content, all in one switch of the site.

The order of writes makes a kill at any point harmless, as for a cycle: the release's row with its time before the
channels switch (a rerun renders the same bytes), ``done`` after they did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session

from disclosure.calendar.workdays import add_workdays
from disclosure.catalog import Catalog
from disclosure.openness.changes import digest_of, get_change, standing_versions, under_way
from disclosure.openness.pages.pages import FOLDER
from disclosure.openness.review import standing_of
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError, UnavailableError
from disclosure.platform.secrets import Secrets, from_environment
from disclosure.publication.contents.contents import site_tree
from disclosure.publication.deliveries import DeliverySubject, visible_deliveries
from disclosure.publication.publishing_lock import publishing_lock
from disclosure.publication.switch import ChannelSwitch, FailurePolicy, time_of_switch
from disclosure.publication.upkeep import on_site_channels, show_site
from disclosure.records import ledger
from disclosure.records.installation import Installation
from disclosure.records.states import ChangeStep
from disclosure.records.tables import OpennessChange, OpennessRelease
from disclosure.review.given_answers import require_proven


def publish_openness(installation: Installation, read_secret: Secrets = from_environment) -> list[int]:
    """Publish every change that all its gates have approved, and what else the pages should show; return their ids.

    Published already and intact: nothing is done.

    Raises:
        DisclosureError: when approved content is not what the records hold, or a channel fails.
    """
    with publishing_lock(installation):
        return _publish(installation, read_secret)


def _publish(installation: Installation, read_secret: Secrets) -> list[int]:
    catalog = installation.catalog
    with installation.records.write() as session:
        fresh = [change.id for change in under_way(session, catalog) if _is_approved(session, installation, change)]
        subject = _begin(session, [get_change(session, change_id) for change_id in fresh])
        site = site_tree(session, installation)
    if subject is None:
        if any(path.startswith(FOLDER) for path in site):
            show_site(installation, site, read_secret)
        return []

    def check_again() -> None:
        with installation.records.read() as session:
            for change_id in fresh:
                change = get_change(session, change_id)
                if not _is_approved(session, installation, change):
                    raise DisclosureError(f"{change.title}的审核情况刚刚有变，没有发布，请重试。")

    trees = on_site_channels(catalog, site)
    policy = FailurePolicy.ALL_OR_NONE
    with ChannelSwitch(installation, subject, trees, policy=policy, read_secret=read_secret) as switch:
        switch.run(check_again)
        if switch.failures:
            stands = "没有在全部渠道退回" if switch.is_visible() else "没有公开，各渠道都保持原样"
            raise UnavailableError(
                f"政务公开页面{stands}：{switch.reasons}请处理，系统会自动重试。", is_slow=switch.is_slow
            )
        with installation.records.write() as session:
            for change_id in fresh:
                _finish(session, catalog, get_change(session, change_id))
        switch.tidy()
    return fresh


def _is_approved(session: Session, installation: Installation, change: OpennessChange) -> bool:
    """Tell whether every gate has approved exactly what the records hold.

    Raises:
        DisclosureError: when they hold something else than what was approved.
    """
    if (
        change.step not in (ChangeStep.REVIEW, ChangeStep.PUBLISHING)
        or not standing_of(session, installation.catalog, change).is_approved
    ):
        return False
    require_proven(session, installation.catalog, installation.cipher, change)
    held = digest_of(standing_versions(session, change))
    if held != change.digest or (change.release is not None and change.release.digest != held):
        raise DisclosureError(f"{change.title}的内容与审核通过时的摘要不符，已停止发布。请联系管理员核查记录库。")
    return True


def _begin(session: Session, changes: Sequence[OpennessChange]) -> DeliverySubject | None:
    """Note that ``changes`` begin to be published, and when; return what their deliveries are noted under.

    That is the change whose publication was begun first. A time that was fixed stands while somebody may have seen it.
    """
    now, begun = utc_now(), [change.release for change in changes if change.release is not None]
    first = min(begun, key=lambda release: release.id).change_id if begun else changes[0].id if changes else None
    if first is None:
        return None
    subject = DeliverySubject("change_id", first)
    if not visible_deliveries(session, subject):
        for release in begun:
            release.published_at = time_of_switch(release.published_at, now)
    for change in changes:
        if change.release is None:
            change.step = ChangeStep.PUBLISHING
            change.release = OpennessRelease(change_id=change.id, digest=change.digest, published_at=now)
            session.flush()
            ledger.append(session, "openness.publishing", actor="系统", change=change.id, digest=change.digest)
    return subject


def _finish(session: Session, catalog: Catalog, change: OpennessChange) -> None:
    """Stop the clocks: the ledger keeps the limit as it was counted on that day."""
    release = change.release
    assert release is not None  # noqa: S101 - begun before
    change.step = ChangeStep.DONE
    ledger.append(
        session,
        "openness.published",
        actor="系统",
        change=change.id,
        digest=change.digest,
        on=shanghai(release.published_at).date().isoformat(),
        limits={
            f"{version.item}/{version.element}/{version.number}": _limit(catalog, version.item, version.changed_on)
            for version in change.versions
        },
    )


def _limit(catalog: Catalog, item: str, changed_on: dt.date) -> str:
    return add_workdays(changed_on, catalog.openness_items[item].workdays, catalog.holidays).isoformat()
