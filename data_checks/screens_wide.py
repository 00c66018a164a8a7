"""The same pass for identities and ratios: all regions of an insurance at once, on the wide matrices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from data_checks.columns import SLACK, TOO_LARGE, TOO_MANY, Columns, Screened
from data_checks.identities import is_unasked
from disclosure.catalog import Catalog, Identity, Indicator, Quotient, Ratio


@dataclass
class _Sums:
    """The parts of an identity in all regions: their sum, its size and rounding, and what is not at hand."""

    expected: np.ndarray
    size: np.ndarray
    tolerance: np.ndarray
    terms: np.ndarray
    lacking: np.ndarray
    unasked: np.ndarray
    residual: np.ndarray

    @classmethod
    def over(cls, count: int) -> _Sums:
        return cls(
            expected=np.zeros(count),
            size=np.zeros(count),
            tolerance=np.zeros(count),
            terms=np.zeros(count, dtype=int),
            lacking=np.zeros(count, dtype=int),
            unasked=np.zeros(count, dtype=int),
            residual=np.zeros(count, dtype=bool),
        )

    def add(self, amount: np.ndarray, half: np.ndarray) -> np.ndarray:
        """Add a term where it is known; where that is."""
        self.expected += np.nan_to_num(amount)
        self.size += np.abs(np.nan_to_num(amount))
        self.tolerance += np.nan_to_num(half)
        is_known: np.ndarray = ~np.isnan(amount)
        self.terms += is_known
        return is_known


def screen_identity(columns: Columns, identity: Identity) -> Screened:
    """Insurances and regions in which ``identity`` may be broken beyond rounding."""
    wide = columns.wide
    compared = skipped = 0
    cells: list[tuple[str, str]] = []
    for insurance in identity.for_each:
        total_id = columns.catalog.indicator_id(insurance, identity.total)
        total = columns.asked.get(total_id)
        if total is None or is_unasked(columns.catalog, columns.asked, identity, insurance):
            continue
        rows, place = _rows(columns, total), columns.places[total_id]
        value, half = wide.value[rows, place], wide.half[rows, place]
        exists = ~wide.not_applicable[rows, place]
        able = ~np.isnan(value)
        sums = _Sums.over(len(rows))
        if identity.opening:
            stock = columns.places.get(f"{insurance}.{identity.opening}")
            opening = columns.opening
            able &= sums.add(_column(opening.value, rows, stock), _column(opening.half, rows, stock))
        _add_parts(columns, identity, insurance, rows, sums)
        if identity.relation == "equal":
            able &= sums.lacking == 0
            bound = np.zeros(len(rows), dtype=bool)
        else:
            able &= sums.terms > 0
            unknown = np.where(sums.residual, sums.lacking - sums.unasked, sums.lacking)
            bound = (unknown > 0) | (identity.relation == "at_most")
        excess = value - sums.expected
        off = np.where(bound, -excess, np.abs(excess))
        is_suspect = _is_beyond(off, half + sums.tolerance, np.abs(value) + sums.size)
        compared += int((able & exists).sum())
        skipped += int((~able & exists).sum())
        cells += _cells(columns, insurance, rows, able & exists & is_suspect)
    return Screened(compared, skipped, cells=tuple(cells))


def _add_parts(columns: Columns, identity: Identity, insurance: str, rows: list[int], sums: _Sums) -> None:
    for part in identity.parts:
        part_id = columns.catalog.indicator_id(insurance, part)
        at = columns.places.get(part_id)
        amount = _column(columns.wide.value, rows, at)
        signed = -amount if part.startswith("-") else amount
        is_known = sums.add(signed, _column(columns.wide.half, rows, at))
        is_absent = columns.wide.not_applicable[rows, at] if at is not None else np.zeros(len(rows), dtype=bool)
        is_lacking = ~is_known & ~is_absent
        sums.lacking += is_lacking
        sums.unasked += is_lacking & (part_id not in columns.asked)
        sums.residual |= ~is_lacking & part_id.endswith(".other")


def screen_ratio(columns: Columns, ratio: Ratio) -> Screened:
    """Insurances and regions in which no definition of ``ratio`` may be met."""
    catalog = columns.catalog
    compared = skipped = 0
    cells: list[tuple[str, str]] = []
    low, high = float(ratio.low or Decimal(1)), float(ratio.high or Decimal(1))
    for insurance in ratio.for_each:
        name = catalog.indicator_id(insurance, ratio.stated or ratio.quotients[0].numerator[0])
        subject = columns.asked.get(name)
        if subject is None:
            continue
        rows = _rows(columns, subject)
        stated = _column(columns.wide.value, rows, columns.places.get(subject.id))
        half = _column(columns.wide.half, rows, columns.places.get(subject.id))
        best = np.full(len(rows), np.inf)
        found = np.zeros(len(rows), dtype=bool)
        for quotient in ratio.quotients:
            least, most = _interval(columns, quotient, insurance, rows)
            if ratio.stated:
                over, under = (stated - half) - most * high, least * low - (stated + half)
            else:
                first = catalog.indicators[catalog.indicator_id(insurance, quotient.numerator[0])]
                to_a_year = 12 / columns.period.end_month if first.kind == "flow" else 1.0
                over, under = least - high, low - most * to_a_year
            size = np.abs(most) * max(high, 1.0) + np.abs(np.nan_to_num(stated)) + high
            off = np.maximum(over, under) + 10 * SLACK * size
            is_known = ~np.isnan(least)
            best = np.where(is_known, np.fmin(best, off), best)
            found |= is_known
        able = found & ~np.isnan(stated) if ratio.stated else found
        compared += int(able.sum())
        skipped += int((~able).sum())
        cells += _cells(columns, insurance, rows, able & ~(best <= 0))
    return Screened(compared, skipped, cells=tuple(cells))


def _interval(columns: Columns, quotient: Quotient, insurance: str, rows: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Least and most of a quotient as rounding allows; NaN where it cannot be worked out."""
    catalog = columns.catalog
    above, above_half = _sum(columns, catalog, quotient.numerator, insurance, rows)
    below, below_half = _sum(columns, catalog, quotient.denominator, insurance, rows)
    months = columns.period.end_month if quotient.per_month else 1
    with np.errstate(all="ignore"):
        is_able = (above > 0) & (below - below_half > 0)
        least = np.where(is_able, np.maximum(0.0, above - above_half) / (below + below_half) / months, np.nan)
        most = np.where(is_able, (above + above_half) / (below - below_half) / months, np.nan)
    return least, most


def _sum(
    columns: Columns, catalog: Catalog, parts: tuple[str, ...], insurance: str, rows: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    places = [columns.places.get(catalog.indicator_id(insurance, part)) for part in parts]
    amounts = sum((_column(columns.wide.value, rows, place) for place in places), np.zeros(len(rows)))
    halves = sum((_column(columns.wide.half, rows, place) for place in places), np.zeros(len(rows)))
    return amounts, halves


def _rows(columns: Columns, indicator: Indicator) -> list[int]:
    return [columns.regions[region.code] for region in columns.catalog.regions_for(indicator)]


def _column(matrix: np.ndarray, rows: list[int], place: int | None) -> np.ndarray:
    return np.full(len(rows), np.nan) if place is None else matrix[rows, place]


def _is_beyond(off: np.ndarray, tolerance: np.ndarray, size: np.ndarray) -> np.ndarray:
    """As ``screens.beyond_rounding``, and whatever is too large for a float to tell."""
    with np.errstate(all="ignore"):
        is_unsure = ~(size < np.where(tolerance > 0, TOO_LARGE, TOO_MANY))
        return (off > np.where(tolerance > 0, tolerance - SLACK * size, 0.0)) | is_unsure


def _cells(columns: Columns, insurance: str, rows: list[int], chosen: np.ndarray) -> list[tuple[str, str]]:
    codes = list(columns.regions)
    return [(insurance, codes[rows[place]]) for place in np.flatnonzero(chosen)]
