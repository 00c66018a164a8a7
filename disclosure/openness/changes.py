"""Changes of the openness catalogue: what an office hands in, what a published cycle fills, and where each stands.

A change holds versions of elements. What comes to an element while an earlier change of the same cause is not public
yet joins that change as its next round: its clock is its own, the question put about the older content is given up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure import compilation, cycles
from disclosure.catalog import Catalog, GateId, OpennessItem
from disclosure.clock import shanghai
from disclosure.figures import Figure
from disclosure.openness.contents import figures_content, sha256_of
from disclosure.openness.words import words
from disclosure.periods import Period
from disclosure.records import ledger
from disclosure.records.openness_tables import OpennessChange, OpennessRelease, OpennessVersion
from disclosure.records.subjects import lock
from disclosure.records.tables import Person, Release
from disclosure.review import asks, people
from disclosure.review.secrets import Cipher

#: Kinds of elements that policy reviews; confidentiality reviews all.
POLICY_KINDS = frozenset({"guide", "rates", "calculation", "text", "documents"})

ElementKey = tuple[str, str]


@dataclass(frozen=True)
class NewContent:
    """A canonical text for one element, with the day the matter changed and what is said of it in print."""

    item: str
    element: str
    content: str
    what: str
    changed_on: dt.date


@dataclass(frozen=True)
class HandedIn:
    """What became of content handed in: the change it is part of, or why it was not taken (``refusal``)."""

    change_id: int = 0
    refusal: str = ""


def hand_in(
    session: Session, catalog: Catalog, cipher: Cipher, new: NewContent, *, name: str, code: str, now: dt.datetime
) -> HandedIn:
    """Take content that ``name`` of the owning office stands for; proven by a one-time code, asked for last.

    The same content as the newest version's starts no clock and is told so.
    """
    item = catalog.openness_items[new.item]
    if refusal := why_not(session, catalog, new, name=name, now=now):
        return HandedIn(refusal=refusal)
    person = people.find_person(session, name)
    assert person is not None  # noqa: S101 - why_not would have said so
    if wrong := people.check_code(session, cipher, person, code, now):
        return HandedIn(refusal=wrong)
    title = words()["causes"]["office"].format(
        item=int(new.item), name=item.name, element=item.elements[new.element].name
    )
    number = next_number(session, catalog, new.item, new.element)
    change = _start(
        session,
        catalog,
        [new],
        cause="office",
        source=f"{new.item}/{new.element}/{number}",
        office=item.owner,
        title=title,
        person=person,
        now=now,
    )
    return HandedIn(change.id)


def why_not(session: Session, catalog: Catalog, new: NewContent, *, name: str, now: dt.datetime) -> str:
    """Why this cannot be handed in by ``name``, before any code is asked for; an empty text when it can."""
    item = catalog.openness_items[new.item]
    office = catalog.offices[item.owner]
    person = people.find_person(session, name)
    if person is None or not person.is_active:
        return f"“{name}”没有登记或已停用，请核对姓名，或请管理员登记（disclosure people add）。"
    if office.id not in people.offices_of(session, person, now):
        return f"第 {int(item.number)} 项由{office.name}负责，须由{office.name}的人报送；“{name}”不是。"
    today = shanghai(now).date()
    if new.changed_on > today:
        return f"变更日期 {new.changed_on} 还没有到，请核对（--on 写信息形成或者变更的日期）。"
    standing = newest_version(session, catalog, new.item, new.element)
    if standing is not None and standing.sha256 == sha256_of(new.content):
        return f"内容与第 {standing.number} 版（{standing.what}）完全相同，不用再报送。"
    if standing is not None and new.changed_on < standing.changed_on:
        return f"变更日期 {new.changed_on} 早于上一版的 {standing.changed_on}，请核对（--on）。"
    return ""


def note_statistics(session: Session, catalog: Catalog, now: dt.datetime) -> list[int]:
    """Start a change for every office whose statistics a published cycle fills anew; the ids of the changes."""
    fresh: dict[str, list[NewContent]] = {}
    standing = newest_versions(session, catalog)
    published = compilation.published_figures(session, catalog)
    for item in catalog.openness_items.values():
        for name, element in item.elements.items():
            if element.kind != "statistic":
                continue
            figures = _newest(catalog, published, element.indicators)
            if not figures:
                continue
            signed = _signed(session, catalog, figures[0].period)
            content = figures_content(figures, demo=signed.is_demo)
            known = standing.get((item.number, name))
            if known is None or known.sha256 != sha256_of(content):
                what = words()["statistic"].format(period=figures[0].period.label)
                new = NewContent(item.number, name, content, what, signed.on)
                fresh.setdefault(item.owner, []).append(new)
    return [_statistics(session, catalog, office, own, now) for office, own in fresh.items()]


def _statistics(session: Session, catalog: Catalog, office: str, own: list[NewContent], now: dt.datetime) -> int:
    digest = hashlib.sha256(json.dumps([sha256_of(new.content) for new in own]).encode()).hexdigest()
    items = "、".join(dict.fromkeys(str(int(new.item)) for new in own))
    period = own[0].what.removesuffix(words()["statistic"].format(period=""))
    title = words()["causes"]["compilation"].format(items=items, period=period)
    change = _start(
        session,
        catalog,
        own,
        cause="compilation",
        source=f"{office}/{digest}",
        office=office,
        title=title,
        person=None,
        now=now,
    )
    return change.id


@dataclass(frozen=True)
class _Signed:
    """When a published compilation was signed (Shanghai day), and whether it is a demonstration."""

    on: dt.date
    is_demo: bool


def _signed(session: Session, catalog: Catalog, period: Period) -> _Signed:
    cycle = cycles.find_cycle(session, catalog, period)
    assert cycle is not None  # noqa: S101 - its figures are published
    release = session.scalars(
        select(Release).where(Release.cycle_id == cycle.id, Release.is_live).order_by(Release.round.desc())
    ).first()
    assert release is not None  # noqa: S101 - the same
    leader = cycles.decisions(session, cycle, release.round)["leader"]
    return _Signed(shanghai(leader.decided_at).date(), cycle.is_demo)


def _newest(
    catalog: Catalog, published: Mapping[tuple[str, str, str], Figure], indicators: Sequence[str]
) -> list[Figure]:
    """The whole prefecture's figures of ``indicators`` in the newest period that has one with a value."""
    own = [
        figure
        for figure in published.values()
        if figure.indicator in indicators and figure.region == catalog.prefecture.code
    ]
    periods = {figure.period for figure in own if figure.value is not None}
    if not periods:
        return []
    newest = max(periods, key=lambda period: (period.end, period.id))
    order = {indicator: place for place, indicator in enumerate(indicators)}
    return sorted((f for f in own if f.period == newest), key=lambda figure: order[figure.indicator])


def _start(
    session: Session,
    catalog: Catalog,
    contents: Iterable[NewContent],
    *,
    cause: str,
    source: str,
    office: str,
    title: str,
    person: Person | None,
    now: dt.datetime,
) -> OpennessChange:
    """A new change, or the next round of the one of the same cause that is not public yet."""
    own = list(contents)
    change = _open_change(session, catalog, cause, office, {(new.item, new.element) for new in own})
    if change is None:
        change = OpennessChange(
            profile=catalog.profile.id, cause=cause, source=source, office=office, title=title, opened_at=now
        )
        session.add(change)
    else:
        lock(session, change)
        change.round, change.step, change.title = change.round + 1, "office", title
        if (ask := asks.open_ask_of(session, change)) is not None:
            asks.close(session, ask, "abandoned")
    change.person_id = person.id if person else None
    session.flush()
    for new in own:
        version = OpennessVersion(
            profile=catalog.profile.id,
            change_id=change.id,
            item=new.item,
            element=new.element,
            number=next_number(session, catalog, new.item, new.element),
            sha256=sha256_of(new.content),
            content=new.content,
            what=new.what,
            changed_on=new.changed_on,
            person_id=change.person_id,
            recorded_at=now,
        )
        session.add(version)
        session.flush()
    change.digest = digest_of(standing_versions(session, change))
    ledger.append(
        session,
        "openness.changed",
        actor=person.name if person else "系统",
        change=change.id,
        cause=cause,
        round=change.round,
        digest=change.digest,
        elements={f"{new.item}/{new.element}": new.changed_on.isoformat() for new in own},
    )
    return change


def _open_change(
    session: Session, catalog: Catalog, cause: str, office: str, elements: set[ElementKey]
) -> OpennessChange | None:
    rows = session.scalars(
        select(OpennessChange)
        .where(
            OpennessChange.profile == catalog.profile.id,
            OpennessChange.cause == cause,
            OpennessChange.office == office,
            OpennessChange.step.in_(("office", "review")),
            ~select(OpennessRelease.id).where(OpennessRelease.change_id == OpennessChange.id).exists(),
        )
        .order_by(OpennessChange.id)
    )
    return next((row for row in rows if elements & {(v.item, v.element) for v in row.versions}), None)


def next_number(session: Session, catalog: Catalog, item: str, element: str) -> int:
    """The number the next version of an element gets."""
    last = session.scalar(
        select(func.max(OpennessVersion.number)).where(
            OpennessVersion.profile == catalog.profile.id,
            OpennessVersion.item == item,
            OpennessVersion.element == element,
        )
    )
    return (last or 0) + 1


def newest_version(session: Session, catalog: Catalog, item: str, element: str) -> OpennessVersion | None:
    """The newest version of one element, public or not; what was withdrawn does not count."""
    return session.scalars(
        select(OpennessVersion)
        .join(OpennessChange, OpennessVersion.change_id == OpennessChange.id)
        .where(
            OpennessVersion.profile == catalog.profile.id,
            OpennessVersion.item == item,
            OpennessVersion.element == element,
            OpennessChange.step != "withdrawn",
        )
        .order_by(OpennessVersion.number.desc())
        .limit(1)
    ).first()


def newest_versions(session: Session, catalog: Catalog) -> dict[ElementKey, OpennessVersion]:
    """The newest version of each element, public or not; what was withdrawn does not count."""
    rows = session.scalars(
        select(OpennessVersion)
        .join(OpennessChange, OpennessVersion.change_id == OpennessChange.id)
        .where(OpennessVersion.profile == catalog.profile.id, OpennessChange.step != "withdrawn")
        .order_by(OpennessVersion.number)
    )
    return {(row.item, row.element): row for row in rows}


def standing_versions(session: Session, change: OpennessChange) -> list[OpennessVersion]:
    """What ``change`` would publish: its newest version of each element, in the catalogue's order."""
    rows = session.scalars(
        select(OpennessVersion).where(OpennessVersion.change_id == change.id).order_by(OpennessVersion.number)
    )
    newest = {(row.item, row.element): row for row in rows}
    return [newest[key] for key in sorted(newest)]


def digest_of(versions: Iterable[OpennessVersion]) -> str:
    """One digest over the contents: what reviewers decide on. It reads the contents, not their recorded digests."""
    told = [[version.item, version.element, sha256_of(version.content)] for version in versions]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def gates_of(catalog: Catalog, versions: Iterable[OpennessVersion]) -> tuple[GateId, ...]:
    """The gates a change must pass: confidentiality always, policy where words or rates are made public."""
    kinds = {catalog.openness_items[version.item].elements[version.element].kind for version in versions}
    return ("policy", "confidentiality") if kinds & POLICY_KINDS else ("confidentiality",)


def get_change(session: Session, change_id: int) -> OpennessChange:
    """The change with this id, as this transaction sees it."""
    return session.get_one(OpennessChange, change_id)


def under_way(session: Session, catalog: Catalog) -> list[OpennessChange]:
    """Changes and confirmations that are not done, in the order they came."""
    return list(
        session.scalars(
            select(OpennessChange)
            .where(OpennessChange.profile == catalog.profile.id, OpennessChange.step.in_(("office", "review")))
            .order_by(OpennessChange.id)
        )
    )


def items_of(catalog: Catalog, versions: Iterable[OpennessVersion]) -> list[OpennessItem]:
    """The items that ``versions`` are about, each once."""
    return [catalog.openness_items[number] for number in dict.fromkeys(version.item for version in versions)]
