"""Sessions: opened by signing in, ended by idleness, by time, by the person, and with the person's right to act."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from disclosure.access.tokens import new_token, token_hash
from disclosure.catalog import RoleId
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.tables import Person, SignIn
from disclosure.review import people

IDLE = dt.timedelta(minutes=30)
#: A working day; whoever goes on after it signs in again.
LONGEST = dt.timedelta(hours=12)
#: How far behind the moment of the last act may be recorded: not every page needs a row to be written.
SEEN_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class OpenSession:
    """Somebody signed in, as the records have them at that moment: today's roles and offices, substitutions included.

    ``is_stale``: the act that asks should be noted down (``note_seen``).
    """

    id: int
    person_id: int
    name: str
    office: str
    roles: frozenset[RoleId]
    offices: frozenset[str]
    is_stale: bool = False


def open_session(work: Work, person: Person, source: str) -> str:
    """Sign ``person`` in from ``source`` and return the token of the session; it is not kept."""
    token = new_token()
    opened = SignIn(
        person_id=person.id,
        token_hash=token_hash(token),
        source=source,
        opened_at=work.now,
        seen_at=work.now,
        expires_at=work.now + LONGEST,
    )
    work.session.add(opened)
    ledger.append(work.session, "person.signed_in", actor=person.name, source=source)
    return token


def find_session(work: Work, token: str) -> OpenSession | None:
    """Return who holds ``token``; None once the session has ended in whatever way."""
    wanted = select(SignIn).where(SignIn.token_hash == token_hash(token)).options(joinedload(SignIn.person))
    return _seen_now(work, work.session.scalars(wanted).one_or_none())


def find_session_again(work: Work, session_id: int) -> OpenSession | None:
    """Return who a session found before belongs to now; None once it has ended in whatever way."""
    return _seen_now(work, work.session.get(SignIn, session_id))


def note_seen(work: Work, session_id: int) -> None:
    """Note that the person did something just now, which begins the idle half hour anew."""
    seen = update(SignIn).where(SignIn.id == session_id, SignIn.ended_at.is_(None)).values(seen_at=work.now)
    work.session.execute(seen)


def end_session(work: Work, session_id: int) -> None:
    """Sign out."""
    row = work.session.get(SignIn, session_id)
    if row is not None and row.ended_at is None:
        row.ended_at = work.now
        ledger.append(work.session, "person.signed_out", actor=work.session.get_one(Person, row.person_id).name)


def _is_open(row: SignIn, now: dt.datetime) -> bool:
    return row.ended_at is None and row.person.is_active and now < row.expires_at and now - row.seen_at < IDLE


def _seen_now(work: Work, row: SignIn | None) -> OpenSession | None:
    if row is None or not _is_open(row, work.now):
        return None
    person = row.person
    return OpenSession(
        id=row.id,
        person_id=person.id,
        name=person.name,
        office=person.office,
        roles=frozenset(people.roles_of(work.session, work.catalog, person, work.now)),
        offices=frozenset(people.offices_of(work.session, person, work.now)),
        is_stale=work.now - row.seen_at >= SEEN_EVERY,
    )
