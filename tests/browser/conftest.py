"""One Chromium for all browser tests, and pages as a reader in the prefecture would open them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from office import Office, office_in
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


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A running office with its Prefect UI; every test opens a cycle of its own."""
    with office_in(tmp_path_factory.mktemp("office")).open() as office:
        yield office


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
