"""Gathering what the board and ``status`` show, from our records, the working calendar and the inboxes here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from disclosure.calendar.time_left import time_left
from disclosure.catalog import Catalog
from disclosure.collection.intake.misplaced_files import local_misplaced_files
from disclosure.cycle import deadlines
from disclosure.cycle.deadlines import CyclePlan
from disclosure.cycle.view import CycleView, load_views
from disclosure.monitoring.board.facts import Awaited, Concern, Overview, Upcoming
from disclosure.monitoring.board.open_issues import (
    describe_emergencies,
    list_findings,
    list_open_issues,
    list_unreached,
)
from disclosure.monitoring.board.progress import measure_progress
from disclosure.monitoring.reminders.duties import Duty, list_dated_duties, load_holders
from disclosure.monitoring.reminders.rules import time_of
from disclosure.openness.duties import OpenClock, open_clocks
from disclosure.platform.clock import shanghai
from disclosure.records.installation import Installation

#: How far ahead deadlines are listed.
DAYS_AHEAD = 60


def load_overview(installation: Installation, now: dt.datetime) -> Overview:
    """Return everything as it stands at ``now`` (an aware time)."""
    catalog, today = installation.catalog, shanghai(now).date()
    with installation.records.read() as session:
        year = deadlines.year_plan(session, catalog, today.year)
        plans = [*deadlines.opened_plans(session, catalog), *(own for own in year if own.cycle is None)]
        views = {view.period: view for view in load_views(session, catalog, plans)}
        opened = [view for view in views.values() if view.is_opened]
        shown = [views.pop(own.period) for own in year] + [view for view in views.values() if _is_current(view, today)]
        holders = load_holders(session, catalog, now)
        owed = {
            view.period.id: list_dated_duties(catalog, view, holders, now) if view.is_opened else [] for view in shown
        }
        every = [duty for view in shown for duty in owed[view.period.id]]
        awaited = [*_awaited(catalog, every, today), *_openness(session, catalog, now)]
        return Overview(
            title=catalog.profile.short_title,
            publisher=catalog.profile.publisher,
            at=now,
            year=today.year,
            cycles=tuple(measure_progress(catalog, view, owed[view.period.id], today) for view in shown),
            awaited=tuple(_most_urgent(awaited)),
            upcoming=tuple(_upcoming(session, catalog, shown, owed, today)),
            supervision=tuple(list_findings(session, installation, now)),
            concerns=(
                *list_unreached(session, catalog, shown, every, now),
                *list_open_issues(session, catalog, opened),
                *map(Concern, local_misplaced_files(installation)),
            ),
            emergencies=describe_emergencies(opened),
        )


def _is_current(view: CycleView, today: dt.date) -> bool:
    """Tell whether a cycle that is none of this year's is still under way, or was opened this year."""
    return view.is_under_way or (view.opened_at is not None and shanghai(view.opened_at).year == today.year)


def _awaited(catalog: Catalog, owed: Iterable[Duty], today: dt.date) -> list[Awaited]:
    """Return what can be done now of ``owed``."""
    found = []
    for duty in owed:
        if duty.since is None:
            continue
        found.append(
            Awaited(
                period=duty.deadline.period.label,
                milestone=duty.name,
                office=duty.office.name,
                people=tuple(person.name for person in duty.people),
                since=duty.since,
                time=time_of(duty, catalog.holidays, today),
                run_id=duty.run_id,
            )
        )
    return found


def _openness(session: Session, catalog: Catalog, now: dt.datetime) -> list[Awaited]:
    """Return what is owed of the openness catalogue; several elements of one change are one line."""
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
            time=first.time,
            run_id=first.run_id,
        )
        for clocks in of_change.values()
        for first in clocks[:1]
    ]


def _most_urgent(awaited: Iterable[Awaited]) -> list[Awaited]:
    return sorted(awaited, key=lambda each: (-each.time.over, each.time.due, each.since))


def _upcoming(
    session: Session, catalog: Catalog, plans: Sequence[CyclePlan], owed: dict[str, list[Duty]], today: dt.date
) -> list[Upcoming]:
    """Return the milestones of the next days that are not done, the nearest first; next year's too."""
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
                offices = tuple(office.name for office in deadlines.offices_of(catalog, own, deadline.milestone))
                found.append(Upcoming(deadline, offices, time_left(deadline.planned, today, catalog.holidays)))
    return sorted(found, key=lambda each: each.deadline.planned)
