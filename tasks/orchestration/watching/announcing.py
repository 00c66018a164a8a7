"""Telling Prefect what happened, as events of its own, so that a bureau can write automations that inform people."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.events.schemas.events import Event, RelatedResource, Resource
from prefect.exceptions import PrefectException

from disclosure.monitoring.announcements import Announcement, announcements_after, last_number
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation

_log = logging.getLogger("disclosure.watch")


class TellPrefect:
    """Tells what the ledger has had since the last look. Up to where it was told is a file beside the logs.

    Without that file nothing of the past is told: nobody wants to hear of all years at once. Where Prefect does not
    take it, the same is told at the next look; an event told twice has the same id.
    """

    def __init__(self, installation: Installation) -> None:
        """Begin here where nothing was ever told."""
        if _told(installation.settings) is None:
            with installation.records.read() as session:
                _note(installation.settings, last_number(session))

    def __call__(self, installation: Installation) -> None:
        """Tell what is new; whatever hinders it hinders nothing else that is watched."""
        try:
            self._tell(installation)
        except (httpx.HTTPError, PrefectException, OSError) as error:
            _log.warning("事件还没有告诉 Prefect，下次再告诉：%s", error, extra={"event": "event.not_told"})

    def _tell(self, installation: Installation) -> None:
        told = _told(installation.settings)
        with installation.records.read() as session:
            newest = last_number(session)
            if told is None or told > newest:
                _note(installation.settings, newest)
                return
            found, told_to = announcements_after(session, installation.catalog.profile, told)
        if found:
            emit(found)
        for one in found:
            ids = {"subject": one.subject, "run": one.run_id, "ledger": one.number}
            _log.info("%s：%s", one.label, one.says, extra={"event": one.event.removeprefix("disclosure."), **ids})
        if told_to != told:
            _note(installation.settings, told_to)


def emit(announcements: Sequence[Announcement]) -> None:
    """Hand events to Prefect, and wait until it has them.

    Raises:
        httpx.HTTPError, PrefectException: when it does not take them.
    """
    events = [as_event(one).model_dump(mode="json") for one in announcements]
    # Its own `emit_event` hands over in the background, and nobody hears of what was lost.
    with get_client(sync_client=True) as client:
        client.request("POST", "/events", json=events)


def as_event(one: Announcement) -> Event:
    """Return an announcement as Prefect's own event."""
    name = f"{one.label}：{one.says}"
    related = [RelatedResource({"prefect.resource.id": "disclosure.ledger", "prefect.resource.role": "ledger"})]
    if one.run_id:
        run = {"prefect.resource.id": f"prefect.flow-run.{one.run_id}", "prefect.resource.role": "flow-run"}
        related.append(RelatedResource(run))
    return Event(
        id=one.id,
        event=one.event,
        occurred=one.at,
        resource=Resource({"prefect.resource.id": one.subject, "prefect.resource.name": name}),
        related=related,
        payload={"label": one.label, "says": one.says, "ledger": one.number},
    )


def _told(settings: Settings) -> int | None:
    with suppress(OSError, ValueError):
        return int(_file(settings).read_text(encoding="ascii"))
    return None


def _note(settings: Settings, number: int) -> None:
    beside = _file(settings).with_suffix(".told")
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(str(number), encoding="ascii")
    beside.replace(_file(settings))


def _file(settings: Settings) -> Path:
    return settings.logs / "watch.announced"
