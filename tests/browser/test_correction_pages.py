"""Protects what the public sees of a correction and a withdrawal: note, banner and explanation, sound and uncut.

高港区 2016 with one figure of its first version mistyped; the first version with its banner; the same withdrawn.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, ViewportSize

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.figures import Figure
from disclosure.rendering import Corrected, DisclosureDocument, DocumentContents, build_document
from disclosure.rendering.charts import chart_svg
from disclosure.rendering.page import render_page
from disclosure.rendering.site.superseded import (
    Superseded,
    WithdrawalNotice,
    with_banner,
    withdrawal_sentence,
    withdrawn_page,
)
from disclosure.simulation.demo_figures import demo_figures
from tests.support.validator import errors_in

pytestmark = [pytest.mark.browser, pytest.mark.full]

CATALOG = load_catalog("gaogang-2016")
PERIOD = Period(2016, "annual")
REASON = "企业养老参保人数漏计灵活就业人员，现予补正"
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
FILES = dict.fromkeys(
    ("disclosure.pdf", "print/large.pdf", "print/poster.pdf", "data/tables.xlsx", "figures.csv", "document.json"), b"0"
)


def page_of(document: DisclosureDocument) -> bytes:
    charts = {block.chart.id: chart_svg(block.chart) for block in document.blocks if block.chart}
    return render_page(document, charts, FILES, CATALOG.outlets.site)


def mistyped() -> list[Figure]:
    return [
        replace(figure, value=figure.value - 700)
        if figure.value is not None and figure.indicator.endswith("n.participants")
        else figure
        for figure in demo_figures(CATALOG, PERIOD)
    ]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The corrected page, the old one under its banner, the explanation, by name."""
    day = dt.date(2017, 4, 20)
    old = build_document(CATALOG, DocumentContents(PERIOD, mistyped(), compiled_on=day, demo=False))
    new = build_document(
        CATALOG,
        DocumentContents(
            PERIOD,
            demo_figures(CATALOG, PERIOD),
            compiled_on=day,
            demo=False,
            corrected=Corrected(2, REASON, day, 1, dt.date(2017, 3, 15), mistyped()),
        ),
    )
    at = dt.datetime(2017, 5, 2, 1, tzinfo=dt.UTC)
    told = withdrawal_sentence(CATALOG, "by_order", REASON, at)
    notice = WithdrawalNotice(new.title, new.period_label, "by_order", REASON, at, "局领导", "", False, told)
    banner = Superseded(1, 2, "../2016-annual/index.html", "signed.html")
    folder = tmp_path_factory.mktemp("pages")
    made = {
        "note": page_of(new),
        "banner": with_banner(page_of(old), banner),
        "withdrawn": withdrawn_page(CATALOG, notice),
    }
    found = {}
    for name, content in made.items():
        found[name] = folder / f"{name}.html"
        found[name].write_bytes(content)
    return found


def test_each_says_what_it_must_and_is_cut_off_nowhere(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    context = browser.new_context(bypass_csp=True, locale="zh-CN")
    context.add_init_script(path=AXE)
    page = context.new_page()
    words = {
        "note": ("更正说明", "本版为第2版，2017年4月20日更正，代替2017年3月15日发布的第1版", REASON, "更正前后对照"),
        "banner": ("这是第1版，已经更正", "签发时的原页"),
        "withdrawn": ("已撤回", "因依上级机关要求", REASON),
    }
    for name, path in pages.items():
        page.goto(path.as_uri())
        for told in words[name][:1]:
            assert page.get_by_text(told).first.is_visible()
        for width in (360, 1400):
            page.set_viewport_size(ViewportSize(width=width, height=800))
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.screenshot(path=tmp_path / f"{name}-{width}.png")
        result: Any = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in result["violations"]] == [], name
        shown = page.inner_text("body")
        assert [told for told in words[name] if told not in shown and name != "withdrawn"] == []
    context.close()


def test_the_validator_finds_no_error(pages: dict[str, Path]) -> None:
    assert errors_in(pages.values()) == []
