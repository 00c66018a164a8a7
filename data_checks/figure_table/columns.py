"""One period's figures as columns, what they are compared with beside them, and the frame Great Expectations sees."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import pandas as pd

from data_checks.figure_table.facts import IndicatorFacts
from data_checks.figure_table.figures import Amounts, FigureTable
from disclosure.calendar.periods import CycleKind, Period
from disclosure.catalog import Catalog, Indicator

if TYPE_CHECKING:
    from data_checks.tables import Tables

#: A year's periods in the order in which year-to-date figures grow.
IN_A_YEAR: tuple[CycleKind, ...] = ("q1", "h1", "q3", "annual")
#: The attribute of the frame under which its columns are found.
COLUMNS = "figures"

T = TypeVar("T")


@dataclass(frozen=True)
class Before:
    """What figures were in another period; ``value`` and ``place`` are 0 where nothing is ``known``."""

    value: np.ndarray
    place: np.ndarray
    known: np.ndarray


class Columns:
    """The figures of a period, a row each, then a row for every required one that is missing.

    ``region`` and ``indicator`` are codes: of the catalogue's in its order, then of what it does not know.
    """

    def __init__(self, tables: Tables) -> None:
        self.catalog: Catalog = tables.catalog
        self.period: Period = tables.period
        self.asked: Mapping[str, Indicator] = tables.asked
        self.required = tables.required
        self.figures, self.history = FigureTable.of(tables.figures), FigureTable.of(tables.history)
        self.region_names = self._all_names("region", list(self.catalog.regions))
        self.indicator_names = self._all_names("indicator", list(self.catalog.indicators))
        self.regions = {name: place for place, name in enumerate(self.region_names)}
        self.indicators = {name: place for place, name in enumerate(self.indicator_names)}
        self.facts = IndicatorFacts.of(self.catalog, self.indicator_names)
        self.whole = self.regions[self.catalog.prefecture.code]
        self.parts = np.array([self.regions[part.code] for part in self.catalog.parts_of_prefecture], dtype=np.int64)
        self.handed_in = len(self.figures)
        region, indicator = self._codes(self.figures)
        missing = self._missing(region, indicator)
        self.region, self.indicator = np.append(region, missing[0]), np.append(indicator, missing[1])
        lacking = len(missing[0])
        amounts = self.figures.amounts(self.catalog)
        self.value, self.place = (
            np.append(each, np.zeros(lacking, np.int64)) for each in (amounts.value, amounts.place)
        )
        self.known, self.finer, self.too_large = (
            np.append(each, np.zeros(lacking, bool)) for each in (amounts.known, amounts.finer, amounts.too_large)
        )
        self._remembered: dict[object, object] = {}

    def remembered(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` gave for ``key`` the first time: many rules ask these columns for the same."""
        if key not in self._remembered:
            self._remembered[key] = make()
        return cast(T, self._remembered[key])

    def __deepcopy__(self, _memo: object) -> Columns:
        """Return itself: pandas copies what a frame carries with every frame it makes of it."""
        return self

    def _all_names(self, name: str, known: list[str]) -> list[str]:
        found = dict.fromkeys(known)
        for table in (self.figures, self.history):
            found.update(dict.fromkeys(table.names[name].categories))
        return list(found)

    def _codes(self, table: FigureTable) -> tuple[np.ndarray, np.ndarray]:
        return tuple(
            np.array([places[name] for name in table.names[key].categories], dtype=np.int64)[table.names[key].codes]
            if len(table)
            else np.zeros(0, np.int64)
            for key, places in (("region", self.regions), ("indicator", self.indicators))
        )  # type: ignore[return-value]

    def _missing(self, region: np.ndarray, indicator: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Codes of what is required and for which nothing at all was handed in."""
        present = np.zeros((len(self.region_names), len(self.indicator_names)), dtype=bool)
        present[region, indicator] = True
        regions: list[np.ndarray] = []
        indicators: list[np.ndarray] = []
        for each in self.required:
            places = np.append(self.whole, self.parts) if each.by_county else np.array([self.whole])
            code = self.indicators[each.id]
            lacking = places[~present[places, code]]
            regions.append(lacking)
            indicators.append(np.full(len(lacking), code))
        none = np.zeros(0, np.int64)
        return np.concatenate([none, *regions]), np.concatenate([none, *indicators])

    # --- facts by row ----------------------------------------------------------------------------------

    def fact(self, name: str) -> np.ndarray:
        """Return a fact about each row's indicator."""
        found: np.ndarray = getattr(self.facts, name)[self.indicator]
        return found

    def of_kind(self, *kinds: str) -> np.ndarray:
        """Whether each row has an amount of an indicator of one of ``kinds``."""
        chosen: np.ndarray = self.known & np.isin(self.facts.kind, kinds)[self.indicator]
        return chosen

    def by_dimension(self, values: list[float], *, scaled: bool = True) -> np.ndarray:
        """Return a threshold for each row: for people, money and levels; ``scaled`` as amounts are."""
        found: np.ndarray = np.array(values, dtype=float)[self.fact("dimension")]
        return np.rint(found * self.fact("scale")).astype(np.int64) if scaled else found

    @cached_property
    def is_big(self) -> np.ndarray:
        """The absolute amount."""
        size: np.ndarray = np.abs(self.value)
        return size

    def state(self, name: str) -> np.ndarray:
        """Whether each row was handed in with this state."""
        return self.padded(self.figures.names["state"] == name)

    def padded(self, values: np.ndarray) -> np.ndarray:
        """Return values of what was handed in with nothing for what is missing."""
        return np.append(values, np.zeros(len(self.region) - self.handed_in, dtype=values.dtype))

    @property
    def exponent(self) -> np.ndarray:
        """The printed exponent."""
        return self.padded(self.figures.exponent)

    @property
    def worded(self) -> np.ndarray:
        """Whether there is text."""
        return self.padded(self.figures.worded)

    @property
    def given(self) -> np.ndarray:
        """Whether a value was handed in."""
        return self.padded(self.figures.given)

    @cached_property
    def content(self) -> np.ndarray:
        """Whether a value, a text, or the reason for its absence was handed in."""
        found: np.ndarray = self.worded | (self.state("reported") & self.given)
        return found

    def named(self, name: str) -> pd.Categorical:
        """Return a name of the figures as they were handed in, null for those missing."""
        given = self.figures.names[name]
        codes = np.append(given.codes, np.full(len(self.region) - self.handed_in, -1, dtype=given.codes.dtype))
        return pd.Categorical.from_codes(codes, categories=given.categories)

    # --- figures beside each other --------------------------------------------------------------------

    @cached_property
    def first(self) -> np.ndarray:
        """Rows by region and indicator, of repeated figures the first; -1 where there is none."""
        found = np.full((len(self.region_names), len(self.indicator_names) + 1), -1, dtype=np.int64)
        rows = np.arange(len(self.region))[::-1]
        found[self.region[rows], self.indicator[rows]] = rows
        return found

    @cached_property
    def padded_amounts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Value, place, known and 不适用, each with one entry more for what is not there."""
        absent = self.state("not_applicable")
        return tuple(np.append(each, 0) for each in (self.value, self.place, self.known, absent))  # type: ignore[return-value]

    def now(self, regions: np.ndarray, indicator: int) -> tuple[Before, np.ndarray]:
        """Return this period's amounts of ``indicator`` in ``regions``, and whether each is 不适用."""
        rows = self.first[regions, indicator]
        value, place, known, absent = (each[rows] for each in self.padded_amounts)
        return Before(value, place, known.astype(bool)), absent.astype(bool)

    @cached_property
    def _history_amounts(self) -> Amounts:
        return self.history.amounts(self.catalog)

    @cached_property
    def _history_codes(self) -> tuple[np.ndarray, np.ndarray]:
        return self._codes(self.history)

    @cached_property
    def _history_periods(self) -> dict[str, int]:
        return {name: code for code, name in enumerate(self.history.names["period"].categories)}

    def past(self, period: Period | None) -> np.ndarray | None:
        """Rows of the history by region and indicator, of repeated amounts the last; None when there are none."""
        code = self._history_periods.get(period.id) if period is not None else None
        if code is None:
            return None
        return self.remembered(("past", code), lambda: self._past(code))

    def _past(self, code: int) -> np.ndarray:
        region, indicator = self._history_codes
        rows = np.flatnonzero((self.history.names["period"].codes == code) & self._history_amounts.known)
        found = np.full((len(self.region_names), len(self.indicator_names) + 1), -1, dtype=np.int64)
        found[region[rows], indicator[rows]] = rows
        return found

    def before(self, period: Period | None) -> Before | None:
        """Return what each row's figure was in ``period``; None when nothing is known of it."""
        places = self.past(period)
        return None if places is None else self._of_history(places[self.region, self.indicator])

    def opening(self, regions: np.ndarray, indicator: int) -> Before:
        """Return amounts of last year's end in ``regions``."""
        places = self.past(self.period.last_year_end())
        return self._of_history(np.full(len(regions), -1) if places is None else places[regions, indicator])

    def _of_history(self, rows: np.ndarray) -> Before:
        amounts, known = self._history_amounts, rows >= 0
        if not known.any():
            nothing = np.zeros(len(rows), np.int64)
            return Before(nothing, nothing, known)
        return Before(np.where(known, amounts.value[rows], 0), np.where(known, amounts.place[rows], 0), known)

    @cached_property
    def yearly(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Key (of region and indicator), value and value a year later, as often as the history has them."""
        now = (self.period.year, self.period.end_month)
        region, indicator = self._history_codes
        keys, earlier, later = [], [], []
        for period in self.history.periods.values():
            before, after = self.past(period.year_before()), self.past(period)
            if before is None or after is None or (period.year, period.end_month) >= now:
                continue
            rows = np.flatnonzero(self.history.names["period"].codes == self._history_periods[period.id])
            at = (region[rows], indicator[rows])
            known = (before[at] >= 0) & (after[at] >= 0)
            keys.append((at[0] * len(self.indicator_names) + at[1])[known])
            earlier.append(self._history_amounts.value[before[at][known]])
            later.append(self._history_amounts.value[after[at][known]])
        none = [np.zeros(0, np.int64)]
        return tuple(np.concatenate(each or none) for each in (keys, earlier, later))  # type: ignore[return-value]

    @property
    def key(self) -> np.ndarray:
        """A number for each row's region and indicator."""
        found: np.ndarray = self.region * len(self.indicator_names) + self.indicator
        return found
