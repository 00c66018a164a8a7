"""Protects ``disclosure check``: a centre sees offline what would be refused and what the audit would ask."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.collection import WorkbookContents, write_workbook
from disclosure.figures.figures import Figure
from disclosure.simulation.demo_figures import demo_figures, demo_history
from tests.support.command import run_command

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
PERIOD, CENTRE = Period(2025, "annual"), "employment_centre"
HISTORY = demo_history(CATALOG, PERIOD)
FIGURES = [f for f in demo_figures(CATALOG, PERIOD) if CATALOG.indicators[f.indicator].centre == CENTRE]


def filled(path: Path, **changed: str) -> Path:
    """The centre's workbook; ``changed`` replaces a figure of the whole prefecture."""

    def value(figure: Figure) -> Figure:
        name = figure.indicator.removeprefix("unemployment.")
        whole = figure.region == CATALOG.prefecture.code
        return replace(figure, value=Decimal(changed[name])) if whole and name in changed else figure

    return write_workbook(
        path,
        CATALOG,
        WorkbookContents(
            PERIOD,
            CENTRE,
            earlier=HISTORY,
            filled=[value(figure) for figure in FIGURES],
            cover=("吴填报", "冯复核", "2026-02-20"),
        ),
    )


def check(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    # Neither a database nor a server: asking for one would fail.
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    return run_command("check", *arguments, folder=home, width=200, DISCLOSURE_DATABASE_URL=nowhere)


def test_wrong_cells_and_unreadable_files_are_told_each_in_its_line(tmp_path: Path) -> None:
    path = filled(tmp_path / "报表.xlsx")
    book = openpyxl.load_workbook(path)
    book["失业"]["H6"] = "12万"
    # What the audit finds elsewhere is told in the same pass; not of the cell that cannot be read.
    book["失业"]["I6"] = None
    book.save(path)
    (tmp_path / "空.xlsx").write_bytes(b"")
    big = tmp_path / "大.xlsx"
    with big.open("wb") as stream:
        stream.truncate(30 << 20)
    told = check(tmp_path, path, "空.xlsx", "大.xlsx", "无.xlsx", tmp_path, "--out", "答复")
    assert told.returncode == 1
    assert "Traceback" not in told.stdout + told.stderr
    assert "报表.xlsx：有 2 处须改正" in told.stdout
    assert "工作表“失业”单元格 I6（参保人数）：实际为未填" in told.stdout
    assert told.stdout.count("单元格 H6（参保人数）：") == 1
    assert "工作表“失业”单元格 H6（参保人数）：实际为文字“12万”" in told.stdout
    assert "文件：实际为空文件" in told.stdout
    assert "文件：实际为30 MB 的文件" in told.stdout
    assert "没有这个文件" in told.stdout
    assert "这是一个文件夹" in told.stdout
    assert {p.name for p in (tmp_path / "答复").iterdir()} == {"报表-请修改.xlsx", "报表-请修改.txt", "空-请修改.txt"}
    assert openpyxl.load_workbook(tmp_path / "答复" / "报表-请修改.xlsx")["失业"]["H6"].comment is not None
    assert not (tmp_path / "var").exists()


def test_what_the_audit_would_find_is_told_by_cell_and_a_good_workbook_passes(tmp_path: Path) -> None:
    good = filled(tmp_path / "好.xlsx")
    wrong = filled(tmp_path / "错.xlsx", current_surplus="-9999.99")
    told = check(tmp_path, good, wrong, "--out", "答复")
    assert told.returncode == 1, told.stdout + told.stderr
    assert f"好.xlsx：检查通过，共 {len(FIGURES)} 个数据，可以报送" in told.stdout
    lines = told.stdout.splitlines()
    after = lines[next(n for n, line in enumerate(lines) if "错.xlsx：" in line) :]
    assert any("工作表“失业”单元格 F" in line and "-9,999.99" in line for line in after)
    assert (tmp_path / "答复" / "错-请修改.xlsx").is_file()
    assert not (tmp_path / "var").exists()
