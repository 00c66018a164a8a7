"""Protects the one address staff open: what it shows, to whom, and that nothing beside it can be reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from deployments.door import app as door_module
from disclosure.calendar.periods import Period
from disclosure.cycle import queries
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.simulation.actors import Actors
from tests.support.visitors import Browser, open_door

pytestmark = pytest.mark.unit


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with a site behind a link, and records nobody may see."""
    home = tmp_path / "home"
    installation = Installation(Settings(home=home))
    # A home with a site and no records would be one whose records are lost.
    installation.records.engine.dispose()
    for path, text in {"site.versions/v1/index.html": "网站", "secret.txt": "secret"}.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")
    (home / "site").symlink_to("site.versions/v1")
    return Settings(home=home)


def test_only_the_published_site_is_open_to_all(address: str) -> None:
    with Browser(address) as stranger:
        assert stranger.get("/site/index.html").text == "网站"
        for page in ("/", "/board", "/reports/x.html", "/preview/0123456789abcdef/", "/account", "/elsewhere"):
            answer = stranger.get(page)
            assert answer.status_code == httpx.codes.SEE_OTHER
            assert answer.headers["Location"].startswith("/sign-in?back=%2F")
        told = stranger.get("/prefect/api/flow_runs/x", headers={"Accept": "application/json"})
        assert told.status_code == httpx.codes.UNAUTHORIZED


def test_inside_are_the_board_and_what_waits(inside: Browser) -> None:
    first = inside.get("/").text
    for link in ("/board", "/site/index.html", "/prefect/", "/waiting"):
        assert f'href="{link}"' in first
    assert "周宣传" in first
    assert inside.get("/board").headers["Content-Type"] == "text/html; charset=utf-8"
    nothing = inside.get("/elsewhere")
    assert nothing.status_code == httpx.codes.NOT_FOUND
    assert "没有这个页面" in nothing.text


def test_what_prefects_pages_ask_for_beside_their_address_is_there(inside: Browser) -> None:
    led = {
        "/ico/completed.svg": "/prefect/ico/completed.svg",
        "/ico/paused.svg": "/prefect/ico/favicon-32x32.png",
        "/ico/no-such-thing": "/prefect/ico/favicon-32x32.png",
        "/waiting": "/prefect/runs?state=Suspended&state=Paused&type=span&seconds=-63244800",
    }
    assert {asked: inside.get(asked).headers["Location"] for asked in led} == led
    assert '"Dashboard": "概览"' in inside.get("/assets/prefect-words.js").text


def test_a_form_is_told_who_is_signed_in_and_nobody_else_is(inside: Browser, address: str) -> None:
    told = inside.get("/form-token", headers={"Accept": "application/json"}).json()
    assert told["name"] == "周宣传"
    assert f'value="{told["form_token"]}"' in inside.get("/account").text
    with Browser(address) as stranger:
        answer = stranger.get("/form-token", headers={"Accept": "application/json"})
        assert answer.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("folder", ["site", "reports", "preview", "replies"])
@pytest.mark.parametrize("way", ["../{}", "%2e%2e/{}", "..%2f{}", "%2e%2e%2f{}", "..%5c{}", "/{}", "%00{}"])
def test_nothing_beside_its_folders_can_be_reached(inside: Browser, folder: str, way: str) -> None:
    for name in ("records.db", "secret.key", "secret.txt"):
        answer = inside.get(f"/{folder}/{way.format(name)}")
        assert answer.status_code == httpx.codes.NOT_FOUND
        assert "secret" not in answer.text


def test_an_empty_home_is_told_in_words(tmp_path: Path) -> None:
    with open_door(Settings(home=tmp_path / "new")) as address, Browser(address) as stranger:
        for page in ("/site/", "/site/index.html"):
            answer = stranger.get(page)
            assert answer.status_code == httpx.codes.NOT_FOUND
            assert "没有这个页面" in answer.text


def test_the_board_is_shown_as_it_is_and_its_file_follows_the_records(
    actors: Actors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "_LOOK_SECONDS", 0.1)
    installation = actors.installation
    file, label = installation.settings.board / "index.html", "2025年专项（工伤）"
    with open_door(installation.settings) as address, Browser(address) as browser:
        browser.sign_in("周宣传", actors.code("周宣传"))
        assert label not in browser.get("/board").text
        wait_for(file.is_file)
        with installation.records.write() as session:
            queries.open_cycle(session, installation.catalog, Period(2025, "special", "工伤"), only=["work_injury.*"])
        assert label in browser.get("/board").text
        wait_for(lambda: label in file.read_text(encoding="utf-8"))


def test_records_that_cannot_be_read_are_told_in_words(settings: Settings) -> None:
    (settings.home / "records.db").write_text("no database at all " * 400, encoding="utf-8")
    with open_door(settings) as address, Browser(address) as browser:
        browser.cookies.set("disclosure-session", "x", domain="127.0.0.1")
        answer = browser.get("/board")
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert "记录库" in answer.text


def wait_for(look: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until
        time.sleep(0.05)
