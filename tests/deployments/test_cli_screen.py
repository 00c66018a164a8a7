"""Protects what a screen 80 columns wide shows: sentences hang beside their mark, and what takes long says how long."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from deployments.cli import screen

pytestmark = pytest.mark.unit

LONG = "州就业中心的报表没有收下：工作表“失业”单元格 H6（参保人数）：实际为“3.48”，应为整数。"


def shown_on(monkeypatch: pytest.MonkeyPatch, *, is_screen: bool) -> io.StringIO:
    """What is printed from now on, to a screen or to a program."""
    written = io.StringIO()
    made = Console(file=written, force_terminal=is_screen, width=80, highlight=False, markup=False, color_system=None)
    monkeypatch.setattr(screen, "console", made)
    return written


def test_a_sentence_hangs_beside_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    written = shown_on(monkeypatch, is_screen=True)
    screen.done(LONG)
    first, *others = written.getvalue().rstrip().splitlines()
    assert first.startswith("✓ 州就业中心")
    assert others
    assert all(line.startswith("  ") and line[2] != " " for line in others)
    assert all(cell_len(line.rstrip()) <= 80 for line in (first, *others))
    written.truncate(0)
    screen.print_pairs({"周期": "2025年度、" * 20})
    assert all(line.startswith(" " * 7) for line in written.getvalue().rstrip().splitlines()[1:])


@pytest.mark.parametrize(
    "whole", ["http://127.0.0.1:4200/prefect/runs/flow-run/" + "0" * 60, "/srv/disclosure/" + "报" * 60]
)
def test_what_is_copied_is_not_cut(monkeypatch: pytest.MonkeyPatch, whole: str) -> None:
    written = shown_on(monkeypatch, is_screen=True)
    screen.print_pairs({"本次运行": whole})
    assert written.getvalue() == f"  本次运行  {whole}\n"


def test_a_program_reads_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    written = shown_on(monkeypatch, is_screen=False)
    screen.say("!", "yellow", LONG)
    with screen.progress() as tell:
        tell(LONG)
    assert written.getvalue() == f"! {LONG}\n· {LONG}\n"


def test_what_takes_long_says_what_and_for_how_many_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    written = shown_on(monkeypatch, is_screen=True)
    with screen.working("正在备份…") as show:
        show("正在加密…")
    assert re.search(r"正在加密… +0 秒", written.getvalue())
    # Nothing of it stays.
    assert written.getvalue().endswith("\x1b[2K") or "\x1b[1A" in written.getvalue()
