"""A whole year on a fake clock: day by day what the machine starts, what people do, and what is sent."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from sqlalchemy import func, select

from disclosure import cycles, deadlines
from disclosure.catalog import load_catalog
from disclosure.clock import by_clock, said_day
from disclosure.deadlines import START_HOUR
from disclosure.errors import DisclosureError
from disclosure.periods import CycleKind, Period
from disclosure.records.tables import LedgerEntry
from disclosure.rehearsal.acting import Acting
from disclosure.rehearsal.behaviour import Behaviour, day_in
from disclosure.rehearsal.cast import Cast
from disclosure.rehearsal.drive import Drive
from disclosure.rehearsal.outcome import Rehearsed, look_back
from disclosure.rehearsal.stage import Audit, Clock, Stage, place_at
from disclosure.reminders.sending import send_due
from disclosure.settings import SHANGHAI

#: Days before a cycle's first milestone at which a rehearsal of that cycle alone begins: reminders go ahead of it.
_LEAD = dt.timedelta(days=28)
#: Days after a cycle's last milestone until which it may still be rehearsed; then it has failed.
_TRAIL = dt.timedelta(days=45)


def rehearse(
    year: int, profile: str, behaviour: Behaviour, audit: Audit, kinds: Collection[CycleKind] = ()
) -> Rehearsed:
    """Play the cycles whose milestones fall in ``year``: those of ``kinds``, or all.

    Everything happens in a temporary folder, through the product's own functions; ``audit`` is what the flow's task
    calls. Nothing is sent.

    Raises:
        DisclosureError: for a kind that the profile does not disclose, or figures that it has not.
    """
    if not 2000 <= year <= 2100:
        raise DisclosureError(f"年份 {year} 不合理，应为 2000 到 2100 之间。")
    disclosed = load_catalog(profile).profile.cycles
    if unknown := [kind for kind in kinds if kind not in disclosed]:
        raise DisclosureError(f"本地区没有 {'、'.join(unknown)} 这种周期，应为 {'、'.join(disclosed)} 之一。")
    unpublished = frozenset({year} if behaviour.holidays_unpublished else ())
    with tempfile.TemporaryDirectory(prefix="disclosure-rehearsal-") as folder:
        clock = Clock(dt.datetime(year, 1, 1, tzinfo=SHANGHAI))
        place = place_at(Path(folder), profile, unpublished)
        with by_clock(clock):
            stage = Stage(place, behaviour, clock, audit)
            try:
                played = _Year(stage, year, tuple(kinds) or disclosed)
                played.play()
                return look_back(stage, year, tuple(played.starts))
            finally:
                place.records.engine.dispose()


class _Year:
    """The year's calendar; ``drives`` are the cycles that are open."""

    def __init__(self, stage: Stage, year: int, kinds: Collection[CycleKind]) -> None:
        self.stage, self.year, self.kinds = stage, year, kinds
        self.cast = Cast(stage)
        self.acting = Acting(stage, self.cast)
        self.drives: dict[Period, Drive] = {}
        self.starts: dict[Period, dt.datetime] = {}
        self.seen = (-1, dt.date.min)

    def play(self) -> None:
        """From the first day to the last."""
        self.cast.enrol()
        with self.stage.place.records.read() as session:
            planned = deadlines.starts(session, self.stage.catalog, (self.year,))
        if unknown := self._unknown_holidays():
            self.stage.note(unknown, delays=False)
        self.starts = {start.period: start.moment for start in planned if start.period.kind in self.kinds}
        if (own := self.stage.behaviour.special) and "special" in self.kinds:
            opens = self.stage.workday_after(day_in(self.year, own.opens), 0)
            self.starts[Period(self.year - 1, "special", own.name)] = _at(opens, dt.time(START_HOUR))
        for day in self._days():
            self.stage.clock.go_to(day, dt.time(0))
            if self.stage.is_off(day):
                continue
            self.cast.register_substitutes()
            self._one_day(day)

    def _unknown_holidays(self) -> str:
        """What is to be entered before the year's plan is more than provisional; empty when nothing is."""
        with self.stage.place.records.read() as session:
            plans = deadlines.year_plan(session, self.stage.catalog, self.year)
        found = (deadline.plan.unknown for own in plans for deadline in own.deadlines)
        return next(filter(None, found), "").rstrip("。")

    def _days(self) -> Iterator[dt.date]:
        """The days worth playing: all of the year, or those around the cycles that are played."""
        with self.stage.place.records.read() as session:
            plans = [deadlines.deadlines_of(session, self.stage.catalog, period) for period in self.starts]
        spans = [(start.date(), start.date()) for start in self.starts.values()]
        spans += [(each[0].planned, each[-1].due) for each in plans if each]
        if (own := self.stage.behaviour.special) and "special" in self.kinds:
            spans.append((day_in(self.year, own.opens), day_in(self.year, own.milestones["publish"])))
        day, last = min(first for first, _ in spans) - _LEAD, max(last for _, last in spans) + _TRAIL
        while day <= last:
            waits = any(period not in self.drives for period in self.starts)
            if not waits and all(drive.is_over for drive in self.drives.values()):
                return
            yield day
            day += dt.timedelta(days=1)

    def _one_day(self, day: dt.date) -> None:
        stage, hours = self.stage, self.stage.behaviour.hours
        stage.show_channels()
        moments = {*hours.reminders, hours.people, dt.time(START_HOUR), *self._publications(day)}
        for moment in sorted(moments):
            stage.clock.go_to(day, moment)
            if moment in hours.reminders:
                self._remind()
            if moment == dt.time(START_HOUR):
                self._open_due()
                self._retry_stopped(day)
            self._publish_due()
            if moment == hours.people and stage.is_working_day(day):
                for drive in list(self.drives.values()):
                    self.acting.work_on(drive)

    def _publications(self, day: dt.date) -> list[dt.time]:
        hours = [drive.publishes_at for drive in self.drives.values() if not drive.is_over]
        local = [hour.astimezone(SHANGHAI) for hour in hours if hour is not None]
        return [hour.time() for hour in local if hour.date() == day]

    def _open_due(self) -> None:
        """What Prefect starts, late where the machine was off, and the special cycle that somebody opens."""
        stage = self.stage
        for period, moment in self.starts.items():
            if period in self.drives or moment > stage.clock.moment:
                continue
            if moment.date() < stage.clock.today:
                stage.note(f"应于{said_day(moment.date())}开启，{said_day(stage.clock.today)}才开启", period)
            only: tuple[str, ...] = ()
            dates = None
            if (own := stage.behaviour.special) and period.kind == "special":
                only, dates = own.only, {step: day_in(self.year, day) for step, day in own.milestones.items()}
            with stage.place.records.write() as session:
                cycle = cycles.open_cycle(session, stage.catalog, period, only=only, milestones=dates)
            self.drives[period] = Drive(stage, period, cycle.id)
            self.drives[period].advance()

    def _retry_stopped(self, day: dt.date) -> None:
        """On a working morning supervision reports a run that ended, and the operator retries it."""
        if self.stage.is_working_day(day):
            for drive in self.drives.values():
                drive.retry()

    def _publish_due(self) -> None:
        for drive in self.drives.values():
            hour = None if drive.is_over or drive.is_stopped else drive.publishes_at
            if hour is not None and hour <= self.stage.clock.moment:
                drive.publish()

    def _remind(self) -> None:
        """A look at the reminders, unless nothing has happened since the last one of today."""
        stage = self.stage
        with stage.place.records.read() as session:
            now = (session.scalar(select(func.max(LedgerEntry.number))) or 0, stage.clock.today)
        if now == self.seen:
            return
        sent = send_due(stage.place, stage.clock.moment, post=stage.post)
        for failure in sent.delivered.failures:
            stage.note(f"{said_day(stage.clock.today)}，{failure.rstrip('。')}", delays=False)
        self.seen = (-1, dt.date.min) if sent.is_delayed else now


def _at(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, SHANGHAI)
