"""Mending what is safe to mend: each mending may be done twice, or be stopped anywhere, and leaves nothing double."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.states import Scheduled
from sqlalchemy.exc import SQLAlchemyError

from disclosure import cycles
from disclosure.errors import DisclosureError
from disclosure.periods import parse_period
from disclosure.supervision.discovered import Discovered
from disclosure.workplace import Workplace
from tasks import runs
from tasks.recovery import crash_if_dead, crash_without_form, take_up
from tasks.registration import register

#: Registering puts all of these right at once.
_BY_REGISTERING = {
    "deployment_missing",
    "not_scheduled",
    "schedule_added",
    "schedule_paused",
    "deployment_paused",
    "deployment_unwanted",
}


def mend(place: Workplace, found: Iterable[Discovered]) -> dict[tuple[str, str], str]:
    """Do what is safe about ``found``; for what something was tried: an empty text, or why it did not work."""
    outcome: dict[tuple[str, str], str] = {}
    of_schedules = [one for one in found if one.kind in _BY_REGISTERING]
    if of_schedules:
        why = _tried(lambda: register(place))
        outcome |= {one.key: why for one in of_schedules}
    for one in found:
        if mending := _MENDINGS.get(one.kind):
            outcome[one.key] = _tried(lambda mending=mending, one=one: mending(place, one))  # type: ignore[misc]
    return outcome


def mended_kinds() -> frozenset[str]:
    """Kinds that something is done about."""
    return frozenset(_BY_REGISTERING | _MENDINGS.keys())


def _open(_place: Workplace, one: Discovered) -> None:
    runs.start_once(parse_period(one.subject), (), "missed-start")


def _bury(place: Workplace, one: Discovered) -> None:
    """Crash a dead run; its cycle, if it drove one, gets a fresh run."""
    if crash_if_dead(UUID(one.run_id)) and one.cycle_id is not None:
        _go_on(place, one)


def _go_on(place: Workplace, one: Discovered) -> None:
    """A fresh run takes up where the records are, and asks again what is open."""
    assert one.cycle_id is not None  # noqa: S101 - a finding about a cycle
    crash_without_form(UUID(one.run_id))
    take_up(place, one.cycle_id)


def _to_its_hour(place: Workplace, one: Discovered) -> None:
    """Schedule the run of a signed release for the hour that was signed."""
    assert one.cycle_id is not None  # noqa: S101 - a finding about a cycle
    with place.records.read() as session:
        release = cycles.release_of(session, cycles.get_cycle(session, one.cycle_id))
    if release is None or release.planned_for is None:
        return
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(UUID(one.run_id)).state
        if state is not None and state.is_scheduled():
            client.set_flow_run_state(UUID(one.run_id), Scheduled(scheduled_time=release.planned_for), force=True)


def _tried(mending: Callable[[], object]) -> str:
    try:
        mending()
    except (DisclosureError, PrefectException, httpx.HTTPError, SQLAlchemyError, OSError) as error:
        return str(error) if isinstance(error, DisclosureError) else f"{type(error).__name__}: {error}"
    return ""


_MENDINGS: Mapping[str, Callable[[Workplace, Discovered], None]] = {
    "cycle_not_opened": _open,
    "run_dead": _bury,
    "run_stopped": _go_on,
    "ask_without_run": _go_on,
    "release_partial": _go_on,
    "publication_not_scheduled": _to_its_hour,
}
