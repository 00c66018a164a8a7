"""Identities and ratios of the catalogue as arguments, for their expectations and for what is said of them."""

from __future__ import annotations

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
            }
            for quotient in ratio.quotients
        ],
        "low": None if ratio.low is None else float(ratio.low),
        "high": None if ratio.high is None else float(ratio.high),
    }
