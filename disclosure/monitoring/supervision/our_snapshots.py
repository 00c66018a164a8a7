"""Gathering two of the worlds: the plan with our records, and the live pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog, Channel
from disclosure.cycle import deadlines
from disclosure.cycle.view import load_views
from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.monitoring.supervision.schedule import last_supervision, missed_supervisions
from disclosure.monitoring.supervision.snapshots import PageSnapshot, RecordsSnapshot
from disclosure.monitoring.supervision.texts import home_name
from disclosure.monitoring.supervision.watch_rules import Watched
from disclosure.openness import changes
from disclosure.openness.duties import open_clocks
from disclosure.platform.clock import format_moment, shanghai
from disclosure.platform.secrets import Secrets, from_environment
from disclosure.publication.channels import open_channel
from disclosure.publication.channels.versions import VersionsChannel
from disclosure.publication.contents.contents import shown_package
from disclosure.publication.contents.site import MANIFEST, SIGNATURE
from disclosure.publication.contents.tree import Tree
from disclosure.publication.read_back import BYTES, Read, read_back_channel
from disclosure.publication.upkeep import recorded_site
from disclosure.records import attempts
from disclosure.records.installation import Installation
from disclosure.records.states import UNDER_WAY, CycleStep, DeliveryState
from disclosure.records.subjects import Subject, key_of
from disclosure.records.tables import ChannelDelivery, Cycle, LedgerEntry, Release
from disclosure.review.asks import awaited_key, label_of

What = Literal["missing", "altered", "foreign"]


def snapshot_records(installation: Installation, now: dt.datetime) -> RecordsSnapshot:
    """Return the plan and our records at ``now`` (aware)."""
    catalog = installation.catalog
    year = shanghai(now).year
    with installation.records.read() as session:
        last = last_supervision(session, catalog.profile.id)
        missed = missed_supervisions(installation.settings, catalog.holidays, last.started_at if last else None, now)
        real = [own for own in deadlines.opened_plans(session, catalog) if own.cycle and not own.cycle.is_demo]
        return RecordsSnapshot(
            starts=tuple(deadlines.starts(session, catalog, (year - 1, year, year + 1))),
            cycles=tuple(load_views(session, catalog, real)),
            began=session.scalar(select(func.min(LedgerEntry.at))) or now,
            last_look=last.started_at if last else None,
            missed_mornings=len(missed),
            openness=tuple(open_clocks(session, catalog, now)),
            attacks=tuple(
                (row.source, row.failures) for row in attempts.alarms(session, now - attempts.FORGOTTEN_AFTER)
            ),
        )


def load_watched(session: Session, catalog: Catalog) -> list[Watched]:
    """Return every cycle and change under way that a run should drive, by a few statements."""
    planned = dict(
        session.execute(
            select(Cycle.id, Release.planned_for)
            .join(Release, (Release.cycle_id == Cycle.id) & (Release.round == Cycle.round))
            .where(Cycle.step == CycleStep.PUBLISH, Release.planned_for.is_not(None))
        )
        .tuples()
        .all()
    )
    cycles = session.scalars(
        select(Cycle)
        .where(Cycle.profile == catalog.profile.id, Cycle.step.in_(UNDER_WAY), Cycle.driver_run_id.is_not(None))
        .order_by(Cycle.id)
    )
    subjects: list[Subject] = [*cycles, *changes.under_way(session, catalog)]
    return [
        Watched(
            about=key_of(subject),
            label=label_of(subject),
            driver_run_id=subject.driver_run_id or "",
            asked=awaited_key(session, subject),
            planned_for=planned.get(subject.id) if isinstance(subject, Cycle) else None,
        )
        for subject in subjects
    ]


def load_late_publications(session: Session, catalog: Catalog, now: dt.datetime) -> Iterator[Discrepancy]:
    """Yield every release that should be public by now and is not on every channel, with what its channels said."""
    due = func.coalesce(Release.planned_for, Release.published_at)
    late = session.execute(
        select(Cycle, Release)
        .join(Release, (Release.cycle_id == Cycle.id) & (Release.round == Cycle.round))
        .where(Cycle.profile == catalog.profile.id, Cycle.step == CycleStep.PUBLISH, due <= now)
        .options(defer(Release.files), defer(Release.proof))
    )
    for cycle, release in late.tuples():
        reasons = session.scalars(
            select(ChannelDelivery.reason).where(
                ChannelDelivery.release_id == release.id, ChannelDelivery.state == DeliveryState.FAILED
            )
        )
        told = "".join(dict.fromkeys(filter(None, reasons))).rstrip("。")
        facts = {
            "label": label_of(cycle),
            "planned": format_moment(release.planned_for or release.published_at or now),
            "why": f"：{told}" if told else "",
        }
        yield Discrepancy("publication_late", cycle.period_id, facts, cycle.id, cycle.driver_run_id or "")


def snapshot_pages(installation: Installation, read_secret: Secrets = from_environment) -> tuple[PageSnapshot, ...]:
    """Return what is live on each channel and not as our records have it, or prints numbers that were not compiled.

    Every look is noted (``ReadBack``).

    Raises:
        DisclosureError, OSError: when what should be live cannot be told, or a channel cannot be read.
    """
    expected = recorded_site(installation).hashes
    found: list[PageSnapshot] = []
    for fact in installation.catalog.publishes_to:
        with open_channel(fact, installation.settings.home, read_secret) as channel:
            live = None
            if isinstance(channel, VersionsChannel) and fact.content == "site":
                live = channel.live_files()
                found += _differences(fact, channel, expected, live)
            elif (package := _package(installation, fact)) is not None and (wrong := channel.read_live(package[1])):
                found.append(PageSnapshot(fact.id, fact.name, "altered", "", package[0], wrong))
            found += _figures(fact, read_back_channel(installation, fact, channel, live))
    return tuple(found)


def _package(installation: Installation, fact: Channel) -> tuple[str, Tree] | None:
    with installation.records.read() as session:
        return shown_package(session, installation, fact)


def _figures(channel: Channel, read: Iterable[Read]) -> Iterator[PageSnapshot]:
    """Yield numbers that are not the compilation's; files that are not as published are told already."""
    wrong: dict[str, list[str]] = {}
    for each in read:
        if each.path != BYTES and each.problems:
            wrong.setdefault(each.release, []).append(f"{each.path}（{each.problems[0].rstrip('。')}）")
    for title, paths in wrong.items():
        yield PageSnapshot(channel.id, channel.name, "figures", title, title, tuple(paths))


def _differences(
    channel: Channel, shown: VersionsChannel, expected: Mapping[str, str], live: Mapping[str, str] | None
) -> Iterator[PageSnapshot]:
    if live is None and not expected:
        return
    live = live or {}
    # Home page and lists are written by the program: another version of it may write them differently, so they are
    # compared with what was switched to. What was signed stands in our records byte by byte.
    is_as_switched = shown.is_as_switched()
    parts: dict[tuple[What, str], list[str]] = {}
    for path in sorted(expected.keys() | live.keys()):
        if path not in live:
            parts.setdefault(("missing", _part(path)), []).append(path)
        elif path not in expected:
            parts.setdefault(("foreign", ""), []).append(path)
        elif live[path] != expected[path] and (_is_signed(path) or not is_as_switched):
            parts.setdefault(("altered", _part(path)), []).append(path)
    for (what, part), paths in parts.items():
        yield PageSnapshot(channel.id, channel.name, what, part, _part_name(part), tuple(paths))


def _is_signed(path: str) -> bool:
    return path.startswith("releases/") and not path.endswith((f"/{MANIFEST}", f"/{SIGNATURE}"))


def _part(path: str) -> str:
    """Return the release folder a path lies in; empty for the home page and its like."""
    return path.split("/")[1] if path.startswith("releases/") else ""


def _part_name(part: str) -> str:
    return parse_period(part.partition(".v")[0]).label if part else home_name()
