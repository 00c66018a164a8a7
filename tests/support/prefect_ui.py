"""Prefect's own UI as people use it: open the run, press 答复, fill the Chinese form in, press 提交."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from disclosure.review.forms import AT_ONCE, RETURN_TO_NOBODY
from tests.support.case import Case
from tests.support.signed_in import sign_browser_in

#: "Database is locked" leaves the form open, and the person presses 提交 again.
TRIES = 5
SERVICE_UNAVAILABLE, CONFLICT = 503, 409


def field(page: Page, label: str) -> Locator:
    """One field of the form by its Chinese label."""
    title = page.locator(".schema-form-property__label", has_text=label)
    return page.locator(".schema-form-property").filter(has=title)


def choose(page: Page, label: str, option: str) -> None:
    """Open a drop-down by keyboard and pick an option."""
    field(page, label).locator(".p-select-button__control").focus()
    page.keyboard.press("Space")
    page.locator(".p-select-option", has_text=option).click()


def open_form(page: Page, case: Case, who: str) -> None:
    """Open the run as the link in a message does, signed in as ``who``, and press 答复."""
    sign_browser_in(case.office, page.context, who)
    page.goto(case.office.settings.run_url(case.run_id))
    page.get_by_role("button", name="答复").first.click()
    expect(field(page, "审核环节")).to_be_visible()


def submit(
    page: Page,
    gate: str,
    name: str,
    *,
    code: str,
    outcome: str = "通过",
    opinion: str = "已核对，同意。",
    returned_to: str = RETURN_TO_NOBODY,
    refused: str = "",
) -> None:
    """Fill the whole form in and press 提交; it is taken, or ``refused`` with words that the page shows."""
    choose(page, "审核环节", gate)
    choose(page, "结论", outcome)
    texts = {"姓名": name, "一次性口令": code, "意见": opinion}
    if field(page, "计划发布时间").count():
        texts["计划发布时间"] = AT_ONCE
    for label, text in texts.items():
        field(page, label).locator("textarea").fill(text)
    choose(page, "退回给", returned_to)
    # The list of a multiple choice stays open above 提交 until somebody clicks elsewhere.
    page.locator(".p-modal__title").click(force=True)
    for _ in range(TRIES):
        with page.expect_response(lambda response: response.url.endswith("/resume")) as answered:
            page.get_by_role("button", name="提交").click()
        if answered.value.status != SERVICE_UNAVAILABLE:
            break
    if refused:
        assert answered.value.status == CONFLICT, f"{answered.value.status} {answered.value.text()}"
        expect(page.get_by_text(refused).first).to_be_visible()
        return
    assert answered.value.ok, answered.value.status
    # What happens next is told at once, on a page of ours.
    expect(page.get_by_text("你的答复已记录")).to_be_visible()
    expect(page.get_by_text("接下来：")).to_be_visible()


#: Texts that are seen and hold an English word; identifiers, what people wrote, logs and code are none.
_ENGLISH = """() => {
    const kept = 'textarea, pre, code, .markdown-renderer, .log-row, .logs-container__row, script, style, svg';
    const isSeen = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; };
    const isIdentifier = text => /^[a-z0-9._-]+$/.test(text) || /[0-9a-f]{8}-[0-9a-f]{4}-/.test(text);
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.data.trim(), around = walker.currentNode.parentElement;
        if (/[A-Za-z]{3}/.test(text) && !isIdentifier(text) && !around.closest(kept) && isSeen(around))
            found.push(text);
    }
    for (const box of document.querySelectorAll('[placeholder]'))
        if (/[A-Za-z]{3}/.test(box.placeholder) && isSeen(box)) found.push(box.placeholder);
    return found }"""


def english_words(page: Page) -> list[str]:
    """Return what a page of Prefect's still says in English."""
    return list(page.evaluate(_ENGLISH))
