"""This period's figures with everything they are compared with, and single figures looked up in exact decimals.

The rules run over the columns (``figure_table``, ``measures``); what they found is put into words figure by figure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from data_checks.figure_table.columns import Columns
from data_checks.figure_table.facts import Dimension, dimension
from data_checks.figure_table.figures import places_of
from data_checks.measures.past import candidates, comparable
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator
from disclosure.figures.figures import Figure, half_in_base_units


@dataclass(frozen=True)
class Amount:
    """A reported number in base units and the most it can be off by rounding.

    ``half`` is half the last printed place (人社部发〔2014〕82号 figures are printed rounded), and zero for
    counts in single people, person-times or employers.
    """

    figure: Figure
    value: Decimal
    half: Decimal


@dataclass(frozen=True)
class AuditRow:
    """A row of the table; ``figure`` is None where a required figure is missing.

    ``indicator`` is None when this profile does not report it, ``amount`` when there is no finite number
    in a unit that the indicator can be measured in.
    """

    index: int
    region: str
    indicator_id: str
    figure: Figure | None
    indicator: Indicator | None
    amount: Amount | None


@dataclass(frozen=True)
class Tables:
    """This period's figures with everything they are compared with.

    ``only`` narrows a special cycle to what it was opened for; ``excused_centres`` are those the
    compiler went on without.
    """

    catalog: Catalog
    period: Period
    figures: Sequence[Figure]
    history: Sequence[Figure] = ()
    only: tuple[str, ...] = ()
    excused_centres: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        period: Period,
        figures: Sequence[Figure],
        history: Sequence[Figure] = (),
        *,
        only: Collection[str] = (),
        excused_centres: Collection[str] = (),
    ) -> Tables:
        """Tables of any sequences, which must not change while the tables are in use."""
        return cls(catalog, period, figures, history, tuple(only), frozenset(excused_centres))

    @cached_property
    def asked(self) -> Mapping[str, Indicator]:
        """Indicators asked for in this period."""
        return {indicator.id: indicator for indicator in self.catalog.indicators_for(self.period, only=self.only)}

    @cached_property
    def columns(self) -> Columns:
        """The same as columns."""
        return Columns(self)

    @cached_property
    def required(self) -> tuple[Indicator, ...]:
        """Indicators that must be handed in for this period."""
        return tuple(i for i in self.asked.values() if self.catalog.requires(i, self.period, self.only))

    @cached_property
    def rows(self) -> tuple[AuditRow, ...]:
        """Every row: figures in the order given, then the missing ones."""
        return tuple(map(self.at, range(len(self.columns.region))))

    def at(self, place: int) -> AuditRow:
        """Return one row."""
        columns = self.columns
        figure = columns.figures.at(place) if place < columns.handed_in else None
        region = columns.region_names[columns.region[place]]
        name = columns.indicator_names[columns.indicator[place]]
        amount = self.amount(figure) if figure is not None and columns.known[place] else None
        return AuditRow(place, region, name, figure, self.catalog.reported.get(name), amount)

    def amount(self, figure: Figure) -> Amount:
        """Return ``figure``, which has one, in base units."""
        unit, value = self.catalog.units[figure.unit], figure.value or Decimal(0)
        return Amount(figure, value * unit.factor, half_in_base_units(value, unit))

    def row(self, region: str, indicator: str) -> AuditRow | None:
        """Return this period's row; of repeated figures the first."""
        columns = self.columns
        if region not in columns.regions or indicator not in columns.indicators:
            return None
        place = int(columns.first[columns.regions[region], columns.indicators[indicator]])
        return self.at(place) if place >= 0 else None

    def now(self, region: str, indicator: str) -> Amount | None:
        """Return this period's amount; of repeated figures the first."""
        row = self.row(region, indicator)
        return row.amount if row else None

    def before(self, region: str, indicator: str, period: Period | None) -> Amount | None:
        """Return the amount of another period; None when ``period`` is None or nothing is known of it."""
        columns = self.columns
        places = columns.past(period)
        if places is None or region not in columns.regions or indicator not in columns.indicators:
            return None
        place = int(places[columns.regions[region], columns.indicators[indicator]])
        return self.amount(columns.history.at(place)) if place >= 0 else None

    def last_comparable(self, row: AuditRow) -> tuple[Decimal, Period] | None:
        """Return the number a row's should be near, in base units, and the period it is from."""
        expected, source, able = comparable(self.columns)
        if not able[row.index] or row.indicator is None:
            return None
        is_flow = row.indicator.kind == "flow"
        period = candidates(self.period, is_flow=is_flow)[source[row.index]]
        before = self.before(row.region, row.indicator_id, period)
        if before is None or period is None:
            return None
        if not is_flow or period.end_month == self.period.end_month:
            return before.value, period
        unit = self.catalog.units[row.indicator.unit]
        finest = min(Decimal(1), unit.factor.scaleb(-unit.decimals))
        return Decimal(int(expected[row.index])).scaleb(-places_of(unit.base)).quantize(finest), period

    def dimension(self, indicator: Indicator) -> Dimension:
        """Return the dimension of ``indicator``, whose unit the catalogue vouches for."""
        return dimension(indicator, self.catalog.units[indicator.unit])

    def centre(self, row: AuditRow) -> str:
        """Who answers for a row: the indicator's centre, or whoever handed in an unknown indicator."""
        if row.indicator is not None:
            return row.indicator.centre
        return row.figure.centre if row.figure else ""


def amounts(tables: Tables) -> Iterator[tuple[AuditRow, Indicator, Amount]]:
    """Rows with a finite number in a unit of their indicator."""
    for row in tables.rows:
        if row.indicator is not None and row.amount is not None:
            yield row, row.indicator, row.amount
