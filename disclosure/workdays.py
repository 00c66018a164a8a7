"""Working days: the national calendar, with the prefecture's own days laid over it.

``chinesecalendar`` knows the State Council's holidays and make-up working days. A profile's ``holidays.yaml``
(``Catalog.holidays``) stands above it: days off of the prefecture alone, corrections, and whole years the
package does not know yet. Such a year counts as known once each of the seven national holidays has a day off
in it; before that it is an error with the lines to fill in, never a guess.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import chinese_calendar

from disclosure.catalog import Holiday
from disclosure.errors import DisclosureError

#: 全国年节及纪念日放假办法, article 2: what a year's notice always holds.
NATIONAL_HOLIDAYS = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")

_PACKAGE_YEARS = range(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year + 1)

Holidays = Mapping[str, Holiday]


def missing_holidays(year: int, holidays: Holidays) -> tuple[str, ...]:
    """The national holidays of ``year`` known neither to the package nor to ``holidays``; empty for a known year."""
    if year in _PACKAGE_YEARS:
        return ()
    named = "、".join(h.name for h in holidays.values() if h.date.year == year and h.kind == "off")
    return tuple(name for name in NATIONAL_HOLIDAYS if name not in named)


def is_workday(day: dt.date, holidays: Holidays) -> bool:
    """Whether offices are open on ``day``; ``holidays`` is ``Catalog.holidays``, keyed by ISO date.

    Raises:
        DisclosureError: when the year's holidays are not known, naming what to fill in.
    """
    if isinstance(day, dt.datetime):
        raise TypeError("a moment is not a day: take its date in Asia/Shanghai first")
    if own := holidays.get(day.isoformat()):
        return own.kind == "work"
    if day.year in _PACKAGE_YEARS:
        return bool(chinese_calendar.is_workday(day))
    if missing := missing_holidays(day.year, holidays):
        raise DisclosureError(
            f"{day.year}年的放假安排还没有录入，算不出工作日：请按国务院办公厅的通知，在地区配置的 holidays.yaml 里"
            f"补上{'、'.join(missing)}的放假日与调休上班日（放假写 kind: off，上班写 kind: work，例如 "
            f'"{day.year}-01-01": {{kind: off, name: 元旦, source: 通知文号}}），或升级 chinesecalendar。'
        )
    return day.weekday() < 5


def next_workday(day: dt.date, holidays: Holidays) -> dt.date:
    """The first working day after ``day``."""
    return add_workdays(day, 1, holidays)


def previous_workday(day: dt.date, holidays: Holidays) -> dt.date:
    """The last working day before ``day``."""
    return add_workdays(day, -1, holidays)


def add_workdays(start: dt.date, count: int, holidays: Holidays) -> dt.date:
    """The ``count``-th working day after ``start``; the day after ``start`` is the first that can count.

    ``start`` itself need not be a working day. A negative ``count`` goes back in the same way; 0 is ``start``.
    Source: 政府信息公开条例 (2019) art. 26, "20个工作日内"; 民法典 art. 201, the day of the event does not count.
    """
    step = dt.timedelta(days=1 if count > 0 else -1)
    day, left = start, abs(count)
    while left:
        day += step
        left -= is_workday(day, holidays)
    return day


def count_workdays(start: dt.date, end: dt.date, holidays: Holidays) -> int:
    """Working days after ``start`` up to and including ``end``; negative when ``end`` is earlier."""
    if end < start:
        return -count_workdays(end, start, holidays)
    days = (start + dt.timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_workday(day, holidays) for day in days)
