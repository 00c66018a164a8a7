"""Prefect's own UI as people use it: open the run, press Resume, fill the Chinese form in, press Submit."""

from __future__ import annotations

from typing import Any

from office import Case, Member
from playwright.sync_api import Locator, Page, expect

from disclosure.review.forms import AT_ONCE, RETURN_TO_NOBODY

#: "Database is locked" leaves the form open, and the person presses Submit again.
TRIES = 5
SERVICE_UNAVAILABLE = 503


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


def submit(
    page: Page,
    gate: str,
    who: Member,
    *,
    code: str = "",
    outcome: str = "通过",
    opinion: str = "已核对，同意。",
    returned_to: str = RETURN_TO_NOBODY,
) -> None:
    """Fill the whole form in and press Submit; Prefect must take it, whatever our records say of it afterwards."""
    choose(page, "审核环节", gate)
    choose(page, "结论", outcome)
    texts = {"姓名": who.name, "一次性口令": code or who.code(), "意见": opinion}
    if field(page, "计划发布时间").count():
        texts["计划发布时间"] = AT_ONCE
    for label, text in texts.items():
        field(page, label).locator("textarea").fill(text)
    choose(page, "退回给", returned_to)
    # The list of a multiple choice stays open above Submit until somebody clicks elsewhere.
    page.get_by_text("Resume Flow Run").click(force=True)
    for _ in range(TRIES):
        with page.expect_response(lambda response: response.url.endswith("/resume")) as answered:
            page.get_by_role("button", name="Submit").click()
        if answered.value.status != SERVICE_UNAVAILABLE:
            break
    assert answered.value.ok, f"{answered.value.status} {answered.value.text()}"
    told: dict[str, Any] = answered.value.json()
    assert told["status"] == "ACCEPT", told
