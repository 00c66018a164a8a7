"""Protects: whatever an operator types or sets wrongly, the answer is Chinese, whole, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from disclosure.calendar.periods import Period
from disclosure.catalog import PROFILES
from disclosure.platform.clock import shanghai, utc_now
from tests.support.command import run_command

pytestmark = pytest.mark.unit


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
    told = run_command(*arguments, folder=tmp_path, **variables)
    assert told.returncode == 1
    assert sentence in told.stdout
    assert "Traceback" not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("toml", "sentence"), [("a = = b", "disclosure.toml 写法有误"), ("hom = 'x'", "不认识的设置 hom")]
)
def test_a_faulty_configuration_file_is_named(tmp_path: Path, toml: str, sentence: str) -> None:
    (tmp_path / "disclosure.toml").write_text(toml, encoding="utf-8")
    told = run_command("status", folder=tmp_path)
    assert told.returncode == 1
    assert sentence in told.stdout


def test_a_ledger_is_called_whole_with_its_head_alone_and_never_without(tmp_path: Path) -> None:
    assert run_command("people", "add", "李明", "政策法规科", folder=tmp_path).returncode == 0
    told = run_command("ledger", "verify", folder=tmp_path)
    assert "台账完整：2 条记录，与末条签名和 0 个签名检查点全部相符" in told.stdout
    assert run_command("ledger", "checkpoint", folder=tmp_path).returncode == 0
    assert "1 个签名检查点全部相符" in run_command("ledger", "verify", folder=tmp_path).stdout
    (tmp_path / "var" / "ledger.head").unlink()
    told = run_command("ledger", "verify", folder=tmp_path)
    assert (told.returncode, "台账完整" in told.stdout) == (1, False)
    assert "不能证明记录是最新的" in told.stdout
    assert run_command("ledger", "checkpoint", folder=tmp_path).returncode == 1


def test_a_damaged_database_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(exist_ok=True)
    (tmp_path / "var" / "records.db").write_text("不是数据库")
    told = run_command("status", folder=tmp_path)
    assert told.returncode == 1
    assert "已损坏，或不是本系统的记录库" in told.stdout
    assert "Traceback" not in told.stdout + told.stderr


def test_a_demonstration_leaves_foreign_files_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.xlsx").write_text("x", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "不会覆盖" in run_command("demo", "--out", "mine", folder=tmp_path).stdout
    assert "不是文件夹" in run_command("demo", "--out", "file", folder=tmp_path).stdout
    assert (tmp_path / "mine" / "report.xlsx").read_text(encoding="utf-8") == "x"


def test_opening_again_says_so_and_changes_nothing(tmp_path: Path) -> None:
    special = ("open", "2026-special-工伤", "--no-run", "--only")
    assert "已开启" in run_command(*special, "work_injury.*", "--dates", "publish=2026-06-30", folder=tmp_path).stdout
    assert "以前已经开启" in run_command(*special, "work_injury.*", folder=tmp_path).stdout
    assert "不能再改" in run_command(*special, "unemployment.*", folder=tmp_path).stdout
    far = Period(shanghai(utc_now()).year + 2, "q1")
    assert "还早" in run_command("open", far.id, "--no-run", folder=tmp_path).stdout
    assert "2026年专项（工伤）" in run_command("status", folder=tmp_path).stdout


def test_the_rules_are_looked_back_on_over_imported_history(tmp_path: Path) -> None:
    published = PROFILES / "kunming-2017" / "figures.csv"
    variables = {"DISCLOSURE_PROFILE": "kunming-2017"}
    nothing = run_command("audit", "--history", folder=tmp_path, **variables)
    assert (nothing.returncode, "还没有往期数据" in nothing.stdout) == (1, True)
    assert run_command("import", str(published), folder=tmp_path, **variables).returncode == 0
    told = run_command("audit", "--history", folder=tmp_path, **variables)
    assert told.returncode == 0, told.stderr
    assert "R54 昆明市生育“享受生育待遇人次”（2017年1-3季度" in told.stdout
    assert "5 个期间、55 个数据" in told.stdout
    assert "报出 2 处" in told.stdout
