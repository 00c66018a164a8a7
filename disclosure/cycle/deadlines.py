"""Deadlines: the law's dates, and the working plan that keeps them.

The source's dates are hard calendar dates. The plan pulls one that falls on a rest day to the working day before
(never after), and keeps both. How a date moves is in ``deadline_moves``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from disclosure.calendar.periods import Period
from disclosure.calendar.workdays import WorkingDay, on_or_before, rest_name
from disclosure.catalog import Catalog, Milestone, Office
from disclosure.cycle import queries
from disclosure.cycle.states import STEP_NAMES
from disclosure.platform.clock import end_of_day, format_day, weekday
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import SHANGHAI
from disclosure.records.tables import Cycle, DeadlineMove

#: Hour of the day, Asia/Shanghai, at which a dated cycle starts.
START_HOUR = 9
_SATURDAY = 5


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
        """Why ``planned`` is not the legal date, or is at a weekend; empty otherwise."""
        reasons = []
        if self.moves:
            last = self.moves[-1]
            reasons.append(f"{last.by}改为{_short(last.day)}：{last.reason}")
        if self.planned < self.due:
            reasons.append(f"{self.rest}，提前到上一个工作日")
        if self.is_provisional:
            reasons.append("暂定：放假安排未录入")
        elif self.planned.weekday() >= _SATURDAY:
            reasons.append(f"{weekday(self.planned)}调休上班")
        return "；".join(reasons)

    @property
    def sentence(self) -> str:
        """``2026年3月15日（星期日），休息日，请在3月13日（星期五）下班前办完``."""
        said_due = format_day(self.due)
        if self.is_provisional:
            return f"{said_due}（暂定，{self.due.year}年放假安排未录入）"
        return f"{said_due}，休息日，请在{_short(self.planned)}下班前办完" if self.planned < self.due else said_due


@dataclass(frozen=True)
class Start:
    """When Prefect starts a dated cycle: 09:00 (Shanghai) on its first milestone's planned day; and its last day."""

    period: Period
    moment: dt.datetime
    is_provisional: bool
    publish_by: dt.date


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
        return STEP_NAMES[self.cycle.step] if self.cycle else "未开启"


def plan(
    catalog: Catalog, period: Period, given: Mapping[Milestone, dt.date] | None = None, moves: Sequence[Move] = ()
) -> tuple[Deadline, ...]:
    """Return the deadlines of ``period`` in the order of the work; ``given`` are the dates of a special cycle."""
    legal = {**catalog.milestones(period), **(given or {})}
    made = []
    for step in queries.MILESTONES:
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
    """Return the dated periods whose milestones fall in ``year``, earliest first."""
    dated = [catalog.cycles[kind] for kind in catalog.profile.cycles if catalog.cycles[kind].milestones]
    ordered = sorted(dated, key=lambda cycle: cycle.milestones["draft"])
    return tuple(Period(year - cycle.years_later, cycle.id) for cycle in ordered)


def deadlines_of(session: Session, catalog: Catalog, period: Period) -> tuple[Deadline, ...]:
    """Return the deadlines of ``period`` as our records have them; empty for a special cycle opened without dates."""
    moves = _moves(session, catalog, period).get(period.id, [])
    return plan(catalog, period, _given(queries.find_cycle(session, catalog, period)), moves)


def find_deadline(session: Session, catalog: Catalog, period: Period, milestone: Milestone) -> Deadline | None:
    """Return one milestone of ``period``; None where a special cycle was opened without it."""
    return next((d for d in deadlines_of(session, catalog, period) if d.milestone == milestone), None)


def latest_publication(session: Session, catalog: Catalog, cycle: Cycle) -> dt.datetime | None:
    """Return the last moment at which ``cycle`` may be published in time; None where it has no date."""
    deadline = find_deadline(session, catalog, queries.period_of(cycle), "publish")
    return end_of_day(deadline.due) if deadline else None


def offices_of(catalog: Catalog, own: CyclePlan, milestone: Milestone) -> tuple[Office, ...]:
    """Return the offices that have something to do by ``milestone``; of the centres only those that owe figures."""
    roles = catalog.milestone_facts[milestone].roles
    offices = dict.fromkeys(office for role in roles for office in catalog.roles[role].offices)
    centres = {office.id for office in own.centres}
    return tuple(
        catalog.offices[office] for office in offices if catalog.offices[office].kind != "centre" or office in centres
    )


def year_plan(session: Session, catalog: Catalog, *years: int) -> list[CyclePlan]:
    """Return every cycle with a milestone in one of ``years``: the dated ones in order, then the special ones."""
    rows = session.scalars(select(Cycle).where(Cycle.profile == catalog.profile.id).order_by(Cycle.id))
    opened = {cycle.period_id: cycle for cycle in rows}
    moves = _moves(session, catalog)
    dated = [period for year in years for period in periods_of_year(catalog, year)]
    special = [period for period in map(queries.period_of, opened.values()) if period.kind == "special"]
    plans = [
        _cycle_plan(catalog, period, opened.get(period.id), moves.get(period.id, [])) for period in (*dated, *special)
    ]
    return [
        own
        for own in plans
        if own.period.kind != "special" or any({d.legal.year, d.due.year} & {*years} for d in own.deadlines)
    ]


def opened_plans(session: Session, catalog: Catalog) -> list[CyclePlan]:
    """Return every cycle that was ever opened, in the order of opening."""
    moves = _moves(session, catalog)
    rows = session.scalars(select(Cycle).where(Cycle.profile == catalog.profile.id).order_by(Cycle.id))
    return [_cycle_plan(catalog, queries.period_of(own), own, moves.get(own.period_id, [])) for own in rows]


def starts(session: Session, catalog: Catalog, years: Iterable[int]) -> list[Start]:
    """Return when the dated cycles of ``years`` start. Prefect is told these dates: a cron knows no holidays."""
    periods = [period for year in years for period in periods_of_year(catalog, year)]
    moves = _moves(session, catalog)
    found = []
    for period in periods:
        first, *_, last = plan(catalog, period, moves=moves.get(period.id, []))
        moment = dt.datetime.combine(first.planned, dt.time(START_HOUR), SHANGHAI)
        found.append(Start(period, moment, first.is_provisional, last.due))
    return found


def find_milestone(catalog: Catalog, text: str) -> Milestone:
    """Return the milestone whose id or name ``text`` is."""
    for facts in catalog.milestone_facts.values():
        if text.strip() in (facts.id, facts.name):
            return facts.id
    known = "、".join(f"{facts.id}（{facts.name}）" for facts in catalog.milestone_facts.values())
    raise DisclosureError(f"没有“{text}”这个节点，应为 {known} 之一。")


def cycle_plan(session: Session, catalog: Catalog, period: Period) -> CyclePlan:
    """Return the deadlines of ``period`` with its cycle, if it is opened."""
    moves = _moves(session, catalog, period).get(period.id, [])
    return _cycle_plan(catalog, period, queries.find_cycle(session, catalog, period), moves)


def _cycle_plan(catalog: Catalog, period: Period, cycle: Cycle | None, moves: Sequence[Move]) -> CyclePlan:
    asked = {i.centre for i in catalog.indicators_for(period, only=cycle.only if cycle else ())}
    centres = tuple(office for office in catalog.offices.values() if office.id in asked)
    return CyclePlan(period, plan(catalog, period, _given(cycle), moves), cycle, centres)


def _moves(session: Session, catalog: Catalog, period: Period | None = None) -> dict[str, list[Move]]:
    """Return by period id, in the order they were made; of one period or of all."""
    wanted = select(DeadlineMove).where(DeadlineMove.profile == catalog.profile.id).order_by(DeadlineMove.number)
    wanted = wanted.options(joinedload(DeadlineMove.person))
    if period is not None:
        wanted = wanted.where(DeadlineMove.period_id == period.id)
    found: dict[str, list[Move]] = {}
    for row in session.scalars(wanted):
        move = Move(row.milestone, row.before, row.day, row.person.name, row.reason, row.moved_at)
        found.setdefault(row.period_id, []).append(move)
    return found


def _given(cycle: Cycle | None) -> dict[Milestone, dt.date]:
    """Return the dates a special cycle was opened with."""
    written = cycle.milestones if cycle else {}
    return {cast(Milestone, step): dt.date.fromisoformat(day) for step, day in written.items()}


def _short(day: dt.date) -> str:
    """Write ``3月13日（星期五）``."""
    return format_day(day).partition("年")[2]
