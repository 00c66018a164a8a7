"""What our own programs ask of Prefect: start a run, see where it stands, answer its form.

Import this only after ``use_server``: Prefect reads its settings from the environment when it is imported.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Scheduled

from disclosure.errors import DisclosureError
from disclosure.periods import Period
from tasks.known_flows import CYCLE, SUPERVISION

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class OpenForm:
    """The form of a suspended run: its JSON schema, and the key it is answered under."""

    run_id: UUID
    key: str
    schema: Mapping[str, Any]

    @property
    def description(self) -> str:
        """The Markdown a person reads before answering; it is the first field's description."""
        first = next(iter(self.schema["properties"].values()))
        return str(first.get("description", ""))


def start_run(period: Period, only: tuple[str, ...] = ()) -> UUID:
    """Create a run of the period's deployment, to start now.

    Raises:
        DisclosureError: when the server does not know the deployment.
    """
    return _create(period, only, None).id


def start_once(period: Period, only: tuple[str, ...], occasion: str) -> UUID:
    """As ``start_run``, but once for an ``occasion``: while that run has not ended, asking again gives the same one.

    Raises:
        DisclosureError: when the server does not know the deployment.
    """
    for attempt in itertools.count(1):
        run = _create(period, only, f"{period.id}-{occasion}-{attempt}")
        if run.state is None or not run.state.is_final():
            return run.id
    raise AssertionError("unreachable")


def start_supervision() -> UUID:
    """Create a run of the supervision, to start now."""
    with _client() as client:
        deployment = client.read_deployment_by_name(f"{SUPERVISION.name}/supervision")
        return client.create_flow_run_from_deployment(deployment.id, state=Scheduled()).id


def _create(period: Period, only: tuple[str, ...], idempotency_key: str | None) -> FlowRun:
    parameters = {"kind": period.kind, "year": period.year, "name": period.name, "only": list(only) or None}
    with _client() as client:
        try:
            deployment = client.read_deployment_by_name(f"{CYCLE.name}/{period.kind}")
        except ObjectNotFound as error:
            raise DisclosureError(
                f"Prefect 服务里没有“{period.kind}”的部署。请在另一个终端运行 disclosure up 后重试。"
            ) from error
        return client.create_flow_run_from_deployment(
            deployment.id, parameters=parameters, state=Scheduled(), idempotency_key=idempotency_key
        )


def read_run(run_id: UUID) -> FlowRun:
    """The run as Prefect knows it."""
    with _client() as client:
        try:
            return client.read_flow_run(run_id)
        except ObjectNotFound as error:
            raise DisclosureError(f"Prefect 服务里没有运行 {run_id}，它的数据库可能已更换；请重新发起运行。") from error


def is_alive(run_id: UUID) -> bool:
    """Whether Prefect knows the run and it has not ended."""
    with _client() as client:
        try:
            run = client.read_flow_run(run_id)
        except ObjectNotFound:
            return False
    return run.state is not None and not run.state.is_final()


def open_form(run_id: UUID) -> OpenForm | None:
    """The form the run waits on; None while it does not wait, or before its form is there."""
    run = read_run(run_id)
    if run.state is None or not run.state.is_paused() or run.state.state_details.run_input_keyset is None:
        return None
    keys = run.state.state_details.run_input_keyset
    with _client() as client:
        schema = _input(client, run_id, keys["schema"])
    return None if schema is None else OpenForm(run_id, keys["response"], schema)


def wait_for(run_id: UUID, is_reached: Callable[[FlowRun], bool], timeout: float, tell: Callable[[], str]) -> FlowRun:
    """The run, once ``is_reached``; never a fixed sleep.

    Raises:
        DisclosureError: after ``timeout`` seconds, with the state and ``tell()`` (the runner's last words).
    """
    until = time.monotonic() + timeout
    while True:
        run = read_run(run_id)
        if is_reached(run):
            return run
        if time.monotonic() > until:
            state = f"{run.state.name}（{run.state.message or '无说明'}）" if run.state else "未知"
            raise DisclosureError(f"等了 {timeout:.0f} 秒，运行“{run.name}”仍是{state}。\n{tell()}")
        time.sleep(_POLL_SECONDS)


def wait_for_form(run_id: UUID, after: str, timeout: float, tell: Callable[[], str]) -> OpenForm | None:
    """The next form whose key is not ``after``, or None once the run has ended."""
    found: list[OpenForm] = []

    def reached(run: FlowRun) -> bool:
        if run.state is not None and run.state.is_final():
            return True
        form = open_form(run_id) if run.state is not None and run.state.is_paused() else None
        if form is not None and form.key != after:
            found.append(form)
        return bool(found)

    wait_for(run_id, reached, timeout, tell)
    return found[0] if found else None


def _client() -> SyncPrefectClient:
    return get_client(sync_client=True)


def _input(client: SyncPrefectClient, run_id: UUID, key: str) -> Any:
    try:
        return json.loads(client.read_flow_run_input(run_id, key))
    except PrefectHTTPStatusError as error:
        if error.response.status_code == httpx.codes.NOT_FOUND:
            return None
        raise
