"""Likely causes read off the numbers: a slipped unit, swapped digits, a part left out or counted twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from data_checks.findings import messages
from disclosure.catalog import Catalog, Unit

#: A named amount in base units, with the unit it was printed in.
Term = tuple[str, Decimal, Unit]


def printed(amount: Decimal, unit: Unit) -> str:
    """``amount`` (base units) in ``unit`` with thousands separators: ``1,234.50 万元``."""
    value = amount / unit.factor
    exponent = value.as_tuple().exponent
    if value == value.to_integral_value() and not unit.decimals:
        value = value.to_integral_value()
    elif isinstance(exponent, int) and -exponent < unit.decimals and value != value.to_integral_value():
        value = value.quantize(Decimal(1).scaleb(-unit.decimals))
    return with_unit(f"{value:,f}", unit.id)


def with_unit(number: str, unit: str) -> str:
    """``12.5%``, ``2.41:1`` and ``68,123 人``: only words are set off by a space."""
    return f"{number}{unit}" if unit in {"%", ":1"} else f"{number} {unit}".strip()


def of_power(catalog: Catalog, unit: Unit, power: int, what: str, expected: str) -> str:
    """Why ``what`` is 10**``power`` times what it should be: another unit, or digits too many or few."""
    words = messages()["causes"]
    slipped = unit.factor / Decimal(10) ** power
    for other in catalog.units.values():
        if other.base == unit.base and other.factor == slipped:
            return str(words["unit"].format(what=what, unit=unit.id, other=other.id))
    side = words["more"] if power > 0 else words["less"]
    return str(words["power"].format(what=what, expected=expected, more_or_less=side, zeros=abs(power)))


def of_difference(catalog: Catalog, total: Term, parts: Sequence[Term], expected: Decimal, tolerance: Decimal) -> str:
    """Why ``total`` is not ``expected``, the signed sum of ``parts``; an empty text when nothing fits.

    All amounts in base units. A fit must be within ``tolerance``, and none is tried when the difference
    itself is of the size of rounding, where everything would fit. Each single mistake is undone in turn,
    the total's before the parts', the commoner before the rarer; the first that balances is named.
    """
    words = messages()["causes"]
    excess = total[1] - expected
    if abs(excess) <= 10 * tolerance:
        return ""

    def balances(change: Decimal) -> bool:
        return abs(excess - change) <= tolerance

    # How the excess changes when an amount grows by one: the total's side and the parts'.
    terms = [(*total, -1), *((*part, 1) for part in parts if part[1])]
    fits = (
        *(
            of_power(catalog, unit, power, name, printed(abs(amount) / Decimal(10) ** power, unit))
            for name, amount, unit, side in terms
            for power in (4, -4, 8, -8, 2, -2, 1, -1)
            if abs(amount) / Decimal(10) ** power > 2 * tolerance
            and balances(side * (amount / Decimal(10) ** power - amount))
        ),
        *(str(words["sign"].format(what=name)) for name, amount, _, side in terms if balances(side * -2 * amount)),
        *(
            str(words["swapped"].format(what=name, expected=printed(abs(other) * unit.factor, unit)))
            for name, amount, unit, side in terms
            for other in swaps(amount / unit.factor)
            if balances(side * (other * unit.factor - amount))
        ),
        *(str(words["left_out"].format(what=name)) for name, amount, _ in parts if amount and balances(-amount)),
        *(str(words["twice"].format(what=name)) for name, amount, _ in parts if amount and balances(amount)),
    )
    return fits[0] if fits else ""


def swaps(value: Decimal) -> Iterator[Decimal]:
    """``value`` with each pair of neighbouring digits exchanged."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return
    for place in range(len(digits) - 1):
        if digits[place] != digits[place + 1]:
            exchanged = (*digits[:place], digits[place + 1], digits[place], *digits[place + 2 :])
            yield Decimal((sign, exchanged, exponent))
