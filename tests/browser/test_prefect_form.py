"""Protects the form people really use: Resume in Prefect's own UI, in Chinese, with nothing fetched from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from office import Case, Member, Office, office_in
from playwright.sync_api import BrowserContext, Locator, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A running office with its Prefect UI."""
    with office_in(tmp_path_factory.mktemp("office")).open() as office:
        yield office


@pytest.fixture
def page(browser_context: BrowserContext) -> Iterator[Page]:
    """A page that may ask this machine alone. Prefect's UI raises errors of its own now and then; they are not ours."""
    page = browser_context.new_page()
    outside: list[str] = []
    page.on("request", lambda asked: None if is_inside(asked.url) else outside.append(asked.url))
    yield page
    assert not outside, outside


TRIES = 5
SERVICE_UNAVAILABLE = 503


def is_inside(url: str) -> bool:
    """Whether an address is on this machine."""
    return urlsplit(url).hostname in {None, "", "127.0.0.1", "localhost"}


def field(page: Page, label: str) -> Locator:
    """One field of the form by its Chinese label."""
    title = page.locator(".schema-form-property__label", has_text=label)
    return page.locator(".schema-form-property").filter(has=title)


def choose(page: Page, label: str, option: str) -> None:
    """Open a drop-down by keyboard and pick an option."""
    field(page, label).locator(".p-select-button__control").focus()
    page.keyboard.press("Space")
    page.locator(".p-select-option", has_text=option).click()


def open_form(page: Page, case: Case) -> None:
    """Open the run as the link in a message does, and press Resume."""
    page.goto(f"{case.office.settings.server_url}/runs/flow-run/{case.run_id}")
    page.get_by_role("button", name="Resume").first.click()
    expect(field(page, "审核环节")).to_be_visible()


def submit(page: Page, gate: str, who: Member, code: str) -> dict[str, Any]:
    """Fill the whole form in as an approval; what Prefect answers."""
    choose(page, "审核环节", gate)
    choose(page, "结论", "通过")
    for label, text in (("姓名", who.name), ("一次性口令", code), ("意见", "已核对，同意。")):
        field(page, label).locator("textarea").fill(text)
    choose(page, "退回给", "不退回")
    page.keyboard.press("Tab")
    for _ in range(TRIES):
        with page.expect_response(lambda response: response.url.endswith("/resume")) as answered:
            page.get_by_role("button", name="Submit").click()
        # "Database is locked" leaves the form open, and the person presses Submit again.
        if answered.value.status != SERVICE_UNAVAILABLE:
            break
    assert answered.value.ok, f"{answered.value.status} {answered.value.text()}"
    answer: dict[str, Any] = answered.value.json()
    return answer


def test_a_reviewer_is_refused_then_decides_and_the_leader_publishes(office: Office, page: Page) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.start()
    case.next_form()

    open_form(page, case)
    for label in ("审核环节", "结论", "姓名", "一次性口令", "意见", "退回给"):
        expect(field(page, label)).to_be_visible()
    expect(page.get_by_text("2016年度 · 第 1 轮审核")).to_be_visible()
    expect(page.get_by_text("打开数据质量报告")).to_be_visible()
    reviewer = office.reviewer("policy")
    assert submit(page, "政策审核", reviewer, reviewer.wrong_code())["status"] == "ACCEPT"

    case.next_form()
    open_form(page, case)
    expect(page.get_by_text("上一次的答复没有被接受：口令不对或已过期")).to_be_visible()
    assert case.decisions() == []
    assert submit(page, "政策审核", reviewer, reviewer.code())["status"] == "ACCEPT"

    assert case.next_form().gates == ["数据审核", "保密性审核"]
    assert case.decisions() == [(1, "policy", "approved")]
    case.answer("finance")
    case.next_form()
    case.answer("confidentiality")
    case.next_form()

    open_form(page, case)
    leader = office.reviewer("leader")
    assert submit(page, "局领导审核", leader, leader.code())["status"] == "ACCEPT"
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=30_000)
    assert case.finish() == "Completed"
    case.assert_published_once()

    # What was signed opens from the run: the preview link leads to the page the public now reads.
    page.goto(f"{office.settings.desk_url}/site/releases/{case.period.id}/index.html")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2016年度")
