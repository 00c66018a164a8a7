"""Protects 查数: what the reader's browser works out is what the product itself works out; files hold what is shown."""

from __future__ import annotations

import csv
import io
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.comparison import bases_of, compare
from disclosure.figures.figures import Figure
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = [pytest.mark.browser, pytest.mark.full]

CATALOG, YEAR = load_catalog("chuxiong"), Period(2025, "annual")


def expected(figure: Figure, bases: dict[tuple[str, str], Figure], whole: dict[str, Figure]) -> tuple[str, ...]:
    """Difference, percent and share as the page should print them."""
    moved = compare(CATALOG, figure, bases.get((figure.region, figure.indicator)))
    indicator, all_of_it = CATALOG.indicators[figure.indicator], whole[figure.indicator].value
    share = "—"
    if figure.region != CATALOG.prefecture.code and indicator.kind in ("stock", "flow") and all_of_it and figure.value:
        share = f"{(figure.value * 100 / all_of_it).quantize(Decimal('0.1'), ROUND_HALF_UP):,f}"
    if moved is None:
        return ("—", "—", share)
    percent = "—" if moved.percent is None else signed(moved.percent)
    return (signed(moved.difference), percent, share)


def signed(number: Decimal) -> str:
    return f"{'+' if number > 0 else ''}{number + 0:,f}"


def test_changes_and_shares_are_those_of_the_product(watched: Page, address: str) -> None:
    watched.goto(f"{address}/data.html")
    ids = watched.evaluate(
        "() => JSON.parse(document.getElementById('figures').textContent).indicators.map(each => each.id)"
    )
    figures = [f for f in demo_figures(CATALOG, YEAR) if f.indicator in ids and f.value is not None]
    bases = bases_of(CATALOG, YEAR, demo_history(CATALOG, YEAR))
    whole = {f.indicator: f for f in figures if f.region == CATALOG.prefecture.code}
    codes = ",".join(CATALOG.regions)
    watched.goto(f"{address}/data.html?i={','.join(ids)}&r={codes}&p=2025-annual")
    shown = watched.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#table tbody tr')].map(row => {
            const cell = row.querySelector('[data-figure]'), cells = [...row.cells].map(each => each.textContent);
            return [cell.dataset.figure, cells.slice(3)] }))"""
    )
    wanted = {"/".join(f.key): [f.printed, *expected(f, bases, whole)] for f in figures if f.indicator in whole}
    assert len(wanted) > 300
    assert {key: shown.get(key) for key in wanted} == wanted


def test_picked_figures_have_an_address_a_picture_a_sentence_and_files(
    watched: Page, address: str, tmp_path: Path
) -> None:
    watched.goto(f"{address}/data.html")
    watched.get_by_label("找指标").fill("失业 参保")
    watched.get_by_role("checkbox", name="参保人数", exact=True).check()
    watched.get_by_role("button", name="各地区").click()
    watched.get_by_role("button", name="最近一期").click()
    assert watched.url.endswith("?i=unemployment.participants&r=*&p=2025-annual")
    names = watched.locator("#drawn svg text[text-anchor=end]").all_text_contents()
    figures = {f.region: f for f in demo_figures(CATALOG, YEAR) if f.indicator == "unemployment.participants"}
    parts = [figures[region.code] for region in CATALOG.parts_of_prefecture]
    ranked = sorted(parts, key=lambda figure: -(figure.value or 0))
    assert names == [CATALOG.regions[figure.region].name for figure in ranked]
    files = {}
    for ending in ("CSV", "XLSX"):
        with watched.expect_download() as waiting:
            watched.get_by_role("button", name=re.compile(f"^下载 {ending}$")).click()
        files[ending] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(files[ending])
    listed = list(csv.reader(io.StringIO(files["CSV"].read_text(encoding="utf-8-sig"), newline="")))
    assert {row[0]: row[8] for row in listed[1:]} == {"/".join(f.key): str(f.value) for f in parts}
    sheet = openpyxl.load_workbook(files["XLSX"]).active
    assert sheet is not None
    rows = [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert rows == listed
    # A figure alone, at its own address: what it is, where it was published, how it went.
    watched.get_by_role("link", name=figures["532322"].printed, exact=True).click()
    expect(watched.get_by_role("definition").first).to_have_text("532322/unemployment.participants/2025-annual")
    expect(watched.locator("#said")).to_contain_text(f"2025年度，双柏县失业保险参保人数为{figures['532322'].printed}人")
    expect(watched.locator("#drawn svg circle")).to_have_count(5)
    watched.locator("#card").get_by_role("link", name="2025年度").click()
    watched.wait_for_url("**/releases/2025-annual/index.html")
