"""The attack: what an outsider who knows every sum can work out of what is withheld.

For each withheld cell two programmes find the least and the greatest value it can have, by HiGHS over whole numbers.
What they find is not believed: each comes with a whole table, and that table is checked in exact integers. A cell
counts as protected only where two such tables were found, one below and one above what the rule asks for, which an
outsider cannot tell from the real one.

Source: Fischetti, Salazar-González (2001), Solving the cell suppression problem on tabular data with linear
constraints, Management Science 47(7); Hundepool et al. (2012), Statistical Disclosure Control, chapter 4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from disclosure.confidentiality.cells.linear_table import Equation, LinearTable, connected, unknown_part

#: An outsider is not asked about values further away than so many times what must be possible.
_REACH = 100
_LEAST_REACH = 1000
_SECONDS_A_PROGRAMME = 20.0


@dataclass(frozen=True)
class Interval:
    """What an outsider can work out of a withheld cell: ``low`` to ``high``; ``is_open``: it may be even more.

    ``is_protected``: it takes in all that must be possible.
    """

    low: int
    high: int
    is_open: bool
    is_protected: bool


def attack(table: LinearTable, withheld: Collection[int]) -> dict[int, Interval]:
    """Return for every withheld cell of ``table`` what an outsider can work out of it."""
    unknown = Unknown(table, withheld)
    return {cell: unknown.interval(cell) for cell in sorted(withheld)}


def find_exposed(
    table: LinearTable, withheld: Collection[int], found: Mapping[int, Interval] | None = None
) -> list[int]:
    """Return the sensitive cells that an outsider comes too close to, among them any that is shown.

    ``found``: what an ``attack`` on the same cells came to already.
    """
    unknown, known = Unknown(table, withheld), found or {}
    return [
        cell
        for cell in table.sensitive
        if not (cell in withheld or table.cells[cell].is_hidden)
        or not (known[cell] if cell in known else unknown.interval(cell)).is_protected
    ]


class Unknown:
    """What an outsider does not know, as deviations from the real table: those that change no sum."""

    def __init__(self, table: LinearTable, withheld: Collection[int]) -> None:
        self._table = table
        cells, equations = unknown_part(table, withheld)
        self._parts = _parts(cells, equations)

    def interval(self, cell: int) -> Interval:
        """Return all that ``cell`` can be."""
        part, here = self._parts[cell], self._table.cells[cell]
        low, high = (part.furthest(self._table, cell, sign) for sign in (-1, 1))
        reach = part.reach(self._table)
        wanted = here.protection
        return Interval(
            low=here.value + low,
            high=here.value + high,
            is_open=high >= reach,
            is_protected=wanted is None or (here.value + low <= wanted.low and here.value + high >= wanted.high),
        )


@dataclass(frozen=True)
class _Part:
    """Unknown cells that hang together."""

    cells: Sequence[int]
    equations: Sequence[Equation]

    def reach(self, table: LinearTable) -> int:
        """Return how far from its value a cell is asked about: keeps every number small enough to be exact."""
        wanted = [
            max(each.value - each.protection.low, each.protection.high - each.value)
            for each in (table.cells[cell] for cell in self.cells)
            if each.protection
        ]
        return max(_LEAST_REACH, _REACH * max(wanted, default=0))

    def furthest(self, table: LinearTable, cell: int, sign: int) -> int:
        """Return how far ``cell`` can be below (-1) or above (1) its value; 0 where no other table was found."""
        reach = self.reach(table)
        lowest = np.array([max(table.cells[each].lowest - table.cells[each].value, -reach) for each in self.cells])
        # A value below what it could be is no more secret for that.
        bounds = Bounds(np.minimum(lowest, 0), np.full(len(self.cells), reach))
        cost = np.zeros(len(self.cells))
        cost[self.cells.index(cell)] = -sign
        constraints = [LinearConstraint(matrix_of(self.equations, self.cells), 0, 0)] if self.equations else []
        found = milp(
            cost,
            integrality=np.ones(len(self.cells)),
            bounds=bounds,
            constraints=constraints,
            options={"time_limit": _SECONDS_A_PROGRAMME},
        )
        if found.x is None:
            return 0
        deviations = {each: round(value) for each, value in zip(self.cells, found.x, strict=True)}
        return deviations[cell] if self._is_table(deviations, bounds) else 0

    def _is_table(self, deviations: Mapping[int, int], bounds: Bounds) -> bool:
        """Whether the other table keeps every sum and every bound, in exact integers."""
        sums = (sum(factor * deviations[cell] for cell, factor in equation.items()) for equation in self.equations)
        within = (
            int(low) <= deviations[cell] <= int(high)
            for cell, low, high in zip(self.cells, bounds.lb, bounds.ub, strict=True)
        )
        return not any(sums) and all(within)


def matrix_of(equations: Sequence[Equation], cells: Sequence[int]) -> csr_array:
    """Return the equations as a sparse matrix, a column for each of ``cells``."""
    place = {cell: number for number, cell in enumerate(cells)}
    entries = [
        (row, place[cell], factor) for row, equation in enumerate(equations) for cell, factor in equation.items()
    ]
    shape = (len(equations), len(cells))
    if not entries:
        return csr_array(shape)
    rows, columns, factors = zip(*entries, strict=True)
    return csr_array((np.array(factors, float), (rows, columns)), shape=shape)


def _parts(cells: Iterable[int], equations: Sequence[Equation]) -> dict[int, _Part]:
    """Return for every cell the part it belongs to."""
    members = connected(cells, equations)
    number_of = {cell: number for number, own in enumerate(members) for cell in own}
    own: list[list[Equation]] = [[] for _ in members]
    for equation in equations:
        own[number_of[next(iter(equation))]].append(equation)
    parts = [_Part(each, equations_of) for each, equations_of in zip(members, own, strict=True)]
    return {cell: parts[number] for cell, number in number_of.items()}
