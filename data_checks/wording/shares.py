"""What is said of a ratio or mean that is not what its figures give, or not what a person's share can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from data_checks.findings import messages
from data_checks.measures.arguments import limits_in
from data_checks.measures.evidence import Found
from data_checks.tables import Amount, Tables
from data_checks.wording import causes
from data_checks.wording.violations import Violation, row_of, wording
from disclosure.catalog import Indicator

#: Limits from here on are told without decimals.
_WHOLE_FROM = 20


@dataclass(frozen=True)
class Share:
    """One quotient at one region, in base units, with its figures."""

    name: str
    value: Decimal
    figures: tuple[Amount, ...]


def share_of(tables: Tables, quotient: Mapping[str, Any], insurance: str, region: str) -> Share:
    """Return the quotient of this period's figures, which are there."""
    numerators = _amounts(tables, quotient["numerator"], insurance, region)
    denominators = _amounts(tables, quotient["denominator"], insurance, region)
    above, below = _sum(quotient["numerator"], numerators), _sum(quotient["denominator"], denominators)
    months = tables.period.end_month if quotient.get("per_month") else 1
    times = 100 if quotient.get("percent") else 1
    return Share(quotient["name"], above / below / months * times, (*numerators, *denominators))


def _sum(names: Sequence[str], amounts: Sequence[Amount]) -> Decimal:
    signed = (-a.value if name.startswith("-") else a.value for name, a in zip(names, amounts, strict=True))
    return sum(signed, Decimal(0))


@wording
def ratio(tables: Tables, arguments: Mapping[str, Any], found: Found) -> Violation:
    """Say what the stated ratio is and what its definitions give, or the quotient and its bounds."""
    row = tables.at(found["row"])
    tried = {n: share_of(tables, arguments["quotients"][n], found["insurance"], row.region) for n in found["tried"]}
    best = tried[found["best"]]
    figures = dict.fromkeys((a.figure.region, a.figure.indicator) for each in tried.values() for a in each.figures)
    bounds = _bounds(tables, arguments)
    if arguments["stated"]:
        _, subject, stated, _ = row_of(tables, found)
        words, value = _words_stated(tables, subject, list(tried.values()), bounds), ""
        cause = _cause(best, stated.value / best.value, bounds[0] * Decimal("0.99"), bounds[1] * Decimal("1.01"))
    else:
        words = _words_of_bounds(tables, best, bounds)
        value = causes.with_unit(_number(best.value), _unit(tables, best))
        first = tables.catalog.indicators[best.figures[0].figure.indicator]
        to_a_year = Decimal(12) / tables.period.end_month if first.kind == "flow" else Decimal(1)
        cause = _cause(best, best.value, bounds[0] / to_a_year, bounds[1])
    return Violation(
        ("ratio.stated" if bounds[0] == bounds[1] else "ratio.near") if arguments["stated"] else "ratio.bounds",
        row,
        words,
        value=value,
        cause=cause,
        involved=tuple(key for key in figures if key != (row.region, row.indicator_id)),
    )


def _bounds(tables: Tables, arguments: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    low, high = (Decimal(each.numerator) / each.denominator for each in limits_in(tables.period.year, arguments))
    return low, high


def _words_stated(
    tables: Tables, subject: Indicator, shares: list[Share], bounds: tuple[Decimal, Decimal]
) -> dict[str, object]:
    wording_, (low, high) = messages()["words"], bounds
    unit = tables.catalog.units[subject.unit]
    tried = (
        wording_["tried"].format(name=each.name, value=causes.with_unit(f"{each.value / unit.factor:,.2f}", unit.id))
        for each in shares
    )
    allowed = wording_["times_of"].format(low=_plain(low), high=_plain(high)) if low != high else ""
    return {"tried": messages()["list_of_places"].join(tried), "allowed": allowed}


def _words_of_bounds(tables: Tables, best: Share, bounds: tuple[Decimal, Decimal]) -> dict[str, object]:
    catalog, (low, high) = tables.catalog, bounds
    parts = (
        f"{catalog.indicators[a.figure.indicator].name} {causes.with_unit(a.figure.printed, a.figure.unit)}"
        for a in best.figures
    )
    shown = {"low": _plain(low), "high": causes.with_unit(_plain(high), _unit(tables, best))}
    return {"name": best.name, "parts": messages()["list_of_places"].join(parts), **shown}


def _plain(limit: Decimal) -> str:
    """Return a limit as it is written in YAML, large ones to the whole."""
    return f"{limit.quantize(Decimal(1)) if limit >= _WHOLE_FROM or limit == limit.to_integral_value() else limit:,f}"


def _unit(tables: Tables, share: Share) -> str:
    """``元/人``; nothing for a quotient of like things."""
    catalog, (above, *_, below) = tables.catalog, share.figures
    bases = [catalog.units[catalog.indicators[a.figure.indicator].unit].base for a in (above, below)]
    return "" if bases[0] == bases[1] else "/".join(bases)


def _cause(best: Share, value: Decimal, low: Decimal, high: Decimal) -> str:
    """Return a power of ten that would put it right; which figure carries it cannot be told from two numbers."""
    power = causes.power_between(value, low, high, (4, -4, 8, -8, 2, -2, 1, -1))
    if not power:
        return ""
    words = messages()
    side = words["causes"]["too_large" if power > 0 else "too_small"]
    return str(
        words["causes"]["ratio_slip"].format(name=best.name, side=side, times=words["times"]["powers"][abs(power)])
    )


def _amounts(tables: Tables, parts: list[str], insurance: str, region: str) -> list[Amount]:
    found = [tables.now(region, tables.catalog.indicator_id(insurance, part)) for part in parts]
    return [amount for amount in found if amount is not None]


def _number(value: Decimal) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
