"""依申请公开: the register with every clock, and what this person may do about each request."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from disclosure.catalog import Catalog, RoleId
from disclosure.openness import requests
from disclosure.openness.requests import RequestStatus
from disclosure.openness.words import words
from disclosure.platform.clock import format_day, shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Work
from disclosure.review.forms import read_day
from disclosure.review.refusals import Refusal, RefusalCode

REQUESTS = "/requests"
#: Who reads the register without keeping it.
_READERS: frozenset[RoleId] = frozenset({"compiler", "supervisor", "leader"})


@dataclass(frozen=True)
class RequestLine:
    """A request in words; ``may_answer``: this person may extend and answer it, ``may_assign``: give it away."""

    number: str
    item: str
    office: str
    office_id: str
    received: str
    limit: str
    state: str
    is_late: bool
    is_open: bool
    may_answer: bool
    may_assign: bool
    may_extend: bool


def keeps_register(catalog: Catalog, offices: Collection[str]) -> bool:
    """Whether somebody of these offices keeps the register."""
    return requests.registrar(catalog).id in offices


def reads_register(catalog: Catalog, roles: Collection[RoleId], offices: Collection[str]) -> bool:
    """Whether somebody of these roles and offices sees the whole register."""
    return not _READERS.isdisjoint(roles) or keeps_register(catalog, offices)


def may_see_register(work: Work, roles: Collection[RoleId], offices: Collection[str]) -> bool:
    """Whether the page is for this person: they keep the register, read it, or have something to answer."""
    catalog = work.catalog
    if reads_register(catalog, roles, offices):
        return True
    return any(requests.office_of(catalog, one.request).id in offices for one in _register(work))


def list_requests(work: Work, roles: Collection[RoleId], offices: Collection[str]) -> list[RequestLine]:
    """Return the requests this person may see, the open ones with the nearest limit first."""
    catalog = work.catalog
    sees_all = reads_register(catalog, roles, offices)
    found = [one for one in _register(work) if sees_all or requests.office_of(catalog, one.request).id in offices]
    ordered = sorted(found, key=lambda one: (one.request.answered_on is not None, one.limit, one.request.number))
    return [_line(catalog, one, offices) for one in ordered]


def _register(work: Work) -> list[RequestStatus]:
    return requests.register(work.session, work.catalog, shanghai(work.now).date())


def _line(catalog: Catalog, one: RequestStatus, offices: Collection[str]) -> RequestLine:
    request, office = one.request, requests.office_of(catalog, one.request)
    is_open = request.answered_on is None
    if request.answered_on is not None:
        state = f"{format_day(request.answered_on)}{words()['requests']['outcomes'][request.outcome]}"
        state += "（逾期）" if one.is_late else ""
    else:
        state = one.time.text
    item = catalog.openness_items.get(request.item)
    keeps = keeps_register(catalog, offices)
    return RequestLine(
        number=request.number,
        item=f"第 {int(item.number)} 项 {item.name}" if item else "",
        office=office.name,
        office_id=office.id,
        received=format_day(request.received_on),
        limit=format_day(one.limit) + ("（已延长）" if request.extended_on else ""),
        state=state,
        is_late=one.is_late,
        is_open=is_open,
        may_answer=is_open and (keeps or office.id in offices),
        may_assign=is_open and keeps,
        may_extend=is_open and request.extended_on is None and not one.is_late and (keeps or office.id in offices),
    )


def act_on_request(work: Work, offices: Collection[str], form: Mapping[str, str], name: str) -> str | Refusal:
    """Do to the register what the button of the form says; what was done, in words.

    Raises:
        DisclosureError: as the act itself.
    """
    number = form.get("number", "").strip()
    keeps = keeps_register(work.catalog, offices)
    request = requests.find(work.session, work.catalog, number)
    is_theirs = request is not None and requests.office_of(work.catalog, request).id in offices
    acts: dict[str, tuple[bool, Callable[[], str]]] = {
        "add": (keeps, lambda: _add(work, form, number, name)),
        "assign": (keeps, lambda: _assign(work, form, number, name)),
        "extend": (keeps or is_theirs, lambda: _extend(work, form, number, name)),
        "answer": (keeps or is_theirs, lambda: _answer(work, form, number, name)),
    }
    if form.get("act", "") not in acts:
        raise DisclosureError("没有选择办理什么，请重新打开页面再试。")
    is_allowed, act = acts[form["act"]]
    if not is_allowed:
        keeper = requests.registrar(work.catalog).name
        return Refusal(RefusalCode.WRONG_OFFICE, f"登记和交办由{keeper}办理，答复由交办的科室或{keeper}办理。")
    return act()


def _add(work: Work, form: Mapping[str, str], number: str, name: str) -> str:
    made = requests.add(work, number, read_day(form.get("on", "")), item=form.get("item", "").strip(), name=name)
    return f"已登记 {number}，应在 {format_day(requests.limit_of(work.catalog, made))}前答复。"


def _assign(work: Work, form: Mapping[str, str], number: str, name: str) -> str:
    made = requests.assign(work, number, form.get("office", ""), name=name)
    return f"{number} 由{requests.office_of(work.catalog, made).name}答复。"


def _extend(work: Work, form: Mapping[str, str], number: str, name: str) -> str:
    made = requests.extend(work, number, read_day(form.get("on", "")), notice=form.get("notice", ""), name=name)
    return f"{number} 已延长，应在 {format_day(requests.limit_of(work.catalog, made))}前答复。"


def _answer(work: Work, form: Mapping[str, str], number: str, name: str) -> str:
    day = read_day(form.get("on", ""))
    made = requests.answer(work, number, day, outcome=form.get("outcome", ""), name=name)
    late = day > requests.limit_of(work.catalog, made)
    return f"{number} 已答复，{'逾期' if late else '在期限内'}。"
