"""What each channel is given: the whole site, or one folder of what was rendered and signed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.clock import shanghai
from disclosure.errors import DisclosureError
from disclosure.publication import SiteRelease, build_site, make_manifest
from disclosure.publication.channels import Tree
from disclosure.records.tables import Compilation, Cycle, Release
from disclosure.workplace import Workplace


def release_folder(releases: Path, digest: str) -> Path:
    """Where the files of a release lie, below ``home/releases``."""
    return releases / digest[:16]


def trees_of(
    session: Session, place: Workplace, cycle: Cycle, release: Release, published_at: dt.datetime
) -> dict[str, Tree]:
    """What each channel is given, by its id; channels that are given the same share it."""
    folder = release_folder(place.settings.releases, release.digest)
    made: dict[tuple[str, str], Tree] = {}
    for channel in place.catalog.publishes_to:
        key = (channel.content, channel.folder)
        if key in made:
            continue
        if channel.content == "site":
            made[key] = Tree(build_site(place.catalog, _site_releases(session, place, cycle, published_at)))
            continue
        prefix = f"{channel.folder}/" if channel.folder else ""
        files = {path.removeprefix(prefix): path for path in release.files if path.startswith(prefix)}
        if not files:
            raise DisclosureError(
                f"{release.title}的发布件里没有文件夹 {channel.folder}，不能发布到渠道“{channel.name}”；"
                "请核对 channels.yaml 里它的 folder。"
            )
        made[key] = Tree({name: (folder / path).read_bytes() for name, path in files.items()})
    return {channel.id: made[channel.content, channel.folder] for channel in place.catalog.publishes_to}


def _site_releases(
    session: Session, place: Workplace, publishing: Cycle, published_at: dt.datetime
) -> list[SiteRelease]:
    """Every release that the public reads or may read, and the one being published, as of ``published_at``."""
    rows = session.execute(
        select(Release, Cycle, Compilation)
        .join(Cycle, Release.cycle_id == Cycle.id)
        .join(Compilation, Release.compilation_id == Compilation.id)
        .where(Cycle.profile == publishing.profile)
        .order_by(Release.published_at)
    )
    found = []
    for release, cycle, compiled in rows:
        if cycle.id == publishing.id and release.round == publishing.round:
            found.append(_site_release(place, release, cycle, compiled, published_at))
        elif release.is_visible:
            found.append(_site_release(place, release, cycle, compiled, release.published_at))
    return found


def _site_release(
    place: Workplace, release: Release, cycle: Cycle, compiled: Compilation, published_at: dt.datetime
) -> SiteRelease:
    folder = release_folder(place.settings.releases, release.digest)
    files = {path: (folder / path).read_bytes() for path in release.files}
    period = cycles.period_of(cycle)
    about = {
        "period": period.id,
        "version": str(release.version),
        "title": release.title,
        "published_at": shanghai(published_at).isoformat(timespec="seconds"),
        "release_digest": release.digest,
        "compilation_digest": compiled.digest,
        **({"signed_ahead_of": "、".join(release.waived)} if release.waived else {}),
    }
    return SiteRelease(
        period=period,
        version=release.version,
        title=release.title,
        summary=release.summary,
        published_at=published_at,
        files=files,
        manifest=make_manifest(files, release=about),
        demo=cycle.is_demo,
    )
