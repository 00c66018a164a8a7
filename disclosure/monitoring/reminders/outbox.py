"""Each reminder goes out at most once, whatever crashes.

Its row is committed as ``sending``, under its unique key, before the channel is touched. From then on nobody begins
it again: a crash between the two may lose one letter, and ``uncertain`` tells of it, but never sends two; whoever
still owes the thing is reminded by the next key (the next working day, at the latest). Only a channel that says that
it did not take the letter (``NotSentError``) puts its reminders back, and the next look sends them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.monitoring.reminders.letters import Letter
from disclosure.monitoring.reminders.rules import Reminder
from disclosure.platform.errors import DisclosureError
from disclosure.records import Records
from disclosure.records.states import BEGUN, ReminderState, states_before
from disclosure.records.tables import SentReminder


class NotSentError(DisclosureError):
    """The messenger is certain that the letter did not leave; a sentence says why."""


class AddressRefusedError(NotSentError):
    """It did not leave because of this one person's address."""


@dataclass(frozen=True)
class Delivered:
    """What became of a batch, in letters; ``failures`` are sentences for whoever looks after the channels."""

    sent: int = 0
    put_back: int = 0
    uncertain: int = 0
    failures: tuple[str, ...] = ()


def known_keys(session: Session, catalog: Catalog) -> frozenset[str]:
    """Return the keys that are not begun (again): sent, or perhaps sent."""
    rows = session.scalars(
        select(SentReminder.key).where(SentReminder.profile == catalog.profile.id, SentReminder.state.in_(BEGUN))
    )
    return frozenset(rows)


def deliver(
    records: Records,
    reminders: Iterable[Reminder],
    write: Callable[[Sequence[Reminder]], Sequence[Letter]],
    send: Callable[[Letter], None],
    now: Callable[[], dt.datetime],
) -> Delivered:
    """Begin ``reminders``, write the letters of those nobody began before, and ``send`` them one by one.

    ``send`` raises ``NotSentError`` when it is certain that nothing left. Any other error leaves the letter
    uncertain; neither stops the letters after it.
    """
    sent = put_back = unsure = 0
    failures: list[str] = []
    by_person: dict[int, list[Reminder]] = {}
    for reminder in reminders:
        by_person.setdefault(reminder.recipient.id, []).append(reminder)
    for own in by_person.values():
        with records.write() as session:
            begun = [reminder for reminder in own if _begin(session, reminder, now())]
        for letter in write(begun):
            try:
                send(letter)
            except NotSentError as error:
                put_back += 1
                failures.append(f"给{letter.recipient.name}的提醒没有发出：{error}")
                _settle(records, letter.keys, ReminderState.WAITING, now(), str(error))
            except Exception as error:
                unsure += 1
                failures.append(f"给{letter.recipient.name}的提醒可能没有发出：{type(error).__name__}: {error}")
                _settle(records, letter.keys, ReminderState.SENDING, now(), f"{type(error).__name__}: {error}")
            else:
                sent += 1
                _settle(records, letter.keys, ReminderState.SENT, now())
    return Delivered(sent, put_back, unsure, tuple(failures))


def uncertain(session: Session, catalog: Catalog, before: dt.datetime) -> list[SentReminder]:
    """Return the reminders begun before ``before`` of which nobody knows whether they left; somebody may ask."""
    return list(
        session.scalars(
            select(SentReminder)
            .where(
                SentReminder.profile == catalog.profile.id,
                SentReminder.state == ReminderState.SENDING,
                SentReminder.updated_at < before,
            )
            .order_by(SentReminder.id)
        )
    )


def _begin(session: Session, reminder: Reminder, now: dt.datetime) -> bool:
    """Tell whether this process is the one to send it."""
    again = (
        update(SentReminder)
        .where(SentReminder.key == reminder.key, SentReminder.state.in_(states_before(ReminderState.SENDING)))
        .values(state=ReminderState.SENDING, attempts=SentReminder.attempts + 1, failure="", updated_at=now)
    )
    done = session.execute(again)
    if isinstance(done, CursorResult) and done.rowcount:
        return True
    deadline = reminder.duty.deadline
    row = SentReminder(
        key=reminder.key,
        profile=reminder.duty.profile,
        period_id=deadline.period.id,
        milestone=deadline.milestone,
        kind=reminder.kind,
        due=deadline.due,
        person_id=reminder.recipient.id,
        state=ReminderState.SENDING,
        updated_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def _settle(records: Records, keys: Sequence[str], state: ReminderState, now: dt.datetime, failure: str = "") -> None:
    with records.write() as session:
        session.execute(
            update(SentReminder)
            .where(SentReminder.key.in_(keys), SentReminder.state == ReminderState.SENDING)
            .values(state=state, failure=failure, updated_at=now)
        )
