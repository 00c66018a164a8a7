"""Measures of ratios and means: a stated one against its definitions, and what a person's share can plausibly be.

A quotient is known to an interval only, because its figures are printed rounded; it is broken when that interval
and the stated figure's (or the bounds) do not meet. Floats tell most; what they cannot tell is asked of fractions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from data_checks.figure_table.columns import Columns
from data_checks.measures.arguments import limits_in
from data_checks.measures.evidence import Evidence, Found, at_rows, measure

#: Relative error of floats in these formulas, with room.
_UNSURE = 1e-11


@measure
def ratio(
    columns: Columns,
    *,
    insurances: Sequence[str],
    stated: str,
    quotients: Sequence[Mapping[str, Any]],
    low: float | None,
    high: float | None,
    per: Mapping[str, float] | None = None,
) -> Evidence:
    """Find ratios that none of their definitions meets, or that lie outside their bounds."""
    limits = limits_in(columns.period.year, {"low": low, "high": high, "per": per})
    compared = skipped = 0
    found: list[Found] = []
    for insurance in insurances:
        name = columns.catalog.indicator_id(insurance, stated or quotients[0]["numerator"][0])
        subject = columns.asked.get(name)
        if subject is None:
            continue
        regions = np.append(columns.whole, columns.parts) if subject.by_county else np.array([columns.whole])
        here = _sum(columns, [stated], insurance, regions) if stated else None
        sums = [_sums(columns, quotient, insurance, regions) for quotient in quotients]
        rules = [_rule(columns, quotient, insurance, limits) for quotient in quotients]
        able, off = _gaps(sums, rules, here)
        is_known = able.any(axis=0) & (True if here is None else here.known)
        compared += int(is_known.sum())
        skipped += int((~is_known).sum())
        wrong = np.flatnonzero(is_known & (np.where(able, off, np.inf).min(axis=0) > 0))
        rows = columns.first[regions[wrong], columns.indicators[name]]
        tried = [np.flatnonzero(able[:, at]).tolist() for at in wrong]
        best = [int(np.where(able[:, at], off[:, at], np.inf).argmin()) for at in wrong]
        found += at_rows(columns, rows, insurance=[insurance] * len(wrong), tried=tried, best=best)
    return Evidence(compared, skipped, tuple(found))


def _gaps(
    sums: Sequence[tuple[_Sum, _Sum]], rules: Sequence[_Rule], stated: _Sum | None
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each quotient (rows) is known in each region, and how far it is from what it should meet."""
    able, off = [], []
    for (above, below), rule in zip(sums, rules, strict=True):
        is_above = above.value != 0 if rule.is_signed else above.value > 0
        is_able = above.known & below.known & is_above & (2 * below.value > below.place)
        parts = [(above.value, above.scale, 2), (above.place, above.scale, 1)]
        parts += [(below.value, below.scale, 2), (below.place, below.scale, 1)]
        told = [(stated.value, stated.scale, 2), (stated.place, stated.scale, 1)] if stated is not None else []
        with np.errstate(all="ignore"):
            floats = [each.astype(float) * times / scale / 2 for each, scale, times in (*parts, *told)]
            gap = rule.gap(floats)
            size = np.abs(floats[0] / floats[2]) + float(rule.high) + (np.abs(floats[4]) if told else 0)
        for at in np.flatnonzero(is_able & ~(np.abs(gap) > _UNSURE * size)):
            gap[at] = rule.gap([Fraction(int(each[at]) * times, scale * 2) for each, scale, times in (*parts, *told)])
        able.append(is_able)
        off.append(np.where(is_able, np.maximum(gap, 0.0), np.inf))
    return np.array(able), np.array(off)


def _rule(columns: Columns, quotient: Mapping[str, Any], insurance: str, limits: tuple[Fraction, Fraction]) -> _Rule:
    months = columns.period.end_month
    first = columns.catalog.indicators[columns.catalog.indicator_id(insurance, quotient["numerator"][0])]
    to_a_year = Fraction(12, months) if first.kind == "flow" else Fraction(1)
    divisor = Fraction(months if quotient.get("per_month") else 1, 100 if quotient.get("percent") else 1)
    return _Rule(*limits, divisor, to_a_year, first.may_be_negative)


def _sums(columns: Columns, quotient: Mapping[str, Any], insurance: str, regions: np.ndarray) -> tuple[_Sum, _Sum]:
    return (
        _sum(columns, quotient["numerator"], insurance, regions),
        _sum(columns, quotient["denominator"], insurance, regions),
    )


@dataclass(frozen=True)
class _Rule:
    """What a quotient is held against, for arrays of floats and for fractions alike."""

    low: Fraction
    high: Fraction
    divisor: Fraction
    to_a_year: Fraction
    #: Whether what is divided may be below zero: a fall is a growth, too.
    is_signed: bool

    def gap(self, parts: Sequence[Any]) -> Any:
        """How far the interval of a quotient and what it should meet are apart, negative when they meet.

        ``parts`` are the numerator and its half place, the denominator and its, and what is stated with its, in base
        units.
        """
        above, above_half, below, below_half, *told = parts
        is_exact = isinstance(above, Fraction)
        known = (self.low, self.high, self.to_a_year, self.divisor)
        low, high, yearly, divisor = (each if is_exact else float(each) for each in known)
        larger = max if is_exact else np.maximum
        least = _over(above - above_half, below + below_half, below - below_half) / divisor
        most = _over(above + above_half, below - below_half, below + below_half) / divisor
        least = least if self.is_signed else larger(least * 0, least)
        if told:
            stated, half = told
            return larger(stated - half - most * high, least * low - (stated + half))
        # A year's bounds: what is short of them in some months may still come, what is beyond them is too much.
        return larger(least - high, low - most * yearly)


def _over(above: Any, below: Any, below_of_negative: Any) -> Any:
    """Divide by ``below``, and what is negative by the other, for arrays of floats and for fractions alike."""
    if isinstance(above, Fraction):
        return above / (below if above >= 0 else below_of_negative)
    return np.where(above >= 0, above / below, above / below_of_negative)


@dataclass(frozen=True)
class _Sum:
    value: np.ndarray
    place: np.ndarray
    known: np.ndarray
    scale: int


def _sum(columns: Columns, names: Sequence[str], insurance: str, regions: np.ndarray) -> _Sum:
    places = [columns.indicators[columns.catalog.indicator_id(insurance, name)] for name in names]
    amounts = [columns.now(regions, place)[0] for place in places]
    return _Sum(
        np.sum(
            [-each.value if n.startswith("-") else each.value for n, each in zip(names, amounts, strict=True)], axis=0
        ),
        np.sum([each.place for each in amounts], axis=0),
        np.all([each.known for each in amounts], axis=0),
        int(columns.facts.scale[places[0]]),
    )
