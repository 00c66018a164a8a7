"""Protects that board, command, first page and letter say one and the same of a duty at the same minute."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from sqlalchemy import update

from deployments.cli.commands import status
from disclosure.calendar.time_left import time_left
from disclosure.calendar.workdays import add_workdays, is_workday
from disclosure.catalog import load_catalog
from disclosure.monitoring.board.overview import load_overview
from disclosure.monitoring.board.page import render_board
from disclosure.monitoring.reminders import due_now, write_letters
from disclosure.monitoring.reminders.duties import load_duties
from disclosure.platform.clock import format_day, shanghai
from disclosure.platform.settings import SHANGHAI, Settings
from disclosure.records.tables import Cycle
from disclosure.workspace.waiting import list_waiting
from tests.support.bureau import Bureau

ROOT = Path(__file__).resolve().parents[2]
HOLIDAYS = load_catalog("chuxiong").holidays
DRAFTER = "吴填表"
days = st.dates(dt.date(2017, 2, 15), dt.date(2017, 6, 30))


@pytest.mark.unit
@given(due=days, today=days, since=st.none() | days)
def test_left_and_over_are_counted_once(due: dt.date, today: dt.date, since: dt.date | None) -> None:
    time = time_left(due, today, HOLIDAYS, since=since)
    assert time.is_over == (today > due)
    assert not (time.left and time.over)
    if is_workday(due, HOLIDAYS) and is_workday(today, HOLIDAYS):
        assert add_workdays(today, time.left - time.over, HOLIDAYS) == due
    # Who got it late has waited no longer than the day is over, and that is said beside, not instead.
    assert time.waited <= time.over
    assert ("才轮到" in time.text) == (since is not None and since > due and time.is_over)
    assert str(time.over or time.left or "") in time.text


@pytest.mark.records
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(opened=days, passed=st.integers(0, 200))
def test_every_outlet_says_the_same(bureau: Bureau, opened: dt.date, passed: int) -> None:
    now = dt.datetime.combine(opened + dt.timedelta(days=passed), dt.time(10), SHANGHAI)
    installation, first = bureau.installation, bureau.centres[0]
    with installation.records.write() as session:
        session.execute(update(Cycle).values(opened_at=dt.datetime.combine(opened, dt.time(9), SHANGHAI)))
    if DRAFTER not in bureau.secrets:
        bureau.enrol_all({DRAFTER: first})
    seen = load_overview(installation, now)
    awaited = next(each for each in seen.awaited if DRAFTER in each.people)
    time = awaited.time
    said = time.text

    board = " ".join(re.sub(r"<[^>]+>", " ", render_board(seen, server_url="").decode()).split())
    assert f"{opened.month}月{opened.day}日起 {said}" in board
    assert f"{sum('逾期' in each.time.text or '已过' in each.time.text for each in seen.awaited)} 件逾期" in board

    screen = Console(width=200, no_color=True)
    with screen.capture() as shown:
        screen.print(status._awaited([awaited]))
    assert f"{time.due.month}月{time.due.day}日，{said}" in shown.get()

    with installation.read(now) as work:
        (waiting,) = list_waiting(work, DRAFTER)
    assert waiting.by_when == f"{format_day(time.due)}，{said}"

    with installation.records.read() as session:
        duties = load_duties(session, bureau.catalog, now)
    own = [duty for duty in duties if DRAFTER in {person.name for person in duty.people} and duty.since]
    for letter in write_letters(bureau.catalog, Settings(), due_now(own, bureau.catalog.reminders, HOLIDAYS, now)):
        assert said in letter.text
        assert said in letter.subject
        assert said in letter.html
    assert own[0].deadline.planned == time.due
    assert shanghai(now).date() == time.today


@pytest.mark.unit
def test_nobody_else_counts_a_dutys_days_in_words() -> None:
    counts = re.compile(r"(?:已逾期|还有|已过) ?\{\{?[^{}]+\}\}? ?个?工作日")
    product = ("disclosure", "data_checks", "tasks", "flows", "deployments", "templates")
    files = [file for room in product for file in (ROOT / room).rglob("*") if file.suffix in {".py", ".j2", ".yaml"}]
    telling = {file.relative_to(ROOT).as_posix() for file in files if counts.search(file.read_text(encoding="utf-8"))}
    # An alarm of a calendar is told so many days before, whatever day it is.
    assert telling == {"disclosure/calendar/time_left.py", "disclosure/monitoring/ics.py"}
