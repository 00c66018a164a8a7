"""Protects: whatever an operator types or sets wrongly, the answer is Chinese, whole, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from disclosure.catalog.catalog import PROFILES
from disclosure.clock import shanghai, utc_now
from disclosure.periods import Period

pytestmark = pytest.mark.unit


def disclosure(home: Path, *arguments: str, typed: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder of its own."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "DISCLOSURE_HOME": str(home / "var"), "COLUMNS": "160", "PYTHONUTF8": "1", **variables}
    return subprocess.run(
        [sys.executable, "-m", "disclosure.cli", *arguments],
        input=typed,
        capture_output=True,
        encoding="utf-8",
        cwd=home,
        env=environment,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        (("open", "[/x]"), {}, "看不懂期间“[/x]”"),
        (("submit", "坏[/red].xlsx"), {}, "读不了文件 坏[/red].xlsx：没有这个文件"),
        (("submit", "."), {}, "这是一个文件夹"),
        (("people", "add", "[red]某[/]", "局领导"), {}, "“[red]某[/]”"),
        (("status",), {"DISCLOSURE_HOME": "/proc/nowhere"}, "DISCLOSURE_HOME"),
        (("status",), {"DISCLOSURE_DATABASE_URL": "foo"}, "不是有效的数据库地址"),
        (("status",), {"DISCLOSURE_SERVER_PORT": "abc"}, "DISCLOSURE_SERVER_PORT"),
        (("status",), {"DISCLOSURE_HOM": "x", "DISCLOSURE_PROFILE": "nowhere"}, "找不到地区配置“nowhere”"),
        (("demo", "--cycle", "q1", "--profile", "gaogang-2016"), {}, "不作 q1 披露"),
        (("demo", "--cycle", "monthly"), {}, "演示周期“monthly”不对"),
        (("audit",), {}, "请运行 disclosure audit --history"),
        (("ledger", "verify"), {}, "没有可以核对的台账"),
    ],
)
def test_a_mistake_is_one_chinese_sentence(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], sentence: str
) -> None:
    told = disclosure(tmp_path, *arguments, **variables)
    assert told.returncode == 1
    assert sentence in told.stdout
    assert "Traceback" not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("toml", "sentence"), [("a = = b", "disclosure.toml 写法有误"), ("hom = 'x'", "不认识的设置 hom")]
)
def test_a_faulty_configuration_file_is_named(tmp_path: Path, toml: str, sentence: str) -> None:
    (tmp_path / "disclosure.toml").write_text(toml, encoding="utf-8")
    told = disclosure(tmp_path, "status")
    assert told.returncode == 1
    assert sentence in told.stdout


def test_a_ledger_without_a_checkpoint_is_not_called_whole(tmp_path: Path) -> None:
    assert disclosure(tmp_path, "people", "add", "李明", "政策法规科").returncode == 0
    told = disclosure(tmp_path, "ledger", "verify")
    assert "还没有签名检查点" in told.stdout
    assert "台账完整" not in told.stdout
    assert disclosure(tmp_path, "ledger", "checkpoint").returncode == 0
    assert "台账完整：1 条记录，1 个签名检查点" in disclosure(tmp_path, "ledger", "verify").stdout


def test_a_damaged_database_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(exist_ok=True)
    (tmp_path / "var" / "records.db").write_text("不是数据库")
    told = disclosure(tmp_path, "status")
    assert told.returncode == 1
    assert "已损坏，或不是本系统的记录库" in told.stdout
    assert "Traceback" not in told.stdout + told.stderr


def test_a_demonstration_leaves_foreign_files_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.xlsx").write_text("x", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "不会覆盖" in disclosure(tmp_path, "demo", "--out", "mine").stdout
    assert "不是文件夹" in disclosure(tmp_path, "demo", "--out", "file").stdout
    assert (tmp_path / "mine" / "report.xlsx").read_text(encoding="utf-8") == "x"


def test_opening_again_says_so_and_changes_nothing(tmp_path: Path) -> None:
    special = ("open", "2026-special-工伤", "--no-run", "--only")
    assert "已开启" in disclosure(tmp_path, *special, "work_injury.*", "--dates", "publish=2026-06-30").stdout
    assert "以前已经开启" in disclosure(tmp_path, *special, "work_injury.*").stdout
    assert "不能再改" in disclosure(tmp_path, *special, "unemployment.*").stdout
    far = Period(shanghai(utc_now()).year + 2, "q1")
    assert "还早" in disclosure(tmp_path, "open", far.id, "--no-run").stdout
    assert "2026年专项（工伤）" in disclosure(tmp_path, "status").stdout


def test_the_rules_are_looked_back_on_over_imported_history(tmp_path: Path) -> None:
    published = PROFILES / "kunming-2017" / "figures.csv"
    variables = {"DISCLOSURE_PROFILE": "kunming-2017"}
    nothing = disclosure(tmp_path, "audit", "--history", **variables)
    assert (nothing.returncode, "还没有往期数据" in nothing.stdout) == (1, True)
    assert disclosure(tmp_path, "import", str(published), **variables).returncode == 0
    told = disclosure(tmp_path, "audit", "--history", **variables)
    assert told.returncode == 0, told.stderr
    assert "R54 昆明市生育“享受生育待遇人次”（2017年1-3季度" in told.stdout
    assert "5 个期间、55 个数据" in told.stdout
    assert "报出 2 处" in told.stdout
