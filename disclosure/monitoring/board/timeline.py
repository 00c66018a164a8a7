"""A year of cycles as an inline SVG: each milestone at its date, once for a wide page and once for a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from disclosure.monitoring.board.facts import CycleProgress, Station, StationState

_MARK_WIDTH = 6.0
#: Where the words of a lane stand to the left of its marks: behind them there would be no room.
_LATE_IN_YEAR = 0.62
_LABEL_LENGTH = 11


@dataclass(frozen=True)
class TimelineMark:
    """One milestone: a bar at ``x``, ``y`` from the lane's top; two of one day share the height."""

    x: float
    y: float
    height: float
    state: StationState


@dataclass(frozen=True)
class Lane:
    """One cycle: from ``x`` to ``end``, ``done`` of it filled, words at ``text_x``."""

    label: str
    words: str
    is_late: bool
    y: float
    x: float
    end: float
    done: float
    marks: tuple[TimelineMark, ...]
    text_x: float
    anchor: str


@dataclass(frozen=True)
class Month:
    """A month's beginning and middle, in SVG units."""

    number: int
    x: float
    middle: float


@dataclass(frozen=True)
class Timeline:
    """Everything the template draws; lengths in SVG units, which are CSS pixels at full width."""

    is_wide: bool
    width: float
    height: float
    top: float
    months: tuple[Month, ...]
    lanes: tuple[Lane, ...]
    today: float
    today_label: str
    described: str


def draw_timeline(cycles: Sequence[CycleProgress], year: int, today: dt.date, *, is_wide: bool) -> Timeline | None:
    """Return the timeline of the cycles that have a milestone in ``year``; None where there is none."""
    shown = [one for one in cycles if any(station.deadline.planned.year == year for station in one.stations)]
    if not shown:
        return None
    width, left, right = (1160.0, 150.0, 10.0) if is_wide else (340.0, 2.0, 2.0)
    top, lane_height = (44.0, 46.0) if is_wide else (40.0, 50.0)
    days = (dt.date(year + 1, 1, 1) - dt.date(year, 1, 1)).days

    def at(day: dt.date) -> float:
        passed = (day - dt.date(year, 1, 1)).days
        return round(left + (width - left - right) * min(max(passed, 0), days) / days, 1)

    firsts = [dt.date(year, month, 1) for month in range(1, 13)]
    ends = [*firsts[1:], dt.date(year + 1, 1, 1)]
    lanes = []
    for place, one in enumerate(shown):
        y = top + place * lane_height
        stations = [station for station in one.stations if station.deadline.planned.year == year]
        start, end = at(stations[0].deadline.planned), at(stations[-1].deadline.planned) + _MARK_WIDTH
        behind = end + 12 < width * _LATE_IN_YEAR
        done = [at(station.deadline.planned) + _MARK_WIDTH for station in stations if station.state == "done"]
        lanes.append(
            Lane(
                label=_short(one.label),
                words=describe_progress(one),
                is_late=one.is_late,
                y=y,
                x=start,
                end=end,
                done=max(done, default=start),
                marks=tuple(_marks(stations, at)),
                text_x=end + 10 if behind else start - 10,
                anchor="start" if behind else "end",
            )
        )
    return Timeline(
        is_wide=is_wide,
        width=width,
        height=top + len(shown) * lane_height + 6,
        top=top,
        months=tuple(Month(f.month, at(f), round((at(f) + at(e)) / 2, 1)) for f, e in zip(firsts, ends, strict=True)),
        lanes=tuple(lanes),
        today=at(today),
        today_label=f"今天 {today.month}月{today.day}日",
        described="；".join(f"{one.label}：{describe_progress(one)}" for one in shown),
    )


def describe_progress(one: CycleProgress) -> str:
    """Say where a cycle stands, in a few words that fit beside its marks."""
    if one.released and one.released.published_at and one.view.published:
        published = next((s.done_on for s in one.stations if s.done_on and s.deadline.name == "发布"), None)
        return f"{published.month}月{published.day}日已发布" if published else "已发布"
    if not one.view.is_opened:
        first = one.stations[0]
        if first.state == "unknown":
            return "没有在这里办理"
        return (
            f"{first.deadline.planned.month}月{first.deadline.planned.day}日开启"
            if first.state == "ahead"
            else "到期还没有开启"
        )
    late = [station for station in one.stations if station.state == "late"]
    return f"“{late[0].deadline.name}”已过期" if late else one.view.state


def _short(label: str) -> str:
    """Cut the name of a special cycle to the room there is; it stands in full below the picture."""
    return label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 1] + "…"


def _marks(stations: Sequence[Station], at: Callable[[dt.date], float]) -> Iterator[TimelineMark]:
    by_day: dict[dt.date, list[Station]] = {}
    for station in stations:
        by_day.setdefault(station.deadline.planned, []).append(station)
    for day, together in by_day.items():
        height = (24 - 2 * (len(together) - 1)) / len(together)
        for place, station in enumerate(together):
            yield TimelineMark(at(day), round(place * (height + 2), 1), round(height, 1), station.state)
