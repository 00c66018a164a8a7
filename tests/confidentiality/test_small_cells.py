"""Protects small cells: what is withheld is the least that is safe, and no sum of the table gives any of it away.

The attacker here is none of the product's: he tries every table of whole numbers that keeps all published sums.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.confidentiality.cells.attack import attack, find_exposed
from disclosure.confidentiality.cells.linear_table import LinearTable, Protection, TableCell
from disclosure.confidentiality.cells.protection import suppress
from disclosure.confidentiality.cells.sensitivity import is_small_count, is_sure_of_few

pytestmark = pytest.mark.unit

#: (row, column); the last row and column are the totals.
Grid = dict[tuple[int, int], int]


def grid_of(
    rows: Sequence[Sequence[int]], threshold: int, *, lowest: int = 1, totals_known: bool = False, dear: int = 5
) -> tuple[LinearTable, Grid]:
    """A table of counts with its totals, and where each of its cells is."""
    full = [[*row, sum(row)] for row in rows]
    full.append([sum(column) for column in zip(*full, strict=True)])
    last_row, last_column = len(rows), len(rows[0])
    cells: list[TableCell] = []
    place: Grid = {}
    for row, values in enumerate(full):
        for column, value in enumerate(values):
            is_total = row == last_row or column == last_column
            place[row, column] = len(cells)
            protection = Protection(lowest, threshold) if 0 < value < threshold else None
            is_known = value == 0 or (is_total and totals_known)
            weight = dear if is_total else 1
            cells.append(TableCell((row, column), value, lowest, weight, is_known=is_known, protection=protection))
    across = [{**{place[r, c]: 1 for c in range(last_column)}, place[r, last_column]: -1} for r in range(last_row + 1)]
    down = [{**{place[r, c]: 1 for r in range(last_row)}, place[last_row, c]: -1} for c in range(last_column + 1)]
    return LinearTable(cells, [*across, *down]), place


def possible_tables(table: LinearTable, withheld: Collection[int], most: int) -> Iterator[dict[int, int]]:
    """Every way to fill in what is withheld with whole numbers up to ``most`` that keeps all sums, one by one."""
    order = sorted(withheld)
    found: dict[int, int] = {}
    # No part is greater than a total that is known.
    upper = {
        cell: min(
            [most]
            + [
                table.cells[each].value
                for number in table.equations_of[cell]
                for each, factor in table.equations[number].items()
                if factor == -1 and each not in withheld
            ]
        )
        for cell in order
    }

    def is_kept(equation: dict[int, int]) -> bool:
        return sum(f * found.get(cell, table.cells[cell].value) for cell, f in equation.items()) == 0

    def fill(number: int) -> Iterator[dict[int, int]]:
        if number == len(order):
            yield dict(found)
            return
        cell = order[number]
        ended = [
            equation
            for equation in table.equations
            if cell in equation and all(each in found or each == cell or each not in withheld for each in equation)
        ]
        for value in range(table.cells[cell].lowest, upper[cell] + 1):
            found[cell] = value
            if all(is_kept(dict(equation)) for equation in ended):
                yield from fill(number + 1)
            del found[cell]

    yield from fill(0)


def by_brute_force(table: LinearTable, withheld: Collection[int], most: int) -> dict[int, tuple[int, int]]:
    """The least and the greatest value of each withheld cell in all those tables."""
    spans: dict[int, tuple[int, int]] = {}
    for each in possible_tables(table, withheld, most):
        for cell, value in each.items():
            low, high = spans.get(cell, (value, value))
            spans[cell] = (min(low, value), max(high, value))
    return spans


def is_safe(table: LinearTable, withheld: Collection[int], most: int) -> bool:
    spans = by_brute_force(table, withheld, most)
    for cell in table.sensitive:
        wanted = table.cells[cell].protection
        assert wanted is not None
        if cell not in withheld or spans[cell][0] > wanted.low or spans[cell][1] < wanted.high:
            return False
    return True


small_grids = st.integers(2, 3).flatmap(
    lambda width: st.lists(
        st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 7]), min_size=width, max_size=width),
        min_size=2,
        max_size=4 - width + 1,
    )
)


@settings(max_examples=25, deadline=None)
@given(small_grids)
def test_an_attacker_who_tries_every_table_learns_no_more_than_promised_and_nothing_cheaper_is_safe(
    rows: list[list[int]],
) -> None:
    table, _ = grid_of(rows, 4, totals_known=True)
    most = max(cell.value for cell in table.cells)
    chosen = suppress(table)
    told = attack(table, chosen.withheld)
    assert {cell: (each.low, each.high) for cell, each in told.items()} == by_brute_force(table, chosen.withheld, most)
    if chosen.exposed:
        everything = {cell for cell in range(len(table.cells)) if table.is_choosable(cell)}
        assert not is_safe(table, everything, most), "what is called hopeless is so"
        return
    assert is_safe(table, chosen.withheld, most)
    others = [cell for cell in range(len(table.cells)) if table.is_choosable(cell) and cell not in table.sensitive]
    choices = chain.from_iterable(combinations(others, size) for size in range(len(others) + 1))
    cheapest = min(
        sum(table.cells[cell].weight for cell in (*table.sensitive, *choice))
        for choice in choices
        if is_safe(table, {*table.sensitive, *choice}, most)
    )
    assert chosen.cost == cheapest


#: Children of delinquent parents by county and education; the sensitive ones are below 5. Source: Federal Committee on
#: Statistical Methodology, Statistical Policy Working Paper 22 (1994, 2005), chapter 4, tables 1 to 4.
DELINQUENT = [[15, 1, 3, 1], [20, 10, 10, 15], [3, 10, 10, 2], [12, 14, 7, 2]]


def test_the_working_papers_first_attempt_is_seen_through() -> None:
    """Every row and column hides two cells, and yet Alpha's very high is 1: two rows less two columns tell it."""
    table, at = grid_of(DELINQUENT, 5, lowest=0)
    hidden = {at[p] for p in ((0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (2, 0), (2, 3), (3, 0), (3, 3))}
    found = attack(table, hidden)[at[0, 3]]
    assert (found.low, found.high, found.is_protected) == (1, 1, False)
    assert at[0, 3] in find_exposed(table, hidden)


def test_the_working_papers_table_is_protected_at_the_least_cost() -> None:
    table, at = grid_of(DELINQUENT, 5, lowest=0)
    chosen = suppress(table)
    assert {at[p] for p in ((0, 1), (0, 2), (0, 3), (2, 0), (2, 3), (3, 3))} <= chosen.withheld
    assert not find_exposed(table, chosen.withheld)
    assert chosen.cost == round(chosen.bound)


#: Investment of enterprises by activity and region; the cell (activity II, region C) is sensitive. Source: Fischetti,
#: Salazar-González (2001), Management Science 47(7), figure 1, with the pattern and the interval of its introduction.
INVESTMENT = [[20, 50, 10], [8, 19, 22], [17, 32, 12]]


def test_the_papers_pattern_gives_the_papers_interval() -> None:
    table, at = grid_of(INVESTMENT, 1, lowest=0)
    found = attack(table, {at[p] for p in ((1, 0), (1, 2), (2, 0), (2, 2))})[at[1, 2]]
    assert (found.low, found.high) == (5, 30)


def test_a_cell_alone_in_a_table_takes_its_total_with_it() -> None:
    table, at = grid_of([[5, 0], [0, 40]], 10)
    chosen = suppress(table)
    assert {at[0, 0], at[0, 2], at[2, 0]} <= chosen.withheld
    assert not find_exposed(table, chosen.withheld)


def test_what_the_public_has_already_protects_nothing() -> None:
    table, _ = grid_of([[5, 6], [7, 8]], 10, totals_known=True)
    known = LinearTable(
        [TableCell(c.key, c.value, c.lowest, is_known=c.key != (0, 0), protection=c.protection) for c in table.cells],
        table.equations,
    )
    chosen = suppress(known)
    assert chosen.exposed == frozenset(known.sensitive)


def test_amounts_of_few_are_known_by_their_number() -> None:
    assert [count for count in range(6) if is_sure_of_few(count, 3)] == [1, 2, 3]
    assert [count for count in range(6) if is_sure_of_few(count, 1)] == [1, 2]
    assert [count for count in range(4) if is_small_count(count, 3, is_zero_small=True)] == [0, 1, 2]
    assert [count for count in range(4) if is_small_count(count, 3, is_zero_small=False)] == [1, 2]
