"""What is said of a broken identity: both sides, how far they are apart, and what that may come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from data_checks.findings import messages
from data_checks.measures.arguments import arguments_of_identity
from data_checks.measures.evidence import Found
from data_checks.measures.identities import Balances, Equation, balances_of
from data_checks.measures.single import sums_of_parts
from data_checks.tables import Amount, Tables
from data_checks.wording import causes
from data_checks.wording.violations import Key, Violation, row_of, wording
from disclosure.catalog import Catalog, Identity


@dataclass(frozen=True)
class Balance:
    """One identity at one region: the two sides and how they should relate.

    ``expected`` is the signed sum of the ``terms`` (name, signed amount, figure), ``tolerance`` the sum of the
    half-units of every printed figure in it, all in base units. ``bound`` is ``at_most`` when the terms
    are only some of the parts. ``open_below`` says that a part not at hand may be negative, so that even
    too large a sum of the others can be right.
    """

    total: Amount
    terms: tuple[tuple[str, Decimal, Amount], ...]
    bound: bool
    open_below: bool

    @property
    def expected(self) -> Decimal:
        """The signed sum of the terms."""
        return sum((signed for _, signed, _ in self.terms), Decimal(0))

    @property
    def tolerance(self) -> Decimal:
        """The most that rounding of the printed figures can explain."""
        return self.total.half + sum((amount.half for _, _, amount in self.terms), Decimal(0))

    @property
    def excess(self) -> Decimal:
        """What the total has beyond the sum of its parts."""
        return self.total.value - self.expected


def balance_of(tables: Tables, identity: Mapping[str, Any], insurance: str, region: str) -> Balance | None:
    """Both sides of an identity (its arguments) in exact decimals; None when there is nothing to compare with."""
    catalog, columns = tables.catalog, tables.columns
    equation = Equation.of(identity)
    opening, parts = equation.opening, equation.parts
    found = balances_of(columns, insurance, equation)
    total = tables.now(region, catalog.indicator_id(insurance, identity["total"]))
    at = _place(found, columns.regions[region])
    if found is None or total is None or at is None or not found.able[at]:
        return None
    terms: list[tuple[str, Decimal, Amount]] = []
    if opening:
        stock = f"{insurance}.{opening}"
        amount = tables.before(region, stock, tables.period.last_year_end())
        name = messages()["words"]["opening"].format(name=catalog.indicators[stock].name)
        terms += [(name, amount.value, amount)] if amount else []
    for part in parts:
        part_id = catalog.indicator_id(insurance, part)
        amount = tables.now(region, part_id)
        if amount is not None:
            signed = -amount.value if part.startswith("-") else amount.value
            terms.append((_term_name(tables, part_id, insurance), signed, amount))
    return Balance(total, tuple(terms), bool(found.bound[at]), bool(found.open_below[at]))


def named(catalog: Catalog, identity: Identity, insurance: str) -> set[str]:
    """Return the ids of the indicators on both sides of ``identity`` in ``insurance``."""
    return {catalog.indicator_id(insurance, name) for name in (identity.total, *identity.parts)}


def stands(tables: Tables, region: str, indicator_id: str) -> bool:
    """Whether a sum that holds has this figure in it: with other digits it would not hold."""
    return True in holding(tables, region, indicator_id)


def holding(tables: Tables, region: str, indicator_id: str) -> set[bool]:
    """Return of the sums that have this figure in them whether they hold: none, one or both can be."""
    columns = tables.columns
    if region not in columns.regions or indicator_id not in columns.indicators:
        return set()
    found = _in_sum_of_regions(tables, region, indicator_id)
    for identity in tables.catalog.identities.values():
        if identity.severity != "critical" or identity.opening:
            continue
        for insurance in identity.for_each:
            if indicator_id in named(tables.catalog, identity, insurance):
                balances = balances_of(columns, insurance, Equation.of(arguments_of_identity(identity)))
                at = _place(balances, columns.regions[region])
                if balances is not None and at is not None:
                    found |= {True} if balances.holds[at] else {False} if balances.is_wrong[at] else set()
    return found


def _place(balances: Balances | None, region: int) -> int | None:
    """Where a region stands in an identity's arrays."""
    places = [] if balances is None else np.flatnonzero(balances.regions == region).tolist()
    return places[0] if places else None


def _in_sum_of_regions(tables: Tables, region: str, indicator_id: str) -> set[bool]:
    """Whether the regions add up to the whole in this indicator, the figure among them; empty where not comparable."""
    catalog, columns, indicator = tables.catalog, tables.columns, tables.asked.get(indicator_id)
    if indicator is None or not indicator.by_county or indicator.kind in ("level", "ratio"):
        return set()
    if region not in catalog.regions or not len(columns.parts):
        return set()
    at = columns.indicators[indicator_id]
    total, _ = columns.now(np.array([columns.whole]), at)
    expected, place, able = sums_of_parts(columns)
    if not (total.known[0] and able[at]):
        return set()
    return {bool(2 * abs(int(total.value[0] - expected[at])) <= total.place[0] + place[at])}


@wording
def identity(tables: Tables, arguments: Mapping[str, Any], found: Found) -> Violation:
    """Say what the total is, the formula, what it gives, and which figure the numbers blame."""
    catalog, insurance = tables.catalog, found["insurance"]
    row, total, _, own = row_of(tables, found)
    region = row.region
    balance = balance_of(tables, arguments, insurance, region)
    if balance is None:
        raise LookupError(f"{region} {total.id}")
    terms = [(name, signed, catalog.units[amount.figure.unit]) for name, signed, amount in balance.terms]
    opening = arguments.get("opening")
    if balance.bound:
        key = "identity.perhaps_negative" if balance.open_below else "identity.at_most"
    else:
        key = "identity.opening" if opening else "identity.equal"
    amounts = (balance.total, *(amount for _, _, amount in balance.terms))
    cause = causes.of_difference(
        catalog,
        (total.name, balance.total.value, own),
        terms,
        balance.expected,
        balance.tolerance,
        never_negative=[
            place
            for place, amount in enumerate(amounts)
            if amount.value >= 0 and not catalog.indicators[amount.figure.indicator].may_be_negative
        ],
        stands=lambda place: stands(tables, region, amounts[place].figure.indicator),
    )
    figures: list[Key] = [(amount.figure.region, amount.figure.indicator) for _, _, amount in balance.terms]
    if opening:
        # The opening balance is no figure of this period: nobody can put it right here.
        figures[0] = (region, total.id)
    milder = key == "identity.perhaps_negative" and arguments.get("severity") == "critical"
    return Violation(
        key,
        row,
        {
            "formula": _formula(terms),
            "expected": causes.printed(balance.expected, own),
            "apart": causes.apart(abs(balance.excess), [each.half for each in amounts], own),
        },
        difference=causes.apart(balance.excess, [each.half for each in amounts], own),
        cause=cause.text if cause else "",
        severity="warning" if milder else None,
        involved=tuple(figures),
        culprit=((region, total.id), *figures)[cause.place] if cause else None,
    )


def _term_name(tables: Tables, indicator_id: str, insurance: str) -> str:
    """Return the indicator's name, with its insurance where that is not the total's."""
    indicator = tables.catalog.indicators[indicator_id]
    other = "" if indicator.insurance == insurance else tables.catalog.insurances[indicator.insurance].short_name
    return f"{other}{indicator.name}"


def _formula(terms: list[causes.Term]) -> str:
    """``基金收入 1,000.00 万元 − 基金支出 600.00 万元``."""
    written = []
    for place, (name, signed, unit) in enumerate(terms):
        sign = "−" if signed < 0 else "+"
        lead = "" if place == 0 and signed >= 0 else f"{sign} "
        written.append(f"{lead}{name} {causes.printed(abs(signed), unit)}")
    return " ".join(written)
