"""Having Prefect look at what came in: a run of a deployment that finds by itself what there is to go on with."""

from __future__ import annotations

import logging
from urllib.parse import quote

import httpx

from deployments.credential import with_live_credential
from disclosure.records.installation import Installation
from tasks.orchestration.known_flows import OPENNESS_WATCH, REMINDERS, SUPERVISION, KnownFlow

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


def start_supervision(installation: Installation) -> None:
    """Start the run that compares plan and schedule, and puts the schedule right."""
    _start(installation, SUPERVISION, "supervision")


def _start(installation: Installation, flow: KnownFlow, deployment: str) -> bool:
    known = with_live_credential(installation.settings).prefect_auth
    user, _, password = (known.get_secret_value() if known else "").partition(":")
    try:
        with httpx.Client(
            base_url=f"{installation.settings.prefect_url}/api",
            auth=(user, password),
            timeout=_SECONDS,
            trust_env=False,
            verify=False,  # noqa: S501 - plain http on this machine; loading certificates would take long
        ) as prefect:
            found = prefect.get(f"/deployments/name/{quote(flow.name)}/{deployment}").raise_for_status().json()
            body = {"state": {"type": "SCHEDULED"}}
            prefect.post(f"/deployments/{found['id']}/create_flow_run", json=body).raise_for_status()
    except (httpx.HTTPError, KeyError, ValueError) as error:
        _log.warning("已记录，“%s”还没有能够开始：%s", flow.name, error)
        return False
    return True
