"""Protects docs/decisions/028-no-wheel.md: nothing is built that would put our packages among somebody else's."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]


def test_a_wheel_is_refused_in_one_sentence(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--no-cache-dir", "wheel", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, "-w", tmp_path, ROOT], capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode != 0
    assert "This product ships no wheel and no source archive: check it out and run `make run`" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("hook", ["build_sdist", "build_wheel", "get_requires_for_build_sdist"])
def test_every_way_of_building_one_is_refused(hook: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", f"import build_backend; build_backend.{hook}({str(tmp_path)!r})"]
    done = subprocess.run(command, cwd=ROOT / "tools", capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("This product ships no wheel")
    assert list(tmp_path.iterdir()) == []


def test_it_is_installed_from_its_checkout() -> None:
    installed = importlib.metadata.distribution("shebao-disclosure").read_text("direct_url.json")
    assert installed is not None
    assert json.loads(installed)["dir_info"] == {"editable": True}
