"""What the public sees in a real browser: nothing cut off, nothing asked for outside, usable by keyboard and on paper.

The pages show the sample figures of 楚雄州 (eight insurances, ten counties): the widest tables there are.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import BrowserContext, Page, Request, ViewportSize

from disclosure.catalog import load_catalog
from disclosure.demo_figures import demo_figures, demo_history
from disclosure.periods import Period
from disclosure.publication import SiteRelease, build_site, make_manifest
from disclosure.publication.channels import Tree, open_channel
from disclosure.remote.secrets import from_environment
from disclosure.rendering import build_document, render_release

pytestmark = pytest.mark.browser

CATALOG = load_catalog("chuxiong")
PERIOD = Period(2025, "annual")
FIGURES = demo_figures(CATALOG, PERIOD)
RELEASE = "/releases/2025-annual/index.html"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A published site served as a bureau's web server would."""
    history = demo_history(CATALOG, PERIOD)
    document = build_document(
        CATALOG,
        PERIOD,
        FIGURES,
        last_year_end=history,
        year_before=history,
        compiled_on=dt.date(2026, 3, 10),
        demo=True,
    )
    files = render_release(document)
    release = SiteRelease(
        PERIOD,
        1,
        document.title,
        document.summary,
        dt.datetime(2026, 3, 15, 1, tzinfo=dt.UTC),
        files,
        make_manifest(files, release={"period": PERIOD.id}),
        demo=True,
    )
    home = tmp_path_factory.mktemp("public")
    root = home / "site"
    with open_channel(CATALOG.channels["website"], home, from_environment) as channel:
        channel.switch(channel.stage(Tree(build_site(CATALOG, [release]))))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root))) as server:
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


@pytest.mark.parametrize("width", [360, 768, 1400])
@pytest.mark.parametrize("path", ["/", RELEASE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways(watched: Page, address: str, path: str, width: int, scheme: str) -> None:
    watched.set_viewport_size(ViewportSize(width=width, height=800))
    watched.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    watched.goto(address + path)
    assert watched.evaluate("document.documentElement.scrollWidth") <= width
    cut_off = watched.evaluate(
        """() => [...document.querySelectorAll('body *')].filter(e => {
            if (e.closest('.scroll, svg, .skip')) return false;
            const box = e.getBoundingClientRect();
            return box.width && (box.right > innerWidth + 1 || box.left < -1);
        }).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert cut_off == []


def test_reader_goes_from_home_to_the_figures(watched: Page, address: str) -> None:
    watched.goto(address)
    watched.get_by_role("link", name="2025年度楚雄州社会保险信息披露").click()
    assert watched.url == address + RELEASE
    assert watched.get_by_role("heading", level=1).inner_text().startswith("2025年度楚雄州社会保险信息披露")
    shown = watched.evaluate(
        "() => Object.fromEntries("
        "[...document.querySelectorAll('td[data-key]')].map(cell => [cell.dataset.key, cell.innerText]))"
    )
    assert {key: text for key, text in shown.items() if key.endswith(PERIOD.id)} == {
        "/".join(figure.key): figure.printed for figure in FIGURES
    }
    assert watched.get_by_role("note").inner_text().startswith("演示：")
    watched.get_by_role("link", name="楚雄州社会保险信息披露").click()
    assert watched.url == f"{address}/index.html"


def test_downloads_are_there(watched: Page, address: str) -> None:
    watched.goto(address + RELEASE)
    for name, file in (("印刷版", "disclosure.pdf"), ("数据表", "figures.csv"), ("结构化数据", "document.json")):
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
    table = watched.get_by_role("region", name="企业职工基本养老保险主要指标（2025年度）")
    table.focus()
    watched.keyboard.press("ArrowRight")
    watched.wait_for_function(
        "() => document.activeElement.classList.contains('scroll') && document.activeElement.scrollLeft > 0"
    )


def test_charts_tables_and_landmarks_have_names(watched: Page, address: str) -> None:
    watched.goto(address + RELEASE)
    assert watched.get_by_role("img", name="企业职工基本养老保险基金收支与结余（2025年度）").count() == 1
    assert watched.get_by_role("table", name="工伤保险分地区情况（2025年度）").count() == 1
    assert watched.get_by_role("rowheader", name="楚雄市").count() > 5
    assert [watched.get_by_role(role).count() for role in ("main", "banner", "contentinfo")] == [1, 1, 1]
    assert watched.get_by_role("navigation", name="本页目录").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", RELEASE])
def test_text_stands_out_from_its_ground(
    watched: Page, address: str, faint_texts: Callable[[Page], list[object]], path: str, scheme: str
) -> None:
    """WCAG 2.2 AA: 4.5:1, measured where a text stands on a plain ground."""
    watched.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    watched.goto(address + path)
    assert faint_texts(watched) == []


def test_page_prints_whole_without_the_furniture(browser_context: BrowserContext, address: str, tmp_path: Path) -> None:
    page = browser_context.new_page()
    page.set_viewport_size(ViewportSize(width=672, height=986))  # A4 less its margins, at 96 dots per inch
    page.goto(address + RELEASE)
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name="本页目录").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 672
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    printed = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(tmp_path / "page.pdf").pages)
    missing = [figure.key for figure in FIGURES if figure.value is not None and figure.printed not in printed]
    assert missing == []
