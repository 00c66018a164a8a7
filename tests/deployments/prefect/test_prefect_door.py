"""Protects Prefect behind the door: answers go to our records first, roles hold, nothing of the credential gets out."""

from __future__ import annotations

import json
import random
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from deployments.credential import find_credential
from deployments.door.guard import cookie_name
from disclosure.access.looks import list_looks
from tests.support.case import Case
from tests.support.office import Office
from tests.support.signed_in import operator_of, press_resume, session_of, signed_in

pytestmark = pytest.mark.flows

PREFECT = Subprotocol("prefect")


@pytest.fixture(scope="module")
def waiting(office: Office) -> Case:
    """A cycle whose run waits for its reviewers, and stays so."""
    case = office.new_cycle()
    case.hand_in()
    case.start()
    case.next_form()
    return case


def secret_of(office: Office) -> str:
    found = find_credential(office.settings)
    assert found is not None
    return found.get_secret_value().partition(":")[2]


def detail(answer: httpx.Response) -> str:
    return str(answer.json()["detail"])


# --- answering


def test_an_answer_is_in_our_records_before_the_run_hears_of_anything(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.start()
    case.next_form()
    who = office.reviewer("policy")
    form = case.filled("policy", who=who)
    with signed_in(office, who) as client:
        taken = press_resume(client, case.run_id, form)
        assert (taken.status_code, taken.json()["status"]) == (201, "ACCEPT")
        assert case.decisions() == [(1, "policy", "approved")]
        again = press_resume(client, case.run_id, form)
        assert again.status_code in {201, 409}
    assert case.next_form().gates == ["数据审核", "保密性审核"]
    stored = office.api("POST", f"/flow_runs/{case.run_id}/input/filter", {"prefix": "", "limit": 100}).text
    for said in (form["code"], form["opinion"], form["name"]):
        assert json.dumps(said, ensure_ascii=False) not in stored
    assert case.decisions() == [(1, "policy", "approved")]


def test_what_is_refused_is_told_in_chinese_and_the_form_stays(office: Office, waiting: Case) -> None:
    who, other, drafter = (
        office.reviewer("finance"),
        office.newcomer("finance_section"),
        office.newcomer("medical_centre"),
    )
    good = waiting.filled("finance", who=who, code="000000")
    with signed_in(office, who) as client:
        wrong = press_resume(client, waiting.run_id, {**good, "code": office.wrong_code(who)})
        assert wrong.status_code == 409
        assert "口令" in detail(wrong)
        forged = press_resume(client, waiting.run_id, {**good, "name": other, "code": office.code(other)})
        assert forged.status_code == 409
        assert "本人" in detail(forged) or "登录" in detail(forged)
        for unfit in ({}, {"gate": "数据审核"}, {**good, "outcome": {"a": 1}}, {**good, "returned_to": "x"}):
            assert press_resume(client, waiting.run_id, unfit).status_code == 409
        assert client.post(f"/flow_runs/{waiting.run_id}/resume").status_code == 409
        assert client.post(f"/flow_runs/{waiting.run_id}/resume", json=[1]).status_code == 403
    with signed_in(office, drafter) as client:
        foreign = waiting.filled("finance", who=drafter)
        assert press_resume(client, waiting.run_id, foreign).status_code == 409
    assert waiting.state() == "Suspended"
    assert waiting.decisions() == []


def test_a_run_that_asks_nothing_is_not_resumed(office: Office) -> None:
    with signed_in(office, office.reviewer("finance")) as client:
        answer = press_resume(client, "0193d7a2-5b1c-7000-8000-0123456789ab", {"name": "x"})
        assert answer.status_code == 409
        assert "没有等待答复" in detail(answer)


# --- roles


def test_a_reviewer_stops_and_changes_nothing(office: Office, waiting: Case) -> None:
    deployment = office.deployments()["annual"]["id"]
    with signed_in(office, office.reviewer("policy")) as client:
        for method, path, body in (
            ("POST", f"/flow_runs/{waiting.run_id}/set_state", {"state": {"type": "CANCELLED"}, "force": True}),
            ("DELETE", f"/flow_runs/{waiting.run_id}", None),
            ("PATCH", f"/deployments/{deployment}", {"entrypoint": "evil.py:flow"}),
            ("POST", f"/deployments/{deployment}/create_flow_run", {"parameters": {}}),
            ("POST", "/automations/", {}),
            ("POST", "/block_documents/", {}),
            ("POST", f"/flow_runs/{waiting.run_id}/input", {"key": "suspended-x-response", "value": "{}"}),
            ("DELETE", "/admin/storage", None),
        ):
            refused = client.request(method, path, json=body)
            assert refused.status_code == 403, (method, path)
            assert "没有开放" in detail(refused) or "只有运维人" in detail(refused)
    assert waiting.state() == "Suspended"


def test_the_operator_stops_a_run_and_brings_no_code_in(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.start()
    case.next_form()
    deployment = office.deployments()["annual"]
    with signed_in(office, operator_of(office)) as client:
        for body in ({"entrypoint": "evil.py:flow"}, {"pull_steps": [{"a": {}}]}, {"job_variables": {"command": "id"}}):
            refused = client.patch(f"/deployments/{deployment['id']}", json=body)
            assert refused.status_code == 403
            assert next(iter(body)) in detail(refused)
        started = client.post(
            f"/deployments/{deployment['id']}/create_flow_run", json={"job_variables": {"command": "id"}}
        )
        assert started.status_code == 403
        stopped = client.post(
            f"/flow_runs/{case.run_id}/set_state",
            json={"state": {"type": "CANCELLED", "name": "Cancelled"}, "force": True},
        )
        assert stopped.json()["status"] == "ACCEPT"
    assert office.deployments()["annual"]["entrypoint"] == deployment["entrypoint"]
    assert case.state() == "Cancelled"


# --- reading


def test_material_is_shown_by_the_embargo_and_every_look_is_kept(office: Office, waiting: Case) -> None:
    form = waiting.form
    assert form is not None
    schema = f"/flow_runs/{waiting.run_id}/input/{form.key.replace('-response', '-schema')}"
    wanted = {"artifacts": {"flow_run_id": {"any_": [waiting.run_id]}}}
    lines = {"logs": {"flow_run_id": {"any_": [waiting.run_id]}}}
    reviewer, stranger, operator = office.reviewer("policy"), office.newcomer("medical_centre"), operator_of(office)
    with signed_in(office, reviewer) as client:
        assert "properties" in client.get(schema).json()
        seen = client.post("/artifacts/filter", json=wanted).json()
        assert {row["key"] for row in seen} == {
            f"cycle-{waiting.cycle_id}-{x}" for x in ("summary", "changes", "findings")
        }
        one = f"/artifacts/{seen[0]['id']}"
        latest = f"/artifacts/cycle-{waiting.cycle_id}-summary/latest"
        assert client.get(one).json()["key"] == seen[0]["key"]
        assert client.get(latest).status_code == 200
        assert client.post("/logs/filter", json=lines).json()
        assert client.get(f"/flow_runs/{waiting.run_id}/logs/download").status_code == 200
    for name in (stranger, operator):
        with signed_in(office, name) as client:
            for address in (schema, one, latest, f"/flow_runs/{waiting.run_id}/logs/download"):
                refused = client.get(address)
                assert refused.status_code == 403, (name, address)
                assert "还没有发布" in detail(refused)
            assert client.post("/artifacts/filter", json=wanted).json() == []
            every = client.post("/artifacts/latest/filter", json={}).json()
            assert not [row for row in every if row["flow_run_id"] == waiting.run_id]
            assert client.post("/logs/filter", json=lines).json() == []
            run = client.get(f"/flow_runs/{waiting.run_id}").json()
            assert (run["state"]["name"], run["state"]["message"]) == ("Suspended", None)
    with office.installation.records.read() as session:
        looks = [(look.person.name, look.is_allowed) for look in list_looks(session, waiting.cycle_id)]
    assert {(reviewer, True), (stranger, False), (operator, False)} <= set(looks)
    assert looks.count((reviewer, True)) == 1


def test_answers_in_prefect_are_read_by_nobody(office: Office, waiting: Case) -> None:
    assert waiting.form is not None
    for name in (office.reviewer("policy"), operator_of(office)):
        with signed_in(office, name) as client:
            for path in (f"input/{waiting.form.key}", "input/keyset-x", "input/suspended-x-response"):
                assert client.get(f"/flow_runs/{waiting.run_id}/{path}").status_code == 403
            assert client.post(f"/flow_runs/{waiting.run_id}/input/filter", json={"prefix": ""}).status_code == 403


def test_what_a_page_asks_is_answered(office: Office) -> None:
    with signed_in(office, office.reviewer("policy")) as client:
        for path in (
            "/flow_runs/filter",
            "/flow_runs/paginate",
            "/task_runs/paginate",
            "/flows/paginate",
            "/flow_runs/count",
        ):
            assert client.post(path, json={}).status_code == 200, path
        told = client.post("/deployments/paginate", json={}).json()["results"]
        assert told
        assert {row["entrypoint"] for row in told} == {None}
        assert client.get("/admin/settings").json() == {"PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": False}
        assert client.post("/events/filter", json={}).json()["events"] == []


# --- the door stands


def test_nobody_comes_in_without_a_session_or_from_elsewhere(office: Office) -> None:
    who = office.reviewer("policy")
    with signed_in(office) as client:
        assert client.get("/health").status_code == 401
        assert client.post("/flow_runs/filter", json={}).status_code == 401
    page = httpx.get(
        f"{office.settings.server_url}/prefect/runs", headers={"Accept": "text/html"}, trust_env=False, timeout=120
    )
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?back=%2Fprefect%2Fruns")
    with signed_in(office, who) as client:
        for headers in (
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Host": "rebound.example"},
        ):
            refused = client.post("/flow_runs/filter", json={}, headers=headers)
            assert refused.status_code in {400, 403}, headers
        plain = client.post("/flow_runs/filter", content=b"{}", headers={"Content-Type": "text/plain"})
        assert plain.status_code == 415


def test_there_is_no_way_past_the_door(office: Office) -> None:
    """Prefect knows nobody but us, and lets no page of another site read it; it listens on this machine alone."""
    own = f"{office.settings.prefect_url}/api"
    for auth in (None, ("disclosure", ""), ("disclosure", "wrong"), ("", secret_of(office))):
        refused = httpx.post(f"{own}/flow_runs/filter", json={}, auth=auth, trust_env=False, timeout=120)
        assert refused.status_code == 401
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "PATCH"}
    assert (
        "access-control-allow-origin"
        not in httpx.options(f"{own}/flows/", headers=asked, trust_env=False, timeout=120).headers
    )
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [words[1] for words in lines if words[3] == "0A"]
    port = f"{office.settings.prefect_port:04X}"
    assert {each.partition(":")[0] for each in listening if each.endswith(f":{port}")} == {"0100007F"}


#: What a visitor's browser may add to a request in the hope that Prefect hears it.
SMUGGLED = (
    {"Authorization": "Basic eDp5"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"X-Method-Override": "PATCH", "X-HTTP-Method": "PUT"},
    {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "evil.example", "Forwarded": "for=127.0.0.1"},
    {"X-Original-URL": "/api/admin/settings", "X-Rewrite-URL": "/api/admin/settings"},
    {"Connection": "close, Authorization"},
    {"Prefect-Csrf-Token": "x", "Prefect-Csrf-Client": "y"},
    {"X-PREFECT-API-VERSION": "0.0.1"},
    {"Accept-Encoding": "br, gzip, zstd"},
    {"Range": "bytes=0-1"},
)


@pytest.mark.parametrize("smuggled", SMUGGLED, ids=[next(iter(headers)) for headers in SMUGGLED])
def test_headers_of_the_browser_change_nothing(office: Office, waiting: Case, smuggled: dict[str, str]) -> None:
    with signed_in(office, office.reviewer("policy")) as client:
        answer = client.get(f"/flow_runs/{waiting.run_id}", headers=smuggled)
        assert answer.status_code == 200
        assert answer.json()["id"] == waiting.run_id
    assert waiting.state() == "Suspended"


RAW_PATHS = (
    "/prefect/api/../api/admin/settings",
    "/prefect/api/flow_runs/../admin/settings",
    "/prefect/api//admin/settings",
    "/prefect//api/admin/settings",
    "//prefect/api/admin/settings",
    "/prefect/api/flow_runs%2f..%2fadmin%2fsettings",
    "/prefect/%61pi/../%2e%2e/openapi.json",
    "/prefect/..%2fapi/admin/settings",
    "/prefect/%2e%2e/openapi.json",
    "/prefect/../openapi.json",
    "/prefect/../docs",
    "/prefect/api/admin%2fsettings",
    "/prefect/api/admin\\settings",
    "/prefect/api/admin/settings;x=1",
    "/prefect/api/admin/settings%00",
    "/prefect/api/admin/storage%23",
    "/prefect/api/ADMIN/storage",
    "/prefect/apix/../api/admin/storage",
    "http://127.0.0.1/prefect/api/admin/storage",
    "/prefect/api/admin/storage?x=1",
    "/prefect/v2/",
    "/api/admin/settings",
    "/openapi.json",
    "/docs",
)


@pytest.mark.parametrize("path", RAW_PATHS)
def test_no_spelling_of_a_path_leads_elsewhere(office: Office, path: str) -> None:
    answer = speak(office, f"GET {path} HTTP/1.1\r\n", operator_of(office))
    status = int(answer.split(b" ", 2)[1])
    assert status in {400, 403, 404, 422}, answer[:300]
    for inside in (b"auth_string", b"openapi", b"profiles_path", secret_of(office).encode()):
        assert inside not in answer


def speak(office: Office, first_line: str, name: str, further: str = "", body: bytes = b"") -> bytes:
    """Send bytes as they are; what comes back until the door closes."""
    settings = office.settings
    head = (
        f"{first_line}Host: 127.0.0.1:{settings.server_port}\r\nOrigin: {settings.server_url}\r\nConnection: close\r\n"
        f"Cookie: {cookie_name(settings, 'session')}={session_of(office, name)}\r\n{further}\r\n"
    )
    with closing(socket.create_connection((settings.server_host, settings.server_port), timeout=15)) as line:
        line.sendall(head.encode("latin-1") + body)
        received = b""
        while piece := line.recv(65536):
            received += piece
    return received


@pytest.mark.parametrize(
    ("further", "body"),
    [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\nGET /x HTTP/1.1\r\n\r\n"),
        ("Content-Length: 2\r\nContent-Length: 50\r\n", b"{}"),
        ("Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
        ("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
        ("Content-Length: -1\r\n", b"{}"),
    ],
)
def test_two_lengths_do_not_make_two_requests(office: Office, further: str, body: bytes) -> None:
    path = "POST /prefect/api/flow_runs/count HTTP/1.1\r\n"
    answer = speak(office, path, office.reviewer("policy"), further, body)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert not answer.startswith(b"HTTP/1.1 5")


@pytest.mark.usefixtures("waiting")
def test_the_credential_and_prefects_address_are_in_no_answer(office: Office) -> None:
    secret = secret_of(office)
    with signed_in(office, operator_of(office)) as client:
        answers = [
            client.get(path)
            for path in (
                "/../",
                "/../ui-settings",
                "/../runs",
                "/health",
                "/admin/settings",
                "/admin/version",
                "/elsewhere",
            )
        ]
        answers += [
            client.post(path, json={"limit": 2} if "events" in path else {})
            for path in (
                "/flow_runs/filter",
                "/deployments/filter",
                "/events/filter",
                "/logs/filter",
                "/work_pools/filter",
            )
        ]
        answers.append(client.post("/flow_runs/filter", json={"limit": "x"}))
        following = next(answer.json() for answer in answers if "next_page" in answer.text)["next_page"]
        answers.append(client.get(following.removeprefix("/prefect/api")))
        assert answers[-1].status_code == 200
    for answer in answers:
        told = answer.text + str(answer.headers)
        for inside in (secret, f":{office.settings.prefect_port}", "www-authenticate", "set-cookie", "allow-origin"):
            assert inside not in told.lower() if inside.islower() else inside not in told, answer.url
    settings = answers[1].json()
    assert (settings["auth"], settings["available_uis"], settings["v2_base_url"]) == (None, ["v1"], None)


# --- streams


def stream(office: Office, path: str, name: str, **headers: str) -> Any:
    settings = office.settings
    cookie = {"Cookie": f"{cookie_name(settings, 'session')}={session_of(office, name)}"} if name else {}
    address = f"{settings.server_url.replace('http', 'ws', 1)}/prefect/api{path}"
    return connect(
        address,
        subprotocols=[PREFECT],
        origin=headers.pop("origin", settings.server_url),  # type: ignore[arg-type]
        additional_headers={**cookie, **headers},
        proxy=None,
        open_timeout=15,
    )


@pytest.mark.usefixtures("waiting")
def test_a_stream_opens_for_whoever_may_have_it(office: Office) -> None:
    for path, name, origin in (
        ("/events/out", "", office.settings.server_url),
        ("/events/out", office.reviewer("policy"), office.settings.server_url),
        ("/events/out", operator_of(office), "http://evil.example"),
        ("/events/in", operator_of(office), office.settings.server_url),
        ("/work_pools/x/workers/connect", operator_of(office), office.settings.server_url),
    ):
        with pytest.raises((InvalidStatus, WebSocketException)):
            stream(office, path, name, origin=origin)
    with stream(office, "/events/out", operator_of(office)) as socket_:
        socket_.send(json.dumps({"type": "auth", "token": "whatever the browser thinks"}))
        assert json.loads(socket_.recv(15)) == {"type": "auth_success"}
        socket_.send(json.dumps({"type": "filter", "filter": {}}))
        first = json.loads(socket_.recv(15))
        assert first["event"]["payload"] == {}
        assert secret_of(office) not in json.dumps(first)


def test_a_stream_that_does_not_keep_to_the_protocol_is_closed(office: Office) -> None:
    for said in ("no json", "[]", '{"type": "filter"}', "[" * 100_000):
        with stream(office, "/logs/out", office.reviewer("policy")) as socket_:
            socket_.send(said)
            with pytest.raises(WebSocketException):
                socket_.recv(15)


# --- whatever comes


def test_a_thousand_odd_requests_break_nothing(office: Office, waiting: Case) -> None:
    """No server error, no credential, and the run still waits."""
    chance = random.Random(19)  # noqa: S311 - odd, not secret
    secret = secret_of(office)
    words = [
        "flow_runs",
        "filter",
        waiting.run_id,
        "resume",
        "input",
        "admin",
        "..",
        "%00",
        "logs",
        "artifacts",
        "名",
        "a" * 300,
        "",
    ]
    values: list[Any] = [
        None,
        {},
        [],
        1,
        "x",
        "\0",
        "\ud800",
        {"a": [{}] * 3},
        -1,
        1e300,
        True,
        {"__prefect_kind": "jinja"},
    ]
    keys = ["limit", "offset", "sort", "flow_runs", "run_input", "state", "schema", "values", "filter", "名"]
    with signed_in(office, office.reviewer("policy")) as reviewer, signed_in(office, operator_of(office)) as operator:
        for _ in range(1000):
            client = chance.choice([reviewer, operator])
            method = chance.choice(["GET", "POST", "POST", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
            path = "/" + "/".join(chance.choice(words) for _ in range(chance.randint(1, 4)))
            if chance.random() < 0.5:
                path = chance.choice(
                    [
                        "/flow_runs/filter",
                        "/logs/filter",
                        "/ui/schemas/validate",
                        f"/flow_runs/{waiting.run_id}/resume",
                        "/task_runs/count",
                    ]
                )
            body = {chance.choice(keys): chance.choice(values) for _ in range(chance.randint(0, 3))}
            answer = client.request(
                method, path, content=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
            )
            assert answer.status_code < 500 or answer.status_code == 503, (method, path, body, answer.text)
            assert secret not in answer.text + str(answer.headers)
    assert waiting.state() == "Suspended"
    assert waiting.decisions() == []
