"""One person's calendar: the dates of their offices, and what waits for them; no figures."""

from __future__ import annotations

import hashlib

from disclosure.cycle import deadlines
from disclosure.monitoring.ics import personal_calendar, waiting_event
from disclosure.platform.clock import shanghai
from disclosure.records.installation import Work
from disclosure.records.tables import Person
from disclosure.review import people
from disclosure.workspace.waiting import list_waiting


def write_calendar(work: Work, person: Person, server_url: str) -> bytes:
    """Return ``person``'s calendar as iCalendar (RFC 5545), with links below ``server_url``."""
    year = shanghai(work.now).year
    plans = deadlines.year_plan(work.session, work.catalog, year, year + 1)
    waiting = [
        waiting_event(
            f"{hashlib.sha256(f'{item.subject}{item.what}{item.office}'.encode()).hexdigest()[:24]}@waiting.disclosure",
            f"等我办的：{item.subject} {item.what}",
            item.time.due,
            f"{server_url}{item.address or '/'}",
            work.now,
        )
        for item in list_waiting(work, person.name)
        if item.time is not None
    ]
    offices = people.offices_of(work.session, person, work.now)
    return personal_calendar(work.catalog, plans, offices, waiting, name=person.name, now=work.now)
