"""A made-up collection of any size for the audit: the sample prefecture's figures in very many counties.

Every indicator is reported by county here. A county's figures are those of the sample prefecture times a whole number,
so that every identity holds, with a few people more among what no identity ties, so that no two counties are alike;
the whole is their exact sum. One figure in ten thousand is then written ten thousand times too large.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Region, load_catalog
from disclosure.figures.figures import Figure
from disclosure.simulation.demo_figures import demo_figures, demo_history

PERIOD = Period(2025, "annual")
#: Multiples that counties have, so that amounts stay of a county's size.
MULTIPLES = 5
ONE_IN = 10_000


@dataclass(frozen=True)
class Collection:
    """A year's figures and those of the year before, as columns; ``catalog`` knows their counties."""

    catalog: Catalog
    now: pd.DataFrame
    before: pd.DataFrame

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
    now = _with_slips(_copies(base, figures, codes, free))
    before = _copies(base, [last[f.indicator] for f in figures if f.indicator in last], codes, free)
    return Collection(catalog, _printed(base, codes, now), _printed(base, codes, before))


@dataclass(frozen=True)
class _Series:
    """One indicator over all counties: ``digits`` without the point."""

    figure: Figure
    centre: str
    additive: bool
    digits: np.ndarray


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


def _copies(base: Catalog, figures: list[Figure], codes: np.ndarray, free: set[str]) -> list[_Series]:
    places = np.arange(len(codes))
    found = []
    for figure in figures:
        indicator = base.indicators[figure.indicator]
        additive = indicator.kind not in ("level", "ratio")
        coefficient = int(figure.value.scaleb(figure.decimals))
        digits = coefficient * (1 + places % MULTIPLES) if additive else np.full(len(codes), coefficient)
        if figure.indicator in free:
            digits = digits + places // MULTIPLES
        found.append(_Series(figure, indicator.centre, additive, digits.astype(np.int64)))
    return found


def _with_slips(series: list[_Series]) -> list[_Series]:
    """One figure in so many ten thousand times too large."""
    number = 0
    for each in series:
        chosen = (np.arange(number, number + len(each.digits)) % ONE_IN == ONE_IN // 2) & each.additive
        each.digits[chosen] *= 10_000
        number += len(each.digits)
    return series


def _printed(base: Catalog, codes: np.ndarray, series: list[_Series]) -> pd.DataFrame:
    """Values as text, as they are printed and handed in: the whole, then the counties."""
    values: list[str] = []
    for each in series:
        total = each.digits.sum() if each.additive else each.digits[0]
        values += [_text(digits, each.figure.decimals) for digits in (int(total), *each.digits.tolist())]
    count, regions = len(codes) + 1, [base.prefecture.code, *codes]
    of = np.repeat(np.arange(len(series)), count)
    named = {
        "indicator": [each.figure.indicator for each in series],
        "period": [each.figure.period.id for each in series],
        "unit": [each.figure.unit for each in series],
        "centre": [each.centre for each in series],
    }
    columns = {"region": pd.Categorical.from_codes(np.tile(np.arange(count), len(series)), categories=regions)}
    columns |= {name: pd.Categorical(told)[of] for name, told in named.items()}
    same = {name: pd.Categorical.from_codes(np.zeros(len(of), np.int8), [text]) for name, text in _SAME.items()}
    return pd.DataFrame({**columns, "value": pd.Series(values, dtype=object), **same})


def _text(digits: int, decimals: int) -> str:
    text = str(digits).rjust(decimals + 1, "0")
    return f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text


_SAME = {"text": "", "state": "reported"}
