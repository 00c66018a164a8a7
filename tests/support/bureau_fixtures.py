"""Fixtures that open a bureau: a fresh one on each database, or as many on SQLite as a test wants.

``audited`` is one whose round is already handed in and audited: made once a worker, copied for each test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import make_url

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


def _audited_at(home: Path, database_url: str) -> Bureau:
    bureau = bureau_at(home, database_url)
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.rest()
    return bureau


@pytest.fixture(scope="session")
def audited_once(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """高港区 2016, handed in, compiled and audited; every test works on a copy."""
    home = tmp_path_factory.mktemp("audited")
    return _audited_at(home, f"sqlite:///{home / 'records.db'}")


@pytest.fixture(scope="session")
def audited_on_postgresql(
    copy_of_database: Callable[[str], AbstractContextManager[str]],
    postgres_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bureau]:
    """The same on PostgreSQL."""
    with copy_of_database(postgres_template) as url:
        yield _audited_at(tmp_path_factory.mktemp("audited"), url)


def own_copy(request: pytest.FixtureRequest, home: Path, once: str, on_postgresql: str) -> Iterator[Bureau]:
    """A copy for one test of what the fixture ``once`` made, or ``on_postgresql``, as the test's parameter says."""
    if request.param == "sqlite":
        copy = request.getfixturevalue(once).copy_to(home)
        yield copy
        copy.rest()
        return
    base: Bureau = request.getfixturevalue(on_postgresql)
    copy_of_database = request.getfixturevalue("copy_of_database")
    with copy_of_database(str(make_url(base.installation.settings.database_url).database)) as url:
        copy = base.copy_to(home, url)
        yield copy
        copy.rest()


@pytest.fixture(params=["sqlite", "postgresql"])
def audited(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bureau]:
    """A round that waits for its reviews: a copy of one's own, on SQLite and once more on PostgreSQL."""
    yield from own_copy(request, tmp_path, "audited_once", "audited_on_postgresql")


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
