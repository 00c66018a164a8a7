"""Numbers of a text held against data: in the precision they are quoted in, and as “近”, “超过” and “余” mean them."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Literal

from data_checks.quotes.words import Number
from disclosure.catalog import Unit

#: On which side of the number quoted the data are: 超过 or 余, and 近 or 不足.
Side = Literal["above", "below"]


def same_base(unit: Unit, own: Unit) -> bool:
    """Whether both measure the same; a standard in 元/月 is often quoted in 元."""
    return unit.base == own.base or (unit.base, own.base) == ("元", "元/月")


def exponent(value: Decimal) -> int:
    """Return the power of ten of the last digit of ``value``."""
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def to_exponent(value: Decimal, exponent: int) -> Decimal:
    """``value`` rounded half up to 10**``exponent``."""
    return value.quantize(Decimal(1).scaleb(exponent), rounding=ROUND_HALF_UP)


def rounded(value: Decimal, step: Decimal) -> Decimal:
    """``value`` rounded half up to whole ``step``."""
    return (value / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step


def in_precision(actual: Decimal, number: Number) -> Decimal:
    """``actual`` (base units) in the quoted unit and number of decimals."""
    return to_exponent(actual / number.factor, exponent(number.value))


def bound(actual: Decimal, number: Number, side: Side) -> Decimal:
    """Return what “超过” or “近” should be followed by, in the quoted unit and number of decimals."""
    step = Decimal(1).scaleb(exponent(number.value))
    return (actual / number.factor).quantize(step, rounding=ROUND_FLOOR if side == "above" else ROUND_CEILING)


def is_beside(actual: Decimal, number: Number, side: Side, *, roundly: bool = False) -> bool:
    """Whether ``actual`` (base units) is on that ``side`` of the quoted number, by one of its last printed place.

    A fifth of the number is the most. ``roundly``: by one of its last place that is not zero, half of it the most:
    100余人 are 100 to 150.
    """
    quoted = number.value * number.factor
    place = Decimal(1).scaleb(exponent(number.value.normalize() if roundly else number.value)) * number.factor
    place = min(place, abs(quoted) / (2 if roundly else 5))
    return quoted <= actual <= quoted + place if side == "above" else quoted - place <= actual <= quoted


def agrees(number: Number, actual: Decimal, half: Decimal) -> bool:
    """Return a quote finer than the data agrees while it rounds to them."""
    step = Decimal(1).scaleb(exponent(number.value)) * number.factor
    return step < 2 * half and abs(number.value * number.factor - actual) <= half
