"""等我办的 and what I did: the duties of everybody, seen by one person."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from disclosure.calendar.periods import parse_period
from disclosure.calendar.time_left import TimeLeft
from disclosure.catalog import Catalog
from disclosure.cycle import deadlines
from disclosure.cycle.view import CycleView, load_views
from disclosure.monitoring.reminders.duties import Duty, list_duties, load_holders
from disclosure.monitoring.reminders.rules import time_of
from disclosure.openness.duties import OpenClock, open_clocks
from disclosure.platform.clock import format_day, shanghai
from disclosure.records.installation import Work
from disclosure.records.tables import Cycle, LedgerEntry
from disclosure.review.briefing import REVIEW_PAGE
from disclosure.review.forms import OUTCOME_NAMES
from disclosure.workspace.answered import ANSWERED
from disclosure.workspace.requests import REQUESTS

#: Where a thing is done, below the door's address.
RUNS, BOARD, HAND_IN = "/prefect/runs/flow-run/", "/board", "/hand-in"
#: Where a run's form opens by itself.
ANSWER = "/answer/"
#: What somebody did, in words, by the ledger's events.
_DEEDS: Mapping[str, str] = {
    "submission.accepted": "报送报表，已收到",
    "submission.rejected": "报送报表，没有通过",
    "submission.restored": "重新报送以前的报表",
    "narrative.accepted": "报送文字部分，已收到",
    "narrative.rejected": "报送文字部分，没有通过",
    "narrative.restored": "重新报送以前的文字部分",
    "ask.answered": "答复",
    "deadline.moved": "改期",
    "personal.accepted": "同意公开一条个人信息",
    "personal.taken_back": "收回公开个人信息的同意",
}
_DONE_SHOWN = 12


@dataclass(frozen=True, order=True)
class WaitingItem:
    """One thing that waits for a person; ``time`` is None where it has no day, as a correction has none.

    ``address`` is where it is done, ``button`` what the link to it says; both are empty where no page does it.
    ``workbook`` is the file to fill in, if it is one; ``material`` the page to read before answering, if there is one.
    """

    order: tuple[int, dt.date]
    subject: str
    what: str
    office: str
    time: TimeLeft | None = field(compare=False)
    address: str
    button: str
    note: str = ""
    workbook: str = ""
    material: str = ""

    @property
    def by_when(self) -> str:
        """Say by when, and how far off that is."""
        return f"{format_day(self.time.due)}，{self.time.text}" if self.time else "更正没有期限，请尽快办理"

    @property
    def is_late(self) -> bool:
        """Whether its day is gone."""
        return self.time is not None and self.time.is_over


@dataclass(frozen=True)
class Deed:
    """One thing that a person did; ``address`` tells what came of an answer, if a page does."""

    at: dt.datetime
    what: str
    subject: str
    address: str = ""


def list_waiting(work: Work, name: str) -> list[WaitingItem]:
    """Return what ``name`` can do now, the most urgent first."""
    session, catalog, now = work.session, work.catalog, work.now
    today = shanghai(now).date()
    views = [
        view for view in load_views(session, catalog, deadlines.opened_plans(session, catalog)) if view.is_under_way
    ]
    holders = load_holders(session, catalog, now)
    found = [
        _of_duty(catalog, view, duty, today)
        for view in views
        for duty in list_duties(catalog, view, holders, now)
        if duty.since is not None and any(person.name == name for person in duty.people)
    ]
    found += _of_clocks([clock for clock in open_clocks(session, catalog, now) if name in clock.people])
    return sorted(found)


def list_deeds(work: Work, name: str) -> list[Deed]:
    """Return what ``name`` did, the latest first."""
    wanted = select(LedgerEntry).where(LedgerEntry.actor == name, LedgerEntry.event.in_(_DEEDS))
    rows = work.session.scalars(wanted.order_by(LedgerEntry.number.desc()).limit(_DONE_SHOWN)).all()
    ids = {row.cycle_id for row in rows if row.cycle_id is not None}
    cycles = work.session.execute(select(Cycle.id, Cycle.period_id).where(Cycle.id.in_(ids)))
    periods = {cycle_id: parse_period(period_id) for cycle_id, period_id in cycles}
    found = []
    for row in rows:
        period = periods.get(row.cycle_id or 0)
        told = f"{ANSWERED}{period.id}" if period and row.event == "ask.answered" else ""
        found.append(Deed(row.at, _what_was_done(work.catalog, row), period.label if period else "", told))
    return found


def _what_was_done(catalog: Catalog, row: LedgerEntry) -> str:
    """Say what a line of the ledger is about, with the gate and the outcome of an answer."""
    told = json.loads(row.details)
    gate, outcome = catalog.gates.get(told.get("gate", "")), OUTCOME_NAMES.get(told.get("outcome", ""), "")
    return f"{gate.name}：{outcome}" if gate and outcome else _DEEDS[row.event]


def _of_duty(catalog: Catalog, view: CycleView, duty: Duty, today: dt.date) -> WaitingItem:
    time = None if view.correction else time_of(duty, catalog.holidays, today)
    address, button = _place_of(duty)
    return WaitingItem(
        order=(-time.over, time.due) if time else (0, today),
        subject=f"{view.period.label}第 {duty.round} 轮",
        what=duty.name,
        office=duty.office.name,
        time=time,
        address=address,
        button=button,
        note=f"退回意见：{duty.returned}" if duty.returned else "",
        workbook=duty.workbook,
        material=f"{REVIEW_PAGE}{view.period.id}" if duty.run_id and view.audit is not None else "",
    )


def _place_of(duty: Duty) -> tuple[str, str]:
    """Return where a duty is done, and what the button says."""
    if duty.workbook:
        return HAND_IN, "去报送"
    return (f"{ANSWER}{duty.run_id}", "去答复") if duty.run_id else (BOARD, "看进度")


def _of_clocks(clocks: Sequence[OpenClock]) -> Iterator[WaitingItem]:
    """Yield what the openness catalogue owes; several elements of one change are one thing."""
    of_change: dict[tuple[int, str, dt.date], list[OpenClock]] = {}
    for clock in clocks:
        of_change.setdefault((clock.change_id, "" if clock.change_id else clock.title, clock.limit), []).append(clock)
    for same in of_change.values():
        first = same[0]
        elsewhere = REQUESTS if first.kind == "request" else ""
        yield WaitingItem(
            order=(-first.time.over, first.limit),
            subject=f"{first.title}{f'等 {len(same)} 项' if len(same) > 1 else ''}",
            what=first.step,
            office=first.office,
            time=first.time,
            address=f"{ANSWER}{first.run_id}" if first.run_id else elsewhere,
            button="去答复",
        )
