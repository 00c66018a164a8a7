"""Figures as the tables that checks run on.

Two shapes, because neither sees every fault: the *long* table has a row per figure (and one for every
required figure that is missing), the *wide* one a row per region and period with a column per indicator.
Amounts are ``Decimal`` in base units (人, 元), so that figures printed in 万元 and 亿元 compare exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from disclosure.catalog import Catalog, Indicator, Unit
from disclosure.figures import Figure, rounding_half_unit
from disclosure.periods import Period

if TYPE_CHECKING:
    import pandas as pd

Form = Literal["number", "text", "neither"]
#: The dimension that thresholds are given for.
Dimension = Literal["people", "money", "level"]

#: Base units that are counted one by one.
PEOPLE = ("人", "人次", "人月次", "户")


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
class Row:
    """A row of the long table; ``figure`` is None where a required figure is missing.

    ``indicator`` is None when this profile does not report it, ``amount`` when there is no finite number
    in a unit that the indicator can be measured in.
    """

    index: int
    region: str
    indicator_id: str
    figure: Figure | None
    indicator: Indicator | None
    amount: Amount | None


def dimension(indicator: Indicator, unit: Unit) -> Dimension:
    """Whether ``indicator`` counts people (or employers), money, or is a standard, rate or ratio."""
    if indicator.kind in ("level", "ratio"):
        return "level"
    return "people" if unit.base in PEOPLE else "money"


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
        excused = frozenset(excused_centres)
        return cls(catalog, period, figures, history, tuple(only), excused)

    @cached_property
    def asked(self) -> Mapping[str, Indicator]:
        """Indicators asked for in this period."""
        return {indicator.id: indicator for indicator in self.catalog.indicators_for(self.period, only=self.only)}

    @cached_property
    def missing(self) -> tuple[tuple[str, Indicator], ...]:
        """(region, indicator) that is required and for which nothing at all was handed in."""
        present = {(figure.region, figure.indicator) for figure in self.figures}
        return tuple(
            (region.code, indicator)
            for indicator in self.asked.values()
            if indicator.demand(self.period.kind) == "required"
            for region in self.catalog.regions_for(indicator)
            if (region.code, indicator.id) not in present
        )

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The long table: figures in the order given, then the missing ones."""
        known = self.catalog.reported
        rows = [
            Row(index, figure.region, figure.indicator, figure, known.get(figure.indicator), self.amount(figure))
            for index, figure in enumerate(self.figures)
        ]
        rows += [
            Row(len(rows) + offset, region, indicator.id, None, indicator, None)
            for offset, (region, indicator) in enumerate(self.missing)
        ]
        return tuple(rows)

    def amount(self, figure: Figure) -> Amount | None:
        """``figure`` in base units; None when it is no finite number or its unit measures something else."""
        indicator = self.catalog.reported.get(figure.indicator)
        unit = self.catalog.units.get(figure.unit)
        if indicator is None or indicator.kind == "text" or unit is None or form_of(figure) != "number":
            return None
        if unit.base != self.catalog.units[indicator.unit].base or figure.value is None:
            return None
        # People counted one by one are not rounded: their sums must agree to the last person. A number that was
        # printed in 万人 and converted keeps its exponent (1.0727E+6 人) and its rounding.
        exponent = figure.value.as_tuple().exponent
        counted = unit.base in PEOPLE and unit.factor == 1 and isinstance(exponent, int) and exponent <= 0
        half = Decimal(0) if counted else rounding_half_unit(figure.value) * unit.factor
        return Amount(figure, figure.value * unit.factor, half)

    @cached_property
    def _now(self) -> dict[tuple[str, str], Row]:
        rows: dict[tuple[str, str], Row] = {}
        for row in self.rows:
            rows.setdefault((row.region, row.indicator_id), row)
        return rows

    @cached_property
    def _past(self) -> dict[tuple[str, str, str], Amount]:
        amounts = ((figure.key, self.amount(figure)) for figure in self.history)
        return {key: amount for key, amount in amounts if amount is not None}

    def row(self, region: str, indicator: str) -> Row | None:
        """This period's row; of repeated figures the first."""
        return self._now.get((region, indicator))

    def now(self, region: str, indicator: str) -> Amount | None:
        """This period's amount; of repeated figures the first."""
        row = self.row(region, indicator)
        return row.amount if row else None

    def looks_at(self, _group: tuple[str, ...]) -> bool:
        """Whether a check of groups is to look at this one: an insurance and a region, or one indicator."""
        return True

    def does_not_exist(self, region: str, indicator: str) -> bool:
        """Whether it was handed in as 不适用, and so adds nothing to a sum."""
        row = self.row(region, indicator)
        return row is not None and row.figure is not None and row.figure.state == "not_applicable"

    def before(self, region: str, indicator: str, period: Period | None) -> Amount | None:
        """The amount of an earlier period; None when ``period`` is None or nothing is known of it."""
        return self._past.get((region, indicator, period.id)) if period else None

    def last_comparable(self, region: str, indicator: Indicator) -> tuple[Decimal, Period] | None:
        """The number this period's should be near, in base units, and the period it is from.

        For a stock or standard the latest earlier one. For a flow the same period of last year, or else the
        year-to-date figure of an earlier period in proportion to its months.
        """
        period = self.period
        if indicator.kind == "flow":
            candidates = (period.year_before(), period.previous_in_year(), period.last_year_end())
        else:
            candidates = (period.previous(), period.last_year_end(), period.year_before())
        for candidate in candidates:
            before = self.before(region, indicator.id, candidate)
            if before is not None and candidate is not None:
                if indicator.kind != "flow" or candidate.end_month == period.end_month:
                    return before.value, candidate
                unit = self.catalog.units[indicator.unit]
                # Nothing is worked out more finely than it is printed, and than to the whole 人 or 元.
                finest = min(Decimal(1), unit.factor.scaleb(-unit.decimals))
                return (before.value * period.end_month / candidate.end_month).quantize(finest), candidate
        return None

    @cached_property
    def _yearly(self) -> dict[tuple[str, str], list[tuple[Decimal, Decimal]]]:
        pairs: dict[tuple[str, str], list[tuple[Decimal, Decimal]]] = defaultdict(list)
        now = (self.period.year, self.period.end_month)
        for figure in self.history:
            before = self.before(figure.region, figure.indicator, figure.period.year_before())
            after = self.before(figure.region, figure.indicator, figure.period)
            if before and after and (figure.period.year, figure.period.end_month) < now:
                pairs[figure.region, figure.indicator].append((before.value, after.value))
        return pairs

    def yearly_changes(self, region: str, indicator: str) -> Sequence[tuple[Decimal, Decimal]]:
        """Every (value, value a year later) that the history knows of before this period, in base units."""
        return self._yearly.get((region, indicator), ())

    def dimension(self, indicator: Indicator) -> Dimension:
        """The dimension of ``indicator``, whose unit the catalogue vouches for."""
        return dimension(indicator, self.catalog.units[indicator.unit])

    def centre(self, row: Row) -> str:
        """Who answers for a row: the indicator's centre, or whoever handed in an unknown indicator."""
        if row.indicator is not None:
            return row.indicator.centre
        return row.figure.centre if row.figure else ""

    def long_frame(self, measures: Mapping[str, Mapping[int, object]]) -> pd.DataFrame:
        """The long table for Great Expectations.

        ``measures`` are further columns by name, of exact values by row index; rows without one are null.
        """
        import pandas as pd

        catalog, rows = self.catalog, self.rows
        figures = [row.figure for row in rows]

        def paired(left: list[str | None], right: list[str | None]) -> tuple[pd.Categorical, pd.Categorical]:
            kinds = sorted({value for value in (*left, *right) if value is not None})
            return pd.Categorical(left, categories=kinds), pd.Categorical(right, categories=kinds)

        units = paired(
            [
                f.unit if f and r.indicator and r.indicator.kind != "text" else None
                for f, r in zip(figures, rows, strict=True)
            ],
            [r.indicator.unit if r.indicator else None for r in rows],
        )
        centres = paired([f.centre if f else None for f in figures], [self.expected_centre(row) for row in rows])
        forms = paired(
            [form_of(f) if f and has_content(f) and f.state == "reported" else None for f in figures],
            [expected_form(r.indicator) if r.indicator else None for r in rows],
        )
        columns: dict[str, object] = {
            "region": pd.Categorical([row.region for row in rows]),
            "indicator": pd.Categorical([row.indicator_id for row in rows]),
            "period": pd.Categorical([self.period.id] * len(rows)),
            "place": pd.Categorical([place_of(catalog, row) if row.figure else None for row in rows]),
            "handed_in": pd.Series([f is not None for f in figures], dtype="bool"),
            "numeric": pd.Series([r.indicator is not None and r.indicator.kind != "text" for r in rows], dtype="bool"),
            "content": _exact([has_content(f) or None if f else None for f in figures]),
            "unit": units[0],
            "unit_expected": units[1],
            "centre": centres[0],
            "centre_expected": centres[1],
            "form": forms[0],
            "form_expected": forms[1],
            "value": _exact([_number(f) if f else None for f in figures]),
            **{name: _exact([of.get(row.index) for row in rows]) for name, of in measures.items()},
        }
        return pd.DataFrame(columns)

    def expected_centre(self, row: Row) -> str | None:
        """Who should have handed in a row; None when nobody can be told."""
        return row.indicator.centre if row.indicator and row.figure else None

    def wide_frame(self, measures: Mapping[str, Mapping[str, object]]) -> pd.DataFrame:
        """The wide table: a row per region of the catalogue, a column per indicator in base units.

        ``measures`` are further columns by name, of exact values by region.
        """
        import pandas as pd

        regions = list(self.catalog.regions)
        by_indicator: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for (region, indicator), row in self._now.items():
            if row.amount is not None:
                by_indicator[indicator][region] = row.amount.value
        columns: dict[str, object] = {
            "region": pd.Categorical(regions),
            "period": pd.Categorical([self.period.id] * len(regions)),
            **{name: _exact([by_indicator[name].get(region) for region in regions]) for name in self.asked},
            **{name: _exact([of.get(region) for region in regions]) for name, of in measures.items()},
        }
        return pd.DataFrame(columns)


def _exact(values: Sequence[object]) -> pd.Series:
    """A column of Decimals (or None) that pandas must not turn into floats."""
    import pandas as pd

    return pd.Series(values, dtype=object)


def _number(figure: Figure) -> Decimal | None:
    return figure.value if form_of(figure) == "number" else None


def form_of(figure: Figure) -> Form:
    """What a figure holds: a finite number, text, or neither (both, NaN, infinity, a float)."""
    value: object = figure.value
    if value is None:
        return "text" if figure.text.strip() else "neither"
    return "number" if isinstance(value, Decimal) and value.is_finite() and figure.state == "reported" else "neither"


def expected_form(indicator: Indicator) -> Form:
    """What a figure of ``indicator`` must hold."""
    return "text" if indicator.kind == "text" else "number"


def has_content(figure: Figure) -> bool:
    """Whether a value, a text, or the reason for its absence was handed in."""
    return bool(figure.text.strip()) or (figure.state == "reported" and figure.value is not None)


def place_of(catalog: Catalog, row: Row) -> str:
    """The region, or ``<region>/whole`` for a county's figure of an indicator that is not by county."""
    indicator = row.indicator
    county = row.region in catalog.regions and row.region != catalog.prefecture.code
    return f"{row.region}/whole" if indicator and county and not indicator.by_county else row.region
