"""Days off and made-up working days: those that a profile writes, above the national calendar of the package."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal

import chinese_calendar

from disclosure.platform.fact import Fact, Name

_PACKAGE_YEARS = range(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year + 1)


class Holiday(Fact):
    """A day off (or on) of this prefecture alone, or of a national year the package does not know yet."""

    date: dt.date
    kind: Literal["off", "work"]
    name: Name
    source: str = ""


@dataclass(frozen=True)
class Holidays(Mapping[str, Holiday]):
    """What stands above the national calendar, by ISO date; ``place`` tells people where to write it down.

    ``unpublished``: years to be taken as not published yet, whatever the package knows: a rehearsal asks what then.
    """

    days: Mapping[str, Holiday] = field(default_factory=dict)
    place: str = "holidays.yaml"
    unpublished: frozenset[int] = frozenset()

    def __getitem__(self, day: str) -> Holiday:
        return self.days[day]

    def __iter__(self) -> Iterator[str]:
        return iter(self.days)

    def __len__(self) -> int:
        return len(self.days)

    def package_knows(self, year: int) -> bool:
        """Whether the national calendar of ``year`` is in the package."""
        return year in _PACKAGE_YEARS and year not in self.unpublished

    def is_open(self, day: dt.date) -> bool:
        """Whether offices are open on ``day``; in a year that nobody knows yet Monday to Friday."""
        if isinstance(day, dt.datetime):
            raise TypeError("a moment is not a day: take its date in Asia/Shanghai first")
        if own := self.days.get(day.isoformat()):
            return own.kind == "work"
        return _is_national_workday(day) if self.package_knows(day.year) else day.weekday() < 5

    def count_open(self, start: dt.date, end: dt.date) -> int:
        """Count the days after ``start`` up to and including ``end`` on which offices are open, however far apart."""
        return self._open_until(end) - self._open_until(start)

    def _open_until(self, day: dt.date) -> int:
        # The first of all days that ``datetime`` knows, 1, is a Monday.
        number = day.toordinal()
        weeks, rest = divmod(number, 7)
        off, worked = self._unlike_their_weekday
        return weeks * 5 + min(rest, 5) - bisect_right(off, number) + bisect_right(worked, number)

    @cached_property
    def _unlike_their_weekday(self) -> tuple[list[int], list[int]]:
        """Ordinals of the Mondays to Fridays that are off, and of the Saturdays and Sundays that are worked."""
        own = {dt.date.fromisoformat(day) for day in self.days}
        national = {*chinese_calendar.holidays, *chinese_calendar.workdays}
        off: list[int] = []
        worked: list[int] = []
        for day in sorted(own | national):
            if self.is_open(day) != (day.weekday() < 5):
                (off if day.weekday() < 5 else worked).append(day.toordinal())
        return off, worked


@cache
def _is_national_workday(day: dt.date) -> bool:
    """Return the package checks its argument anew each time, which a year of clocks asks a hundred thousand times."""
    return bool(chinese_calendar.is_workday(day))
