"""Protects what we use of Prefect without its promise, one test a part of ``tasks/orchestration/prefect_private.py``.

When one fails after an upgrade: docs/prefect-notes.md says what the part is for.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from disclosure.platform.settings import Settings

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
#: As everything we start is told.
NO_CACHE = {"PREFECT_TASKS_DEFAULT_NO_CACHE": Settings().prefect_environment["PREFECT_TASKS_DEFAULT_NO_CACHE"]}
PRIVATE = "tasks/orchestration/prefect_private.py"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each part came to (``tests/support/prefect_parts.py``)."""
    environment = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")),
        "PYTHONPATH": str(ROOT),
        # One part starts a server for itself, which takes long on a busy machine.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        **NO_CACHE,
    }
    command = [sys.executable, "tests/support/prefect_parts.py"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    cold, said = done.stdout.splitlines()[-2:]
    return {**json.loads(said), "cold": json.loads(cold.removeprefix("cold: "))}


def test_the_version_is_the_one_all_this_was_read_in(seen: dict[str, Any]) -> None:
    # Before another is taken: read docs/prefect-notes.md, and prefect/runner beside prefect_private.py.
    assert seen["version"] == "3.9.1"


def test_the_schema_of_a_flows_parameters_can_be_read(seen: dict[str, Any]) -> None:
    assert list(seen["schema"]["properties"]) == ["year", "kind"]
    assert seen["schema"]["required"] == ["year"]


def test_a_fork_is_a_process_to_prefect(seen: dict[str, Any]) -> None:
    assert seen["running"] == [7, None]
    assert seen["ended"] == [7, -9]


def test_a_forked_run_is_told_what_prefect_tells_a_cold_one(seen: dict[str, Any]) -> None:
    cold, forked = dict(seen["cold"]), dict(seen["forked"])
    # The secret of the control channel is made anew each time.
    assert cold.pop("PREFECT__CONTROL_TOKEN") != forked.pop("PREFECT__CONTROL_TOKEN")
    assert forked == cold


def test_the_runners_choice_of_starter_can_be_replaced(seen: dict[str, Any]) -> None:
    assert seen["chosen"] == ["ours", "EngineCommandStarter", None]
    # That the poller asks the place we replace, and that the runner makes that poller.
    assert seen["asked_by"]
    assert seen["is_made"]


def test_a_runner_goes_on_polling_while_its_server_fails(seen: dict[str, Any]) -> None:
    # What does not pass still ends it.
    assert seen["outlasted"] == [0, "oh"]
    assert seen["polls_by"]


def test_the_engine_runs_the_flow_it_is_given_without_heartbeats(seen: dict[str, Any]) -> None:
    assert seen["is_preloaded"]
    # Once: without a flow nothing is run.
    assert (seen["ran"], seen["heartbeat"]) == ([["yearly", True]], None)


def test_a_cold_run_is_a_process_of_ours(seen: dict[str, Any]) -> None:
    assert seen["cold_command"] == ["-m", "deployments.runner.run"]


def test_the_hooks_of_a_run_are_those_of_our_own_flow(seen: dict[str, Any]) -> None:
    assert seen["flow_of_hooks"] == "yearly"


def test_nothing_is_unpickled_from_where_prefects_database_says(seen: dict[str, Any]) -> None:
    assert seen["cache_policy"]
    assert seen["results"] == ["results", True]


def test_a_deployment_registered_otherwise_is_polled_as_well(seen: dict[str, Any]) -> None:
    assert seen["polled"] == ["00000000-0000-0000-0000-000000000008"]


def test_no_other_file_uses_what_prefect_keeps_to_itself() -> None:
    found = [use for package in ("tasks", "flows", "deployments") for use in _private_uses(ROOT / package)]
    assert found == []


def _private_uses(folder: Path) -> Iterator[str]:
    """Imports of Prefect's private modules, its private variables, and attributes of others that begin with ``_``."""
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name == PRIVATE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.ImportFrom(module=str(module)) if module.startswith("prefect.") and "._" in module:
                    yield f"{name}:{node.lineno} {module}"
                case ast.Constant(value=str(text)) if "PREFECT__" in text:
                    yield f"{name}:{node.lineno} {text}"
                case ast.Attribute(value=ast.Name(id=whose), attr=attribute):
                    is_dunder = attribute.startswith("__")
                    if attribute.startswith("_") and not is_dunder and whose not in {"self", "cls"}:
                        yield f"{name}:{node.lineno} {whose}.{attribute}"
