"""Measures of counties beside each other: figures out of proportion, and figures that stand in another county's place.

Within an insurance, the logarithm of a county's figure is about what its county is plus what its indicator is, both
found as medians (median polish); what is left over has the spread of its indicator. No past is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data_checks.figure_table.columns import Columns
from data_checks.measures.copies import group_of
from data_checks.measures.evidence import Evidence, Found, among, measure, thresholds
from data_checks.measures.past import MAD_SCALE, Thresholds, comparable

_ROUNDS = 6
#: Of more that are out of line than this, only the furthest are tried as exchanged.
_MOST_TRIED = 2000


@dataclass(frozen=True)
class Fit:
    """One insurance by counties: ``rows`` (by indicator, -1 for none), logarithms, what is left over, spreads."""

    insurance: str
    rows: np.ndarray
    logarithm: np.ndarray
    left: np.ndarray
    spread: np.ndarray
    size: np.ndarray


def fits(columns: Columns, at_least: int) -> list[Fit]:
    """Return every insurance with at least two indicators that ``at_least`` counties report."""
    return columns.remembered(("fits", at_least), lambda: list(_fits(columns, at_least)))


def _fits(columns: Columns, at_least: int) -> Iterator[Fit]:
    is_counted = columns.of_kind("stock", "flow") & (columns.value > 0) & ~columns.fact("may_be_negative")
    for insurance in dict.fromkeys(columns.facts.insurance[:-1]):
        names = np.flatnonzero((columns.facts.insurance[:-1] == insurance) & columns.facts.by_county[:-1])
        rows = columns.first[columns.parts][:, names]
        rows = np.where(np.append(is_counted, False)[rows], rows, -1)
        rows = rows[:, (rows >= 0).sum(axis=0) >= at_least]
        if rows.shape[1] < 2:
            continue
        is_known = rows >= 0
        logarithm = np.where(is_known, np.log(np.maximum(np.append(columns.value, 1)[rows], 1)), np.nan)
        logarithm[is_known.sum(axis=1) < 2] = np.nan
        if (np.isfinite(logarithm).sum(axis=0) < at_least).any():
            continue
        size, left = _polished(logarithm)
        spread = MAD_SCALE * _medians(np.abs(left), axis=0)
        yield Fit(str(insurance), np.where(np.isfinite(logarithm), rows, -1), logarithm, left, spread, size)


def _polished(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a size for each line and what is left of ``table`` after it and one for each column; both by medians."""
    size, left = np.zeros(len(table)), table.copy()
    known = np.isfinite(table).any(axis=1)
    for _ in range(_ROUNDS):
        left -= _medians(left, axis=0)
        off = np.where(known, _medians(left, axis=1), 0.0)
        left -= off[:, None]
        size += off
        if not off.any():
            break
    return np.where(known, size, np.nan), left


def _medians(table: np.ndarray, axis: int) -> np.ndarray:
    """Return the medians along an axis of what is known; of nothing, nothing."""
    ordered, counts = np.sort(table, axis=axis), np.expand_dims(np.isfinite(table).sum(axis=axis), axis)
    low, high = (np.take_along_axis(ordered, np.maximum(each, 0), axis) for each in ((counts - 1) // 2, counts // 2))
    middle: np.ndarray = np.squeeze((low + high) / 2, axis=axis)
    return middle


@measure
def out_of_proportion(columns: Columns, thresholds_by: Thresholds) -> Evidence:
    """Find counties' figures out of proportion to their other figures, as the other counties have them.

    Out of it by more than ``deviations`` spreads of their indicator and by the factor ``least``, where at least
    ``regions`` counties report; figures near their own past are left alone, and so are small ones (``*_from``).
    """
    is_compared = np.zeros(len(columns.region), dtype=bool)
    off = np.zeros(len(columns.region))
    usual = np.zeros(len(columns.region))
    for fit in fits(columns, int(thresholds_by["regions"])):
        is_known = fit.rows >= 0
        rows = fit.rows[is_known]
        is_compared[rows] = True
        limit = np.maximum(thresholds_by["deviations"] * fit.spread, np.log(thresholds_by["least"]))
        off[rows] = (np.abs(fit.left) - limit)[is_known]
        usual[rows] = np.exp(fit.left[is_known])
    is_wrong = (off > 0) & ~near_past(columns) & _is_large(columns, usual, thresholds_by)
    return among(columns, is_compared, is_wrong, times=usual)


def _is_large(columns: Columns, times: np.ndarray, given: Thresholds) -> np.ndarray:
    least = columns.by_dimension(thresholds(given, "_from"))
    large: np.ndarray = columns.value / np.where(times > 0, np.minimum(times, 1), 1) >= least
    return large


def near_past(columns: Columns) -> np.ndarray:
    """Whether each row is within a third of the last comparable figure."""
    expected, _, able = comparable(columns)
    return columns.remembered("near_past", lambda: able & (3 * np.abs(columns.value - expected) <= np.abs(expected)))


@measure
def exchanged(columns: Columns, thresholds_by: Thresholds) -> Evidence:
    """Find two counties' figures, one or all of an insurance, that fit once they are exchanged.

    Each is ``far`` spreads (and at least by the factor ``least``) out of proportion as it stands, and within ``near``
    spreads where the other stands. All of an insurance are compared with the same counties in the other insurances.
    """
    tried = fits(columns, int(thresholds_by["regions"]))
    is_near = np.append(near_past(columns), False)
    compared = 0
    found: list[Found] = []
    told: set[int] = set()
    for fit in tried:
        for place in range(fit.rows.shape[1]):
            compared += 1
            column = fit.rows[:, place]
            left = np.where(is_near[column] | (column < 0), np.nan, fit.left[:, place])
            for one, other in _exchanges(left, fit.logarithm[:, place], fit.spread[place], thresholds_by):
                found.append(_told(columns, [(column[one], column[other])]))
                told |= {int(column[one]), int(column[other])}
    sizes = np.array([fit.size for fit in tried]).T
    if len(tried) > 2:
        with np.errstate(all="ignore"):
            left = _polished(np.where(np.isfinite(sizes).all(axis=1)[:, None], sizes, np.nan))[1]
        for number, fit in enumerate(tried):
            compared += 1
            here = np.where((is_near[fit.rows] & (fit.rows >= 0)).any(axis=1), np.nan, left[:, number])
            spread = MAD_SCALE * float(np.nanmedian(np.abs(left[:, number])))
            for one, other in _exchanges(here, sizes[:, number], spread, thresholds_by):
                both = (fit.rows[one] >= 0) & (fit.rows[other] >= 0)
                pairs = list(zip(fit.rows[one][both].tolist(), fit.rows[other][both].tolist(), strict=True))
                if pairs and not told & {row for pair in pairs for row in pair}:
                    found.append(_told(columns, pairs))
    return Evidence(compared, 0, tuple(found))


def _told(columns: Columns, pairs: list[tuple[int, int]]) -> Found:
    rows = np.array([*(one for one, _ in pairs), *(other for _, other in pairs)])
    names = columns.region_names
    regions = [names[columns.region[row]] for row in pairs[0]]
    return group_of(columns, rows, regions=regions)


def _exchanges(left: np.ndarray, logarithm: np.ndarray, spread: float, given: Thresholds) -> list[tuple[int, int]]:
    """Return pairs that only fit exchanged, each county in one; of several possible the best."""
    far = max(given["far"] * spread, float(np.log(given["least"])))
    near = max(given["near"] * spread, float(np.log(given["least"])) / 4)
    with np.errstate(invalid="ignore"):
        misfits = np.flatnonzero(np.abs(left) > far)
    misfits = misfits[np.argsort(-np.abs(left[misfits]), kind="stable")][:_MOST_TRIED]
    best: list[tuple[float, int, int]] = []
    for number, one in enumerate(misfits):
        others = misfits[number + 1 :]
        apart = logarithm[one] - logarithm[others]
        worst = np.maximum(np.abs(left[one] - apart), np.abs(left[others] + apart))
        for at in np.flatnonzero((left[one] * left[others] < 0) & (worst <= near)):
            best.append((float(worst[at]), int(min(one, others[at])), int(max(one, others[at]))))
    taken: set[int] = set()
    chosen = []
    for _, here, there in sorted(best):
        if not taken & {here, there}:
            taken |= {here, there}
            chosen.append((here, there))
    return sorted(chosen)
