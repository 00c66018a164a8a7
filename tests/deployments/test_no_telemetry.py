"""Protects that nothing is told to anybody outside, also by a part that is started alone, without our commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from disclosure.platform.settings import NO_TELEMETRY

pytestmark = pytest.mark.unit

ASKED = """
import importlib, sys
importlib.import_module(sys.argv[1])
from prefect._internal.analytics import is_telemetry_enabled
from prefect.settings import get_current_settings
print(is_telemetry_enabled(), get_current_settings().server.analytics_enabled)
"""


@pytest.mark.parametrize("part", ["deployments.runner.serve", "flows.cycle"])
def test_a_part_started_alone_tells_nobody(part: str, tmp_path: Path) -> None:
    # In CI Prefect is silent by itself.
    told = {name: value for name, value in os.environ.items() if name not in {*NO_TELEMETRY, "CI", "GITHUB_ACTIONS"}}
    environment = {**told, "PREFECT_HOME": str(tmp_path)}
    command = [sys.executable, "-c", ASKED, part]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=180, check=True)
    assert done.stdout == "False False\n"
