"""The one way in which a deadline moves: by a supervisor or the leader, proven by a one-time code, with a reason.

The publication of a statutory cycle never moves past its legal date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog, Milestone, RoleId
from disclosure.clock import end_of_day, said, said_day, shanghai
from disclosure.deadlines import Deadline, deadlines_of
from disclosure.errors import DisclosureError
from disclosure.periods import Period
from disclosure.records import ledger
from disclosure.records.reminder_tables import DeadlineMove
from disclosure.records.tables import Cycle, Person
from disclosure.review.people import check_code, find_person, roles_of
from disclosure.review.secrets import Cipher
from disclosure.workdays import on_or_before

#: Who may move a deadline.
MOVERS: tuple[RoleId, ...] = ("supervisor", "leader")
SHORTEST_REASON = 4


def move(
    session: Session,
    catalog: Catalog,
    cipher: Cipher,
    period: Period,
    *,
    milestone: Milestone,
    day: dt.date,
    name: str,
    code: str,
    reason: str,
    now: dt.datetime,
) -> str:
    """Set a milestone anew; an empty text, or the sentence that says why not (a wrong code is then counted).

    Raises:
        DisclosureError: when ``day`` is in a year whose holidays are not known, or somebody else moves a date of
            the same period at this moment.
    """
    cycle = cycles.find_cycle(session, catalog, period)
    if cycle is not None:
        cycles.lock(session, cycle)
    told = refusal(session, catalog, period, milestone=milestone, day=day, name=name, reason=reason, now=now)
    person = find_person(session, name)
    if told or person is None:
        return told
    deadlines = deadlines_of(session, catalog, period)
    if told := check_code(session, cipher, person, code, now):
        return told
    before = next(d for d in deadlines if d.milestone == milestone)
    _record(session, catalog, before, day, person=person, reason=reason.strip(), now=now)
    ledger.append(
        session,
        "deadline.moved",
        actor=person.name,
        cycle_id=cycle.id if cycle else None,
        period=period.id,
        milestone=milestone,
        before=before.due.isoformat(),
        day=day.isoformat(),
        legal=before.legal.isoformat(),
        reason=reason.strip(),
    )
    return ""


def refusal(
    session: Session,
    catalog: Catalog,
    period: Period,
    *,
    milestone: Milestone,
    day: dt.date,
    name: str,
    reason: str,
    now: dt.datetime,
) -> str:
    """Why ``name`` cannot move this milestone to ``day``, whatever code they have; an empty text when they can.

    Raises:
        DisclosureError: when ``day`` is in a year whose holidays are not known.
    """
    person = find_person(session, name)
    roles = roles_of(session, catalog, person, now) if person else ()
    cycle = cycles.find_cycle(session, catalog, period)
    deadlines = deadlines_of(session, catalog, period)
    return (
        _who_not(catalog, name, person, roles)
        or move_refusal(catalog, deadlines, period, milestone, day, reason=reason, today=shanghai(now).date())
        or (_published(session, cycle, milestone, day) if cycle else "")
    )


def _who_not(catalog: Catalog, name: str, person: Person | None, roles: Sequence[RoleId]) -> str:
    if person is None:
        return f"“{name}”没有登记，请核对姓名，或请管理员登记（disclosure people add）。"
    if not person.is_active:
        return f"“{name}”已停用，不能改期，请联系管理员。"
    if not set(MOVERS) & set(roles):
        may = "、".join(catalog.roles[role].name for role in MOVERS)
        return f"“{name}”不能改期：改期须由{may}作出。"
    return ""


def move_refusal(
    catalog: Catalog,
    deadlines: Sequence[Deadline],
    period: Period,
    milestone: Milestone,
    day: dt.date,
    *,
    reason: str,
    today: dt.date,
) -> str:
    """Why ``milestone`` cannot move to ``day``, or an empty text. Pure but for the year that is not known."""
    if period.kind not in catalog.profile.cycles:
        return f"“{catalog.profile.title}”不作{catalog.cycles[period.kind].name}披露，请核对周期。"
    at = next((place for place, d in enumerate(deadlines) if d.milestone == milestone), None)
    if at is None:
        name = catalog.milestone_facts[milestone].name
        return f"{period.label}没有“{name}”的日期：专项的日期在开启时给出，没有给出的节点不能改期。"
    present = deadlines[at]
    if len(reason.strip()) < SHORTEST_REASON:
        return f"改期必须写明理由（至少 {SHORTEST_REASON} 个字）。"
    if day == present.due:
        return f"{period.label}“{present.name}”的日期已经是 {said_day(day)}，不用改。"
    if milestone == "publish" and period.kind != "special" and day > present.legal:
        return f"{period.label}的法定披露日期是 {said_day(present.legal)}，发布不能改到它之后。"
    return _out_of_order(deadlines, at, day) or _too_early(catalog, present, day, today)


def _out_of_order(deadlines: Sequence[Deadline], at: int, day: dt.date) -> str:
    if at and day < (before := deadlines[at - 1]).due:
        return f"“{deadlines[at].name}”不能早于前一节点“{before.name}”的 {said_day(before.due)}，请先改前一节点。"
    if at + 1 < len(deadlines) and day > (after := deadlines[at + 1]).due:
        return f"“{deadlines[at].name}”不能晚于后一节点“{after.name}”的 {said_day(after.due)}，请先改后一节点。"
    return ""


def _too_early(catalog: Catalog, present: Deadline, day: dt.date, today: dt.date) -> str:
    planned = on_or_before(day, catalog.holidays).binding()
    rest = f"{said_day(day)}是休息日，工作安排是 {said_day(planned)}，" if planned < day else f"{said_day(day)}"
    if planned < today:
        return f"{rest}已经过去，请另选日期。"
    if present.period.kind != "special" and planned <= present.period.end:
        return f"{rest}在{present.period.label}结束（{said_day(present.period.end)}）之前，那时还没有数据，请另选日期。"
    return ""


def _published(session: Session, cycle: Cycle, milestone: Milestone, day: dt.date) -> str:
    release = cycles.release_of(session, cycle)
    label = cycles.period_of(cycle).label
    if release is None:
        return ""
    if release.published_at is not None:
        return f"{label}已经发布，不用再改期。"
    if milestone == "publish" and release.planned_for is not None and release.planned_for > end_of_day(day):
        return f"{label}已签发，定于 {said(release.planned_for)} 发布，发布不能改到它之前。"
    return ""


def _record(
    session: Session,
    catalog: Catalog,
    before: Deadline,
    day: dt.date,
    *,
    person: Person,
    reason: str,
    now: dt.datetime,
) -> None:
    of_period = (DeadlineMove.profile == catalog.profile.id, DeadlineMove.period_id == before.period.id)
    made = session.scalar(select(func.count()).select_from(DeadlineMove).where(*of_period)) or 0
    session.add(
        DeadlineMove(
            profile=catalog.profile.id,
            period_id=before.period.id,
            number=made + 1,
            milestone=before.milestone,
            before=before.due,
            day=day,
            reason=reason,
            person_id=person.id,
            moved_at=now,
        )
    )
    try:
        session.flush()
    except IntegrityError as error:
        raise DisclosureError(
            f"{before.period.label}的日期刚刚有人改过，请看过新的日期（disclosure calendar）再改。"
        ) from error
