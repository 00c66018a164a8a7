"""Rendering a round's release, and publishing it to every channel: all or none (or all in the end), once.

The order of writes is what makes a kill at any point harmless: files before the row that names them, ``published_at``
and each channel's row before it switches (a rerun renders the same bytes and goes on), ``is_live`` after all did.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import compilation, cycles
from disclosure.catalog import Catalog
from disclosure.clock import said, utc_now
from disclosure.collection.files import write_whole
from disclosure.errors import DisclosureError
from disclosure.kept_secrets import Secrets, from_environment
from disclosure.publication.act import Act
from disclosure.publication.contents import release_folder, trees_of
from disclosure.publication.documents import document_of
from disclosure.publication.proof import fix_proof
from disclosure.publication.turn import turn
from disclosure.publication.upkeep import show_recorded
from disclosure.publication.withdrawing import retire_articles
from disclosure.records import ledger
from disclosure.records.tables import Cycle, LedgerEntry, Release
from disclosure.rendering import outlets_of, public_paths, render_release
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.decisions import audit_of, standing
from disclosure.workplace import Workplace

#: So long after the hour that was signed, what was staged with it in print is still true.
_AT_THE_HOUR = dt.timedelta(minutes=15)


class PartlyPublishedError(DisclosureError):
    """Some channels show the release and others do not yet (部分发布)."""


@dataclass(frozen=True)
class Published:
    """A release the public can read; ``address`` is relative to the site's root.

    ``is_repaired``: it was published before, and what some channel showed was not what was published.
    """

    title: str
    address: str
    file_count: int
    is_repaired: bool = False


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
        document = document_of(session, catalog, cycle, compiled)
    period = cycles.period_of(cycle)
    files = render_release(document, outlets_of(catalog, document)).files
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())}
    digest = release_digest(compiled.digest, document.title, document.summary, hashes)
    for path, data in files.items():
        write_whole(release_folder(place.settings.releases, digest) / path, data)
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
            version=document.version,
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


def publish_round(place: Workplace, cycle_id: int, read_secret: Secrets = from_environment) -> Published:
    """Publish the current round's release on every channel.

    Steps: check every approval; stage all channels out of sight; check again; switch all; read back. Published
    already and intact: nothing is done. Published on some channels only: goes on with the others.

    Raises:
        PartlyPublishedError: when some channels show it and others failed, by the profile's choice.
        DisclosureError: before the planned time, when an approval is missing or was given to something else,
            or when a channel failed and the others were brought back.
    """
    with turn(place):
        published = _publish(place, cycle_id, read_secret)
        retire_articles(place, cycle_id, read_secret)
        return published


def stage_round(place: Workplace, cycle_id: int, read_secret: Secrets = from_environment) -> str:
    """Stage the signed release on every channel ahead of its hour; what went wrong, a sentence a channel.

    Nothing is visible afterwards. What has changed by the hour is staged again then.
    """
    with turn(place):
        with place.records.write() as session:
            cycle = cycles.get_cycle(session, cycle_id)
            release = _signed_release(session, place.catalog, cycle, place.settings.releases)
            if release.published_at is not None:
                return ""
            fix_proof(session, place, cycle, release)
            moment = release.planned_for or utc_now()
            trees = trees_of(session, place, cycle, release, moment)
        with Act(place, release.id, place.catalog.publishes_to, trees, read_secret) as act:
            act.stage()
            return act.reasons


def _publish(place: Workplace, cycle_id: int, read_secret: Secrets) -> Published:
    catalog, settings = place.catalog, place.settings
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        release = _signed_release(session, catalog, cycle, settings.releases)
        if cycles.is_withdrawn(session, cycle, release):
            raise DisclosureError(
                f"{release.title}已撤回，不能再发布；要恢复公开，请由签发人运行 disclosure restore {cycle.period_id}。"
            )
        if release.published_at is None:
            _begin(session, cycle, release)
            fix_proof(session, place, cycle, release)
        assert release.published_at is not None  # noqa: S101 - set just now
        trees = trees_of(session, place, cycle, release, release.published_at)
    published = Published(
        release.title, f"releases/{cycles.period_of(cycle).id}/index.html", len(public_paths(release.files))
    )
    is_repair = release.is_live
    keeps_others = is_repair or catalog.profile.on_channel_failure == "partially"
    with Act(place, release.id, catalog.publishes_to, trees, read_secret) as act:
        if is_repair and act.is_intact():
            return published
        act.stage()
        if not act.failures or keeps_others:
            with place.records.read() as session:
                _signed_release(session, catalog, cycles.get_cycle(session, cycle_id), settings.releases)
            act.switch(stops_at_failure=not keeps_others)
        if act.failures and not is_repair:
            # Whoever may yet do what was asked is waited for by the next attempt, before others are brought back.
            waits = keeps_others or bool(act.in_doubt)
            _bring_back(place, cycle_id, act, act.torn if waits else None)
        try:
            _conclude(place, cycle_id, act)
        except DisclosureError:
            if not (is_repair or act.is_visible()):
                with suppress(DisclosureError):
                    show_recorded(place, read_secret)
            raise
        act.tidy()
    return replace(published, is_repaired=is_repair)


def _bring_back(place: Workplace, cycle_id: int, act: Act, names: Collection[str] | None) -> None:
    """Undo the switches of ``names`` (None: all), and note it."""
    brought_back = act.undo(names)
    if not brought_back:
        return
    with place.records.write() as session:
        release = cycles.release_of(session, cycles.get_cycle(session, cycle_id))
        assert release is not None  # noqa: S101 - being published
        ledger.append(
            session,
            "release.brought_back",
            actor="系统",
            cycle_id=cycle_id,
            digest=release.digest,
            channels=sorted(brought_back),
            reason=act.reasons,
        )


def _conclude(place: Workplace, cycle_id: int, act: Act) -> None:
    """Note where the release is live: on all channels, on some (the next attempt goes on), or on none."""
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        release = cycles.release_of(session, cycle)
        assert release is not None  # noqa: S101 - being published
        was_live = release.is_live
        if not act.failures and not was_live:
            release.is_live, release.is_partial = True, False
            cycles.enter(session, cycle, "later_review" if awaits_later_review(release) else "archive")
            _tell(session, "release.published", cycle_id, release, act)
        elif not act.failures:
            ledger.append(session, "release.repaired", actor="系统", cycle_id=cycle_id, digest=release.digest)
        elif not was_live:
            release.is_partial = act.is_visible()
            if release.is_partial:
                _tell(session, "release.partly_published", cycle_id, release, act)
    if not act.failures:
        return
    if was_live:
        raise DisclosureError(f"{release.title}早已发布，但有渠道核对不一致，没有修复：{act.reasons}请处理后重试。")
    if not release.is_partial:
        raise DisclosureError(f"{release.title}没有发布，各渠道都保持原样：{act.reasons}请处理后重试。")
    names = {channel.id: channel.name for channel in place.catalog.publishes_to}
    shown = f"已在{'、'.join(names[name] for name in act.live)}发布；" if act.live else ""
    raise PartlyPublishedError(f"{release.title}部分发布：{shown}{act.reasons}处理后重试，会从未完成的渠道继续。")


def _tell(session: Session, event: str, cycle_id: int, release: Release, act: Act) -> None:
    """A ledger entry; of attempts that end alike the first is enough."""
    details = {"digest": release.digest, "channels": sorted(act.live)}
    last = session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.cycle_id == cycle_id, LedgerEntry.event.startswith("release."))
        .order_by(LedgerEntry.number.desc())
    ).first()
    if last is None or last.event != event or json.loads(last.details) != details:
        ledger.append(session, event, actor="系统", cycle_id=cycle_id, **details)


def _begin(session: Session, cycle: Cycle, release: Release) -> None:
    """Note that publication begins now, and what an emergency sign-off went ahead of."""
    now = utc_now()
    if release.planned_for is not None and now < release.planned_for:
        raise DisclosureError(f"{release.title}计划于 {said(release.planned_for)} 发布，现在还不到时间。")
    cycles.enter(session, cycle, "publish")
    reviewed = standing(session, cycle, REVIEW_GATES, release.compilation.digest)
    release.published_at, release.waived = _moment(release, now), list(reviewed.open_gates)
    ledger.append(
        session,
        "release.publishing",
        actor="系统",
        cycle_id=cycle.id,
        digest=release.digest,
        waived=release.waived,
    )


def _moment(release: Release, now: dt.datetime) -> dt.datetime:
    """The time of publication that the pages print: the hour that was signed, unless it is long past."""
    planned = release.planned_for
    return planned if planned is not None and planned <= now < planned + _AT_THE_HOUR else now


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
    folder = release_folder(releases, release.digest)
    return [
        path
        for path, sha256 in release.files.items()
        if not (folder / path).is_file() or hashlib.sha256((folder / path).read_bytes()).hexdigest() != sha256
    ]
