"""Changes against last year's end and last year's same period, in exact decimals with stated rounding."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from disclosure.catalog import Catalog
from disclosure.figures import Figure

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


def compare(catalog: Catalog, figure: Figure, base: Figure | None, *, is_rate: bool) -> Comparison | None:
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
    if not is_rate and converted > 0 and figure.value >= 0:
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
