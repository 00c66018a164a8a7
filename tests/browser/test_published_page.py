"""What the public sees in a real browser: nothing cut off, nothing asked for outside, usable by keyboard and on paper.

The pages show the sample figures of 楚雄州 (eight insurances, ten counties): the widest tables there are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.rendering.read_numbers import pdf_text
from disclosure.simulation.demo_figures import demo_figures
from tests.support.rendered import rendered

pytestmark = pytest.mark.browser

CATALOG = load_catalog("chuxiong")
PERIOD = Period(2025, "annual")
FIGURES = demo_figures(CATALOG, PERIOD)
RELEASE = "/releases/2025-annual/index.html"
PAGES = [
    *("/", RELEASE, "/search.html", "/schedule.html", "/glossary.html"),
    *("/insurances/work_injury.html", "/counties/532301.html"),
]
#: What a reader is asked to scroll through on a desk before anything is opened.
LONGEST = 5000
OPEN_ALL = "() => document.querySelectorAll('details').forEach(each => { each.open = true })"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways(watched: Page, address: str, path: str) -> None:
    watched.goto(address + path)
    watched.evaluate(OPEN_ALL)
    for width in (360, 768, 1400):
        watched.set_viewport_size(ViewportSize(width=width, height=800))
        assert watched.evaluate("document.documentElement.scrollWidth") <= width
        cut_off = watched.evaluate(
            """() => [...document.querySelectorAll('body *')].filter(e => {
                if (e.closest('.scroll, svg, .skip, caption')) return false;
                const box = e.getBoundingClientRect();
                return box.width && (box.right > innerWidth + 1 || box.left < -1);
            }).map(e => e.outerHTML.slice(0, 80))"""
        )
        assert cut_off == []


def test_reader_goes_from_home_to_the_figures(watched: Page, address: str) -> None:
    watched.goto(address)
    watched.get_by_role("link", name="2025年度楚雄州社会保险信息披露").click()
    # The page is long: the link is followed before all of it is there.
    watched.wait_for_url(address + RELEASE)
    assert watched.get_by_role("heading", level=1).inner_text().startswith("2025年度楚雄州社会保险信息披露")
    watched.evaluate(OPEN_ALL)
    shown = watched.evaluate(
        "() => Object.fromEntries("
        "[...document.querySelectorAll('td[data-figure]')].map(cell => [cell.dataset.figure, cell.innerText]))"
    )
    assert {key: text for key, text in shown.items() if key.endswith(PERIOD.id)} == {
        "/".join(figure.key): figure.printed for figure in FIGURES
    }
    assert watched.get_by_role("note").inner_text().startswith("演示：")
    watched.get_by_role("link", name="楚雄州社会保险信息披露").click()
    watched.wait_for_url(f"{address}/index.html")


def test_downloads_are_there(watched: Page, address: str) -> None:
    watched.goto(address + RELEASE)
    for name, file in (
        ("印刷版", "disclosure.pdf"),
        ("大字版", "large.pdf"),
        ("各表", "tables.xlsx"),
        ("数据表", "figures.csv"),
        ("结构化数据", "document.json"),
    ):
        with watched.expect_download() as download:
            watched.get_by_role("link", name=name).click()
        assert download.value.suggested_filename == file


def test_keyboard_reaches_the_text_and_the_wide_tables(watched: Page, address: str) -> None:
    watched.set_viewport_size(ViewportSize(width=360, height=740))
    watched.goto(address + RELEASE)
    watched.keyboard.press("Tab")
    skip = watched.get_by_role("link", name="跳到正文")
    assert skip.evaluate("e => e === document.activeElement")
    assert skip.bounding_box()["x"] >= 0  # type: ignore[index]
    section = watched.locator("section[aria-labelledby=employee_pension]")
    section.locator("summary").first.focus()
    watched.keyboard.press("Enter")
    table = watched.get_by_role("region", name="企业职工基本养老保险主要指标（2025年度）")
    table.focus()
    watched.keyboard.press("ArrowRight")
    watched.wait_for_function(
        "() => document.activeElement.classList.contains('scroll') && document.activeElement.scrollLeft > 0"
    )


def test_charts_tables_and_landmarks_have_names(watched: Page, address: str) -> None:
    watched.goto(address + RELEASE)
    watched.evaluate(OPEN_ALL)
    assert watched.get_by_role("img", name="企业职工基本养老保险基金收支与结余（2025年度）").count() == 1
    assert watched.get_by_role("table", name="工伤保险分地区情况（2025年度）").count() == 1
    assert watched.get_by_role("rowheader", name="楚雄市").count() > 5
    assert [watched.get_by_role(role).count() for role in ("main", "banner", "contentinfo")] == [1, 1, 1]
    assert watched.get_by_role("navigation", name="本页目录").count() == 1


@pytest.mark.parametrize("path", PAGES)
def test_text_stands_out_from_its_ground(
    watched: Page, address: str, faint_texts: Callable[[Page], list[object]], path: str
) -> None:
    """WCAG 2.2 AA: 4.5:1, measured where a text stands on a plain ground."""
    watched.goto(address + path)
    watched.evaluate(OPEN_ALL)
    assert faint_texts(watched) == []
    watched.emulate_media(color_scheme="dark")
    assert faint_texts(watched) == []


def test_release_is_short_on_a_desk_and_opens_without_scripts(browser: Browser, address: str) -> None:
    """A picture for each insurance and its tables folded behind it; no script is needed to open one."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(address + RELEASE)
    # The whole page is as high as its picture.
    assert page.locator("html").bounding_box()["height"] < LONGEST  # type: ignore[index]
    table = page.get_by_role("table", name="工伤保险分地区情况（2025年度）")
    assert table.count() == 0
    section = page.locator("section[aria-labelledby=work_injury]")
    section.get_by_text("分地区情况", exact=True).click()
    assert table.count() == 1
    with page.expect_download() as download:
        section.get_by_role("link", name="下载本表：工伤保险分地区情况").click()
    assert download.value.suggested_filename == "work_injury-regions.csv"
    context.close()


def test_page_prints_whole_without_the_furniture(browser_context: BrowserContext, address: str) -> None:
    page = browser_context.new_page()
    page.set_viewport_size(ViewportSize(width=672, height=986))  # A4 less its margins, at 96 dots per inch
    page.goto(address + RELEASE)
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name="本页目录").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 672
    printed = pdf_text(page.pdf(prefer_css_page_size=True))
    missing = [figure.key for figure in FIGURES if figure.value is not None and figure.printed not in printed]
    assert missing == []


def test_article_is_read_on_a_phone(page: Page, tmp_path: Path) -> None:
    for name, content in rendered().packages["wechat"].items():
        (tmp_path / name).write_bytes(content)
    page.set_viewport_size(ViewportSize(width=375, height=740))
    page.goto((tmp_path / "preview.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    torn = page.evaluate(
        """() => [...document.querySelectorAll('td[align=right]')].filter(e => e.getClientRects().length
            && e.getBoundingClientRect().height > 2.5 * parseFloat(getComputedStyle(e).lineHeight)).length"""
    )
    assert torn == 0
    assert page.evaluate("[...document.images].map(e => e.naturalWidth + 'x' + e.naturalHeight)") == [
        "900x383",
        "500x500",
    ]
