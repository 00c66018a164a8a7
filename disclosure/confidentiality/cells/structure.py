"""The linear structure of what is published: counties and the whole, parts and totals, versions, periods, years.

Everything that was published of a year, and what is tied to it, stands in one table, so that no two publications
together tell what each of them withholds. Where an outsider could only guess that a sum holds to the last place, it
is taken to hold: the attack is never weaker than his.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Identity, Indicator
from disclosure.catalog.models.indicators import PEOPLE
from disclosure.confidentiality.cells.linear_table import (
    Equation,
    LinearTable,
    Protection,
    TableCell,
    with_attainable_protection,
)
from disclosure.confidentiality.cells.rules import RuleBook
from disclosure.figures.figures import Figure

#: (region, indicator): a figure's place within a period.
Place = tuple[str, str]
#: Of these a figure of the whole is the sum of its parts'.
_ADDITIVE = frozenset({"stock", "flow", "derived"})
#: Nobody knows anything of a number that may be negative.
_ANYTHING = -(10**12)


@dataclass(frozen=True)
class PublicStatement:
    """Figures that were published together, or are to be; ``withheld`` are those that were not shown."""

    period: Period
    figures: Mapping[Place, Figure]
    withheld: Collection[Place] = ()

    def of_indicators(self, names: Collection[str]) -> PublicStatement:
        """Return what it says of the indicators ``names`` alone."""
        kept = {place: figure for place, figure in self.figures.items() if place[1] in names}
        return PublicStatement(self.period, kept, [place for place in self.withheld if place[1] in names])


@dataclass(frozen=True)
class Structure:
    """The table of all statements.

    ``cells_of`` leads from a place of the last statement, whose ``figures`` these are, to its cell; ``names`` from a
    cell to its period, region and indicator; ``quanta`` are the last printed places by base unit.
    """

    table: LinearTable
    cells_of: Mapping[Place, int]
    names: Mapping[int, tuple[str, str, str]]
    quanta: Mapping[str, Decimal]
    figures: Mapping[Place, Figure]


def build_structure(
    catalog: Catalog, rules: RuleBook, before: Sequence[PublicStatement], now: PublicStatement
) -> Structure:
    """Build the table of ``now`` and of every statement ``before`` it: versions, periods of the year, other years."""
    builder = _Builder(catalog, rules, _quanta(catalog, [*before, now]))
    for statement in before:
        builder.add_cells(statement, is_now=False)
    builder.add_cells(now, is_now=True)
    for statement in (*before, now):
        builder.add_equations(statement)
    builder.add_years([*before, now])
    builder.add_balances([*before, now])
    cells_of = {
        place: builder.numbers[now.period.id, place, builder.whole(now.figures[place])] for place in builder.now
    }
    names = {number: (period, *place) for (period, place, _), number in builder.numbers.items()}
    table = with_attainable_protection(LinearTable(builder.cells, builder.equations))
    return Structure(table, cells_of, names, builder.quanta, now.figures)


def tied_across_years(catalog: Catalog, rules: RuleBook) -> frozenset[str]:
    """Return the indicators that a year's opening balances are tied to by sums, and those that say who is few."""
    groups = [
        ({catalog.indicator_id(each, part.removeprefix("-")) for part in (rule.total, *rule.parts)}, bool(rule.opening))
        for rule in catalog.identities.values()
        for each in rule.for_each
    ]
    tied = {name for names, is_balance in groups if is_balance for name in names}
    while more := {name for names, _ in groups if names & tied for name in names} - tied:
        tied |= more
    known = (catalog.indicators[name] for name in tied if name in catalog.indicators)
    return frozenset(tied | {count for each in known if (count := rules.of(each).contributors)})


def _quanta(catalog: Catalog, statements: Sequence[PublicStatement]) -> dict[str, Decimal]:
    """Return for each base unit the last place that any figure of it prints."""
    least: dict[str, int] = {}
    for figure in (figure for each in statements for figure in each.figures.values()):
        unit = catalog.units.get(figure.unit)
        if figure.value is None or unit is None:
            continue
        printed = figure.value.as_tuple().exponent
        if isinstance(printed, int):
            # People are counted one by one, whatever the unit that prints them.
            first = 0 if unit.base in PEOPLE else printed + unit.factor.adjusted()
            least[unit.base] = min(least.get(unit.base, first), printed + unit.factor.adjusted())
    return {base: Decimal(1).scaleb(exponent) for base, exponent in least.items()}


@dataclass
class _Builder:
    catalog: Catalog
    rules: RuleBook
    quanta: Mapping[str, Decimal]
    cells: list[TableCell] = field(default_factory=list)
    equations: list[Equation] = field(default_factory=list)
    #: (period, place, value) -> number: what is the same in two versions is one unknown.
    numbers: dict[tuple[str, Place, int], int] = field(default_factory=dict)
    now: list[Place] = field(default_factory=list)
    #: What a year began with, where nobody told it.
    brought: dict[tuple[Period, Place], int] = field(default_factory=dict)

    def whole(self, figure: Figure) -> int:
        """Return a figure's value in whole numbers of the last printed place of its base unit."""
        unit = self.catalog.units[figure.unit]
        assert figure.value is not None  # noqa: S101 - asked only of those with a value
        return int(figure.value * unit.factor / self.quanta[unit.base])

    def add_cells(self, statement: PublicStatement, *, is_now: bool) -> None:
        """Add what ``statement`` says; what was shown before stays known, whatever is withheld later."""
        for place, figure in statement.figures.items():
            indicator = self.catalog.indicators.get(figure.indicator)
            if figure.value is None or figure.unit not in self.catalog.units:
                continue
            if indicator is None or indicator.kind not in _ADDITIVE:
                continue
            key = (statement.period.id, place, self.whole(figure))
            protection = self._protection(statement, figure)
            is_shown = not is_now and place not in statement.withheld
            is_nought = not figure.value and not self.rules.of(indicator).hides_nought
            if is_now:
                self.now.append(place)
            if (number := self.numbers.get(key)) is not None:
                known = self.cells[number]
                hidden = known.is_hidden and not is_now
                self.cells[number] = self._cell(
                    figure, key, protection, is_known=known.is_known or is_shown, hidden=hidden
                )
                continue
            self.numbers[key] = len(self.cells)
            hidden = not is_now and not is_shown
            self.cells.append(self._cell(figure, key, protection, is_known=is_shown or is_nought, hidden=hidden))

    def _cell(
        self, figure: Figure, key: object, protection: Protection | None, *, is_known: bool, hidden: bool
    ) -> TableCell:
        indicator = self.catalog.indicators[figure.indicator]
        rule = self.rules.of(indicator)
        lowest = _ANYTHING if indicator.may_be_negative else 0
        if self.catalog.units[figure.unit].is_counted and not rule.hides_nought:
            # A nought is printed: what is not printed is none.
            lowest = self._one(figure)
        is_whole = figure.region == self.catalog.prefecture.code
        return TableCell(
            key=key,
            value=self.whole(figure),
            lowest=lowest,
            weight=rule.weight * (self.rules.prefecture_weight if is_whole else 1),
            is_known=is_known,
            is_hidden=hidden and not is_known,
            protection=protection,
        )

    def _protection(self, statement: PublicStatement, figure: Figure) -> Protection | None:
        """Return what an outsider must hold possible of a figure; None for one that tells of nobody."""
        indicator, unit = self.catalog.indicators[figure.indicator], self.catalog.units[figure.unit]
        rule = self.rules.of(indicator)
        value = self.whole(figure)
        if unit.is_counted and rule.is_small(unit, value // (one := self._one(figure))):
            return Protection(0 if rule.hides_nought else one, rule.threshold * one)
        contributors = statement.figures.get((figure.region, rule.contributors)) if rule.contributors else None
        if contributors is not None and contributors.value is not None and value:
            count = int(contributors.value * self.catalog.units[contributors.unit].factor)
            if rule.is_few(count):
                doubt = max(1, int(-(-abs(value) * rule.protection_percent // 100)))
                return Protection(value - doubt, value + doubt)
        return None

    def _one(self, figure: Figure) -> int:
        """Return what one counted person is in whole numbers of the last place."""
        return int(1 / self.quanta[self.catalog.units[figure.unit].base])

    def add_equations(self, statement: PublicStatement) -> None:
        """Add the sums that hold within ``statement``: the counties', and those of the catalogue's identities."""
        catalog = self.catalog
        for indicator in catalog.indicators.values():
            parts = [(region.code, indicator.id) for region in catalog.parts_of_prefecture]
            if indicator.by_county and indicator.kind in _ADDITIVE:
                total = (catalog.prefecture.code, indicator.id)
                self._add_sum(statement, total, [(part, 1) for part in parts], is_whole=True)
        for identity in catalog.identities.values():
            for insurance in identity.for_each if identity.opening is None else ():
                for region in catalog.regions:
                    self._add_identity(statement, identity, insurance, region)

    def _add_identity(self, statement: PublicStatement, identity: Identity, insurance: str, region: str) -> None:
        ids = {part: self.catalog.indicator_id(insurance, part) for part in identity.parts}
        parts = [((region, ids[part]), -1 if part.startswith("-") else 1) for part in identity.parts]
        present = {part for part, id_ in ids.items() if self._number(statement, (region, id_)) is not None}
        asked = {part for part, id_ in ids.items() if id_ in self.catalog.reported}
        is_bound = identity.is_bound(set(ids) - present, asked, present)
        # What is not asked for is no part of this profile's sum, unless the sum is told to be of all its parts.
        known = present | asked if identity.relation != "equal" else set(ids)
        wanted = [each for each, part in zip(parts, identity.parts, strict=True) if part in known]
        total = (region, self.catalog.indicator_id(insurance, identity.total))
        self._add_sum(statement, total, wanted, is_whole=not is_bound)

    def _add_sum(
        self, statement: PublicStatement, total: Place, parts: Sequence[tuple[Place, int]], *, is_whole: bool
    ) -> None:
        """Add ``total = Σ parts``, with what is left to the total where parts are missing or may be less."""
        whole = self._number(statement, total)
        found = [(number, sign) for place, sign in parts if (number := self._number(statement, place)) is not None]
        if whole is None or not found:
            return
        equation = {whole: -1}
        for number, sign in found:
            equation[number] = equation.get(number, 0) + sign
        if len(found) < len(parts) or not is_whole:
            rest = self.cells[whole].value - sum(sign * self.cells[number].value for number, sign in found)
            if rest < 0 or any(sign < 0 for _, sign in found):
                return
            equation[self._add_rest(rest)] = 1
        self.equations.append(equation)

    def _add_rest(self, value: int, lowest: int = 0) -> int:
        self.cells.append(TableCell(("rest", len(self.cells)), value, lowest, is_hidden=True))
        return len(self.cells) - 1

    def add_years(self, statements: Sequence[PublicStatement]) -> None:
        """Add that what is counted from the year's beginning only grows."""
        for earlier, later in self._pairs(statements):
            for place, figure in later.figures.items():
                first, second = self._number(earlier, place), self._number(later, place)
                if first is None or second is None or not self._grows(self.catalog.indicators[figure.indicator]):
                    continue
                grown = self.cells[second].value - self.cells[first].value
                if first != second and grown >= 0:
                    self.equations.append({second: 1, first: -1, self._add_rest(grown): -1})

    def add_balances(self, statements: Sequence[PublicStatement]) -> None:
        """Add that a fund ends a period with what it had at last year's end, and what came in less what went out.

        What it had stands in last year's own statement, in each of its versions; where none is at hand, it is one
        unknown of the year, which every period of the year tells anew.
        """
        for identity in self.catalog.identities.values():
            for insurance in identity.for_each if identity.opening is not None else ():
                opening = self.catalog.indicator_id(insurance, identity.opening or "")
                for statement, region in product(statements, self.catalog.regions):
                    year_end = statement.period.last_year_end()
                    equation = self._balance(statement, identity, insurance, region)
                    if year_end is None or equation is None:
                        continue
                    for number in self._brought(statements, year_end, (region, opening)):
                        self.equations.append({**equation, number: 1})

    def _balance(
        self, statement: PublicStatement, identity: Identity, insurance: str, region: str
    ) -> dict[int, int] | None:
        """Return ``Σ parts - total`` by cells; None where one of them is not at hand."""
        equation: dict[int, int] = {}
        for part in (f"-{identity.total}", *identity.parts):
            number = self._number(statement, (region, self.catalog.indicator_id(insurance, part)))
            if number is None:
                return None
            equation[number] = -1 if part.startswith("-") else 1
        return equation

    def _brought(self, statements: Sequence[PublicStatement], year_end: Period, place: Place) -> set[int]:
        """Return the cells of what was there at ``year_end``: one of each value that was told, or one unknown."""
        found = (self._number(each, place) for each in statements if each.period == year_end)
        told = {number for number in found if number is not None}
        if told:
            return told
        if (year_end, place) not in self.brought:
            self.brought[year_end, place] = self._add_rest(0, _ANYTHING)
        return {self.brought[year_end, place]}

    @staticmethod
    def _pairs(statements: Sequence[PublicStatement]) -> Iterator[tuple[PublicStatement, PublicStatement]]:
        for earlier in statements:
            for later in statements:
                if earlier.period.year == later.period.year and earlier.period.end_month < later.period.end_month:
                    yield earlier, later

    def _grows(self, indicator: Indicator) -> bool:
        is_flow = indicator.kind == "flow" and self.catalog.comparisons.timing_of(indicator) == "in_period"
        return is_flow and not indicator.may_be_negative

    def _number(self, statement: PublicStatement, place: Place) -> int | None:
        figure = statement.figures.get(place)
        if figure is None or figure.value is None or figure.unit not in self.catalog.units:
            return None
        return self.numbers.get((statement.period.id, place, self.whole(figure)))
