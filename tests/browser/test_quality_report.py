"""What finance sees of the quality report in a real browser: whole at every width, by keyboard, filtered, on paper.

It shows the sample figures of 楚雄州 with every seeded error of the demonstration.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import unicodedata
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from data_checks import AuditResult, ReportContext, build_report, render_quality_report
from data_checks.audit import audit_tables
from data_checks.tables import Tables
from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.rendering.read_numbers import pdf_text
from disclosure.simulation.demo_errors import seeded_errors, with_errors
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = pytest.mark.browser

CATALOG = load_catalog("chuxiong")
PERIOD = Period(2025, "annual")


@pytest.fixture(scope="module")
def result() -> AuditResult:
    history = demo_history(CATALOG, PERIOD)
    spoiled = with_errors(CATALOG, demo_figures(CATALOG, PERIOD), history, seeded_errors(CATALOG.folder))
    return audit_tables(Tables.of(CATALOG, PERIOD, spoiled, history))


@pytest.fixture(scope="module")
def address(result: AuditResult, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report as a file, as somebody may receive it by mail."""
    history = demo_history(CATALOG, PERIOD)
    spoiled = with_errors(CATALOG, demo_figures(CATALOG, PERIOD), history, seeded_errors(CATALOG.folder))
    context = ReportContext(spoiled, history, before=result.findings[:5], before_round=1)
    made_at = dt.datetime(2026, 3, 4, 1, tzinfo=dt.UTC)
    report = build_report(CATALOG, PERIOD, result, round_number=2, made_at=made_at, demo=True, context=context)
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(render_quality_report(report), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("width", [360, 1400])
def test_nothing_scrolls_sideways_or_is_cut_off(page: Page, address: str, width: int) -> None:
    page.set_viewport_size(ViewportSize(width=width, height=800))
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut_off = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter(e => {
            if (e.closest('svg, .skip, .unseen')) return false;
            const box = e.getBoundingClientRect();
            return box.width && (box.right > innerWidth + 1 || box.left < -1 || e.scrollWidth > e.clientWidth + 1
                && getComputedStyle(e).overflow === 'hidden');
        }).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert cut_off == []


@pytest.mark.parametrize("width", [360, 1400])
def test_every_number_of_a_row_stands_on_one_line(page: Page, address: str, width: int) -> None:
    page.set_viewport_size(ViewportSize(width=width, height=800))
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    broken = page.evaluate(
        """() => [...document.querySelectorAll('.row dd')].filter(e => {
            const box = e.getBoundingClientRect(), text = document.createRange();
            text.selectNodeContents(e.firstChild);
            const lines = [...text.getClientRects()];
            return lines.length > 1 || lines[0].left < box.left - 0.5;
        }).map(e => e.textContent)"""
    )
    assert broken == []
    assert page.locator(".row dd", has_text="94,155,400.00").count() > 0, "the longest number of the sample is shown"


def test_a_phone_unfolds_the_first_cause_only(page: Page, address: str) -> None:
    page.set_viewport_size(ViewportSize(width=360, height=800))
    page.goto(address)
    assert page.locator(".group").first.locator("details[open]").count() > 0
    assert page.locator("details[open]").count() == page.locator(".group").first.locator("details[open]").count()
    assert page.evaluate("document.documentElement.scrollHeight") < 9_000
    target = page.locator(".main-causes a").nth(1).get_attribute("href")
    finding = page.locator(f"{target} .finding").first.get_attribute("id")
    page.goto(f"{address}#{finding}")
    assert page.locator(f"#{finding}").is_visible()


def test_a_keyboard_reads_it_from_verdict_to_finding(page: Page, address: str) -> None:
    page.goto(address)
    assert page.get_by_role("heading", name="只能退回").is_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="跳到正文")
    assert skip.evaluate("e => e === document.activeElement")
    assert skip.bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.evaluate_handle("document.activeElement")
    assert page.evaluate("e => e.closest('.main-causes') !== null", focused), "the first cause comes first"
    assert page.evaluate("e => getComputedStyle(e).outlineStyle", focused) == "solid"
    page.keyboard.press("Enter")
    summary = page.locator(":target summary").first
    summary.focus()
    item = page.locator(":target details").first
    assert item.evaluate("e => e.open")
    page.keyboard.press("Enter")
    assert not item.evaluate("e => e.open")
    page.keyboard.press("Space")
    assert item.evaluate("e => e.open")


def test_a_centres_count_leads_to_its_finding_even_folded_or_filtered_away(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("radio", name="州医保中心").check()
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = false; })")
    link = page.get_by_role("link", name=re.compile("^州就业中心须说明"))
    target = page.locator(link.get_attribute("href"))  # type: ignore[arg-type]
    assert not target.is_visible()
    link.click()
    target.wait_for(state="visible")
    assert "须说明" in target.inner_text()


@pytest.mark.parametrize("script", [True, False])
def test_filters_by_severity_and_centre_need_no_script(
    browser: Browser, address: str, result: AuditResult, *, script: bool
) -> None:
    with browser.new_context(java_script_enabled=script) as context:
        page = context.new_page()
        page.goto(address)
        # Unfolded by hand where no script may do it; consequences lie folded within their cause.
        folded = page.locator("details:not([open]) > summary:visible")
        while folded.count():
            folded.first.click()
        shown = page.locator(".finding:visible")
        assert shown.count() == len(result.findings)
        page.get_by_role("radio", name="须说明").check()
        assert shown.count() == result.count("warning")
        page.get_by_role("radio", name="州就业中心").check()
        of_both = [f for f in result.findings if (f.severity, f.centre) == ("warning", "employment_centre")]
        assert shown.count() == len(of_both) > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(
    page: Page, address: str, faint_texts: Callable[[Page], list[object]], scheme: str
) -> None:
    """WCAG 2.2 AA: 4.5:1."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(address)
    assert faint_texts(page) == []


def test_paper_has_every_finding_whatever_is_folded_or_filtered(
    browser_context: BrowserContext, address: str, result: AuditResult
) -> None:
    page = browser_context.new_page()
    page.set_viewport_size(ViewportSize(width=688, height=1000))  # A4 less its margins, at 96 dots per inch
    page.goto(address)
    page.get_by_role("radio", name="须说明").check()
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = false; })")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 688
    sheets = [as_written(sheet) for sheet in pdf_text(page.pdf(prefer_css_page_size=True)).split("\f")]
    printed = "".join(re.sub(r"第\d+页共\d+页", "", sheet) for sheet in sheets)
    assert [f.message for f in result.findings if as_written(f.message) not in printed] == []
    assert [rule.rule for rule in result.rules if as_written(rule.description) not in printed] == []
    assert [f"第{place}页共{len(sheets)}页" in sheet for place, sheet in enumerate(sheets, 1)] == [True] * len(sheets)


def as_written(text: str) -> str:
    """``text`` without spaces, and with characters for the radicals that Chromium's PDF calls some of them by."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text).translate(_RADICALS))


#: Those that Unicode itself does not hold to be the simplified character.
_RADICALS = str.maketrans("戶⺠⻄⻅⻆⻉⻋⻓⻔⻘⻚⻛⻜⻝⻢⻥⻩⻬⻰", "户民西见角贝车长门青页风飞食马鱼黄齐龙")


def test_names_and_landmarks(page: Page, address: str) -> None:
    page.goto(address)
    assert page.get_by_role("main").count() == page.get_by_role("banner").count() == 1
    assert page.get_by_role("navigation", name="本页目录").count() == 1
    assert page.get_by_role("form", name="筛选").count() == 1
    assert page.get_by_role("img", name=re.compile("^参保人数往期走势：.*3.48 人")).count() >= 1
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(e => +e.tagName[1])")
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), "no level is skipped"
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    small = page.evaluate(
        "[...document.querySelectorAll('nav a, .number a, summary, .filter label')]"
        ".filter(e => e.getBoundingClientRect().height < 24).length"
    )
    assert small == 0, "targets of 24 by 24 at least (WCAG 2.5.8)"


def test_axe_finds_nothing_against_wcag(page: Page, address: str) -> None:
    """All but contrast, which is measured above in both schemes, and slow here."""
    page.set_viewport_size(ViewportSize(width=360, height=740))
    page.goto(address)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    options = {
        "runOnly": {"type": "tag", "values": tags},
        "rules": {"color-contrast": {"enabled": False}},
        "resultTypes": ["violations"],
    }
    found = Axe().run(page, options=options).response["violations"]
    assert [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found] == []
