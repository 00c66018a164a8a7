"""Protects how requests to Prefect are read and its answers shown: one reading, plain JSON, nothing under embargo."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.input import RunInput
from starlette.requests import Request

from deployments.door.prefect.bodies import MOST_BYTES, RefusedRequestError, is_plain_question, read_body, write_body
from deployments.door.prefect.paths import read_path, read_query, write_path
from deployments.door.prefect.replies import put_into_chinese
from deployments.door.prefect.shown import WAITING_PAGE, show
from deployments.door.prefect.upstream import answer_headers
from deployments.door.prefect.waking import wake_suspended_run
from tasks.orchestration import forms
from tasks.orchestration.known_flows import ALL, KnownFlow

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"prefect/api",
        b"//prefect/api",
        b"/prefect//api",
        b"/prefect/../site",
        b"/prefect/./api",
        b"/prefect/..",
        b"/prefect/%2e%2e/api",
        b"/prefect/%2E./api",
        b"/prefect%2fapi",
        b"/prefect%2Fapi/x",
        b"/prefect/a%5cb",
        b"/prefect/a\\b",
        b"/prefect/%252e%252e/api",
        b"/prefect/api%00",
        b"/prefect/api%0d%0aX:1",
        b"/prefect/api%3fa=1",
        b"/prefect/api%23",
        b"/prefect/api;a=1/flows",
        b"/prefect/api%3b",
        b"/prefect/%ff",
        b"/prefect/%c0%ae%c0%ae/",
        b"/prefect/a b",
        b"/prefect/" + b"a" * 1000,
    ],
)
def test_a_path_that_could_be_read_in_two_ways_is_not_read(raw: bytes) -> None:
    assert read_path(raw) is None


def test_a_plain_path_is_read_and_written_as_it_is() -> None:
    name = b"/prefect/api/deployments/name/%E7%A4%BE%E4%BF%9D/annual"
    assert read_path(name) == "/prefect/api/deployments/name/社保/annual"
    assert write_path("/prefect/api/deployments/name/社保/annual").encode() == name
    assert read_path(b"/prefect/") == "/prefect/"


@given(st.binary(max_size=60))
def test_whatever_is_read_means_the_same_once_written(raw: bytes) -> None:
    path = read_path(b"/" + raw)
    if path is not None:
        assert read_path(write_path(path).encode()) == path
        assert not {"", ".", ".."} & set(path[1:].split("/")[:-1])


def test_a_query_is_pairs_or_nothing() -> None:
    assert read_query(b"") == []
    assert read_query(b"page-token=a%3D%3D") == [("page-token", "a==")]
    assert read_query(b"a&&b") is None
    assert read_query(b"\xff=1") is None
    assert read_query(b"a=%ff") is None
    assert read_query(b"a=" + b"1" * 3000) is None


def body_of(raw: bytes, content_type: str = "application/json") -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", content_type.encode())]}
    return asyncio.run(read_body(Request(scope, receive)))


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 422),
        (b"\xff\xfe", 422),
        (b'{"a": NaN}', 422),
        (b'{"a": Infinity}', 422),
        (b'{"a": 1e999}', 422),
        (b'{"a": "\\ud800"}', 422),
        (b'{"a": "x\\u0000y"}', 422),
        (b'{"a\\u0000": 1}', 422),
        (b"[" * 100_000, 422),
        (b'{"a": ' + b"9" * 5000 + b"}", 422),
        (b'{"run_input": {"opinion": {"__prefect_kind": "jinja", "template": "{{ 1 }}"}}}', 422),
        (b'{"values": [{"__prefect_kind": "workspace_variable", "variable_name": "x"}]}', 422),
        (b'{"a": {"__prefect_kind": ["jinja"]}}', 422),
        (b'"' + b"a" * MOST_BYTES + b'"', 413),
    ],
)
def test_what_is_no_plain_json_does_not_reach_prefect(raw: bytes, status: int) -> None:
    with pytest.raises(RefusedRequestError) as told:
        body_of(raw)
    assert told.value.status == status


def test_a_form_of_another_page_is_no_json() -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        with pytest.raises(RefusedRequestError):
            body_of(b'{"a": 1}', content_type)


def test_a_name_said_twice_is_passed_on_as_it_was_judged() -> None:
    assert write_body(body_of(b'{"state": {"type": "X"}, "state": {"type": "Y"}}')) == b'{"state": {"type": "Y"}}'


OWN_WORDS = ["一个很长的选项"] * 300
FORMS = (
    forms.review_form(OWN_WORDS, OWN_WORDS, "材料"),
    forms.sign_off_form(OWN_WORDS, OWN_WORDS, "材料", "时间"),
    forms.later_review_form(OWN_WORDS, "材料"),
    forms.collect_form("材料"),
    forms.office_form(OWN_WORDS, "材料"),
    forms.confirmation_form(OWN_WORDS, "没有", "材料"),
)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.model_json_schema()["title"])
def test_prefect_may_check_our_own_forms_filled_in_as_long_as_they_may_be(form: type[RunInput]) -> None:
    values: dict[str, Any] = {
        name: OWN_WORDS if name in {"changed", "returned_to"} else "字" * 2000 for name in form.model_fields
    }
    assert is_plain_question({"schema": form.model_json_schema(), "values": values})
    assert is_plain_question({"schema": form.model_json_schema(), "values": {}})


@pytest.mark.parametrize("flow", ALL, ids=lambda flow: flow.name)
def test_prefect_may_check_what_a_flow_is_started_with(flow: KnownFlow) -> None:
    assert is_plain_question(
        {"schema": flow.load().parameters.model_dump(), "values": {"kind": "annual", "only": ["a"]}}
    )


def test_a_notice_and_a_field_called_pattern_are_a_form_too() -> None:
    own = {
        "properties": {"code": {"pattern": r"^\d{6}$", "type": "string"}, "pattern": {"type": "null"}},
        "required": [],
    }
    assert is_plain_question({"schema": own, "values": {}})


MANY = list(range(4000))


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"pattern": "(a+)+$"}, "a"),
        ({"patternProperties": {"(a+)+$": {}}}, {}),
        ({"allOf": [{"$ref": "#"}]}, ""),
        ({"$ref": "#"}, ""),
        ({"type": "array", "uniqueItems": True}, [{"a": each} for each in MANY[:1000]]),
        ({"items": {"anyOf": [{} for _ in MANY]}}, MANY),
        ({"items": {"items": {"type": "string"}}}, [MANY, MANY]),
        ({"items": {"type": "object", "required": [str(each) for each in MANY]}}, [{}, {}]),
        ({"items": {"enum": [str(each) for each in MANY]}}, MANY),
        ({"type": ["string"] * 4000}, ""),
        ({"enum": MANY}, 0),
        ({"required": [{}]}, {}),
        ({"properties": MANY}, {}),
        ({"properties": {"a": MANY}}, {}),
        ({"anyOf": {"a": 1}}, {}),
        ({"items": [{}]}, []),
        ({"definitions": {"a": {"$ref": "#/definitions/a"}}}, {}),
        ({"not": {}}, {}),
        ({"additionalProperties": {"enum": ["b"]}}, {}),
        ({"format": "regex"}, "("),
    ],
    ids=lambda each: str(each)[:30],
)
def test_what_would_keep_prefect_busy_is_not_checked_by_it(rule: Any, value: Any) -> None:
    # Twelve thousand characters took its only thread eleven seconds, two thousand more took it for good.
    schema = {"type": "object", "properties": {"a": rule}}
    assert not is_plain_question({"schema": schema, "values": {"a": value}})


@pytest.mark.parametrize("body", [[], "a", {}, {"schema": []}, {"schema": True, "values": {}}, {"values": {}}])
def test_what_is_no_question_is_none(body: Any) -> None:
    assert not is_plain_question(body)


def test_rules_below_rules_without_end_are_counted_no_further() -> None:
    schema: dict[str, Any] = {}
    for _ in range(900):
        schema = {"properties": {"a": schema}}
    assert not is_plain_question({"schema": schema, "values": {}})


SEEN, HIDDEN = "0193d7a2-0000-7000-8000-000000000001", "0193d7a2-0000-7000-8000-000000000002"


def visible(run_ids: Collection[str]) -> Collection[str]:
    return {run_id for run_id in run_ids if run_id == SEEN}


def shown(treatment: Any, payload: Any, *, is_operator: bool = False) -> Any:
    return show(treatment, payload, visible, is_operator=is_operator)


@pytest.mark.parametrize("treatment", ["artifacts", "logs"])
def test_what_hangs_on_a_run_is_shown_to_whoever_may_see_its_contents(treatment: str) -> None:
    rows = [{"flow_run_id": SEEN, "data": 1}, {"flow_run_id": HIDDEN, "data": 2}, {"flow_run_id": None, "data": 3}]
    assert shown(treatment, rows) == rows[:1]
    assert shown(treatment, {"results": rows, "count": 3}) == {"results": rows[:1], "count": 3}
    assert shown(treatment, rows[0]) == rows[0]
    assert shown(treatment, rows[1]) is None
    assert shown(treatment, "unheard of") is None


def test_everybody_sees_a_run_and_only_some_why_it_failed() -> None:
    def row(run_id: str) -> dict[str, Any]:
        return {"id": run_id, "name": "n", "state": {"type": "FAILED", "message": "参保人数 12.3 万"}}

    told = shown("runs", {"results": [row(SEEN), row(HIDDEN)]})["results"]
    assert [each["state"]["message"] for each in told] == ["参保人数 12.3 万", None]
    assert shown("runs", row(HIDDEN))["name"] == "n"
    task = {"id": SEEN, "flow_run_id": HIDDEN, "state": {"message": "12.3"}}
    assert shown("runs", [task])[0]["state"]["message"] is None


def test_runs_are_called_by_what_they_do_and_whom_they_wait_for() -> None:
    planned = {
        "deployment_id": "d",
        "name": "fat-cat",
        "auto_scheduled": True,
        "state_type": "SCHEDULED",
        "run_count": 0,
    }
    rows = [
        {**planned, "id": "1", "tags": ["chuxiong", "收件"], "expected_start_time": "2026-03-05T00:35:00Z"},
        {**planned, "id": "2", "tags": ["年度"], "parameters": {"kind": "annual", "year": 2025}},
        {**planned, "id": SEEN, "name": "2025年度披露", "auto_scheduled": False, "state_type": "PAUSED"},
        {**planned, "id": "4", "name": "收件 03-05 08:30", "state_type": "COMPLETED", "run_count": 1},
        {"id": "5", "flow_run_id": SEEN, "name": "review-0", "state_type": "PAUSED"},
    ]
    told = show("runs", rows, visible, is_operator=False, find_awaited=lambda ids: dict.fromkeys(ids, "数据审核"))
    assert [row["name"] for row in told] == [
        "收件 03-05 08:35", "2025年度披露", "2025年度披露 · 等数据审核", "收件 03-05 08:30", "review-0",
    ]  # fmt: skip


def test_the_next_run_of_a_flow_is_called_by_its_hour_and_the_bookmark_lists_what_waits() -> None:
    following = {"f": {"id": "1", "name": "fat-cat", "next_scheduled_start_time": "2026-03-05T00:35:00Z"}, "g": None}
    assert shown("next_runs", following)["f"]["name"] == "03-05 08:35"
    theirs = {"id": SEEN, "name": "我的筛选", "filters": []}
    ours, kept = shown("bookmarks", [theirs])
    assert kept == theirs
    assert ours["name"] == "等答复的"
    assert {each["property"]: each["value"] for each in ours["filters"]}["state"] == ["Suspended", "Paused"]
    assert "state=Suspended&state=Paused" in WAITING_PAGE


def test_where_code_lies_is_for_the_operator() -> None:
    row = {
        "name": "annual",
        "entrypoint": "flows.cycle:x",
        "pull_steps": [1],
        "path": "/srv",
        "job_variables": {"a": 1},
    }
    told = shown("deployments", [dict(row)])[0]
    assert told == {"name": "annual", "entrypoint": None, "pull_steps": None, "path": None, "job_variables": None}
    assert shown("deployments", dict(row), is_operator=True) == row


def test_events_carry_no_words_and_no_address() -> None:
    resource = {"prefect.resource.id": "prefect.flow-run.1", "prefect.state-message": "12.3"}
    state = {"event": "prefect.flow-run.Failed", "resource": resource, "payload": {"message": "12.3"}}
    line = {"event": "prefect.log.write.flow-run", "resource": {}, "payload": {"message": "12.3"}}
    page = {
        "events": [state, line, 7],
        "total": 3,
        "next_page": "http://127.0.0.1:4201/api/events/filter/next?page-token=x",
    }
    told = shown("events", page)
    assert "12.3" not in json.dumps(told)
    assert [event["event"] for event in told["events"]] == ["prefect.flow-run.Failed"]
    assert told["next_page"] == "/prefect/api/events/filter/next?page-token=x"
    assert shown("events", []) is None


def test_headers_of_an_answer_are_a_list_of_ours() -> None:
    headers = {
        "Content-Type": "text/html",
        "ETag": "1",
        "Set-Cookie": "a=1",
        "Location": "http://127.0.0.1:4201/",
        "WWW-Authenticate": "Basic",
        "Access-Control-Allow-Origin": "*",
        "Server": "uvicorn",
        "Connection": "close",
    }
    assert set(answer_headers(httpx.Response(200, headers=headers))) == {"content-type", "etag"}


def test_a_run_is_woken_although_prefects_database_is_locked_for_a_moment() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        call = f"{request.method} {request.url.path}"
        asked.append(call)
        if asked.count(call) < 3:
            return httpx.Response(503)
        state = {"type": "PAUSED", "state_details": {"pause_key": "k", "run_input_keyset": {"schema": "s"}}}
        return httpx.Response(200, json={"state": state, "status": "ACCEPT"})

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://prefect") as prefect:
        assert wake_suspended_run(prefect, SEEN, "k")
        assert not wake_suspended_run(prefect, SEEN, "another")
    assert [asked.count(call) for call in dict.fromkeys(asked)] == [4, 3, 3, 3]


def test_what_prefect_finds_wrong_with_a_form_is_said_in_chinese() -> None:
    said = {
        "gate": "'gate' is a required property",
        "opinion": "'' should be non-empty",
        "code": r"'12' does not match '^\d{6}$'",
        "outcome": "'x' is not one of ['通过', '退回']",
        "name": "None is not of type 'string'",
        "more": "something new",
    }
    errors = [{"property": name, "errors": [sentence]} for name, sentence in said.items()]
    nested = {"property": "returned_to", "errors": [{"index": 0, "errors": ["'y' is not one of []"] * 2}]}
    told = show("faults", {"errors": [*errors, nested], "valid": False}, lambda ids: ids, is_operator=False)
    found = {each["property"]: each["errors"][0] for each in told["errors"]}
    assert found.pop("returned_to") == {"index": 0, "errors": ["请从列表里选"]}
    assert found == {
        "gate": "没有填",
        "opinion": "没有填",
        "code": "应为验证器上正在显示的 6 位数字",
        "outcome": "请从列表里选",
        "name": "没有填",
        "more": "填得不对，请重新填",
    }
    assert told["valid"] is False


@pytest.mark.parametrize(("is_operator", "says"), [(True, "yes"), (False, "no")])
def test_the_page_of_the_ui_that_is_installed_gets_our_words(is_operator: bool, says: str) -> None:
    spec = importlib.util.find_spec("prefect")
    assert spec is not None
    assert spec.origin is not None
    page = (Path(spec.origin).parent / "server" / "ui" / "index.html").read_text(encoding="utf-8")
    ours = put_into_chinese(page, is_operator=is_operator)
    assert f'<script src="/assets/prefect.js" data-operator="{says}"></script>' in ours
    # The words come before the script that says them, and ours before theirs, which wraps what theirs uses.
    assert ours.index("/assets/prefect-words.js") < ours.index("/assets/prefect.js")
    assert ours.index("/assets/prefect.js") < ours.index('type="module"')
    assert '<html lang="zh-CN">' in ours
