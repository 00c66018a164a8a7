"""The openness pages as they must be live: what was approved and released, nothing else, out of our records.

The same records give the same bytes on any day: dates are read on the day of the last event that changed a page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from disclosure.catalog import Catalog
from disclosure.catalog.models.openness import Content
from disclosure.figures.figures import Figure
from disclosure.openness import requests
from disclosure.openness.changes import NewContent, next_number
from disclosure.openness.clock import ElementVersion, confirmation_due
from disclosure.openness.contents import restore
from disclosure.openness.guides import Guide
from disclosure.openness.pages.pages import render_openness
from disclosure.openness.pages.state import ElementHistory, ElementKey, OpennessState
from disclosure.platform.clock import shanghai, utc_now
from disclosure.records.states import ChangeStep
from disclosure.records.tables import OpennessChange, OpennessConfirmation, OpennessVersion, Person


def openness_pages(session: Session, catalog: Catalog) -> dict[str, bytes]:
    """Render every page of the catalogue, path (``openness/…``) -> bytes.

    Nothing before a change was first released or a request was first registered.
    """
    state = state_of(session, catalog)
    return render_openness(catalog, state) if state.histories or state.requests else {}


def preview_pages(session: Session, catalog: Catalog, change: OpennessChange) -> dict[str, bytes]:
    """Return the pages of the items that ``change`` is about as they would be, were it published now."""
    pages = render_openness(catalog, state_of(session, catalog, also=change))
    wanted = {f"openness/{version.item}.html" for version in change.versions}
    return {path: content for path, content in pages.items() if path in wanted}


def draft_pages(session: Session, catalog: Catalog, new: NewContent, person_id: int) -> dict[str, bytes]:
    """Return every page as it would be, were ``new`` published now as ``person_id`` wrote it; nothing is recorded."""
    draft = OpennessVersion(
        profile=catalog.profile.id,
        change_id=0,
        item=new.item,
        element=new.element,
        number=next_number(session, catalog, new.item, new.element),
        content=new.content,
        what=new.what,
        changed_on=new.changed_on,
        person_id=person_id,
    )
    return render_openness(catalog, state_of(session, catalog, draft=draft))


def state_of(
    session: Session, catalog: Catalog, also: OpennessChange | None = None, draft: OpennessVersion | None = None
) -> OpennessState:
    """Return what stands in the elements: the newest released version of each.

    ``also`` and ``draft``, a version that no record has, are shown as if released now.
    """
    versions: dict[ElementKey, list[tuple[OpennessVersion, dt.date | None]]] = {}
    today = shanghai(utc_now()).date()
    for change in _changes(session, catalog):
        released = shanghai(change.release.published_at).date() if change.release else None
        if also is not None and change.id == also.id:
            released = today
        for version in change.versions:
            versions.setdefault((version.item, version.element), []).append((version, released))
    if draft is not None:
        versions.setdefault((draft.item, draft.element), []).append((draft, today))
    guides: dict[str, Guide] = {}
    contents: dict[str, dict[str, Content]] = {}
    statistics: dict[ElementKey, tuple[Figure, ...]] = {}
    histories: dict[ElementKey, ElementHistory] = {}
    confirmed = _confirmed(session, catalog)
    is_demo = False
    demo_contents: set[ElementKey] = set()
    demo_people = set(session.scalars(select(Person.id).where(Person.is_demo)))
    for key, own in versions.items():
        number, name = key
        public = _public(own)
        if not public:
            continue
        shown = max(public, key=lambda version: version.number)
        filled = restore(catalog.openness_items[number], name, shown.content)
        if filled.guide is not None:
            guides[number] = filled.guide
        elif filled.content is not None:
            contents.setdefault(number, {})[name] = filled.content
        else:
            statistics[key] = filled.figures
            is_demo = is_demo or filled.demo
        if shown.person_id in demo_people:
            demo_contents.add(key)
        told = tuple(
            # What was never public is not described; that its clock ran is told all the same.
            ElementVersion(v.number, v.changed_on, *((on, v.what) if v in public else (None, "")))
            for v, on in sorted(own, key=lambda each: each[0].number)
            if v.number <= shown.number
        )
        histories[key] = ElementHistory(told, confirmed.get(key))
    counts = requests.counts(session, catalog, today)
    return OpennessState(
        guides,
        contents,
        statistics=statistics,
        demo=is_demo,
        histories=histories,
        as_of=_last_event(histories.values(), requests.event_days(session, catalog, today), today),
        requests=counts,
        demo_contents=frozenset(demo_contents),
    )


def _public(own: Iterable[tuple[OpennessVersion, dt.date | None]]) -> list[OpennessVersion]:
    """Return the versions that were really shown: of two that one change released together, only the newer one."""
    newest: dict[int, OpennessVersion] = {}
    for version, released in own:
        if released is not None and (
            version.change_id not in newest or newest[version.change_id].number < version.number
        ):
            newest[version.change_id] = version
    return list(newest.values())


def _changes(session: Session, catalog: Catalog) -> list[OpennessChange]:
    """Return every change with content that was not withdrawn."""
    return list(
        session.scalars(
            select(OpennessChange)
            .options(selectinload(OpennessChange.versions), joinedload(OpennessChange.release))
            .where(
                OpennessChange.profile == catalog.profile.id,
                OpennessChange.step != ChangeStep.WITHDRAWN,
                OpennessChange.cause != "confirmation",
            )
            .order_by(OpennessChange.id)
        )
    )


def _confirmed(session: Session, catalog: Catalog) -> dict[ElementKey, dt.date]:
    """Return when each element was last confirmed."""
    rows = session.execute(
        select(OpennessVersion.item, OpennessVersion.element, OpennessConfirmation.confirmed_at)
        .join(OpennessVersion, OpennessConfirmation.version_id == OpennessVersion.id)
        .where(OpennessVersion.profile == catalog.profile.id, OpennessConfirmation.confirmed_at.is_not(None))
        .order_by(OpennessConfirmation.confirmed_at)
    )
    return {(item, element): shanghai(at).date() for item, element, at in rows if at is not None}


def _last_event(histories: Iterable[ElementHistory], others: Iterable[dt.date], today: dt.date) -> dt.date:
    """Return the last day until ``today`` on which something that the pages show came about."""
    days = list(others)
    for history in histories:
        public = [version.published_on for version in history.versions if version.published_on is not None]
        right = max(filter(None, (*public, history.confirmed_on)))
        days += [*public, right, confirmation_due(right)]
    return max((day for day in days if day <= today), default=today)
