"""Protects how a deadline moves: by whom, once proven, kept with its reason, and what follows the new date."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from disclosure.calendar.periods import Period
from disclosure.cycle import deadlines, queries
from disclosure.cycle.deadlines import Deadline
from disclosure.platform.clock import format_day
from disclosure.platform.errors import DisclosureError
from disclosure.records.tables import DeadlineMove, FailedAttempts, LedgerEntry, Release
from disclosure.review import briefing, people
from disclosure.review.deadline_changes import NewDate, move_deadline
from disclosure.review.identify import Proof
from tests.support.command import run_command
from tests.support.ledgers import first_broken
from tests.support.outcomes import words_of

pytestmark = pytest.mark.records

#: tests/records/conftest.py
Bureau = Any

#: Before the first milestone of 2016's annual cycle, 2017-02-25.
NOW = dt.datetime(2017, 2, 20, 1, tzinfo=dt.UTC)
PERIOD = Period(2016, "annual")
REASON = "报表改版，推迟两天"


@pytest.fixture
def office(open_bureau: Callable[..., Bureau]) -> Bureau:
    bureau = open_bureau()
    bureau.now = NOW
    bureau.enrol_all({"周督办": "general_office"})
    return bureau


def move(bureau: Bureau, day: str, milestone: str = "draft", *, by: str = "周督办", **more: str) -> str:
    code = more.get("code") or bureau.code(by)
    wanted = NewDate(PERIOD, deadlines.find_milestone(bureau.catalog, milestone), dt.date.fromisoformat(day))
    with bureau.installation.begin(bureau.now) as work:
        return words_of(move_deadline(work, wanted, Proof(by, code, bureau.now, more.get("reason", REASON))))


def deadline(bureau: Bureau, milestone: str = "draft") -> Deadline:
    with bureau.installation.records.read() as session:
        found = deadlines.find_deadline(session, bureau.catalog, PERIOD, milestone)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_a_move_counts_and_is_kept(office: Bureau) -> None:
    assert move(office, "2017-02-27") == ""
    moved = deadline(office)
    assert (moved.legal, moved.due, moved.planned) == (
        dt.date(2017, 2, 25),
        dt.date(2017, 2, 27),
        dt.date(2017, 2, 27),
    )
    assert moved.why == "周督办改为2月27日（星期一）：报表改版，推迟两天"
    assert move(office, "2017-02-28") == ""
    assert [m.day.day for m in deadline(office).moves] == [27, 28]
    with office.installation.records.read() as session:
        entries = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "deadline.moved")).all()
        assert [entry.actor for entry in entries] == ["周督办"] * 2
        assert all(word in entries[0].details for word in ("2017-02-25", "2017-02-27", REASON, "2016-annual"))
        assert first_broken(session) is None
        (draft, *_rest) = deadlines.deadlines_of(session, office.catalog, PERIOD)
        assert deadlines.starts(session, office.catalog, [2017])[0].moment == dt.datetime(
            2017, 2, 28, 9, tzinfo=deadlines.SHANGHAI
        )
    assert draft.due == dt.date(2017, 2, 28)


def test_the_leader_may_and_a_substitute_of_the_supervisor(office: Bureau) -> None:
    assert move(office, "2017-02-27", by="李局长") == ""
    assert "改期须由督办人、签发人作出" in move(office, "2017-02-26", by="郑法规")
    with office.installation.records.write() as session:
        people.substitute(session, "郑法规", "周督办", dt.date(2017, 2, 20), dt.date(2017, 2, 21))
    assert move(office, "2017-02-26", by="郑法规") == ""


def test_who_is_not_proven_moves_nothing(office: Bureau) -> None:
    assert "没有登记" in move(office, "2017-02-27", by="路人")
    assert "口令不对" in move(office, "2017-02-27", code="000000")
    with office.installation.records.read() as session:
        assert session.scalars(select(FailedAttempts.failures)).all() == [1, 1]
        assert session.scalars(select(DeadlineMove)).all() == []
    with office.installation.records.write() as session:
        people.disable(session, "周督办")
    assert "已停用" in move(office, "2017-02-27")
    assert deadline(office).due == dt.date(2017, 2, 25)


def test_a_refused_date_uses_up_its_code(office: Bureau) -> None:
    code = office.code("周督办")
    assert "不能改到它之后" in move(office, "2017-03-16", "publish", code=code)
    assert "已经用过一次" in move(office, "2017-03-14", "publish", code=code)
    assert move(office, "2017-03-14", "publish", code=office.code("周督办")) == ""


def test_whoever_moves_a_moment_later_is_told(office: Bureau) -> None:
    with office.installation.records.write() as session:
        person = people.find_person(session, "周督办")
        assert person is not None
        # Another transaction's move, seen only when ours is written: it has the number ours would take.
        other = DeadlineMove(
            profile=office.catalog.profile.id,
            period_id=PERIOD.id,
            number=2,
            milestone="compile",
            before=dt.date(2017, 2, 28),
            day=dt.date(2017, 3, 1),
            reason=REASON,
            person_id=person.id,
            moved_at=NOW,
        )
        session.add(other)
    with pytest.raises(DisclosureError, match="2016年度的日期刚刚有人改过"):
        move(office, "2017-02-27")
    assert deadline(office).moves == ()


def test_the_hour_of_publication_and_the_briefing_follow(office: Bureau) -> None:
    with office.installation.records.read() as session:
        cycle = queries.get_cycle(session, office.cycle_id)
        latest = deadlines.latest_publication(session, office.catalog, cycle)
    assert latest == dt.datetime(2017, 3, 15, 23, 59, 59, tzinfo=deadlines.SHANGHAI)
    assert move(office, "2017-03-12", "publish") == ""
    with office.installation.records.read() as session:
        cycle = queries.get_cycle(session, office.cycle_id)
        latest = deadlines.latest_publication(session, office.catalog, cycle)
    assert latest == dt.datetime(2017, 3, 12, 23, 59, 59, tzinfo=deadlines.SHANGHAI)
    assert move(office, "2017-02-26") == ""
    text = briefing.of_collect(office.installation, office.cycle_id, ["就业中心"])
    # Nobody is told to be done by an afternoon years ago.
    assert "报送截止日期 2017年2月26日（星期日），期限已过，请尽快办理" in text
    assert "下班前办完" not in text


def test_what_is_signed_or_published_does_not_move(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    bureau.now = NOW
    bureau.enrol_all({"周督办": "general_office"})
    release = bureau.sign_all()
    with bureau.installation.records.write() as session:
        session.get_one(Release, release.id).planned_for = dt.datetime(2017, 3, 14, 1, tzinfo=dt.UTC)
    told = move(bureau, "2017-03-13", "publish")
    assert "已签发，定于 2017年3月14日 09:00 发布，发布不能改到它之前" in told
    assert move(bureau, "2017-03-14", "publish") == ""
    bureau.publish()
    assert "2016年度已经发布，不用再改期" in move(bureau, "2017-02-24")


def test_a_special_cycle_keeps_the_dates_it_was_opened_with(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau(profile="chuxiong", period="2026-annual", enrolled=False)
    special = Period(2026, "special", "工伤")
    given = {"draft": dt.date(2026, 6, 5), "publish": dt.date(2026, 6, 30)}
    with bureau.installation.records.write() as session:
        queries.open_cycle(session, bureau.catalog, special, only=["work_injury.*"], milestones=given)  # type: ignore[arg-type]
    with bureau.installation.records.read() as session:
        plans = deadlines.year_plan(session, bureau.catalog, 2026)
    assert [own.period.id for own in plans] == ["2025-annual", "2026-q1", "2026-h1", "2026-q3", special.id]
    assert [own.state for own in plans] == ["未开启"] * 4 + ["报送"]
    assert [(d.milestone, format_day(d.legal)) for d in plans[-1].deadlines] == [
        ("draft", "2026年6月5日（星期五）"),
        ("publish", "2026年6月30日（星期二）"),
    ]
    with bureau.installation.records.read() as session:
        begins = deadlines.starts(session, bureau.catalog, [2026, 2027])
    assert [(start.period.id, start.moment.isoformat(), start.is_provisional) for start in begins] == [
        ("2025-annual", "2026-02-25T09:00:00+08:00", False),
        ("2026-q1", "2026-04-20T09:00:00+08:00", False),
        ("2026-h1", "2026-07-24T09:00:00+08:00", False),  # 25 July is a Saturday
        ("2026-q3", "2026-10-23T09:00:00+08:00", False),  # 25 October is a Sunday
        ("2026-annual", "2027-02-25T09:00:00+08:00", True),
        ("2027-q1", "2027-04-20T09:00:00+08:00", True),
        ("2027-h1", "2027-07-25T09:00:00+08:00", True),
        ("2027-q3", "2027-10-25T09:00:00+08:00", True),
    ]
    assert [office.id for office in plans[-1].centres] == ["social_insurance_centre"]
    assert [office.id for office in deadlines.offices_of(bureau.catalog, plans[-1], "publish")] == [
        "publicity_section",
        "social_insurance_centre",
    ]


def cli(bureau: Bureau, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    settings = bureau.installation.settings
    return run_command(*arguments, folder=settings.home, typed=typed, **settings.own_environment)


def test_from_the_terminal(new_bureau: Callable[..., Bureau], tmp_path: Path) -> None:
    bureau = new_bureau(profile="chuxiong", period="2025-annual", enrolled=False)
    shown = cli(bureau, "calendar", "2026", "--ics", str(tmp_path / "ics"))
    assert shown.returncode == 0, shown.stdout + shown.stderr
    (line,) = [line for line in shown.stdout.splitlines() if "03-15 周日" in line]
    assert [word in line for word in ("03-13 周五", "星期日，提前到上一个工作日")] == [True] * 2
    assert "2025年度" in shown.stdout
    assert "没有录入2026年的本地放假日" in shown.stdout
    assert len(list((tmp_path / "ics").glob("*.ics"))) == len(bureau.catalog.offices)

    bureau.enrol("周督办", "general_office")
    code = pyotp.TOTP(bureau.secrets["周督办"]).now()
    asked = ("deadline", "move", "2026-annual", "发布", "2027-03-12", "--by", "周督办", "--reason", "提前三天发布")
    told = cli(bureau, *asked, typed=f"{code}\n")
    assert told.returncode == 1
    assert "2027年的放假安排还没有录入" in told.stdout
    assert "disclosure profile own" in told.stdout
    assert "Traceback" not in told.stdout + told.stderr
