"""What a visitor gets of Prefect's answers: unpublished figures by the embargo, nothing that answers or opens doors."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from deployments.door.prefect.permissions import Treatment
from disclosure.platform.clock import shanghai
from disclosure.platform.wording import words_beside
from tasks.orchestration.known_flows import name_cycle_run

_words = words_beside(__file__)
Row = dict[str, Any]
#: Which of these flow runs (ids) the visitor may see the contents of.
FindVisible = Callable[[Collection[str]], Collection[str]]
#: For whom each of these flow runs (ids) waits, in words; nothing for one that waits for nobody.
FindAwaited = Callable[[Collection[str]], Mapping[str, str]]

#: Where a deployment's code lies and how it is run is nobody's business but the operator's.
_HOW_IT_RUNS = ("path", "entrypoint", "pull_steps", "job_variables", "storage_document_id", "infra_overrides")
_LOG_EVENTS = "prefect.log.write"
#: That filter is no row of Prefect's.
_WAITING_ID = "00000000-0000-4000-8000-000000000001"
#: How far back a run may have begun that still waits for somebody.
_WAITING_STATES, _WAITING_SECONDS = ["Suspended", "Paused"], -2 * 366 * 86_400
#: Prefect's page of runs, of which it lists only those that wait for an answer.
WAITING_PAGE = "/prefect/runs?" + urlencode(
    {"state": _WAITING_STATES, "type": "span", "seconds": _WAITING_SECONDS}, doseq=True
)


def show(
    treatment: Treatment,
    payload: Any,
    find_visible: FindVisible,
    *,
    is_operator: bool,
    find_awaited: FindAwaited = lambda _: {},
) -> Any:
    """Return ``payload``, what Prefect answered, as the visitor may have it; None when that is nothing at all."""
    if treatment == "runs":
        _hide_messages(_rows(payload), find_visible)
        _name_runs(_rows(payload), find_awaited)
    elif treatment in {"artifacts", "logs"}:
        return _keep(payload, find_visible)
    elif treatment == "deployments" and not is_operator:
        for row in _rows(payload):
            row.update(dict.fromkeys(row.keys() & _HOW_IT_RUNS))
    elif treatment == "events":
        return show_events(payload)
    elif treatment == "next_runs":
        _name_next_runs(payload)
    elif treatment == "bookmarks" and isinstance(payload, list):
        return [_waiting_bookmark(), *payload]
    elif treatment == "faults":
        return _say_faults(payload)
    return payload


def _say_faults(payload: Any) -> Any:
    """Return what was found wrong with a form in Chinese, at whatever depth; nothing is said twice of one box."""
    if isinstance(payload, Mapping):
        return {name: _say_faults(value) if name == "errors" else value for name, value in payload.items()}
    if isinstance(payload, list):
        said = [_say_fault(each) if isinstance(each, str) else _say_faults(each) for each in payload]
        return [each for place, each in enumerate(said) if each not in said[:place]]
    return payload


def _say_fault(said: str) -> str:
    told: dict[str, Any] = _words()
    return next((str(one["told"]) for one in told["faults"] if re.search(one["said"], said)), str(told["otherwise"]))


def show_events(payload: Any) -> Any:
    """Return a page of events without logs, without what they carry, and without Prefect's own address."""
    if not isinstance(payload, dict) or not isinstance(payload.get("events"), list):
        return None
    events = [shown for event in payload["events"] if (shown := show_event(event)) is not None]
    following = payload.get("next_page")
    query = str(following).partition("?")[2] if following else ""
    return {**payload, "events": events, "next_page": f"/prefect/api/events/filter/next?{query}" if query else None}


def show_event(event: Any) -> Row | None:
    """Return what happened to what, without the words that went with it; None for a line of a log."""
    if not isinstance(event, dict) or str(event.get("event", "")).startswith(_LOG_EVENTS):
        return None
    resource = event.get("resource")
    named = {k: v for k, v in resource.items() if k != "prefect.state-message"} if isinstance(resource, dict) else {}
    return {**event, "resource": named, "payload": {}}


def run_of(row: Row) -> str:
    """Return the flow run that an artifact, a line of a log or a task run belongs to; empty for none."""
    return str(row.get("flow_run_id") or "").lower()


def _rows(payload: Any) -> Iterator[Row]:
    found = payload.get("results", [payload]) if isinstance(payload, dict) else payload
    if isinstance(found, list):
        yield from (row for row in found if isinstance(row, dict))


def _keep(payload: Any, find_visible: FindVisible) -> Any:
    """Drop the rows of runs that the visitor may not see; what is no list of rows is one row."""
    rows = list(_rows(payload))
    visible = find_visible({run_of(row) for row in rows})
    kept = [row for row in rows if run_of(row) in visible]
    if isinstance(payload, list):
        return kept
    if isinstance(payload, dict) and "results" in payload:
        return {**payload, "results": kept}
    return kept[0] if kept else None


def _name_runs(found: Iterable[Row], find_awaited: FindAwaited) -> None:
    """Call planned runs by what they are to do, not by an animal, and suspended ones also by whom they wait for."""
    runs = [row for row in found if "deployment_id" in row and not run_of(row)]
    suspended = {str(row.get("id", "")).lower() for row in runs if row.get("state_type") == "PAUSED"}
    awaited = find_awaited(suspended) if suspended else {}
    for row in runs:
        if row.get("auto_scheduled") and row.get("state_type") == "SCHEDULED" and not row.get("run_count"):
            row["name"] = _planned_name(row)
        elif words := awaited.get(str(row.get("id", "")).lower()):
            row["name"] = f"{row.get('name', '')} · 等{words}"


def _waiting_bookmark() -> Row:
    """Return ``WAITING_PAGE`` as a filter that the page of runs offers by name."""
    span = {"type": "span", "seconds": _WAITING_SECONDS}
    asked = {"state": ("string", "any", _WAITING_STATES), "range": ("object", "equals", span)}
    return {
        "id": _WAITING_ID,
        "created": None,
        "updated": None,
        "name": _words()["waiting"],
        "filters": [
            {"object": "flow_run", "property": name, "type": kind, "operation": operation, "value": value}
            for name, (kind, operation, value) in asked.items()
        ],
    }


def _name_next_runs(payload: Any) -> None:
    """Call the next run of each flow by when it is to come."""
    for row in payload.values() if isinstance(payload, dict) else ():
        if isinstance(row, dict) and (start := _start_of(row.get("next_scheduled_start_time"))):
            row["name"] = f"{start:%m-%d %H:%M}"


def _start_of(said: Any) -> dt.datetime | None:
    try:
        return shanghai(dt.datetime.fromisoformat(str(said)))
    except ValueError:
        return None


def _planned_name(row: Row) -> str:
    if (given := row.get("parameters") or {}).get("kind"):
        return name_cycle_run(given)
    tag = next((str(tag) for tag in row.get("tags") or () if not str(tag).isascii()), str(row.get("name", "")))
    start = _start_of(row.get("expected_start_time"))
    return f"{tag} {start:%m-%d %H:%M}" if start else tag


def _hide_messages(found: Iterator[Row], find_visible: FindVisible) -> None:
    """Take away why a run is in its state: an error's text may quote figures. A flow run's row is its own."""
    rows = [row for row in found if isinstance(row.get("state"), dict) and row["state"].get("message")]
    ids = [run_of(row) or str(row.get("id", "")).lower() for row in rows]
    visible = find_visible(set(ids))
    for row, id_ in zip(rows, ids, strict=True):
        if id_ not in visible:
            row["state"] = {**row["state"], "message": None}
