"""Protects four errands of citizens, on a phone and on a desk: each done in one search, and in at most three clicks.

The test counts what it presses. What a reader must see comes from the figures, calendar and drafts that made the site;
a figure is seen when it stands within the window.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.cycle.deadlines import plan
from disclosure.openness.guides import load_guides
from disclosure.rendering.templates import chinese_date
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = [pytest.mark.browser, pytest.mark.full]

CATALOG, YEAR = load_catalog("chuxiong"), Period(2025, "annual")
FIGURES = {"/".join(each.key): each for each in (*demo_history(CATALOG, YEAR), *demo_figures(CATALOG, YEAR))}
#: The release came out in the year after its own.
TWO_YEARS_AGO = YEAR.year - 1
MOST_CLICKS = 3


class Reader:
    """Somebody at the home page with a finger: counts presses and searches."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.clicks, self.searches = page, 0, 0
        page.goto(address)

    def press(self, name: str, within: Locator | None = None) -> None:
        self.clicks += 1
        (within or self.page.locator("main")).get_by_role("link", name=name, exact=True).first.click()

    def search(self, words: str) -> None:
        """Ask the home page, and open what is found first."""
        self.searches += 1
        self.page.get_by_role("searchbox").fill(words)
        self.page.keyboard.press("Enter")
        self.page.locator("#results li a").first.click()

    @property
    def is_quick(self) -> bool:
        return self.searches == 1 and not self.clicks if self.searches else self.clicks <= MOST_CLICKS


@pytest.fixture(params=[360, 1400])
def reader(request: pytest.FixtureRequest, watched: Page, address: str) -> Reader:
    watched.set_viewport_size(ViewportSize(width=request.param, height=740))
    return Reader(watched, address)


def cell(page: Page, key: str) -> Locator:
    """Where a figure stands at its address."""
    return page.locator(f'[id="{key}"]')


@pytest.mark.parametrize("is_searching", [True, False])
def test_how_many_drew_unemployment_benefit_in_a_county_two_years_ago(reader: Reader, is_searching: bool) -> None:
    (county,) = (each for each in CATALOG.parts_of_prefecture if each.name == "双柏县")
    key = f"{county.code}/unemployment.beneficiaries/{TWO_YEARS_AGO}-annual"
    if is_searching:
        reader.search(f"双柏县 失业金 {TWO_YEARS_AGO}")
    else:
        reader.press("双柏县")
        # Reading on is no click.
        cell(reader.page, key).scroll_into_view_if_needed()
    found = cell(reader.page, key)
    expect(found).to_be_in_viewport()
    expect(found).to_have_text(FIGURES[key].printed)
    assert reader.is_quick


@pytest.mark.parametrize("is_searching", [True, False])
def test_what_has_become_of_the_pension_funds_balance_since(reader: Reader, is_searching: bool) -> None:
    keys = [
        f"{CATALOG.prefecture.code}/employee_pension.accumulated_balance/{year}-annual" for year in range(2021, 2026)
    ]
    if is_searching:
        reader.search("养老保险基金结余 2021年")
        expect(cell(reader.page, keys[0])).to_be_in_viewport()
    else:
        reader.press("企业职工基本养老保险")
    for key in keys:
        expect(cell(reader.page, key)).to_have_text(FIGURES[key].printed)
    picture = reader.page.get_by_role("img", name="企业职工基本养老保险基金累计结余")
    for key in keys:
        expect(picture).to_contain_text(FIGURES[key].printed)
    assert reader.is_quick


@pytest.mark.parametrize("is_searching", [True, False])
def test_when_the_next_release_is(reader: Reader, is_searching: bool) -> None:
    (due,) = (each.legal for each in plan(CATALOG, Period(2026, "q1")) if each.milestone == "publish")
    if is_searching:
        reader.search("下一次什么时候发布")
    told = reader.page.locator("main").get_by_text(re.compile(f"最迟{chinese_date(due)}")).first
    # Nothing is pressed for it: the first page says it.
    expect(told).to_be_in_viewport()
    assert reader.is_quick
    assert reader.clicks == 0


@pytest.mark.parametrize("is_searching", [True, False])
def test_which_papers_a_new_firm_needs(reader: Reader, is_searching: bool) -> None:
    papers = re.findall(r"^[-*] (.+)$", load_guides(CATALOG)["01"].sections["申请材料"], re.MULTILINE)
    assert len(papers) > 1
    if is_searching:
        reader.search("新公司 社保登记 材料")
    else:
        reader.press("开办企业")
        reader.press("企业社会保险登记", reader.page.locator("#events + ul li:target"))
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("企业社会保险登记")
    for paper in papers:
        told = reader.page.get_by_text(paper)
        told.scroll_into_view_if_needed()
        expect(told).to_be_in_viewport()
    assert reader.is_quick
