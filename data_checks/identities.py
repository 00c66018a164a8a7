"""Accounting identities: what a total should be, how far off it is, and what that may come from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from data_checks import causes
from data_checks.checking import Key, Violation
from data_checks.findings import messages
from data_checks.tables import Amount, Tables
from disclosure.catalog import Catalog, Identity, Indicator


@dataclass
class WideChecked:
    """What checking one identity or ratio did; ``measures`` holds, by wide column and region, how far beyond
    rounding it is broken (exact, 0 when it holds; base units for an identity)."""

    compared: int = 0
    skipped: int = 0
    violations: list[Violation] = field(default_factory=list)
    measures: dict[str, dict[str, Decimal]] = field(default_factory=dict)


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

    @property
    def wrong_by(self) -> Decimal:
        """How far the identity is broken beyond rounding, never negative."""
        off = -self.excess if self.bound else abs(self.excess)
        return max(Decimal(0), off - self.tolerance)


def column(identity: Identity, insurance: str) -> str:
    """The name of an identity's column in the wide table."""
    return f"{identity.id}:{insurance}"


def columns(tables: Tables, identity: Identity) -> list[str]:
    """The wide columns of an identity: one for every insurance whose total is asked for in this period."""
    totals = ((i, tables.catalog.indicator_id(i, identity.total)) for i in identity.for_each)
    return [
        column(identity, insurance)
        for insurance, total in totals
        if total in tables.asked and not is_unasked(tables.catalog, tables.asked, identity, insurance)
    ]


def is_unasked(catalog: Catalog, asked: Collection[str], identity: Identity, insurance: str) -> bool:
    """Whether nobody is asked for anything that the total could be compared with."""
    parts = (catalog.indicator_id(insurance, part) for part in identity.parts)
    return not identity.opening and not any(part in asked for part in parts)


def check_identity(tables: Tables, identity: Identity) -> WideChecked:
    """``identity`` in every insurance and region that reports its total."""
    done = WideChecked()
    for insurance in identity.for_each:
        total_id = tables.catalog.indicator_id(insurance, identity.total)
        total = tables.asked.get(total_id)
        if total is None or is_unasked(tables.catalog, tables.asked, identity, insurance):
            continue
        of_column = done.measures.setdefault(column(identity, insurance), {})
        for region in tables.catalog.regions_for(total):
            if not tables.looks_at((insurance, region.code)) or tables.does_not_exist(region.code, total_id):
                continue
            balance = balance_of(tables, identity, insurance, region.code)
            if balance is None:
                done.skipped += 1
                continue
            done.compared += 1
            of_column[region.code] = balance.wrong_by
            if balance.wrong_by:
                done.violations.append(_violation(tables, identity, total, region.code, balance))
    return done


def balance_of(tables: Tables, identity: Identity, insurance: str, region: str) -> Balance | None:
    """Both sides of ``identity``; None when there is nothing to compare with.

    ``complete_parts`` is an equality only where every part this profile reports for the period is at
    hand and the parts leave nothing out: a residual ``.other`` is among them, or all parts the identity
    knows are. A part that is 不适用 is at hand and adds nothing; one that is 未提供 is not at hand.
    """
    catalog = tables.catalog
    total = tables.now(region, catalog.indicator_id(insurance, identity.total))
    if total is None:
        return None
    terms: list[tuple[str, Decimal, Amount]] = []
    lacking: list[str] = []
    present: list[str] = []
    if identity.opening:
        stock = f"{insurance}.{identity.opening}"
        opening = tables.before(region, stock, tables.period.last_year_end())
        if opening is None:
            return None
        name = messages()["words"]["opening"].format(name=catalog.indicators[stock].name)
        terms.append((name, opening.value, opening))
    for part in identity.parts:
        part_id = catalog.indicator_id(insurance, part)
        amount = tables.now(region, part_id)
        if amount is not None:
            present.append(part_id)
            signed = -amount.value if part.startswith("-") else amount.value
            terms.append((_term_name(tables, part_id, insurance), signed, amount))
        elif tables.does_not_exist(region, part_id):
            present.append(part_id)
        else:
            lacking.append(part_id)
    if identity.relation == "equal":
        return None if lacking else Balance(total, tuple(terms), bound=False, open_below=False)
    if not terms:
        return None
    # A residual item takes in whatever is not asked for; without one every part must be at hand.
    residual = any(part.endswith(".other") for part in present)
    unknown = [part for part in lacking if part in tables.asked] if residual else lacking
    bound = identity.relation == "at_most" or bool(unknown)
    open_below = any(catalog.indicators[part].may_be_negative for part in unknown)
    return Balance(total, tuple(terms), bound, open_below)


def named(catalog: Catalog, identity: Identity, insurance: str) -> set[str]:
    """The ids of the indicators on both sides of ``identity`` in ``insurance``."""
    return {catalog.indicator_id(insurance, name) for name in (identity.total, *identity.parts)}


def stands(tables: Tables, region: str, indicator_id: str) -> bool:
    """Whether a sum that holds has this figure in it: with other digits it would not hold."""
    return _in_a_sum_of_regions(tables, region, indicator_id) or any(
        balance.wrong_by == 0 and not balance.bound and balance.terms
        for identity in tables.catalog.identities.values()
        if identity.severity == "critical" and not identity.opening
        for insurance in identity.for_each
        if indicator_id in named(tables.catalog, identity, insurance)
        for balance in [balance_of(tables, identity, insurance, region)]
        if balance is not None
    )


def _in_a_sum_of_regions(tables: Tables, region: str, indicator_id: str) -> bool:
    """Whether the regions add up to the whole in this indicator, the figure among them."""
    catalog, indicator = tables.catalog, tables.asked.get(indicator_id)
    whole, codes = catalog.prefecture.code, [part.code for part in catalog.parts_of_prefecture]
    if indicator is None or not indicator.by_county or indicator.kind in ("level", "ratio"):
        return False
    if region not in {whole, *codes} or not codes:
        return False
    total = tables.now(whole, indicator_id)
    parts = [amount for code in codes if (amount := tables.now(code, indicator_id)) is not None]
    absent = any(tables.now(c, indicator_id) is None and not tables.does_not_exist(c, indicator_id) for c in codes)
    if total is None or absent or not parts:
        return False
    expected = sum((amount.value for amount in parts), Decimal(0))
    return abs(total.value - expected) <= total.half + sum((amount.half for amount in parts), Decimal(0))


def _violation(tables: Tables, identity: Identity, total: Indicator, region: str, balance: Balance) -> Violation:
    catalog = tables.catalog
    own = catalog.units[total.unit]
    terms = [(name, signed, catalog.units[amount.figure.unit]) for name, signed, amount in balance.terms]
    row = tables.row(region, total.id)
    if balance.bound:
        key = "identity.perhaps_negative" if balance.open_below else "identity.at_most"
    else:
        key = "identity.opening" if identity.opening else "identity.equal"
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
    if identity.opening:
        # The opening balance is no figure of this period: nobody can put it right here.
        figures[0] = (region, total.id)
    return Violation(
        key,
        row,
        {
            "formula": _formula(terms),
            "expected": causes.printed(balance.expected, own),
            "apart": causes.printed(abs(balance.excess), own),
        },
        difference=causes.printed(balance.excess, own),
        cause=cause.text if cause else "",
        severity="warning" if key == "identity.perhaps_negative" and identity.severity == "critical" else None,
        involved=tuple(figures),
        culprit=((region, total.id), *figures)[cause.place] if cause else None,
    )


def _term_name(tables: Tables, indicator_id: str, insurance: str) -> str:
    """The indicator's name, with its insurance where that is not the total's."""
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
