"""Gathering what the board and ``status`` show, from our records, the working calendar and the inboxes here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles, deadlines
from disclosure.catalog import Catalog
from disclosure.clock import shanghai
from disclosure.collection.strays import local_strays
from disclosure.deadlines import CyclePlan
from disclosure.openness.duties import OpenClock, open_clocks
from disclosure.overview.concerns import concerns, doubts, emergencies, supervised
from disclosure.overview.facts import Awaited, Concern, Overview, Upcoming
from disclosure.overview.tracks import track
from disclosure.records.tables import Cycle
from disclosure.reminders.duties import Duty, duties_of
from disclosure.reminders.rules import overdue_days
from disclosure.workdays import probable_workdays
from disclosure.workplace import Workplace

#: How far ahead deadlines are listed.
DAYS_AHEAD = 60


def look(place: Workplace, now: dt.datetime) -> Overview:
    """Everything as it stands at ``now`` (an aware time)."""
    catalog, today = place.catalog, shanghai(now).date()
    with place.records.read() as session:
        plans = _plans(session, catalog, today)
        owed = {own.period.id: duties_of(session, catalog, own, now) if own.cycle else [] for own in plans}
        every = [duty for own in plans for duty in owed[own.period.id]]
        return Overview(
            title=catalog.profile.short_title,
            publisher=catalog.profile.publisher,
            at=now,
            year=today.year,
            tracks=tuple(track(session, catalog, own, owed[own.period.id], today) for own in plans),
            awaited=tuple(_most_urgent([*_awaited(catalog, every, today), *_openness(session, catalog, now)])),
            upcoming=tuple(_upcoming(session, catalog, plans, owed, today)),
            supervision=tuple(supervised(session, place, now)),
            concerns=(
                *concerns(session, catalog, plans, every, now),
                *doubts(session, catalog),
                *map(Concern, local_strays(place)),
            ),
            emergencies=emergencies(session, catalog),
        )


def _plans(session: Session, catalog: Catalog, today: dt.date) -> list[CyclePlan]:
    """This year's cycles in the order of the year; then whatever else is under way or was opened this year."""
    found = deadlines.year_plan(session, catalog, today.year)
    known = {own.period for own in found}
    others = session.scalars(select(Cycle).where(Cycle.profile == catalog.profile.id).order_by(Cycle.id))
    for cycle in others:
        is_of_today = cycle.step != "archive" or shanghai(cycle.opened_at).year == today.year
        if is_of_today and (period := cycles.period_of(cycle)) not in known:
            found.append(deadlines.cycle_plan(session, catalog, period))
    return found


def _awaited(catalog: Catalog, owed: Iterable[Duty], today: dt.date) -> list[Awaited]:
    """What can be done now, the most overdue first."""
    found = []
    for duty in owed:
        if duty.since is None:
            continue
        overdue = overdue_days(duty, catalog.holidays, today)
        planned = duty.deadline.planned
        found.append(
            Awaited(
                period=duty.deadline.period.label,
                milestone=duty.name,
                office=duty.office.name,
                people=tuple(person.name for person in duty.people),
                since=duty.since,
                planned=planned,
                overdue=overdue,
                left=max(0, probable_workdays(today, planned, catalog.holidays)),
                run_id=duty.run_id,
            )
        )
    return found


def _openness(session: Session, catalog: Catalog, now: dt.datetime) -> list[Awaited]:
    """What is owed of the openness catalogue; several elements of one change are one line."""
    of_change: dict[tuple[int, str, dt.date], list[OpenClock]] = {}
    for clock in open_clocks(session, catalog, now):
        key = (clock.change_id, "" if clock.change_id else clock.title, clock.limit)
        of_change.setdefault(key, []).append(clock)
    return [
        Awaited(
            period=catalog.openness_words.short_title,
            milestone=f"{first.title}{f'等 {len(clocks)} 项' if len(clocks) > 1 else ''}，{first.step}",
            office=first.office,
            people=first.people,
            since=first.since,
            planned=first.limit,
            overdue=max(0, -first.left),
            left=max(0, first.left),
            run_id=first.run_id,
        )
        for clocks in of_change.values()
        for first in clocks[:1]
    ]


def _most_urgent(awaited: Iterable[Awaited]) -> list[Awaited]:
    return sorted(awaited, key=lambda each: (-each.overdue, each.planned, each.since))


def _upcoming(
    session: Session, catalog: Catalog, plans: Sequence[CyclePlan], owed: dict[str, list[Duty]], today: dt.date
) -> list[Upcoming]:
    """Milestones of the next days that are not done, the nearest first; next year's, where it begins by then."""
    last = today + dt.timedelta(days=DAYS_AHEAD)
    if last.year > today.year:
        following = deadlines.year_plan(session, catalog, last.year)
        plans = [*plans, *(own for own in following if own.period.id not in owed)]
    found = []
    for own in plans:
        open_milestones = {duty.deadline.milestone for duty in owed.get(own.period.id, ())}
        for deadline in own.deadlines:
            is_open = own.cycle is None or deadline.milestone in open_milestones
            if is_open and today <= deadline.planned <= last:
                found.append(
                    Upcoming(
                        period=own.period.label,
                        milestone=deadline.name,
                        offices=tuple(office.name for office in deadlines.offices_of(catalog, own, deadline.milestone)),
                        planned=deadline.planned,
                        why=deadline.why,
                        left=probable_workdays(today, deadline.planned, catalog.holidays),
                        is_provisional=deadline.is_provisional,
                    )
                )
    return sorted(found, key=lambda each: each.planned)
