"""The one place that asks what time it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from disclosure.platform.settings import SHANGHAI

_clock: ContextVar[Callable[[], dt.datetime] | None] = ContextVar("clock", default=None)


def utc_now() -> dt.datetime:
    """Now, in UTC, as records keep it."""
    other = _clock.get()
    return dt.datetime.now(dt.UTC) if other is None else other().astimezone(dt.UTC)


@contextmanager
def by_clock(now: Callable[[], dt.datetime]) -> Iterator[None]:
    """In here (and in this thread alone) the time is what ``now`` says, an aware time: a rehearsal's clock."""
    before = _clock.set(now)
    try:
        yield
    finally:
        _clock.reset(before)


def shanghai(moment: dt.datetime) -> dt.datetime:
    """``moment`` as people read it."""
    return moment.astimezone(SHANGHAI)


def end_of_day(day: dt.date) -> dt.datetime:
    """Return the last moment of a Shanghai day: what "by" a date means."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), SHANGHAI) - dt.timedelta(seconds=1)


def weekday(day: dt.date) -> str:
    """``星期日``."""
    return f"星期{'一二三四五六日'[day.weekday()]}"


def short_weekday(day: dt.date) -> str:
    """``周日``, for narrow columns."""
    return f"周{weekday(day)[-1]}"


def format_day(day: dt.date) -> str:
    """``2026年3月15日（星期日）``."""
    return f"{day.year}年{day.month}月{day.day}日（{weekday(day)}）"


def format_moment(moment: dt.datetime) -> str:
    """``2026年3月5日 14:30`` in Shanghai."""
    local = shanghai(moment)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
