"""The figures of a period and those before it as columns, for the pass that finds what is worth a closer look.

Amounts are Float64 in base units. That is enough to *pass over* figures that are right: whatever comes within the
error of a float of being wrong is looked at again by the rules themselves, in ``Decimal``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl

from data_checks.changes import IN_A_YEAR
from data_checks.figure_table import FigureTable
from data_checks.tables import PEOPLE, dimension
from disclosure.catalog import Catalog, Indicator
from disclosure.periods import Period

#: Relative error of a sum of some ten floats, with room: what lies nearer to a limit is looked at again.
SLACK = 1e-13
#: From here on a float does not tell neighbouring amounts, or neighbouring counts, apart; such figures are looked at
#: by every check.
TOO_LARGE, TOO_MANY = 1e15, 1e12
#: Printed numbers have no exponent beyond this.
MOST_PLACES = 20
#: A column with the number of the figure in the period's table.
INDEX = "index"


#: A number for region and indicator: what two figures of different periods have in common.
KEY = "key"


@dataclass(frozen=True)
class Columns:
    """The period's figures (``now``) and the amounts of other periods (``past``) beside the catalogue's facts."""

    catalog: Catalog
    period: Period
    figures: FigureTable
    history: FigureTable
    asked: dict[str, Indicator]

    @cached_property
    def now(self) -> pl.DataFrame:
        """A row per figure handed in; ``value`` and ``half`` are null where it is no amount of its indicator."""
        frame = self._amounts(self.figures).with_row_index(INDEX)
        frame = frame.with_columns(
            content=pl.col("worded") | ((pl.col("state") == "reported") & pl.col("given")),
            form=pl.when(~pl.col("given"))
            .then(pl.when("worded").then(pl.lit("text")).otherwise(pl.lit("neither")))
            .when(pl.col("finite") & (pl.col("state") == "reported"))
            .then(pl.lit("number"))
            .otherwise(pl.lit("neither")),
            known=pl.col("kind").is_not_null(),
            numeric=pl.col("kind").is_not_null() & (pl.col("kind") != "text"),
        )
        by_period: dict[Period, list[str]] = {}
        for name, period in self.periods.items():
            by_period.setdefault(period, []).append(name)
        for period, names in by_period.items():
            before = self.past_of(period).select(
                KEY,
                *(pl.col("value").alias(name) for name in names),
                *(pl.col("half").alias(f"{name}_half") for name in names),
            )
            if before.is_empty():
                none = pl.lit(None, pl.Float64)
                frame = frame.with_columns(none.alias(f"{name}{end}") for name in names for end in ("", "_half"))
            else:
                frame = frame.join(before, on=KEY, how="left", maintain_order="left")
        sizes = pl.max_horizontal(pl.col(name).abs() for name in ("value", *self.periods))
        limit = pl.when(pl.col("dimension") == "people").then(TOO_MANY).otherwise(TOO_LARGE)
        is_extreme = ~(sizes < limit) | (pl.col("exponent").abs() > MOST_PLACES)
        return frame.with_columns(beyond=pl.col("value").is_not_null() & is_extreme.fill_null(value=False))

    @cached_property
    def amounts(self) -> pl.LazyFrame:
        """The rows of ``now`` that have an amount."""
        return self.now.lazy().filter(pl.col("value").is_not_null())

    @cached_property
    def first(self) -> pl.DataFrame:
        """Of repeated figures the first, which is the one that others are compared with."""
        return _one_each(self.now, [KEY], keep="first")

    @cached_property
    def missing(self) -> list[tuple[str, Indicator]]:
        """(region, indicator) that is required and for which nothing at all was handed in."""
        required = [i for i in self.asked.values() if i.demand(self.period.kind) == "required"]
        by_county, whole = ([i.id for i in required if i.by_county is is_so] for is_so in (True, False))
        county = pl.col("indicator").is_in(by_county) & pl.col("region").is_in(list(self.catalog.regions))
        prefecture = pl.col("indicator").is_in(whole) & (pl.col("region") == self.catalog.prefecture.code)
        present = self.first.lazy().select((county | prefecture).sum()).collect().item()
        if present == sum(len(self.catalog.regions_for(indicator)) for indicator in required):
            return []
        wanted = [[region.code for region in self.catalog.regions_for(indicator)] for indicator in required]
        frame = pl.DataFrame(
            {"indicator": [indicator.id for indicator in required], "region": wanted},
            schema={"indicator": pl.String, "region": pl.List(pl.String)},
        ).explode("region")
        lacking = frame.join(self.now, on=["region", "indicator"], how="anti", maintain_order="left")
        return [(region, self.asked[name]) for name, region in lacking.select("indicator", "region").iter_rows()]

    @cached_property
    def periods(self) -> dict[str, Period]:
        """The periods this one is compared with, by the name of their column in ``now``."""
        wanted = {
            "previous": self.period.previous(),
            "year_before": self.period.year_before(),
            "last_year_end": self.period.last_year_end(),
        }
        if self.period.kind != "special":
            year = (Period(self.period.year, kind) for kind in IN_A_YEAR)
            wanted |= {period.kind: period for period in year if period != self.period}
        return {name: period for name, period in wanted.items() if period is not None}

    @cached_property
    def past(self) -> pl.DataFrame:
        """The amounts of other periods: index, region, indicator, period, value, half; of repeated ones the last."""
        frame = self._amounts(self.history).with_row_index(INDEX).filter(pl.col("value").is_not_null())
        frame = frame.select(INDEX, KEY, "region", "indicator", "period", "value", "half")
        return _one_each(frame, [KEY, "period"], keep="last")

    def past_of(self, period: Period) -> pl.DataFrame:
        """The amounts of one other period."""
        return self.past.filter(pl.col("period") == period.id)

    @cached_property
    def yearly(self) -> pl.DataFrame:
        """Every (``earlier``, ``after`` a year later) of a series before this period, with its region and indicator."""
        now = (self.period.year, self.period.end_month)
        years = {
            name: before.id
            for name, period in self.history.periods.items()
            if (before := period.year_before()) is not None
            and (period.year, period.end_month) < now
            and before.id in self.history.periods
        }
        if not years:
            nothing = {KEY: pl.UInt64, "earlier": pl.Float64, "after": pl.Float64}
            return pl.DataFrame(schema=nothing)
        # As often as the history repeats a figure, it counts.
        repeated = self.history.parts.select(self._key, "period").with_columns(
            year_before=pl.col("period").replace_strict(years, default=None, return_dtype=pl.String)
        )
        of_period = [KEY, "period"]
        after = self.past.select(*of_period, after="value")
        earlier = self.past.select(KEY, pl.col("period").alias("year_before"), earlier="value")
        return (
            repeated.filter(pl.col("year_before").is_not_null())
            .join(after, on=of_period)
            .join(earlier, on=[KEY, "year_before"])
        )

    @cached_property
    def _key(self) -> pl.Expr:
        """``KEY`` from the columns region and indicator, the same number in both tables."""
        region, indicator = (
            pl.concat([table.parts[name].unique() for table in (self.figures, self.history)]).unique().drop_nulls()
            for name in ("region", "indicator")
        )
        regions = pl.col("region").cast(pl.Enum(region)).to_physical().cast(pl.UInt64)
        indicators = pl.col("indicator").cast(pl.Enum(indicator)).to_physical().cast(pl.UInt64)
        return (regions * 2**32 + indicators).alias(KEY)

    def _amounts(self, table: FigureTable) -> pl.DataFrame:
        """``table.parts`` with the catalogue's facts, ``value`` and ``half`` in base units."""
        power = pl.col("exponent") + pl.col("power")
        scale = pl.lit(10.0).pow(power.abs())
        exact = pl.when(power < 0).then(pl.col("digits") / scale).otherwise(pl.col("digits") * scale)
        is_amount = (
            (pl.col("kind") != "text")
            & pl.col("finite")
            & (pl.col("state") == "reported")
            & (pl.col("base") == pl.col("base_expected"))
        )
        rounding = 0.5 * pl.lit(10.0).pow(power)
        counted = pl.col("counted") & (pl.col("exponent") <= 0)
        return (
            table.parts.join(self._indicators, on="indicator", how="left", maintain_order="left")
            .join(self._units, on="unit", how="left", maintain_order="left")
            .with_columns(
                self._key,
                value=pl.when(is_amount).then(exact),
                half=pl.when(is_amount).then(pl.when(counted).then(0.0).otherwise(rounding)),
            )
        )

    @cached_property
    def _indicators(self) -> pl.DataFrame:
        catalog = self.catalog
        rows: list[dict[str, Any]] = []
        for indicator in catalog.reported.values():
            unit = catalog.units.get(indicator.unit)
            is_text = indicator.kind == "text" or unit is None
            rows.append(
                {
                    "indicator": indicator.id,
                    "kind": indicator.kind,
                    "insurance": indicator.insurance,
                    "unit_expected": indicator.unit,
                    "base_expected": None if unit is None else unit.base,
                    "factor_expected": None if unit is None else float(unit.factor),
                    "dimension": None if is_text or unit is None else dimension(indicator, unit),
                    "centre_expected": indicator.centre,
                    "by_county": indicator.by_county,
                    "may_be_negative": indicator.may_be_negative,
                    "minimum": None if indicator.minimum is None else float(indicator.minimum),
                    "maximum": None if indicator.maximum is None else float(indicator.maximum),
                    "allowed": catalog.decimals(indicator),
                    "part_of": indicator.part_of,
                }
            )
        kinds: dict[str, Any] = dict.fromkeys(rows[0], pl.String) | {
            **dict.fromkeys(("factor_expected", "minimum", "maximum"), pl.Float64),
            **dict.fromkeys(("by_county", "may_be_negative"), pl.Boolean),
            "allowed": pl.Int64,
        }
        return pl.DataFrame(rows, schema=kinds)

    @cached_property
    def _units(self) -> pl.DataFrame:
        units = self.catalog.units.values()
        return pl.DataFrame(
            {
                "unit": [unit.id for unit in units],
                "base": [unit.base for unit in units],
                # Factors are powers of ten, so that an amount is its coefficient times a power of ten.
                "power": [unit.factor.adjusted() for unit in units],
                "single": [unit.factor == 1 for unit in units],
                "counted": [unit.base in PEOPLE and unit.factor == 1 for unit in units],
            },
            schema={
                "unit": pl.String,
                "base": pl.String,
                "power": pl.Int64,
                "single": pl.Boolean,
                "counted": pl.Boolean,
            },
        )

    # --- the wide shape --------------------------------------------------------------------------------

    @cached_property
    def regions(self) -> dict[str, int]:
        """Rows of the wide matrices: the catalogue's regions."""
        return {code: place for place, code in enumerate(self.catalog.regions)}

    @cached_property
    def places(self) -> dict[str, int]:
        """Columns of the wide matrices: the indicators of the catalogue."""
        return {name: place for place, name in enumerate(self.catalog.indicators)}

    @cached_property
    def wide(self) -> Wide:
        """This period, a row per region and a column per indicator."""
        frame = self.first
        return Wide(
            self.pivot(frame, "value"),
            self.pivot(frame, "half"),
            self.pivot(frame.with_columns(absent=(pl.col("state") == "not_applicable").cast(pl.Float64)), "absent") > 0,
        )

    @cached_property
    def opening(self) -> Wide:
        """The same of last year's end; nothing in it for a special disclosure."""
        period = self.period.last_year_end()
        frame = self.past_of(period) if period else self.past.clear()
        value = self.pivot(frame, "value")
        return Wide(value, self.pivot(frame, "half"), np.zeros(value.shape, dtype=bool))

    def pivot(self, frame: pl.DataFrame, column: str) -> np.ndarray:
        """``column`` as a matrix of regions and indicators, NaN where there is none."""
        matrix = np.full((len(self.regions), len(self.places)), np.nan)
        placed = frame.select(
            row=pl.col("region").replace_strict(self.regions, default=None, return_dtype=pl.Int64),
            column=pl.col("indicator").replace_strict(self.places, default=None, return_dtype=pl.Int64),
            value=pl.col(column),
        ).drop_nulls()
        matrix[placed["row"].to_numpy(), placed["column"].to_numpy()] = placed["value"].to_numpy()
        return matrix


@dataclass(frozen=True)
class Wide:
    """Matrices of regions and indicators: amount, most it is off by rounding (NaN without), and 不适用."""

    value: np.ndarray
    half: np.ndarray
    not_applicable: np.ndarray


@dataclass(frozen=True)
class Screened:
    """What the pass found for one rule.

    ``compared`` and ``skipped`` are the rule's own counts; ``rows`` the numbers of the figures to look at again
    (those of the figures missing follow those handed in), in their order. ``cells`` are the same for identities and
    ratios: (insurance, region); ``groups`` the groups to which a check of groups is to keep.
    """

    compared: int = 0
    skipped: int = 0
    rows: tuple[int, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    groups: frozenset[tuple[str, ...]] = frozenset()


def _one_each(frame: pl.DataFrame, names: list[str], *, keep: Literal["first", "last"]) -> pl.DataFrame:
    """The first or last of rows alike in ``names``; to see that none is repeated is far cheaper than to sort them."""
    if frame.select(pl.struct(names).n_unique() if len(names) > 1 else pl.col(names[0]).n_unique()).item() == len(
        frame
    ):
        return frame
    return frame.unique(names, keep=keep, maintain_order=True)


def compared(frame: pl.LazyFrame, is_suspect: pl.Expr, able: pl.Expr | None = None) -> Screened:
    """The rows of ``frame`` that were compared (all, or those ``able`` to be), and which of them to look at again.

    Those too large for a float to tell are looked at too.
    """
    is_suspect = is_suspect.fill_null(value=False) | pl.col("beyond")
    is_able = pl.col(INDEX).is_not_null() if able is None else able.fill_null(value=False)
    counts = {"all": pl.len(), "able": is_able.sum(), "rows": pl.col(INDEX).filter(is_able & is_suspect).implode()}
    every, count, rows = frame.select(**counts).collect().row(0)
    return Screened(count, every - count, tuple(rows))
