"""Protects: logs are bounded, and a process that is writing one loses nothing of what it writes afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.logs import rotate_log

pytestmark = pytest.mark.unit


def test_a_full_log_is_put_aside_and_written_on(tmp_path: Path) -> None:
    log = tmp_path / "runner.log"
    with log.open("a") as stream:
        for number in range(5):
            print(f"line {number}", file=stream, flush=True)
            assert rotate_log(log, full_bytes=6, kept=3)
        print("after", file=stream, flush=True)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "runner.log": "after\n",
        "runner.log.1": "line 4\n",
        "runner.log.2": "line 3\n",
        "runner.log.3": "line 2\n",
    }


def test_a_log_that_is_not_full_or_not_there_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "door.log"
    assert not rotate_log(log)
    log.write_text("short")
    assert not rotate_log(log)
    assert [path.name for path in tmp_path.iterdir()] == ["door.log"]
