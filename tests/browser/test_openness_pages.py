"""The openness catalogue in a real browser: filtered by keyboard, readable without scripts, landscape on paper.

The pages are 楚雄's drafts with the sample figures of a year and a history on item 35.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pypdfium2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.openness.clock import ElementVersion
from disclosure.openness.pages.pages import drafts_of, render_openness, statistics_of
from disclosure.openness.pages.state import ElementHistory
from disclosure.rendering.read_numbers import pdf_text
from disclosure.simulation.demo_figures import demo_figures

pytestmark = [pytest.mark.browser, pytest.mark.full]

CATALOG = load_catalog("chuxiong")
ITEMS = CATALOG.openness_items
HISTORY = {("35", "guide"): ElementHistory((ElementVersion(1, dt.date(2025, 7, 1), dt.date(2025, 8, 5), "首次公开"),))}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder's address."""
    folder = tmp_path_factory.mktemp("site")
    state = replace(
        drafts_of(CATALOG),
        statistics=statistics_of(CATALOG, demo_figures(CATALOG, Period(2025, "annual"))),
        demo=True,
        histories=HISTORY,
        as_of=dt.date(2026, 4, 2),
    )
    for name, content in render_openness(CATALOG, state).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return (folder / "openness").as_uri()


@pytest.fixture
def shown(page: Page, site: str) -> Page:
    """The catalogue; the test fails for anything on the console, such as a refused script."""
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.goto(f"{site}/table.html")
    assert not faults
    return page


def numbers(page: Page) -> list[str]:
    return [row.get_attribute("data-item") or "" for row in page.locator("tr[data-item]:visible").all()]


def visible_cells(page: Page) -> list[list[str]]:
    """The text of every cell of the shown rows, merged cells spread over their rows, by where they stand on screen."""
    found: list[list[str]] = page.evaluate(
        """() => {
        const rows = [...document.querySelectorAll('tr[data-item]')].filter(r => r.offsetParent);
        const cells = rows.flatMap(r => [...r.cells]);
        const heads = [...document.querySelectorAll('thead tr:last-child th, thead th[rowspan]')]
            .map(h => h.getBoundingClientRect()).sort((a, b) => a.left - b.left);
        return rows.map(row => { const box = row.getBoundingClientRect(), y = (box.top + box.bottom) / 2;
            return heads.map(head => { const x = (head.left + head.right) / 2;
                const here = cells.filter(c => { const b = c.getBoundingClientRect();
                    return b.left < x && x < b.right && b.top < y && y < b.bottom });
                return here.map(c => c.textContent.trim()).join('|') }) }) }"""
    )
    return found


def test_the_table_is_filtered_by_matter_office_audience_and_level(shown: Page) -> None:
    assert len(numbers(shown)) == 50
    shown.get_by_label("负责科室").select_option(label="州机关事业单位养老保险管理中心")
    owned = [number for number, item in ITEMS.items() if item.owner == "institution_pension_centre"]
    assert numbers(shown) == owned
    expect(shown.get_by_role("status")).to_have_text(f"显示{len(owned)}项，共50项。")
    shown.get_by_role("combobox", name="一级事项").select_option(label="养老保险待遇核定支付")
    assert numbers(shown) == [number for number in owned if ITEMS[number].matter == "pension"]
    shown.get_by_label("公开对象").select_option(label="特定群众")
    assert numbers(shown) == []
    expect(shown.get_by_role("status")).to_have_text("没有符合条件的事项，请放宽条件。")
    shown.get_by_role("button", name="清除条件").click()
    expect(shown.get_by_role("status")).to_have_text("显示50项，共50项。")
    shown.get_by_label("公开层级").select_option(label="乡、村级")
    assert len(numbers(shown)) == 50


@pytest.mark.parametrize("office", ["institution_pension_centre", "employment_centre", ""])
def test_merged_cells_still_say_the_right_thing_of_every_row_that_is_left(shown: Page, office: str) -> None:
    select = shown.get_by_label("负责科室")
    select.select_option("social_insurance_centre")
    select.select_option(office)
    cells = visible_cells(shown)
    items = [item for item in ITEMS.values() if office in {"", item.owner}]
    assert len(cells) == len(items)
    for row, item in zip(cells, items, strict=True):
        assert len(row) == 14
        assert (row[0], row[1]) == (str(int(item.number)), CATALOG.openness_matters[item.matter].name)
        assert row[2] == item.name
        assert row[4] == "、".join(f"《{law}》" for law in item.basis)
        assert row[5:8] == [item.time_limit, item.body, "".join(item.channels)]


def test_keyboard_alone_filters_opens_an_item_and_finds_the_filter_again(shown: Page) -> None:
    shown.get_by_role("combobox", name="一级事项").focus()
    for _ in range(list(CATALOG.openness_matters).index("work_injury") + 1):
        shown.keyboard.press("ArrowDown")
    assert numbers(shown) == [number for number, item in ITEMS.items() if item.matter == "work_injury"]
    shown.locator("tr[data-item='35'] th a").focus()
    shown.keyboard.press("Enter")
    expect(shown.get_by_role("heading", level=1)).to_have_text(ITEMS["35"].name)
    shown.go_back()
    expect(shown.get_by_role("status")).to_have_text("显示7项，共50项。")


def test_without_scripts_the_whole_table_is_there_and_no_filter_pretends(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{site}/table.html")
    assert plain.locator("tr[data-item]:visible").count() == 50
    assert not plain.locator("form.filter").is_visible()
    context.close()


def test_a_screen_reader_hears_heads_captions_and_ticks(shown: Page) -> None:
    table = shown.get_by_role("table", name="社会保险领域基层政务公开标准目录")
    assert table.get_by_role("columnheader").count() == 18
    row = table.get_by_role("row", name="企业社会保险登记").first
    assert row.get_by_role("rowheader").count() == 2
    assert row.get_by_role("img", name="是").count() == 4
    assert row.get_by_text("否", exact=True).count() == 2


FAINT = """() => {
    const read = c => c.match(/[\\d.]+/g).map(Number);
    const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
        return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }); return .2126*r + .7152*g + .0722*b };
    const ground = e => { for (; e; e = e.parentElement) {
        const style = getComputedStyle(e), colour = read(style.backgroundColor);
        if (style.backgroundImage !== 'none') return read(style.backgroundImage.match(/rgb\\([^)]*\\)/)[0]);
        if (colour.length < 4 || colour[3] > 0) return colour; } return [255, 255, 255] };
    return [...document.querySelectorAll('main *')].filter(e =>
        [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).filter(e => {
        const [a, b] = [light(read(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
        return (a + .05) / (b + .05) < 4.5 }).map(e => e.textContent.slice(0, 20)) }"""


@pytest.mark.parametrize("name", ["index", "table", "35", "18", "01"])
def test_no_page_scrolls_sideways_and_all_words_stand_out(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}/{name}.html")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert (scheme, page.evaluate(FAINT)) == (scheme, [])
        for width in (360, 768, 1400):
            page.set_viewport_size(ViewportSize(width=width, height=800))
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_table_prints_on_landscape_sheets_with_every_item_and_an_item_upright(
    browser_context: BrowserContext, site: str
) -> None:
    page = browser_context.new_page()
    page.goto(f"{site}/table.html")
    catalog = page.pdf(prefer_css_page_size=True)
    assert sizes(catalog) == {(842, 595)}
    sheets = pdf_text(catalog).split("\f")
    assert 3 <= len(sheets) <= 7
    assert all("公开渠道和载体" in sheet for sheet in sheets)
    printed = "".join("".join(sheets).split())
    assert [item.name for item in ITEMS.values() if item.name not in printed] == []
    assert printed.count("√") == 200
    assert "清除条件" not in printed
    page.goto(f"{site}/35.html")
    item = page.pdf(prefer_css_page_size=True)
    assert sizes(item) == {(595, 842)}
    # What is folded on screen is whole on paper.
    assert "逾期公开" in pdf_text(item)
    assert "公开渠道和载体" in pdf_text(item)


def sizes(content: bytes) -> set[tuple[int, ...]]:
    with pypdfium2.PdfDocument(content) as pdf:
        return {tuple(map(round, sheet.get_size())) for sheet in pdf}
