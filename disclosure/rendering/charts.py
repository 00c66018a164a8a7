"""Charts as SVG: bars from top to bottom, laid out here and drawn by a template."""

from __future__ import annotations

import unicodedata
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
    legend, edge = [], left
    for name in chart.series if is_grouped else ():
        legend.append((round(edge, 1), name))
        edge += _SQUARE + _width_of(name) + 2 * _PADDING
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


def _width_of(words: str) -> float:
    """Return about how wide ``words`` are drawn: a Chinese character is a square, others are narrower."""
    return _FONT_SIZE * sum(1.0 if unicodedata.east_asian_width(char) in "WF" else 0.58 for char in words)
