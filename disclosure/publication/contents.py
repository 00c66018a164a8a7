"""What each channel is given: the whole site, or one package of what was rendered and signed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Channel
from disclosure.clock import shanghai
from disclosure.errors import DisclosureError
from disclosure.openness.published import openness_pages
from disclosure.publication import Manifest, SiteCache, SiteRelease, Tree, build_site, make_manifest
from disclosure.publication.keys import key_files
from disclosure.publication.proof import signature_of
from disclosure.records.tables import Compilation, Cycle, Release
from disclosure.rendering import package_paths, public_paths
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
    found = []
    for release, cycle, compiled in rows:
        is_this = publishing is not None and cycle.id == publishing.id and release.round == publishing.round
        moment = published_at if is_this else release.published_at if release.is_visible else None
        if moment is not None:
            manifest, files = _manifest(place, release, cycle, compiled, moment)
            found.append(
                SiteRelease(
                    period=cycles.period_of(cycle),
                    version=release.version,
                    title=release.title,
                    summary=release.summary,
                    published_at=moment,
                    files=files,
                    manifest=manifest,
                    demo=cycle.is_demo,
                    signature=signature_of(session, place, release, manifest),
                )
            )
    return found


def _manifest(
    place: Workplace, release: Release, cycle: Cycle, compiled: Compilation, published_at: dt.datetime
) -> tuple[Manifest, Tree]:
    """The manifest of what the website shows of ``release``, and those files."""
    folder = release_folder(place.settings.releases, release.digest)
    files = Tree.of_folder(folder, {path: release.files[path] for path in public_paths(release.files)})
    about = {
        "period": cycle.period_id,
        "version": str(release.version),
        "title": release.title,
        "published_at": shanghai(published_at).isoformat(timespec="seconds"),
        "release_digest": release.digest,
        "compilation_digest": compiled.digest,
        **({"signed_ahead_of": "、".join(release.waived)} if release.waived else {}),
    }
    return make_manifest(files, release=about, **(release.proof or {})), files
