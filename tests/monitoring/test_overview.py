"""Protects what the board and ``status`` say: each step of a real cycle, from nothing handed in to published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from disclosure.calendar.periods import Period
from disclosure.cycle.view import OfficeDelivery
from disclosure.monitoring.board.facts import CycleProgress, Overview
from disclosure.monitoring.board.overview import load_overview
from disclosure.monitoring.board.page import write_board
from disclosure.platform.settings import SHANGHAI
from disclosure.records.states import ReleaseState
from disclosure.records.tables import Cycle, Decision, MessengerState, Release, SentReminder
from disclosure.review import people

pytestmark = pytest.mark.records

#: tests/records/conftest.py
Bureau = Any


def at(day: str, hour: int = 10) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), SHANGHAI)


def opened(seen: Overview) -> CycleProgress:
    (one,) = [one for one in seen.cycles if one.view.is_opened]
    return one


def states(one: CycleProgress) -> list[str]:
    return [station.state for station in one.stations]


def begun(bureau: Bureau, day: str) -> None:
    """As if the cycle had been opened on that day."""
    with bureau.installation.records.write() as session:
        session.execute(update(Cycle).values(opened_at=at(day)))


def test_one_cycle_from_opening_to_publication(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    installation, (centre, other) = bureau.installation, bureau.centres
    begun(bureau, "2017-02-22")
    bureau.enrol("吴填报", centre)
    now = at("2017-02-27")
    seen = load_overview(installation, now)
    assert (seen.cycles[0].label, seen.cycles[0].view.is_opened) == ("2016年度", True)
    assert states(opened(seen)) == ["late", "ahead", "ahead", "ahead", "ahead", "ahead"]
    names = {centre: bureau.catalog.offices[centre].name, other: bureau.catalog.offices[other].name}
    assert opened(seen).handed == tuple(OfficeDelivery(name, "missing") for name in names.values())
    first = next(each for each in seen.awaited if each.office == names[centre])
    assert (first.people, first.since, first.time.over) == (("吴填报",), dt.date(2017, 2, 22), 1)
    assert seen.overdue == 2
    following = seen.upcoming[0]
    assert (following.deadline.period.label, following.deadline.name, following.time.left) == ("2016年度", "汇总", 1)
    assert max(each.deadline.planned for each in seen.upcoming) <= dt.date(2017, 2, 27) + dt.timedelta(days=60)

    spoilt = bureau.hand_in(bureau.workbook(centre, changed={"employee_pension.participants": "-1"}))
    assert not spoilt.is_accepted
    (refused,) = [each for each in opened(load_overview(installation, now)).handed if each.state == "refused"]
    assert refused.office == names[centre]
    assert refused.note == f"{len(spoilt.problems)} 处须改"

    release = bureau.sign_all()
    one = opened(load_overview(installation, now))
    assert states(one) == ["done"] * 5 + ["now"]
    assert {each.state for each in one.handed} == {"accepted"}
    assert one.view.audit is not None
    assert (one.view.audit.critical, one.view.audit.report) == (0, one.view.audit.report)
    assert (installation.settings.reports / one.view.audit.report).is_file()
    assert "局领导审核通过" in one.decided
    with installation.records.write() as session:
        session.get_one(Release, release.id).planned_for = at("2017-03-13", 15)
        session.execute(update(Decision).values(decided_at=at("2017-03-09")))
    waiting = opened(load_overview(installation, at("2017-03-10")))
    assert waiting.waits == "2017年3月13日 15:00自动发布"
    assert waiting.released is not None
    assert waiting.released.state is ReleaseState.RENDERED
    assert states(waiting)[5] == "ahead"
    assert [s.done_on for s in waiting.stations][4] == dt.date(2017, 3, 9)

    with installation.records.write() as session:
        session.get_one(Release, release.id).planned_for = None
    bureau.publish()
    with installation.records.write() as session:
        session.get_one(Release, release.id).published_at = at("2017-03-13", 15)
    seen = load_overview(installation, at("2017-03-14"))
    one = opened(seen)
    assert (one.view.state, one.waits, one.handed, states(one)) == ("已发布", "", (), ["done"] * 6)
    assert not [each for each in seen.awaited if each.period == "2016年度"]
    assert one.released is not None
    assert [(channel.name, channel.is_live) for channel in one.channels] == [("网站", True)]
    assert (installation.settings.home / "site" / "releases" / one.view.period.id / "index.html").is_file()


def test_what_was_never_opened_here_is_not_called_late(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau(profile="chuxiong", period="2026-q3", enrolled=False)
    seen = load_overview(bureau.installation, at("2026-04-22"))
    assert {one.label: set(states(one)) for one in seen.cycles} == {
        "2025年度": {"unknown"},
        "2026年1季度": {"late", "ahead"},
        "2026年1-2季度": {"ahead"},
        "2026年1-3季度": {"now", "ahead"},
    }


def test_a_cycle_under_way_stays_in_sight_in_other_years(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau(enrolled=False)
    seen = load_overview(bureau.installation, at("2017-06-01"))
    assert set(states(opened(seen))) == {"late"}
    # A cycle of another year that is still under way stays in sight.
    assert "2016年度" in [one.label for one in load_overview(bureau.installation, at("2019-06-01")).cycles]


def test_december_looks_into_the_new_year(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau(profile="chuxiong", period="2026-q3", enrolled=False)
    seen = load_overview(bureau.installation, at("2026-12-28"))
    found = [each.deadline for each in seen.upcoming]
    assert [(each.period.label, each.name, each.is_provisional) for each in found] == [("2026年度", "编写报送", True)]
    with bureau.installation.records.read() as session:
        assert session.query(Cycle).count() == 1


def test_what_keeps_people_from_hearing_is_a_concern(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau(enrolled=False)
    begun(bureau, "2017-02-22")
    centre = bureau.centres[0]
    bureau.enrol_all({"吴填报": centre, "王填报": centre})
    now = at("2017-02-27")
    with bureau.installation.records.write() as session:
        people.set_contact(session, bureau.catalog, "王填报", "email", "wang@rsj.example.cn")
        person = people.find_person(session, "王填报")
        assert person is not None
        session.add(
            MessengerState(
                profile=bureau.catalog.profile.id,
                messenger="email",
                failing_since=at("2017-02-27", 8),
                failure="连不上",
            )
        )
        session.add(
            SentReminder(
                key="k",
                profile=bureau.catalog.profile.id,
                period_id="2016-annual",
                milestone="draft",
                kind="ahead",
                due=dt.date(2017, 2, 25),
                person_id=person.id,
                state="sending",
                updated_at=at("2017-02-27", 8),
            )
        )
    seen = load_overview(bureau.installation, now)
    assert [concern.what for concern in seen.concerns] == [
        "电子邮件发不出提醒：连不上。",
        "有事待办而没有登记联系方式，提醒不到：吴填报。",
        "不能确定提醒是否送到，请问一下：王填报。",
    ]
    assert [concern.what.partition("；")[0] for concern in seen.supervision] == ["督办还没有运行过"]
    assert seen.open_concerns == 4
    # After a week the next letters have told them anyway.
    assert len(load_overview(bureau.installation, at("2017-03-10")).concerns) == 2


def test_the_boards_file_is_whole_and_new(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    path: Path = write_board(bureau.installation, at("2017-02-27"))
    assert path == bureau.installation.settings.home / "board" / "index.html"
    before = path.read_text(encoding="utf-8")
    bureau.hand_in_all(centres=bureau.centres[:1])
    write_board(bureau.installation, at("2017-02-27", 11))
    after = path.read_text(encoding="utf-8")
    assert before.count("还没交") == 2
    assert after.count("还没交") == 1
    assert [each.name for each in path.parent.iterdir()] == ["index.html"]


def test_periods_are_named_as_people_name_them(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau(enrolled=False)
    assert opened(load_overview(bureau.installation, at("2017-02-27"))).label == Period(2016, "annual").label
