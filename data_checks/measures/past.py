"""Measures between periods: year-to-date order, jumps, growth against a series' own history, slipped units."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from data_checks.figure_table.columns import IN_A_YEAR, Before, Columns
from data_checks.figure_table.facts import exceeds, falls_short
from data_checks.measures.evidence import Evidence, among, measure, thresholds
from disclosure.calendar.periods import Period

#: Makes the median absolute deviation comparable to a standard deviation.
MAD_SCALE = 1.4826
Thresholds = dict[str, float]


@measure
def never_falls(columns: Columns) -> Evidence:
    """Find Q1 ≤ H1 ≤ Q1-3 ≤ annual broken for year-to-date figures, but for items that may be negative.

    Compared with the nearest earlier period of the year that is known, and (when a published period is
    corrected) with the nearest later one; told is the one it is further from.
    """
    period = columns.period
    if period.kind == "special":
        return Evidence()
    compared = columns.of_kind("flow") & ~columns.fact("may_be_negative")
    place = IN_A_YEAR.index(period.kind)
    worst = np.zeros(len(columns.region), dtype=np.int64)
    against = np.full(len(columns.region), -1)
    able = np.zeros(len(columns.region), dtype=bool)
    for sign, kinds in ((1, IN_A_YEAR[:place][::-1]), (-1, IN_A_YEAR[place + 1 :])):
        open_ = compared.copy()
        for kind in kinds:
            other = columns.before(Period(period.year, kind))
            if other is None:
                continue
            here = open_ & other.known
            beyond = 2 * (other.value - columns.value) * sign - other.place - columns.place
            is_worse = here & (beyond > worst)
            worst = np.where(is_worse, beyond, worst)
            against = np.where(is_worse, IN_A_YEAR.index(kind), against)
            able |= here
            open_ &= ~here
    return among(columns, compared, worst > 0, able, against=np.array([*IN_A_YEAR, ""])[against])


@measure
def stalled(columns: Columns, thresholds_by: Thresholds) -> Evidence:
    """Find year-to-date figures that grew by less than ``share`` of their pace this year.

    Rounding is given the benefit of the doubt; figures below ``*_from`` and those that fell are left alone.
    """
    earlier = columns.period.previous_in_year()
    if earlier is None:
        return Evidence()
    compared = columns.of_kind("flow") & ~columns.fact("may_be_negative")
    before = columns.before(earlier) or _nothing(columns)
    share = Fraction(str(thresholds_by["share"]))
    months = columns.period.end_month
    pace = 2 * share * Fraction(months - earlier.end_month, months)
    rounding = columns.place + before.place
    grown = 2 * (columns.value - before.value)
    least = np.maximum(columns.fact("scale"), columns.by_dimension(thresholds(thresholds_by, "_from")))
    is_slow = falls_short(grown + rounding, pace, columns.value) & (grown >= -rounding) & (before.value >= least)
    return among(columns, compared, is_slow, before.known)


@measure
def jump(columns: Columns, thresholds_by: Thresholds, slips: list[Thresholds]) -> Evidence:
    """Find stocks and standards far from the period just before."""
    return _changed(columns, columns.period.previous(), ("stock", "level", "ratio"), thresholds_by, slips)


@measure
def growth(columns: Columns, thresholds_by: Thresholds, slips: list[Thresholds]) -> Evidence:
    """Find stocks, flows and standards far from the same period of last year."""
    kinds = ("stock", "flow", "level", "ratio")
    return _changed(columns, columns.period.year_before(), kinds, thresholds_by, slips)


def _changed(
    columns: Columns, period: Period | None, kinds: tuple[str, ...], given: Thresholds, slips: list[Thresholds]
) -> Evidence:
    if period is None:
        return Evidence()
    compared = columns.of_kind(*kinds)
    before = columns.before(period) or _nothing(columns)
    change, base = np.abs(columns.value - before.value), np.abs(before.value)
    far = np.zeros(len(columns.region), dtype=bool)
    for place, limit in enumerate(thresholds(given)):
        here = compared & before.known & (columns.fact("dimension") == place)
        if here.any():
            far[here] = exceeds(change[here], limit, base[here])
    # A slipped unit is one fault with its own rule; telling it again as growth would hide other growth.
    is_wrong = far & _is_large(columns, before, given) & ~_slipped(columns, slips)
    return among(columns, compared, is_wrong, before.known)


@measure
def unusual_growth(columns: Columns, thresholds_by: Thresholds, slips: list[Thresholds]) -> Evidence:
    """Find growth over a year beyond the series' own median by ``deviations`` times its MAD.

    Growth is the logarithm of the ratio. At least ``at_least`` earlier yearly growths must be known; a series
    that hardly ever moved may still move by its dimension's limit.
    """
    period = columns.period.year_before()
    if period is None:
        return Evidence()
    compared = columns.of_kind("stock", "flow", "level", "ratio")
    before = columns.before(period) or _nothing(columns)
    middle, spread, count = _usual_growth(columns)
    able = before.known & (before.value > 0) & (count >= thresholds_by["at_least"])
    least = np.log1p(columns.by_dimension(thresholds(thresholds_by), scaled=False))
    allowed = np.maximum(least, thresholds_by["deviations"] * spread)
    with np.errstate(all="ignore"):
        off = np.abs(np.log(columns.value / before.value) - middle) - allowed
    is_wrong = (columns.value > 0) & (off > 0) & _is_large(columns, before, thresholds_by)
    return among(columns, compared, is_wrong & ~_slipped(columns, slips), able, middle=middle, allowed=allowed)


def _usual_growth(columns: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each row the median of its series' yearly growths, their spread and number."""
    keys, earlier, later = columns.yearly
    chosen = (earlier > 0) & (later > 0)
    keys, growths = keys[chosen], np.log(later[chosen] / earlier[chosen])
    names, middles, counts = _medians(keys, growths)
    off = np.abs(growths - middles[np.searchsorted(names, keys)]) if len(keys) else growths
    spreads = MAD_SCALE * _medians(keys, off)[1]
    at = np.searchsorted(names, columns.key)
    is_known = np.append(names, -1)[at] == columns.key
    found = (np.where(is_known, np.append(each, 0)[at], 0) for each in (middles, spreads, counts))
    return tuple(found)  # type: ignore[return-value]


def _medians(keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keys that occur, with the median of the values of each and their number."""
    order = np.lexsort((values, keys))
    names, starts, counts = np.unique(keys[order], return_index=True, return_counts=True)
    values = values[order]
    middle = (values[starts + (counts - 1) // 2] + values[starts + counts // 2]) / 2 if len(names) else values
    return names, middle, counts


@measure
def unchanged_standard(columns: Columns, thresholds_by: Thresholds) -> Evidence:
    """Find standards that changed every year so far, ``at_least`` times, and are the same as last year's."""
    period = columns.period.year_before()
    if period is None:
        return Evidence()
    compared = columns.of_kind("level")
    before = columns.before(period) or _nothing(columns)
    keys, earlier, later = columns.yearly
    names, counts = np.unique(keys, return_counts=True)
    kept = np.isin(columns.key, keys[earlier == later])
    at = np.searchsorted(names, columns.key)
    count = np.where(np.append(names, -1)[at] == columns.key, np.append(counts, 0)[at], 0)
    able = before.known & (count >= thresholds_by["at_least"])
    return among(columns, compared, (columns.value == before.value) & ~kept, able, count=count)


@measure
def unit_slip(columns: Columns, thresholds_by: Thresholds) -> Evidence:
    """Find numbers about 10**k times the last comparable ones, for the powers k of the rule, up or down.

    ``band`` is how far, in powers of ten, the ratio may lie from 10**k; figures whose comparable number
    is below ``*_from`` are left alone, since small numbers do change tenfold.
    """
    compared = columns.known & (columns.fact("kind") != "derived")
    _, _, able = comparable(columns)
    power = slip_powers(columns, thresholds_by)
    return among(columns, compared, power != 0, able, power=power)


def slip_powers(columns: Columns, given: Thresholds) -> np.ndarray:
    """Power of ten that each row has slipped by, as ``unit_slip`` finds it; 0 for none."""
    return columns.remembered(("slip", repr(sorted(given.items()))), lambda: _slip_powers(columns, given))


def _slip_powers(columns: Columns, given: Thresholds) -> np.ndarray:
    expected, _, able = comparable(columns)
    band, powers = given["band"], [int(s * p) for p in given["powers"] for s in (1, -1)]  # type: ignore[attr-defined]
    least = np.maximum(columns.fact("scale"), columns.by_dimension(thresholds(given, "_from")))
    is_open = columns.known & able & (columns.value != 0) & (np.abs(expected) >= least)
    is_open &= columns.fact("kind") != "derived"
    with np.errstate(all="ignore"):
        logarithm = np.log10(np.abs(columns.value / expected))
    power = np.zeros(len(columns.region), dtype=np.int64)
    for each in powers:
        power[is_open & (power == 0) & (np.abs(logarithm - each) <= band)] = each
    return power


def _slipped(columns: Columns, slips: list[Thresholds]) -> np.ndarray:
    """Rows that a rule on slipped units reports."""
    found = np.zeros(len(columns.region), dtype=bool)
    for given in slips:
        found |= slip_powers(columns, given) != 0
    return found


def comparable(columns: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what each row's number should be near, which candidate period it is from, and whether there is one.

    For a stock or standard the latest earlier one. For a flow the same period of last year, or else the
    year-to-date figure of an earlier period in proportion to its months.
    """
    return columns.remembered("comparable", lambda: _comparable(columns))


def _comparable(columns: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    period = columns.period
    flow = columns.fact("kind") == "flow"
    expected = np.zeros(len(columns.region), dtype=np.int64)
    source = np.full(len(columns.region), -1)
    able = np.zeros(len(columns.region), dtype=bool)
    for is_flow in (True, False):
        for number, candidate in enumerate(candidates(period, is_flow=is_flow)):
            before = columns.before(candidate)
            if before is None or candidate is None:
                continue
            here = (flow == is_flow) & before.known & ~able
            value = before.value
            if is_flow and candidate.end_month != period.end_month:
                value = _in_proportion(value, period.end_month, candidate.end_month, columns.fact("step"))
            expected = np.where(here, value, expected)
            source = np.where(here, number, source)
            able |= here
    return expected, source, able


def candidates(period: Period, *, is_flow: bool) -> tuple[Period | None, ...]:
    """Return the periods that a figure is comparable with, the best first."""
    if is_flow:
        return (period.year_before(), period.previous_in_year(), period.last_year_end())
    return (period.previous(), period.last_year_end(), period.year_before())


def _in_proportion(value: np.ndarray, months: int, of: int, step: np.ndarray) -> np.ndarray:
    """``value`` times ``months`` divided by ``of``, to a whole ``step``, halves to the even one."""
    divisor = of * step
    whole, rest = np.divmod(value * months, divisor)
    up = (2 * rest > divisor) | ((2 * rest == divisor) & (whole % 2 == 1))
    scaled: np.ndarray = (whole + up) * step
    return scaled


def _is_large(columns: Columns, before: Before, given: Thresholds) -> np.ndarray:
    least = columns.by_dimension(thresholds(given, "_from"))
    large: np.ndarray = np.maximum(columns.is_big, np.abs(before.value)) >= least
    return large


def _nothing(columns: Columns) -> Before:
    nothing = np.zeros(len(columns.region), np.int64)
    return Before(nothing, nothing, nothing.astype(bool))
