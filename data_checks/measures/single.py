"""Measures of single figures and of wholes: signs, whole numbers, limits, sums of regions, parts of a whole."""

from __future__ import annotations

import numpy as np

from data_checks.figure_table.columns import Columns
from data_checks.figure_table.figures import LARGEST
from data_checks.measures.evidence import Evidence, among, measure


@measure
def not_provided(columns: Columns) -> Evidence:
    """Find figures that were not provided, with a reason."""
    handed_in = np.arange(len(columns.region)) < columns.handed_in
    return among(columns, handed_in, columns.state("not_provided") & columns.worded)


@measure
def not_negative(columns: Columns) -> Evidence:
    """Find numbers below zero where a negative is illegitimate."""
    return among(columns, columns.known & ~columns.fact("may_be_negative"), columns.value < 0)


@measure
def whole(columns: Columns) -> Evidence:
    """Find fractions of people, person-times and employers."""
    units = columns.catalog.units
    given = columns.named("unit")
    single = np.array([*(name in units and units[name].factor == 1 for name in given.categories), False])[given.codes]
    is_people = columns.known & (columns.fact("dimension") == 0) & single
    return among(columns, is_people, (columns.value % columns.fact("scale") != 0) | columns.finer)


@measure
def within_limits(columns: Columns) -> Evidence:
    """Find numbers below the catalogue's minimum or above its maximum."""
    low, high = columns.fact("minimum"), columns.fact("maximum")
    limited = columns.known & ((low > -LARGEST) | (high < LARGEST))
    below = columns.value < low
    return among(columns, limited, below | (columns.value > high), below=below)


@measure
def decimals(columns: Columns) -> Evidence:
    """Find numbers with more decimals than are printed; whole numbers are another rule's."""
    units = columns.catalog.units
    given = columns.named("unit")
    names = np.array([*(name if name in units else "" for name in given.categories), ""])[given.codes]
    allowed = columns.fact("decimals")
    compared = columns.known & (allowed > 0) & (names == columns.fact("unit"))
    return among(columns, compared, -columns.exponent > allowed)


@measure
def county_sum(columns: Columns) -> Evidence:
    """Find wholes that are not the sum of their parts within rounding; 不适用 adds nothing."""
    additive = columns.fact("by_county") & ~np.isin(columns.fact("kind"), ("level", "ratio"))
    totals = columns.known & additive & (columns.region == columns.whole)
    if not len(columns.parts):
        return Evidence()
    rows = np.flatnonzero(totals)
    expected, place, able = sums_of_parts(columns)
    at = columns.indicator[rows]
    excess = columns.value[rows] - expected[at]
    wrong = np.zeros(len(columns.region), dtype=bool)
    wrong[rows] = 2 * np.abs(excess) > columns.place[rows] + place[at]
    is_able = np.zeros(len(columns.region), dtype=bool)
    is_able[rows] = able[at]
    return among(columns, totals, wrong, is_able)


def sums_of_parts(columns: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum of the parts by indicator, their places together, and whether every part is at hand.

    Raises:
        OverflowError: when so many so large amounts do not add up in 64 bits.
    """
    return columns.remembered("sums_of_parts", lambda: _sums_of_parts(columns))


def _sums_of_parts(columns: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = columns.first[columns.parts][:, :-1]
    value, place, known, absent = (each[rows] for each in columns.padded_amounts)
    if np.abs(value.astype(float)).sum(axis=0).max(initial=0.0) > 10 * LARGEST:
        raise OverflowError("各地合计超出可精确计算的范围")
    known = known.astype(bool)
    able = (known | absent.astype(bool)).all(axis=0) & known.any(axis=0)
    return value.sum(axis=0), place.sum(axis=0), able


@measure
def part_of_whole(columns: Columns, tied: list[str]) -> Evidence:
    """Find parts larger than the whole the catalogue names, but for those (``tied``) that an identity compares."""
    is_compared = (columns.facts.part_of >= 0) & ~np.isin([*columns.facts.names, ""], tied)
    is_part = columns.known & is_compared[columns.indicator]
    rows = columns.first[columns.region, np.where(is_part, columns.fact("part_of"), -1)]
    value, place, known, _ = (each[rows] for each in columns.padded_amounts)
    over = 2 * (columns.value - value) > columns.place + place
    return among(columns, is_part, over, known.astype(bool))
