"""Protects what a rehearsal is told: mistakes in its YAML name file and line, its clock is the only one, and stops."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from disclosure.calendar.workdays import is_workday, on_or_before
from disclosure.catalog import load_catalog
from disclosure.platform.clock import by_clock, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import SHANGHAI
from disclosure.simulation import load_behaviour
from disclosure.simulation.actors import SimulatedClock
from disclosure.simulation.behaviour import day_in
from disclosure.simulation.simulation import installation_at

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")


def test_the_shipped_year_has_no_exceptions() -> None:
    ordinary = load_behaviour(CATALOG)
    said = ordinary.model_dump()
    exceptions = ("late", "returned", "away", "machine_off", "channels_down", "messengers_down", "holidays_unpublished")
    assert not [name for name in exceptions if said[name]]
    assert ordinary.special is not None


def test_a_file_says_only_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("special: null\nlate:\n  - {cycle: q1, office: medical_centre, never: true}\n", encoding="utf-8")
    behaviour = load_behaviour(CATALOG, file)
    assert behaviour.special is None
    assert behaviour.late[0].never
    assert behaviour.hours == load_behaviour(CATALOG).hours


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("late:\n  - {cycle: q1, office: nobody, days: 3}", "第 2 行：没有“nobody”，应为 social_insurance_centre"),
        ("late:\n  - {cycle: q1, office: medical_centre}", "应写且只写一个"),
        ("late:\n  - {cycle: q5, office: medical_centre, days: 3}", "应为 'annual', 'q1', 'h1', 'q3' or 'special'"),
        ("machine_off:\n  - {first: '02-30', last: '03-01'}", "第 2 行：machine_off.0.first 应为 03-05 这样的月日"),
        ("machine_off:\n  - {first: '03-05', last: '03-01'}", "last 不能早于 first"),
        ("channels_down:\n  - {channel: radio, first: '03-01', last: '03-02'}", "没有“radio”，应为 website（网站）"),
        ("messengers: {finance_section: pigeon}", "没有“pigeon”，应为 email（电子邮件）"),
        ("returned:\n  - {cycle: q1, gate: finance, times: 9, to: [medical_centre]}", "不能大于 5"),
        ("special:\n  milestones: {publish: '06-01'}", "第 2 行：专项的节点 publish 是 06-01，早于它前面的 06-22"),
        ("nonsense: 1", "不认识这一项"),
    ],
)
def test_a_mistake_names_the_place_and_what_to_write(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DisclosureError) as refused:
        load_behaviour(CATALOG, file)
    assert told in str(refused.value)
    assert "wrong.yaml 第 " in str(refused.value)


def test_in_a_rehearsal_it_is_what_its_clock_says_and_nowhere_else() -> None:
    clock = SimulatedClock(dt.datetime(2026, 3, 1, 8, tzinfo=SHANGHAI))
    elsewhere: list[dt.datetime] = []
    with by_clock(clock):
        assert utc_now() == dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
        assert utc_now().tzinfo is dt.UTC
        clock.go_to(dt.date(2026, 3, 2), dt.time(9))
        clock.go_to(dt.date(2026, 3, 1), dt.time(9))
        assert utc_now() == dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
        thread = threading.Thread(target=lambda: elsewhere.append(utc_now()))
        thread.start()
        thread.join()
    for real in (utc_now(), *elsewhere):
        assert abs(real - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_an_unpublished_year_is_one_in_which_nothing_binds(tmp_path: Path) -> None:
    place = installation_at(tmp_path, "chuxiong", frozenset({2026}))
    sunday = dt.date(2026, 3, 15)
    assert on_or_before(sunday, CATALOG.holidays).day == dt.date(2026, 3, 13)
    assert on_or_before(sunday, place.catalog.holidays).is_provisional
    with pytest.raises(DisclosureError, match="2026年的放假安排还没有录入"):
        is_workday(sunday, place.catalog.holidays)
    assert is_workday(dt.date(2025, 3, 14), place.catalog.holidays)
    assert not replace(place.catalog.holidays, unpublished=frozenset()).unpublished


def test_the_last_of_february_exists_in_every_year() -> None:
    assert [day_in(year, "02-29").day for year in (2024, 2025, 2100)] == [29, 28, 28]
