"""Protects: reading never waits for a writer, a lock delays and is told, every failure is told by its true cause."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from deployments.cli.screen import reason, remedy
from disclosure.records import Records, ledger, open_records
from disclosure.records.database_errors import DatabaseCause, RecordsUnavailableError, cause_of
from disclosure.records.sqlite_waiting import lock_holder
from tests.support.command import run_command
from tests.support.ledgers import first_broken

pytestmark = pytest.mark.records

#: Held by another process, as a tool for databases or a backup does.
HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
connection.rollback()
"""


@contextmanager
def held(file: Path, first: str = "SELECT 1") -> Iterator[subprocess.Popen[str]]:
    """Have another process hold the lock of ``file`` until the end, or until it is told to let go."""
    command = [sys.executable, "-c", HOLDER, str(file), first]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        let_go(holder)


def let_go(holder: subprocess.Popen[str]) -> None:
    """Have the process give the lock back and end."""
    assert holder.stdin is not None
    if not holder.stdin.closed:
        holder.stdin.close()
    holder.wait(10)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(f"sqlite:///{tmp_path / 'var' / 'records.db'}")
    with opened.write() as session:
        ledger.append(session, "test.happened", actor="测试")
    yield opened
    opened.engine.dispose()


READING = (
    ("status",),
    ("board",),
    ("ledger", "verify"),
    ("keys",),
    ("people", "list"),
    ("deadline", "list", "2026-q1"),
    ("revised",),
    ("calendar", "--year", "2026"),
    ("openness", "status"),
    ("request", "list"),
    ("channels",),
)


def test_while_another_process_holds_the_lock_every_reading_command_answers(tmp_path: Path) -> None:
    special = ("open", "2026-special-工伤", "--no-run", "--only", "work_injury.*", "--dates", "publish=2026-06-30")
    assert run_command(*special, folder=tmp_path).returncode == 0
    free = {command: run_command(*command, folder=tmp_path) for command in READING}
    with held(tmp_path / "var" / "records.db"):
        for command in READING:
            began = time.monotonic()
            told = run_command(*command, folder=tmp_path)
            assert (told.returncode, "占用" in told.stdout + told.stderr) == (free[command].returncode, False), command
            assert time.monotonic() - began < 2 + 5, command


def test_a_writer_waits_tells_who_holds_the_lock_and_goes_on(
    records: Records, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "var" / "records.db"
    with held(file) as holder:
        letting_go = threading.Timer(4, let_go, [holder])
        letting_go.start()
        with caplog.at_level(logging.WARNING), records.write() as session:
            ledger.append(session, "test.waited", actor="测试")
        letting_go.join()
        told = [each for each in caplog.messages if "占用" in each]
        assert len(told) == 1
        assert f"进程 {holder.pid}（" in told[0]
    assert lock_holder(file) == ""


def test_even_a_reader_kept_out_waits_and_goes_on(records: Records, tmp_path: Path) -> None:
    records.engine.dispose()
    with held(tmp_path / "var" / "records.db", "PRAGMA locking_mode = EXCLUSIVE") as holder:
        threading.Timer(3, let_go, [holder]).start()
        with records.read() as session:
            assert first_broken(session) is None


def test_waiting_ends_with_the_true_cause(records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("disclosure.records.sqlite_waiting.GIVE_UP_SECONDS", 1.0)
    with (
        held(tmp_path / "var" / "records.db"),
        pytest.raises(RecordsUnavailableError, match="一直被别的程序锁着") as told,
        records.write() as session,
    ):
        ledger.append(session, "test.happened", actor="测试")
    assert told.value.cause.is_passing
    assert "DISCLOSURE_DATABASE_URL" not in str(told.value)


def test_a_full_disk_is_told_as_that(records: Records) -> None:
    def fill() -> None:
        with records.write() as session:
            session.execute(text("PRAGMA max_page_count = 1"))
            session.execute(text("CREATE TABLE big (content BLOB)"))
            session.execute(text("INSERT INTO big VALUES (zeroblob(10000000))"))

    with pytest.raises(RecordsUnavailableError, match="磁盘已满") as told:
        fill()
    assert told.value.cause is DatabaseCause.DISK_FULL


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: file.mkdir(parents=True), "那是一个文件夹"),
        (lambda file: (file.parent.mkdir(parents=True), file.write_bytes(b"x" * 4096)), "已损坏，或不是本系统的记录库"),
    ],
)
def test_a_file_that_is_none_of_ours_is_told_as_that(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    make(tmp_path / "var" / "records.db")
    told = run_command("status", folder=tmp_path)
    assert (told.returncode, words in told.stdout) == (1, True), told.stdout
    assert "Traceback" not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg://disclosure:geheim@127.0.0.1:1/records", "确认数据库服务已启动"),
        ("no url at all", "不是有效的数据库地址"),
        ("oracle+nothing://x/y", "不是有效的数据库地址"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_as_that(tmp_path: Path, url: str, words: str) -> None:
    for command in ("status", "doctor"):
        told = run_command(command, folder=tmp_path, DISCLOSURE_DATABASE_URL=url)
        assert told.returncode == 1
        assert "geheim" not in told.stdout
        assert "Traceback" not in told.stdout + told.stderr
    assert words in run_command("status", folder=tmp_path, DISCLOSURE_DATABASE_URL=url).stdout


def test_postgresql_says_what_is_wrong_by_its_true_cause(postgres_url: str) -> None:
    base = postgres_url.rpartition("/")[0]
    with pytest.raises(RecordsUnavailableError, match=r"没有 .* 这个库") as told:
        open_records(f"{base}/nothing_of_that_name")
    assert told.value.cause is DatabaseCause.NO_DATABASE


def test_every_error_of_sqlite_has_its_cause() -> None:
    for name, cause in {
        "SQLITE_BUSY_SNAPSHOT": DatabaseCause.LOCKED,
        "SQLITE_IOERR_WRITE": DatabaseCause.DISK_FAULT,
        "SQLITE_READONLY_DIRECTORY": DatabaseCause.READ_ONLY,
        "SQLITE_CORRUPT_INDEX": DatabaseCause.DAMAGED,
        "SQLITE_MISMATCH": DatabaseCause.OTHER,
    }.items():
        error = sqlite3.OperationalError("x")
        error.sqlite_errorname = name
        assert cause_of(error) is cause


def test_a_file_that_cannot_be_written_is_told_with_what_helps() -> None:
    full, shut = (OSError(code, os.strerror(code)) for code in (errno.ENOSPC, errno.EACCES))
    assert (reason(full), "腾出空间" in remedy(full)) == ("磁盘已满", True)
    assert (reason(shut), "所有者" in remedy(shut)) == ("没有权限", True)
    assert "DISCLOSURE_HOME" not in remedy(full) + remedy(shut)
