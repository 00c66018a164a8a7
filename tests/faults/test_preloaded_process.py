"""Protects runs forked from a warm process: alone in their process, noticed when killed, started cold without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.office import Office, children_of, has_ended, office_in

pytestmark = pytest.mark.faults

#: Imports Prefect, which the tests' own process never does. Prints what a run says that could not be forked.
COLD_RUN = """
import asyncio, sys, uuid
from types import SimpleNamespace
from prefect.runner._control_channel import ControlChannel
from prefect.runner._starter_engine import EngineCommandStarter
from deployments.runner.process_starter import PreloadedProcess, PreloadedStarter

async def main():
    python, sys.executable = sys.executable, "/bin/false"
    async with PreloadedProcess() as preloaded, ControlChannel() as control:
        cold = EngineCommandStarter(command=f"{python} -c print(7)", control_channel=control)
        await PreloadedStarter(preloaded, cold, lambda run: {}).start(SimpleNamespace(id=uuid.UUID(int=7)))

asyncio.run(main())
"""


def preloaded_of(office: Office) -> int | None:
    """The process id of the warm process."""
    for pid in children_of(office.runner.process.pid):
        if process_told(pid, "cmdline").split("\0")[1:3] == [
            "-m",
            "deployments.runner.preloaded_process",
        ] and not is_run(pid):
            return pid
    return None


def is_run(pid: int) -> bool:
    """Whether a process is a forked run."""
    return process_told(pid, "comm").startswith("run-")


def process_told(pid: int, what: str) -> str:
    """What Linux tells of a process; nothing of one that has just ended."""
    try:
        return Path(f"/proc/{pid}/{what}").read_text()
    except OSError:
        return ""


def parent_of(pid: int) -> int:
    """The parent's process id."""
    return int(process_told(pid, "stat").rpartition(")")[2].split()[1])


def test_a_run_is_started_cold_where_no_process_comes_up_to_fork_from() -> None:
    done = subprocess.run([sys.executable, "-c", COLD_RUN], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "7\n"


def test_runs_are_forked_and_die_with_the_preloaded_process_which_is_replaced(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    preloaded = office.wait_for(lambda: preloaded_of(office), "the warm process")
    run = case.stopped_at("cycle.taken_over", case.start)
    # Nothing is begun in it that a fork would inherit half of: one thread, one socket, no file of ours.
    assert len(list(Path(f"/proc/{preloaded}/task").iterdir())) == 1
    opened = [str(number.readlink()) for number in Path(f"/proc/{preloaded}/fd").iterdir()]
    assert sum(name.startswith("socket:") for name in opened) == 1
    assert not any(".db" in name for name in opened)
    assert parent_of(run) == preloaded
    assert f"PREFECT__FLOW_RUN_ID={case.run_id}" not in process_told(preloaded, "environ")

    # With it dies the run, even stopped as it is here; the runner says so, and makes another preloaded process.
    os.kill(preloaded, signal.SIGKILL)
    office.wait_for(lambda: case.state() == "Crashed", "the runner to notice")
    office.wait_for(lambda: has_ended(run), "the run to die with the preloaded process")
    successor = office.wait_for(
        lambda: found if (found := preloaded_of(office)) not in (None, preloaded) else None, "another preloaded process"
    )
    run = case.stopped_at("compilation.made", lambda: case.retry(force=True))
    assert parent_of(run) == successor

    # Killed alone, the run takes nothing else with it.
    os.kill(run, signal.SIGKILL)
    office.wait_for(lambda: case.state() == "Crashed", "the runner to notice")
    assert preloaded_of(office) == successor
    case.retry(force=True)
    assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]
    assert "预热进程意外结束，正在另起一个" in office.runner.log.read_text(encoding="utf-8")


@pytest.mark.full
def test_a_runner_told_to_stop_leaves_its_runs_to_the_next(tmp_path: Path) -> None:
    """A service manager's SIGTERM, or the one Linux sends when whoever started it is killed, ends as Ctrl-C does."""
    with office_in(tmp_path).open() as office:
        case = office.new_cycle()
        case.hand_in()
        run = case.stopped_at("compilation.made", case.start)
        os.kill(office.runner.process.pid, signal.SIGTERM)
        office.wait_for(office.runner.has_ended, "the runner to stop")
        office.runner.clear_away()
        assert has_ended(run)
        assert case.state() == "Running"
        office.runner.start()
        # Called dead by the next runner, which gives the cycle another run.
        office.wait_for(lambda: case.state() == "Crashed", "the next runner to look")
        case.run_id = office.wait_for(
            lambda: next((r["id"] for r in office.runs_of(case.period) if r["id"] != case.run_id), None), "another run"
        )
        assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]
