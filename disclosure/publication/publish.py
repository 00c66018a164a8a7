"""Rendering a round's release, and publishing it to every channel: all or none (or all in the end), once.

The order of writes is what makes a kill at any point harmless: files before the row that names them, ``published_at``
and each channel's row before it switches (a rerun renders the same bytes and goes on), ``live`` after all did.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.cycle import compilation, queries
from disclosure.cycle.states import enter
from disclosure.platform.clock import format_moment, utc_now
from disclosure.platform.errors import DisclosureError, UnavailableError
from disclosure.platform.secrets import Secrets, from_environment
from disclosure.publication.contents.cells import refuse_given_away
from disclosure.publication.contents.contents import release_folder, trees_of
from disclosure.publication.contents.documents import document_of
from disclosure.publication.contents.personal import (
    PersonalDataError,
    hold_found,
    refuse_personal_data,
    refuse_taken_back,
)
from disclosure.publication.deliveries import DeliverySubject
from disclosure.publication.proof.proof import fix_proof
from disclosure.publication.publishing_lock import publishing_lock
from disclosure.publication.switch import ChannelSwitch, FailurePolicy, time_of_switch
from disclosure.publication.upkeep import show_recorded
from disclosure.publication.withdrawal import retire_articles
from disclosure.records import ledger
from disclosure.records.file_store import write_whole
from disclosure.records.installation import Installation
from disclosure.records.states import PUBLISHED, SEEN, CycleStep, ReleaseState
from disclosure.records.tables import Cycle, LedgerEntry, Release
from disclosure.rendering import outlets_of, public_paths, render_release
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.decisions import audit_of, gate_status
from disclosure.review.given_answers import require_proven
from disclosure.review.personal.holding import read_acceptances


class NotPublishedError(UnavailableError):
    """Channels failed, and none shows the release: it is tried again."""


class PartlyPublishedError(UnavailableError):
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


def render_round(installation: Installation, cycle_id: int) -> Release:
    """Return the rendered release of the current round, made now if it was not; its files lie in ``home/releases``."""
    catalog = installation.catalog
    with installation.records.read() as session:
        cycle = queries.get_cycle(session, cycle_id)
        compiled = queries.compilation_of(session, cycle)
        if compiled is None:
            raise DisclosureError(f"{queries.period_of(cycle).label}第 {cycle.round} 轮还没有汇总，不能生成页面。")
        release = queries.release_of(session, cycle)
        if release is not None and not _damaged_files(installation.settings.releases, release):
            return release
        document = document_of(session, catalog, cycle, compiled)
        refuse_given_away(session, catalog, cycle, compiled)
    period = queries.period_of(cycle)
    files = render_release(document, outlets_of(catalog, document)).files
    try:
        refuse_personal_data(catalog, files, read_acceptances(installation))
    except PersonalDataError as error:
        with installation.records.write() as session:
            hold_found(session, catalog, f"{period.label}第 {cycle.round} 轮", error.found)
        raise
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())}
    digest = release_digest(compiled.digest, document.title, document.summary, hashes)
    for path, data in files.items():
        write_whole(release_folder(installation.settings.releases, digest) / path, data)
    with installation.records.write() as session:
        release = queries.release_of(session, queries.get_cycle(session, cycle_id))
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
    """Return one digest over compilation, words on the home page and every rendered byte: what the leader signs."""
    signed = [compilation_digest, title, summary, sorted(hashes.items())]
    return hashlib.sha256(json.dumps(signed).encode()).hexdigest()


def publish_round(installation: Installation, cycle_id: int, read_secret: Secrets = from_environment) -> Published:
    """Publish the current round's release on every channel.

    Steps: check every approval; stage all channels out of sight; check again; switch all; read back. Published
    already and intact: nothing is done. Published on some channels only: goes on with the others.

    Raises:
        PartlyPublishedError: when some channels show it and others failed, by the profile's choice.
        NotPublishedError: when a channel failed and the others were brought back.
        DisclosureError: before the planned time, when an approval is missing or was given to something else.
    """
    with publishing_lock(installation):
        published = _publish(installation, cycle_id, read_secret)
        retire_articles(installation, cycle_id, read_secret)
        return published


def stage_round(installation: Installation, cycle_id: int, read_secret: Secrets = from_environment) -> str:
    """Stage the signed release on every channel ahead of its hour; say what went wrong, a sentence a channel.

    Nothing is visible afterwards. What has changed by the hour is staged again then.
    """
    with publishing_lock(installation):
        with installation.records.write() as session:
            cycle = queries.get_cycle(session, cycle_id)
            release = _signed_release(session, installation, cycle)
            if release.published_at is not None:
                return ""
            fix_proof(session, installation, cycle, release)
            moment = release.planned_for or utc_now()
            trees = trees_of(session, installation, cycle, release, moment)
        subject, policy = DeliverySubject("release_id", release.id), FailurePolicy.ALL_OR_NONE
        with ChannelSwitch(installation, subject, trees, policy=policy, read_secret=read_secret) as switch:
            switch.stage()
            return switch.reasons


def _publish(installation: Installation, cycle_id: int, read_secret: Secrets) -> Published:
    catalog = installation.catalog
    with installation.records.write() as session:
        cycle = queries.get_cycle(session, cycle_id)
        release = _signed_release(session, installation, cycle)
        if release.state is ReleaseState.WITHDRAWN:
            raise DisclosureError(
                f"{release.title}已撤回，不能再发布；要恢复公开，请由签发人运行 disclosure restore {cycle.period_id}。"
            )
        moment = _begin(session, cycle, release)
        if release.state not in SEEN:
            fix_proof(session, installation, cycle, release)
        trees = trees_of(session, installation, cycle, release, moment)
    published = Published(
        release.title, f"releases/{queries.period_of(cycle).id}/index.html", len(public_paths(release.files))
    )
    is_repair = release.state in PUBLISHED

    def check_again() -> None:
        with installation.records.read() as session:
            _signed_release(session, installation, queries.get_cycle(session, cycle_id))

    def note_visible(session: Session) -> None:
        if not is_repair:
            session.get_one(Release, release.id).state = ReleaseState.PARTIAL

    policy = FailurePolicy.EACH if is_repair else FailurePolicy(catalog.profile.on_channel_failure)
    subject = DeliverySubject("release_id", release.id)
    with ChannelSwitch(
        installation, subject, trees, policy=policy, read_secret=read_secret, on_switch=note_visible
    ) as switch:
        switch.run(check_again)
        if is_repair and not (switch.changed or switch.failures):
            return published
        try:
            _conclude(installation, cycle_id, switch)
        except DisclosureError:
            if not (is_repair or switch.is_visible()):
                with suppress(DisclosureError):
                    show_recorded(installation, read_secret)
            raise
        switch.tidy()
    return replace(published, is_repaired=is_repair)


def _conclude(installation: Installation, cycle_id: int, switch: ChannelSwitch) -> None:
    """Note where the release is live: on all channels, on some (the next attempt goes on), or on none."""
    with installation.records.write() as session:
        cycle = queries.get_cycle(session, cycle_id)
        release = queries.release_of(session, cycle)
        assert release is not None  # noqa: S101 - being published
        if switch.brought_back:
            details = {"channels": sorted(switch.brought_back), "reason": switch.reasons}
            ledger.append(
                session, "release.brought_back", actor="系统", cycle_id=cycle_id, digest=release.digest, **details
            )
        was_live = release.state in PUBLISHED
        if not switch.failures and not was_live:
            release.state = ReleaseState.LIVE
            enter(session, cycle, CycleStep.LATER_REVIEW if awaits_later_review(release) else CycleStep.ARCHIVE)
            _tell(session, "release.published", cycle_id, release, switch)
        elif not switch.failures:
            ledger.append(session, "release.repaired", actor="系统", cycle_id=cycle_id, digest=release.digest)
        elif not was_live:
            release.state = ReleaseState.PARTIAL if switch.is_visible() else ReleaseState.PUBLISHING
            if release.state is ReleaseState.PARTIAL:
                _tell(session, "release.partly_published", cycle_id, release, switch)
    if not switch.failures:
        return
    if was_live:
        raise NotPublishedError(
            f"{release.title}早已发布，但有渠道核对不一致，没有修复：{switch.reasons}处理后自动重试。",
            is_slow=switch.is_slow,
        )
    if release.state is not ReleaseState.PARTIAL:
        raise NotPublishedError(
            f"{release.title}没有发布，各渠道都保持原样：{switch.reasons}请处理，系统会自动重试。",
            is_slow=switch.is_slow,
        )
    names = {channel.id: channel.name for channel in installation.catalog.publishes_to}
    shown = f"已在{'、'.join(names[name] for name in switch.live)}发布；" if switch.live else ""
    raise PartlyPublishedError(
        f"{release.title}部分发布：{shown}{switch.reasons}处理后重试，会从未完成的渠道继续。", is_slow=switch.is_slow
    )


def _tell(session: Session, event: str, cycle_id: int, release: Release, switch: ChannelSwitch) -> None:
    """Write a ledger entry; of attempts that end alike the first is enough."""
    details = {"digest": release.digest, "channels": sorted(switch.live)}
    last = session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.cycle_id == cycle_id, LedgerEntry.event.startswith("release."))
        .order_by(LedgerEntry.number.desc())
    ).first()
    if last is None or last.event != event or json.loads(last.details) != details:
        ledger.append(session, event, actor="系统", cycle_id=cycle_id, **details)


def _begin(session: Session, cycle: Cycle, release: Release) -> dt.datetime:
    """Note that publication begins now, and what an emergency sign-off went ahead of; return the time it will tell.

    A time that was fixed stands while somebody may have seen it. Where nobody has, an attempt that failed does not
    count: what is told is when the release becomes public.
    """
    now = utc_now()
    if release.published_at is not None:
        if release.state not in SEEN:
            release.published_at = time_of_switch(release.published_at, now)
        return release.published_at
    if release.planned_for is not None and now < release.planned_for:
        raise DisclosureError(f"{release.title}计划于 {format_moment(release.planned_for)} 发布，现在还不到时间。")
    enter(session, cycle, CycleStep.PUBLISH)
    reviewed = gate_status(session, cycle, REVIEW_GATES, release.compilation.digest)
    release.state, release.published_at = ReleaseState.PUBLISHING, time_of_switch(release.planned_for, now)
    release.waived = list(reviewed.open_gates)
    ledger.append(
        session,
        "release.publishing",
        actor="系统",
        cycle_id=cycle.id,
        digest=release.digest,
        waived=release.waived,
    )
    return release.published_at


def awaits_later_review(release: Release) -> bool:
    """Tell whether it was signed ahead of reviews that have not all approved it since (紧急签发待补审)."""
    return bool(release.waived) and release.cleared_at is None


def _signed_release(session: Session, installation: Installation, cycle: Cycle) -> Release:
    """Return the current round's release, every approval of it checked against the records and the bytes on disk."""
    catalog, releases = installation.catalog, installation.settings.releases
    label = f"{queries.period_of(cycle).label}第 {cycle.round} 轮"
    release = queries.release_of(session, cycle)
    compiled = queries.compilation_of(session, cycle)
    if release is None or compiled is None or release.compilation_id != compiled.id:
        raise DisclosureError(f"{label}还没有生成发布件，不能发布。")
    compilation.content_of(session, catalog, cycle, compiled)
    if release.digest != release_digest(compiled.digest, release.title, release.summary, release.files):
        raise DisclosureError(f"{label}的发布件与摘要不符，已停止发布。请联系管理员核查记录库。")
    audit = audit_of(session, cycle)
    if audit is None or audit.is_blocking:
        raise DisclosureError(f"{label}没有通过数据检查，不能发布。")
    require_proven(session, installation.catalog, installation.cipher, cycle)
    reviewed = gate_status(session, cycle, REVIEW_GATES, compiled.digest)
    signed = gate_status(session, cycle, ("leader",), release.digest)
    if not (reviewed.is_approved and signed.is_approved):
        waiting = [catalog.gates[gate].name for gate in (*reviewed.open_gates, *signed.open_gates)]
        raise DisclosureError(f"{label}尚未全部通过审核（{'、'.join(waiting) or '已被退回'}），不能发布。")
    if damaged := _damaged_files(releases, release):
        raise DisclosureError(f"{label}的发布件 {'、'.join(damaged)} 与签发时不同，已停止发布。请重试以重新生成。")
    if release.state not in SEEN:
        refuse_taken_back(session, installation, release)
    return release


def _damaged_files(releases: Path, release: Release) -> list[str]:
    """Return the files of the release that are missing or not the bytes that were signed."""
    folder = release_folder(releases, release.digest)
    return [
        path
        for path, sha256 in release.files.items()
        if not (folder / path).is_file() or hashlib.sha256((folder / path).read_bytes()).hexdigest() != sha256
    ]
