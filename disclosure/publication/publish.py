"""Rendering a round's release, and publishing it to every channel: all or none, once.

The order of writes is what makes a kill at any point harmless: files before the row that names them,
``published_at`` before the channels switch (a rerun renders the same bytes), ``is_live`` after they did.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import compilation, cycles
from disclosure.catalog import Catalog, Channel
from disclosure.clock import said, shanghai, utc_now
from disclosure.collection.files import write_whole
from disclosure.errors import DisclosureError
from disclosure.openness.published import openness_pages
from disclosure.publication import FolderChannel, SiteCache, SiteRelease, Tree, build_site, make_manifest
from disclosure.records import ledger
from disclosure.records.tables import ChannelDelivery, Compilation, Cycle, Release
from disclosure.rendering import build_document, outlets_of, public_paths, render_release
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.decisions import audit_of, standing
from disclosure.workplace import Workplace


@dataclass(frozen=True)
class Published:
    """A release the public can read; ``address`` is relative to the site's root."""

    title: str
    address: str
    file_count: int


def render_round(place: Workplace, cycle_id: int) -> Release:
    """The rendered release of the current round, made now if it was not; its files lie in ``home/releases``."""
    catalog = place.catalog
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        compiled = cycles.compilation_of(session, cycle)
        if compiled is None:
            raise DisclosureError(f"{cycles.period_of(cycle).label}第 {cycle.round} 轮还没有汇总，不能生成页面。")
        release = cycles.release_of(session, cycle)
        if release is not None and not _damaged_files(place.settings.releases, release):
            return release
        content = compilation.content_of(session, catalog, cycle, compiled)
        known = compilation.history(session, catalog, content.period)
    period = content.period
    document = build_document(
        catalog,
        period,
        content.figures,
        last_year_end=compilation.figures_of_period(known, period.last_year_end()),
        year_before=compilation.figures_of_period(known, period.year_before()),
        last_period=compilation.figures_of_period(known, period.previous_in_year()),
        footnotes=content.footnotes,
        narratives=content.narratives,
        compiled_on=shanghai(compiled.compiled_at).date(),
        demo=cycle.is_demo,
        only=cycle.only,
    )
    files = render_release(document, outlets_of(catalog, document)).files
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())}
    digest = release_digest(compiled.digest, document.title, document.summary, hashes)
    for path, data in files.items():
        write_whole(_folder(place.settings.releases, digest) / path, data)
    with place.records.write() as session:
        release = cycles.release_of(session, cycles.get_cycle(session, cycle_id))
        if release is not None:
            if release.digest != digest:
                raise DisclosureError(
                    f"重新生成的{period.label}页面与已记录的不一致（程序或模板可能已更换）。请退回一轮，重新审核后发布。"
                )
            return release
        release = Release(
            cycle_id=cycle_id,
            round=cycle.round,
            compilation_id=compiled.id,
            digest=digest,
            title=document.title,
            summary=document.summary,
            files=hashes,
            rendered_at=utc_now(),
        )
        session.add(release)
        session.flush()
        ledger.append(session, "release.rendered", actor="系统", cycle_id=cycle_id, digest=digest, files=len(hashes))
        return release


def release_digest(compilation_digest: str, title: str, summary: str, hashes: dict[str, str]) -> str:
    """One digest over the compilation, the words on the home page and every rendered byte: what the leader signs."""
    signed = [compilation_digest, title, summary, sorted(hashes.items())]
    return hashlib.sha256(json.dumps(signed).encode()).hexdigest()


def publish_round(place: Workplace, cycle_id: int) -> Published:
    """Publish the current round's release on every channel.

    Steps: check every approval; stage all channels out of sight; check again; switch all; read back.
    Published already and intact: nothing is done.

    Raises:
        DisclosureError: before the planned time, when an approval is missing or was given to something else,
            or when a channel fails.
    """
    with one_at_a_time(place.settings.home):
        return _publish(place, cycle_id)


@contextmanager
def one_at_a_time(home: Path) -> Iterator[None]:
    """Two publications at once would each build a site without the other."""
    with (home / ".publishing.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _publish(place: Workplace, cycle_id: int) -> Published:
    catalog, settings = place.catalog, place.settings
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        release = _signed_release(session, catalog, cycle, settings.releases)
        if release.published_at is None:
            _begin(session, cycle, release)
        site = site_tree(session, place, cycle)
    published = Published(
        release.title, f"releases/{cycles.period_of(cycle).id}/index.html", len(public_paths(release.files))
    )
    if release.is_live and is_live(place, site):
        return published

    def check_again() -> None:
        with place.records.write() as session:
            _signed_release(session, catalog, cycles.get_cycle(session, cycle_id), settings.releases)
            for channel in catalog.channels.values():
                _note(session, release, channel, "staged")

    put_live(place, site, check_again)
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        released = session.get_one(Release, release.id)
        released.is_live = True
        for channel in catalog.channels.values():
            _note(session, released, channel, "live")
        cycles.enter(session, cycle, "later_review" if awaits_later_review(released) else "archive")
        ledger.append(
            session,
            "release.published",
            actor="系统",
            cycle_id=cycle_id,
            digest=released.digest,
            channels=[channel.id for channel in catalog.channels.values()],
        )
    return published


def site_tree(session: Session, place: Workplace, publishing: Cycle | None = None) -> Tree:
    """The whole site by our records: what is live, the round that is being published, the openness catalogue.

    Raises:
        DisclosureError: when the files of a release are not those of its manifest.
        OSError: when one of them is missing.
    """
    return build_site(
        place.catalog,
        _site_releases(session, place, publishing),
        extra=openness_pages(session, place.catalog),
        address=place.catalog.outlets.site.address,
        cache=SiteCache(place.settings.site_cache),
    )


def recorded_site(place: Workplace) -> Tree:
    """What the site should be by our records; empty before anything was published."""
    with place.records.read() as session:
        site = site_tree(session, place)
    return site if any("/" in path for path in site) else Tree.of({})


def is_live(place: Workplace, site: Tree) -> bool:
    """Whether every channel shows exactly ``site``."""
    return not any(channel.read_back(site) for channel in _channels(place).values())


def put_live(place: Workplace, site: Tree, check_again: Callable[[], None]) -> None:
    """Stage ``site`` on every channel out of sight, ``check_again`` that it may be shown, switch all, read back.

    Raises:
        DisclosureError: when a channel shows something else afterwards.
    """
    channels = _channels(place)
    staged = {name: channel.stage(site) for name, channel in channels.items()}
    check_again()
    for name, channel_folder in channels.items():
        channel_folder.switch(staged[name])
    for name, channel_folder in channels.items():
        if wrong := channel_folder.read_back(site):
            raise DisclosureError(
                f"渠道“{place.catalog.channels[name].name}”发布后核对不一致：{'；'.join(wrong)}。请重试发布。"
            )


def _channels(place: Workplace) -> dict[str, FolderChannel]:
    return {c.id: FolderChannel(place.settings.home / c.path) for c in place.catalog.channels.values()}


def _begin(session: Session, cycle: Cycle, release: Release) -> None:
    """Note that publication begins now, and what an emergency sign-off went ahead of."""
    now = utc_now()
    if release.planned_for is not None and now < release.planned_for:
        raise DisclosureError(f"{release.title}计划于 {said(release.planned_for)} 发布，现在还不到时间。")
    cycles.enter(session, cycle, "publish")
    reviewed = standing(session, cycle, REVIEW_GATES, release.compilation.digest)
    release.published_at, release.waived = now, list(reviewed.open_gates)
    ledger.append(
        session,
        "release.publishing",
        actor="系统",
        cycle_id=cycle.id,
        digest=release.digest,
        waived=release.waived,
    )


def awaits_later_review(release: Release) -> bool:
    """Whether it was signed ahead of reviews that have not all approved it since (紧急签发待补审)."""
    return bool(release.waived) and release.cleared_at is None


def _signed_release(session: Session, catalog: Catalog, cycle: Cycle, releases: Path) -> Release:
    """The current round's release, every approval of it checked against the records and the bytes on disk."""
    label = f"{cycles.period_of(cycle).label}第 {cycle.round} 轮"
    release = cycles.release_of(session, cycle)
    compiled = cycles.compilation_of(session, cycle)
    if release is None or compiled is None or release.compilation_id != compiled.id:
        raise DisclosureError(f"{label}还没有生成发布件，不能发布。")
    compilation.content_of(session, catalog, cycle, compiled)
    if release.digest != release_digest(compiled.digest, release.title, release.summary, release.files):
        raise DisclosureError(f"{label}的发布件与摘要不符，已停止发布。请联系管理员核查记录库。")
    audit = audit_of(session, cycle)
    if audit is None or audit.is_blocking:
        raise DisclosureError(f"{label}没有通过数据检查，不能发布。")
    reviewed = standing(session, cycle, REVIEW_GATES, compiled.digest)
    signed = standing(session, cycle, ("leader",), release.digest)
    if not (reviewed.is_approved and signed.is_approved):
        waiting = [catalog.gates[gate].name for gate in (*reviewed.open_gates, *signed.open_gates)]
        raise DisclosureError(f"{label}尚未全部通过审核（{'、'.join(waiting) or '已被退回'}），不能发布。")
    if damaged := _damaged_files(releases, release):
        raise DisclosureError(f"{label}的发布件 {'、'.join(damaged)} 与签发时不同，已停止发布。请重试以重新生成。")
    return release


def _damaged_files(releases: Path, release: Release) -> list[str]:
    """Files of the release that are missing or not the bytes that were signed."""
    folder = _folder(releases, release.digest)
    return [
        path
        for path, sha256 in release.files.items()
        if not (folder / path).is_file() or hashlib.sha256((folder / path).read_bytes()).hexdigest() != sha256
    ]


def _folder(releases: Path, digest: str) -> Path:
    return releases / digest[:16]


def _site_releases(session: Session, place: Workplace, publishing: Cycle | None = None) -> list[SiteRelease]:
    """Every release that is live, and the one being published, if any."""
    rows = session.execute(
        select(Release, Cycle, Compilation)
        .join(Cycle, Release.cycle_id == Cycle.id)
        .join(Compilation, Release.compilation_id == Compilation.id)
        .where(Cycle.profile == place.catalog.profile.id)
        .order_by(Release.published_at)
    )
    return [
        _site_release(place, release, cycle, compiled)
        for release, cycle, compiled in rows
        if release.is_live or (publishing and cycle.id == publishing.id and release.round == publishing.round)
    ]


def _site_release(place: Workplace, release: Release, cycle: Cycle, compiled: Compilation) -> SiteRelease:
    assert release.published_at is not None  # noqa: S101 - set before the site is built
    folder = _folder(place.settings.releases, release.digest)
    files = Tree.of_folder(folder, {path: release.files[path] for path in public_paths(release.files)})
    period = cycles.period_of(cycle)
    about = {
        "period": period.id,
        "version": str(release.version),
        "title": release.title,
        "published_at": shanghai(release.published_at).isoformat(timespec="seconds"),
        "release_digest": release.digest,
        "compilation_digest": compiled.digest,
        **({"signed_ahead_of": "、".join(release.waived)} if release.waived else {}),
    }
    return SiteRelease(
        period=period,
        version=release.version,
        title=release.title,
        summary=release.summary,
        published_at=release.published_at,
        files=files,
        manifest=make_manifest(files, release=about),
        demo=cycle.is_demo,
    )


def _note(session: Session, release: Release, channel: Channel, state: str) -> None:
    """One row per release, channel and action, however often it is tried."""
    row = session.scalars(
        select(ChannelDelivery).where(
            ChannelDelivery.release_id == release.id,
            ChannelDelivery.channel == channel.id,
            ChannelDelivery.action == "publish",
        )
    ).one_or_none()
    if row is None:
        row = ChannelDelivery(
            release_id=release.id, channel=channel.id, action="publish", attempts=0, updated_at=utc_now()
        )
        session.add(row)
    row.attempts = (row.attempts or 0) + (state == "staged")
    row.state, row.updated_at = state, utc_now()
