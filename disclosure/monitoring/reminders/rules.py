"""Which reminders are due at a moment: pure rules over duties and the working calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from disclosure.calendar.holidays import Holidays
from disclosure.calendar.time_left import TimeLeft, time_left
from disclosure.calendar.workdays import is_probable_workday
from disclosure.catalog import ReminderRules
from disclosure.monitoring.reminders.duties import Duty, Recipient
from disclosure.platform.clock import shanghai

#: So many weeks may pass without a working day, holidays and all.
_WEEKS_OF_REST = 2

Kind = Literal["ahead", "overdue", "head", "leader"]


@dataclass(frozen=True)
class Reminder:
    """One reminder to one person about one duty.

    ``key`` is the same whenever this very reminder is due again, and no other reminder's.
    """

    key: str
    kind: Kind
    recipient: Recipient
    duty: Duty
    time: TimeLeft


def due_now(
    owed: Iterable[Duty],
    rules: ReminderRules,
    holidays: Holidays,
    now: dt.datetime,
    known: Collection[str] = (),
) -> list[Reminder]:
    """Return what is due at ``now`` (an aware time) and not among ``known`` keys; nothing on rest days or too early.

    A day on which nobody looked loses nothing: a reminder ahead stays due until the next one takes its place, an
    escalation until it is sent. In a year whose holidays are not entered Monday to Friday count: reminding on a
    holiday is the smaller harm.
    """
    if is_quiet(rules, holidays, now):
        return []
    today = shanghai(now).date()
    found = [reminder for duty in owed for reminder in _of_duty(duty, rules, holidays, today)]
    unique = {reminder.key: reminder for reminder in found if reminder.key not in known}
    return list(unique.values())


def is_quiet(rules: ReminderRules, holidays: Holidays, now: dt.datetime) -> bool:
    """Tell whether nobody is reminded at ``now``, whatever is owed: a rest day, or too early."""
    local = shanghai(now)
    return local.time() < rules.not_before or not is_probable_workday(local.date(), holidays)


def time_of(duty: Duty, holidays: Holidays, today: dt.date) -> TimeLeft:
    """Return how the day by which it is to be done lies to ``today``."""
    return time_left(duty.deadline.planned, today, holidays, since=duty.since)


def _of_duty(duty: Duty, rules: ReminderRules, holidays: Holidays, today: dt.date) -> Iterator[Reminder]:
    planned = duty.deadline.planned
    if planned - today > dt.timedelta(weeks=max(rules.ahead) + _WEEKS_OF_REST):
        # Too far to count the days: a week has a working day in it, but for the longest holidays.
        return
    time = time_of(duty, holidays, today)
    if not time.is_over:
        reached = [days for days in rules.ahead if time.left <= days]
        if reached:
            yield from _to_each(_debtors(duty), "ahead", f"ahead-{min(reached)}", duty, time)
        return
    # Nobody is chased for the days before it was their turn.
    days = time.waited
    if not (duty.chases and days):
        return
    owing = _debtors(duty)
    yield from _to_each(owing, "overdue", f"overdue-{today.isoformat()}", duty, time)
    if days >= rules.head_after:
        # Where no head is enrolled, those who supervise hear of it.
        heads = [person for person in duty.heads or duty.supervisors if person not in owing]
        yield from _to_each(heads, "head", "head", duty, time)
    if days >= rules.leader_after:
        leaders = [person for person in duty.leaders if person not in owing]
        yield from _to_each(leaders, "leader", "leader", duty, time)


def _debtors(duty: Duty) -> tuple[Recipient, ...]:
    """Return who owes it; where nobody is enrolled for it, those who supervise must find somebody."""
    return duty.people or duty.supervisors


def _to_each(people: Iterable[Recipient], kind: Kind, label: str, duty: Duty, time: TimeLeft) -> Iterator[Reminder]:
    deadline = duty.deadline
    for person in people:
        # The date is part of it: a deadline that moved is a new one to be reminded of.
        key = (
            f"{duty.profile}/{deadline.period.id}/{deadline.milestone}/{duty.office.id}/round-{duty.round}/"
            f"{deadline.due.isoformat()}/{label}/{person.id}"
        )
        yield Reminder(key, kind, person, duty, time)
