"""Protects what people are told while Prefect's server does not answer, and that answers count all the same."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import httpx
import pytest
from pydantic import SecretStr

from deployments.door.guard import cookie_name
from disclosure.access import sessions
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.records.tables import Person
from disclosure.review import people
from tests.support.visitors import open_door

pytestmark = pytest.mark.unit

RUN = "0193d7a2-5b1c-7000-8000-0123456789ab"


@pytest.fixture
def nobodys_port() -> Iterator[int]:
    """A port where nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def visitor_of(settings: Settings) -> httpx.Client:
    """Somebody of the policy section, signed in."""
    installation = Installation(settings)
    with installation.begin() as work:
        made = people.enrol(work.session, installation.catalog, installation.cipher, "郑法规", "政策法规科")
        assert isinstance(made.person, Person)
        token = sessions.open_session(work, made.person, "127.0.0.1")
    installation.records.engine.dispose()
    return httpx.Client(cookies={cookie_name(settings, "session"): token}, trust_env=False, timeout=120)


def settings_for(home: Path, port: int) -> Settings:
    return Settings(home=home, prefect_port=port, prefect_auth=SecretStr("disclosure:not-to-be-told"))


def test_a_reader_is_told_what_happens_and_a_page_gets_what_it_can_show(tmp_path: Path, nobodys_port: int) -> None:
    settings = settings_for(tmp_path, nobodys_port)
    with open_door(settings) as door, visitor_of(settings) as client:
        own = {"Origin": door}
        page = client.get(f"{door}/prefect/runs", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["retry-after"]) == (503, "5")
        assert "流程服务现在没有应答" in page.text
        called = client.post(f"{door}/prefect/api/flow_runs/filter", json={}, headers=own)
        assert called.status_code == 503
        assert "不会丢" in called.json()["detail"]
        assert client.get(f"{door}/prefect/ui-settings").json()["auth"] is None
        refused = client.post(f"{door}/prefect/api/flow_runs/{RUN}/set_state", json={}, headers=own)
        assert refused.status_code == 403
        asked = client.post(f"{door}/prefect/api/flow_runs/{RUN}/resume", json={"run_input": {}}, headers=own)
        assert (asked.status_code, "没有等待答复" in asked.json()["detail"]) == (409, True)
        for answer in (page, called, refused, asked):
            assert "not-to-be-told" not in answer.text + str(answer.headers)


class _Stranger(BaseHTTPRequestHandler):
    """Somebody else on Prefect's port: asks for a password, sends people elsewhere, breaks."""

    def do_GET(self) -> None:
        status = int(self.path.rpartition("/")[2]) if self.path[-3:].isdigit() else 401
        self.send_response(status)
        self.send_header("Location", "http://evil.example/")
        self.send_header("WWW-Authenticate", 'Basic realm="prefect"')
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Content-Length", "11")
        self.end_headers()
        self.wfile.write(b'"Traceback"')

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Busy(BaseHTTPRequestHandler):
    """A server that answers what is next in ``answers``."""

    answers: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        self.send_response(self.answers.pop(0))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_what_is_odd_about_prefect_stays_inside(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Stranger) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings = settings_for(tmp_path, server.server_port)
        with open_door(settings) as door, visitor_of(settings) as client:
            for status, told in ((401, 503), (500, 502), (302, 502), (307, 502), (404, 404), (200, 200)):
                answer = client.get(f"{door}/prefect/{status}")
                assert answer.status_code == told, status
                assert not {"location", "www-authenticate", "set-cookie"} & set(answer.headers)
                assert ("Traceback" in answer.text) == (told in {200, 404})
        server.shutdown()


def test_a_call_that_finds_prefects_database_busy_is_made_again_and_once_done_not(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Busy) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings = settings_for(tmp_path, server.server_port)
        with open_door(settings) as door, visitor_of(settings) as client:
            _Busy.answers = [503, 503, 200]
            assert client.get(f"{door}/prefect/page.js").status_code == 200
            assert _Busy.answers == []
            _Busy.answers = [503] * 4 + [200]
            assert client.get(f"{door}/prefect/page.js").status_code == 503
            assert _Busy.answers == [200]
        server.shutdown()
