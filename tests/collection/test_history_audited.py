"""History is audited as it comes in: what is doubtful waits for somebody who vouches for it.

Figures: 昆明市 2016-2017 as published.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from disclosure.calendar.periods import Period
from disclosure.cycle.compilation import history
from disclosure.records.tables import LedgerEntry
from tests.support.import_screen import Screen, import_on_screen

pytestmark = pytest.mark.records

Bureau = Any


@pytest.fixture
def kunming(open_bureau: Callable[..., Bureau]) -> Bureau:
    return open_bureau(profile="kunming-2017", period="2018-annual", enrolled=False)


@pytest.fixture
def screen(kunming: Bureau, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Screen:
    return import_on_screen(kunming.installation, monkeypatch, capsys)


def known(bureau: Bureau) -> dict[tuple[str, str, str], str]:
    with bureau.installation.records.read() as session:
        return {f.key: f.printed for f in history(session, bureau.catalog, Period(2018, "annual"))}


def test_a_unit_slip_in_the_past_waits_until_somebody_vouches_for_it(
    screen: Screen, kunming: Bureau, tmp_path: Path
) -> None:
    published = (kunming.catalog.folder / "figures.csv").read_text(encoding="utf-8")
    lines = published.splitlines()
    place = next(n for n, line in enumerate(lines) if "107.85" in line)
    lines[place] = lines[place].replace("107.85", "1078500")
    file = tmp_path / "昆明.csv"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")

    shown, code = screen(file)
    assert code == 1
    assert f"第 {place + 1} 行" in shown
    assert "1 个存疑的数据没有导入" in shown
    assert "--vouch" in shown
    right = len(known(kunming))
    assert right == len(lines) - 2

    shown, code = screen(file, vouch="核对原件，确为此数")
    assert code == 0
    assert "已按所写依据导入" in shown
    assert len(known(kunming)) == right + 1
    with kunming.installation.records.read() as session:
        entries = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "figure.vouched")).all()
        assert [json.loads(entry.details)["reason"] for entry in entries] == ["核对原件，确为此数"]


def test_right_figures_come_in_without_a_question(screen: Screen, kunming: Bureau, tmp_path: Path) -> None:
    file = tmp_path / "昆明.csv"
    file.write_bytes((kunming.catalog.folder / "figures.csv").read_bytes())
    shown, code = screen(file)
    assert code == 0
    assert "存疑" not in shown
    assert "已导入 55 个数据" in shown
