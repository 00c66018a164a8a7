"""Protects the demonstrations: each cycle plays to publication, with its slips found and returned on the way."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from disclosure.catalog.catalog import PROFILES
from tests.support.servers import free_port

pytestmark = [pytest.mark.flows, pytest.mark.full]


def played(folder: Path, *words: str, seconds: float = 560) -> subprocess.CompletedProcess[str]:
    """``disclosure demo`` with these words, as somebody at a terminal runs it."""
    ports = {name: str(free_port()) for name in ("DISCLOSURE_SERVER_PORT", "DISCLOSURE_PREFECT_PORT")}
    return subprocess.run(
        [sys.executable, "-m", "deployments.cli", "demo", "--out", "demo", *words],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        # Two that begin at the same moment would find the same port free.
        env={**os.environ, **ports, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "400"},
        timeout=seconds,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "period"),
    # Every kind of cycle of this region plays in the year below as well, and 高港's wherever tests have an office.
    [
        (("--cycle", "q1"), "2025-q1"),
        (("--profile", "kunming-2017", "--cycle", "q3"), "2017-q3"),
    ],
)
def test_every_cycle_plays_to_its_publication(tmp_path: Path, words: tuple[str, ...], period: str) -> None:
    shown = played(tmp_path, *words)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert (tmp_path / "demo" / "site" / "releases" / period / "index.html").is_file()
    if "--profile" not in words:
        assert "数据审核：演示·规划财务科 退回" in shown.stdout, "the slips were found"
        assert re.search(r"严重问题 0 个", shown.stdout)


def test_a_demonstration_whose_figures_are_wrong_names_finding_and_report(tmp_path: Path) -> None:
    profile = tmp_path / "wrong"
    shutil.copytree(PROFILES / "kunming-2017", profile)
    table = profile / "figures.csv"
    right = table.read_text(encoding="utf-8")
    table.write_text(right.replace("参加工伤保险人数,万人,108.28", "参加工伤保险人数,万人,1082800"), encoding="utf-8")
    assert table.read_text(encoding="utf-8") != right
    shown = played(tmp_path, "--profile", str(profile), "--cycle", "q3")
    said = shown.stdout + shown.stderr
    assert shown.returncode == 1, said
    assert "2017年1-3季度的示例数据本身有严重问题" in said
    assert "1,082,800" in said
    report = re.search(r"数据质量报告：(\S+\.html)", said)
    assert report is not None
    assert (tmp_path / report[1]).is_file()


@pytest.mark.timeout(1800)  # nine minutes on two cores that do nothing else
def test_a_whole_year_plays_with_all_that_befalls_a_release(tmp_path: Path) -> None:
    """Four cycles, a set hour, an emergency, a special disclosure, a correction, withdrawals and a restoration."""
    shown = played(tmp_path, "--year", "2025", seconds=1700)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    site = tmp_path / "demo" / "site"

    def page(release: str) -> str:
        return (site / "releases" / release / "index.html").read_text(encoding="utf-8")

    for told in ("退回", "按局领导定的时刻发布", "局领导先行签发，各环节补审", "已恢复公开"):
        assert told in shown.stdout, told
    for cycle in ("q1", "h1", "q3", "annual"):
        assert "已撤回" not in page(f"2025-{cycle}")
    assert "更正说明" in page("2025-annual")
    assert "月人均基本养老金抄录有误" in page("2025-annual")
    assert "这是第1版，已经更正" in page("2025-annual.v1")
    assert "撤回说明" in page("2025-special-工伤保险专项")
    history = (site / "insurances" / "work_injury.html").read_text(encoding="utf-8")
    assert "2021年度（往期公布）" in history
    schedule = (site / "schedule.html").read_text(encoding="utf-8")
    assert "已撤回" in schedule
    assert "更正后为第2版" in schedule


def test_a_year_without_figures_is_refused(tmp_path: Path) -> None:
    shown = played(tmp_path, "--profile", "gaogang-2016", "--year", "2010")
    assert shown.returncode == 1
    assert "没有 2010 年的示例数据，请改用 --year 2016" in shown.stdout + shown.stderr
