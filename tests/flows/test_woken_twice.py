"""Protects that several files handed in one after another are one act: who comes second is not told that it failed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deployments.local import child_environment
from tests.support.office import Office

pytestmark = pytest.mark.flows

#: As two commands do that come at the same time: the second finds the form answered and the run not yet through.
TWICE = """
from deployments.bootstrap import use_server
from disclosure.records.installation import open_installation
installation = open_installation()
use_server(installation.settings)
from tasks.orchestration.resume import wake_waiting_run
for _ in range(2):
    print(wake_waiting_run(installation, int({cycle})))
"""


def test_a_run_that_was_woken_a_moment_ago_is_said_to_go_on(office: Office) -> None:
    case = office.new_cycle()
    case.start()
    assert case.next_form().is_about_submissions
    case.hand_in("social_insurance_centre")
    done = subprocess.run(
        [sys.executable, "-c", TWICE.format(cycle=case.cycle_id)],
        capture_output=True,
        encoding="utf-8",
        env=child_environment(office.settings),
        check=True,
        timeout=180,
    )
    first, second = done.stdout.splitlines()
    assert "等待的运行会更新在等谁" in first
    assert second.endswith("等待的运行已经在继续。")
    assert "没能唤醒" not in done.stdout
