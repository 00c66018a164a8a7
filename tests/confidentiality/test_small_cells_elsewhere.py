"""Protects small cells where all fillings cannot be tried: by another algorithm, and by examples solved by others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from disclosure.confidentiality.cells.attack import attack, find_exposed
from disclosure.confidentiality.cells.linear_table import (
    LinearTable,
    Protection,
    TableCell,
    with_attainable_protection,
)
from disclosure.confidentiality.cells.protection import suppress
from tests.confidentiality.test_small_cells import Grid, grid_of

pytestmark = pytest.mark.unit

#: More than any cell could grow.
_NO_BOUND = 10**6


def by_flow(
    table: LinearTable, at: Grid, withheld: Collection[int], shape: tuple[int, int]
) -> Mapping[int, tuple[int, int]]:
    """What an outsider who knows all totals can work out of each withheld cell, by the greatest flow in a network.

    Rows and columns are nodes; a withheld cell that grows is a flow from its row to its column, one that shrinks a
    flow back. What goes round through a cell changes no total.
    """
    rows, columns = shape
    capacity = np.zeros((rows + columns, rows + columns), np.int32)
    for (row, column), cell in at.items():
        if cell in withheld:
            capacity[row, rows + column] = _NO_BOUND
            capacity[rows + column, row] = table.cells[cell].value - table.cells[cell].lowest
    found = {}
    for (row, column), cell in at.items():
        if cell not in withheld:
            continue
        one, other = row, rows + column
        rest = capacity.copy()
        rest[one, other] = rest[other, one] = 0
        network = csr_array(rest)
        up = int(maximum_flow(network, other, one).flow_value)
        down = min(int(capacity[other, one]), int(maximum_flow(network, one, other).flow_value))
        value = table.cells[cell].value
        found[cell] = (value - down, value + up)
    return found


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(
    st.integers(5, 8).flatmap(
        lambda width: st.lists(
            st.lists(st.sampled_from([0, 3, 8, 11, 14, 20, 35, 60, 90]), min_size=width, max_size=width),
            min_size=5,
            max_size=9,
        )
    )
)
def test_another_algorithm_learns_no_more_of_larger_tables(rows: list[list[int]]) -> None:
    table, at = grid_of(rows, 10, totals_known=True)
    chosen = suppress(table)
    told = attack(table, chosen.withheld)
    seen = by_flow(table, at, chosen.withheld, (len(rows), len(rows[0])))
    assert {cell: (each.low, each.high) for cell, each in told.items()} == seen
    for cell in set(table.sensitive) - chosen.exposed:
        wanted = table.cells[cell].protection
        assert wanted is not None
        assert seen[cell][0] <= wanted.low
        assert seen[cell][1] >= wanted.high


def worth_their_value(table: LinearTable, protections: Mapping[int, Protection]) -> LinearTable:
    cells = [
        replace(cell, weight=cell.value, lowest=0, protection=protections.get(number))
        for number, cell in enumerate(table.cells)
    ]
    return LinearTable(cells, table.equations)


#: Persons by region (A to D) and sex, out of the micro data of sdcTable. Source: Meindl, sdcTable (CRAN), data set
#: ``microdata1`` and ``tests/testthat/test-protectTable.r``: women of A are sensitive; the optimum withholds A and C.
PERSONS = [[18, 2], [19, 14], [12, 10], [6, 19]]


def test_the_optimum_of_sdctables_own_test_is_found() -> None:
    table, at = grid_of(PERSONS, 1, lowest=0)
    chosen = suppress(worth_their_value(table, {at[0, 1]: Protection(1, 3)}))
    assert chosen.withheld == {at[0, 0], at[0, 1], at[2, 0], at[2, 1]}
    assert chosen.cost == 18 + 2 + 12 + 10


def line(values: Sequence[int], lowest: int = 1) -> LinearTable:
    """Parts and their total, all of which may be withheld."""
    cells = [
        TableCell(number, value, lowest, is_known=value == 0, protection=Protection(1, 10) if 0 < value < 10 else None)
        for number, value in enumerate([*values, sum(values)])
    ]
    return LinearTable(cells, [{**dict.fromkeys(range(len(values)), 1), len(values): -1}])


@pytest.mark.parametrize(("values", "low"), [([2, 5], 2), ([2, 0, 5], 2), ([1, 1, 1], 3), ([4, 0], 1)])
def test_a_small_whole_of_small_parts_need_not_look_smaller_than_its_parts(values: list[int], low: int) -> None:
    table = with_attainable_protection(line(values))
    whole = len(values)
    assert table.cells[whole].protection == Protection(low, 10)
    chosen = suppress(table)
    assert chosen.exposed == frozenset()
    assert not find_exposed(table, chosen.withheld)
    assert set(table.sensitive) <= chosen.withheld
