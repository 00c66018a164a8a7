"""Deadlines: the law's dates, the working plan that keeps them, and the one way in which a date moves.

The source's dates are hard calendar dates. The plan pulls one that falls on a rest day to the working day before
(never after), and keeps both. Moving a date takes a supervisor or the leader, a one-time code and a reason; the
publication of a statutory cycle never moves past its legal date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog, Milestone, Office, RoleId
from disclosure.clock import end_of_day, said, said_day, shanghai
from disclosure.errors import DisclosureError
from disclosure.periods import Period
from disclosure.records import ledger
from disclosure.records.tables import Cycle, DeadlineMove, Person
from disclosure.review.people import check_code, find_person, roles_of
from disclosure.review.secrets import Cipher
from disclosure.settings import SHANGHAI
from disclosure.workdays import WorkingDay, on_or_before, rest_name

#: Hour of the day, Asia/Shanghai, at which a dated cycle starts.
START_HOUR = 9
#: Who may move a deadline.
MOVERS: tuple[RoleId, ...] = ("supervisor", "leader")
SHORTEST_REASON = 4


@dataclass(frozen=True)
class Move:
    """One milestone's date set anew; ``by`` is the person's name, ``at`` an aware time."""

    milestone: Milestone
    before: dt.date
    day: dt.date
    by: str
    reason: str
    at: dt.datetime


@dataclass(frozen=True)
class Deadline:
    """One milestone of one period.

    ``legal`` is the date of the catalogue (of a special cycle: the one it was opened with) and never changes;
    ``due`` is what counts, after ``moves``; ``plan`` is the working day on or before ``due``, and ``rest`` what
    people call ``due`` where it is a day off.
    """

    period: Period
    milestone: Milestone
    name: str
    legal: dt.date
    due: dt.date
    plan: WorkingDay
    rest: str = ""
    moves: tuple[Move, ...] = ()

    @property
    def planned(self) -> dt.date:
        """The working day by the end of which it should be done."""
        return self.plan.day

    @property
    def is_provisional(self) -> bool:
        """Whether ``planned`` may still move because a year's holidays are not published."""
        return self.plan.is_provisional

    @property
    def why(self) -> str:
        """Why ``planned`` is not the legal date; empty when it is."""
        reasons = []
        if self.moves:
            last = self.moves[-1]
            reasons.append(f"{last.by}改为{_short(last.day)}：{last.reason}")
        if self.planned < self.due:
            reasons.append(f"{self.rest}，提前到上一个工作日")
        if self.is_provisional:
            reasons.append("暂定：放假安排未录入")
        return "；".join(reasons)

    @property
    def sentence(self) -> str:
        """``2026年3月15日（星期日），休息日，请在3月13日（星期五）下班前办完``."""
        said_due = said_day(self.due)
        if self.is_provisional:
            return f"{said_due}（暂定，{self.due.year}年放假安排未录入）"
        return f"{said_due}，休息日，请在{_short(self.planned)}下班前办完" if self.planned < self.due else said_due


@dataclass(frozen=True)
class Start:
    """When Prefect starts the cycle of a period: 09:00 (Shanghai) on its first milestone's planned day."""

    period: Period
    moment: dt.datetime
    is_provisional: bool


@dataclass(frozen=True)
class CyclePlan:
    """One cycle's deadlines with the cycle itself, None while it is not opened, and the centres that owe figures."""

    period: Period
    deadlines: tuple[Deadline, ...]
    cycle: Cycle | None
    centres: tuple[Office, ...]

    @property
    def state(self) -> str:
        """Where the cycle stands, in the words of ``disclosure status``."""
        return cycles.STEPS[self.cycle.step] if self.cycle else "未开启"


def plan(
    catalog: Catalog, period: Period, given: Mapping[Milestone, dt.date] | None = None, moves: Sequence[Move] = ()
) -> tuple[Deadline, ...]:
    """The deadlines of ``period`` in the order of the work; ``given`` are the dates of a special cycle."""
    legal = {**catalog.milestones(period), **(given or {})}
    made = []
    for step in cycles.MILESTONES:
        if step in legal:
            own = tuple(move for move in moves if move.milestone == step)
            due = own[-1].day if own else legal[step]
            working = on_or_before(due, catalog.holidays)
            made.append(
                Deadline(
                    period=period,
                    milestone=step,
                    name=catalog.milestone_facts[step].name,
                    legal=legal[step],
                    due=due,
                    plan=working,
                    rest=rest_name(due, catalog.holidays) if working.day < due else "",
                    moves=own,
                )
            )
    return tuple(made)


def periods_of_year(catalog: Catalog, year: int) -> tuple[Period, ...]:
    """The dated periods whose milestones fall in ``year``, earliest first."""
    dated = [catalog.cycles[kind] for kind in catalog.profile.cycles if catalog.cycles[kind].milestones]
    ordered = sorted(dated, key=lambda cycle: cycle.milestones["draft"])
    return tuple(Period(year - cycle.years_later, cycle.id) for cycle in ordered)


def deadlines_of(session: Session, catalog: Catalog, period: Period) -> tuple[Deadline, ...]:
    """The deadlines of ``period`` as our records have them; empty for a special cycle opened without dates."""
    return plan(catalog, period, _given(cycles.find_cycle(session, catalog, period)), _moves(session, catalog, period))


def find_deadline(session: Session, catalog: Catalog, period: Period, milestone: Milestone) -> Deadline | None:
    """One milestone of ``period``; None where a special cycle was opened without it."""
    return next((d for d in deadlines_of(session, catalog, period) if d.milestone == milestone), None)


def latest_publication(session: Session, catalog: Catalog, cycle: Cycle) -> dt.datetime | None:
    """The last moment at which ``cycle`` may be published in time; None where it has no date."""
    deadline = find_deadline(session, catalog, cycles.period_of(cycle), "publish")
    return end_of_day(deadline.due) if deadline else None


def offices_of(catalog: Catalog, own: CyclePlan, milestone: Milestone) -> tuple[Office, ...]:
    """The offices that have something to do by ``milestone``; of the centres only those that owe figures."""
    roles = catalog.milestone_facts[milestone].roles
    offices = dict.fromkeys(office for role in roles for office in catalog.roles[role].offices)
    centres = {office.id for office in own.centres}
    return tuple(
        catalog.offices[office] for office in offices if catalog.offices[office].kind != "centre" or office in centres
    )


def year_plan(session: Session, catalog: Catalog, year: int) -> list[CyclePlan]:
    """Every cycle with a milestone in ``year``: the dated ones in the order of the year, then the special ones."""
    dated = [cycle_plan(session, catalog, period) for period in periods_of_year(catalog, year)]
    opened = session.scalars(select(Cycle).where(Cycle.profile == catalog.profile.id).order_by(Cycle.id))
    special = [period for period in map(cycles.period_of, opened) if period.kind == "special"]
    plans = [cycle_plan(session, catalog, period) for period in special]
    return [*dated, *(p for p in plans if any(year in (d.legal.year, d.due.year) for d in p.deadlines))]


def starts(session: Session, catalog: Catalog, years: Iterable[int]) -> list[Start]:
    """When the dated cycles of ``years`` start. Prefect is told these dates: a cron knows no holidays."""
    found = []
    for year in years:
        for period in periods_of_year(catalog, year):
            first = deadlines_of(session, catalog, period)[0]
            moment = dt.datetime.combine(first.planned, dt.time(START_HOUR), SHANGHAI)
            found.append(Start(period, moment, first.is_provisional))
    return found


def find_milestone(catalog: Catalog, text: str) -> Milestone:
    """The milestone whose id or name ``text`` is."""
    for facts in catalog.milestone_facts.values():
        if text.strip() in (facts.id, facts.name):
            return facts.id
    known = "、".join(f"{facts.id}（{facts.name}）" for facts in catalog.milestone_facts.values())
    raise DisclosureError(f"没有“{text}”这个节点，应为 {known} 之一。")


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


def cycle_plan(session: Session, catalog: Catalog, period: Period) -> CyclePlan:
    """The deadlines of ``period`` with its cycle, if it is opened."""
    cycle = cycles.find_cycle(session, catalog, period)
    asked = {i.centre for i in catalog.indicators_for(period, only=cycle.only if cycle else ())}
    centres = tuple(office for office in catalog.offices.values() if office.id in asked)
    return CyclePlan(period, deadlines_of(session, catalog, period), cycle, centres)


def _moves(session: Session, catalog: Catalog, period: Period) -> list[Move]:
    rows = session.scalars(
        select(DeadlineMove)
        .where(DeadlineMove.profile == catalog.profile.id, DeadlineMove.period_id == period.id)
        .order_by(DeadlineMove.number)
    )
    return [Move(cast(Milestone, r.milestone), r.before, r.day, r.person.name, r.reason, r.moved_at) for r in rows]


def _given(cycle: Cycle | None) -> dict[Milestone, dt.date]:
    """The dates a special cycle was opened with."""
    written = cycle.milestones if cycle else {}
    return {cast(Milestone, step): dt.date.fromisoformat(day) for step, day in written.items()}


def _short(day: dt.date) -> str:
    """``3月13日（星期五）``."""
    return said_day(day).partition("年")[2]
