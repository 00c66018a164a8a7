"""Protects ``disclosure up``: everything starts by one command, and Ctrl-C leaves no process and no paused schedule."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from office import Office, children_of, has_ended, office_in, read_until

from deployments.local import is_up
from disclosure.settings import SHANGHAI

pytestmark = pytest.mark.flows

#: The first milestone of the four dated cycles, month and day, as 附件2 has it.
FIRST_MILESTONES = {"annual": (2, 25), "q1": (4, 20), "h1": (7, 25), "q3": (10, 25)}


@contextmanager
def up(office: Office) -> Iterator[subprocess.Popen[str]]:
    """``disclosure up``, ready."""
    with office.up() as process:
        read_until(process, "已就绪")
        yield process


def stopped_by_ctrl_c(process: subprocess.Popen[str]) -> str:
    """What the command says at its end; none of the processes it had started lives on."""
    family = children_of(process.pid)
    assert len(family) >= 3
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert [pid for pid in family if not has_ended(pid)] == []
    return said


def test_start_stop_and_start_again(tmp_path: Path) -> None:
    office = office_in(tmp_path, "chuxiong", intake_schedule="*/5 8-18 * * *")
    with up(office) as process:
        assert set(office.deployments()) == {*FIRST_MILESTONES, "special", "intake"}
        taken = office.cli("up")
        assert taken.returncode == 1
        assert "已有一个 Prefect 服务在运行" in taken.stdout
        assert "已停止；各周期的日程保持有效" in stopped_by_ctrl_c(process)
    assert not is_up(office.settings)

    with up(office):
        deployments = office.deployments()
        assert deployments["special"]["schedules"] == []
        now = dt.datetime.now(SHANGHAI)
        for kind, (month, day) in FIRST_MILESTONES.items():
            assert not deployments[kind]["paused"]
            (entry,) = deployments[kind]["schedules"]
            assert entry["active"]
            assert entry["schedule"]["cron"] == f"0 9 {day} {month} *"
            assert entry["schedule"]["timezone"] == "Asia/Shanghai"
        # Prefect's own scheduler makes the runs of the next months; a schedule nobody acts on is worth nothing.
        soonest = min(
            moment
            for year in (now.year, now.year + 1)
            for month, day in FIRST_MILESTONES.values()
            if (moment := dt.datetime(year, month, day, 9, tzinfo=SHANGHAI)) > now
        )
        intake = deployments["intake"]
        (entry,) = intake["schedules"]
        assert entry["active"]
        assert entry["schedule"]["cron"] == "*/5 8-18 * * *"
        assert entry["schedule"]["timezone"] == "Asia/Shanghai"
        planned = office.wait_for(lambda: office.planned_starts(but=intake["id"]), "Prefect to plan the next run")
        assert min(planned) == soonest
        assert len(planned) == len(set(planned))
