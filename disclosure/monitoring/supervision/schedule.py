"""When supervision should run, and whether it did: every working morning at the hour of the settings."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.calendar.holidays import Holidays
from disclosure.calendar.workdays import is_probable_workday
from disclosure.catalog import Catalog
from disclosure.platform.clock import format_moment, shanghai
from disclosure.platform.settings import SHANGHAI, Settings
from disclosure.records.tables import SupervisionRun

#: It may take a while, and the machine may be switched on only when people come.
GRACE = dt.timedelta(hours=1)


def supervision_times(settings: Settings, holidays: Holidays, year: int) -> list[dt.datetime]:
    """Return every working morning of ``year`` (aware); none where no hour is set. Unknown years have no holidays."""
    if not settings.supervise_at:
        return []
    hour = dt.time.fromisoformat(settings.supervise_at)
    days = (dt.date(year, 1, 1) + dt.timedelta(days=n) for n in range(366))
    return [
        dt.datetime.combine(day, hour, SHANGHAI)
        for day in days
        if day.year == year and is_probable_workday(day, holidays)
    ]


def missed_supervisions(
    settings: Settings, holidays: Holidays, last: dt.datetime | None, now: dt.datetime
) -> list[dt.datetime]:
    """Return the working mornings after ``last`` (the last look's begin) that ``now`` finds passed by ``GRACE``."""
    if last is None:
        return []
    years = range(shanghai(last).year, shanghai(now).year + 1)
    return [m for year in years for m in supervision_times(settings, holidays, year) if last < m and m + GRACE < now]


def last_supervision(session: Session, profile: str) -> SupervisionRun | None:
    """Return the latest supervision that came to its end."""
    return session.scalars(
        select(SupervisionRun)
        .where(SupervisionRun.profile == profile, SupervisionRun.finished_at.is_not(None))
        .order_by(SupervisionRun.id.desc())
        .limit(1)
    ).first()


def absence(session: Session, settings: Settings, catalog: Catalog, now: dt.datetime) -> str:
    """Say that supervision is overdue; empty when it is not, or has no hour of its own."""
    last = last_supervision(session, catalog.profile.id)
    if last is None:
        if not settings.supervise_at:
            return ""
        return "督办还没有运行过；请启动 disclosure up，或运行 disclosure supervise。"
    missed = missed_supervisions(settings, catalog.holidays, last.started_at, now)
    if not missed:
        return ""
    return (
        f"督办已停：上一次是 {format_moment(last.started_at)}，此后有 {len(missed)} 个工作日早晨没有运行。"
        "请启动 disclosure up，或运行 disclosure supervise。"
    )
