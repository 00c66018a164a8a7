"""One Chromium for all browser tests, and pages as a reader in the prefecture would open them."""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.narrative import NarrativeText, html_of
from disclosure.openness.pages.pages import drafts_of, render_openness
from disclosure.platform.secrets import from_environment
from disclosure.publication import SiteRelease, build_site, make_manifest
from disclosure.publication.channels import open_channel
from disclosure.publication.contents.site import KEYS, KEYS_SIGNATURE
from disclosure.publication.proof.signing import PublicKey, keys_json, public_key_of, sign
from disclosure.records.checkpoints import Checkpoint
from disclosure.rendering import DocumentContents, build_document, outlets_of, render_release
from disclosure.simulation.demo_figures import demo_figures, demo_history
from disclosure.simulation.demo_text import demo_text


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
def public_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's site as it is published: 楚雄's sample year with its texts, and the openness catalogue."""
    catalog, period = load_catalog("chuxiong"), Period(2025, "annual")
    history = demo_history(catalog, period)
    words = {section: html_of(blocks) for section, blocks in demo_text(catalog, period).items()}
    document = build_document(
        catalog,
        DocumentContents(
            period,
            demo_figures(catalog, period),
            earlier=history,
            narratives=[NarrativeText("policy", "示例", "", "示例.md", words)],
            compiled_on=dt.date(2026, 3, 10),
            demo=True,
        ),
    )
    files = render_release(document, outlets_of(catalog, document)).site
    private, published = Ed25519PrivateKey.generate(), dt.datetime(2026, 3, 15, 1, tzinfo=dt.UTC)
    key = PublicKey(public_key_of(private), "publication", published)
    sealing = Ed25519PrivateKey.generate()
    sealer = PublicKey(public_key_of(sealing), "ledger", published)
    checkpoint = Checkpoint(82, "2014" * 16, published.isoformat())
    ledger = {
        "length": str(checkpoint.length),
        "head_hash": checkpoint.head_hash,
        "at": checkpoint.at,
        "signature": sealing.sign(checkpoint.signed_bytes).hex(),
        "key": sealer.id,
    }
    manifest = make_manifest(files, release={"period": period.id, "title": document.title}, ledger=ledger)
    keys = keys_json([key, sealer])
    release = SiteRelease(
        period,
        1,
        document.title,
        document.summary,
        published,
        files,
        manifest,
        demo=True,
        signature=sign(manifest.to_json().encode(), private, key.id, published).encode(),
    )
    home = tmp_path_factory.mktemp("public")
    listed = {KEYS: keys, KEYS_SIGNATURE: sign(keys, private, key.id, published).encode()}
    site = build_site(catalog, [release], extra=render_openness(catalog, drafts_of(catalog)) | listed, imported=history)
    with open_channel(catalog.channels["website"], home, from_environment) as channel:
        channel.switch(channel.stage(site))
    return home / "site"


@pytest.fixture(scope="session")
def address(public_site: Path) -> Iterator[str]:
    """Where the site is served, as a bureau's web server would."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(public_site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def watched(page: Page, address: str) -> Iterator[Page]:
    """A page that fails the test for anything on the console, any failed answer, any request but to the site."""
    faults: list[str] = []

    def ask(request: Request) -> None:
        if not request.url.startswith((address, "data:")):
            faults.append(request.url)

    page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
    page.on("request", ask)
    page.on("response", lambda answer: faults.append(answer.url) if answer.status >= 400 else None)
    yield page
    assert not faults


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
