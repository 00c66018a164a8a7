"""Protects alarms: what lasts a minute is told once to those who must act, and told when it is over, come what may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from disclosure.catalog import Messenger
from disclosure.monitoring.reminders.letters import Letter
from disclosure.monitoring.supervision import findings_repository
from disclosure.monitoring.supervision.alarms import AlarmBook
from disclosure.monitoring.supervision.findings import Discrepancy, Inspection
from disclosure.platform.secrets import from_environment
from disclosure.records import Records
from disclosure.records.tables import LedgerEntry, Person, SupervisionFinding

pytestmark = pytest.mark.records

#: tests/records/conftest.py
Bureau = Any

#: A Saturday night: alarms know no hours of rest.
NOW = dt.datetime(2026, 11, 28, 15, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
LOCKED = Discrepancy("storage_failing", "records", {"what": "记录库", "why": "database is locked"})
HINDERED = Discrepancy("step_hindered", "a/发布", {"what": "发布", "run": "q1", "why": "连不上", "since": "？"})


class Desk:
    """A book of alarms and the letters it sent; ``is_away``: no messenger takes any."""

    def __init__(self, bureau: Bureau) -> None:
        self.installation = bureau.installation
        self.letters: list[tuple[str, Letter]] = []
        self.is_away = False
        self.open()

    def open(self) -> None:
        """As after a restart of the runner: nothing is remembered but by the records."""
        self.book = AlarmBook(self.installation, from_environment, self._take)

    def _take(self, _messenger: Messenger, address: str, letter: Letter) -> None:
        if self.is_away:
            raise ConnectionError("no route to host")
        self.letters.append((address, letter))

    def rows(self) -> list[SupervisionFinding]:
        with self.installation.records.read() as session:
            return list(session.scalars(select(SupervisionFinding).order_by(SupervisionFinding.id)))


@pytest.fixture
def desk(bureau: Bureau) -> Desk:
    """An installation where the supervisor and the compiler can be reached by e-mail."""
    catalog = bureau.installation.catalog
    messenger = next(iter(catalog.messengers))
    reached = {"督办甲": "general_office", "汇总乙": "publicity_section", "审核丙": "finance_section"}
    bureau.enrol_all(reached)
    with bureau.installation.records.write() as session:
        for person in session.scalars(select(Person).where(Person.name.in_(reached))):
            person.messenger, person.address = messenger, f"{person.id}@rsj.example.cn"
    return Desk(bureau)


@contextmanager
def nothing_can_be_written() -> Iterator[None]:
    def fail(_: Records) -> Any:
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    with patch.object(Records, "write", fail):
        yield


def test_what_lasts_a_minute_is_told_once_and_told_when_it_is_over(desk: Desk) -> None:
    for second in range(0, 60, 3):
        desk.book.update([LOCKED], NOW + second * SECOND)
    assert desk.letters == []
    (row,) = desk.rows()
    assert row.first_seen == NOW
    for second in range(60, 600, 3):
        desk.book.update([LOCKED], NOW + second * SECOND)
    assert len(desk.letters) == 2
    letter = desk.letters[0][1]
    assert letter.subject.endswith("告警：磁盘或记录库写不进去")
    assert "记录库自 2026年11月28日 23:00 起写不进去（database is locked）。" in letter.text
    assert "请检查磁盘空间" in letter.html
    assert desk.rows()[0].told_at == NOW + 60 * SECOND

    desk.book.update([], NOW + 600 * SECOND)
    assert len(desk.letters) == 4
    assert "已经恢复" in desk.letters[-1][1].text
    assert desk.rows()[0].settled_at == NOW + 600 * SECOND
    with desk.installation.records.read() as session:
        told = select(LedgerEntry.event).where(LedgerEntry.event.startswith("supervision."))
        events = session.scalars(told.order_by(LedgerEntry.number)).all()
    assert events == ["supervision.found", "supervision.told", "supervision.settled"]


def test_it_is_told_while_the_records_themselves_cannot_be_written(desk: Desk) -> None:
    desk.book.update([], NOW)
    with nothing_can_be_written():
        for second in range(3, 120, 3):
            desk.book.update([LOCKED], NOW + second * SECOND)
    assert len(desk.letters) == 2
    assert desk.rows() == []
    desk.book.update([LOCKED], NOW + 120 * SECOND)
    assert desk.rows()[0].first_seen == NOW + 3 * SECOND


def test_what_is_over_at_once_is_nothing(desk: Desk) -> None:
    desk.book.update([HINDERED], NOW)
    desk.book.update([], NOW + 3 * SECOND)
    assert (desk.rows(), desk.letters) == ([], [])


def test_letters_that_do_not_leave_are_tried_again_each_minute(desk: Desk) -> None:
    desk.is_away = True
    for second in range(0, 150, 3):
        desk.book.update([LOCKED], NOW + second * SECOND)
    desk.is_away = False
    desk.book.update([LOCKED], NOW + 181 * SECOND)
    assert len(desk.letters) == 2


def test_a_watcher_that_was_started_again_tells_nothing_twice(desk: Desk) -> None:
    for second in (0, 30, 60):
        desk.book.update([LOCKED], NOW + second * SECOND)
    desk.open()
    desk.book.update([LOCKED], NOW + 90 * SECOND)
    assert len(desk.letters) == 2
    assert len(desk.rows()) == 1
    desk.open()
    desk.book.update([], NOW + 120 * SECOND)
    assert len(desk.letters) == 4
    assert desk.rows()[0].settled_at is not None


def test_a_supervision_leaves_alarms_to_the_watcher(desk: Desk) -> None:
    for second in (0, 30):
        desk.book.update([LOCKED], NOW + second * SECOND)
    profile = desk.installation.catalog.profile.id
    with desk.installation.records.write() as session:
        assert findings_repository.settle(session, profile, Inspection(()), NOW) == []
