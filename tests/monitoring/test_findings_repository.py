"""Protects what supervision keeps and reads in our records: one open row a finding, and worlds as they really are."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from disclosure.monitoring.supervision import findings_repository
from disclosure.monitoring.supervision.findings import Discrepancy, Inspection
from disclosure.monitoring.supervision.our_snapshots import snapshot_pages, snapshot_records
from disclosure.monitoring.supervision.schedule import absence
from disclosure.platform.errors import DisclosureError
from disclosure.records.tables import SupervisionFinding
from disclosure.review.authority import REVIEW_GATES
from tests.support.ledgers import first_broken

pytestmark = pytest.mark.records

#: tests/records/conftest.py
Bureau = Any

MONDAY = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
TUESDAY = MONDAY + dt.timedelta(days=1)
PROFILE = "gaogang-2016"
PAUSED = Discrepancy("schedule_paused", "q1/2026-q1", {"deployment": "q1", "schedule": "2026-q1"})
DEAD = Discrepancy("run_dead", "x", {"run": "q1 2026", "state": "Running", "since": "2026年11月23日 08:00"})


def look(
    bureau: Bureau, now: dt.datetime, *found: Discrepancy, unread: dict[Any, str] | None = None
) -> findings_repository.SupervisionReport:
    """One whole supervision that mends nothing."""
    seen = Inspection(found, unread or {})
    with bureau.installation.records.write() as session:
        run = findings_repository.begin(session, PROFILE, "run", now)
        findings_repository.write_down(session, PROFILE, seen, now)
    with bureau.installation.records.write() as session:
        report = findings_repository.report_of(
            session, PROFILE, [seen], findings_repository.settle(session, PROFILE, seen, now)
        )
        findings_repository.finish(session, run, report, now)
        return report


def test_a_finding_is_one_row_until_it_is_gone_and_a_new_one_when_it_comes_back(bureau: Bureau) -> None:
    first = look(bureau, MONDAY, PAUSED)
    again = look(bureau, TUESDAY, PAUSED)
    assert [line.since for line in (*first.left, *again.left)] == ["2026年11月23日 09:00"] * 2
    assert again.settled == ()
    assert again.left[0].todo == "请在 Prefect 界面恢复这个日程，并问清是谁暂停的。"
    assert again.summary == "督办：发现 1 项，已处理 0 项，尚待处理 1 项。"

    gone = look(bureau, TUESDAY)
    assert (gone.left, len(gone.settled), gone.settled[0].mended, gone.settled[0].todo) == ((), 1, "", "")
    assert look(bureau, TUESDAY).summary == "督办：计划、记录、排定与线上页面一致。"
    assert look(bureau, TUESDAY, PAUSED).left[0].since == "2026年11月24日 09:00"
    with bureau.installation.records.read() as session:
        assert first_broken(session) is None
        assert len(findings_repository.open_findings(session, PROFILE)) == 1


def test_the_database_itself_refuses_a_second_open_row(bureau: Bureau) -> None:
    look(bureau, MONDAY, PAUSED)
    twin = SupervisionFinding(
        profile=PROFILE, kind=PAUSED.kind, subject=PAUSED.subject, first_seen=TUESDAY, last_seen=TUESDAY
    )
    with pytest.raises(IntegrityError), bureau.installation.records.write() as session:
        session.add(twin)


def test_what_could_not_be_seen_is_not_settled(bureau: Bureau) -> None:
    look(bureau, MONDAY, DEAD, PAUSED)
    blind = look(bureau, TUESDAY, unread={"processes": "不在本机。"})
    assert [line.kind for line in blind.left] == ["run_dead"]
    assert [line.kind for line in blind.settled] == ["schedule_paused"]


def test_what_became_of_mending_is_told(bureau: Bureau) -> None:
    look(bureau, MONDAY, PAUSED, DEAD)
    with bureau.installation.records.write() as session:
        findings_repository.note_mending(session, PROFILE, {PAUSED.key: "", DEAD.key: "连不上。"}, MONDAY)
    both = {line.kind: line.mended for line in look(bureau, TUESDAY, PAUSED, DEAD).left}
    assert both == {"schedule_paused": "已恢复。但情况还在。", "run_dead": "没有处理成：连不上。"}
    settled = look(bureau, TUESDAY)
    assert {line.kind: line.mended for line in settled.settled}["schedule_paused"] == "已恢复。"


def test_absence_is_told_after_a_working_morning_without_a_look(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()

    def told(now: dt.datetime, **settings: str) -> str:
        installation = bureau.installation
        with installation.records.read() as session:
            return absence(session, installation.settings.model_copy(update=settings), installation.catalog, now)

    assert told(MONDAY).startswith("督办还没有运行过")
    assert told(MONDAY, supervise_at="") == ""
    # 2026-11-23 is a Monday: looked at nine, nothing is missed until half past nine of Tuesday.
    look(bureau, MONDAY)
    assert told(TUESDAY + dt.timedelta(minutes=20)) == ""
    assert told(TUESDAY + dt.timedelta(minutes=40)) == (
        "督办已停：上一次是 2026年11月23日 09:00，此后有 1 个工作日早晨没有运行。"
        "请启动 disclosure up，或运行 disclosure supervise。"
    )
    with bureau.installation.records.write() as session:
        findings_repository.begin(session, PROFILE, "stopped half way", TUESDAY)
    assert told(TUESDAY + dt.timedelta(minutes=40)) != ""
    assert snapshot_records(bureau.installation, TUESDAY + dt.timedelta(days=1)).missed_mornings == 1


def test_the_records_tell_which_milestones_are_done(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()

    def done() -> set[str]:
        (cycle,) = snapshot_records(bureau.installation, MONDAY).cycles
        return set(cycle.milestones_done)

    assert done() == set()
    bureau.hand_in_all()
    assert done() == {"draft"}
    bureau.compile()
    bureau.audit()
    bureau.approve("policy", "finance")
    assert done() >= {"draft", "review"}
    assert "confidentiality" not in done()
    bureau.approve("confidentiality")
    bureau.render()
    bureau.approve("leader")
    bureau.publish()
    assert done() == {"draft", "compile", "review", "confidentiality", "sign_off", "publish"}
    assert set(REVIEW_GATES) == {"policy", "finance", "confidentiality"}


REPHRASED = """
from dataclasses import replace
from disclosure.monitoring.supervision.our_snapshots import snapshot_pages
# Another version of the program, which writes the home page otherwise.
installation.catalog.__dict__["profile"] = installation.catalog.profile.model_copy(update={"title": "换了说法的标题"})
assert snapshot_pages(installation) == (), snapshot_pages(installation)
die()
"""


def test_pages_are_held_to_what_was_signed_and_switched_to(
    new_bureau: Callable[..., Bureau], run_and_die: Callable[[Bureau, str], None]
) -> None:
    bureau = new_bureau()
    assert snapshot_pages(bureau.installation) == ()
    bureau.sign_all()
    assert snapshot_pages(bureau.installation) == ()
    bureau.publish()
    assert snapshot_pages(bureau.installation) == ()
    run_and_die(bureau, REPHRASED)

    home = bureau.site.resolve() / "index.html"
    before = home.read_bytes()
    home.write_bytes(before + b" ")
    (page,) = snapshot_pages(bureau.installation)
    assert (page.what, page.part_name, page.paths) == ("altered", "首页与清单", ("index.html",))
    home.write_bytes(before)
    (home.parent / "foreign.html").write_text("x", encoding="utf-8")
    assert [(page.what, page.paths) for page in snapshot_pages(bureau.installation)] == [("foreign", ("foreign.html",))]

    # A site that is gone altogether, and releases that cannot be told any more.
    bureau.site.unlink()
    assert {page.what for page in snapshot_pages(bureau.installation)} == {"missing"}
    shutil.rmtree(bureau.installation.settings.releases)
    with pytest.raises((DisclosureError, OSError)):
        snapshot_pages(bureau.installation)
