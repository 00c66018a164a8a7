"""Working days: the national calendar, with the prefecture's own days and corrections laid over it.

``chinesecalendar`` knows the State Council's holidays and make-up working days. A profile's ``holidays.yaml``
(``Catalog.holidays``) stands above it: days off of the prefecture alone, whole years the package does not know
yet, and corrections, which stand above everything. A year counts as known once each of the seven national
holidays has a day off in it. Before that nothing may be counted in it that binds anybody: ``is_workday``,
``add_workdays`` and ``count_workdays`` stop with the lines to fill in. What is only shown or planned ahead is a
``WorkingDay`` that says it is provisional.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import chinese_calendar

from disclosure.calendar.holidays import Holidays
from disclosure.platform.clock import weekday
from disclosure.platform.errors import DisclosureError

#: 全国年节及纪念日放假办法, article 2: what a year's notice always holds.
NATIONAL_HOLIDAYS = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")

_HOLIDAY_NAMES = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}


@dataclass(frozen=True)
class WorkingDay:
    """A day found by the working calendar.

    ``unknown`` is empty, or the sentence that says which year's holidays are not entered and where to enter
    them: the day is then only where it would probably fall.
    """

    day: dt.date
    unknown: str = ""

    @property
    def is_provisional(self) -> bool:
        """Whether it may still move because a year's holidays are not published."""
        return bool(self.unknown)

    def binding(self) -> dt.date:
        """Return the day, where somebody is to be held to it.

        Raises:
            DisclosureError: while it is provisional, with the file and the lines to fill in.
        """
        if self.unknown:
            raise DisclosureError(self.unknown)
        return self.day


def missing_holidays(year: int, holidays: Holidays) -> tuple[str, ...]:
    """Return national holidays of ``year`` that neither the package nor ``holidays`` knows; empty for a known year."""
    if holidays.package_knows(year):
        return ()
    named = "、".join(h.name for h in holidays.values() if h.date.year == year and h.kind == "off")
    return tuple(name for name in NATIONAL_HOLIDAYS if name not in named)


def missing_local_holidays(year: int, holidays: Holidays) -> tuple[str, ...]:
    """Return the prefecture's own holidays that other years have and ``year`` has not: not entered yet, most likely."""
    off = [h for h in holidays.values() if h.kind == "off" and not any(name in h.name for name in NATIONAL_HOLIDAYS)]
    entered = {h.name for h in off if h.date.year == year}
    return tuple(dict.fromkeys(h.name for h in off if h.name not in entered))


def is_workday(day: dt.date, holidays: Holidays) -> bool:
    """Whether offices are open on ``day``; ``holidays`` is ``Catalog.holidays``.

    Raises:
        DisclosureError: when the year's holidays are not known, naming the file and what to fill in.
    """
    if unknown := _unknown(day, holidays):
        raise DisclosureError(unknown)
    return holidays.is_open(day)


def add_workdays(start: dt.date, count: int, holidays: Holidays) -> dt.date:
    """Return the ``count``-th working day after ``start``; the day after ``start`` is the first that can count.

    ``start`` itself need not be a working day. A negative ``count`` goes back in the same way; 0 is ``start``.
    Source: 政府信息公开条例 (2019) art. 26, "20个工作日内"; 民法典 art. 201, the day of the event does not count.

    Raises:
        DisclosureError: when it comes to a year whose holidays are not known.
    """
    return shifted(start, count, holidays).binding()


def shifted(start: dt.date, count: int, holidays: Holidays) -> WorkingDay:
    """As ``add_workdays``, for showing: in a year not known yet Monday to Friday count, and the day is provisional."""
    step = dt.timedelta(days=1 if count > 0 else -1)
    day, left, unknown = start, abs(count), ""
    while left:
        day += step
        unknown = unknown or _unknown(day, holidays)
        left -= holidays.is_open(day)
    return WorkingDay(day, unknown)


def on_or_before(day: dt.date, holidays: Holidays) -> WorkingDay:
    """``day`` or the working day before; in a year not known yet ``day`` itself, provisional."""
    if unknown := _unknown(day, holidays):
        return WorkingDay(day, unknown)
    return WorkingDay(day) if holidays.is_open(day) else shifted(day, -1, holidays)


def count_workdays(start: dt.date, end: dt.date, holidays: Holidays) -> int:
    """Working days after ``start`` up to and including ``end``; negative when ``end`` is earlier.

    Raises:
        DisclosureError: when a day between them is in a year whose holidays are not known.
    """
    if end < start:
        return -count_workdays(end, start, holidays)
    return sum(is_workday(day, holidays) for day in _days_after(start, end))


def probable_workdays(start: dt.date, end: dt.date, holidays: Holidays) -> int:
    """As ``count_workdays``, for showing: in a year not known yet Monday to Friday count."""
    return holidays.count_open(start, end)


def is_probable_workday(day: dt.date, holidays: Holidays) -> bool:
    """As ``is_workday``, for what must not fall silent: in a year not known yet Monday to Friday count."""
    return holidays.is_open(day)


def rest_name(day: dt.date, holidays: Holidays) -> str:
    """Return what people call a day off: ``火把节``, ``国庆节``, or its weekday."""
    if own := holidays.get(day.isoformat()):
        return own.name
    name = chinese_calendar.get_holiday_detail(day)[1] if holidays.package_knows(day.year) else None
    return _HOLIDAY_NAMES.get(name) or weekday(day)


def _days_after(start: dt.date, end: dt.date) -> list[dt.date]:
    return [start + dt.timedelta(days=n) for n in range(1, (end - start).days + 1)]


def _unknown(day: dt.date, holidays: Holidays) -> str:
    """Return what to fill in before ``day`` can be judged; empty when it can."""
    if holidays.package_knows(day.year) or day.isoformat() in holidays:
        return ""
    missing = missing_holidays(day.year, holidays)
    if not missing:
        return ""
    return (
        f"{day.year}年的放假安排还没有录入，算不出工作日：请按国务院办公厅的通知，在 {holidays.place} 的 holidays 里"
        f"补上{'、'.join(missing)}的放假日与调休上班日（每天一行，放假写 kind: off，上班写 kind: work，例如 "
        f'"{day.year}-01-01": {{kind: off, name: 元旦, source: 通知文号}}），或升级 chinesecalendar。'
    )
