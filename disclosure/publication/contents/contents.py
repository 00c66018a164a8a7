"""What each channel is given: the whole site, or one package of what was rendered and signed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, Channel
from disclosure.cycle import compilation, queries
from disclosure.openness.published import openness_pages
from disclosure.platform.clock import shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.publication import SiteCache, SiteRelease, Tree, build_site, make_manifest
from disclosure.publication.proof.keys import key_files
from disclosure.publication.proof.proof import signature_of
from disclosure.records.installation import Installation
from disclosure.records.states import PUBLISHED, SEEN, ReleaseState
from disclosure.records.tables import Compilation, Cycle, Release
from disclosure.rendering import package_paths, public_paths
from disclosure.rendering.site.superseded import (
    EXPLANATION,
    PAGE,
    SIGNED_PAGE,
    Superseded,
    WithdrawalNotice,
    with_banner,
    withdrawal_sentence,
    withdrawn_page,
)


def release_folder(releases: Path, digest: str) -> Path:
    """Return where the files of a release lie, below ``home/releases``."""
    return releases / digest[:16]


def trees_of(
    session: Session, installation: Installation, cycle: Cycle, release: Release, published_at: dt.datetime
) -> dict[str, Tree]:
    """Return what each channel is given, by its id; channels that are given the same share it.

    ``session`` must be one that writes: what is new is signed.
    """
    made: dict[tuple[str, str], Tree] = {}
    for channel in installation.catalog.publishes_to:
        key = (channel.content, channel.folder)
        if key in made:
            continue
        if channel.content == "site":
            made[key] = site_tree(session, installation, cycle, published_at)
            continue
        made[key] = package_tree(installation, release, channel)
    return {channel.id: made[channel.content, channel.folder] for channel in installation.catalog.publishes_to}


def package_tree(installation: Installation, release: Release, channel: Channel) -> Tree:
    """Return the package of ``release`` that ``channel`` is given.

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
        release_folder(installation.settings.releases, release.digest),
        {path: release.files[path] for path in paths.values()},
    )
    return signed.renamed({path: name for name, path in paths.items()})


def shown_package(session: Session, installation: Installation, channel: Channel) -> tuple[str, Tree] | None:
    """Return what a channel that holds one package at a time should show, and the title of the release it is about.

    That is the package of the release published last or, where that was withdrawn, the explanation. None: nothing,
    before anything was published, and on an official account, which shows no explanation.
    """
    row = session.execute(
        select(Release, Cycle)
        .join(Cycle, Release.cycle_id == Cycle.id)
        .where(Cycle.profile == installation.catalog.profile.id, Release.state.in_(PUBLISHED))
        .order_by(Release.published_at.desc(), Release.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    release, cycle = row
    if release.state is ReleaseState.LIVE:
        return release.title, package_tree(installation, release, channel)
    if channel.kind == "wechat":
        return None
    notice = _notice(session, installation.catalog, cycle, release, release)
    page = withdrawn_page(installation.catalog, notice, root=installation.catalog.outlets.site.address)
    return release.title, Tree.of({EXPLANATION: page})


def _notice(session: Session, catalog: Catalog, cycle: Cycle, release: Release, newest: Release) -> WithdrawalNotice:
    withdrawal = queries.withdrawal_of(session, cycle)
    assert withdrawal is not None  # noqa: S101 - asked only of what was withdrawn
    return WithdrawalNotice(
        title=release.title,
        period_label=queries.period_of(cycle).label,
        kind=withdrawal.kind,
        reason=withdrawal.reason,
        withdrawn_at=withdrawal.withdrawn_at,
        office=catalog.offices[withdrawal.person.office].name,
        newer=f"../{cycle.period_id}/index.html" if newest.version > withdrawal.version else "",
        demo=cycle.is_demo,
        sentence=withdrawal_sentence(catalog, withdrawal.kind, withdrawal.reason, withdrawal.withdrawn_at),
    )


def site_tree(
    session: Session,
    installation: Installation,
    publishing: Cycle | None = None,
    published_at: dt.datetime | None = None,
) -> Tree:
    """Build the whole site by our records.

    It has what the public reads or may read, the openness catalogue, and the round that is being published, as of
    ``published_at``.

    Raises:
        DisclosureError: when the files of a release are not those of its manifest.
    """
    return build_site(
        installation.catalog,
        _site_releases(session, installation, publishing, published_at),
        extra=openness_pages(session, installation.catalog) | key_files(session, installation),
        imported=[figure for figure, _ in compilation.imported_figures(session, installation.catalog).values()],
        address=installation.catalog.outlets.site.address,
        cache=SiteCache(installation.settings.site_cache),
    )


def sign_releases(session: Session, installation: Installation) -> None:
    """Sign what the public reads and is not signed yet, published by a version of this product without signatures."""
    list_site_releases(session, installation)


def list_site_releases(session: Session, installation: Installation) -> list[SiteRelease]:
    """Return every version that the public reads, or read before it was withdrawn, as the site shows it now.

    ``session`` must be one that writes: what is not signed yet is signed.
    """
    return _site_releases(session, installation, None, None)


class _VisibleRelease(NamedTuple):
    """A release that the public reads since ``published_at``, or may read."""

    release: Release
    cycle: Cycle
    compiled: Compilation
    published_at: dt.datetime


def _site_releases(
    session: Session, installation: Installation, publishing: Cycle | None, published_at: dt.datetime | None
) -> list[SiteRelease]:
    rows = session.execute(
        select(Release, Cycle, Compilation)
        .join(Cycle, Release.cycle_id == Cycle.id)
        .join(Compilation, Release.compilation_id == Compilation.id)
        .where(Cycle.profile == installation.catalog.profile.id)
        .order_by(Release.published_at)
    )
    shown: list[_VisibleRelease] = []
    newest: dict[int, Release] = {}
    for release, cycle, compiled in rows:
        is_this = publishing is not None and cycle.id == publishing.id and release.round == publishing.round
        moment = published_at if is_this else release.published_at if release.state in SEEN else None
        if moment is not None:
            shown.append(_VisibleRelease(release, cycle, compiled, moment))
            newest[cycle.id] = max(newest.get(cycle.id, release), release, key=lambda each: each.version)
    return [_site_release(session, installation, each, newest[each.cycle.id]) for each in shown]


def _site_release(session: Session, installation: Installation, shown: _VisibleRelease, newest: Release) -> SiteRelease:
    """Return a release as the site shows it; ``newest`` is the newest version of its cycle that the public reads."""
    release, cycle, compiled, published_at = shown
    folder = release_folder(installation.settings.releases, release.digest)
    files = Tree.of_folder(folder, {path: release.files[path] for path in public_paths(release.files)})
    period = queries.period_of(cycle)
    notice = None
    if release.state is ReleaseState.WITHDRAWN:
        notice = _notice(session, installation.catalog, cycle, release, newest)
        files = Tree.of({EXPLANATION: withdrawn_page(installation.catalog, notice)})
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
        signature=signature_of(session, installation, release, manifest),
        withdrawn=notice,
    )
