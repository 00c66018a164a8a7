"""Published series as the audit's tests use them: one catalogue and its figures for each place."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog, Region, load_catalog
from disclosure.figures.figures import Figure, FigureSource

FILE = Path(__file__).parents[1] / "data" / "audit" / "real_series.csv"


def real_series() -> Iterator[tuple[str, Catalog, list[Figure]]]:
    """(place, catalogue of it, its figures in the catalogue's units) for every group of the file."""
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    with FILE.open(encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            groups[row["group"]].append({**row, "line": str(number)})
    for name, rows in groups.items():
        catalog, codes = _catalog(rows)
        yield name, catalog, [_figure(catalog, codes, row) for row in rows]


def _catalog(rows: list[dict[str, str]]) -> tuple[Catalog, dict[str, str]]:
    base = load_catalog("chuxiong")
    places = list(dict.fromkeys(row["region"] for row in rows))
    whole = "全国" if "全国" in places else places[0]
    places.sort(key=lambda place: place != whole)
    codes = {place: f"{100000 + 1000 * number}" for number, place in enumerate(places)}
    regions = {
        code: Region(code=code, name=place, level="county" if place != whole else "prefecture")
        for place, code in codes.items()
    }
    used = tuple(dict.fromkeys(row["indicator"] for row in rows))
    indicators = {
        i.id: i.model_copy(update={"by_county": len(places) > 1, "annual": "optional", "quarterly": "optional"})
        for i in base.indicators.values()
    }
    wanted = base.profile.indicators.model_copy(update={"only": used, "priorities": (), "also": (), "except_": {}})
    catalog = replace(
        base,
        regions=MappingProxyType(regions),
        indicators=MappingProxyType(indicators),
        profile=base.profile.model_copy(update={"indicators": wanted}),
    )
    return catalog, codes


def _figure(catalog: Catalog, codes: dict[str, str], row: dict[str, str]) -> Figure:
    indicator = catalog.indicators[row["indicator"]]
    unit, own = catalog.units[row["unit"]], catalog.units[indicator.unit]
    shift = (unit.factor / own.factor).log10().to_integral_exact()
    return Figure(
        codes[row["region"]],
        indicator.id,
        parse_period(row["period"]),
        own.id,
        Decimal(row["value"]).scaleb(int(shift)),
        source=FigureSource(file_name=FILE.name, cell=row["line"]),
    )
