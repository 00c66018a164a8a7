"""Making approved changes of the catalogue public: one release for each content, all in one switch of the site.

The order of writes makes a kill at any point harmless, as for a cycle: the release's row with its time before the
channels switch (a rerun renders the same bytes), ``is_live`` after they did.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.clock import shanghai, utc_now
from disclosure.errors import DisclosureError
from disclosure.kept_secrets import Secrets, from_environment
from disclosure.openness.changes import digest_of, get_change, standing_versions, under_way
from disclosure.openness.review import standing_of
from disclosure.publication.contents import site_tree
from disclosure.publication.turn import turn
from disclosure.publication.upkeep import put_site
from disclosure.records import ledger
from disclosure.records.openness_tables import OpennessChange, OpennessRelease
from disclosure.rendering.openness import FOLDER
from disclosure.workdays import add_workdays
from disclosure.workplace import Workplace


def publish_openness(place: Workplace, read_secret: Secrets = from_environment) -> list[int]:
    """Publish every change that all its gates have approved, and whatever else the pages should show; their ids.

    Published already and intact: nothing is done.

    Raises:
        DisclosureError: when approved content is not what the records hold, or a channel fails.
    """
    with turn(place):
        return _publish(place, read_secret)


def _publish(place: Workplace, read_secret: Secrets) -> list[int]:
    catalog = place.catalog
    with place.records.write() as session:
        fresh = [change.id for change in under_way(session, catalog) if _is_approved(session, catalog, change)]
        for change_id in fresh:
            _begin(session, get_change(session, change_id))
        site = site_tree(session, place)
    has_pages = any(path.startswith(FOLDER) for path in site)
    if not fresh and not has_pages:
        return []

    def check_again() -> None:
        with place.records.read() as session:
            for change_id in fresh:
                change = get_change(session, change_id)
                if not _is_approved(session, catalog, change):
                    raise DisclosureError(f"{change.title}的审核情况刚刚有变，没有发布，请重试。")

    put_site(place, site, check_again, read_secret)
    with place.records.write() as session:
        for change_id in fresh:
            _finish(session, catalog, get_change(session, change_id))
    return fresh


def _is_approved(session: Session, catalog: Catalog, change: OpennessChange) -> bool:
    """Whether every gate has approved exactly what the records hold.

    Raises:
        DisclosureError: when they hold something else than what was approved.
    """
    if change.step != "review" or not standing_of(session, catalog, change).is_approved:
        return False
    held = digest_of(standing_versions(session, change))
    if held != change.digest or (change.release is not None and change.release.digest != held):
        raise DisclosureError(f"{change.title}的内容与审核通过时的摘要不符，已停止发布。请联系管理员核查记录库。")
    return True


def _begin(session: Session, change: OpennessChange) -> None:
    if change.release is not None:
        return
    change.release = OpennessRelease(change_id=change.id, digest=change.digest, published_at=utc_now())
    session.flush()
    ledger.append(session, "openness.publishing", actor="系统", change=change.id, digest=change.digest)


def _finish(session: Session, catalog: Catalog, change: OpennessChange) -> None:
    """The clocks stop: the ledger keeps the limit as it was counted on that day."""
    release = change.release
    assert release is not None  # noqa: S101 - begun before
    release.is_live, change.step = True, "done"
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
