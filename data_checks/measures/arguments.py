"""Identities and ratios of the catalogue as arguments, for their expectations and for what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from disclosure.catalog import Identity, Ratio

#: The ``check`` of the rule in ``rules.yaml`` that is about text.
TEXT_CHECK = "quoted_figures"


def arguments_of_identity(identity: Identity) -> dict[str, Any]:
    """Return the arguments of an identity's expectation."""
    return {
        "insurances": list(identity.for_each),
        "total": identity.total,
        "parts": list(identity.parts),
        "relation": identity.relation,
        "opening": identity.opening or "",
    }


def arguments_of_ratio(ratio: Ratio) -> dict[str, Any]:
    """Return the arguments of a ratio's expectation."""
    return {
        "insurances": list(ratio.for_each),
        "stated": ratio.stated,
        "quotients": [
            {
                "name": quotient.name,
                "numerator": list(quotient.numerator),
                "denominator": list(quotient.denominator),
                "per_month": quotient.per_month,
                "percent": quotient.percent,
            }
            for quotient in ratio.quotients
        ],
        "low": None if ratio.low is None else float(ratio.low),
        "high": None if ratio.high is None else float(ratio.high),
        "per": {str(year): float(amount) for year, amount in ratio.per.items()},
    }


def limits_in(year: int, arguments: Mapping[str, Any]) -> tuple[Fraction, Fraction]:
    """Return the bounds of a ratio (its arguments) in a year, 1 where none is given."""
    per = {int(each): amount for each, amount in (arguments.get("per") or {}).items()}
    at = max((each for each in per if each <= year), default=min(per, default=year))
    low, high = (Fraction(str(1 if arguments[name] is None else arguments[name])) for name in ("low", "high"))
    times = Fraction(str(per.get(at, 1)))
    return low * times, high * times
