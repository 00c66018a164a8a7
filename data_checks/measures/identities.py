"""Measures of accounting identities: in every insurance and region, exact, with rounding as it was printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data_checks.figure_table.columns import Columns
from data_checks.measures.evidence import Evidence, Found, at_rows, measure
from disclosure.catalog import Identity

#: More terms than this, of the largest amounts kept, would not add up in 64 bits.
MOST_TERMS = 11


@dataclass(frozen=True)
class Balances:
    """An identity in all regions that report its total; all arrays are in their order.

    ``exists`` is false where the total is 不适用, ``able`` where there is nothing to compare. ``bound``: the parts
    must not exceed the total; ``open_below``: a part not at hand may be negative, so that even more can be right.
    ``holds``: the total is the sum.
    """

    total: int
    regions: np.ndarray
    exists: np.ndarray
    able: np.ndarray
    bound: np.ndarray
    open_below: np.ndarray
    is_wrong: np.ndarray
    holds: np.ndarray


@dataclass(frozen=True)
class Equation:
    """``total`` = Σ ``parts`` (+ ``opening``), by indicator ids without their insurance; see ``Identity``."""

    total: str
    parts: tuple[str, ...]
    relation: str
    opening: str

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Equation:
        """Return the equation of an expectation's arguments."""
        return cls(arguments["total"], tuple(arguments["parts"]), arguments["relation"], arguments.get("opening", ""))


@measure
def identity(
    columns: Columns, *, insurances: Sequence[str], total: str, parts: Sequence[str], relation: str, opening: str = ""
) -> Evidence:
    """Find totals that are not the signed sum of their parts, beyond what rounding of all of them can explain."""
    compared = skipped = 0
    found: list[Found] = []
    for insurance in insurances:
        balances = balances_of(columns, insurance, Equation(total, tuple(parts), relation, opening))
        if balances is None:
            continue
        compared += int((balances.able & balances.exists).sum())
        skipped += int((~balances.able & balances.exists).sum())
        wrong = np.flatnonzero(balances.is_wrong)
        rows = columns.first[balances.regions[wrong], balances.total]
        told = {"bound": balances.bound[wrong], "open_below": balances.open_below[wrong]}
        found += at_rows(columns, rows, insurance=[insurance] * len(wrong), **told)
    return Evidence(compared, skipped, tuple(found))


def balances_of(columns: Columns, insurance: str, equation: Equation) -> Balances | None:
    """Both sides of an identity in one insurance; None where nobody is asked for anything that could be compared.

    ``complete_parts`` is an equality only where every part this profile reports for the period is at
    hand and the parts leave nothing out: a residual ``.other`` is among them, or all parts the identity
    knows are. A part that is 不适用 is at hand and adds nothing; one that is 未提供 is not at hand.
    """
    return columns.remembered((insurance, equation), lambda: _balances(columns, insurance, equation))


def _balances(columns: Columns, insurance: str, equation: Equation) -> Balances | None:
    catalog, parts, relation, opening = columns.catalog, equation.parts, equation.relation, equation.opening
    total_id = catalog.indicator_id(insurance, equation.total)
    ids = [catalog.indicator_id(insurance, part) for part in parts]
    indicator = columns.asked.get(total_id)
    if indicator is None or (not opening and not any(part in columns.asked for part in ids)):
        return None
    if len(parts) + 1 + bool(opening) > MOST_TERMS:
        raise OverflowError(f"恒等式的项目超过 {MOST_TERMS} 个，不能精确计算")
    regions = np.append(columns.whole, columns.parts) if indicator.by_county else np.array([columns.whole])
    here, absent = columns.now(regions, columns.indicators[total_id])
    expected, place = np.zeros(len(regions), np.int64), here.place.copy()
    terms, able = np.zeros(len(regions), np.int64), here.known.copy()
    if opening:
        stock = columns.opening(regions, columns.indicators[f"{insurance}.{opening}"])
        able &= stock.known
        expected, place, terms = expected + stock.value, place + stock.place, terms + stock.known
    lacking: list[tuple[str, np.ndarray]] = []
    residual = np.zeros(len(regions), dtype=bool)
    for part, part_id in zip(parts, ids, strict=True):
        amount, is_absent = columns.now(regions, columns.indicators[part_id])
        expected = expected - amount.value if part.startswith("-") else expected + amount.value
        place, terms = place + amount.place, terms + amount.known
        is_lacking = ~amount.known & ~is_absent
        lacking.append((part_id, is_lacking))
        # A residual item takes in whatever is not asked for; without one every part must be at hand.
        residual |= ~is_lacking & Identity.is_residual(part_id)
    bound = np.full(len(regions), relation == "at_most")
    open_below = np.zeros(len(regions), dtype=bool)
    if relation == "equal":
        for _, is_lacking in lacking:
            able &= ~is_lacking
    else:
        able &= terms > 0
        for part_id, is_lacking in lacking:
            unknown = is_lacking & (~residual | (part_id in columns.asked))
            bound |= unknown
            open_below |= unknown & catalog.indicators[part_id].may_be_negative
    excess = here.value - expected
    off = np.where(bound, -excess, np.abs(excess))
    is_wrong = able & ~absent & (2 * off > place)
    holds = able & ~bound & (2 * off <= place) & (terms > 0)
    return Balances(columns.indicators[total_id], regions, ~absent, able, bound, open_below, is_wrong, holds)
