"""统筹: every cycle and every openness clock with who holds it up, and what this person can do about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from disclosure.calendar.periods import parse_period
from disclosure.catalog import RoleId
from disclosure.cycle.deadlines import Deadline, find_milestone
from disclosure.monitoring.board.facts import Awaited, Concern, CycleProgress, Overview, StationState
from disclosure.monitoring.board.overview import load_overview
from disclosure.platform.clock import format_day
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation, Work
from disclosure.records.tables import Cycle
from disclosure.review.briefing import REVIEW_PAGE
from disclosure.review.deadline_changes import MOVERS, NewDate, explain_immovable, move_deadline
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal
from disclosure.workspace.cycles.acts import ACTS, list_acts, may_act
from disclosure.workspace.cycles.opening import has_specials
from disclosure.workspace.cycles.revised import RevisionLine, list_revisions
from disclosure.workspace.waiting import RUNS

MANAGE = "/manage"
#: Who looks after all of it; the leader sees it too.
MANAGERS: frozenset[RoleId] = frozenset({"compiler", "supervisor", "leader"})
#: Who may have the letters sent that are due: those who press others, not the leader.
REMINDERS: frozenset[RoleId] = frozenset({"compiler", "supervisor"})
_STATES: dict[StationState, str] = {
    "done": "已办",
    "now": "在办",
    "late": "已过期",
    "ahead": "未到",
    "unknown": "没有办理",
}


@dataclass(frozen=True)
class ManagedStation:
    """A milestone in words: ``when`` it was done, or is planned."""

    name: str
    state: str
    when: str
    is_late: bool


@dataclass(frozen=True)
class ManagedAction:
    """A place where something can be done, and what it is called."""

    address: str
    name: str


@dataclass(frozen=True)
class ManagedCycle:
    """A cycle with its milestones, whom it waits for, and what this person can do."""

    label: str
    state: str
    is_late: bool
    waits: str
    decided: str
    stations: Sequence[ManagedStation]
    actions: Sequence[ManagedAction]


@dataclass(frozen=True)
class AwaitedLine:
    """One thing that somebody holds up."""

    what: str
    who: str
    by_when: str
    is_late: bool
    run: str


@dataclass(frozen=True)
class ManagePage:
    """Everything of 统筹."""

    overdue: int
    awaited: Sequence[AwaitedLine]
    cycles: Sequence[ManagedCycle]
    concerns: Sequence[Concern]
    emergencies: str
    may_move: bool
    may_remind: bool
    may_open: bool
    revisions: Sequence[RevisionLine]


def load_manage_page(installation: Installation, roles: Collection[RoleId], now: dt.datetime) -> ManagePage:
    """Return how everything stands at ``now`` for somebody of ``roles``."""
    seen = load_overview(installation, now)
    may_move = not set(roles).isdisjoint(MOVERS)
    with installation.read() as work:
        shown = {one.view.id for one in seen.cycles}
        cycles = work.session.scalars(select(Cycle).where(Cycle.id.in_(shown)))
        acting = {cycle.period_id for cycle in cycles if list_acts(work, cycle, roles)}
        revised = list_revisions(work) if may_act(work.catalog, roles, "revise") else []
    return ManagePage(
        overdue=seen.overdue,
        awaited=[_awaited(each) for each in seen.awaited],
        cycles=[_cycle(one, may_move=may_move, may_do=one.view.period.id in acting) for one in _shown(seen)],
        concerns=[one for one in (*seen.supervision, *seen.concerns) if not one.mended],
        emergencies=seen.emergencies,
        may_move=may_move,
        may_remind=not REMINDERS.isdisjoint(roles),
        may_open=has_specials(installation.catalog) and may_act(installation.catalog, roles, "open_special"),
        revisions=revised,
    )


def _shown(seen: Overview) -> list[CycleProgress]:
    """Put what is under way first, then what is to come, then what is over."""

    def place(one: CycleProgress) -> tuple[bool, bool, dt.date, str]:
        return not one.view.is_under_way, bool(one.view.published), one.view.period.end, one.view.period.id

    return sorted(seen.cycles, key=place)


def _awaited(each: Awaited) -> AwaitedLine:
    people = "、".join(each.people) or "还没有登记人"
    return AwaitedLine(
        what=f"{each.period}　{each.milestone}",
        who=f"{each.office or '系统'}（{people}）",
        by_when=f"{format_day(each.time.due)}，{each.time.text}",
        is_late=each.time.is_over,
        run=f"{RUNS}{each.run_id}" if each.run_id else "",
    )


def _cycle(one: CycleProgress, *, may_move: bool, may_do: bool) -> ManagedCycle:
    view = one.view
    actions = []
    if view.is_under_way and view.audit is not None:
        actions.append(ManagedAction(f"{REVIEW_PAGE}{view.period.id}", "审核材料"))
    if one.run_id:
        actions.append(ManagedAction(f"{RUNS}{one.run_id}", "运行"))
    if may_move and movable_milestones(one):
        actions.append(ManagedAction(f"{MANAGE}/deadline/{view.period.id}", "改期"))
    if may_do:
        actions.append(ManagedAction(f"{ACTS}{view.period.id}", "更正、撤回、关闭"))
    return ManagedCycle(
        label=one.label,
        state=view.state + (f"，第 {view.round} 轮" if view.round > 1 else ""),
        is_late=one.is_late,
        waits=one.waits,
        decided=one.decided,
        stations=[
            ManagedStation(
                name=station.deadline.name,
                state=_STATES[station.state],
                when=_day(station.done_on or station.deadline.planned),
                is_late=station.state == "late",
            )
            for station in one.stations
        ],
        actions=actions,
    )


def movable_milestones(one: CycleProgress) -> list[Deadline]:
    """Return the milestones of a cycle that may still be moved: not done, of what is not public."""
    if one.view.published is not None:
        return []
    return [station.deadline for station in one.stations if station.state in {"now", "late", "ahead"}]


def find_cycle_progress(installation: Installation, period_id: str, now: dt.datetime) -> CycleProgress | None:
    """Return the cycle of ``period_id``, opened or not; None where this year has none."""
    return next((one for one in load_overview(installation, now).cycles if one.view.period.id == period_id), None)


def move_by_form(work: Work, period_id: str, milestone: str, day: str, proof: Proof) -> Deadline | Refusal:
    """Move a milestone as ``deadline move`` does; what stands against it is told before the code is looked at.

    Raises:
        DisclosureError: for a day or a milestone that is none.
    """
    try:
        wanted_day = dt.date.fromisoformat(day)
    except ValueError:
        raise DisclosureError("没有写新的日期。") from None
    wanted = NewDate(parse_period(period_id), find_milestone(work.catalog, milestone), wanted_day)
    return explain_immovable(work, wanted, proof) or move_deadline(work, wanted, proof)


def _day(day: dt.date) -> str:
    return f"{day.month}月{day.day}日"
