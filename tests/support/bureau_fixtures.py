"""Fixtures that open a bureau: a fresh one on each database, or as many on SQLite as a test wants."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.bureau import Bureau, bureau_at


@pytest.fixture
def open_bureau(tmp_path: Path, records_url: str) -> Iterator[Callable[..., Bureau]]:
    """Opens a bureau (arguments of ``bureau_at``) on SQLite and once more on PostgreSQL."""
    opened: list[Bureau] = []

    def open_one(**chosen: object) -> Bureau:
        opened.append(bureau_at(tmp_path, records_url, **chosen))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for bureau in opened:
        bureau.installation.records.engine.dispose()


@pytest.fixture
def bureau(open_bureau: Callable[..., Bureau]) -> Bureau:
    """高港区 2016 with nothing handed in yet."""
    return open_bureau()


@pytest.fixture
def new_bureau(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Bureau]:
    """A fresh bureau on SQLite each time it is called, for tests that need many."""

    def make(**chosen: object) -> Bureau:
        home = tmp_path_factory.mktemp("bureau")
        return bureau_at(home, f"sqlite:///{home / 'records.db'}", **chosen)  # type: ignore[arg-type]

    return make


@pytest.fixture
def run_and_die() -> Callable[[Bureau, str], None]:
    """Run Python in a process of its own that must kill itself by ``die()`` (SIGKILL: nothing is tidied up)."""

    def run(bureau: Bureau, program: str) -> None:
        start = (
            "import os, signal\nfrom disclosure.records.installation import open_installation\n"
            "def die(*_, **__):\n    os.kill(os.getpid(), signal.SIGKILL)\ninstallation = open_installation()\n"
        )
        environment = {**os.environ, **bureau.installation.settings.own_environment}
        command = [sys.executable, "-c", start + program]
        ended = subprocess.run(command, check=False, env=environment, capture_output=True, encoding="utf-8")
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    return run
