"""The openness catalogue as an office works on it: its items and their clocks, and the form of one element."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from disclosure.calendar.workdays import add_workdays
from disclosure.catalog import Catalog, OpennessItem, RoleId
from disclosure.openness import changes
from disclosure.openness.contents import Filled, lines_of, restore
from disclosure.openness.duties import OpenClock, open_clocks
from disclosure.openness.guides import load_guides
from disclosure.openness.published import draft_pages
from disclosure.openness.writing import drafts
from disclosure.openness.writing.editing import (
    ElementForm,
    blanks_of_content,
    fields_of_content,
    make_form,
    read_finished_form,
    read_form,
    tidy_fields,
)
from disclosure.platform.clock import format_day, format_moment, shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Work
from disclosure.records.states import ChangeStep
from disclosure.records.tables import OpennessChange, OpennessVersion
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal

#: Where an element is written, below the door's address.
CATALOGUE = "/openness"
#: Whoever looks after the whole catalogue, or signs for the bureau, sees every office's items.
_OVERSEERS: frozenset[RoleId] = frozenset({"compiler", "supervisor", "leader"})


@dataclass(frozen=True)
class ElementLine:
    """An element in the list: where it stands in words; ``address`` is its form, empty for whoever may not write."""

    name: str
    state: str
    is_late: bool
    draft: str
    address: str
    answer: str


@dataclass(frozen=True)
class ItemLines:
    """An item with its elements; ``needs_care``: something of it is under way or has a draft."""

    item: OpennessItem
    office: str
    elements: Sequence[ElementLine]
    needs_care: bool


@dataclass(frozen=True)
class Newer:
    """A version that came in after somebody began to write: whose, what it says, and its number."""

    number: int
    by: str
    at: str
    what: str
    lines: Sequence[str]


@dataclass(frozen=True)
class EditPage:
    """The form of one element, and what its writer has to know."""

    item: OpennessItem
    element: str
    title: str
    office: str
    form: ElementForm
    to_write: str
    what: str
    changed_on: str
    today: str
    based_on: int
    standing: str
    clock: str
    is_late: bool
    others: Sequence[str]
    newer: Newer | None
    saved_at: str
    left: Sequence[str]
    reviewers: str


def may_see_catalogue(catalog: Catalog, roles: Collection[RoleId], offices: Collection[str]) -> bool:
    """Whether the list is for this person: their office keeps items, or they look after the whole."""
    return not _OVERSEERS.isdisjoint(roles) or any(item.owner in offices for item in catalog.openness_items.values())


def list_items(work: Work, person_id: int, roles: Collection[RoleId], offices: Collection[str]) -> list[ItemLines]:
    """Return the items this person may see, in the catalogue's order."""
    session, catalog = work.session, work.catalog
    clocks = {(clock.item, clock.element): clock for clock in open_clocks(session, catalog, work.now) if clock.element}
    newest = changes.newest_versions(session, catalog)
    wanted = select(OpennessChange.id, OpennessChange.step).where(OpennessChange.profile == catalog.profile.id)
    steps = dict(session.execute(wanted).tuples().all())
    saved = drafts.list_drafts(session, catalog, person_id)
    sees_all = not _OVERSEERS.isdisjoint(roles)
    found = []
    for item in catalog.openness_items.values():
        if not (sees_all or item.owner in offices):
            continue
        lines = []
        for name, element in item.elements.items():
            key = (item.number, name)
            clock, version = clocks.get(key), newest.get(key)
            is_written_here = item.owner in offices and element.kind != "statistic"
            state = _state(clock, version, steps)
            lines.append(
                ElementLine(
                    name=element.name,
                    state=f"{state}，自动取自披露周期" if element.kind == "statistic" else state,
                    is_late=clock is not None and clock.is_overdue,
                    draft=f"草稿 {format_moment(saved[key])}" if key in saved else "",
                    address=f"{CATALOGUE}/{item.number}/{name}" if is_written_here else "",
                    answer=clock.run_id if clock is not None and item.owner in offices else "",
                )
            )
        needs_care = any((item.number, name) in clocks or (item.number, name) in saved for name in item.elements)
        found.append(ItemLines(item, catalog.offices[item.owner].name, lines, needs_care))
    return found


def _state(clock: OpenClock | None, version: OpennessVersion | None, steps: Mapping[int, ChangeStep]) -> str:
    if clock is not None:
        return f"{clock.step}（{clock.office or '系统'}），{say_limit(clock)}"
    if version is None:
        return "还没有内容"
    if steps.get(version.change_id) is ChangeStep.DONE:
        return f"第 {version.number} 版已公开，{format_day(version.changed_on)}变更"
    return f"第 {version.number} 版办理中"


def say_limit(clock: OpenClock) -> str:
    """Say until when something is to be public, and how far off that is."""
    return f"应在 {format_day(clock.limit)}前办结，{clock.time.text}"


def open_editor(work: Work, person_id: int, item: OpennessItem, name: str) -> EditPage:
    """Return the form of an element: the person's draft in it, else what stands, else the sample."""
    session, catalog, key = work.session, work.catalog, (item.number, name)
    element, today = item.elements[name], shanghai(work.now).date()
    draft = drafts.find_draft(session, catalog, person_id, key)
    newest = changes.newest_version(session, catalog, *key)
    sample = _sample(catalog, item, name)
    blanks = blanks_of_content(sample) if newest is None else {}
    start = restore(item, name, newest.content) if newest is not None else sample
    given = draft.fields if draft is not None else None
    fields = tidy_fields(fields_of_content(element, start) if given is None else given)
    based_on = draft.based_on if draft is not None else newest.number if newest is not None else 0
    clock = next((c for c in open_clocks(session, catalog, work.now) if (c.item, c.element) == key), None)
    limit = format_day(add_workdays(today, item.workdays, catalog.holidays))
    return EditPage(
        item=item,
        element=name,
        title=element.name,
        office=catalog.offices[item.owner].name,
        form=make_form(element, fields, blanks),
        to_write=blanks.get("", ""),
        what=(given or {}).get("what", ""),
        changed_on=(given or {}).get("changed_on", "") or today.isoformat(),
        today=today.isoformat(),
        based_on=based_on,
        standing=_standing(newest),
        clock=f"{clock.step}（{clock.office or '系统'}），{say_limit(clock)}"
        if clock is not None
        else f"今天变更的，应在 {limit}前公开（{item.workdays} 个工作日）",
        is_late=clock is not None and clock.is_overdue,
        others=[
            f"{other.person.name}也在写这一项，{format_moment(other.saved_at)}保存过草稿"
            for other in drafts.others_writing(session, catalog, person_id, key)
        ],
        newer=_newer(catalog, item, name, newest) if newest is not None and newest.number != based_on else None,
        saved_at=format_moment(draft.saved_at) if draft is not None else "",
        left=_mistakes(item, name, fields) if given is not None else (),
        reviewers="、".join(catalog.gate_office(gate).name for gate in changes.gates_of_kinds([element.kind])),
    )


def _standing(newest: OpennessVersion | None) -> str:
    if newest is None:
        return "还没有报送过，下面是样稿，请核对、补全"
    return f"现在是第 {newest.number} 版：{newest.what}（{format_day(newest.changed_on)}变更）"


def _newer(catalog: Catalog, item: OpennessItem, name: str, newest: OpennessVersion) -> Newer:
    by = newest.person.name if newest.person else "系统"
    lines = [line.replace("**", "") for line in lines_of(catalog, item, name, newest.content) if line.strip()]
    return Newer(newest.number, by, format_moment(newest.recorded_at), newest.what, lines)


def _sample(catalog: Catalog, item: OpennessItem, name: str) -> Filled:
    if item.elements[name].kind == "guide":
        return Filled(guide=load_guides(catalog).get(item.number))
    return Filled(content=catalog.openness_contents.get(item.number, {}).get(name))


def _mistakes(item: OpennessItem, name: str, fields: Mapping[str, str]) -> list[str]:
    try:
        read_finished_form(item, name, fields)
    except DisclosureError as error:
        return str(error).splitlines()
    return []


def preview_draft(work: Work, person_id: int, item: OpennessItem, name: str) -> dict[str, bytes]:
    """Return every public page as it would be, were the person's draft public now.

    Raises:
        DisclosureError: where there is no draft, and while the form has mistakes that no page can show.
    """
    draft = drafts.find_draft(work.session, work.catalog, person_id, (item.number, name))
    if draft is None:
        raise DisclosureError("还没有草稿：请先填写、保存，再预览。")
    content = read_form(item.elements[name], tidy_fields(draft.fields))
    today = shanghai(work.now).date()
    day = _day(draft.fields.get("changed_on", "")) or today
    what = draft.fields.get("what", "") or "（还没有写变更内容）"
    new = changes.NewContent(item.number, name, content, what, min(day, today))
    return draft_pages(work.session, work.catalog, new, person_id)


def keep_draft(work: Work, person_id: int, key: changes.ElementKey, typed: Mapping[str, str], based_on: int) -> bool:
    """Keep what the person has written; False for what stands already, of which nobody needs a draft."""
    item, name = work.catalog.openness_items[key[0]], key[1]
    if drafts.find_draft(work.session, work.catalog, person_id, key) is None:
        newest = changes.newest_version(work.session, work.catalog, *key)
        start = restore(item, name, newest.content) if newest else _sample(work.catalog, item, name)
        if tidy_fields(typed) == tidy_fields(fields_of_content(item.elements[name], start)):
            return False
    drafts.save_draft(work, person_id, key, typed, based_on)
    return True


def say_taken(work: Work, change_id: int, offices: Collection[str]) -> str:
    """Say what was handed in with a change of one of ``offices``, and until when it must be public."""
    change = work.session.get(OpennessChange, change_id)
    if change is None or change.office not in offices or not change.versions:
        return ""
    version, catalog = change.versions[-1], work.catalog
    item = catalog.openness_items[version.item]
    limit = format_day(add_workdays(version.changed_on, item.workdays, catalog.holidays))
    told = f"第 {int(item.number)} 项“{item.elements[version.element].name}”第 {version.number} 版已送审"
    return f"{told}（变更 {change.id}），应在 {limit}前公开。"


def hand_in_draft(work: Work, person_id: int, item: OpennessItem, name: str, proof: Proof) -> OpennessChange | Refusal:
    """Hand in what the person has written, as the change it makes.

    Commit either way: a code is used up. The draft stays until it was taken.

    Raises:
        DisclosureError: before any code is looked at, for whatever is wrong with the form.
    """
    session, catalog, key = work.session, work.catalog, (item.number, name)
    draft = drafts.find_draft(session, catalog, person_id, key)
    if draft is None:
        raise DisclosureError("还没有草稿：请先填写。")
    standing = changes.newest_version(session, catalog, *key)
    content = read_finished_form(item, name, tidy_fields(draft.fields), standing.content if standing else "")
    what, day = " ".join(draft.fields.get("what", "").split()), _day(draft.fields.get("changed_on", ""))
    if day is None:
        raise DisclosureError("没有写“变更日期”：信息形成或者变更的那一天。")
    new = changes.NewContent(item.number, name, content, what, day, draft.based_on)
    # Told before the code is looked at: nobody fetches one for what is refused anyway.
    taken = changes.explain_not_taken(work, new, proof) or changes.hand_in(work, new, proof)
    if isinstance(taken, Refusal):
        return taken
    drafts.drop_draft(work, person_id, key)
    return taken


def _day(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        return None
