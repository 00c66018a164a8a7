"""Addresses at which calendars are read: programs that cannot sign in know a person by a token in the address."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from disclosure.access.tokens import new_token, token_hash
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.tables import CalendarLink, Person


def make_calendar_link(work: Work, person: Person) -> str:
    """Return the token of a new address of ``person``'s calendar; the one before leads nowhere any more."""
    token, row = new_token(), _link_of(work, person.id)
    if row is None:
        work.session.add(CalendarLink(person_id=person.id, token_hash=token_hash(token), made_at=work.now))
    else:
        row.token_hash, row.made_at = token_hash(token), work.now
    ledger.append(work.session, "person.calendar_linked", actor=person.name)
    return token


def find_calendar_owner(work: Work, token: str) -> Person | None:
    """Return whose calendar ``token`` leads to; None for nobody's, and for that of somebody disabled."""
    wanted = select(CalendarLink).where(CalendarLink.token_hash == token_hash(token))
    row = work.session.scalars(wanted.options(joinedload(CalendarLink.person))).one_or_none()
    return None if row is None or not row.person.is_active else row.person


def find_made_at(work: Work, person_id: int) -> dt.datetime | None:
    """Return when the address of this person's calendar was made, None when there is none."""
    row = _link_of(work, person_id)
    return row.made_at if row else None


def _link_of(work: Work, person_id: int) -> CalendarLink | None:
    return work.session.scalars(select(CalendarLink).where(CalendarLink.person_id == person_id)).one_or_none()
