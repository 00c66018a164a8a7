"""Waking a suspended run over plain HTTP, for a process that has no use for the rest of Prefect's client.

The run is told nothing of any answer: it learns from our records whether its question was answered.
"""

from __future__ import annotations

import json
import time

import httpx

#: What takes the place of a form that is answered: it asks nothing any more.
_ANSWERED_FORM = json.dumps({"title": "已答复", "type": "object", "properties": {}}, ensure_ascii=False)


#: Prefect on SQLite says 503 ("database is locked") while somebody else writes: the same call is made again.
_TRIES, _PAUSE_SECONDS = 30, 0.2


def wake_suspended_run(prefect: httpx.Client, run_id: str, pause_key: str) -> bool:
    """Resume the run if it is suspended under ``pause_key``; tell whether it was and goes on.

    ``prefect`` asks Prefect's API. An empty form takes the place of the run's own: of two who try one succeeds.
    """
    try:
        run = _ask(prefect, "GET", f"/flow_runs/{run_id}").json()
        details = run["state"]["state_details"]
        if run["state"]["type"] != "PAUSED" or details["pause_key"] != pause_key:
            return False
        key = details["run_input_keyset"]["schema"]
        # One that is not stored yet would collide with ours.
        _ask(prefect, "DELETE", f"/flow_runs/{run_id}/input/{key}")
        _ask(prefect, "POST", f"/flow_runs/{run_id}/input", {"key": key, "value": _ANSWERED_FORM})
        resumed = _ask(prefect, "POST", f"/flow_runs/{run_id}/resume", {"run_input": {}})
        return bool(resumed.json()["status"] == "ACCEPT")
    except (httpx.HTTPError, KeyError, TypeError, ValueError):
        return False


def _ask(prefect: httpx.Client, method: str, path: str, body: object = None) -> httpx.Response:
    for _ in range(_TRIES):
        answer = prefect.request(method, path, json=body)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(_PAUSE_SECONDS)
    return answer.raise_for_status()
