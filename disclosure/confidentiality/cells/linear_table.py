"""A published table as an outsider sees it: whole numbers, and the sums that hold between them.

Values are whole numbers of the last printed place, so that nothing is ever rounded here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property


@dataclass(frozen=True)
class Protection:
    """What an outsider must hold possible of a sensitive cell: all from ``low`` to ``high``, its value within."""

    low: int
    high: int


@dataclass(frozen=True)
class TableCell:
    """One number of a table.

    ``lowest`` is what anybody knows it cannot be below. ``is_known``: the public has it whatever is withheld now.
    ``is_hidden``: it is printed nowhere (what is left to a total). Neither is ever chosen to be withheld.
    ``protection`` makes it sensitive; ``weight`` is what is lost by withholding it.
    """

    key: Hashable
    value: int
    lowest: int = 0
    weight: int = 1
    is_known: bool = False
    is_hidden: bool = False
    protection: Protection | None = None


#: Index of a cell -> its coefficient; the sum over the cells is zero, or stays what it is where a source was rounded.
Equation = Mapping[int, int]


@dataclass(frozen=True)
class LinearTable:
    """Cells and the equations between them."""

    cells: Sequence[TableCell]
    equations: Sequence[Equation]

    @cached_property
    def equations_of(self) -> tuple[tuple[int, ...], ...]:
        """For each cell the numbers of the equations it stands in."""
        found: list[list[int]] = [[] for _ in self.cells]
        for number, equation in enumerate(self.equations):
            for cell in equation:
                found[cell].append(number)
        return tuple(map(tuple, found))

    @cached_property
    def sensitive(self) -> tuple[int, ...]:
        """The cells that must be withheld."""
        return tuple(place for place, cell in enumerate(self.cells) if cell.protection and not cell.is_known)

    def is_choosable(self, cell: int) -> bool:
        """Whether a cell may be withheld at all."""
        return not (self.cells[cell].is_known or self.cells[cell].is_hidden)


def with_attainable_protection(table: LinearTable) -> LinearTable:
    """Return ``table`` with no cell asked to look smaller than it could be if all were withheld.

    Of a whole of two parts that are not nought everybody knows that it is two or more: that gives nobody away, and no
    choice could hide it.
    """
    lowest = [0 if cell.is_known and not cell.value else cell.lowest for cell in table.cells]
    todo = list(range(len(table.equations)))
    while todo:
        equation = table.equations[todo.pop()]
        for cell, factor in equation.items():
            others = [(each, -own * factor) for each, own in equation.items() if each != cell]
            if abs(factor) != 1 or any(own < 0 for _, own in others):
                continue
            least = sum(own * lowest[each] for each, own in others)
            if lowest[cell] < least <= table.cells[cell].value:
                lowest[cell] = least
                todo += table.equations_of[cell]
    cells = [
        replace(cell, protection=Protection(max(cell.protection.low, least), cell.protection.high))
        if cell.protection and cell.protection.low < least <= cell.value
        else cell
        for cell, least in zip(table.cells, lowest, strict=True)
    ]
    return LinearTable(cells, table.equations)


def split_table(table: LinearTable) -> list[LinearTable]:
    """Split ``table`` into parts that no equation joins; a cell that nothing is known of joins nothing."""
    # What the public has anyhow carries nothing from one side to the other.
    unknown = [number for number, cell in enumerate(table.cells) if not cell.is_known]
    joined = ([cell for cell in equation if not table.cells[cell].is_known] for equation in table.equations)
    return [_part(table, cells) for cells in connected(unknown, joined)]


def connected(cells: Iterable[int], joined: Iterable[Iterable[int]]) -> list[list[int]]:
    """Group ``cells`` so that those which stand together in one of ``joined`` are in one group, each in its order."""
    group = {cell: cell for cell in cells}

    def root(cell: int) -> int:
        while group[cell] != cell:
            group[cell] = group[group[cell]]
            cell = group[cell]
        return cell

    for together in joined:
        first: int | None = None
        for cell in together:
            first = cell if first is None else first
            group[root(cell)] = root(first)
    members: dict[int, list[int]] = {}
    for cell in group:
        members.setdefault(root(cell), []).append(cell)
    return list(members.values())


def _part(table: LinearTable, cells: Sequence[int]) -> LinearTable:
    place = {cell: number for number, cell in enumerate(cells)}
    numbers = dict.fromkeys(number for cell in cells for number in table.equations_of[cell])
    equations = [_restricted(table.equations[number], place) for number in numbers]
    return LinearTable([table.cells[cell] for cell in cells], equations)


def _restricted(equation: Equation, place: Mapping[int, int]) -> Equation:
    return {place[cell]: factor for cell, factor in equation.items() if cell in place}


def unknown_part(table: LinearTable, withheld: Iterable[int]) -> tuple[list[int], list[Equation]]:
    """Return the cells an outsider does not know, and the equations between them alone, by their numbers in ``table``.

    What he knows falls out: the known cells of an equation are one known number.
    """
    hidden = {place for place, cell in enumerate(table.cells) if cell.is_hidden}
    unknown = sorted(hidden.union(cell for cell in withheld if not table.cells[cell].is_known))
    among = set(unknown)
    equations: list[Equation] = []
    for equation in table.equations:
        left = {cell: factor for cell, factor in equation.items() if cell in among}
        if left:
            equations.append(left)
    return unknown, equations
