"""The register of requests (依申请公开): rows of numbers and days, their limit, and counts for the public.

Answer within 20 working days of the day it was received; one extension of 20, of which the applicant is told before
the limit. Source: 政府信息公开条例 (2019) art. 33. Nothing of the applicant is kept.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.calendar.time_left import TimeLeft, time_left
from disclosure.calendar.workdays import add_workdays
from disclosure.catalog import Catalog, Office
from disclosure.openness.pages.state import RequestCounts
from disclosure.openness.words import words
from disclosure.platform.clock import format_day, shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.tables import OpennessRequest
from disclosure.review import people
from disclosure.review.identify import Proof, find_actor
from disclosure.review.refusals import Refusal


@dataclass(frozen=True)
class RequestStatus:
    """A request against its limit, on a day or on the day it was answered."""

    request: OpennessRequest
    time: TimeLeft

    @property
    def limit(self) -> dt.date:
        """The last day for the answer."""
        return self.time.due

    @property
    def is_late(self) -> bool:
        """Whether it was answered after that day, or is still to be."""
        return self.time.is_over


def add(work: Work, number: str, received_on: dt.date, *, item: str, name: str) -> OpennessRequest:
    """Register a request under the bureau's own ``number``; ``item`` of the catalogue, empty where it is about none.

    Raises:
        DisclosureError: for a number that is taken or holds more than a number, a day to come, an unknown item, or a
            ``name`` that is not enrolled.
    """
    session, catalog = _begin_as(work, name)
    if not re.fullmatch(r"[\w〔〕()（）-]*\d[\w〔〕()（）-]*", number) or len(number) > 40:
        raise DisclosureError(f"登记号“{number}”应为本单位的编号，如 2026-001，不写申请人姓名。")
    if re.search(r"\d{11,}", number):
        raise DisclosureError(f"登记号“{number}”像是电话或证件号码；登记号应为本单位的编号，如 2026-001。")
    if find(session, catalog, number) is not None:
        raise DisclosureError(f"登记号 {number} 已经登记过，请核对。")
    if received_on > shanghai(work.now).date():
        raise DisclosureError(f"收到日期 {received_on} 还没有到，请核对。")
    if item and item.zfill(2) not in catalog.openness_items:
        raise DisclosureError(f"政务公开目录没有第 {item} 项，应为 1 到 {len(catalog.openness_items)} 的序号。")
    request = OpennessRequest(
        profile=catalog.profile.id,
        number=number,
        item=item.zfill(2) if item else "",
        received_on=received_on,
        registered_at=work.now,
    )
    session.add(request)
    session.flush()
    ledger.append(session, "request.added", actor=name, number=number, received_on=received_on.isoformat())
    return request


def assign(work: Work, number: str, office: str, *, name: str) -> OpennessRequest:
    """Give a request that is open to the office (an id or a name) that is to answer it.

    Raises:
        DisclosureError: for an office there is none of, or once it is answered.
    """
    session, catalog = _begin_as(work, name)
    request, found = _open_request(session, catalog, number), people.find_office(catalog, office)
    request.office = found.id
    ledger.append(session, "request.assigned", actor=name, number=number, office=found.id)
    return request


def office_of(catalog: Catalog, request: OpennessRequest) -> Office:
    """Return the office that answers: the one it was given to, else the item's, else the one that supervises."""
    item = catalog.openness_items.get(request.item)
    return catalog.offices[request.office or (item.owner if item else registrar(catalog).id)]


def registrar(catalog: Catalog) -> Office:
    """Return the office that keeps the register: the one that supervises."""
    return catalog.offices[catalog.roles["supervisor"].offices[0]]


def extend(work: Work, number: str, on: dt.date, *, notice: str, name: str) -> OpennessRequest:
    """Extend the limit once, by the letter ``notice`` that told the applicant on ``on``.

    Raises:
        DisclosureError: for a second extension, without a notice, after the limit, or once it is answered.
    """
    session, catalog = _begin_as(work, name)
    request = _open_request(session, catalog, number)
    if request.extended_on is not None:
        raise DisclosureError(f"{number} 已于 {format_day(request.extended_on)}延长过一次，不能再延长。")
    if len(notice.strip()) < 4:
        raise DisclosureError("延长时限须写明告知申请人的文书，如 延期答复告知书〔2026〕3号。")
    if not request.received_on <= on <= shanghai(work.now).date():
        raise DisclosureError(f"告知日期 {on} 应在收到日期 {request.received_on} 与今天之间，请核对。")
    limit = limit_of(catalog, request)
    if on > limit:
        raise DisclosureError(f"{number} 的答复期限是 {format_day(limit)}，已经过去，不能再延长，请尽快答复。")
    request.extended_on, request.notice = on, notice.strip()
    ledger.append(session, "request.extended", actor=name, number=number, on=on.isoformat(), notice=request.notice)
    return request


def answer(work: Work, number: str, on: dt.date, *, outcome: str, name: str) -> OpennessRequest:
    """Note that the request was answered on ``on`` with ``outcome`` (an id or its Chinese name).

    Raises:
        DisclosureError: for an unknown outcome, a day out of range, or one answered before.
    """
    session, catalog = _begin_as(work, name)
    request = _open_request(session, catalog, number)
    outcomes = words()["requests"]["outcomes"]
    found = next((key for key, text in outcomes.items() if outcome in (key, text)), None)
    if found is None:
        raise DisclosureError(f"没有“{outcome}”这种答复结果，应为 {'、'.join(outcomes.values())} 之一。")
    if not request.received_on <= on <= shanghai(work.now).date():
        raise DisclosureError(f"答复日期 {on} 应在收到日期 {request.received_on} 与今天之间，请核对。")
    request.answered_on, request.outcome = on, found
    ledger.append(session, "request.answered", actor=name, number=number, on=on.isoformat(), outcome=found)
    return request


def find(session: Session, catalog: Catalog, number: str) -> OpennessRequest | None:
    """Return the request of this number, if there is one."""
    return session.scalars(
        select(OpennessRequest).where(
            OpennessRequest.profile == catalog.profile.id, OpennessRequest.number == number.strip()
        )
    ).one_or_none()


def limit_of(catalog: Catalog, request: OpennessRequest) -> dt.date:
    """Return the last day for the answer, the extension included."""
    workdays = words()["requests"]["workdays"]
    limit = add_workdays(request.received_on, workdays, catalog.holidays)
    return add_workdays(limit, workdays, catalog.holidays) if request.extended_on else limit


def register(session: Session, catalog: Catalog, today: dt.date) -> list[RequestStatus]:
    """Return every request against its limit, in the order received."""
    return [_standing(catalog, request, today) for request in _all(session, catalog)]


def counts(session: Session, catalog: Catalog, today: dt.date) -> list[RequestCounts]:
    """Return what the public sees of the register: a line a year of receipt, the newest first."""
    by_year: dict[int, list[RequestStatus]] = {}
    for one in register(session, catalog, today):
        by_year.setdefault(one.request.received_on.year, []).append(one)
    names = words()["requests"]["outcomes"]
    lines = []
    for year, own in sorted(by_year.items(), reverse=True):
        answered = [one for one in own if one.request.answered_on is not None]
        waiting = [one for one in own if one.request.answered_on is None]
        outcomes = Counter(one.request.outcome for one in answered)
        lines.append(
            RequestCounts(
                year=year,
                received=len(own),
                answered=len(answered),
                on_time=sum(not one.is_late for one in answered),
                extended=sum(one.request.extended_on is not None for one in own),
                overdue=sum(one.is_late for one in waiting),
                open=sum(not one.is_late for one in waiting),
                outcomes={names[key]: outcomes[key] for key in names if outcomes[key]},
            )
        )
    return lines


def event_days(session: Session, catalog: Catalog, today: dt.date) -> Iterator[dt.date]:
    """Return the days until ``today`` on which the counts changed."""
    for request in _all(session, catalog):
        after = limit_of(catalog, request) + dt.timedelta(days=1)
        for day in (request.received_on, request.extended_on, request.answered_on or after):
            if day is not None and day <= today:
                yield day


def _standing(catalog: Catalog, request: OpennessRequest, today: dt.date) -> RequestStatus:
    until = request.answered_on or today
    return RequestStatus(request, time_left(limit_of(catalog, request), until, catalog.holidays))


def _all(session: Session, catalog: Catalog) -> list[OpennessRequest]:
    return list(
        session.scalars(
            select(OpennessRequest)
            .where(OpennessRequest.profile == catalog.profile.id)
            .order_by(OpennessRequest.received_on, OpennessRequest.id)
        )
    )


def _open_request(session: Session, catalog: Catalog, number: str) -> OpennessRequest:
    request = find(session, catalog, number)
    if request is None:
        raise DisclosureError(f"没有登记号 {number}，请核对（disclosure request list 可列出全部）。")
    if request.answered_on is not None:
        raise DisclosureError(f"{number} 已于 {format_day(request.answered_on)}答复，不能再改。")
    return request


def _begin_as(work: Work, name: str) -> tuple[Session, Catalog]:
    """Hold ``name`` to be somebody enrolled; a register is kept in their name, without a code."""
    actor = find_actor(work, Proof(name, "", work.now))
    if isinstance(actor, Refusal):
        raise DisclosureError(actor.sentence)
    return work.session, work.catalog
