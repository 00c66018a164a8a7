"""A series in the space of a word: earlier values, this one, and the band it was expected in, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape

from disclosure.catalog import Severity

WIDTH, HEIGHT = 184, 44
_MARGIN = 6.0
_INK, _BAND = "#4a5568", "#cfe3d6"
#: As on the page in daylight; its style sheet re-colours by class in the dark.
_MARK: dict[Severity, str] = {"critical": "#b3261e", "warning": "#8f5200", "info": "#1f5fa8"}


def sparkline(
    values: Sequence[Decimal], severity: Severity, description: str, band: tuple[Decimal, Decimal] | None = None
) -> str:
    """``values`` in their order, the last one marked; empty when there are fewer than two.

    ``band`` (low, high; equal for a line) is in the unit of ``values``. ``description`` says in words what is
    drawn, for those who do not see it.
    """
    if len(values) < 2:
        return ""
    numbers = [float(value) for value in values]
    bounds = [float(value) for value in band] if band else []
    low, high = min(numbers + bounds), max(numbers + bounds)
    reach = high - low or 1.0

    def y(value: float) -> float:
        return round(HEIGHT - _MARGIN - (value - low) / reach * (HEIGHT - 2 * _MARGIN), 1)

    step = (WIDTH - 2 * _MARGIN) / (len(numbers) - 1)
    points = [(round(_MARGIN + place * step, 1), y(value)) for place, value in enumerate(numbers)]
    drawn = []
    if bounds:
        top, bottom = y(bounds[1]), y(bounds[0])
        drawn.append(
            f'<rect class="band" x="0" y="{top - 0.75:.1f}" width="{WIDTH}" height="{bottom - top + 1.5:.1f}"'
            f' fill="{_BAND}"/>'
        )
    path = " ".join(f"{x},{y}" for x, y in points)
    drawn.append(f'<polyline class="line" points="{path}" fill="none" stroke="{_INK}" stroke-width="1.5"/>')
    drawn += [f'<circle class="dot" cx="{x}" cy="{y}" r="1.8" fill="{_INK}"/>' for x, y in points[:-1]]
    x, last = points[-1]
    drawn.append(f'<circle class="now" cx="{x}" cy="{last}" r="4" fill="{_MARK[severity]}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        f' role="img" aria-label="{escape(description)}">{"".join(drawn)}</svg>'
    )
