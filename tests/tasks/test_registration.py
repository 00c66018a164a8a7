"""Protects what is told of deployments that somebody altered, field by field, and where the server fails in between."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect import flow
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from sqlalchemy import select

from disclosure.monitoring.supervision.findings_repository import open_findings
from disclosure.platform.errors import is_passing
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.records.tables import LedgerEntry
from tasks.orchestration import registration

pytestmark = pytest.mark.unit

AS_REGISTERED = {
    "name": "annual",
    "flow_id": uuid.uuid4(),
    "entrypoint": "flows.cycle.disclosure_cycle",
    "parameters": {"kind": "annual"},
    "path": ".",
}


def limit_of(runs: int) -> dict[str, Any]:
    """What Prefect answers of a limit."""
    return {"id": uuid.uuid4(), "name": "x", "limit": runs, "active_slots": 0, "slot_decay_per_second": 0}


def altered(body: dict[str, Any]) -> tuple[str, ...]:
    """What is told of a row in which ``body`` was written."""
    row = DeploymentResponse.model_validate({**AS_REGISTERED, **body})
    return registration.alterations(row, "flows.cycle.disclosure_cycle", {"kind": "annual"})


def test_nothing_is_told_of_what_stands_as_it_was_registered() -> None:
    assert altered({}) == ()
    assert altered({"path": None}) == altered({"path": ""}) == ()
    assert altered({"global_concurrency_limit": limit_of(1000)}) == (), "as it is put right"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"entrypoint": "evil.py:evil"}, "入口"),
        ({"entrypoint": None}, "入口"),
        ({"path": "elsewhere"}, "路径"),
        ({"pull_steps": [{"prefect.deployments.steps.run_shell_script": {"script": "touch x"}}]}, "拉取步骤"),
        ({"job_variables": {"env": {"PREFECT__FLOW_ENTRYPOINT": "x"}}}, "运行环境变量"),
        ({"parameters": {"kind": "annual", "name": "x"}}, "参数"),
        ({"parameters": {}}, "参数"),
        ({"enforce_parameter_schema": False}, "不核对参数"),
        ({"work_pool_name": "theirs"}, "工作池"),
        ({"work_queue_name": "theirs"}, "工作池"),
        ({"storage_document_id": uuid.uuid4()}, "存储或运行环境"),
        ({"infrastructure_document_id": uuid.uuid4()}, "存储或运行环境"),
        ({"global_concurrency_limit": limit_of(1)}, "并发限制"),
        ({"concurrency_options": {"collision_strategy": "CANCEL_NEW"}}, "并发限制"),
    ],
)
def test_each_alteration_is_told_by_what_was_altered(body: dict[str, Any], told: str) -> None:
    assert altered(body) == (told,)


class Unavailable(BaseHTTPRequestHandler):
    """Answers as Prefect's server does while its database is locked."""

    def _answer(self) -> None:
        self.send_response(503)
        self.end_headers()
        self.wfile.write(b'{"exception_message": "Service Unavailable"}')

    do_GET = do_POST = do_PATCH = _answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def busy_server() -> Iterator[None]:
    """A Prefect server that answers nothing else."""
    server = HTTPServer(("127.0.0.1", 0), Unavailable)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/api"
    with temporary_settings({PREFECT_API_URL: url, PREFECT_CLIENT_MAX_RETRIES: 0}):
        yield
    server.shutdown()
    server.server_close()


@flow
def some_flow() -> None:
    """Do nothing."""


@pytest.mark.usefixtures("busy_server")
def test_a_registration_fails_with_what_the_server_answered() -> None:
    wanted = some_flow.to_deployment("some")
    assert isinstance(wanted, RunnerDeployment)
    with pytest.raises(httpx.HTTPStatusError) as failed:
        registration._apply(wanted)
    assert is_passing(failed.value)


def test_what_was_put_right_before_the_server_failed_is_told_and_the_rest_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = Installation(Settings(home=tmp_path, profile="gaogang-2016"))
    annual, special = (some_flow.to_deployment(name) for name in ("annual", "special"))
    row = DeploymentResponse.model_validate({**AS_REGISTERED, "pull_steps": [{"x": {}}]})

    def make_so(_client: object, wanted: RunnerDeployment, _before: object) -> uuid.UUID:
        if wanted.name == "special":
            raise httpx.ReadTimeout("no answer")
        return row.id

    monkeypatch.setattr(registration, "get_client", lambda **_: nullcontext())
    monkeypatch.setattr(registration, "_ours", lambda *_: [])
    monkeypatch.setattr(registration, "find_deployment", lambda *_: row)
    monkeypatch.setattr(registration, "_make_so", make_so)
    with pytest.raises(httpx.ReadTimeout):
        registration.register(installation, [annual, special])

    with installation.records.read() as session:
        events = session.scalars(select(LedgerEntry.details).where(LedgerEntry.event == "deployment.corrected")).all()
        found = {line.subject: line for line in open_findings(session, "gaogang-2016")}
    assert len(events) == 1
    assert "annual" in events[0]
    assert found["annual"].mended_at is not None
    assert found["special"].mended_at is None
    assert "再改" in found["special"].failure
