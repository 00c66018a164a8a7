"""Protects runs forked from a warm process: alone in their process, noticed when killed, started cold without it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from office import Office, children_of, has_ended

pytestmark = pytest.mark.faults

#: Imports Prefect, which the tests' own process never does. Prints what a run says that could not be forked, what a
#: cold and a forked run are told, and the version.
TOLD_TO_A_RUN = """
import asyncio, json, sys, uuid
from types import SimpleNamespace
import prefect
from prefect.runner._control_channel import ControlChannel
from prefect.runner._starter_engine import EngineCommandStarter
from deployments.warm import WarmStarter, Zygote

async def main():
    run = SimpleNamespace(id=uuid.UUID(int=7))
    python, sys.executable = sys.executable, "/bin/false"
    async with Zygote() as zygote, ControlChannel() as control:
        open(sys.argv[1], "w").write("print('cold')")
        cold = EngineCommandStarter(command=f"{python} {sys.argv[1]}", control_channel=control)
        await WarmStarter(zygote, cold, control, "annual").start(run)
    sys.executable = python
    async with ControlChannel() as control:
        tell = "import os, json; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith('PREFECT__')}))"
        file = sys.argv[1]
        open(file, "w").write(tell)
        await EngineCommandStarter(
            command=f"{sys.executable} {file}", control_channel=control, deployment_name="annual"
        ).start(run)
        print(json.dumps(WarmStarter(None, None, control, "annual")._environment(run)))
        print(prefect.__version__)

asyncio.run(main())
"""


def zygote_of(office: Office) -> int | None:
    """The process id of the warm process."""
    for pid in children_of(office.runner.process.pid):
        if process_told(pid, "cmdline").split("\0")[1:3] == ["-m", "deployments.zygote"] and not is_run(pid):
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


def test_a_run_is_started_cold_or_told_by_a_fork_what_prefect_tells_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TOLD_TO_A_RUN, str(tmp_path / "tell.py")]
    said = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.splitlines()
    # With a zygote that does not come up.
    assert said[0] == "cold"
    ordinary, forked, version = json.loads(said[1]), json.loads(said[2]), said[3]
    # The secret of the control channel is made anew each time.
    assert ordinary.pop("PREFECT__CONTROL_TOKEN") != forked.pop("PREFECT__CONTROL_TOKEN")
    assert forked == ordinary
    # Read deployments/warm.py beside prefect/runner/runner.py before another version is taken.
    assert version == "3.8.8"


def test_runs_are_forked_and_die_with_the_zygote_which_is_replaced(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    zygote = office.wait_for(lambda: zygote_of(office), "the warm process")
    run = case.stopped_at("cycle.taken_over", case.start)
    # Nothing is begun in the zygote that a fork would inherit half of: one thread, one socket, no file of ours.
    assert len(list(Path(f"/proc/{zygote}/task").iterdir())) == 1
    opened = [str(number.readlink()) for number in Path(f"/proc/{zygote}/fd").iterdir()]
    assert sum(name.startswith("socket:") for name in opened) == 1
    assert not any(".db" in name for name in opened)
    assert parent_of(run) == zygote
    assert f"PREFECT__FLOW_RUN_ID={case.run_id}" not in process_told(zygote, "environ")

    # With the zygote dies the run, even stopped as it is here; the runner says so, and makes another zygote.
    os.kill(zygote, signal.SIGKILL)
    office.wait_for(lambda: case.state() == "Crashed", "the runner to notice")
    office.wait_for(lambda: has_ended(run), "the run to die with the zygote")
    successor = office.wait_for(
        lambda: found if (found := zygote_of(office)) not in (None, zygote) else None, "another zygote"
    )
    run = case.stopped_at("compilation.made", lambda: case.retry(force=True))
    assert parent_of(run) == successor

    # Killed alone, the run takes nothing else with it.
    os.kill(run, signal.SIGKILL)
    office.wait_for(lambda: case.state() == "Crashed", "the runner to notice")
    assert zygote_of(office) == successor
    case.retry(force=True)
    assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]
    assert "预热进程意外结束，正在另起一个" in office.runner.log.read_text(encoding="utf-8")
