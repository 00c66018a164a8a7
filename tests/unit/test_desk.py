"""Protects the reviewers' desk: it shows reports, previews and the site, nothing else, and to whom it may."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from deployments import desk as desk_module
from deployments.desk import make_desk
from disclosure import cycles
from disclosure.periods import Period
from disclosure.settings import Settings
from disclosure.workplace import Workplace

pytestmark = pytest.mark.unit


@contextmanager
def open_desk(settings: Settings) -> Iterator[httpx.Client]:
    """A desk on a free port of this machine, gone at the end."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(make_desk(settings), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with one report, one preview, a site behind a link, and records nobody may see."""
    home = tmp_path / "home"
    for path, text in {
        "reports/2025-annual/round-1-abc.html": "报告",
        "releases/0123456789abcdef/index.html": "预览",
        "site.versions/v1/index.html": "网站",
        "records.db": "secret",
        "secret.key": "secret",
    }.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")
    (home / "site").symlink_to("site.versions/v1")
    return Settings(home=home)


def test_it_shows_reports_previews_and_the_site(settings: Settings) -> None:
    with open_desk(settings) as desk:
        index = desk.get("/").text
        for address, text in {
            "/reports/2025-annual/round-1-abc.html": "报告",
            "/preview/0123456789abcdef/index.html": "预览",
            "/site/index.html": "网站",
        }.items():
            assert f'href="{address}"' in index
            assert desk.get(address).text == text


@pytest.mark.parametrize("folder", ["site", "reports", "preview"])
@pytest.mark.parametrize("way", ["../{}", "%2e%2e/{}", "..%2f{}", "%2e%2e%2f{}", "..%5c{}", "/{}"])
def test_nothing_beside_its_folders_can_be_reached(settings: Settings, folder: str, way: str) -> None:
    with open_desk(settings) as desk:
        for name in ("records.db", "secret.key"):
            answer = desk.get(f"/{folder}/{way.format(name)}")
            assert answer.status_code == httpx.codes.NOT_FOUND
            assert "secret" not in answer.text


def test_an_empty_home_is_told_in_words(tmp_path: Path) -> None:
    with open_desk(Settings(home=tmp_path / "new")) as desk:
        assert "还没有发布过" in desk.get("/").text
        for address in ("/site/", "/site/index.html", "/reports/", "/preview/x/index.html", "/elsewhere"):
            answer = desk.get(address)
            assert answer.status_code == httpx.codes.NOT_FOUND
            assert "没有这个页面" in answer.text


def test_it_asks_for_the_servers_own_password(settings: Settings) -> None:
    guarded = settings.model_copy(update={"server_auth": SecretStr("op:right")})
    with open_desk(guarded) as desk:
        for address in ("/", "/site/index.html", "/reports/2025-annual/round-1-abc.html"):
            assert desk.get(address).status_code == httpx.codes.UNAUTHORIZED
            assert desk.get(address, auth=("op", "wrong")).status_code == httpx.codes.UNAUTHORIZED
            assert desk.get(address, auth=("op", "right")).status_code == httpx.codes.OK


def test_the_board_is_shown_as_it_is_and_its_file_follows_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "_LOOK_SECONDS", 0.1)
    settings = Settings(home=tmp_path / "home")
    file = settings.board / "index.html"
    label = "2025年专项（工伤）"
    with open_desk(settings) as desk:
        assert 'href="/board"' in desk.get("/").text
        shown = desk.get("/board")
        assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
        assert label not in shown.text
        wait_for(file.is_file)
        place = Workplace(settings)
        with place.records.write() as session:
            cycles.open_cycle(session, place.catalog, Period(2025, "special", "工伤"), only=["work_injury.*"])
        assert label in desk.get("/board").text
        wait_for(lambda: label in file.read_text(encoding="utf-8"))
    place.records.engine.dispose()


def test_records_that_cannot_be_read_are_told_in_words(settings: Settings) -> None:
    with open_desk(settings) as desk:
        answer = desk.get("/board")
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert "现在看不了进度：记录库" in answer.text


def wait_for(look: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until
        time.sleep(0.05)
