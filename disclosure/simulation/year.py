"""A whole year on a fake clock: day by day what the machine starts, what people do, and what is sent."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from sqlalchemy import func, select

from disclosure.calendar.periods import CycleKind, Period
from disclosure.catalog import load_catalog
from disclosure.cycle import deadlines, queries
from disclosure.cycle.deadlines import START_HOUR
from disclosure.monitoring.reminders.sending import send_due
from disclosure.platform.clock import by_clock, format_day
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import SHANGHAI
from disclosure.records.tables import LedgerEntry
from disclosure.simulation.actors import SimulatedClock
from disclosure.simulation.behaviour import Behaviour, day_in
from disclosure.simulation.outcome import RehearsalReport, look_back
from disclosure.simulation.simulation import CycleRun, Simulation, installation_at
from disclosure.simulation.staff import Staff

#: Makes the run that drives a cycle, given by its id.
MakeRun = Callable[[Simulation, Period, int], CycleRun]
#: Days before a cycle's first milestone at which a rehearsal of that cycle alone begins: reminders go ahead of it.
_LEAD = dt.timedelta(days=28)
#: Days after a cycle's last milestone until which it may still be rehearsed; then it has failed.
_TRAIL = dt.timedelta(days=45)


def rehearse(
    year: int, profile: str, behaviour: Behaviour, make_run: MakeRun, kinds: Collection[CycleKind] = ()
) -> RehearsalReport:
    """Play the cycles whose milestones fall in ``year``: those of ``kinds``, or all.

    Everything happens in a temporary folder, through the product's own functions; ``make_run`` makes the run that
    drives a cycle. Nothing is sent.

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
        clock = SimulatedClock(dt.datetime(year, 1, 1, tzinfo=SHANGHAI))
        installation = installation_at(Path(folder), profile, unpublished)
        with by_clock(clock):
            simulation = Simulation(installation, behaviour, clock)
            try:
                played = _Year(simulation, year, tuple(kinds) or disclosed, make_run)
                played.play()
                return look_back(simulation, year, tuple(played.starts))
            finally:
                installation.records.engine.dispose()


class _Year:
    """The year's calendar; ``runs`` are the cycles that are open."""

    def __init__(self, simulation: Simulation, year: int, kinds: Collection[CycleKind], make_run: MakeRun) -> None:
        self.simulation, self.year, self.kinds, self.make_run = simulation, year, kinds, make_run
        self.staff = Staff(simulation)
        self.runs: dict[Period, CycleRun] = {}
        self.starts: dict[Period, dt.datetime] = {}
        self.last_look = (-1, dt.date.min)

    def play(self) -> None:
        """Play from the first day to the last."""
        self.staff.enrol()
        with self.simulation.installation.records.read() as session:
            planned = deadlines.starts(session, self.simulation.catalog, (self.year,))
        if unknown := self._unknown_holidays():
            self.simulation.note(unknown, delays=False)
        self.starts = {start.period: start.moment for start in planned if start.period.kind in self.kinds}
        if (own := self.simulation.behaviour.special) and "special" in self.kinds:
            opens = self.simulation.workday_after(day_in(self.year, own.opens), 0)
            self.starts[Period(self.year - 1, "special", own.name)] = _at(opens, dt.time(START_HOUR))
        for day in self._days():
            self.simulation.clock.go_to(day, dt.time(0))
            if self.simulation.is_off(day):
                continue
            self.staff.register_substitutes()
            self._one_day(day)

    def _unknown_holidays(self) -> str:
        """Say what is to be entered before the year's plan is more than provisional; empty when nothing is."""
        with self.simulation.installation.records.read() as session:
            plans = deadlines.year_plan(session, self.simulation.catalog, self.year)
        found = (deadline.plan.unknown for own in plans for deadline in own.deadlines)
        return next(filter(None, found), "").rstrip("。")

    def _days(self) -> Iterator[dt.date]:
        """Yield the days worth playing: all of the year, or those around the cycles that are played."""
        with self.simulation.installation.records.read() as session:
            plans = [deadlines.deadlines_of(session, self.simulation.catalog, period) for period in self.starts]
        spans = [(start.date(), start.date()) for start in self.starts.values()]
        spans += [(each[0].planned, each[-1].due) for each in plans if each]
        if (own := self.simulation.behaviour.special) and "special" in self.kinds:
            spans.append((day_in(self.year, own.opens), day_in(self.year, own.milestones["publish"])))
        day, last = min(first for first, _ in spans) - _LEAD, max(last for _, last in spans) + _TRAIL
        while day <= last:
            waits = any(period not in self.runs for period in self.starts)
            if not waits and all(run.is_over for run in self.runs.values()):
                return
            yield day
            day += dt.timedelta(days=1)

    def _one_day(self, day: dt.date) -> None:
        simulation, hours = self.simulation, self.simulation.behaviour.hours
        simulation.show_channels()
        moments = {*hours.reminders, hours.people, dt.time(START_HOUR), *self._publications(day)}
        for moment in sorted(moments):
            simulation.clock.go_to(day, moment)
            if moment in hours.reminders:
                self._remind()
            if moment == dt.time(START_HOUR):
                self._open_due()
                self._retry_stopped(day)
            self._publish_due()
            if moment == hours.people and simulation.is_working_day(day):
                for run in list(self.runs.values()):
                    self.staff.work_on(run)

    def _publications(self, day: dt.date) -> list[dt.time]:
        hours = [run.publishes_at for run in self.runs.values() if not run.is_over]
        local = [hour.astimezone(SHANGHAI) for hour in hours if hour is not None]
        return [hour.time() for hour in local if hour.date() == day]

    def _open_due(self) -> None:
        """Open what Prefect starts, late where the machine was off, and the special cycle that somebody opens."""
        simulation = self.simulation
        for period, moment in self.starts.items():
            if period in self.runs or moment > simulation.clock.moment:
                continue
            if moment.date() < simulation.clock.today:
                simulation.note(
                    f"应于{format_day(moment.date())}开启，{format_day(simulation.clock.today)}才开启", period
                )
            only: tuple[str, ...] = ()
            dates = None
            if (own := simulation.behaviour.special) and period.kind == "special":
                only, dates = own.only, {step: day_in(self.year, day) for step, day in own.milestones.items()}
            with simulation.installation.records.write() as session:
                cycle = queries.open_cycle(session, simulation.catalog, period, only=only, milestones=dates)
            self.runs[period] = self.make_run(simulation, period, cycle.id)
            self.runs[period].advance()

    def _retry_stopped(self, day: dt.date) -> None:
        """Retry: on a working morning supervision reports a run that ended, and the operator retries it."""
        for run in self.runs.values() if self.simulation.is_working_day(day) else ():
            if run.is_stopped:
                run.advance()

    def _publish_due(self) -> None:
        for run in self.runs.values():
            hour = None if run.is_over or run.is_stopped else run.publishes_at
            if hour is not None and hour <= self.simulation.clock.moment:
                run.advance()

    def _remind(self) -> None:
        """Look at the reminders, unless nothing has happened since the last one of today."""
        simulation = self.simulation
        with simulation.installation.records.read() as session:
            now = (session.scalar(select(func.max(LedgerEntry.number))) or 0, simulation.clock.today)
        if now == self.last_look:
            return
        sent = send_due(simulation.installation, simulation.clock.moment, post=simulation.post)
        for failure in sent.delivered.failures:
            simulation.note(f"{format_day(simulation.clock.today)}，{failure.rstrip('。')}", delays=False)
        self.last_look = (-1, dt.date.min) if sent.is_delayed else now


def _at(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, SHANGHAI)
