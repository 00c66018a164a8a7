"""Wrong passwords and codes: whoever fails waits longer each time, an attack is told, and nobody is locked out.

What is counted is one name from one source. So whoever guesses at a colleague's name makes only themselves wait: the
colleague comes in from elsewhere, and from the same address with a browser that has been let in before (its device
cookie is a source of its own, as OWASP's "Slow Down Online Guessing Attacks with Device Cookies" has it). A source that
tries many names waits too, shortly.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from disclosure.records import ledger
from disclosure.records.tables import FailedAttempts

#: Slips that cost nothing; each further one doubles the wait.
FREE_FAILURES = 3
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=5), dt.timedelta(minutes=15)
#: The same for one source under whatever names.
FREE_FAILURES_OF_SOURCE = 20
LONGEST_WAIT_OF_SOURCE = dt.timedelta(minutes=1)
#: So many failures of one name, from wherever, or of one source, are no slips.
ALARM_FAILURES = 10
#: After so long without a failure the earlier ones are forgotten.
FORGOTTEN_AFTER = dt.timedelta(days=1)
#: A name that stands for all.
_ANY_NAME = ""


def waiting_time(session: Session, name: str, source: str, now: dt.datetime) -> dt.timedelta:
    """Return how long ``name`` from ``source`` has to wait before anything it says is looked at."""
    rows = {row.name_digest: row for row in session.scalars(_rows(name, source))}
    own, of_source = rows.get(_digest(name)), rows.get(_ANY_NAME)
    waits = [
        _until(own, FREE_FAILURES, LONGEST_WAIT, now),
        _until(of_source, FREE_FAILURES_OF_SOURCE, LONGEST_WAIT_OF_SOURCE, now),
    ]
    return max(max(waits) - now, dt.timedelta())


def count_failure(session: Session, name: str, source: str, now: dt.datetime, what: str) -> None:
    """Count a wrong ``what`` (``code``, ``password``) of ``name`` from ``source``; an attack is told to the ledger."""
    session.execute(delete(FailedAttempts).where(FailedAttempts.last_failed_at < now - FORGOTTEN_AFTER))
    known = {row.name_digest: row for row in session.scalars(_rows(name, source).with_for_update())}
    for digest in (_digest(name), _ANY_NAME):
        row = known.get(digest)
        if row is None:
            row = FailedAttempts(name_digest=digest, source=source, failures=0)
            session.add(row)
        row.failures += 1
        row.last_failed_at = now
        known[digest] = row
    session.flush()
    ledger.append(session, f"{what}.wrong", actor=name[:80], source=source, attempts=known[_digest(name)].failures)
    of_name = session.scalar(
        select(func.sum(FailedAttempts.failures)).where(FailedAttempts.name_digest == _digest(name))
    )
    for row, failures in ((known[_digest(name)], of_name or 0), (known[_ANY_NAME], known[_ANY_NAME].failures)):
        if failures >= ALARM_FAILURES and row.alarmed_at is None:
            row.alarmed_at = now
            about = name[:80] if row.name_digest else ""
            ledger.append(session, "sign_in.alarm", actor="系统", name=about, source=source, failures=failures)


def forget_failures(session: Session, name: str, source: str) -> None:
    """Begin anew for whoever got in; what the source tried under other names stays."""
    own = (FailedAttempts.name_digest == _digest(name)) & (FailedAttempts.source == source)
    session.execute(delete(FailedAttempts).where(own))


def forget_name(session: Session, name: str) -> None:
    """Begin anew for ``name`` from everywhere: the administrator has seen to them."""
    session.execute(delete(FailedAttempts).where(FailedAttempts.name_digest == _digest(name)))


def alarms(session: Session, now: dt.datetime) -> list[FailedAttempts]:
    """Return what looks like an attack and is not a day old, the latest first."""
    wanted = select(FailedAttempts).where(
        FailedAttempts.alarmed_at.is_not(None), FailedAttempts.last_failed_at >= now - FORGOTTEN_AFTER
    )
    return list(session.scalars(wanted.order_by(FailedAttempts.last_failed_at.desc())))


def format_wait(wait: dt.timedelta) -> str:
    """Say how long to wait: ``40 秒``, ``3 分钟``."""
    seconds = math.ceil(wait.total_seconds())
    return f"{seconds} 秒" if seconds < 60 else f"{-(-seconds // 60)} 分钟"


def _until(row: FailedAttempts | None, free: int, longest: dt.timedelta, now: dt.datetime) -> dt.datetime:
    """Return until when a count makes wait."""
    if row is None or row.failures < free or now - row.last_failed_at > FORGOTTEN_AFTER:
        return now
    doublings = min(row.failures - free, 20)
    wait: dt.timedelta = FIRST_WAIT * 2**doublings
    return row.last_failed_at + min(wait, longest)


def _rows(name: str, source: str) -> Select[tuple[FailedAttempts]]:
    digests = (_digest(name), _ANY_NAME)
    return select(FailedAttempts).where(FailedAttempts.source == source, FailedAttempts.name_digest.in_(digests))


def _digest(name: str) -> str:
    """Return what a name is counted under: somebody may have typed a password into its field."""
    return hashlib.sha256(name.strip().encode("utf-8", "surrogatepass")).hexdigest()
