"""The board in a real browser: nothing for axe-core to find on a phone and on a desk, and A4 landscape on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from disclosure.calendar.periods import Period
from disclosure.monitoring.board.page import render_board
from disclosure.rendering.read_numbers import pdf_text
from tests.support.overviews import overview

pytestmark = [pytest.mark.browser, pytest.mark.full]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    seen = overview()
    # The longest special name there may be must not push anything aside.
    name = "工伤保险基金专项检查" * 4
    view = replace(seen.cycles[1].view, period=Period(2026, "special", name))
    long = replace(seen.cycles[1], view=view)
    path = tmp_path_factory.mktemp("board") / "index.html"
    path.write_bytes(render_board(replace(seen, cycles=(*seen.cycles, long)), server_url="http://127.0.0.1:1"))
    return path.as_uri()


@pytest.mark.parametrize("width", [360, 1400])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, address: str, width: int) -> None:
    page.set_viewport_size(ViewportSize(width=width, height=900))
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found = Axe().run(page, options=OPTIONS).response["violations"]
        shown = [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found]
        assert (scheme, shown) == (scheme, [])


def test_all_words_stand_out_and_those_of_the_timeline_stay_inside(
    page: Page, address: str, faint_texts: Callable[[Page], list[object]]
) -> None:
    """axe does not measure text in pictures."""
    for width in (360, 1400):
        page.set_viewport_size(ViewportSize(width=width, height=900))
        page.goto(address)
        assert faint_texts(page) == []
        beside = page.evaluate(
            """() => [...document.querySelectorAll('svg')].filter(s => s.checkVisibility()).flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter(t => { const b = t.getBoundingClientRect();
                return b.left < frame.left || b.right > frame.right }).map(t => t.textContent) })"""
        )
        assert beside == []
        assert page.locator("svg:visible").count() == 1


def test_it_prints_on_landscape_sheets_for_the_wall(page: Page, address: str) -> None:
    page.goto(address)
    sheets = page.pdf(prefer_css_page_size=True)
    with pypdfium2.PdfDocument(sheets) as pdf:
        assert {tuple(map(round, sheet.get_size())) for sheet in pdf} == {(842, 595)}
        assert len(pdf) <= 3  # two in a usual year; here is a special cycle more
    printed = re.sub(r"\s", "", pdf_text(sheets))
    for words in ("州医保中心李医保4月20日起已逾期2个工作日", "2026年1-3季度未开启", "今天4月22日", "未来60天的期限"):
        assert words in printed
    # On paper nobody can press anything.
    assert "打开表单" not in printed
    assert "看报告" not in printed
