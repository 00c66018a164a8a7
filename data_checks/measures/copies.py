"""Measures of copying: a period that was not updated, one region pasted over another, rows or columns exchanged."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations
from math import comb

import numpy as np

from data_checks.figure_table.columns import Columns
from data_checks.figure_table.facts import DIMENSIONS
from data_checks.measures.evidence import Evidence, Found, at_rows, measure, thresholds
from data_checks.measures.past import Thresholds, comparable

_TENS = 10 ** np.arange(19, dtype=np.int64)


@measure
def copied(columns: Columns, thresholds_by: Thresholds) -> Evidence:
    """Find figures equal to an earlier period's, many in one group: copied, not updated.

    A group is one insurance in one region, or one indicator over all regions; ``at_least`` is how many
    figures it must have. It is reported where all are equal, or ``at_least`` of those with ``digits`` digits or
    more, which do not stay the same by chance; once, at its first equal figure. A smaller group of ``all_from`` figures
    on is reported where all are equal and have ``together`` digits in all. Standards may stay the same for years and
    are left out, as are zeros.
    """
    at_least, all_from = int(thresholds_by["at_least"]), int(thresholds_by["all_from"])
    counted = columns.of_kind("stock", "flow") & (columns.value != 0)
    compared = skipped = 0
    found: list[Found] = []
    told: set[int] = set()
    for earlier in filter(None, (columns.period.previous(), columns.period.year_before())):
        before = columns.before(earlier)
        if before is None:
            continue
        rows = np.flatnonzero(counted & before.known)
        same = columns.value[rows] == before.value[rows]
        digits = _digits(columns.value[rows])
        telling = same & (digits >= thresholds_by["digits"])
        groups = []
        for place, at in enumerate(_groups(columns, rows)):
            first, counts = _firsts(at)
            large = counts >= at_least
            able = large | (counts >= all_from)
            compared += int(able.sum())
            skipped += int((~able & (counts > 0)).sum())
            is_all = np.bincount(at, same, len(counts)) == counts
            is_copied = large & (is_all | (np.bincount(at, telling, len(counts)) >= at_least))
            is_copied |= able & is_all & (np.bincount(at, digits, len(counts)) >= thresholds_by["together"])
            groups += [
                (first[group], place, rows[same & (at == group)], counts[group]) for group in np.flatnonzero(is_copied)
            ]
        for _, _, members, size in sorted(groups, key=lambda each: each[:2]):
            if not told & set(members.tolist()):
                told |= set(members.tolist())
                found.append(group_of(columns, members, of=int(size), earlier=earlier.id))
    return Evidence(compared, skipped, tuple(found))


def _firsts(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for every key up to the largest where it occurs first (0 for nowhere), and how often it does."""
    counts = np.bincount(keys)
    first = np.zeros(len(counts), dtype=np.int64)
    first[keys[::-1]] = np.arange(len(keys))[::-1]
    return first, counts


def _groups(columns: Columns, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keys of the groups of one insurance in one region, and of one indicator."""
    insurances = np.unique(columns.facts.insurance, return_inverse=True)[1]
    of_region = columns.region[rows] * (insurances.max() + 1) + insurances[columns.indicator[rows]]
    return of_region, columns.indicator[rows]


def group_of(columns: Columns, rows: np.ndarray, **told: object) -> Found:
    """One finding about all of ``rows``, at the first."""
    (first, *others) = at_rows(columns, rows)
    return {**first, "with": [[each["region"], each["indicator"]] for each in others], "count": len(rows), **told}


@measure
def typed_over(columns: Columns, thresholds_by: Thresholds) -> Evidence:
    """Find two indicators of an insurance and unit with the same figures in every region that has both.

    They must have ``together`` digits in all, and not have been the same before. A part may be all of its whole, and
    everybody who takes part may pay: that is told where they were different before, or in ``regions`` regions.
    """
    facts = columns.facts
    expected, _, able = comparable(columns)
    chosen = columns.of_kind("stock", "flow") & (columns.value != 0)
    rows = np.where(np.append(chosen, False)[columns.first], columns.first, -1)
    value, past = np.append(columns.value, 0), np.append(expected, 0)
    has_past, digits = np.append(able, False), np.append(_digits(columns.value), 0)
    kinds = [f"{insurance} {unit}" for insurance, unit in zip(facts.insurance, facts.unit, strict=True)]
    used = np.flatnonzero((rows[:, :-1] >= 0).any(axis=0)).tolist()
    compared = skipped = 0
    found: list[Found] = []
    for one, other in combinations(used, 2):
        if kinds[one] != kinds[other]:
            continue
        both = (rows[:, one] >= 0) & (rows[:, other] >= 0)
        compared, skipped = compared + bool(both.any()), skipped + (not both.any())
        here, there = rows[both, one], rows[both, other]
        if not len(here) or (value[here] != value[there]).any() or digits[here].sum() < thresholds_by["together"]:
            continue
        known = has_past[here] & has_past[there]
        was_same = known.any() and (past[here] == past[there])[known].all()
        may_be_same = facts.dimension[one] == DIMENSIONS.index("people") or _is_within(columns, one, other)
        if was_same or (may_be_same and not known.any() and len(here) < thresholds_by["regions"]):
            continue
        off = [float(np.abs(value[at] - past[at])[known].sum()) for at in (here, there)]
        # Without a past the later row was typed over the earlier one.
        (at, like), name = ((here, there), other) if off[0] > off[1] else ((there, here), one)
        told = group_of(columns, np.append(at, like), like=columns.indicator_names[name])
        found.append({**told, "count": len(at)})
    return Evidence(compared, skipped, tuple(found))


def _is_within(columns: Columns, one: int, other: int) -> bool:
    """Whether one indicator is a part of the other."""
    facts, names = columns.facts, columns.indicator_names
    is_part = other == facts.part_of[one] or one == facts.part_of[other]
    return bool(is_part or names[one].startswith(f"{names[other]}.") or names[other].startswith(f"{names[one]}."))


def _digits(values: np.ndarray) -> np.ndarray:
    """How many digits amounts have, zeros at their ends not counted."""
    left = np.abs(values)
    while (ends := (left % 10 == 0) & (left != 0)).any():
        left = np.where(ends, left // 10, left)
    count: np.ndarray = np.searchsorted(_TENS, left, side="right")
    return count


@measure
def same_regions(columns: Columns, thresholds_by: Thresholds) -> Evidence:
    """Find regions with the same figures throughout an insurance, at least ``at_least`` of them; zeros say nothing.

    All that are the same are reported once, at the first figure of the second of them in the catalogue's order.
    """
    catalog, at_least = columns.catalog, thresholds_by["at_least"]
    chosen = np.flatnonzero(columns.of_kind("stock", "flow") & columns.fact("by_county") & (columns.value != 0))
    rows = np.full((len(columns.region_names), len(columns.indicator_names)), -1, dtype=np.int64)
    rows[columns.region[chosen[::-1]], columns.indicator[chosen[::-1]]] = chosen[::-1]
    rows = rows[columns.parts]
    compared = 0
    found: list[Found] = []
    for insurance in catalog.insurances:
        places = np.flatnonzero(columns.facts.insurance[:-1] == insurance)
        of = rows[:, places]
        compared += _pairs_compared(of >= 0, at_least)
        alike: dict[bytes, list[int]] = defaultdict(list)
        values = np.where(of >= 0, columns.value[of], 0) if len(columns.region) else of
        for part in np.flatnonzero((of >= 0).sum(axis=1) >= at_least):
            alike[values[part].tobytes()].append(int(part))
        for first, *others in alike.values():
            if others:
                members = np.concatenate([np.sort(of[part][of[part] >= 0]) for part in others])
                names = [columns.region_names[columns.parts[part]] for part in (first, *others)]
                found.append(group_of(columns, members, regions=names))
    pairs = comb(len(columns.parts), 2) * len(catalog.insurances)
    return Evidence(compared, pairs - compared, tuple(found))


def _pairs_compared(is_known: np.ndarray, at_least: float) -> int:
    """Pairs of rows that know at least so many columns both; rows with the same columns are counted together."""
    # Counted as bytes: ``np.unique`` sorts thousands of rows to find the few kinds there are.
    seen = Counter(row.tobytes() for row in is_known)
    counts = np.fromiter(seen.values(), dtype=np.int64, count=len(seen))
    kinds = np.frombuffer(b"".join(seen), dtype=bool).reshape(len(seen), is_known.shape[1])
    shared = kinds.astype(np.int64) @ kinds.T.astype(np.int64) >= at_least
    of_two = np.outer(counts, counts)
    np.fill_diagonal(of_two, counts * (counts - 1))
    return int((of_two * shared).sum()) // 2


@measure
def swapped(columns: Columns, thresholds_by: Thresholds) -> Evidence:
    """Find figures that are ``far`` from their own past and ``near`` each other's: exchanged, or pasted a row too low.

    Both are logarithms of ratios; the exchange must also bring each at least ``better`` times nearer. Tried over the
    regions of one indicator and over the indicators of one insurance in one region that share a unit. Two or more
    that exchange places among themselves are reported, or three or more that all moved on to another's place.
    """
    expected, _, able = comparable(columns)
    rows = np.flatnonzero(columns.known & able & (columns.fact("kind") != "derived"))
    counties = {r.code for r in columns.catalog.regions.values() if r.level != "prefecture"}
    is_county = np.array([name in counties for name in columns.region_names])[columns.region[rows]]
    kinds = np.unique(
        [f"{i} {u}" for i, u in zip(columns.facts.insurance, columns.facts.unit, strict=True)], return_inverse=True
    )
    of_region = columns.region[rows] * len(kinds[0]) + kinds[1][columns.indicator[rows]]
    least = np.maximum(columns.fact("scale"), columns.by_dimension(thresholds(thresholds_by, "_from")))[rows]
    value, near = columns.value[rows], expected[rows]
    with np.errstate(all="ignore"):
        is_misfit = (np.minimum(value, near) >= least) & (np.abs(np.log(value / near)) > thresholds_by["far"])
    found: list[tuple[int, int, list[tuple[int, int]]]] = []
    compared = skipped = 0
    # A row stands in the group of its indicator before that of its region.
    for place, (keys, here) in enumerate(((columns.indicator[rows], is_county), (of_region, np.ones(len(rows), bool)))):
        first, counts = _firsts(keys[here])
        compared += int((counts > 1).sum())
        skipped += int((counts == 1).sum())
        misfits = np.flatnonzero(is_misfit & here)
        targets = _targets(keys[misfits], value[misfits], near[misfits], thresholds_by)
        for key, moves in _by_group(keys[misfits], targets):
            moved = _exchange(moves)
            if moved:
                pairs = [(rows[misfits[a]], rows[misfits[b]]) for a, b in moved]
                found.append((int(rows[here][first[key]]), place, pairs))
    told: set[int] = set()
    groups = []
    for _, place, moved in sorted(found, key=lambda each: each[:2]):
        if not told & {here for here, _ in moved}:
            told |= {here for here, _ in moved}
            there = at_rows(columns, np.array([other for _, other in moved]))
            belongs = [[each["region"], each["indicator"]] for each in there]
            groups.append(
                group_of(
                    columns,
                    np.array([here for here, _ in moved]),
                    belongs=belongs,
                    over="indicators" if place else "regions",
                )
            )
    return Evidence(compared, skipped, tuple(groups))


def _targets(keys: np.ndarray, value: np.ndarray, expected: np.ndarray, given: Thresholds) -> np.ndarray:
    """For each misfit the one in its group whose place it seems to have come from; -1 for none."""
    here, there = np.log(value), np.log(expected)
    reach = np.minimum(given["near"], np.abs(np.log(value / expected)) / given["better"])
    order = np.lexsort((np.arange(len(keys)), there, keys))
    group = np.unique(keys, return_inverse=True)[1]
    # Logarithms of amounts lie within 100: groups are kept apart by that.
    sorted_there = (group * 100.0 + there)[order]
    at = np.searchsorted(sorted_there, group * 100.0 + here)
    best, distance = np.full(len(keys), -1), np.full(len(keys), np.inf)
    for side in (-1, 0):
        place = np.clip(at + side, 0, len(keys) - 1) if len(keys) else at
        # Of equal ones the first.
        place = np.searchsorted(sorted_there, sorted_there[place]) if len(keys) else place
        other = order[place]
        with np.errstate(all="ignore"):
            off = np.abs(np.log(value / expected[other]))
        is_better = (keys[other] == keys) & (other != np.arange(len(keys))) & (off <= reach)
        is_better &= (off < distance) | ((off == distance) & (other < best))
        best, distance = np.where(is_better, other, best), np.where(is_better, off, distance)
    return best


def _by_group(keys: np.ndarray, targets: np.ndarray) -> Iterable[tuple[int, dict[int, int]]]:
    """Return groups of misfits with where two or more of them seem to have come from."""
    groups: dict[int, dict[int, int]] = defaultdict(dict)
    for here in np.flatnonzero(targets >= 0).tolist():
        groups[int(keys[here])][here] = int(targets[here])
    return ((key, moves) for key, moves in groups.items() if len(moves) > 1)


def _exchange(moves: dict[int, int]) -> list[tuple[int, int]]:
    """Return the moves that make an exchange or a shift; none where two come from one place."""
    if len(set(moves.values())) < len(moves):
        return []
    closed = dict(moves)
    while stray := [here for here in closed if here not in closed.values()]:
        for here in stray:
            del closed[here]
    chosen = closed or (moves if len(moves) >= 3 else {})
    return list(chosen.items())
