"""One Chromium for all browser tests, and pages as a reader in the prefecture would open them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Debian's Chromium, headless. Its sandbox does not work for root, which is who runs tests in a container."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.getuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def browser_context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh Chinese reader: no cookies, Chinese language, Asia/Shanghai, a desktop's width."""
    context = browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1280, "height": 900}, accept_downloads=True
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Iterator[Page]:
    """A page. The test fails when it raised an error in the page or asked another machine for anything."""
    page = browser_context.new_page()
    faults: list[str] = []

    def note_outside(request: Request) -> None:
        if not _is_inside(request.url):
            faults.append(f"asked for {request.url}")

    page.on("pageerror", lambda error: faults.append(f"error in the page: {error}"))
    page.on("request", note_outside)
    yield page
    assert not faults, faults


@pytest.fixture
def prefect_page(browser_context: BrowserContext) -> Iterator[Page]:
    """A page that may ask this machine alone. Prefect's UI raises errors of its own now and then; they are not ours."""
    page = browser_context.new_page()
    outside: list[str] = []
    page.on("request", lambda asked: None if _is_inside(asked.url) else outside.append(asked.url))
    yield page
    assert not outside, outside


def _is_inside(url: str) -> bool:
    """Whether an address is on this machine."""
    return urlsplit(url).hostname in {None, "", "127.0.0.1", "localhost"}


#: Texts, with their colour, that stand on a plain ground with less than WCAG AA's 4.5:1.
_FAINT = """() => {
    const read = c => c.match(/[\\d.]+/g).map(Number);
    const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
        return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }); return .2126*r + .7152*g + .0722*b };
    const faint = [];
    const ground = e => { for (; e; e = e.parentElement) {
        const style = getComputedStyle(e), colour = read(style.backgroundColor);
        if (style.backgroundImage !== 'none') return read(style.backgroundImage.match(/rgb\\([^)]*\\)/)[0]);
        if (colour.length < 4 || colour[3] > 0) return colour; } return [255, 255, 255] };
    for (const e of document.querySelectorAll('body *')) {
        if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
        if (e.closest('title, desc, script, style')) continue;
        const style = getComputedStyle(e), shown = e.closest('svg') ? style.fill : style.color;
        const [a, b] = [light(read(shown)), light(ground(e))].sort((x, y) => y - x);
        if ((a + .05) / (b + .05) < 4.5) faint.push([e.textContent.slice(0, 20), shown]);
    }
    return faint }"""


@pytest.fixture(scope="session")
def faint_texts() -> Callable[[Page], list[object]]:
    """Which texts of a page are too faint to read."""

    def measure(page: Page) -> list[object]:
        return list(page.evaluate(_FAINT))

    return measure
