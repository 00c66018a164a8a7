"""Having Prefect look at what came in: a run of a deployment that finds by itself what there is to go on with."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from urllib.parse import quote

import httpx

from deployments.credential import with_live_credential
from disclosure.cycle import queries
from disclosure.records.installation import Installation
from tasks.orchestration.known_flows import CYCLE, OPENNESS_WATCH, REMINDERS, SUPERVISION, KnownFlow

_SECONDS = 10

_log = logging.getLogger("disclosure.door")


def start_openness_watch(installation: Installation) -> None:
    """Start the look at the openness catalogue, which lets every change go on.

    What was handed in is recorded already: where no run can be started now, the next morning's look does the same.
    """
    _start(installation, OPENNESS_WATCH, "openness-watch")


def start_reminders(installation: Installation) -> bool:
    """Start the run that sends the letters which are due; tell whether it could be started."""
    return _start(installation, REMINDERS, "reminders")


def start_supervision(installation: Installation) -> bool:
    """Start the run that compares plan and schedule, and puts the schedule right; tell whether it could be started."""
    return _start(installation, SUPERVISION, "supervision")


def start_cycle(installation: Installation, cycle_id: int) -> bool:
    """Start the run that goes on with a cycle; tell whether it could be started, otherwise supervision asks for it."""
    with installation.records.read() as session:
        cycle = queries.get_cycle(session, cycle_id)
        period, only = queries.period_of(cycle), list(cycle.only) or None
    parameters = {"kind": period.kind, "year": period.year, "name": period.name, "only": only}
    return _start(installation, CYCLE, period.kind, parameters)


def end_run(installation: Installation, run_id: str, why: str) -> None:
    """End the run of a closed cycle; one that cannot be ended now stops by itself once it goes on."""
    body = {"state": {"type": "CANCELLED", "name": "Cancelled", "message": why}, "force": True}
    try:
        with prefect_client(installation) as prefect:
            prefect.post(f"/flow_runs/{run_id}/set_state", json=body).raise_for_status()
    except httpx.HTTPError as error:
        _log.warning(
            "周期已关闭，运行 %s 还没有结束：%s", run_id, error, extra={"event": "run.not_ended", "run": str(run_id)}
        )


def prefect_client(installation: Installation) -> httpx.Client:
    """Return a client of Prefect's own API, with our credential."""
    known = with_live_credential(installation.settings).prefect_auth
    user, _, password = (known.get_secret_value() if known else "").partition(":")
    return httpx.Client(
        base_url=f"{installation.settings.prefect_url}/api",
        auth=(user, password),
        timeout=_SECONDS,
        trust_env=False,
        verify=False,  # noqa: S501 - plain http on this machine; loading certificates would take long
    )


def _start(
    installation: Installation, flow: KnownFlow, deployment: str, parameters: Mapping[str, object] | None = None
) -> bool:
    try:
        with prefect_client(installation) as prefect:
            found = prefect.get(f"/deployments/name/{quote(flow.name)}/{deployment}").raise_for_status().json()
            body = {"state": {"type": "SCHEDULED"}, **({"parameters": parameters} if parameters else {})}
            prefect.post(f"/deployments/{found['id']}/create_flow_run", json=body).raise_for_status()
    except (httpx.HTTPError, KeyError, ValueError) as error:
        _log.warning("已记录，“%s”还没有能够开始：%s", flow.name, error, extra={"event": "run.not_started"})
        return False
    return True
