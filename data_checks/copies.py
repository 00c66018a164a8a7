"""Checks for copying: a period that was not updated, one region pasted over another, rows or columns exchanged."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from math import comb

from data_checks.checking import Checked, Key, Violation, amounts, check, threshold
from data_checks.findings import messages
from data_checks.tables import Row, Tables
from disclosure.catalog import Catalog, Rule

#: Room for what floats lose, where exact numbers decide after all.
_ROOM = 1e-9


@check
def copied(tables: Tables, rule: Rule) -> Checked:
    """Figures equal to an earlier period's, many in one group: copied, not updated.

    A group is one insurance in one region, or one indicator over all regions; ``at_least`` is how many
    figures it must have. It is reported where all are equal, or ``at_least`` of those with ``digits`` digits or
    more, which do not stay the same by chance; once, at its first equal figure. Standards may stay the same for
    years and are left out, as are zeros.
    """
    done = Checked()
    at_least = int(threshold(rule, "at_least"))
    told: set[int] = set()
    for earlier in filter(None, (tables.period.previous(), tables.period.year_before())):
        groups: dict[tuple[str, str], list[tuple[Row, bool]]] = defaultdict(list)
        for row, indicator, amount in amounts(tables):
            before = tables.before(row.region, indicator.id, earlier)
            if indicator.kind in ("stock", "flow") and amount.value and before is not None:
                same = amount.value == before.value
                groups[row.region, indicator.insurance].append((row, same))
                groups["", indicator.id].append((row, same))
        for group, members in groups.items():
            if not tables.looks_at(group):
                continue
            if len(members) < at_least:
                done.skipped += 1
                continue
            done.compared += 1
            done.measures.setdefault(members[0][0].index, Decimal(0))
            rows = [row for row, same in members if same]
            if told & {row.index for row in rows}:
                continue
            telling = sum(_digits(row) >= threshold(rule, "digits") for row in rows)
            if len(rows) == len(members) or telling >= at_least:
                told |= {row.index for row in rows}
                words = {"count": len(rows), "of": len(members), "before_period": earlier.label}
                _report(done, "copied" if len(rows) == len(members) else "copied.mostly", rows, words)
    return done


def _digits(row: Row) -> int:
    """How many digits the figure of a row has, zeros at its ends not counted."""
    value = _value(row)
    return len(value.normalize().as_tuple().digits) if value else 0


@check
def same_regions(tables: Tables, rule: Rule) -> Checked:
    """Regions with the same figures throughout an insurance, at least ``at_least`` of them; zeros say nothing.

    All that are the same are reported once, at the first figure of the second of them in the catalogue's order.
    """
    done = Checked()
    catalog = tables.catalog
    of: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for row, indicator, amount in amounts(tables):
        if indicator.by_county and indicator.kind in ("stock", "flow") and amount.value:
            of[indicator.insurance, row.region].setdefault(indicator.id, row)
    for insurance in catalog.insurances:
        reporting = [region for region in catalog.parts_of_prefecture if (insurance, region.code) in of]
        done.skipped += comb(len(catalog.parts_of_prefecture), 2) - comb(len(reporting), 2)
        for one, other in combinations(reporting, 2):
            left, right = of[insurance, one.code], of[insurance, other.code]
            both = [name for name in right if name in left]
            if len(both) < threshold(rule, "at_least"):
                done.skipped += 1
                continue
            rows = [right[name] for name in both]
            done.compared += 1
            done.measures.setdefault(rows[0].index, Decimal(0))
        alike: dict[frozenset[tuple[str, Decimal | None]], list[str]] = defaultdict(list)
        for region in catalog.parts_of_prefecture:
            figures = of.get((insurance, region.code), {})
            if len(figures) >= threshold(rule, "at_least"):
                alike[frozenset((name, _value(row)) for name, row in figures.items())].append(region.code)
        for first, *others in alike.values():
            if others:
                rows = [row for code in others for row in of[insurance, code].values()]
                _report(done, "same_regions", rows, _alike(catalog, first, others, len(rows) // len(others)))
    return done


def _alike(catalog: Catalog, first: str, others: list[str], count: int) -> dict[str, object]:
    """The words for regions that have the same ``count`` figures."""
    also = messages()["list_of_places"].join(catalog.regions[code].name for code in others[1:])
    return {
        "count": count,
        "other": catalog.regions[first].name,
        "also": messages()["words"]["also"].format(names=also) if also else "",
    }


@dataclass(frozen=True)
class _Misfit:
    """A figure far from what its own past lets one expect (both positive, base units)."""

    row: Row
    name: str
    value: Decimal
    expected: Decimal


@check
def swapped(tables: Tables, rule: Rule) -> Checked:
    """Figures that are ``far`` from their own past and ``near`` each other's: exchanged, or pasted one row too low.

    Both are logarithms of ratios; the exchange must also bring each at least ``better`` times nearer.

    Tried over the regions of one indicator and over the indicators of one insurance in one region that share a
    unit. Two or more that exchange places among themselves are reported, or three or more that all moved on
    to another's place; once, at the first.
    """
    done = Checked()
    near, better = float(threshold(rule, "near")), float(threshold(rule, "better"))
    told: set[int] = set()
    for size, misfits in _misfits(tables, rule):
        done.compared += size > 1
        done.skipped += size <= 1
        moved = _exchange(misfits, near, better)
        if not moved or told & {each.row.index for each, _ in moved}:
            continue
        told |= {each.row.index for each, _ in moved}
        words = messages()["words"]
        pairs = messages()["list_of_places"].join(
            words["belongs"].format(here=each.name, there=there.name) for each, there in moved
        )
        _report(done, "swapped", [each.row for each, _ in moved], {"count": len(moved), "pairs": pairs})
    return done


def _misfits(tables: Tables, rule: Rule) -> Iterator[tuple[int, list[_Misfit]]]:
    """For every group of figures that may have changed places: how many could be compared, and the misfits."""
    catalog = tables.catalog
    far = float(threshold(rule, "far"))
    groups: dict[Key, list[_Misfit | None]] = defaultdict(list)
    for row, indicator, amount in amounts(tables):
        comparable = tables.last_comparable(row.region, indicator)
        if comparable is None or indicator.kind == "derived":
            continue
        expected = comparable[0]
        least = max(Decimal(1), threshold(rule, f"{tables.dimension(indicator)}_from"))
        is_misfit = min(amount.value, expected) >= least and abs(math.log(amount.value / expected)) > far
        region = catalog.regions.get(row.region)
        if region is not None and region.level != "prefecture":
            misfit = _Misfit(row, region.name, amount.value, expected) if is_misfit else None
            groups["", indicator.id].append(misfit)
        misfit = _Misfit(row, indicator.name, amount.value, expected) if is_misfit else None
        groups[row.region, f"{indicator.insurance} {indicator.unit}"].append(misfit)
    for group, members in groups.items():
        if tables.looks_at(group):
            yield len(members), [each for each in members if each is not None]


def _exchange(misfits: list[_Misfit], near: float, better: float) -> list[tuple[_Misfit, _Misfit]]:
    """Whose place each misfit seems to have come from, when that makes an exchange or a shift; else nothing."""
    to: dict[int, int] = {}
    places = sorted((float(other.expected), there) for there, other in enumerate(misfits))
    for here, each in enumerate(misfits):
        # Only what its own bound lets it reach: the nearest is there, or nowhere.
        reach = min(near, abs(math.log(each.value / each.expected)) / better)
        start = bisect_left(places, (float(each.value) * math.exp(-reach - _ROOM), -1))
        end = bisect_left(places, (float(each.value) * math.exp(reach + _ROOM), len(misfits)))
        within = sorted(there for _, there in places[start:end] if there != here)
        distance = {there: abs(math.log(each.value / misfits[there].expected)) for there in within}
        best = min(distance, key=lambda there: distance[there], default=None)
        if best is not None and distance[best] <= reach:
            to[here] = best
    if len(set(to.values())) < len(to):
        return []
    closed = dict(to)
    while stray := [here for here in closed if here not in closed.values()]:
        for here in stray:
            del closed[here]
    chosen = closed or (to if len(to) >= 3 else {})
    return [(misfits[here], misfits[there]) for here, there in chosen.items()]


def _value(row: Row) -> Decimal | None:
    return row.amount.value if row.amount else None


def _report(done: Checked, words_key: str, rows: list[Row], words: dict[str, object]) -> None:
    """One violation about all of ``rows``, at the first."""
    first, *others = rows
    done.measures[first.index] = Decimal(1)
    involved = tuple((row.region, row.indicator_id) for row in others)
    done.violations.append(Violation(words_key, first, words, kind="copy", involved=involved))
