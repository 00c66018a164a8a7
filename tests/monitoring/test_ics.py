"""Protects the calendar files: what an independent reader finds in them, and that an event moves, never doubles."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
import vobject

from disclosure.calendar.workdays import add_workdays
from disclosure.catalog import load_catalog
from disclosure.cycle.deadlines import CyclePlan, Move, periods_of_year, plan
from disclosure.monitoring.ics import write_calendars

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
NOW = dt.datetime(2026, 1, 5, 1, 30, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=3)


def plans(year: int = 2026, **moves: Move) -> list[CyclePlan]:
    """The dated cycles of a year; ``annual=Move(...)`` moves a date of one."""
    return [
        CyclePlan(period, plan(CATALOG, period, moves=[moves[period.kind]] if period.kind in moves else []), None,
                  CATALOG.centres)
        for period in periods_of_year(CATALOG, year)
    ]  # fmt: skip


def read(folder: Path, office: str) -> dict[str, vobject.base.Component]:
    """UID -> event of one office's file, as another library reads it."""
    (file,) = folder.glob(f"*-{office}.ics")
    calendar = vobject.readOne(file.read_text(encoding="utf-8"))
    assert calendar.validate()
    return {event.uid.value: event for event in calendar.contents["vevent"]}


def test_another_reader_finds_all_day_events_on_the_planned_days(tmp_path: Path) -> None:
    write_calendars(tmp_path, CATALOG, plans(), 2026, NOW)
    events = read(tmp_path, "局办公室")
    expected = {f"{d.period.id}-{d.milestone}@chuxiong.disclosure": d for own in plans() for d in own.deadlines}
    assert set(events) == set(expected)
    assert len(expected) == 24
    for uid, event in events.items():
        deadline = expected[uid]
        assert type(event.dtstart.value) is dt.date
        assert event.dtstart.value == deadline.planned
        assert event.dtend.value == deadline.planned + dt.timedelta(days=1)
        assert event.transp.value == "TRANSPARENT"
        assert event.status.value == "CONFIRMED"
        assert event.sequence.value == "0"
        assert deadline.name in event.summary.value
        alarms = sorted(alarm.trigger.value for alarm in event.contents["valarm"])
        rings = [dt.datetime.combine(deadline.planned, dt.time()) + trigger for trigger in alarms]
        days = [add_workdays(deadline.planned, -n, CATALOG.holidays) for n in (5, 2)]
        assert rings == [dt.datetime.combine(day, dt.time(9)) for day in days]
    publish = events["2025-annual-publish@chuxiong.disclosure"]
    assert publish.dtstart.value == dt.date(2026, 3, 13)
    assert "法定日期：2026年3月15日（星期日）（当日结束之前）" in publish.description.value
    assert "工作安排：2026年3月13日（星期五）下班前办完" in publish.description.value


def test_each_office_gets_what_it_has_to_do(tmp_path: Path) -> None:
    write_calendars(tmp_path, CATALOG, plans(), 2026, NOW)
    steps = {
        office.name: {uid.partition("@")[0].rpartition("-")[2] for uid in read(tmp_path, office.name)}
        for office in CATALOG.offices.values()
    }
    assert steps["州就业中心"] == {"draft", "publish"}
    assert steps["社会保险行政科室"] == {"compile"}
    assert steps["宣传信息科"] == {"compile", "publish"}
    assert steps["政策法规科"] == steps["规划财务科"] == {"review"}
    assert steps["局领导"] == {"sign_off"}
    assert len(steps["局办公室"]) == 6  # supervises


def test_a_centre_that_owes_nothing_gets_no_event(tmp_path: Path) -> None:
    only = [replace(own, centres=tuple(c for c in own.centres if c.id != "employment_centre")) for own in plans()]
    written = write_calendars(tmp_path, CATALOG, only, 2026, NOW)
    assert not any("州就业中心" in path.name for path in written)


def test_exporting_again_changes_nothing(tmp_path: Path) -> None:
    first = {path: path.read_bytes() for path in write_calendars(tmp_path, CATALOG, plans(), 2026, NOW)}
    again = {path: path.read_bytes() for path in write_calendars(tmp_path, CATALOG, plans(), 2026, LATER)}
    assert first == again


def test_a_date_that_moves_keeps_its_uid_and_grows_its_sequence(tmp_path: Path) -> None:
    uid = "2025-annual-draft@chuxiong.disclosure"
    write_calendars(tmp_path, CATALOG, plans(), 2026, NOW)
    move = Move("draft", dt.date(2026, 2, 25), dt.date(2026, 2, 27), "周督办", "报表改版", NOW)
    write_calendars(tmp_path, CATALOG, plans(annual=move), 2026, LATER)
    events = read(tmp_path, "州社保中心")
    assert (events[uid].dtstart.value, events[uid].sequence.value) == (dt.date(2026, 2, 27), "1")
    assert events[uid].dtstamp.value == LATER
    assert "周督办改为2月27日（星期五）：报表改版" in events[uid].description.value
    others = [event for other, event in events.items() if other != uid]
    assert {(event.sequence.value, event.dtstamp.value) for event in others} == {("0", NOW)}
    # Into an empty folder it is not what an unmoved event would be, either.
    write_calendars(tmp_path / "new", CATALOG, plans(annual=move), 2026, LATER)
    assert read(tmp_path / "new", "州社保中心")[uid].sequence.value == "1"


def test_a_year_not_published_is_tentative_and_its_event_moves_once_it_is(tmp_path: Path) -> None:
    write_calendars(tmp_path, CATALOG, plans(2027), 2027, NOW)
    uid = "2026-annual-compile@chuxiong.disclosure"
    event = read(tmp_path, "宣传信息科")[uid]
    assert (event.status.value, event.dtstart.value) == ("TENTATIVE", dt.date(2027, 2, 28))
    assert event.summary.value.endswith("（暂定）")
    known = [
        replace(own, deadlines=tuple(replace(d, plan=replace(d.plan, unknown="")) for d in own.deadlines))
        for own in plans(2027)
    ]
    write_calendars(tmp_path, CATALOG, known, 2027, LATER)
    event = read(tmp_path, "宣传信息科")[uid]
    assert (event.status.value, event.sequence.value) == ("CONFIRMED", "1")


def test_a_file_that_is_no_calendar_is_replaced(tmp_path: Path) -> None:
    (path, *_) = write_calendars(tmp_path, CATALOG, plans(), 2026, NOW)
    before = path.read_bytes()
    path.write_text("不是日历", encoding="utf-8")
    write_calendars(tmp_path, CATALOG, plans(), 2026, NOW)
    assert path.read_bytes() == before
