"""Likely causes read off the numbers: a slipped unit, swapped digits, a part left out or counted twice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from data_checks.findings import messages
from disclosure.catalog import Catalog, Unit

#: A named amount in base units, with the unit it was printed in.
Term = tuple[str, Decimal, Unit]


@dataclass(frozen=True)
class Cause:
    """A likely cause in words; ``place`` is which figure it blames: 0 the total, 1 the first part and so on.

    ``exchanged`` says that it supposes two digits of that figure exchanged.
    """

    text: str
    place: int
    exchanged: bool = False


def printed(amount: Decimal, unit: Unit) -> str:
    """``amount`` (base units) in ``unit`` with thousands separators: ``1,234.50 万元``."""
    value = amount / unit.factor
    exponent = value.as_tuple().exponent
    if value == value.to_integral_value() and not unit.decimals:
        value = value.to_integral_value()
    elif isinstance(exponent, int) and -exponent < unit.decimals and value != value.to_integral_value():
        value = value.quantize(Decimal(1).scaleb(-unit.decimals))
    return with_unit(f"{value:,f}", unit.id)


def apart(off: Decimal, halves: Iterable[Decimal], unit: Unit) -> str:
    """Return a difference as exact as the numbers it is of; 约 where some of them are printed more coarsely than it.

    ``halves`` are half the last printed places of the numbers, in base units as ``off``.
    """
    place = 2 * max(halves, default=Decimal(0))
    if not place or not off % place:
        return printed(off, unit)
    rounded = (off / place).to_integral_value(rounding=ROUND_HALF_UP) * place
    return f"{messages()['words']['about']} {printed(rounded, unit)}"


def with_unit(number: str, unit: str) -> str:
    """``12.5%``, ``2.41:1`` and ``68,123 人``: only words are set off by a space."""
    return f"{number}{unit}" if unit in {"%", ":1"} else f"{number} {unit}".strip()


def of_power(catalog: Catalog, unit: Unit, power: int, what: str, expected: str, *, near: str = "") -> str:
    """Why ``what`` is 10**``power`` times what it should be: another unit, or digits too many or few.

    ``expected`` is the number as it would be without; ``near`` says what makes that likely, where no sum proves it.
    """
    words = messages()["causes"]
    slipped = unit.factor / Decimal(10) ** power
    for other in catalog.units.values():
        if other.base == unit.base and other.factor == slipped:
            return str(words["unit"].format(what=what, unit=unit.id, other=other.id))
    side = words["more"] if power > 0 else words["less"]
    key = "power_near" if near else "power"
    return str(words[key].format(what=what, expected=expected, more_or_less=side, zeros=abs(power), near=near))


def of_difference(
    catalog: Catalog,
    total: Term,
    parts: Sequence[Term],
    expected: Decimal,
    tolerance: Decimal,
    *,
    never_negative: Collection[int] = (),
    stands: Callable[[int], bool] = lambda _: False,
) -> Cause | None:
    """Why ``total`` is not ``expected``, the signed sum of ``parts``; None when nothing fits.

    All amounts in base units. A fit must be within ``tolerance``, and none is tried when the difference
    itself is of the size of rounding, where everything would fit. Each single mistake is undone in turn,
    the total's before the parts', the commoner before the rarer; the first that balances is named.
    ``never_negative`` are the places of figures whose sign nobody can have got wrong: they stand as they must, and
    were rather added where they are to be subtracted. ``stands`` says of a place whether its digits balance with
    others as they are, so that they are not the ones exchanged.
    """
    excess = total[1] - expected
    if abs(excess) <= 10 * tolerance:
        return None

    def balances(change: Decimal) -> bool:
        return abs(excess - change) <= tolerance

    likely = _undone(catalog, [total, *parts], balances, tolerance, never_negative)
    return next((cause for cause in likely if not (cause.exchanged and stands(cause.place))), None)


def _undone(
    catalog: Catalog,
    terms: Sequence[Term],
    balances: Callable[[Decimal], bool],
    tolerance: Decimal,
    never_negative: Collection[int],
) -> Iterator[Cause]:
    words = messages()["causes"]
    # How the excess changes when an amount grows by one: the total's side and the parts'.
    sided = [(place, *term, 1 if place else -1) for place, term in enumerate(terms) if term[1] or not place]
    for place, name, amount, unit, side in sided:
        for power in (4, -4, 8, -8, 2, -2, 1, -1):
            right = amount / Decimal(10) ** power
            if abs(right) > 2 * tolerance and balances(side * (right - amount)):
                yield Cause(of_power(catalog, unit, power, name, printed(abs(right), unit)), place)
    for place, _, amount, _, side in sided:
        if balances(side * -2 * amount) and (place or place not in never_negative):
            yield _turned(terms, place, never_negative)
    for place, name, amount, unit, side in sided:
        for other in swaps(amount / unit.factor):
            if balances(side * (other * unit.factor - amount)):
                right_one = printed(abs(other) * unit.factor, unit)
                yield Cause(str(words["swapped"].format(what=name, expected=right_one)), place, exchanged=True)
    for key, change in (("left_out", -1), ("twice", 1)):
        for place, name, amount, _, _ in sided:
            if place and balances(change * amount):
                yield Cause(str(words[key].format(what=name)), 0)


def _turned(terms: Sequence[Term], place: int, never_negative: Collection[int]) -> Cause:
    """Return a figure with the wrong sign, or one that has the right one and was added where it is to be subtracted."""
    words, (name, amount, _) = messages()["causes"], terms[place]
    if place not in never_negative:
        return Cause(str(words["sign"].format(what=name)), place)
    key = "to_add" if amount > 0 else "to_subtract"
    return Cause(str(words[key].format(what=name, whole=terms[0][0])), 0)


def of_change(amount: Decimal, unit: Unit, near: Decimal, *, within: Decimal = Decimal("0.05")) -> str:
    """Return a hint that neighbouring digits of ``amount`` are swapped: the one exchange that brings it near ``near``.

    Amounts in base units; ``near`` is what the series lets one expect. Empty when no exchange, or more than one
    of another number, comes ``within`` that share of it.
    """
    fits = [
        other * unit.factor
        for other in set(swaps(amount / unit.factor))
        if near and abs(other * unit.factor - near) <= within * abs(near)
    ]
    if len(fits) != 1:
        return ""
    return str(messages()["causes"]["perhaps_swapped"].format(expected=printed(fits[0], unit)))


def power_between(value: Decimal, low: Decimal, high: Decimal, powers: Iterable[int] = (4, -4, 8, -8, 3, -3)) -> int:
    """Return the power of ten that ``value`` is too large by (negative: small) if only that takes it between bounds."""
    return next((power for power in powers if low <= value / Decimal(10) ** power <= high), 0)


def swaps(value: Decimal) -> Iterator[Decimal]:
    """``value`` with each pair of neighbouring digits exchanged."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return
    for place in range(len(digits) - 1):
        if digits[place] != digits[place + 1]:
            exchanged = (*digits[:place], digits[place + 1], digits[place], *digits[place + 2 :])
            yield Decimal((sign, exchanged, exponent))
