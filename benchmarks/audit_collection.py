"""A made-up collection of any size for the audit: the sample prefecture's figures in very many counties.

Every indicator is reported by county here. A county's figures are those of the sample prefecture times a whole number,
so that every identity holds, with a few people more among what no identity ties, so that no two counties are alike;
the whole is their exact sum. One figure in ten thousand is then written ten thousand times too large.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import polars as pl

from disclosure.catalog import Catalog, Region, load_catalog
from disclosure.demo_figures import demo_figures, demo_history
from disclosure.figures import Figure
from disclosure.periods import Period

PERIOD = Period(2025, "annual")
#: Multiples that counties have, so that amounts stay of a county's size.
MULTIPLES = 5
ONE_IN = 10_000


@dataclass(frozen=True)
class Collection:
    """A year's figures and those of the year before, as columns; ``catalog`` knows their counties."""

    catalog: Catalog
    now: pl.DataFrame
    before: pl.DataFrame

    @property
    def size(self) -> int:
        return len(self.now) + len(self.before)


def collection(size: int) -> Collection:
    """About ``size`` figures, half of them a year old."""
    base = load_catalog("chuxiong")
    figures = [f for f in demo_figures(base, PERIOD) if f.region == base.prefecture.code and f.value is not None]
    names = {f.indicator for f in figures}
    last = {
        f.indicator: f
        for f in demo_history(base, PERIOD)
        if f.period == PERIOD.year_before() and f.region == base.prefecture.code and f.indicator in names
    }
    counties = max(2, size // 2 // len(figures) - 1)
    catalog = _catalog(base, names, counties)
    codes = np.array([region.code for region in catalog.parts_of_prefecture])
    free = _free(base)
    now = _copies(base, figures, codes, free)
    now = _with_slips(now)
    before = _copies(base, [last[f.indicator] for f in figures if f.indicator in last], codes, free)
    return Collection(catalog, _printed(_with_whole(base, now)), _printed(_with_whole(base, before)))


def _catalog(base: Catalog, names: set[str], counties: int) -> Catalog:
    whole = base.prefecture
    codes = [f"{100_000 + n}" for n in range(counties)]
    parts = {code: Region(code=code, name=f"第{n}县", level="county") for n, code in enumerate(codes, 1)}
    indicators = {
        name: indicator.model_copy(update={"by_county": True} if name in names else {"annual": "none"})
        for name, indicator in base.indicators.items()
    }
    regions = MappingProxyType({whole.code: whole, **parts})
    return replace(base, regions=regions, indicators=MappingProxyType(indicators))


def _free(base: Catalog) -> set[str]:
    """Of each insurance one count that no identity, ratio or whole ties."""
    tied = {
        base.indicator_id(i, part)
        for fact in base.identities.values()
        for i in fact.for_each
        for part in (fact.total, *fact.parts)
    }
    free: dict[str, str] = {}
    for indicator in base.indicators_for(PERIOD):
        counted = indicator.kind in ("stock", "flow") and indicator.unit in ("人", "人次", "人月次")
        if counted and indicator.id not in tied and indicator.part_of is None:
            free.setdefault(indicator.insurance, indicator.id)
    return set(free.values())


def _copies(base: Catalog, figures: list[Figure], codes: np.ndarray, free: set[str]) -> pl.DataFrame:
    places = np.arange(len(codes))
    frames = []
    for figure in figures:
        indicator = base.indicators[figure.indicator]
        additive = indicator.kind not in ("level", "ratio")
        coefficient = int(figure.value.scaleb(figure.decimals))
        digits = coefficient * (1 + places % MULTIPLES) if additive else np.full(len(codes), coefficient)
        if figure.indicator in free:
            digits = digits + places // MULTIPLES
        frames.append(
            pl.DataFrame({"region": codes, "digits": digits.astype(np.int64)}).with_columns(
                indicator=pl.lit(figure.indicator),
                period=pl.lit(figure.period.id),
                unit=pl.lit(figure.unit),
                centre=pl.lit(indicator.centre),
                decimals=pl.lit(figure.decimals),
                additive=pl.lit(additive),
            )
        )
    return pl.concat(frames)


def _with_slips(frame: pl.DataFrame) -> pl.DataFrame:
    chosen = (pl.int_range(pl.len()) % ONE_IN == ONE_IN // 2) & pl.col("additive")
    return frame.with_columns(digits=pl.when(chosen).then(pl.col("digits") * 10_000).otherwise("digits"))


def _with_whole(base: Catalog, frame: pl.DataFrame) -> pl.DataFrame:
    rest = pl.all().exclude("digits", "region").first()
    total = pl.when(pl.col("additive").first()).then(pl.col("digits").sum()).otherwise(pl.col("digits").first())
    whole = frame.group_by("indicator", maintain_order=True).agg(rest, digits=total)
    whole = whole.with_columns(region=pl.lit(base.prefecture.code))
    return pl.concat([whole.select(frame.columns), frame])


def _printed(frame: pl.DataFrame) -> pl.DataFrame:
    """Values as text, as they are printed and handed in."""
    digits, decimals = pl.col("digits").cast(pl.String), pl.col("decimals")
    padded = digits.str.zfill(decimals + 1)
    point = padded.str.len_chars() - decimals
    value = (
        pl.when(decimals == 0)
        .then(padded)
        .otherwise(pl.concat_str(padded.str.slice(0, point), pl.lit("."), padded.str.slice(point)))
    )
    return frame.select(
        "region", "indicator", "period", "unit", value=value, text=pl.lit(""), state=pl.lit("reported"), centre="centre"
    )
