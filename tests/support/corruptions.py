"""Minimal corruptions of good figures, one kind for every check, for tests of the audit.

They come from the catalogue and each check's own parameters, so that a rule added in YAML has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from data_checks.expectations.suite import expectation_of
from data_checks.measures.arguments import TEXT_CHECK, arguments_of_identity, arguments_of_ratio, limits_in
from data_checks.tables import AuditRow, Tables, amounts
from data_checks.wording.balances import balance_of
from data_checks.wording.shares import share_of
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Identity, Indicator, Ratio, Rule, load_catalog
from disclosure.figures.figures import Figure
from disclosure.simulation.demo_figures import demo_figures, demo_history
from tests.support.given import given
from tests.support.one_rule import check_alone, threshold, thresholds

#: Sample figures without small ones: the findings that are kept were found on them, and a fault should be the only one.
NONE_SMALL = Path(__file__).parents[1] / "data" / "samples_none_small"


def with_none_small(catalog: Catalog) -> Catalog:
    """The same catalogue, whose sample figures are large enough to be told."""
    return replace(catalog, layers=(*catalog.layers, NONE_SMALL))


BASE = with_none_small(load_catalog("chuxiong"))


def reporting(catalog: Catalog, *also: str) -> Catalog:
    wanted = catalog.profile.indicators.model_copy(update={"also": (*catalog.profile.indicators.also, *also)})
    return replace(catalog, profile=catalog.profile.model_copy(update={"indicators": wanted}))


#: With the optional indicators that an identity or rule needs, so that each has figures.
SAMPLED = reporting(BASE, "unemployment.migrant_workers", "work_injury.migrant_workers", "all_insurances.person_times")
RESERVE = "work_injury.accumulated_balance.reserve"
WIDER = reporting(SAMPLED, RESERVE)
CATALOGS = {
    "chuxiong": WIDER,
    "kunming-2017": load_catalog("kunming-2017"),
    "gaogang-2016": load_catalog("gaogang-2016"),
}
PERIODS = {"kunming-2017": Period(2017, "annual"), "gaogang-2016": Period(2016, "annual")}
Where = tuple[str, str]
TABLE = ("", "")


@dataclass(frozen=True)
class Corruption:
    """Tables with one fault, and where it must be reported."""

    tables: Tables
    where: Where


@cache
def good(profile: str = "chuxiong") -> Tables:
    """A profile's demonstration, without a fault."""
    catalog = CATALOGS[profile]
    period = PERIODS.get(profile, Period(2025, "annual"))
    sampled = SAMPLED if catalog is WIDER else catalog
    figures = list(demo_figures(sampled, period))
    if catalog is WIDER:
        balance = next(f for f in figures if f.indicator == "work_injury.accumulated_balance")
        figures.append(replace(balance, indicator=RESERVE, value=(given(balance.value) / 5).quantize(Decimal("0.01"))))
    return Tables.of(catalog, period, figures, demo_history(sampled, period))


def with_figures(tables: Tables, figures: list[Figure]) -> Tables:
    return Tables.of(tables.catalog, tables.period, figures, tables.history, only=tables.only)


def with_row(tables: Tables, row: AuditRow, **fields: Any) -> Corruption:
    figures = list(tables.figures)
    figures[row.index] = replace(figures[row.index], **fields)
    return Corruption(with_figures(tables, figures), (row.region, row.indicator_id))


def scaled(tables: Tables, row: AuditRow, base_value: Decimal, rounding: str) -> Decimal:
    """A base-unit amount as the figure of ``row`` prints it, rounded up or down to its last place."""
    unit = tables.catalog.units[given(row.figure).unit]
    return (base_value / unit.factor).quantize(Decimal(1).scaleb(-given(row.figure).decimals), rounding=rounding)


def in_identities(catalog: Catalog) -> set[str]:
    return {
        catalog.indicator_id(insurance, part)
        for identity in catalog.identities.values()
        for insurance in identity.for_each
        for part in (identity.total, *identity.parts)
    }


def rows_of(tables: Tables, test: Callable[[AuditRow, Indicator], bool]) -> Iterator[AuditRow]:
    """Rows with an amount that pass: first those that no identity and no county sum ties to others."""
    tied = in_identities(tables.catalog)
    passed = [(row, indicator) for row, indicator, _ in amounts(tables) if test(row, indicator)]
    yield from (row for row, _ in sorted(passed, key=lambda each: (each[1].id in tied, each[1].by_county)))


# --- a corruption for every check ---------------------------------------------------------------------

Corrupting = Callable[[Tables, Rule], Iterator[Corruption]]
CORRUPTIONS: dict[str, Corrupting] = {}


def corrupts(function: Corrupting) -> Corrupting:
    CORRUPTIONS[function.__name__] = function
    return function


@corrupts
def complete(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for row in tables.rows[3::17]:
        yield Corruption(
            with_figures(tables, [f for f in tables.figures if f.key != given(row.figure).key]),
            (row.region, row.indicator_id),
        )


@corrupts
def unique(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    yield Corruption(with_figures(tables, [*tables.figures, tables.figures[0]]), tables.figures[0].key[:2])


@corrupts
def known_region(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    stray = replace(tables.figures[0], region="999999")
    yield Corruption(with_figures(tables, [*tables.figures, stray]), ("999999", stray.indicator))


@corrupts
def known_indicator(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    stray = replace(tables.figures[0], indicator="unemployment.unheard_of")
    yield Corruption(with_figures(tables, [*tables.figures, stray]), (stray.region, stray.indicator))


@corrupts
def unit(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda _r, i: i.unit == "元"):
        yield with_row(tables, row, unit="万元")


@corrupts
def centre(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    yield with_row(tables, tables.rows[0], centre="medical_centre")


@corrupts
def not_empty(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    yield Corruption(with_figures(tables, []), TABLE)


@corrupts
def has_numbers(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    lost: dict[str, Any] = {"value": None, "state": "not_provided", "text": "系统升级"}
    figures = [f if f.value is None else replace(f, **lost) for f in tables.figures]
    yield Corruption(with_figures(tables, figures), TABLE)


@corrupts
def not_provided(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda _r, i: i.kind == "level"):
        yield with_row(tables, row, value=None, state="not_provided", text="尚未公布")


@corrupts
def form(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda _r, i: i.kind == "level"):
        yield with_row(tables, row, value=None, text="约一百五十")


@corrupts
def not_negative(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda _r, i: i.kind == "level"):
        yield with_row(tables, row, value=-given(given(row.figure).value))


@corrupts
def whole(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda _r, i: i.unit == "人次"):
        yield with_row(tables, row, value=given(given(row.figure).value) + Decimal("0.5"))


@corrupts
def within_limits(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda _r, i: i.maximum is not None):
        step = Decimal(1).scaleb(-given(row.figure).decimals)
        yield with_row(tables, row, value=given(given(row.indicator).maximum) + step)
        if given(row.indicator).minimum is not None:
            yield with_row(tables, row, value=given(given(row.indicator).minimum) - step)


@corrupts
def decimals(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda _r, i: i.kind == "level"):
        yield with_row(
            tables, row, value=given(given(row.figure).value) + Decimal(1).scaleb(-given(row.figure).decimals - 1)
        )


@corrupts
def county_sum(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda r, i: i.by_county and r.region == tables.catalog.prefecture.code):
        yield with_row(tables, row, value=given(given(row.figure).value) + 1)


@corrupts
def part_of_whole(tables: Tables, rule: Rule) -> Iterator[Corruption]:
    tied: set[str] = expectation_of(tables.catalog, rule).tied  # type: ignore[attr-defined]  # that rule's own
    for row in rows_of(tables, lambda _r, i: i.part_of is not None and i.id not in tied):
        total = tables.now(row.region, given(given(row.indicator).part_of))
        if total is not None:
            yield with_row(
                tables, row, value=given(total.figure.value) + Decimal(2).scaleb(-given(row.figure).decimals)
            )


@corrupts
def never_falls(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    earlier = tables.period.previous_in_year()
    for row in rows_of(tables, lambda _r, i: i.kind == "flow" and not i.may_be_negative):
        before = tables.before(row.region, row.indicator_id, earlier)
        if before is not None:
            yield with_row(
                tables, row, value=given(before.figure.value) - Decimal(2).scaleb(-given(row.figure).decimals)
            )


@corrupts
def stalled(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    earlier = tables.period.previous_in_year()
    for row in rows_of(tables, lambda _r, i: i.kind == "flow" and not i.may_be_negative):
        before = tables.before(row.region, row.indicator_id, earlier)
        if before is not None:
            yield with_row(tables, row, value=before.figure.value)


def moved(tables: Tables, rule: Rule, period: Period, kinds: tuple[str, ...]) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda _r, i: i.kind in kinds):
        before = tables.before(row.region, row.indicator_id, period)
        dimension = tables.dimension(given(row.indicator))
        if before is not None and before.value >= threshold(rule, f"{dimension}_from"):
            beyond = before.value * (1 + threshold(rule, dimension)) + before.half * 2 + 1
            yield with_row(tables, row, value=scaled(tables, row, beyond, ROUND_CEILING))


@corrupts
def jump(tables: Tables, rule: Rule) -> Iterator[Corruption]:
    yield from moved(tables, rule, given(tables.period.previous()), ("stock", "level", "ratio"))


@corrupts
def growth(tables: Tables, rule: Rule) -> Iterator[Corruption]:
    yield from moved(tables, rule, given(tables.period.year_before()), ("flow",))


@corrupts
def unusual_growth(tables: Tables, rule: Rule) -> Iterator[Corruption]:
    # The sample series hardly vary, so their median growth and the dimension's limit decide.
    for row in rows_of(tables, lambda _r, i: i.kind == "flow"):
        before = tables.before(row.region, row.indicator_id, tables.period.year_before())
        dimension = tables.dimension(given(row.indicator))
        if before is not None and before.value >= threshold(rule, f"{dimension}_from"):
            beyond = before.value * (1 + threshold(rule, dimension)) * Decimal("1.05")
            yield with_row(tables, row, value=scaled(tables, row, beyond, ROUND_CEILING))


@corrupts
def unchanged_standard(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda _r, i: i.kind == "level"):
        before = tables.before(row.region, row.indicator_id, tables.period.year_before())
        if before is not None:
            yield with_row(tables, row, value=before.figure.value)


@corrupts
def unit_slip(tables: Tables, rule: Rule) -> Iterator[Corruption]:
    for row in rows_of(tables, lambda _r, i: i.kind == "flow" and not i.by_county):
        for power in thresholds(rule, "powers"):
            yield with_row(tables, row, value=given(given(row.figure).value) * 10 ** int(power))


def together(tables: Tables, rows: list[AuditRow], values: list[Decimal | None]) -> Corruption:
    figures = list(tables.figures)
    for row, value in zip(rows, values, strict=True):
        figures[row.index] = replace(figures[row.index], value=value)
    first = min(rows, key=lambda row: row.index)
    return Corruption(with_figures(tables, figures), (first.region, first.indicator_id))


def insurance_rows(tables: Tables) -> dict[Where, list[AuditRow]]:
    """Rows of stocks and flows by insurance and county."""
    groups: dict[Where, list[AuditRow]] = {}
    for row, indicator, amount in amounts(tables):
        is_county = row.region != tables.catalog.prefecture.code
        if is_county and indicator.kind in ("stock", "flow") and amount.value:
            groups.setdefault((indicator.insurance, row.region), []).append(row)
    return groups


@corrupts
def copied(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for rows in insurance_rows(tables).values():
        before = [tables.before(row.region, row.indicator_id, tables.period.previous()) for row in rows]
        yield together(tables, rows, [amount.figure.value for amount in before if amount])


@corrupts
def same_regions(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    # With a history each pasted figure is out of line with its own past as well, and told in the same group.
    tables = replace(tables, history=())
    groups = insurance_rows(tables)
    one, other = (region.code for region in tables.catalog.parts_of_prefecture[4:6])
    for insurance in tables.catalog.insurances:
        rows, values = groups.get((insurance, other), []), groups.get((insurance, one), [])
        if len(rows) > 2:
            yield together(tables, rows, [given(given(row.figure).value) for row in values])


@corrupts
def swapped(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    for insurance in ("maternity", "unemployment", "resident_medical"):
        counties = (tables.catalog.parts_of_prefecture[1].code, tables.catalog.parts_of_prefecture[3].code)
        for row in rows_of(tables, lambda r, i: i.insurance == insurance and r.region == counties[0] and i.by_county):  # noqa: B023
            other = given(tables.now(counties[1], row.indicator_id)).figure
            there = next(r for r in tables.rows if r.figure is other)
            yield together(tables, [row, there], [other.value, given(given(row.figure).value)])


@corrupts
def typed_over(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    tables = replace(tables, history=())
    for insurance in tables.catalog.insurances:
        rows, sources = (
            [row for row in tables.rows if row.indicator_id == f"{insurance}.{name}"]
            for name in ("contributors", "participants")
        )
        if rows and len(rows) == len(sources):
            yield together(tables, rows, [given(given(row.figure).value) for row in sources])


@corrupts
def out_of_proportion(tables: Tables, _rule: Rule) -> Iterator[Corruption]:
    tables = replace(tables, history=())
    for rows in insurance_rows(tables).values():
        for row in rows[2:]:
            yield with_row(tables, row, value=given(given(row.figure).value) * 4)


@corrupts
def exchanged(tables: Tables, rule: Rule) -> Iterator[Corruption]:
    yield from swapped(replace(tables, history=()), rule)


def of_identity(tables: Tables, identity: Identity, *, beyond: int) -> Iterator[Corruption]:
    """One figure moved to the edge of rounding and ``beyond`` printed places further."""
    catalog = tables.catalog
    for insurance in identity.for_each:
        total_id = catalog.indicator_id(insurance, identity.total)
        for region in catalog.regions:
            balance = balance_of(tables, arguments_of_identity(identity), insurance, region)
            if balance is None:
                continue
            this_period = [a.figure for *_, a in balance.terms if a.figure.period == tables.period]
            for target in this_period if balance.bound else (balance.total.figure, *this_period):
                place = Decimal(1).scaleb(-target.decimals)
                factor = catalog.units[target.unit].factor
                move = (balance.tolerance // (place * factor) + beyond) * place
                if balance.bound:
                    move += (balance.excess / factor).quantize(place)
                row = next(r for r in tables.rows if r.figure is target)
                yield replace(with_row(tables, row, value=given(target.value) + move), where=(region, total_id))


def of_ratio(tables: Tables, ratio: Ratio, *, beyond: int) -> Iterator[Corruption]:
    """The stated figure, or the first of the numerator, at the edge of what is right and ``beyond`` places further.

    Only the figures that the ratio speaks of, and no history: what it is for is a first report.
    """
    catalog = tables.catalog
    for insurance in ratio.for_each:
        parts = {p for q in ratio.quotients for p in (*q.numerator, *q.denominator)} | {ratio.stated} - {""}
        only = tuple(catalog.indicator_id(insurance, part) for part in parts)
        figures = [f for f in tables.figures if f.indicator in only and f.region == catalog.prefecture.code]
        alone = Tables.of(catalog, tables.period, figures, only=only)
        subject = catalog.indicator_id(insurance, ratio.stated or ratio.quotients[0].numerator[0])
        row = next(r for r in alone.rows if r.indicator_id == subject and r.figure)
        limit = limits_in(tables.period.year, arguments_of_ratio(ratio))[1]
        high = Decimal(limit.numerator) / limit.denominator
        quotients = [q for q in arguments_of_ratio(ratio)["quotients"] if can_divide(alone, q, insurance)]
        if ratio.stated:
            edge = max(most_of(alone, each, insurance) for each in quotients) * high + given(row.amount).half
        else:
            below = share_of(alone, quotients[0], insurance, catalog.prefecture.code).figures[-1]
            edge = high * (below.value + below.half) + given(row.amount).half
        value = scaled(alone, row, edge, ROUND_FLOOR) + beyond * Decimal(1).scaleb(-given(row.figure).decimals)
        yield with_row(alone, row, value=value)


def can_divide(tables: Tables, quotient: dict[str, Any], insurance: str) -> bool:
    """Whether all figures of a quotient are there."""
    names = (*quotient["numerator"], *quotient["denominator"])
    whole = tables.catalog.prefecture.code
    return all(tables.now(whole, tables.catalog.indicator_id(insurance, name)) for name in names)


def most_of(tables: Tables, quotient: dict[str, Any], insurance: str) -> Decimal:
    """The most that rounding lets a quotient be."""
    figures = share_of(tables, quotient, insurance, tables.catalog.prefecture.code).figures
    count = len(quotient["numerator"])
    above = sum((a.value + a.half for a in figures[:count]), Decimal())
    below = sum((a.value - a.half for a in figures[count:]), Decimal())
    return above / below / (tables.period.end_month if quotient["per_month"] else 1)


def about_figures(catalog: Catalog) -> dict[str, Rule | Identity | Ratio]:
    """Every check but the one that reads texts, whose corruptions are in ``tests/collection/test_narratives.py``."""
    return {name: fact for name, fact in catalog.audited.items() if getattr(fact, "check", "") != TEXT_CHECK}


def corruptions_of(tables: Tables, fact: Rule | Identity | Ratio) -> Iterator[Corruption]:
    if isinstance(fact, Identity):
        return of_identity(tables, fact, beyond=1)
    if isinstance(fact, Ratio):
        return of_ratio(tables, fact, beyond=1)
    return CORRUPTIONS[fact.check](tables, fact)


def reported(tables: Tables, fact: Rule | Identity | Ratio) -> set[Where]:
    """Where the one check reports something."""
    violations = check_alone(tables, fact).violations
    return {(v.row.region, v.row.indicator_id) if v.row else TABLE for v in violations}


@cache
def side_by_side(*, skip: int = 0, but: frozenset[str] = frozenset()) -> tuple[Tables, dict[str, Where]]:
    """Good tables with as many rules broken at once as do not touch the same figure, and where each is.

    ``skip`` leaves out the first corruptions of each rule, for other ones; ``but`` rules.
    """
    tables = good()
    broken: dict[int, Figure] = {}
    added: list[Figure] = []
    places: dict[str, Where] = {}
    for number, fact in about_figures(WIDER).items():
        if number in but:
            continue
        if isinstance(fact, Rule) and fact.check in ("not_empty", "has_numbers", "complete"):
            continue
        for corrupt in islice(corruptions_of(tables, fact), skip, skip + 30):
            if isinstance(fact, Ratio) or reported(corrupt.tables, fact) != {corrupt.where}:
                continue
            figures = corrupt.tables.figures
            changed = {n: f for n, f in enumerate(figures[: len(tables.figures)]) if f is not tables.figures[n]}
            if not changed.keys() & broken.keys():
                broken |= changed
                added += figures[len(tables.figures) :]
                places[number] = corrupt.where
                break
    return with_figures(tables, [broken.get(n, f) for n, f in enumerate(tables.figures)] + added), places
