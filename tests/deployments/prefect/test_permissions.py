"""Protects who may call what of Prefect: role by role, call by call; what is not in the table is refused."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.door.prefect.permissions import (
    OPERATOR,
    ForbiddenCall,
    PermittedCall,
    judge_call,
    load_permissions,
    unknown_fields,
)
from disclosure.catalog import RoleId, load_catalog

pytestmark = pytest.mark.unit

ID = "0193d7a2-5b1c-7000-8000-0123456789ab"
RUN = f"/flow_runs/{ID}"
DEPLOYMENT = f"/deployments/{ID}"
STAFF: tuple[RoleId, ...] = tuple(role for role in load_catalog("chuxiong").roles if role != OPERATOR)

#: What every signed-in person's page asks to show runs, forms and what hangs on them, and how the answer is treated.
EVERYBODY = {
    "GET /admin/settings": "as_is",
    "GET /health": "as_is",
    f"GET {RUN}": "runs",
    "POST /flow_runs/filter": "runs",
    "POST /flow_runs/paginate": "runs",
    "POST /flow_runs/count": "as_is",
    f"GET {RUN}/graph-v2": "as_is",
    "POST /task_runs/filter": "runs",
    f"GET /task_runs/{ID}": "runs",
    f"GET {DEPLOYMENT}": "deployments",
    "POST /deployments/paginate": "deployments",
    "GET /deployments/name/社会保险信息披露/annual": "deployments",
    "POST /flows/paginate": "as_is",
    "POST /artifacts/filter": "artifacts",
    "POST /artifacts/latest/filter": "artifacts",
    "GET /artifacts/cycle-1-summary/latest": "artifacts",
    f"GET /artifacts/{ID}": "artifacts",
    "POST /logs/filter": "logs",
    "WS /logs/out": "logs",
    f"GET {RUN}/logs/download": "run_text",
    f"GET {RUN}/input/suspended-cycle1-round1-review-1-schema": "form",
    f"GET {RUN}/input/suspended-cycle1-round1-review-1-description": "form",
    "POST /ui/schemas/validate": "faults",
    f"POST {RUN}/resume": "resumed",
}
#: What changes or stops something, and what only whoever runs the machine needs to see.
OPERATORS = (
    f"POST {RUN}/set_state",
    f"DELETE {RUN}",
    f"PATCH {RUN}",
    "POST /flow_runs/bulk_delete",
    "POST /flow_runs/bulk_set_state",
    f"POST {DEPLOYMENT}/create_flow_run",
    f"POST {DEPLOYMENT}/pause_deployment",
    f"POST {DEPLOYMENT}/resume_deployment",
    f"PATCH {DEPLOYMENT}",
    f"DELETE {DEPLOYMENT}",
    f"PATCH {DEPLOYMENT}/schedules/{ID}",
    f"DELETE /flows/{ID}",
    f"PATCH /automations/{ID}",
    f"DELETE /automations/{ID}",
    f"GET /automations/{ID}",
    "POST /automations/",
    f"PUT /automations/{ID}",
    "POST /automations/templates/validate",
    "POST /block_documents/",
    f"GET /block_documents/{ID}",
    f"DELETE /block_documents/{ID}",
    "POST /block_types/filter",
    "POST /variables/",
    "POST /variables/filter",
    f"PATCH /variables/{ID}",
    "PATCH /work_pools/default",
    "DELETE /work_pools/default",
    "GET /events/filter/next",
    "POST /events/count-by/event",
    "WS /events/out",
)
#: What lets foreign code run, writes what others read as truth, or reads what somebody answered: nobody's.
NOBODYS = (
    "POST /deployments/",
    f"PUT {DEPLOYMENT}",
    f"POST {DEPLOYMENT}/schedules",
    f"POST {DEPLOYMENT}/create_flow_run/bulk",
    f"POST {DEPLOYMENT}/schedule",
    "POST /deployments/get_scheduled_flow_runs",
    "POST /flow_runs/",
    "POST /flows/",
    "POST /task_runs/",
    f"POST /task_runs/{ID}/set_state",
    f"PATCH {RUN}/labels",
    f"POST {RUN}/input",
    f"POST {RUN}/input/filter",
    f"GET {RUN}/input/suspended-cycle1-round1-review-1-response",
    f"GET {RUN}/input/keyset-cycle1",
    f"DELETE {RUN}/input/suspended-cycle1-round1-review-1-schema",
    "POST /artifacts/",
    f"PATCH /artifacts/{ID}",
    "POST /logs/",
    "POST /events",
    "WS /events/in",
    "WS /task_runs/subscriptions/scheduled",
    "WS /work_pools/default/workers/connect",
    "POST /templates/validate",
    f"PATCH /block_documents/{ID}",
    "GET /block_types/slug/secret/block_documents",
    "POST /block_types/",
    "POST /block_schemas/",
    "POST /work_pools/",
    "POST /work_pools/default/queues",
    "POST /work_pools/default/workers/heartbeat",
    "POST /work_pools/default/get_scheduled_flow_runs",
    "POST /work_queues/",
    "PUT /admin/storage",
    "DELETE /admin/storage",
    "GET /admin/storage",
    "GET /csrf-token",
    "GET /openapi.json",
    "GET /docs",
    "OPTIONS /flow_runs/filter",
    "TRACE /health",
    "get /health",
    "GET /elsewhere",
    "GET ",
    "GET /",
)
#: Ways to write a permitted call so that it might pass as another.
DISGUISED = (
    f"GET /flow_runs/{ID}/",
    f"GET /flow_runs/{ID}/input/suspended-x-response/suspended-x-schema",
    "POST /flow_runs/filter/",
    f"GET /flow_runs/{ID[:-1]}",
    "GET /artifacts/cycle-1-summary/../latest",
    "GET /HEALTH",
    f"POST /flow_runs/{ID}/resume/x",
    f"GET /flow_runs/{ID}/input/suspended-cycle1-response-schema-response",
    "GET /health\n",
)


@pytest.mark.parametrize("role", [*STAFF, OPERATOR])
@pytest.mark.parametrize(("call", "treatment"), EVERYBODY.items(), ids=list(EVERYBODY))
def test_everybody_signed_in_reads_what_the_pages_need(role: RoleId, call: str, treatment: str) -> None:
    judged = judge_call({role}, *call.split(" ", 1))
    assert isinstance(judged, PermittedCall)
    assert judged.permission.shows == treatment


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("call", OPERATORS)
def test_only_the_operator_stops_changes_and_deletes(role: RoleId, call: str) -> None:
    method, path = call.split(" ", 1)
    refused = judge_call({role}, method, path)
    assert isinstance(refused, ForbiddenCall)
    assert "只有运维人" in refused.sentence
    assert isinstance(judge_call({role, OPERATOR}, method, path), PermittedCall)


@pytest.mark.parametrize("call", [*NOBODYS, *DISGUISED])
def test_what_the_table_does_not_name_is_nobodys(call: str) -> None:
    refused = judge_call({*STAFF, OPERATOR}, *call.split(" ", 1))
    assert isinstance(refused, ForbiddenCall)
    assert "没有开放" in refused.sentence


def test_somebody_without_any_role_still_only_reads() -> None:
    assert isinstance(judge_call(set(), "POST", "/flow_runs/filter"), PermittedCall)
    assert isinstance(judge_call(set(), "POST", f"{RUN}/set_state"), ForbiddenCall)


def test_every_line_of_the_table_can_be_reached() -> None:
    """A line that an earlier one hides for everybody would say what does not hold."""
    seen: dict[str, set[str]] = {}
    for permission in load_permissions().permissions:
        for call in permission.calls:
            assert not {permission.who, "everybody"} & seen.setdefault(call, set()), call
            seen[call].add(permission.who)


def test_staff_are_told_that_there_is_nothing_where_the_operator_sees_events() -> None:
    told = judge_call({"leader"}, "POST", "/events/filter")
    shown = judge_call({OPERATOR}, "POST", "/events/filter")
    assert isinstance(told, PermittedCall)
    assert isinstance(shown, PermittedCall)
    assert told.permission.answer == {"events": [], "total": 0, "next_page": None}
    assert (shown.permission.is_answered_here, shown.permission.shows) == (False, "events")


@pytest.mark.parametrize(
    ("call", "body", "unknown"),
    [
        (f"PATCH {DEPLOYMENT}", {"paused": True}, []),
        (f"PATCH {DEPLOYMENT}", {"paused": True, "entrypoint": "evil.py:flow"}, ["entrypoint"]),
        (f"PATCH {DEPLOYMENT}", {"pull_steps": [{"run_shell_script": "id"}]}, ["pull_steps"]),
        (f"PATCH {DEPLOYMENT}", {"job_variables": {"command": "id"}, "path": "/srv"}, ["job_variables", "path"]),
        (f"PATCH {DEPLOYMENT}", {"parameters": {"year": 2025}}, ["parameters"]),
        (f"PATCH {DEPLOYMENT}", {"work_pool_name": "evil"}, ["work_pool_name"]),
        (f"PATCH {DEPLOYMENT}/schedules/{ID}", {"active": False}, []),
        (f"PATCH {DEPLOYMENT}/schedules/{ID}", {"active": True, "parameters": {"year": 1}}, ["parameters"]),
        (f"POST {DEPLOYMENT}/create_flow_run", {"parameters": {"year": 2025}, "state": {"type": "SCHEDULED"}}, []),
        (f"POST {DEPLOYMENT}/create_flow_run", {"parameters": {}, "job_variables": {}}, []),
        (f"POST {DEPLOYMENT}/create_flow_run", {"job_variables": {"command": "id"}}, ["job_variables"]),
        (f"POST {DEPLOYMENT}/create_flow_run", {"state": {"type": "PAUSED", "data": "x"}}, ["state.data"]),
        (
            f"POST {DEPLOYMENT}/create_flow_run",
            {"work_queue_name": "q", "context": {"a": 1}},
            ["context", "work_queue_name"],
        ),
        (f"POST {RUN}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": True}, []),
        (f"POST {RUN}/set_state", {"state": {"type": "COMPLETED", "data": {"type": "unpersisted"}}}, ["state.data"]),
        (f"POST {RUN}/set_state", {"state": {"state_details": {"pause_key": "x"}}}, ["state.state_details"]),
        (f"POST {RUN}/set_state", {"state": "CANCELLED"}, ["state"]),
        (f"POST {RUN}/set_state", [], ["…"]),
        (f"PATCH {RUN}", {"name": "n", "parameters": {"year": 1}}, ["parameters"]),
        (f"POST {RUN}/resume", {"run_input": {"name": "甲"}}, []),
        (f"POST {RUN}/resume", {"run_input": {}, "force": True}, ["force"]),
        ("PATCH /work_pools/default", {"is_paused": True, "base_job_template": {"a": 1}}, ["base_job_template"]),
        (f"PATCH /automations/{ID}", {"enabled": False}, []),
        (f"PATCH /automations/{ID}", {"enabled": True, "actions": [{"type": "run-deployment"}]}, ["actions"]),
        ("POST /block_documents/filter", {"include_secrets": True}, ["include_secrets"]),
        ("POST /flow_runs/filter", {"whatever": {"a": 1}}, []),
    ],
)
def test_even_the_operator_changes_no_more_than_the_table_says(call: str, body: Any, unknown: list[str]) -> None:
    judged = judge_call({OPERATOR}, *call.split(" ", 1))
    assert isinstance(judged, PermittedCall)
    assert unknown_fields(body, judged.permission.fields) == unknown


def test_a_call_that_names_a_run_says_which() -> None:
    judged = judge_call({"leader"}, "POST", f"/flow_runs/{ID.upper()}/resume")
    assert isinstance(judged, PermittedCall)
    assert judged.run_id == ID
