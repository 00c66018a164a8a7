"""Protects telling people by Prefect's own means: an operator's automation informs, and changes nothing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from tests.support.office import Office
from tests.support.signed_in import operator_of, signed_in

pytestmark = pytest.mark.flows


@contextmanager
def a_listener() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A bureau's own machine that is told things, and what it was told."""
    told: list[dict[str, str]] = []

    class Told(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the screen of a test."""

    server = HTTPServer(("127.0.0.1", 0), Told)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/told", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_block(client: httpx.Client, slug: str, name: str, data: dict[str, Any]) -> httpx.Response:
    """Make a block as Prefect's page does."""
    kind = client.get(f"/block_types/slug/{slug}").json()["id"]
    wanted = {"block_schemas": {"block_type_id": {"any_": [kind]}}}
    schema = client.post("/block_schemas/filter", json=wanted).json()[0]["id"]
    body = {"name": name, "data": data, "block_type_id": kind, "block_schema_id": schema}
    return client.post("/block_documents/", json=body)


def an_automation(event: str, *acts: dict[str, Any]) -> dict[str, Any]:
    trigger = {
        **{"type": "event", "posture": "Reactive", "expect": [event], "threshold": 1},
        "match": {"prefect.resource.id": "disclosure.cycle.*"},
    }
    return {"name": "有人要答复", "trigger": trigger, "actions": list(acts)}


def test_what_happens_is_an_event_and_an_operators_automation_informs_by_it(office: Office) -> None:
    with signed_in(office, operator_of(office)) as client, a_listener() as (address, told):
        refused = client.post(
            "/automations/", json=an_automation("disclosure.gate.waiting", {"type": "cancel-flow-run"})
        )
        assert refused.status_code == 403
        assert "只能发通知" in refused.json()["detail"]
        stored = make_block(client, "local-file-system", "foreign", {"basepath": "/"})
        assert stored.status_code == 403
        assert "没有开放" in stored.json()["detail"]
        kept = make_block(client, "secret", "channel-password", {"value": "s3cret-never-shown"})
        assert kept.status_code == 201, kept.text
        assert "s3cret" not in client.get(f"/block_documents/{kept.json()['id']}").text
        message = {"what": "{{subject}}", "more": "{{body}}"}
        teller = make_block(client, "custom-webhook", "teller", {"name": "x", "url": address, "json_data": message})
        assert teller.status_code == 201, teller.text
        act = {
            **{"type": "send-notification", "block_document_id": teller.json()["id"]},
            **{"subject": "{{ event.resource.name }}", "body": "{{ event.event }} {{ event.payload.says }}"},
        }
        made = client.post("/automations/", json=an_automation("disclosure.gate.waiting", act))
        assert made.status_code == 201, made.text

        case = office.new_cycle()
        case.hand_in()
        case.start()
        case.next_form()
        wanted = f"{case.period.label}：等待答复"
        deadline = time.monotonic() + 60
        while wanted not in (heard := [one["what"] for one in told]) and time.monotonic() < deadline:
            time.sleep(0.5)
        assert wanted in heard
        assert {one["more"] for one in told} == {"disclosure.gate.waiting 等待答复"}

        # Supervision leaves what only informs alone.
        said = office.cli("supervise")
        assert "有人要答复" not in said.stdout + said.stderr
        assert client.get(f"/automations/{made.json()['id']}").json()["enabled"]
        assert client.delete(f"/automations/{made.json()['id']}").is_success
        for block in (teller, kept):
            assert client.delete(f"/block_documents/{block.json()['id']}").is_success

        seen = client.post("/events/filter", json={"filter": {"event": {"prefix": ["disclosure."]}}}).json()["events"]
        mine = [one["event"] for one in seen if one["resource"]["prefect.resource.id"].endswith(case.period.id)]
        assert mine[::-1][:2] == ["disclosure.cycle.opened", "disclosure.gate.waiting"]
        assert len(set(mine)) == len(mine)
