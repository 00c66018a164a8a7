"""Tables of which only some figures are looked at; whatever these are compared with is fetched when it is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

import polars as pl

from data_checks.columns import INDEX, Columns
from data_checks.tables import Amount, Row, Tables
from disclosure.catalog import Indicator
from disclosure.periods import Period

Key = tuple[str, str]


@dataclass(frozen=True)
class Neighbourhood:
    """Where the figures stand that those looked at are compared with: all of ``regions``, and of ``indicators``."""

    columns: Columns
    regions: frozenset[str]
    indicators: frozenset[str]

    def _of(self, frame: pl.DataFrame) -> pl.DataFrame:
        wanted = pl.col("region").is_in(list(self.regions)) | pl.col("indicator").is_in(list(self.indicators))
        return frame.filter(wanted)

    @cached_property
    def now(self) -> dict[Key, int]:
        """The number of the first figure of each region and indicator."""
        found = self._of(self.columns.first.select("region", "indicator", INDEX))
        return {(region, indicator): place for region, indicator, place in found.iter_rows()}

    @cached_property
    def past(self) -> dict[tuple[str, str, str], int]:
        """The place in the history of the last figure of each region, indicator and period that has an amount."""
        found = self._of(self.columns.past.select("region", "indicator", "period", INDEX))
        return {(region, indicator, period): place for region, indicator, period, place in found.iter_rows()}

    @cached_property
    def past_periods(self) -> Mapping[Key, list[str]]:
        """The periods of each region and indicator in the history, as often as it has them."""
        periods: dict[Key, list[str]] = defaultdict(list)
        for region, indicator, period in self._of(
            self.columns.history.parts.select("region", "indicator", "period")
        ).iter_rows():
            periods[region, indicator].append(period)
        return periods


@dataclass(frozen=True)
class FocusedTables(Tables):
    """The rows ``focus`` of the tables that ``columns`` holds, and ``groups`` where a check is of groups."""

    columns: Columns | None = None
    around: Neighbourhood | None = None
    focus: tuple[int, ...] = ()
    groups: frozenset[tuple[str, ...]] | None = None

    @classmethod
    def over(
        cls, tables: Tables, columns: Columns, regions: Collection[str], indicators: Collection[str]
    ) -> FocusedTables:
        """All of ``tables``, ready to be focused, where the figures looked at are of these regions and indicators."""
        return cls(
            tables.catalog,
            tables.period,
            columns.figures,
            columns.history,
            tables.only,
            tables.excused_centres,
            columns,
            Neighbourhood(columns, frozenset(regions), frozenset(indicators)),
        )

    def on(self, rows: tuple[int, ...], groups: frozenset[tuple[str, ...]] | None) -> FocusedTables:
        """The same tables with another focus."""
        return replace(self, focus=rows, groups=groups)

    @property
    def _columns(self) -> Columns:
        assert self.columns is not None  # noqa: S101 - the fields before it have defaults, so it must have one
        return self.columns

    @property
    def _around(self) -> Neighbourhood:
        assert self.around is not None  # noqa: S101 - as above
        return self.around

    @cached_property
    def asked(self) -> Mapping[str, Indicator]:
        """Indicators asked for in this period."""
        return self._columns.asked

    @property
    def missing(self) -> tuple[tuple[str, Indicator], ...]:
        """(region, indicator) that is required and for which nothing at all was handed in."""
        return tuple(self._columns.missing)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows in focus, in their order."""
        count = len(self._columns.figures)
        return (
            *self._rows([i for i in self.focus if i < count]),
            *self._missing([i for i in self.focus if i >= count]),
        )

    def _rows(self, places: Sequence[int]) -> list[Row]:
        known = self.catalog.reported
        figures = self._columns.figures.at(places)
        return [
            Row(place, f.region, f.indicator, f, known.get(f.indicator), self.amount(f))
            for place, f in zip(places, figures, strict=True)
        ]

    def _missing(self, places: Sequence[int]) -> list[Row]:
        missing, count = self._columns.missing, len(self._columns.figures)
        lacking = [(place, *missing[place - count]) for place in places]
        return [Row(place, region, indicator.id, None, indicator, None) for place, region, indicator in lacking]

    def row(self, region: str, indicator: str) -> Row | None:
        """This period's row, in focus or not; of repeated figures the first."""
        place = self._around.now.get((region, indicator))
        return None if place is None else self._rows([place])[0]

    def before(self, region: str, indicator: str, period: Period | None) -> Amount | None:
        """The amount of another period; None when ``period`` is None or nothing is known of it."""
        place = self._around.past.get((region, indicator, period.id)) if period else None
        return None if place is None else self.amount(self._columns.history[place])

    def yearly_changes(self, region: str, indicator: str) -> Sequence[tuple[Decimal, Decimal]]:
        """Every (value, value a year later) that the history knows of before this period, in base units."""
        known, now = self._columns.history.periods, (self.period.year, self.period.end_month)
        pairs = []
        for name in self._around.past_periods.get((region, indicator), ()):
            period = known[name]
            if (period.year, period.end_month) >= now:
                continue
            earlier, after = (self.before(region, indicator, each) for each in (period.year_before(), period))
            if earlier and after:
                pairs.append((earlier.value, after.value))
        return pairs

    def looks_at(self, group: tuple[str, ...]) -> bool:
        """Whether a check of groups is to look at this one."""
        return self.groups is None or group in self.groups
