"""Gathering two of the worlds: the plan with our records, and the live pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure import cycles, deadlines
from disclosure.catalog import Catalog, Channel, Milestone
from disclosure.clock import shanghai
from disclosure.kept_secrets import Secrets, from_environment
from disclosure.openness.duties import open_clocks
from disclosure.periods import parse_period
from disclosure.publication.channels import open_channel
from disclosure.publication.channels.versions import VersionsChannel
from disclosure.publication.contents import shown_package
from disclosure.publication.read_back import BYTES, Read, read_back_channel
from disclosure.publication.site import MANIFEST, SIGNATURE
from disclosure.publication.tree import Tree
from disclosure.publication.upkeep import recorded_site
from disclosure.records.tables import Cycle, LedgerEntry
from disclosure.review import asks
from disclosure.supervision.mornings import last_look, missed_mornings
from disclosure.supervision.texts import home_name
from disclosure.supervision.worlds import CycleSeen, OpenAsk, OurRecords, PageSeen
from disclosure.workplace import Workplace

What = Literal["missing", "altered", "foreign"]
_STEPS = list(cycles.STEPS)


def look_at_records(place: Workplace, now: dt.datetime) -> OurRecords:
    """The plan and our records at ``now`` (aware); demonstrations are nobody's duty and left out."""
    catalog = place.catalog
    year = shanghai(now).year
    with place.records.read() as session:
        starts = deadlines.starts(session, catalog, (year - 1, year, year + 1))
        by = {start.period.id: deadlines.find_deadline(session, catalog, start.period, "publish") for start in starts}
        rows = session.scalars(
            select(Cycle).where(Cycle.profile == catalog.profile.id, Cycle.is_demo.is_(False)).order_by(Cycle.id)
        )
        last = last_look(session, catalog.profile.id)
        missed = missed_mornings(place.settings, catalog.holidays, last.started_at if last else None, now)
        return OurRecords(
            starts=tuple(starts),
            publish_by={period: deadline.due for period, deadline in by.items() if deadline},
            cycles=tuple(_cycle(session, catalog, cycle) for cycle in rows),
            began=session.scalar(select(func.min(LedgerEntry.at))) or now,
            last_look=last.started_at if last else None,
            missed_mornings=len(missed),
            openness=tuple(open_clocks(session, catalog, now)),
        )


def look_at_pages(place: Workplace, read_secret: Secrets = from_environment) -> tuple[PageSeen, ...]:
    """What is live on each channel and not as our records have it, or prints numbers that were not compiled.

    Every look is noted (``ReadBack``).

    Raises:
        DisclosureError, OSError: when what should be live cannot be told, or a channel cannot be read.
    """
    expected = recorded_site(place).hashes
    found: list[PageSeen] = []
    for fact in place.catalog.publishes_to:
        with open_channel(fact, place.settings.home, read_secret) as channel:
            live = None
            if isinstance(channel, VersionsChannel) and fact.content == "site":
                live = channel.live_files()
                found += _differences(fact, channel, expected, live)
            elif (package := _package(place, fact)) is not None and (wrong := channel.read_live(package[1])):
                found.append(PageSeen(fact.id, fact.name, "altered", "", package[0], wrong))
            found += _figures(fact, read_back_channel(place, fact, channel, live))
    return tuple(found)


def _package(place: Workplace, fact: Channel) -> tuple[str, Tree] | None:
    with place.records.read() as session:
        return shown_package(session, place, fact)


def _figures(channel: Channel, read: Iterable[Read]) -> Iterator[PageSeen]:
    """Numbers that are not the compilation's; files that are not as published are told already."""
    wrong: dict[str, list[str]] = {}
    for each in read:
        if each.path != BYTES and each.problems:
            wrong.setdefault(each.release, []).append(f"{each.path}（{each.problems[0].rstrip('。')}）")
    for title, paths in wrong.items():
        yield PageSeen(channel.id, channel.name, "figures", title, title, tuple(paths))


def _differences(
    channel: Channel, shown: VersionsChannel, expected: Mapping[str, str], live: Mapping[str, str] | None
) -> Iterator[PageSeen]:
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
        yield PageSeen(channel.id, channel.name, what, part, _part_name(part), tuple(paths))


def _is_signed(path: str) -> bool:
    return path.startswith("releases/") and not path.endswith((f"/{MANIFEST}", f"/{SIGNATURE}"))


def _part(path: str) -> str:
    """The release folder a path lies in; empty for the home page and its like."""
    return path.split("/")[1] if path.startswith("releases/") else ""


def _part_name(part: str) -> str:
    return parse_period(part.partition(".v")[0]).label if part else home_name()


def _cycle(session: Session, catalog: Catalog, cycle: Cycle) -> CycleSeen:
    period = cycles.period_of(cycle)
    release = cycles.release_of(session, cycle)
    ask = asks.open_ask_of(session, cycle)
    waits = release is not None and release.published_at is None and cycle.step == "publish"
    return CycleSeen(
        id=cycle.id,
        period=period,
        step=cycle.step,
        opened_at=cycle.opened_at,
        driver_run_id=cycle.driver_run_id or "",
        deadlines=deadlines.deadlines_of(session, catalog, period),
        done=_done(session, catalog, cycle),
        only=tuple(cycle.only),
        ask=OpenAsk(ask.key, ask.flow_run_id, ask.asked_at) if ask else None,
        planned_for=release.planned_for if release is not None and waits else None,
        is_published=cycles.published_release(session, cycle) is not None,
        is_partial=release is not None and release.is_partial,
    )


def _done(session: Session, catalog: Catalog, cycle: Cycle) -> frozenset[Milestone]:
    """Milestones the current round has behind it: what was returned is to be done again. A correction has no dates."""
    if cycles.correction_of(session, cycle):
        return frozenset(cycles.MILESTONES)
    step = _STEPS.index(cycle.step)
    approved = {gate for gate, d in cycles.decisions(session, cycle, cycle.round).items() if d.outcome == "approved"}
    is_signed = step >= _STEPS.index("publish")
    is_reviewed = step >= _STEPS.index("sign_off")
    done: dict[Milestone, bool] = {
        "draft": step > _STEPS.index("collect") or not cycles.missing_centres(session, catalog, cycle),
        "compile": step >= _STEPS.index("audit"),
        "review": is_reviewed or {"policy", "finance"} <= approved,
        "confidentiality": is_reviewed or "confidentiality" in approved,
        "sign_off": is_signed,
        "publish": step > _STEPS.index("publish"),
    }
    return frozenset(milestone for milestone, is_done in done.items() if is_done)
