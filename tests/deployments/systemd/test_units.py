"""Protects: the units are what systemd understands, are closed to the rest of the machine, and call what there is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deployments.cli import app

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
UNITS = sorted((ROOT / "deployments" / "systemd").glob("disclosure*"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("no systemd-analyze: apt-get install systemd")
    return found


def test_systemd_understands_them(analyze: str, tmp_path: Path) -> None:
    program = tmp_path / "disclosure"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in UNITS:
        said = unit.read_text().replace("/opt/disclosure/.venv/bin/disclosure", str(program))
        (tmp_path / unit.name).write_text(said.replace("file:///opt/disclosure", f"file://{ROOT}"))
    command = [analyze, "verify", "--man=no", *(tmp_path / unit.name for unit in UNITS)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=180, check=False)
    assert (done.returncode, done.stderr.replace(str(tmp_path), "")) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_they_are_closed_to_the_rest_of_the_machine(analyze: str, unit: Path) -> None:
    command = [analyze, "security", "--offline=yes", "--threshold=30", "--no-pager", unit]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=180, check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_they_call_commands_that_there_are(unit: Path) -> None:
    line = next(line for line in unit.read_text().splitlines() if line.startswith("ExecStart="))
    words = line.partition("=")[2].split()[1:]
    _, _, ignored = app.parse_commands(words)
    assert ignored == []
