"""What 查数 knows: every figure the site shows, in one JSON that stands in the page, so that it works from a disk too.

What releases printed, put side by side as on the pages over several periods; what a reader asks of it beyond that
(differences, shares) is worked out in the reader's browser from the printed numbers, and said to be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator
from disclosure.figures.comparison import compared_with
from disclosure.rendering.document.phrases import load_phrases
from disclosure.rendering.site.collected import Collected, Point, chronological
from disclosure.rendering.site.glossary import explained

EXPLORER_PAGE = "data.html"

#: Written before a value that was published before there was this site; before one that is a state and no number.
_IMPORTED, _STATE = "~", "!"
#: Kinds whose parts add up to the whole, so that a share can be told.
_ADDITIVE = ("stock", "flow")
#: The columns of what is downloaded, as open data calls them; the release follows.
_COLUMNS = (
    *("id", "region_code", "region", "period", "insurance"),
    *("indicator_id", "indicator", "unit", "value", "state"),
)

#: Figure's key -> (version, printed) of the versions that were replaced by a correction, the newest first.
Replaced = Mapping[str, list[tuple[int, str]]]


def replaced_figures(collected: Collected, earlier: Iterable[tuple[int, bytes]]) -> Replaced:
    """Return what earlier versions of releases printed otherwise than what stands now.

    ``earlier`` are version numbers with their ``printed_figures``. What is not public any more is not told again.
    """
    now = {point.key: point for points in collected.points.values() for point in points.values() if point.own}
    found: dict[str, list[tuple[int, str]]] = {}
    for version, figures in sorted(earlier, key=lambda each: -each[0]):
        for key, printed, value, unit in json.loads(figures):
            point = now.get(key)
            if point and point.value and value and (printed, unit) != (point.printed, point.unit):
                found.setdefault(key, []).append((version, printed if unit == point.unit else printed + unit))
    return found


def explorer_data(catalog: Catalog, collected: Collected, replaced: Replaced) -> dict[str, Any]:
    """Return all that the page of 查数 chooses from, in printed order; periods the newest first."""
    phrases = load_phrases(catalog)
    lines = {
        term.indicator.id: "".join(f"{line}。" for line in term.lines)
        for each in explained(catalog)
        for group in each.groups
        for term in group.terms
    }
    # A special disclosure has no place in a course over time.
    periods = sorted(
        {period for points in collected.points.values() for period in points if period.kind != "special"},
        key=chronological,
        reverse=True,
    )
    place = {period: number for number, period in enumerate(periods)}
    regions = list(catalog.regions.values())
    of_insurance = {insurance: number for number, insurance in enumerate(catalog.insurances)}
    shown = [
        (indicator, rows)
        for insurance in catalog.insurances
        for indicator in catalog.indicators.values()
        if indicator.insurance == insurance and indicator.kind != "text"
        if (rows := _rows(catalog, collected, indicator, place))
    ]
    return {
        "periods": [
            [
                period.id,
                period.label,
                period.kind,
                collected.entries[period].address if period in collected.entries else "",
            ]
            for period in periods
        ],
        "regions": [[region.code, region.name, region.level] for region in regions],
        "insurances": [each.name for each in catalog.insurances.values()],
        "indicators": [
            {
                "id": indicator.id,
                "name": indicator.name,
                "insurance": of_insurance[indicator.insurance],
                "kind": phrases.glossary.kinds[indicator.kind],
                "lines": lines.get(indicator.id, ""),
                "explained": indicator.id in lines,
                "additive": indicator.kind in _ADDITIVE,
                "rate": _is_rate(catalog, indicator),
                "base": catalog.comparisons.base_of(indicator),
                "bases": [_base(catalog, indicator, period, place) for period in periods],
                "rows": rows,
            }
            for indicator, rows in shown
        ],
        "replaced": replaced,
        "words": {
            **phrases.explorer.model_dump(),
            "columns": [
                *(catalog.outlets.open_data.fields[name].title for name in _COLUMNS),
                phrases.explorer.card["release"],
            ],
            "bases": catalog.comparisons.names,
            "whole": catalog.whole_name,
            "changes": {base: words.model_dump() for base, words in phrases.changes.items()},
            "points": phrases.points,
            "none": phrases.no_comparison,
            "imported": phrases.history.imported_period,
        },
    }


def _rows(
    catalog: Catalog, collected: Collected, indicator: Indicator, place: Mapping[Period, int]
) -> list[tuple[int, str, list[str]]]:
    """Return a row a region that has figures: its place, its unit, and what stands in each period."""
    rows = []
    for number, region in enumerate(catalog.regions):
        points = {p: point for p, point in collected.of(region, indicator.id).items() if p in place}
        if not points:
            continue
        unit = points[max(points, key=chronological)].unit
        values = [""] * (1 + max(place[period] for period in points))
        for period, point in points.items():
            values[place[period]] = _told(point, unit)
        rows.append((number, unit, values))
    return rows


def _told(point: Point, unit: str) -> str:
    value = point.value if point.value else _STATE + point.printed
    other = f" {point.unit}" if point.value and point.unit != unit else ""
    return (_IMPORTED if point.is_imported else "") + value + other


def _base(catalog: Catalog, indicator: Indicator, period: Period, place: Mapping[Period, int]) -> int:
    """Return the place of the period that a figure is compared with; -1 where there is none."""
    base = compared_with(catalog, indicator, period)
    return -1 if base is None else place.get(base, -1)


def _is_rate(catalog: Catalog, indicator: Indicator) -> bool:
    """Whether no rate of change is told of it, being a rate itself."""
    unit = catalog.units.get(indicator.unit)
    return indicator.kind == "ratio" or (unit is not None and unit.is_rate)
