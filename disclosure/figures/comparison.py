"""What a figure is compared with, and how it moved: exact decimals with stated rounding.

Page, print, briefing, report, workbook and text check all ask here, so that no two of them tell another change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator
from disclosure.figures.figures import Figure

#: A rate of change is printed with two decimals, halves rounded up (away from zero).
RATE_DECIMALS = Decimal("0.01")


@dataclass(frozen=True)
class Comparison:
    """A figure against its base.

    ``base`` and ``difference`` are in the figure's own unit, ``difference`` with the coarser of the two
    printed precisions; ``percent`` is None where a rate says nothing (base not positive, figure negative,
    or the figure is itself a rate).
    """

    base: Decimal
    difference: Decimal
    percent: Decimal | None


def compared_with(catalog: Catalog, indicator: Indicator, period: Period) -> Period | None:
    """Return the period whose figure ``indicator`` of ``period`` is compared with; None where there is none."""
    base = catalog.comparisons.base_of(indicator)
    return period.last_year_end() if base == "last_year_end" else period.year_before()


def compared_since_last(catalog: Catalog, indicator: Indicator, period: Period) -> Period | None:
    """Return the period before this one in the year where ``indicator`` may be set against it as well.

    Of a year-to-date figure the earlier one is a part: their difference is no change.
    """
    return period.previous_in_year() if catalog.comparisons.timing_of(indicator) == "at_end" else None


def bases_of(catalog: Catalog, period: Period, earlier: Iterable[Figure]) -> dict[tuple[str, str], Figure]:
    """Return by (region, indicator) what figures of ``period`` are compared with, out of ``earlier`` ones."""
    wanted = {i.id: compared_with(catalog, i, period) for i in catalog.indicators.values()}
    return _of_periods(wanted, earlier)


def bases_since_last(catalog: Catalog, period: Period, earlier: Iterable[Figure]) -> dict[tuple[str, str], Figure]:
    """Return by (region, indicator) what ``compared_since_last`` sets figures against, out of ``earlier`` ones."""
    wanted = {i.id: compared_since_last(catalog, i, period) for i in catalog.indicators.values()}
    return _of_periods(wanted, earlier)


def _of_periods(wanted: dict[str, Period | None], earlier: Iterable[Figure]) -> dict[tuple[str, str], Figure]:
    return {(f.region, f.indicator): f for f in earlier if f.period == wanted.get(f.indicator)}


def name_bases(catalog: Catalog, period: Period) -> str:
    """Name what figures of ``period`` are compared with: ``上年末或上年同期``, in a year's own disclosure ``上年``."""
    facts = catalog.comparisons
    if period.kind == "annual":
        return facts.annual_name
    bases = dict.fromkeys(facts.base_of_timing(timing) for timing in ("at_end", "in_period"))
    return facts.between_names.join(facts.names[base] for base in bases)


def list_base_periods(catalog: Catalog, period: Period) -> tuple[Period, ...]:
    """List the periods that figures of ``period`` are compared with, in the order of ``name_bases``."""
    indicators = sorted(catalog.indicators.values(), key=catalog.comparisons.timing_of)
    return tuple(dict.fromkeys(filter(None, (compared_with(catalog, each, period) for each in indicators))))


def is_rate(catalog: Catalog, figure: Figure) -> bool:
    """Whether ``figure`` is itself a rate, of which no rate of change is told."""
    unit, indicator = catalog.units.get(figure.unit), catalog.indicators.get(figure.indicator)
    return (unit is not None and unit.is_rate) or (indicator is not None and indicator.kind == "ratio")


def compare(catalog: Catalog, figure: Figure, base: Figure | None) -> Comparison | None:
    """``figure`` against ``base``; None when either has no value or their units measure different things."""
    if figure.value is None or base is None or base.value is None:
        return None
    converted = convert(catalog, base.value, base.unit, figure.unit)
    if converted is None:
        return None
    exact = figure.value - converted
    coarser = max(_exponent(figure.value), _exponent(converted))
    difference = exact.quantize(Decimal(1).scaleb(coarser), rounding=ROUND_HALF_UP)
    percent = None
    if not is_rate(catalog, figure) and converted > 0 and figure.value >= 0:
        percent = (exact * 100 / converted).quantize(RATE_DECIMALS, rounding=ROUND_HALF_UP)
    return Comparison(converted, difference, percent)


def convert(catalog: Catalog, value: Decimal, unit: str, into: str) -> Decimal | None:
    """``value`` in another unit of the same base; None when there is no such way.

    The result keeps the printed places: 1.50 万人 are 1.50E+4 人 (known to the hundred), 15 人 are 0.0015 万人.
    """
    if unit == into:
        return value
    known, wanted = catalog.units.get(unit), catalog.units.get(into)
    if known is None or wanted is None or known.base != wanted.base:
        return None
    ratio = known.factor / wanted.factor
    places = ratio.adjusted()
    return value.scaleb(places) if ratio == Decimal(1).scaleb(places) else value * ratio


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
