"""Protects supervision on a real Prefect server: what people and crashes do to runs, schedules and pages is found.

Each finding is made true for real, mended where supervision says so, and is one row however often it is seen.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from disclosure.monitoring.supervision.findings_repository import FindingLine, line_of
from disclosure.records.tables import SupervisionFinding
from tests.support.case import Case
from tests.support.office import Office

pytestmark = pytest.mark.flows


def supervise(office: Office) -> str:
    """Supervise; what the run's artifact shows."""
    run = office.supervise()
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    shown = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
    (artifact,) = office._good(office.api("POST", "/artifacts/filter", shown))
    return str(artifact["data"])


@dataclass
class Book:
    """The findings in our records about some subjects."""

    office: Office

    def lines(self, subjects: Iterable[str]) -> dict[tuple[str, str], FindingLine]:
        """(kind, subject) -> the latest row as people read it; no two of them may be open together."""
        wanted = select(SupervisionFinding).where(SupervisionFinding.subject.in_(list(subjects)))
        with self.office.installation.records.read() as session:
            return {(row.kind, row.subject): line_of(row) for row in session.scalars(wanted)}

    def count(self, subjects: Iterable[str]) -> int:
        """How many rows there are about some subjects, open or settled."""
        wanted = select(func.count()).where(SupervisionFinding.subject.in_(list(subjects)))
        with self.office.installation.records.read() as session:
            return session.scalar(wanted) or 0


def an_automation(office: Office) -> str:
    """Somebody's automation; its id."""
    body = {
        "name": "出错就取消",
        "trigger": {"type": "event", "posture": "Reactive", "expect": ["prefect.flow-run.Failed"], "threshold": 1},
        "actions": [{"type": "cancel-flow-run"}],
    }
    return str(office._good(office.api("POST", "/automations/", body))["id"])


def test_schedules_paused_and_added_by_hand_are_put_right_and_the_rest_is_reported(office: Office) -> None:
    annual = office.deployments()["annual"]
    schedules = f"/deployments/{annual['id']}/schedules"
    paused = annual["schedules"][0]
    assert office.api("PATCH", f"{schedules}/{paused['id']}", {"active": False}).is_success
    by_hand = [{"schedule": {"cron": "0 9 1 * *"}, "active": True, "slug": "by-hand"}]
    assert office.api("POST", schedules, by_hand).is_success
    automation = an_automation(office)
    foreign = {"flow_id": annual["flow_id"], "entrypoint": annual["entrypoint"], "name": "我的年报"}
    foreign_id = office._good(office.api("POST", "/deployments/", foreign))["id"]
    ahead = {"parameters": {"kind": "annual", "year": 2031}, "state": scheduled_at("2031-05-01T01:00:00Z")}
    run = office._good(office.api("POST", f"/deployments/{annual['id']}/create_flow_run", ahead))["id"]

    told = supervise(office)
    after = office.deployments()["annual"]["schedules"]
    assert {s["slug"]: s["active"] for s in after} == {s["slug"]: True for s in annual["schedules"]}
    book = Book(office)
    mended = {
        ("schedule_paused", f"annual/{paused['slug']}"),
        ("schedule_added", "annual/by-hand"),
        ("automation_added", automation),
        ("deployment_added", "我的年报"),
    }
    reported = {("scheduled_not_planned", run)}
    lines = book.lines(subject for _, subject in mended | reported)
    assert {key for key, line in lines.items() if not line.is_open} == mended
    assert {key for key, line in lines.items() if line.is_open} == reported
    assert lines["schedule_added", "annual/by-hand"].mended == "已移除这个日程。"
    assert "自动化“出错就取消”" in told
    assert "请在 Prefect 界面取消这个运行" in told
    assert f"日程“{paused['slug']}”被人暂停" in told.partition("## 已经解决")[2]

    # Again: nothing new, nothing twice.
    subjects = [subject for _, subject in mended | reported]
    rows = book.count(subjects)
    supervise(office)
    assert book.count(subjects) == rows
    # The run of a morning that was missed finds that somebody has looked since.
    late = office.supervise(due="2026-01-05T00:30:00Z")["state"]
    assert (late["type"], late["message"]) == ("COMPLETED", "此后已经督办过，不再重复。")

    # What acts by itself was switched off, and left for whoever looks into it; the command line says what is left.
    assert not office._good(office.api("GET", f"/automations/{automation}"))["enabled"]
    assert office._good(office.api("GET", f"/deployments/{foreign_id}"))["paused"]
    assert office.api("DELETE", f"/automations/{automation}").is_success
    assert office.api("DELETE", f"/deployments/{foreign_id}").is_success
    said = office.cli("supervise")
    assert said.returncode == 1, said.stdout + said.stderr
    assert "排定了没有计划：有人另外排定了运行" in said.stdout
    assert said.stderr == ""
    # What people put right themselves is settled without a word about mending.
    assert office.api("DELETE", f"/flow_runs/{run}").is_success
    assert "✓ 排定了没有计划" in office.cli("supervise").stdout
    lines = book.lines(subject for _, subject in reported)
    assert [line.mended for line in lines.values() if not line.is_open] == [""]
    assert book.count(subjects) == rows


def scheduled_at(moment: str) -> dict[str, Any]:
    return {"type": "SCHEDULED", "state_details": {"scheduled_time": moment}}


@pytest.mark.full
def test_runs_that_are_gone_are_taken_up_and_living_ones_left_alone(office: Office) -> None:
    deleted, killed, lost, alive = (office.new_cycle() for _ in range(4))
    deleted.start()
    lost.start()
    deleted.next_form()
    lost.next_form()
    killed.hand_in()
    killed.stopped_at("compilation.made", killed.start, with_signal=signal.SIGKILL)
    alive.hand_in()
    pid = alive.stopped_at("compilation.made", alive.start)
    try:
        # What a kill of process and runner together leaves: Prefect says Running, and no process is there.
        office.wait_for(lambda: office.process_of(lost.run_id) is None, "the process to end")
        assert office.set_state(lost.run_id, "RUNNING", "Running", force=True) == "ACCEPT"
        assert office.api("DELETE", f"/flow_runs/{deleted.run_id}").is_success
        office.wait_for(lambda: killed.state() == "Crashed", "the runner to notice")
        (ask, _) = deleted.asks()[-1]

        def is_noticed() -> bool:
            supervise(office)
            return ("run_dead", lost.run_id) in Book(office).lines([lost.run_id])

        office.wait_for(is_noticed, "the dead run to be old enough", every=1)
        lines = Book(office).lines([ask, killed.run_id, lost.run_id, alive.run_id])
        assert {kind: line.is_open for (kind, _), line in lines.items()} == {
            "ask_without_run": False,
            "run_stopped": False,
            "run_dead": False,
        }
        assert lines["ask_without_run", ask].mended == "已由新的运行重新提问。"
        assert office.state_of(lost.run_id)["name"] == "Crashed"
        assert alive.state() == "Running"
    finally:
        os.kill(pid, signal.SIGCONT)
    assert alive.next_form().gates == ["政策审核", "数据审核", "保密性审核"]
    for case in (deleted, killed, lost):
        assert len(case.ledger("cycle.restarted")) == 1
        follow(case)
        case.next_form()
    # The fresh run puts the same question.
    assert deleted.asks() == [(ask, "open")]
    assert killed.form is not None
    assert killed.form.gates == ["政策审核", "数据审核", "保密性审核"]
    supervise(office)
    assert [len(case.ledger("cycle.restarted")) for case in (deleted, killed, lost, alive)] == [1, 1, 1, 0]


def follow(case: Case) -> None:
    """Look at the run that took over."""
    (entry,) = case.ledger("cycle.restarted")
    case.run_id = entry["run"]


#: Mends a finding twice, as two supervisions would of which the first was killed before it could tell.
MEND_TWICE = """
import sys
from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.records.installation import open_installation
from tasks.orchestration.repair import mend
found = [Discrepancy("cycle_not_opened", sys.argv[1])]
for _ in range(2):
    print(mend(open_installation(), found))
"""


def test_a_start_that_was_missed_is_made_up_for_once(office: Office) -> None:
    period = office.past_period()
    command = [sys.executable, "-c", MEND_TWICE, period.id]
    environment = office.environment
    said = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=180, check=True)
    assert said.stdout.splitlines() == [str({("cycle_not_opened", period.id): ""})] * 2
    (run,) = office.runs_of(period)
    case = office.new_cycle(period=period)
    case.run_id = run["id"]
    assert case.next_form().is_about_submissions


@pytest.mark.full
def test_pages_altered_removed_or_added_on_disk_are_told(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.start()
    for gate in ("policy", "finance", "confidentiality", "leader"):
        case.next_form()
        case.answer(gate)
    assert case.finish() == "Completed"
    live = (office.settings.home / "site").resolve()
    page, figures = (live / "releases" / case.period.id / name for name in ("index.html", "figures.csv"))
    before = {path: path.read_bytes() for path in (page, figures)}
    page.write_bytes(before[page].replace("参保".encode(), "参加".encode(), 1))
    figures.unlink()
    foreign = live / "releases" / case.period.id / "附加通知.html"
    foreign.write_text("<p>请转账至…</p>", encoding="utf-8")

    told = supervise(office)
    subjects = [f"website/{case.period.id}", "website/"]
    lines = Book(office).lines(subjects)
    assert set(lines) == {
        ("page_altered", subjects[0]),
        ("published_not_live", subjects[0]),
        ("live_not_ours", subjects[1]),
    }
    assert all(line.is_open for line in lines.values())
    assert f"{case.period.label}的 releases/{case.period.id}/index.html 与发布时不同" in told
    assert "附加通知.html" in told

    foreign.unlink()
    for path, content in before.items():
        path.write_bytes(content)
    supervise(office)
    assert not any(line.is_open for line in Book(office).lines(subjects).values())


@pytest.mark.full
def test_by_edited_records_the_site_is_neither_judged_nor_touched_until_they_are_put_back(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.start()
    for gate in ("confidentiality", "finance", "policy", "leader"):
        case.next_form()
        case.answer(gate)
    assert case.finish() == "Completed"
    site = office.installation.settings.home / "site"
    shown = sorted(path.relative_to(site) for path in site.rglob("*"))
    page = next(path for path in site.rglob("index.html") if "releases" in path.parts)
    page.chmod(0o600)
    whole = page.read_bytes()
    page.write_bytes(whole + b"<!-- -->")

    def edit(sql: str) -> None:
        with sqlite3.connect(office.installation.settings.home / "records.db", timeout=30) as connection:
            assert connection.execute(sql).rowcount

    try:
        edit("UPDATE decisions SET opinion = opinion || '。'")
        told = supervise(office)
        assert "记录与台账不符" in told
        assert "线上网站保持原样" in told
        assert "下一次发布时会随旧版本一并清除" not in told
        assert ("page_altered", "website/") not in Book(office).lines(["website/"])
        status = office.cli("status")
        assert "记录与台账不符" in status.stdout
    finally:
        # The office goes on to serve other tests.
        edit("UPDATE decisions SET opinion = substr(opinion, 1, length(opinion) - 1)")
        page.write_bytes(whole)
    told = supervise(office)
    assert "记录与台账不符" in told.partition("## 已经解决")[2]
    assert sorted(path.relative_to(site) for path in site.rglob("*")) == shown
