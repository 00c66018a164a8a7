"""Every page of the public site is valid HTML and sound for a screen reader; its search works with and without scripts.

The pages are the demonstration's: home, search, the release, every insurance's history, every county, the openness
catalogue. axe-core and the W3C validator come with Python packages, Java included; neither asks the network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.validator import errors_in

pytestmark = [pytest.mark.browser, pytest.mark.full]

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
#: One of each kind: measured for contrast as well, which takes axe most of its time and depends on the style sheet.
KINDS = {
    *(
        "index.html",
        "search.html",
        "verify.html",
        "schedule.html",
        "glossary.html",
        "data.html",
        "open-data.html",
        "accessibility.html",
        "releases/2025-annual/index.html",
        "openness/35.html",
    ),
    *("insurances/work_injury.html", "counties/532301.html"),
}


def test_axe_finds_nothing_on_any_page(browser: Browser, public_site: Path) -> None:
    context = browser.new_context(bypass_csp=True, viewport={"width": 1280, "height": 900})
    context.add_init_script(path=AXE)
    page = context.new_page()
    pages = sorted(path.relative_to(public_site).as_posix() for path in public_site.rglob("*.html"))
    found: dict[str, list[tuple[str, str]]] = {}
    assert set(pages) >= KINDS
    for name in pages:
        page.goto((public_site / name).as_uri())
        rules = {} if name in KINDS else {"color-contrast": {"enabled": False}}
        result: Any = page.evaluate("rules => axe.run(document, {resultTypes: ['violations'], rules})", rules)
        assert result["passes"]
        if result["violations"]:
            found[name] = [(each["id"], each["nodes"][0]["html"][:200]) for each in result["violations"]]
    context.close()
    assert found == {}


def test_validator_finds_no_error_in_any_page(public_site: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text('<!DOCTYPE html><html lang="zh-CN"><title>坏</title><p role="none-such">坏', encoding="utf-8")
    # It does not follow the link that a published site's root is.
    checked = [broken, *(path for path in public_site.resolve().rglob("*.html"))]
    messages = errors_in(checked)
    assert [each["message"] for each in messages if each["url"].endswith("broken.html")], "the validator said nothing"
    assert [each for each in messages if not each["url"].endswith("broken.html")] == []


def test_search_from_home_finds_figures_places_and_services(watched: Page, address: str) -> None:
    watched.goto(address)
    watched.get_by_role("searchbox", name="检索披露内容").fill("失业 基金收入")
    watched.keyboard.press("Enter")
    watched.wait_for_url("**/search.html?q=*")
    results = watched.locator("#results li")
    expect(results.first).to_contain_text("失业保险基金收入2025年度 9,415.54万元")
    expect(watched.get_by_role("status")).to_have_text("找到2条。")
    expect(watched.locator("#everything")).to_be_hidden()
    field = watched.get_by_role("searchbox")
    for asked, first in (
        ("楚雄市", "楚雄市社会保险数据"),
        ("工伤参保人数", "工伤保险参保人数"),  # Not one word of any title.
        ("社会保障卡补领", "社会保障卡补换"),
        ("2025年度披露", "2025年度楚雄州社会保险信息披露"),
    ):
        field.fill(asked)
        expect(results.first.get_by_role("link")).to_have_text(first)
    field.fill("没有这样的内容")
    expect(watched.get_by_role("status")).to_contain_text("没有找到")
    field.fill("")
    expect(watched.locator("#everything")).to_be_visible()
    field.fill("<b>x")
    field.fill("企业职工基本养老保险历年数据")
    results.first.get_by_role("link").click()
    expect(watched.get_by_role("heading", level=1)).to_contain_text("企业职工基本养老保险历年数据")


def test_everything_is_reached_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="检索").click()
    assert page.url.startswith(f"{address}/search.html")
    page.get_by_role("link", name="2025年度楚雄州社会保险信息披露").click()
    expect(page.get_by_role("img", name="工伤保险分地区参保人数")).to_be_visible()
    page.get_by_role("link", name="工伤保险历年数据").click()
    expect(page.get_by_role("img", name="工伤保险参保人数")).to_be_visible()
    expect(page.get_by_role("table", name="工伤保险参保人数").get_by_role("rowheader")).to_have_text(
        [f"{year}年度" for year in range(2025, 2020, -1)]
    )
    menu = page.get_by_role("navigation", name="网站导航")
    menu.get_by_role("link", name="发布日程").click()
    expect(page.get_by_text("最迟2026年5月15日（星期五）发布")).to_be_visible()
    menu.get_by_role("link", name="指标解释").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("指标解释")
    menu.get_by_role("link", name="分县市").click()
    page.get_by_role("link", name="禄丰市").click()
    annual = page.get_by_role("region", name="各期数据").get_by_role("table").first
    expect(annual.get_by_role("rowheader", name="城乡居民基本养老保险")).to_be_visible()
    context.close()


def test_link_to_an_indicator_opens_its_explanation(watched: Page, address: str) -> None:
    watched.goto(f"{address}/glossary.html#work_injury.current_surplus")
    row = watched.locator("[id='work_injury.current_surplus']")
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("等于基金收入减基金支出，可以为负数。")


def test_chart_is_re_coloured_in_the_dark(watched: Page, address: str) -> None:
    watched.goto(f"{address}/insurances/work_injury.html")
    bar = watched.locator("svg [fill='#1f5f9f']").first
    light = bar.evaluate("e => getComputedStyle(e).fill")
    watched.emulate_media(color_scheme="dark")
    assert bar.evaluate("e => getComputedStyle(e).fill") != light
