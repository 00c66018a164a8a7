"""One pass in columns over one period's figures: for each check, what is certainly right and what to look at again.

A screen may send too much to be looked at again, never too little: the checks of ``rules`` judge it. The counts of
comparisons made and not possible are final.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from data_checks.columns import KEY, SLACK, TOO_LARGE, TOO_MANY, Columns, Screened, compared
from data_checks.rules import tied_by_identities
from disclosure.catalog import Rule

Screen = Callable[[Columns, Rule], Screened]
SCREENS: dict[str, Screen] = {}


def screen(function: Screen) -> Screen:
    """Make a screen known by the name of the check it is for."""
    SCREENS[function.__name__] = function
    return function


def near(*amounts: str) -> pl.Expr:
    """What the sum of ``amounts`` may be off by in floats."""
    return SLACK * pl.sum_horizontal(*(pl.col(name).abs() for name in amounts))


@screen
def complete(columns: Columns, _rule: Rule) -> Screened:
    """Without content, and all that are missing."""
    handed_in, missing = len(columns.now), len(columns.missing)
    found = compared(columns.now.lazy(), ~pl.col("content"))
    return Screened(handed_in + missing, rows=(*found.rows, *range(handed_in, handed_in + missing)))


@screen
def unique(columns: Columns, _rule: Rule) -> Screened:
    """Every one of repeated figures."""
    if len(columns.first) == len(columns.now):
        return Screened(len(columns.now) + len(columns.missing))
    found = compared(columns.now.lazy(), pl.col(KEY).is_duplicated())
    return Screened(len(columns.now) + len(columns.missing), rows=found.rows)


@screen
def known_region(columns: Columns, _rule: Rule) -> Screened:
    """A region not of the catalogue, or a county where only the whole is asked for."""
    is_known = pl.col("region").is_in(list(columns.catalog.regions))
    is_county = pl.col("region") != columns.catalog.prefecture.code
    return compared(columns.now.lazy(), ~is_known | (is_county & ~pl.col("by_county")))


@screen
def known_indicator(columns: Columns, _rule: Rule) -> Screened:
    """An indicator not of the profile."""
    return compared(columns.now.lazy(), ~pl.col("known"))


@screen
def unit(columns: Columns, _rule: Rule) -> Screened:
    """Another unit."""
    return compared(columns.now.lazy().filter("numeric"), pl.col("unit") != pl.col("unit_expected"))


@screen
def centre(columns: Columns, _rule: Rule) -> Screened:
    """Another centre."""
    return compared(columns.now.lazy(), pl.col("centre") != pl.col("centre_expected"))


@screen
def not_empty(_columns: Columns, _rule: Rule) -> Screened:
    """The check itself asks no row."""
    return Screened(compared=1)


@screen
def has_numbers(columns: Columns, _rule: Rule) -> Screened:
    """The first number there is, if any."""
    if all(indicator.kind == "text" for indicator in columns.asked.values()):
        return Screened(skipped=1)
    some = columns.now.lazy().filter(pl.col("numeric") & (pl.col("form") == "number")).head(1).collect()
    return Screened(compared=1, rows=tuple(some["index"]))


@screen
def not_provided(columns: Columns, _rule: Rule) -> Screened:
    """未提供 with a reason."""
    return compared(columns.now.lazy(), (pl.col("state") == "not_provided") & pl.col("worded"))


@screen
def form(columns: Columns, _rule: Rule) -> Screened:
    """Neither the number nor the text it should be."""
    frame = columns.now.lazy().filter(pl.col("known") & (pl.col("state") == "reported") & pl.col("content"))
    wanted = pl.when(pl.col("kind") == "text").then(pl.lit("text")).otherwise(pl.lit("number"))
    return compared(frame, pl.col("form") != wanted)


@screen
def not_negative(columns: Columns, _rule: Rule) -> Screened:
    """Below zero."""
    return compared(columns.amounts.filter(~pl.col("may_be_negative")), pl.col("value") < 0)


@screen
def whole(columns: Columns, _rule: Rule) -> Screened:
    """With a fraction."""
    frame = columns.amounts.filter((pl.col("dimension") == "people") & pl.col("single"))
    return compared(frame, pl.col("value") != pl.col("value").round(0))


@screen
def within_limits(columns: Columns, _rule: Rule) -> Screened:
    """Below the minimum or above the maximum."""
    frame = columns.amounts.filter(pl.col("minimum").is_not_null() | pl.col("maximum").is_not_null())
    value, slack = pl.col("value") / pl.col("factor_expected"), SLACK * pl.col("value").abs()
    below = (value < pl.col("minimum") + slack).fill_null(value=False)
    above = (value > pl.col("maximum") - slack).fill_null(value=False)
    return compared(frame, below | above)


@screen
def decimals(columns: Columns, _rule: Rule) -> Screened:
    """More decimals than are printed."""
    frame = columns.amounts.filter((pl.col("allowed") > 0) & (pl.col("unit") == pl.col("unit_expected")))
    return compared(frame, -pl.col("exponent") > pl.col("allowed"))


@screen
def county_sum(columns: Columns, _rule: Rule) -> Screened:
    """The whole is not near the sum of its parts."""
    catalog, wide = columns.catalog, columns.wide
    parts = [columns.regions[region.code] for region in catalog.parts_of_prefecture]
    additive = pl.col("by_county") & ~pl.col("kind").is_in(["level", "ratio"])
    totals = columns.amounts.filter(additive & (pl.col("region") == catalog.prefecture.code))
    if not parts:
        return Screened()
    value, half = wide.value[parts], wide.half[parts]
    is_known = ~np.isnan(value)
    size = np.nansum(np.abs(value), axis=0)
    tolerance = np.nansum(half, axis=0)
    of_parts = pl.LazyFrame(
        {
            "indicator": list(columns.places),
            "parts": np.nansum(value, axis=0),
            "parts_half": tolerance,
            "parts_size": size,
            "is_whole": (is_known | wide.not_applicable[parts]).all(axis=0) & is_known.any(axis=0),
            "parts_beyond": ~(size < np.where(tolerance > 0, TOO_LARGE, TOO_MANY)),
        }
    )
    frame = totals.join(of_parts, on="indicator", how="left", maintain_order="left")
    off = (pl.col("value") - pl.col("parts")).abs()
    # A sum of n floats is off by n units in the last place at most.
    margin = max(SLACK, len(parts) * 2.3e-16) * (pl.col("value").abs() + pl.col("parts_size"))
    is_suspect = beyond_rounding(off, pl.col("half") + pl.col("parts_half"), margin) | pl.col("parts_beyond")
    return compared(frame, is_suspect, pl.col("is_whole"))


def beyond_rounding(off: pl.Expr, tolerance: pl.Expr, margin: pl.Expr) -> pl.Expr:
    """Whether ``off`` may exceed ``tolerance``: counted people agree to the last one, and so do their floats."""
    return off > pl.when(tolerance > 0).then(tolerance - margin).otherwise(0.0)


@screen
def part_of_whole(columns: Columns, _rule: Rule) -> Screened:
    """A part larger than its whole."""
    tied = [f"{total} {part}" for total, part in tied_by_identities(columns.catalog)]
    frame = columns.amounts.filter(
        pl.col("part_of").is_not_null() & ~pl.concat_str("part_of", "indicator", separator=" ").is_in(tied)
    )
    wholes = columns.first.lazy().select(
        "region", part_of=pl.col("indicator"), whole=pl.col("value"), whole_half=pl.col("half")
    )
    frame = frame.join(wholes, on=["region", "part_of"], how="left", maintain_order="left")
    over = pl.col("value") - pl.col("whole")
    is_suspect = beyond_rounding(over, pl.col("half") + pl.col("whole_half"), near("value", "whole"))
    return compared(frame, is_suspect, pl.col("whole").is_not_null())
