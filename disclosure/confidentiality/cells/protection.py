"""Which cells to withhold beside the sensitive ones, so that no sum gives those away and least is lost.

A mixed-integer programme over the whole table: a yes or no for each cell, and for each sensitive cell the demand that
an outsider must hold possible all its protection says. That demand is found out in rounds: the cheapest choice is
attacked, and each attack that succeeds gives an inequality that every safe choice keeps and this one breaks (the
duals of the attacker's linear programme), until no attack succeeds. HiGHS solves both.

Source: Fischetti, Salazar-González (2001), Solving the cell suppression problem on tabular data with linear
constraints, Management Science 47(7), sections 3 and 4.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from disclosure.confidentiality.cells.attack import find_exposed, matrix_of
from disclosure.confidentiality.cells.linear_table import LinearTable, split_table, unknown_part

#: A choice within this part of the least loss is good enough.
_GAP = 0.0
#: So many seconds may be spent on one part of a table; afterwards what is safe is taken though it may not be cheapest.
_SECONDS = 60.0
_ROUNDS = 400
#: Below this a difference is the solver's, not the table's.
_EPSILON = 1e-6


@dataclass(frozen=True)
class Suppression:
    """What is withheld of a table, by number. ``exposed``: sensitive cells that no choice can protect.

    ``cost`` is the sum of the weights of ``withheld``; ``bound`` what no safe choice can cost less than.
    """

    withheld: frozenset[int]
    exposed: frozenset[int]
    cost: int
    bound: float


def suppress(table: LinearTable, seconds: float = _SECONDS) -> Suppression:
    """Choose what to withhold of ``table``: all that is sensitive, and with it as little as can be.

    The result is attacked once more in exact integers by whoever takes it (``attack``); here it was, for each part.
    """
    place = {cell.key: number for number, cell in enumerate(table.cells)}
    withheld: set[int] = set()
    exposed: set[int] = set()
    bound = 0.0
    for part in split_table(table):
        if not part.sensitive:
            continue
        chosen, lost, least = _suppress_part(part, seconds)
        withheld |= {place[part.cells[cell].key] for cell in chosen}
        exposed |= {place[part.cells[cell].key] for cell in lost}
        bound += least
    cost = sum(table.cells[cell].weight for cell in withheld)
    return Suppression(frozenset(withheld), frozenset(exposed), cost, bound)


def _suppress_part(part: LinearTable, seconds: float) -> tuple[set[int], set[int], float]:
    """Return what is withheld of a part that hangs together, what cannot be protected, and the bound on its cost."""
    everything = {cell for cell in range(len(part.cells)) if part.is_choosable(cell)}
    lost = set(find_exposed(part, everything))
    wanted = [cell for cell in part.sensitive if cell not in lost]
    master = _Choice(part, everything, lost)
    until = time.monotonic() + seconds
    bound = 0.0
    for _ in range(_ROUNDS):
        left = until - time.monotonic()
        if left <= 0:
            break
        chosen, bound = master.cheapest(left)
        if chosen is None:
            break
        if not _cut_off(master, part, chosen, wanted):
            if not set(find_exposed(part, chosen)) - lost:
                return chosen, lost, bound
            master.forbid(chosen)
    return _thinned(part, everything, lost), lost, bound


def _cut_off(master: _Choice, part: LinearTable, chosen: set[int], wanted: Iterable[int]) -> bool:
    """Attack ``chosen`` for every cell, and tell the master what it broke; whether any attack succeeded."""
    attacker = _Attacker(part, chosen)
    broken = False
    for cell in wanted:
        here = part.cells[cell]
        assert here.protection is not None  # noqa: S101 - sensitive cells have one
        for sign, need in ((-1, here.value - here.protection.low), (1, here.protection.high - here.value)):
            if need > 0 and (prices := attacker.prices(cell, sign, need)) is not None:
                master.demand(prices, need)
                broken = True
    return broken


def _thinned(part: LinearTable, everything: set[int], lost: set[int]) -> set[int]:
    """Give back, dearest first, what need not be withheld: the way out where time ran out."""
    chosen = set(everything)
    for cell in sorted(everything - set(part.sensitive), key=lambda each: (-part.cells[each].weight, each)):
        if not set(find_exposed(part, chosen - {cell})) - lost:
            chosen.discard(cell)
    return chosen


class _Attacker:
    """The outsider's linear programme over all cells of a part: those not withheld cannot deviate."""

    def __init__(self, part: LinearTable, chosen: Collection[int]) -> None:
        self._part = part
        unknown, equations = unknown_part(part, chosen)
        self._unknown, self._place = unknown, {cell: number for number, cell in enumerate(unknown)}
        self._matrix = matrix_of(equations, unknown)
        # The same equations over every cell, known ones too: what a price is of, if that cell were withheld as well.
        numbers = dict.fromkeys(number for cell in unknown for number in part.equations_of[cell])
        touched = [part.equations[number] for number in sorted(numbers)]
        self._whole = matrix_of(touched, range(len(part.cells)))

    def prices(self, cell: int, sign: int, need: int) -> np.ndarray | None:
        """Return what each cell, withheld, could add to the reach of ``cell``; None where that reaches ``need``.

        A linear programme bounded by ``need`` of the cell itself; its duals price every equation.
        """
        cost = np.zeros(len(self._unknown))
        cost[self._place[cell]] = -sign
        low, high = self._bounds(self._unknown, need)
        found = linprog(
            cost,
            A_eq=self._matrix if self._matrix.shape[0] else None,
            b_eq=np.zeros(self._matrix.shape[0]) if self._matrix.shape[0] else None,
            bounds=np.column_stack((low, high)),
            method="highs",
        )
        if found.status == 0 and -found.fun >= need - _EPSILON:
            return None
        cells = range(len(self._part.cells))
        whole_low, whole_high = self._bounds(cells, need)
        target = np.zeros(len(self._part.cells))
        target[cell] = -sign
        duals = found.eqlin.marginals if found.status == 0 and self._matrix.shape[0] else np.zeros(self._whole.shape[0])
        reduced = target - self._whole.T @ duals
        reduced[np.abs(reduced) < _EPSILON] = 0.0
        bound: np.ndarray = np.where(reduced > 0, -reduced * whole_low, -reduced * whole_high)
        return bound

    def _bounds(self, cells: Sequence[int], need: int) -> tuple[np.ndarray, np.ndarray]:
        """Return how far each cell may deviate: down to what it cannot be below, up as far as could ever matter."""
        reach = max(1000, 100 * need)
        own = (self._part.cells[cell] for cell in cells)
        low = np.array([min(0, max(each.lowest - each.value, -reach)) for each in own], float)
        return low, np.full(len(cells), float(reach))


class _Choice:
    """The master programme: which cells to withhold, at least cost, keeping every inequality learned so far."""

    def __init__(self, part: LinearTable, choosable: Collection[int], lost: Collection[int]) -> None:
        self._part, self._lost = part, lost
        hidden = [cell for cell, each in enumerate(part.cells) if each.is_hidden]
        fixed = {*part.sensitive, *hidden}
        count = len(part.cells)
        self._least = np.array([float(cell in fixed) for cell in range(count)])
        self._most = np.array([float(cell in choosable or cell in fixed) for cell in range(count)])
        self._cost = np.array([0.0 if each.is_hidden else float(each.weight) for each in part.cells])
        self._choosable = frozenset(choosable)
        self._rows: list[Mapping[int, float]] = list(self._never_alone())
        self._needs: list[float] = [0.0] * len(self._rows)

    def _never_alone(self) -> Iterator[Mapping[int, float]]:
        """Yield that a cell withheld alone in a sum is worked out at once: another one of that sum is withheld too."""
        for equation in self._part.equations:
            for cell in equation:
                if cell in self._choosable and cell not in self._lost:
                    yield {each: -1.0 if each == cell else 1.0 for each in equation}

    def demand(self, prices: np.ndarray, need: int) -> None:
        """Keep in mind that the withheld cells must together reach ``need``."""
        self._rows.append({int(cell): min(float(prices[cell]), float(need)) for cell in np.flatnonzero(prices > 0)})
        self._needs.append(float(need))

    def forbid(self, chosen: Collection[int]) -> None:
        """Keep in mind that ``chosen``, and any part of it, is not safe."""
        self._rows.append({cell: 1.0 for cell in self._choosable if cell not in chosen})
        self._needs.append(1.0)

    def cheapest(self, seconds: float) -> tuple[set[int] | None, float]:
        """Return the cheapest choice and the bound on its cost; None where there is none, or not in that time."""
        entries = [(row, cell, factor) for row, each in enumerate(self._rows) for cell, factor in each.items()]
        constraints = []
        if entries:
            rows, cells, factors = zip(*entries, strict=True)
            shape = (len(self._rows), len(self._part.cells))
            matrix = csr_array((np.array(factors, float), (rows, cells)), shape=shape)
            constraints = [LinearConstraint(matrix, np.array(self._needs), np.inf)]
        found = milp(
            self._cost,
            integrality=np.ones(len(self._part.cells)),
            bounds=Bounds(self._least, self._most),
            constraints=constraints,
            options={"time_limit": seconds, "mip_rel_gap": _GAP},
        )
        bound = float(found.mip_dual_bound or 0.0)
        if found.x is None:
            return None, bound
        return {cell for cell in self._choosable if found.x[cell] > 0.5}, bound
