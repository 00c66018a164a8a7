"""Charts as SVG: bars from top to bottom, and courses over time as lines, laid out here and drawn by templates."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from disclosure.platform.fonts import SANS
from disclosure.platform.templating import render_text
from disclosure.rendering.document.document import Chart

_FONT_SIZE = 12.5
_PLOT_WIDTH = 270.0
_BAR, _GAP, _GROUP_GAP = 22, 4, 11
_MARGIN, _PADDING = 5.0, 8.0
#: A legend's height above the bars, and its square with the blank behind it.
_LEGEND, _SQUARE = 31.0, 16.0
#: The field a course over time is drawn in, the room below it for the years, and the least room between two texts.
_COURSE_WIDTH, _COURSE_HEIGHT, _YEARS, _APART = 400.0, 170.0, 24.0, 6.0
#: Below this part of the greatest value a line begins at zero; a flatter one would say nothing on such an axis.
_FROM_ZERO = 0.4


@dataclass(frozen=True)
class _DrawnBar:
    """A bar, the number at its end, and which colour it has."""

    x: float
    y: float
    width: float
    printed: str
    colour: int
    is_negative: bool


def chart_svg(chart: Chart) -> str:
    """Return ``chart`` as one ``<svg role="img">`` element with title and description, no outside reference."""
    categories = list(dict.fromkeys(bar.category for bar in chart.bars))
    is_grouped = len(chart.series) > 1
    left = _MARGIN + max(map(_width_of, categories)) + _PADDING
    top = _MARGIN + (_LEGEND if is_grouped else 0)
    pitch = _BAR * len(chart.series) + (_GROUP_GAP if is_grouped else _GAP)
    middle_of = {name: top + (place + 0.5) * pitch for place, name in enumerate(categories)}

    values = [float(bar.value) for bar in chart.bars]
    low, high = min(0.0, *values), max(0.0, *values)
    # Room for the printed numbers behind the bars, on either side.
    rooms = [(value < 0, _width_of(bar.printed) + _PADDING) for value, bar in zip(values, chart.bars, strict=True)]
    below, above = (max((room for is_below, room in rooms if is_below is side), default=0.0) for side in (True, False))
    scale = (_PLOT_WIDTH - below - above) / (high - low or 1.0)
    zero = left + below - low * scale

    bars = []
    for bar, value in zip(chart.bars, values, strict=True):
        colour = chart.series.index(bar.series)
        x, y = zero + min(0.0, value) * scale, middle_of[bar.category] + _BAR * (colour - len(chart.series) / 2)
        bars.append(_DrawnBar(round(x, 1), y, round(abs(value) * scale, 1), bar.printed, colour, value < 0))
    legend, edge = _legend(chart.series if is_grouped else (), left)
    return render_text(
        "site/chart.svg.j2",
        chart=chart,
        font=SANS,
        font_size=_FONT_SIZE,
        width=round(max(left + _PLOT_WIDTH, edge) + _MARGIN, 1),
        height=top + pitch * len(categories) + _MARGIN,
        zero=round(zero, 1),
        top=top,
        legend=legend,
        labels=middle_of.items(),
        labels_end=round(left - _PADDING, 1),
        bars=bars,
        thickness=_BAR,
    )


@dataclass(frozen=True)
class _Mark:
    """A point of a line; ``printed`` is empty where there is no room, ``label_y`` where the number stands."""

    x: float
    y: float
    printed: str
    label_y: float
    is_hollow: bool


def begins_at_zero(chart: Chart) -> bool:
    """Whether the axis of a course over time begins at zero: where all of the line would not hang at the top."""
    values = [float(bar.value) for bar in chart.bars]
    return min(values) < _FROM_ZERO * max(values)


def course_svg(chart: Chart, hollow: Collection[str] = ()) -> str:
    """Return ``chart`` as lines from the oldest category, which is its last, to the newest.

    Points of the figures whose keys are ``hollow`` are drawn as rings. Numbers stand where there is room for them, the
    newest first.
    """
    categories = list(dict.fromkeys(bar.category for bar in chart.bars))[::-1]
    values = [float(bar.value) for bar in chart.bars]
    low, high = min(values), max(values)
    if begins_at_zero(chart):
        low = min(0.0, low)
    span = (high - low) or abs(high) or 1.0
    is_grouped = len(chart.series) > 1
    top = _MARGIN + (_LEGEND if is_grouped else 0) + 2 * _FONT_SIZE
    side = _MARGIN + max(map(_width_of, (*categories, *(bar.printed for bar in chart.bars)))) / 2
    pitch = _COURSE_WIDTH / max(1, len(categories) - 1)
    x_of = {name: round(side + place * pitch, 1) for place, name in enumerate(categories)}
    y_of = {bar.key: round(top + (high - float(bar.value)) / span * _COURSE_HEIGHT, 1) for bar in chart.bars}
    lines = []
    for name in chart.series:
        own = [bar for bar in chart.bars if bar.series == name]
        told = _spaced([(x_of[bar.category], _width_of(bar.printed)) for bar in own])
        marks = []
        for bar, has_room in zip(own, told, strict=True):
            others = [each for each in chart.bars if each.category == bar.category and each.key != bar.key]
            is_upper = all(y_of[bar.key] <= y_of[each.key] for each in others)
            label_y = y_of[bar.key] + (-0.8 if is_upper else 1.6) * _FONT_SIZE
            printed = bar.printed if has_room else ""
            x = x_of[bar.category]
            marks.append(_Mark(x, y_of[bar.key], printed, round(label_y, 1), bar.key in hollow))
        lines.append(marks)
    floor = round(top + _COURSE_HEIGHT + 2 * _FONT_SIZE, 1)
    years = zip(categories, _spaced([(x_of[name], _width_of(name)) for name in categories[::-1]])[::-1], strict=True)
    legend, _ = _legend(chart.series if is_grouped else (), side)
    return render_text(
        "site/course.svg.j2",
        chart=chart,
        font=SANS,
        font_size=_FONT_SIZE,
        width=round(_COURSE_WIDTH + 2 * side, 1),
        height=floor + _YEARS,
        left=round(side, 1),
        right=round(side + _COURSE_WIDTH, 1),
        floor=floor,
        legend=legend,
        lines=lines,
        years=[(x_of[name], name) for name, has_room in years if has_room],
    )


def _legend(series: Iterable[str], edge: float) -> tuple[list[tuple[float, str]], float]:
    """Place the name of each series from ``edge`` on to the right; return them, and where they end."""
    legend = []
    for name in series:
        legend.append((round(edge, 1), name))
        edge += _SQUARE + _width_of(name) + 2 * _PADDING
    return legend, edge


def _spaced(texts: Sequence[tuple[float, float]]) -> list[bool]:
    """Tell which of the texts (middle, width), one after another from the right, have room beside those before."""
    told, edge = [], float("inf")
    for middle, width in texts:
        has_room = middle + width / 2 + _APART <= edge
        told.append(has_room)
        if has_room:
            edge = middle - width / 2
    return told


def _width_of(words: str) -> float:
    """Return about how wide ``words`` are drawn: a Chinese character is a square, others are narrower."""
    return _FONT_SIZE * sum(1.0 if unicodedata.east_asian_width(char) in "WF" else 0.58 for char in words)
