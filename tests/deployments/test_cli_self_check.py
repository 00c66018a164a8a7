"""Protects: of missing, older, damaged or edited records every command tells the truth, and removes nothing."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.bureau import Bureau, bureau_at
from tests.support.command import run_command

pytestmark = pytest.mark.records

VARIABLES = {"DISCLOSURE_PROFILE": "gaogang-2016"}
HOLE_BYTES = 24 * 1024


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """高港区 2016, published; a copy of its records from before is beside it."""
    home = tmp_path_factory.mktemp("published")
    bureau = bureau_at(home, f"sqlite:///{home / 'records.db'}")
    bureau.sign_all()
    bureau.rest()
    before = (home / "records.db").read_bytes()
    bureau.publish()
    bureau.installation.sign_ledger()
    bureau.rest()
    (home / "logs").mkdir()
    (home / "logs" / "yesterday").write_bytes(before)
    return bureau


@pytest.fixture
def home(tmp_path: Path, published_once: Bureau) -> Path:
    shutil.copytree(published_once.installation.settings.home, tmp_path / "var", symlinks=True)
    return tmp_path / "var"


def lose(home: Path) -> None:
    (home / "records.db").unlink()


def restore_older(home: Path) -> None:
    for name in ("records.db", "records.db-wal", "records.db-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.copy(home / "logs" / "yesterday", home / "records.db")


def damage(home: Path) -> None:
    file = home / "records.db"
    whole = bytearray(file.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + HOLE_BYTES] = os.urandom(HOLE_BYTES)
    file.write_bytes(whole)


def edit_decisions(home: Path) -> None:
    with sqlite3.connect(home / "records.db") as connection:
        connection.execute("UPDATE decisions SET outcome = 'approved', opinion = '没有意见。'")
    connection.close()


def swap_key(home: Path) -> None:
    (home / "secret.key").write_text("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", encoding="ascii")


CASES = [
    (lose, "不是新的安装，没有另建", True),
    (restore_older, "比它的检查点旧", True),
    (damage, "损坏|malformed|不可信|改动", False),
    (edit_decisions, "decisions .*已被改动", False),
    (swap_key, "打不开.*口令密钥", False),
]


@pytest.mark.parametrize(("change", "words", "forbids_start"), CASES, ids=[case[0].__name__ for case in CASES])
def test_every_command_tells_the_truth_and_removes_nothing(
    home: Path, tmp_path: Path, change: Callable[[Path], None], words: str, forbids_start: bool
) -> None:
    shown = {path: path.read_bytes() for path in (home / "site").rglob("*") if path.is_file()}
    good = run_command("verify", home / "site", folder=tmp_path, **VARIABLES)
    assert good.returncode == 0, good.stdout
    assert run_command("ledger", "verify", folder=tmp_path, **VARIABLES).returncode == 0
    change(home)
    for command in (
        ("ledger", "verify"),
        ("verify", home / "site"),
        ("doctor",),
        ("publish", "2016-annual"),
        ("withdraw", "2016-annual", "--kind", "in_error", "--by", "李局长", "--reason", "数据有误需要重新核对"),
        ("ledger", "checkpoint"),
    ):
        told = run_command(*command, folder=tmp_path, **VARIABLES)
        assert told.returncode == 1, (command, told.stdout)
        assert_told(words, told.stdout + told.stderr)
    told = run_command("status", folder=tmp_path, **VARIABLES)
    assert_told(words, told.stdout + told.stderr)
    if forbids_start:
        up = [sys.executable, "-m", "deployments.cli", "up"]
        environment = {**os.environ, **VARIABLES, "DISCLOSURE_HOME": str(home)}
        ended = subprocess.run(
            up, check=False, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=180
        )
        assert ended.returncode == 1
        assert_told(words, ended.stdout + ended.stderr)
        assert "已就绪" not in ended.stdout
    assert {path: path.read_bytes() for path in (home / "site").rglob("*") if path.is_file()} == shown


def assert_told(words: str, said: str) -> None:
    assert "Traceback" not in said
    found = said.replace("\n", "")
    assert re.search(words, found), found


def test_a_home_with_nothing_is_told_to_hold_no_records(tmp_path: Path) -> None:
    told = run_command("ledger", "verify", folder=tmp_path, **VARIABLES)
    assert (told.returncode, "没有可以核对的台账" in told.stdout) == (1, True)
    assert not (tmp_path / "var" / "records.db").exists()
