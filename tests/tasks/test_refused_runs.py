"""Protects that a refused run is ended even where Prefect fails at the first word of it."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks.orchestration.own_code.admission import _end

pytestmark = pytest.mark.unit


class FailingTwice(BaseHTTPRequestHandler):
    """Answers as Prefect's API does where the release of a slot fails: 500 twice, then the state is taken."""

    asked: list[dict[str, object]]

    def do_GET(self) -> None:
        """Have no tokens against forged requests, as Prefect where that is switched off."""
        is_version = self.path.endswith("/version")
        self._answer(200 if is_version else 422, "3.9.1" if is_version else {"detail": "CSRF protection is disabled."})

    def do_POST(self) -> None:
        """Take a state at the third time."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({"path": self.path, **body})
        if len(self.asked) < 3:
            self._answer(500, {"exception_message": "Internal Server Error"})
            return
        self._answer(201, {"status": "ACCEPT", "details": {"type": "accept_details"}, "state": body["state"]})

    def _answer(self, status: int, body: object) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def asked() -> Iterator[list[dict[str, object]]]:
    """What Prefect's API was asked, while it stands for one test."""
    seen: list[dict[str, object]] = []
    handler = type("Handler", (FailingTwice,), {"asked": seen})
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{server.server_port}/api"}):
        yield seen
    server.shutdown()
    server.server_close()


def test_what_fails_at_prefect_is_said_again(asked: list[dict[str, object]]) -> None:
    run = FlowRun(id=uuid.uuid4(), flow_id=uuid.uuid4(), name="2032年度")
    _end(run, "没有执行：要开启的周期没有人开启，也不在日程上。")
    assert len(asked) == 3
    last = asked[-1]
    assert last["path"] == f"/api/flow_runs/{run.id}/set_state"
    assert last["force"]
    state = last["state"]
    assert isinstance(state, dict)
    assert (state["type"], state["message"]) == ("CANCELLED", "没有执行：要开启的周期没有人开启，也不在日程上。")
