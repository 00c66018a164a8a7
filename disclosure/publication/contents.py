"""What each channel is given: the whole site, or one package of what was rendered and signed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog, Channel
from disclosure.clock import shanghai
from disclosure.errors import DisclosureError
from disclosure.openness.published import openness_pages
from disclosure.publication import SiteCache, SiteRelease, Tree, build_site, make_manifest
from disclosure.publication.keys import key_files
from disclosure.publication.proof import signature_of
from disclosure.records.tables import Compilation, Cycle, Release
from disclosure.rendering import package_paths, public_paths
from disclosure.rendering.superseded import (
    EXPLANATION,
    PAGE,
    SIGNED_PAGE,
    Superseded,
    WithdrawalNotice,
    with_banner,
    withdrawal_sentence,
    withdrawn_page,
)
from disclosure.workplace import Workplace


def release_folder(releases: Path, digest: str) -> Path:
    """Where the files of a release lie, below ``home/releases``."""
    return releases / digest[:16]


def trees_of(
    session: Session, place: Workplace, cycle: Cycle, release: Release, published_at: dt.datetime
) -> dict[str, Tree]:
    """What each channel is given, by its id; channels that are given the same share it.

    ``session`` must be one that writes: what is new is signed.
    """
    made: dict[tuple[str, str], Tree] = {}
    for channel in place.catalog.publishes_to:
        key = (channel.content, channel.folder)
        if key in made:
            continue
        if channel.content == "site":
            made[key] = site_tree(session, place, cycle, published_at)
            continue
        made[key] = package_tree(place, release, channel)
    return {channel.id: made[channel.content, channel.folder] for channel in place.catalog.publishes_to}


def package_tree(place: Workplace, release: Release, channel: Channel) -> Tree:
    """The package of ``release`` that ``channel`` is given.

    Raises:
        DisclosureError: when there is none of that name.
    """
    paths = package_paths(release.files, channel.folder)
    if not paths:
        raise DisclosureError(
            f"{release.title}的发布件里没有材料包 {channel.folder}，不能发布到渠道“{channel.name}”；"
            "请核对 channels.yaml 里它的 folder。"
        )
    signed = Tree.of_folder(
        release_folder(place.settings.releases, release.digest), {path: release.files[path] for path in paths.values()}
    )
    return signed.renamed({path: name for name, path in paths.items()})


def shown_package(session: Session, place: Workplace, channel: Channel) -> tuple[str, Tree] | None:
    """What a channel that holds one package at a time should show, and the title of the release it is about.

    That is the package of the release published last or, where that was withdrawn, the explanation. None: nothing,
    before anything was published, and on an official account, which shows no explanation.
    """
    row = session.execute(
        select(Release, Cycle)
        .join(Cycle, Release.cycle_id == Cycle.id)
        .where(Cycle.profile == place.catalog.profile.id, Release.is_live)
        .order_by(Release.published_at.desc(), Release.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    release, cycle = row
    if not cycles.is_withdrawn(session, cycle, release):
        return release.title, package_tree(place, release, channel)
    if channel.kind == "wechat":
        return None
    notice = _notice(session, place.catalog, cycle, release, release)
    page = withdrawn_page(place.catalog, notice, root=place.catalog.outlets.site.address)
    return release.title, Tree.of({EXPLANATION: page})


def _notice(session: Session, catalog: Catalog, cycle: Cycle, release: Release, newest: Release) -> WithdrawalNotice:
    withdrawal = cycles.withdrawal_of(session, cycle)
    assert withdrawal is not None  # noqa: S101 - asked only of what was withdrawn
    return WithdrawalNotice(
        title=release.title,
        period_label=cycles.period_of(cycle).label,
        kind=withdrawal.kind,
        reason=withdrawal.reason,
        withdrawn_at=withdrawal.withdrawn_at,
        office=catalog.offices[withdrawal.person.office].name,
        newer=f"../{cycle.period_id}/index.html" if newest.version > withdrawal.version else "",
        demo=cycle.is_demo,
        sentence=withdrawal_sentence(catalog, withdrawal.kind, withdrawal.reason, withdrawal.withdrawn_at),
    )


def site_tree(
    session: Session, place: Workplace, publishing: Cycle | None = None, published_at: dt.datetime | None = None
) -> Tree:
    """The whole site by our records: what the public reads or may read, the openness catalogue, and the round that
    is being published, as of ``published_at``.

    Raises:
        DisclosureError: when the files of a release are not those of its manifest.
    """
    return build_site(
        place.catalog,
        _site_releases(session, place, publishing, published_at),
        extra=openness_pages(session, place.catalog) | key_files(session, place),
        address=place.catalog.outlets.site.address,
        cache=SiteCache(place.settings.site_cache),
    )


def sign_releases(session: Session, place: Workplace) -> None:
    """Sign what the public reads and is not signed yet, published by a version of this product without signatures."""
    _site_releases(session, place, None, None)


class _Shown(NamedTuple):
    """A release that the public reads since ``published_at``, or may read."""

    release: Release
    cycle: Cycle
    compiled: Compilation
    published_at: dt.datetime


def _site_releases(
    session: Session, place: Workplace, publishing: Cycle | None, published_at: dt.datetime | None
) -> list[SiteRelease]:
    rows = session.execute(
        select(Release, Cycle, Compilation)
        .join(Cycle, Release.cycle_id == Cycle.id)
        .join(Compilation, Release.compilation_id == Compilation.id)
        .where(Cycle.profile == place.catalog.profile.id)
        .order_by(Release.published_at)
    )
    shown: list[_Shown] = []
    newest: dict[int, Release] = {}
    for release, cycle, compiled in rows:
        is_this = publishing is not None and cycle.id == publishing.id and release.round == publishing.round
        moment = published_at if is_this else release.published_at if release.is_visible else None
        if moment is not None:
            shown.append(_Shown(release, cycle, compiled, moment))
            newest[cycle.id] = max(newest.get(cycle.id, release), release, key=lambda each: each.version)
    return [_site_release(session, place, each, newest[each.cycle.id]) for each in shown]


def _site_release(session: Session, place: Workplace, shown: _Shown, newest: Release) -> SiteRelease:
    """``newest`` is the newest version of the same cycle that the public reads."""
    release, cycle, compiled, published_at = shown
    folder = release_folder(place.settings.releases, release.digest)
    files = Tree.of_folder(folder, {path: release.files[path] for path in public_paths(release.files)})
    period = cycles.period_of(cycle)
    notice = None
    if cycles.is_withdrawn(session, cycle, release):
        notice = _notice(session, place.catalog, cycle, release, newest)
        files = Tree.of({EXPLANATION: withdrawn_page(place.catalog, notice)})
    elif newest is not release:
        # The page as it was signed stays beside the one with the banner, byte for byte.
        banner = Superseded(release.version, newest.version, f"../{period.id}/index.html", SIGNED_PAGE)
        files = files | {SIGNED_PAGE: files[PAGE], PAGE: with_banner(files[PAGE], banner)}
    about = {
        "period": cycle.period_id,
        "version": str(release.version),
        "title": release.title,
        "published_at": shanghai(published_at).isoformat(timespec="seconds"),
        "release_digest": release.digest,
        "compilation_digest": compiled.digest,
        **({"signed_ahead_of": "、".join(release.waived)} if release.waived else {}),
        **({"withdrawn": notice.kind} if notice else {}),
        **({"superseded_by": str(newest.version)} if newest is not release else {}),
    }
    manifest = make_manifest(files, release=about, **(release.proof or {}))
    return SiteRelease(
        period=period,
        version=release.version,
        title=release.title,
        summary=release.summary,
        published_at=published_at,
        files=files,
        manifest=manifest,
        demo=cycle.is_demo,
        signature=signature_of(session, place, release, manifest),
        withdrawn=notice,
    )
