"""What of the openness work is owed by whom and when: clocks that run, confirmations asked for, requests open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure.calendar.time_left import TimeLeft, time_left
from disclosure.catalog import Catalog
from disclosure.openness import requests
from disclosure.openness.changes import get_change, under_way
from disclosure.openness.clock import confirmation_due
from disclosure.openness.clocks import all_clocks
from disclosure.openness.confirming import asked_about
from disclosure.openness.review import returned_with, standing_of, who_may_decide
from disclosure.openness.words import words
from disclosure.platform.clock import shanghai
from disclosure.records.states import ChangeStep
from disclosure.records.tables import Ask, OpennessChange, OpennessConfirmation
from disclosure.review import asks, people

ClockKind = Literal["change", "confirmation", "request"]


@dataclass(frozen=True)
class OpenClock:
    """One thing owed until ``limit`` (Shanghai day, its whole day), and how that lies to today (``time``).

    ``since`` is the day of the change, of the question or of the request; ``office`` the name of who is awaited,
    ``people`` those of them who are enrolled; ``step`` what is awaited, all in Chinese. ``run_id``: the run whose form
    is open for it, empty for none; ``change_id`` 0 for a request.
    """

    kind: ClockKind
    item: str
    element: str
    title: str
    since: dt.date
    limit: dt.date
    time: TimeLeft
    office: str
    people: tuple[str, ...]
    step: str
    change_id: int = 0
    run_id: str = ""

    @property
    def is_overdue(self) -> bool:
        """Whether the limit has passed."""
        return self.time.is_over


def open_clocks(session: Session, catalog: Catalog, now: dt.datetime) -> list[OpenClock]:
    """Return everything owed at ``now`` (an aware time), the nearest limit first."""
    today = shanghai(now).date()
    found = [
        *_changes(session, catalog, now, today),
        *_confirmations(session, catalog, now, today),
        *_requests(session, catalog, now, today),
    ]
    return sorted(found, key=lambda clock: (clock.limit, clock.item, clock.element, clock.title))


def _changes(session: Session, catalog: Catalog, now: dt.datetime, today: dt.date) -> list[OpenClock]:
    found: dict[tuple[str, str], OpenClock] = {}
    for one in all_clocks(session, catalog, today):
        if one.clock.published_on is not None:
            continue
        item = catalog.openness_items[one.item]
        change = get_change(session, one.change_id)
        office, able, step = _awaited(session, catalog, change, now)
        clock = OpenClock(
            kind="change",
            item=one.item,
            element=one.element,
            title=f"{item.name}：{item.elements[one.element].name}",
            since=one.clock.changed_on,
            limit=one.clock.limit,
            time=one.clock.time,
            office=office,
            people=able,
            step=step,
            change_id=change.id,
            run_id=_run_of(session, change),
        )
        # Of an element's open clocks the one with the earliest limit stands for all.
        before = found.get((one.item, one.element))
        if before is None or clock.limit < before.limit:
            found[one.item, one.element] = clock
    return list(found.values())


def _confirmations(session: Session, catalog: Catalog, now: dt.datetime, today: dt.date) -> list[OpenClock]:
    found = []
    for change in under_way(session, catalog):
        if change.cause != "confirmation":
            continue
        office, able, step = _awaited(session, catalog, change, now)
        for row in asked_about(session, change):
            item = catalog.openness_items[row.version.item]
            limit = confirmation_due(_last_right(session, row))
            found.append(
                OpenClock(
                    kind="confirmation",
                    item=item.number,
                    element=row.version.element,
                    title=f"{item.name}：{item.elements[row.version.element].name}",
                    since=shanghai(change.opened_at).date(),
                    limit=limit,
                    time=time_left(limit, today, catalog.holidays),
                    office=office,
                    people=able,
                    step=step,
                    change_id=change.id,
                    run_id=_run_of(session, change),
                )
            )
    return found


def _requests(session: Session, catalog: Catalog, now: dt.datetime, today: dt.date) -> list[OpenClock]:
    found = []
    for one in requests.register(session, catalog, today):
        if one.request.answered_on is None:
            office = requests.office_of(catalog, one.request)
            able = people.staff(session, office.id, now)
            found.append(
                OpenClock(
                    kind="request",
                    item=one.request.item,
                    element="",
                    title=one.request.number,
                    since=one.request.received_on,
                    limit=one.limit,
                    time=one.time,
                    office=office.name,
                    people=tuple(person.name for person in able),
                    step=words()["standing"]["request"],
                )
            )
    return found


def _awaited(
    session: Session, catalog: Catalog, change: OpennessChange, now: dt.datetime
) -> tuple[str, tuple[str, ...], str]:
    """Return who is awaited (office, people) and for what."""
    said = words()["standing"]
    if change.step is ChangeStep.OFFICE and change.person_id is None:
        office = catalog.offices[change.office]
        step = said["returned"] if change.round > 1 and returned_with(session, change) else said["waits_for_office"]
        return office.name, tuple(person.name for person in people.staff(session, office.id, now)), step
    gates = standing_of(session, catalog, change).open_gates
    if not gates:
        return "", (), said["waits_for_publication"]
    able = [person.name for gate in gates for person in who_may_decide(session, catalog, change, gate, now)]
    offices = "、".join(catalog.gate_office(gate).name for gate in gates)
    return offices, tuple(dict.fromkeys(able)), "、".join(catalog.gates[gate].name for gate in gates)


def _last_right(session: Session, asked: OpennessConfirmation) -> dt.date:
    """Return when the version asked about was last confirmed, or published."""
    before = session.scalar(
        select(func.max(OpennessConfirmation.confirmed_at)).where(
            OpennessConfirmation.version_id == asked.version_id, OpennessConfirmation.id < asked.id
        )
    )
    release = asked.version.change.release
    assert release is not None  # noqa: S101 - only what is public is asked about
    return shanghai(before or release.published_at).date()


def _run_of(session: Session, change: OpennessChange) -> str:
    ask: Ask | None = asks.open_ask_of(session, change)
    # Another run drives it by now, and will ask again.
    is_replaced = ask is not None and change.driver_run_id not in {None, ask.flow_run_id}
    return ask.flow_run_id if ask and not is_replaced else ""
