"""Protects cycles under way when everything is killed at once, or the runner, or the server, or Prefect's database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deployments.local import Child, keep_up
from disclosure.cycle import queries
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from tests.support.case import Case
from tests.support.office import Office, children_of, has_ended, office_in, read_until

pytestmark = [pytest.mark.faults, pytest.mark.full]

#: What was promised from the start of ``disclosure up`` to the cycle's next gate, or to the published page.
PROMISED_SECONDS = 30.0
#: Where the very first start takes longer than a third of that, the machine is busy with something else.
BUSY_FACTOR = 3.0


def driver_of(case: Case) -> str:
    """The run that drives the cycle by our records."""
    with case.office.installation.records.read() as session:
        return str(queries.get_cycle(session, case.cycle_id).driver_run_id)


def taken_over(case: Case) -> None:
    """Wait until a fresh run drives the cycle; from now on the case follows it."""
    before = case.run_id
    case.office.wait_for(lambda: driver_of(case) != before, "a fresh run of the cycle")
    case.run_id = driver_of(case)


def child(up: subprocess.Popen[str], module: bytes) -> int:
    """The process id of the child of ``up`` that runs ``module``."""
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children_of(up.pid)}
    return next(pid for pid, command in commands.items() if module in command.split(b"\0"))


def kill_all(up: subprocess.Popen[str]) -> None:
    """Kill the command and everything it started; none of them can tell anybody."""
    family = [up.pid, *children_of(up.pid)]
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    for pid in family:
        os.kill(pid, signal.SIGKILL)


def approve(case: Case, *gates: str) -> None:
    """Answer these gates, each at the form of its own."""
    for gate in gates:
        case.answer(gate)  # type: ignore[arg-type]
        case.next_form()


def test_everything_killed_in_the_middle_of_three_steps(tmp_path: Path) -> None:
    office = office_in(tmp_path)
    audited, rendered, published = (office.new_cycle() for _ in range(3))
    began = time.monotonic()
    with office.up() as up:
        read_until(up, "已就绪")
        allowed = max(PROMISED_SECONDS, BUSY_FACTOR * (time.monotonic() - began))
        for case in (rendered, published):
            case.hand_in()
            case.start()
        for case in (rendered, published):
            case.next_form()
            approve(case, "policy", "finance")
        approve(published, "confidentiality")
        audited.hand_in()
        audited.stopped_at("compilation.made", audited.start)
        rendered.stopped_at("decision.recorded", lambda: rendered.answer("confidentiality"))
        published.stopped_at("release.publishing", lambda: published.answer("leader"))
        kill_all(up)
    assert audited.ledger("audit.finished") == []
    assert rendered.ledger("release.rendered") == []
    assert published.ledger("release.published") == []

    began = time.monotonic()
    with office.up() as up:
        read_until(up, "已就绪")
        for case in (audited, rendered, published):
            taken_over(case)
        assert audited.next_form().gates == ["政策审核", "数据审核", "保密性审核"]
        assert rendered.next_form().gates == ["局领导审核"]
        assert published.finish() == "Completed"
        took = time.monotonic() - began
        published.assert_published_once()
        assert took < allowed
        only_the_runner_killed(up, audited, allowed)
        only_the_server_killed(up, rendered, allowed)
        up.send_signal(signal.SIGINT)
        said, _ = up.communicate(timeout=180)
        assert up.returncode == 0, said

    prefects_database_lost(office, audited)


def only_the_runner_killed(up: subprocess.Popen[str], case: Case, allowed: float) -> None:
    """``up`` starts a runner again; the run that was under way died with the old one, and its cycle goes on."""
    run = case.stopped_at("decision.recorded", lambda: case.answer("policy"))
    began = time.monotonic()
    os.kill(child(up, b"deployments.runner.serve"), signal.SIGKILL)
    assert "流程运行器意外停止，正在重新启动（1/3）" in read_until(up, "流程运行器已恢复")
    assert has_ended(run)
    taken_over(case)
    assert case.next_form().gates == ["数据审核", "保密性审核"]
    assert time.monotonic() - began < allowed


def only_the_server_killed(up: subprocess.Popen[str], case: Case, allowed: float) -> None:
    """``up`` starts the server again; who was asked is still asked, and the answer is taken."""
    began = time.monotonic()
    os.kill(child(up, b"prefect"), signal.SIGKILL)
    assert "Prefect 服务意外停止，正在重新启动（1/3）" in read_until(up, "Prefect 服务已恢复")
    case.answer("leader")
    assert case.finish() == "Completed"
    assert time.monotonic() - began < allowed
    case.assert_published_once()


def prefects_database_lost(office: Office, case: Case) -> None:
    """Our records alone know of the cycle: a fresh run asks what is still open, and nothing decided is asked again."""
    before = case.run_id
    databases = list(office.settings.prefect_home.glob("prefect.db*"))
    assert databases
    for file in databases:
        file.unlink()
    with office.up() as up:
        read_until(up, "已就绪")
        assert office.api("GET", f"/flow_runs/{before}").status_code == 404
        taken_over(case)
        assert case.next_form().gates == ["数据审核", "保密性审核"]
        approve(case, "finance", "confidentiality")
        case.answer("leader")
        assert case.finish() == "Completed"
        case.assert_published_once()
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=180)
    assert [gate for _, gate, _ in case.decisions()] == ["policy", "finance", "confidentiality", "leader"]
    # The first took the cycle over; each later one was put in its place.
    runs = [entry["run"] for event in ("cycle.taken_over", "cycle.restarted") for entry in case.ledger(event)]
    assert len(set(runs)) == len(runs) == 4
    assert runs[-1] == case.run_id


def test_what_keeps_dying_is_not_started_for_ever(tmp_path: Path) -> None:
    told: list[str] = []
    command = [sys.executable, "-c", "print('no room left', flush=True); raise SystemExit(3)"]
    door = Child("door", "入口", command, Settings(home=tmp_path), lambda child: not child.process.wait())
    with pytest.raises(DisclosureError, match="没有启动成功"):
        door.start()
    with pytest.raises(
        DisclosureError, match=r"入口在 10 分钟内停了 4 次，不再自动重启。记录见 .*door\.log"
    ) as stopped:
        keep_up([door], told.append)
    assert "no room left" in str(stopped.value)
    assert told == [f"入口意外停止，正在重新启动（{n}/3）…" for n in (1, 2, 3)]
