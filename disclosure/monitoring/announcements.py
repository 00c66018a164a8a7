"""What happened, as it is told to Prefect: one event for an entry of the ledger that ``announcements.yaml`` names.

The ledger is the one place where all that happens is written, whoever did it and by which door, so nothing else tells.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure.catalog.models.indicators import ProfileFacts
from disclosure.platform.fact import Fact, Name, read_fact
from disclosure.platform.yaml_source import load_document
from disclosure.records.tables import Cycle, LedgerEntry, OpennessChange
from disclosure.review.asks import label_of

FILE = Path(__file__).with_name("announcements.yaml")
#: What is told at one look; the rest follows at the next.
MOST_AT_ONCE = 200
#: The events of one installation have ids of their own, which are the same however often they are told.
_NAMESPACE = UUID("6f2b8c1e-1f0f-5d8e-9a53-0d1c0a7f4b11")


class Announced(Fact):
    """Which entries of the ledger are told, and as what; ``when``: what their details must say."""

    entry: Name
    event: str = Field(pattern=r"^disclosure\.[a-z]+\.[a-z_]+$")
    says: Name
    when: Mapping[str, str] = {}


class AnnouncementTable(Fact):
    """The whole table, in the order in which it is asked."""

    announcements: tuple[Announced, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Announcement:
    """One event: no figure, no opinion and no person's name is in it.

    ``subject`` is what it happened to, as an id that stays (``disclosure.cycle.chuxiong.2025-q3``), ``label`` what
    people call that, ``run_id`` the flow run that drives it, empty for none; ``number`` is that of the ledger's entry.
    """

    id: UUID
    event: str
    says: str
    subject: str
    label: str
    at: dt.datetime
    number: int
    run_id: str = ""


@cache
def load_announced() -> tuple[Announced, ...]:
    """Read the table.

    Raises:
        DisclosureError: naming file and line of every mistake in it.
    """
    return read_fact(AnnouncementTable, load_document(FILE)).announcements


def choose(table: Sequence[Announced], event: str, details: Mapping[str, object]) -> Announced | None:
    """Return what an entry is told as: the first row that fits it; None where nobody is told."""
    fitting = (
        row
        for row in table
        if row.entry == event and all(str(details.get(key)) == value for key, value in row.when.items())
    )
    return next(fitting, None)


def last_number(session: Session) -> int:
    """Return the number of the ledger's last entry, 0 for none."""
    return session.scalar(select(func.max(LedgerEntry.number))) or 0


def announcements_after(session: Session, profile: ProfileFacts, number: int) -> tuple[list[Announcement], int]:
    """Return what is to be told of the entries after ``number``, in their order, and up to which entry that goes."""
    table = load_announced()
    entries = session.scalars(
        select(LedgerEntry).where(LedgerEntry.number > number).order_by(LedgerEntry.number).limit(MOST_AT_ONCE)
    ).all()
    told = []
    for entry in entries:
        details = json.loads(entry.details)
        row = choose(table, entry.event, details)
        if row is not None:
            told.append(_announce(session, profile, row, entry, details))
    return told, entries[-1].number if entries else number


def _announce(
    session: Session, profile: ProfileFacts, row: Announced, entry: LedgerEntry, details: Mapping[str, object]
) -> Announcement:
    subject, label, run_id = _about(session, profile, entry, details)
    return Announcement(
        id=uuid5(_NAMESPACE, entry.hash),
        event=row.event,
        says=row.says,
        subject=subject,
        label=label,
        at=entry.at,
        number=entry.number,
        run_id=run_id,
    )


def _about(
    session: Session, profile: ProfileFacts, entry: LedgerEntry, details: Mapping[str, object]
) -> tuple[str, str, str]:
    """Return what an entry is about: its id, what people call it, and the run that drives it."""
    if entry.cycle_id is not None and (cycle := session.get(Cycle, entry.cycle_id)) is not None:
        return f"disclosure.cycle.{profile.id}.{cycle.period_id}", label_of(cycle), cycle.driver_run_id or ""
    change_id = details.get("change")
    if isinstance(change_id, int) and (change := session.get(OpennessChange, change_id)) is not None:
        return f"disclosure.change.{profile.id}.{change.id}", label_of(change), change.driver_run_id or ""
    return f"disclosure.office.{profile.id}", profile.publisher, ""
