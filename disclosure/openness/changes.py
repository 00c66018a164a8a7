"""Changes of the openness catalogue: what an office hands in, what a published cycle fills, and where each stands.

A change holds versions of elements. What comes to an element while an earlier change of the same cause is not public
yet joins that change as its next round: its clock is its own, the question put about the older content is given up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, GateId, OpennessItem
from disclosure.catalog.models.openness import ElementKind
from disclosure.confidentiality.draft_marks import draft_fault
from disclosure.confidentiality.public_text import object_to_found
from disclosure.confidentiality.wrong_words import object_to_wrong_words
from disclosure.cycle import compilation, queries
from disclosure.figures.figures import WITHHELD, Figure
from disclosure.openness.contents import figures_content, sha256_of
from disclosure.openness.words import words
from disclosure.platform.clock import shanghai
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.states import JOINABLE, OPEN_CHANGES, PUBLISHED, ChangeCause, ChangeStep
from disclosure.records.subjects import lock
from disclosure.records.tables import OpennessChange, OpennessVersion, Person, Release
from disclosure.review import asks
from disclosure.review.identify import Needs, Proof, explain_refusal, identify, need_office
from disclosure.review.personal.holding import search_and_hold
from disclosure.review.refusals import Refusal, RefusalCode

#: Kinds of elements that policy reviews; confidentiality reviews all.
POLICY_KINDS = frozenset({"guide", "rates", "calculation", "text", "documents"})

ElementKey = tuple[str, str]
#: Characters of the sentence that says in print what changed.
SHORTEST_WHAT, LONGEST_WHAT = 2, 100


@dataclass(frozen=True)
class NewContent:
    """A canonical text for one element, with the day the matter changed and what is said of it in print.

    ``based_on`` is the version its writer started from, 0 for none; None where nobody says.
    """

    item: str
    element: str
    content: str
    what: str
    changed_on: dt.date
    based_on: int | None = None


@dataclass(frozen=True)
class _Cause:
    """What starts a change: ``kind`` of it, ``source`` as its key, whose it is and what it is called."""

    kind: ChangeCause
    source: str
    office: str
    title: str
    person: Person | None = None


def hand_in(work: Work, new: NewContent, proof: Proof) -> OpennessChange | Refusal:
    """Start or continue the change that content of the owning office makes, or return why it is not taken.

    The same content as the newest version's starts no clock and is told so. Commit either way.
    """
    return hand_in_together(work, [new], proof)


def hand_in_together(work: Work, contents: Sequence[NewContent], proof: Proof) -> OpennessChange | Refusal:
    """Hand in what one office has to say of several elements, with one code, as one change; see ``hand_in``."""
    first = contents[0]
    item = work.catalog.openness_items[first.item]
    against = (refusal for new in contents for refusal in _object_to_content(work, new, item.owner, proof))
    person = identify(work, proof, needs=_need_owner(work.catalog, item), used_for="hand_in", against=against)
    if isinstance(person, Refusal):
        return person
    number = next_number(work.session, work.catalog, first.item, first.element)
    source = f"{first.item}/{first.element}/{number}"
    return _start(work, contents, _Cause("office", source, item.owner, _title(item, contents), person))


def _title(item: OpennessItem, contents: Sequence[NewContent]) -> str:
    if len(contents) > 1:
        items = "、".join(dict.fromkeys(str(int(new.item)) for new in contents))
        told: str = words()["causes"]["together"].format(items=items, count=len(contents))
        return told
    element = item.elements[contents[0].element].name
    title: str = words()["causes"]["office"].format(item=int(item.number), name=item.name, element=element)
    return title


def explain_not_taken(work: Work, new: NewContent, proof: Proof) -> Refusal | None:
    """Return why this cannot be handed in, whatever the code; None when only the code is left to be checked."""
    item = work.catalog.openness_items[new.item]
    against = _object_to_content(work, new, item.owner, proof)
    return explain_refusal(work, proof, needs=_need_owner(work.catalog, item), against=against)


def _need_owner(catalog: Catalog, item: OpennessItem) -> Needs:
    office = catalog.offices[item.owner]
    sentence = f"第 {int(item.number)} 项由{office.name}负责，须由{office.name}的人报送；“{{name}}”不是。"
    return need_office(office, sentence)


def _object_to_content(work: Work, new: NewContent, owner: str, proof: Proof) -> Iterator[Refusal]:
    item = work.catalog.openness_items[new.item]
    if item.owner != owner:
        office = work.catalog.offices[item.owner]
        sentence = f"第 {int(item.number)} 项由{office.name}负责，不能与别的科室的内容一起报送。"
        yield Refusal(RefusalCode.WRONG_OFFICE, sentence)
    if not SHORTEST_WHAT <= len(new.what.strip()) <= LONGEST_WHAT:
        sentence = f"变更内容应为 {SHORTEST_WHAT} 到 {LONGEST_WHAT} 个字的一句话，公开在变更记录里。"
        yield Refusal(RefusalCode.UNFIT_FIELD, sentence)
    if new.changed_on > shanghai(work.now).date():
        sentence = f"变更日期 {new.changed_on} 还没有到，请核对；要写信息形成或者变更的那一天。"
        yield Refusal(RefusalCode.UNFIT_DAY, sentence)
    place = f"第 {int(item.number)} 项 {item.elements[new.element].name}"
    found = search_and_hold(work, [new.content, new.what], door="content", place=place, by=work.by or proof.name)
    if sentence := object_to_found(work.catalog, "报送的内容", found):
        yield Refusal(RefusalCode.PERSONAL_DATA, sentence)
    if fault := draft_fault(f"{new.content}\n{new.what}"):
        yield Refusal(RefusalCode.DRAFT, f"报送的内容{fault}。")
    if fault := object_to_wrong_words(work.catalog, [new.content, new.what]):
        yield Refusal(RefusalCode.WRONG_WORD, f"报送的内容里{fault}。")
    standing = newest_version(work.session, work.catalog, new.item, new.element)
    if standing is not None and new.based_on is not None and new.based_on != standing.number:
        by = standing.person.name if standing.person else "系统"
        sentence = f"开始写以后，{by}报送了第 {standing.number} 版（{standing.what}）；请先对照，再决定以谁的为准。"
        yield Refusal(RefusalCode.OUT_OF_DATE, sentence)
    if standing is not None and standing.sha256 == sha256_of(new.content):
        sentence = f"内容与第 {standing.number} 版（{standing.what}）完全相同，不用再报送。"
        yield Refusal(RefusalCode.SAME_CONTENT, sentence)
    elif standing is not None and new.changed_on < standing.changed_on:
        sentence = f"变更日期 {new.changed_on} 早于上一版的 {standing.changed_on}，请核对。"
        yield Refusal(RefusalCode.UNFIT_DAY, sentence)


def note_statistics(work: Work) -> list[int]:
    """Start a change for every office whose statistics a published cycle fills anew; return their ids."""
    session, catalog = work.session, work.catalog
    fresh: dict[str, list[NewContent]] = {}
    standing = newest_versions(session, catalog)
    published = compilation.published_figures(session, catalog, is_public=True)
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
    return [_start(work, own, _cause_of_statistics(office, own)).id for office, own in fresh.items()]


def _cause_of_statistics(office: str, own: list[NewContent]) -> _Cause:
    digest = hashlib.sha256(json.dumps([sha256_of(new.content) for new in own]).encode()).hexdigest()
    items = "、".join(dict.fromkeys(str(int(new.item)) for new in own))
    period = own[0].what.removesuffix(words()["statistic"].format(period=""))
    title = words()["causes"]["compilation"].format(items=items, period=period)
    return _Cause("compilation", f"{office}/{digest}", office, title)


@dataclass(frozen=True)
class _Signed:
    """When a published compilation was signed (Shanghai day), and whether it is a demonstration."""

    on: dt.date
    is_demo: bool


def _signed(session: Session, catalog: Catalog, period: Period) -> _Signed:
    cycle = queries.find_cycle(session, catalog, period)
    assert cycle is not None  # noqa: S101 - its figures are published
    release = session.scalars(
        select(Release).where(Release.cycle_id == cycle.id, Release.state.in_(PUBLISHED)).order_by(Release.round.desc())
    ).first()
    assert release is not None  # noqa: S101 - the same
    leader = queries.decisions(session, cycle, release.round)["leader"]
    return _Signed(shanghai(leader.decided_at).date(), cycle.is_demo)


def _newest(
    catalog: Catalog, published: Mapping[tuple[str, str, str], Figure], indicators: Sequence[str]
) -> list[Figure]:
    """Return the whole prefecture's figures of ``indicators`` in the newest period that has one, shown or withheld."""
    own = [
        figure
        for figure in published.values()
        if figure.indicator in indicators and figure.region == catalog.prefecture.code
    ]
    periods = {figure.period for figure in own if figure.value is not None or figure.state == WITHHELD}
    if not periods:
        return []
    newest = max(periods, key=lambda period: (period.end, period.id))
    order = {indicator: place for place, indicator in enumerate(indicators)}
    return sorted((f for f in own if f.period == newest), key=lambda figure: order[figure.indicator])


def _start(work: Work, contents: Iterable[NewContent], cause: _Cause) -> OpennessChange:
    """Open a change, or the next round of the one of the same cause that is not public yet."""
    session, catalog, own = work.session, work.catalog, list(contents)
    change = _open_change(session, catalog, cause, {(new.item, new.element) for new in own})
    if change is None:
        change = OpennessChange(
            profile=catalog.profile.id,
            cause=cause.kind,
            source=cause.source,
            office=cause.office,
            title=cause.title,
            opened_at=work.now,
        )
        session.add(change)
    else:
        lock(session, change)
        change.round, change.step, change.title = change.round + 1, ChangeStep.OFFICE, cause.title
        if (ask := asks.open_ask_of(session, change)) is not None:
            asks.abandon(session, ask)
    change.person_id = cause.person.id if cause.person else None
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
            recorded_at=work.now,
        )
        session.add(version)
        session.flush()
    change.digest = digest_of(standing_versions(session, change))
    ledger.append(
        session,
        "openness.changed",
        actor=cause.person.name if cause.person else "系统",
        change=change.id,
        cause=cause.kind,
        round=change.round,
        digest=change.digest,
        elements={f"{new.item}/{new.element}": new.changed_on.isoformat() for new in own},
    )
    return change


def _open_change(session: Session, catalog: Catalog, cause: _Cause, elements: set[ElementKey]) -> OpennessChange | None:
    rows = session.scalars(
        select(OpennessChange)
        .where(
            OpennessChange.profile == catalog.profile.id,
            OpennessChange.cause == cause.kind,
            OpennessChange.office == cause.office,
            OpennessChange.step.in_(JOINABLE),
        )
        .order_by(OpennessChange.id)
    )
    return next((row for row in rows if elements & {(v.item, v.element) for v in row.versions}), None)


def next_number(session: Session, catalog: Catalog, item: str, element: str) -> int:
    """Return the number the next version of an element gets."""
    last = session.scalar(
        select(func.max(OpennessVersion.number)).where(
            OpennessVersion.profile == catalog.profile.id,
            OpennessVersion.item == item,
            OpennessVersion.element == element,
        )
    )
    return (last or 0) + 1


def newest_version(session: Session, catalog: Catalog, item: str, element: str) -> OpennessVersion | None:
    """Return the newest version of one element, public or not; what was withdrawn does not count."""
    return session.scalars(
        select(OpennessVersion)
        .join(OpennessChange, OpennessVersion.change_id == OpennessChange.id)
        .where(
            OpennessVersion.profile == catalog.profile.id,
            OpennessVersion.item == item,
            OpennessVersion.element == element,
            OpennessChange.step != ChangeStep.WITHDRAWN,
        )
        .order_by(OpennessVersion.number.desc())
        .limit(1)
    ).first()


def newest_versions(session: Session, catalog: Catalog) -> dict[ElementKey, OpennessVersion]:
    """Return the newest version of each element, public or not; what was withdrawn does not count."""
    rows = session.scalars(
        select(OpennessVersion)
        .join(OpennessChange, OpennessVersion.change_id == OpennessChange.id)
        .where(OpennessVersion.profile == catalog.profile.id, OpennessChange.step != ChangeStep.WITHDRAWN)
        .order_by(OpennessVersion.number)
    )
    return {(row.item, row.element): row for row in rows}


def standing_versions(session: Session, change: OpennessChange) -> list[OpennessVersion]:
    """Return what ``change`` would publish: its newest version of each element, in the catalogue's order."""
    rows = session.scalars(
        select(OpennessVersion).where(OpennessVersion.change_id == change.id).order_by(OpennessVersion.number)
    )
    newest = {(row.item, row.element): row for row in rows}
    return [newest[key] for key in sorted(newest)]


def digest_of(versions: Iterable[OpennessVersion]) -> str:
    """Return the digest that reviewers decide on: over the contents, not their recorded digests."""
    told = [[version.item, version.element, sha256_of(version.content)] for version in versions]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def gates_of(catalog: Catalog, versions: Iterable[OpennessVersion]) -> tuple[GateId, ...]:
    """Return the gates a change must pass: confidentiality always, policy where words or rates are made public."""
    return gates_of_kinds({catalog.openness_items[v.item].elements[v.element].kind for v in versions})


def gates_of_kinds(kinds: Collection[ElementKind]) -> tuple[GateId, ...]:
    """Return the gates that elements of these kinds must pass."""
    return ("policy", "confidentiality") if not POLICY_KINDS.isdisjoint(kinds) else ("confidentiality",)


def get_change(session: Session, change_id: int) -> OpennessChange:
    """Return the change with this id, as this transaction sees it."""
    return session.get_one(OpennessChange, change_id)


def under_way(session: Session, catalog: Catalog) -> list[OpennessChange]:
    """Return changes and confirmations that are not done, in the order they came."""
    return list(
        session.scalars(
            select(OpennessChange)
            .where(OpennessChange.profile == catalog.profile.id, OpennessChange.step.in_(OPEN_CHANGES))
            .order_by(OpennessChange.id)
        )
    )


def items_of(catalog: Catalog, versions: Iterable[OpennessVersion]) -> list[OpennessItem]:
    """Return the items that ``versions`` are about, each once."""
    return [catalog.openness_items[number] for number in dict.fromkeys(version.item for version in versions)]
