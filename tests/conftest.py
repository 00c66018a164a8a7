"""What every test stands on: a clean environment, a database of its own, and no silent skips.

``database_url`` gives a test an empty database on SQLite and once more on PostgreSQL; ``chromium_path`` gives it
Debian's browser; ``mariadb_url``, ``sftp_server``, ``s3_server``, ``webdav_server`` and ``wechat`` servers of theirs;
``office`` a running installation. Where one of them is missing the test is skipped and says how to get it; where
everything must run (``CI=true`` or
``DISCLOSURE_TEST_ALL=1``) a skip is a failure.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from sqlalchemy import URL, make_url

from disclosure.access import accounts
from disclosure.records.database import open_records
from tests.support import servers
from tests.support.empty_records import lay_sqlite
from tests.support.office import Office, office_in
from tests.support.wechat_platform import Platform, platform

# No deadline for one example: on a busy machine it would fail tests that are right.
#: A gate that stands before a change says the same of it twice; wherever else tests run they draw new cases each time.
IS_REPEATABLE = os.environ.get("DISCLOSURE_TEST_REPEATABLE", "") == "1"
hypothesis.settings.register_profile("suite", deadline=None, derandomize=IS_REPEATABLE)
hypothesis.settings.load_profile("suite")

pytest_plugins = ["tests.support.bureau_fixtures"]

#: How much is run: no server; all a change can break; every kill point, long walk and twin.
TIERS = ("quick", "test", "full")
BUDGET_SECONDS = 5
MARKERS = frozenset({"unit", "records", "flows", "faults", "browser"})
POSTGRES_VARIABLE = "DISCLOSURE_TEST_POSTGRES_URL"
POSTGRES_MISSING = (
    f"no PostgreSQL: run by `make test` with Debian's postgresql installed (apt-get install postgresql), "
    f"or set {POSTGRES_VARIABLE} to a server where databases may be created"
)

ReportT = TypeVar("ReportT", pytest.TestReport, pytest.CollectReport)


def _of_the_product(variable: str) -> bool:
    return variable.startswith(("DISCLOSURE_", "PREFECT_")) and not variable.startswith("DISCLOSURE_TEST_")


def _refuse_the_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: the product runs where there is no way out, so a test that connects to another machine fails."""
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = arguments[1][0]
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = host in {"localhost", ""}
    if not inside:
        raise ConnectionRefusedError(f"a test tried to connect to {host}, which is not this machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--tier``: how much is run; the whole when nothing is said."""
    parser.addoption("--tier", choices=TIERS, default="full", help="quick: no server; test: all a change can break")


def pytest_configure() -> None:
    """Forget the developer's own settings before any session fixture sees them; keep connections on this machine."""
    for variable in filter(_of_the_product, list(os.environ)):
        del os.environ[variable]
    sys.addaudithook(_refuse_the_outside)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse a test that would run in no part of the suite, or in two; leave out what is not of this tier."""
    for item in items:
        carried = MARKERS & {mark.name for mark in item.iter_markers()}
        if len(carried) != 1:
            found = ", ".join(sorted(carried)) or "none"
            raise pytest.UsageError(f"{item.nodeid} must carry one marker of {', '.join(sorted(MARKERS))}; has {found}")
    tier = config.getoption("tier")
    left_out = [item for item in items if not _is_of(tier, item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _is_of(tier, item)]


def _is_of(tier: str, item: pytest.Item) -> bool:
    """Whether a test belongs to a tier: ``quick`` and ``test`` leave out long walks, and most twins on PostgreSQL."""
    marks = {mark.name for mark in item.iter_markers()}
    if tier == "full":
        return True
    parameters = getattr(item, "callspec", None)
    is_twin = parameters is not None and "postgresql" in parameters.params.values()
    if "full" in marks or (is_twin and not (tier == "test" and "both_databases" in marks)):
        return False
    return tier == "test" or ("unit" in marks and "slow" not in marks)


@pytest.fixture(autouse=True)
def seconds_budget(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a fast test that has become slow: five seconds of processor, unless it is marked ``slow`` or ``full``."""
    began = sum(os.times()[:4])
    yield
    taken = sum(os.times()[:4]) - began
    marks = {mark.name for mark in request.node.iter_markers()}
    is_timed = request.config.getoption("tier") == "quick"
    if is_timed and taken > BUDGET_SECONDS and "unit" in marks and not marks & {"slow", "full"}:
        pytest.fail(
            f"took {taken:.1f} s of processor; a fast test may take {BUDGET_SECONDS}: quicken it or mark it slow"
        )


def _everything_must_run() -> bool:
    return os.environ.get("CI") == "true" or os.environ.get("DISCLOSURE_TEST_ALL") == "1"


def _fail_if_skipped(report: ReportT) -> ReportT:
    if report.skipped and not hasattr(report, "wasxfail") and _everything_must_run():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"Nothing may be skipped here. {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a test's skip into a failure where everything must run."""
    return _fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a whole file's skip into a failure where everything must run."""
    return _fail_if_skipped((yield))


@pytest.fixture(autouse=True)
def quick_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with little effort, but where the effort is what is tried: a quarter of a second each."""
    if "costly_passwords" not in request.fixturenames:
        monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def costly_passwords() -> Iterator[None]:
    """Passwords are hashed with the product's own effort, nobody's as well."""
    accounts._nobodys_hash.cache_clear()
    yield
    accounts._nobodys_hash.cache_clear()


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test; whatever the product writes by default goes to ``tmp_path``."""
    for variable in filter(_of_the_product, list(os.environ)):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("DISCLOSURE_HOME", str(tmp_path))
    monkeypatch.setenv("DISCLOSURE_CONFIG", str(tmp_path / "disclosure.toml"))


@pytest.fixture(scope="session")
def postgres_server() -> URL:
    """SQLAlchemy URL of a server where databases may be created."""
    url = os.environ.get(POSTGRES_VARIABLE)
    if not url:
        pytest.skip(POSTGRES_MISSING)
    return make_url(url).set(drivername="postgresql+psycopg")


@contextmanager
def _new_database(server: URL, template: str = "template0") -> Iterator[str]:
    """A copy of ``template`` (empty) on ``server``, dropped at the end even where a connection was left open."""
    name = f"disclosure_test_{uuid.uuid4().hex}"
    admin = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE {template}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """SQLAlchemy URL of an empty PostgreSQL database."""
    with _new_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server: URL) -> Iterator[str]:
    """SQLAlchemy URL of one PostgreSQL database for a whole run, for tests that leave it as they found it."""
    with _new_database(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """SQLAlchemy URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'records.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLAlchemy URL of an empty database; a test that asks for it runs on SQLite and on PostgreSQL."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: URL) -> Iterator[str]:
    """Name of a PostgreSQL database with the tables of this version and nothing in them."""
    with _new_database(postgres_server) as url:
        open_records.__wrapped__(url).engine.dispose()
        yield str(make_url(url).database)


@pytest.fixture(scope="session")
def copy_of_database(postgres_server: URL) -> Callable[[str], AbstractContextManager[str]]:
    """Gives the URL of a copy of a PostgreSQL database (a name) that nobody is connected to; dropped at the end."""
    return lambda name: _new_database(postgres_server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def records_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """As ``database_url``, with the tables of this version already there."""
    if request.param == "sqlite":
        yield lay_sqlite(request.getfixturevalue("sqlite_url"))
        return
    copy_of_database = request.getfixturevalue("copy_of_database")
    with copy_of_database(request.getfixturevalue("postgres_template")) as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """SQLAlchemy URL of a MariaDB of the tests' own, for its administrator."""
    if servers.program("mariadbd") is None:
        pytest.skip("no MariaDB: apt-get install mariadb-server")
    # A short path: the name of a socket has little room, and another user must be able to reach it.
    with tempfile.TemporaryDirectory(prefix="mariadb-") as folder, servers.mariadb(Path(folder)) as url:
        yield url


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Sftp]:
    """A real OpenSSH server."""
    if servers.program("sshd") is None:
        pytest.skip("no OpenSSH server: apt-get install openssh-server")
    with servers.sftp(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """An S3 server's address."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - moto takes seconds

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="session")
def webdav_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Webdav]:
    """A WebDAV server with one user."""
    with servers.webdav(tmp_path_factory.mktemp("webdav")) as server:
        yield server


@pytest.fixture(scope="session")
def wechat() -> Iterator[Platform]:
    """A server that answers as the official accounts' platform does."""
    with platform() as running:
        yield running


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of the installed Chromium, on a machine that has Chinese fonts to show."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    fonts = shutil.which("fc-list")
    listed = subprocess.run([fonts, ":lang=zh-cn"], capture_output=True, check=True).stdout if fonts else b""
    if not listed.strip():
        pytest.skip("no Chinese fonts: apt-get install fontconfig fonts-noto-cjk")
    return program


@pytest.fixture(scope="session")
def resaved(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Path]]:
    """Have LibreOffice open workbooks and save them as .xlsx, all in one start: name -> the file it wrote."""

    def run(*files: Path) -> dict[str, Path]:
        program = shutil.which("soffice")
        if program is None:
            pytest.skip("no LibreOffice: apt-get install libreoffice-calc-nogui")
        own, out = tmp_path_factory.mktemp("libreoffice"), tmp_path_factory.mktemp("resaved")
        command = [program, "--headless", f"-env:UserInstallation={own.as_uri()}"]
        command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), *map(str, files)]
        subprocess.run(command, capture_output=True, check=True, timeout=120)
        return {path.stem: path for path in sorted(out.iterdir())}

    return run


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One running office for all tests of a worker: starting it takes as long as a cycle.

    The figures 泰州市高港区 published; every test opens a cycle of its own. A run's process dies where a fault test's
    ``die-at`` says (``tests/faults/dying``).
    """
    dying = str(Path(__file__).parent / "faults" / "dying")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (dying, os.environ.get("PYTHONPATH")))))
        with office_in(tmp_path_factory.mktemp("office")).open() as office:
            yield office
