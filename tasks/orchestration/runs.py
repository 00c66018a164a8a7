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
from prefect.states import Cancelled, Scheduled

from disclosure.calendar.periods import Period
from disclosure.platform.errors import DisclosureError
from tasks.orchestration.known_flows import CHANGE_DEPLOYMENT, CYCLE, OPENNESS_CHANGE, SUPERVISION

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
    return _first_going_on(lambda attempt: _create(period, only, f"{period.id}-{occasion}-{attempt}"))


def start_change_once(change_id: int, occasion: str) -> UUID:
    """As ``start_once``, for a change of the openness catalogue.

    Raises:
        DisclosureError: when the server does not know the deployment.
    """

    def create(attempt: int) -> FlowRun:
        with _client() as client:
            try:
                deployment = client.read_deployment_by_name(f"{OPENNESS_CHANGE.name}/{CHANGE_DEPLOYMENT}")
            except ObjectNotFound as error:
                raise DisclosureError(
                    "内容已经记录，但 Prefect 服务里没有政务公开的部署，没有开始办理。请运行 disclosure deploy 后重试。"
                ) from error
            return client.create_flow_run_from_deployment(
                deployment.id,
                parameters={"change": change_id},
                state=Scheduled(),
                idempotency_key=f"change-{change_id}-{occasion}-{attempt}",
            )

    return _first_going_on(create)


def _first_going_on(create: Callable[[int], FlowRun]) -> UUID:
    """Return the first run of an occasion, by its number, that has not ended."""
    return next(run.id for run in map(create, itertools.count(1)) if not has_ended(run))


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
    """Read the run as Prefect knows it."""
    with _client() as client:
        try:
            return client.read_flow_run(run_id)
        except ObjectNotFound as error:
            raise DisclosureError(f"Prefect 服务里没有运行 {run_id}，它的数据库可能已更换；请重新发起运行。") from error


def cancel_run(run_id: UUID, why: str) -> None:
    """End a run that nobody is to go on with; one that Prefect does not have, or that has ended, is left alone."""
    with _client() as client:
        try:
            run = client.read_flow_run(run_id)
        except ObjectNotFound:
            return
        if not has_ended(run):
            client.set_flow_run_state(run_id, Cancelled(message=why), force=True)


def open_form(run_id: UUID) -> OpenForm | None:
    """Read the form the run waits on; None while it does not wait, or before its form is there."""
    run = read_run(run_id)
    if run.state is None or not run.state.is_paused() or run.state.state_details.run_input_keyset is None:
        return None
    keys = run.state.state_details.run_input_keyset
    with _client() as client:
        schema = _input(client, run_id, keys["schema"])
    return None if schema is None else OpenForm(run_id, keys["response"], schema)


def has_ended(run: FlowRun) -> bool:
    """Whether the run is over, one way or the other."""
    return run.state is not None and run.state.is_final()


def wait_for(run_id: UUID, is_reached: Callable[[FlowRun], bool], timeout: float, tell: Callable[[], str]) -> FlowRun:
    """Wait for the run until ``is_reached``; never a fixed sleep.

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
    """Wait for the next form whose key is not ``after``, or None once the run has ended."""
    found: list[OpenForm] = []

    def reached(run: FlowRun) -> bool:
        if has_ended(run):
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
