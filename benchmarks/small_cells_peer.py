"""What is withheld here beside what τ-ARGUS withholds, on the same tables in one run, by one attacker.

``python -m benchmarks.small_cells_peer`` needs ``pytauargus`` (the ``bench`` packages) in an environment of its own:
the optimal method of Statistics Netherlands' τ-ARGUS, which is given the linear structure itself (its JJ format), so
that a hierarchy is one table for both. Both choices are attacked by ``find_exposed``, in whole numbers; a line a kind
of table.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.small_cells import COUNTIES, PREFECTURES, THRESHOLD, table_of
from disclosure.confidentiality.cells.attack import find_exposed
from disclosure.confidentiality.cells.linear_table import LinearTable, Protection, TableCell, with_attainable_protection
from disclosure.confidentiality.cells.protection import suppress

#: No cell of any table here is greater.
_MOST = 10**6
_MINUTES = 2


def by_argus(table: LinearTable) -> set[int]:
    """What τ-ARGUS withholds of ``table``, the sensitive cells with it."""
    from pytauargus import HiTaSCtrl

    lines = ["0", str(len(table.cells))]
    for number, cell in enumerate(table.cells):
        wanted = cell.protection if number in table.sensitive else None
        below, above = (cell.value - wanted.low, wanted.high - cell.value) if wanted else (0, 0)
        status = "u" if wanted else "s" if table.is_choosable(number) else "z"
        least = min(cell.lowest, cell.value)
        lines.append(f"{number} {cell.value} {cell.weight} {status} {least} {_MOST} {below} {above} 0")
    lines.append(str(len(table.equations)))
    for equation in table.equations:
        terms = " ".join(f"{cell} ({factor})" for cell, factor in equation.items())
        lines.append(f"0 {len(equation)} : {terms}")
    with tempfile.TemporaryDirectory() as folder:
        told, answer = Path(folder, "JJ.IN"), Path(folder, "JJ.OUT")
        told.write_text("\n".join(lines) + "\n", encoding="ascii")
        with contextlib.chdir(folder):  # where it leaves its logs
            code = HiTaSCtrl().full_jj(in_file_jj=str(told), out_file=str(answer), max_time=_MINUTES)
        assert code <= 1, f"τ-ARGUS gave up with {code}"
        return {*table.sensitive, *map(int, answer.read_text(encoding="ascii").split())}


def grid(shape: Sequence[int], drawn: random.Random) -> LinearTable:
    """A table of two or three dimensions with all its margins; one inner cell in eight is small."""
    cells: list[TableCell] = []
    place: dict[tuple[int, ...], int] = {}

    def positions(of: Sequence[int]) -> Iterator[tuple[int, ...]]:
        if not of:
            yield ()
            return
        for first in range(of[0]):
            yield from ((first, *rest) for rest in positions(of[1:]))

    values: dict[tuple[int, ...], int] = {}
    for at in positions(shape):
        values[at] = drawn.randrange(1, THRESHOLD) if drawn.random() < 0.12 else drawn.randrange(THRESHOLD, 400)
    for axis, size in enumerate(shape):
        for at in positions([1 if each == axis else most + (each < axis) for each, most in enumerate(shape)]):
            key = (*at[:axis], size, *at[axis + 1 :])
            values[key] = sum(values[(*at[:axis], each, *at[axis + 1 :])] for each in range(size))
    for at, value in values.items():
        place[at] = len(cells)
        margins = sum(each == size for each, size in zip(at, shape, strict=True))
        protection = Protection(1, THRESHOLD) if 0 < value < THRESHOLD else None
        cells.append(TableCell(at, value, 1, 10**margins, protection=protection))
    equations = [
        {**{place[(*at[:axis], each, *at[axis + 1 :])]: 1 for each in range(size)}, place[at]: -1}
        for axis, size in enumerate(shape)
        for at in values
        if at[axis] == size
    ]
    return with_attainable_protection(LinearTable(cells, equations))


def measure(name: str, tables: Sequence[LinearTable]) -> None:
    """Print cells, loss, exposed cells and seconds of processor of both over ``tables``."""
    told = []
    for withhold in (lambda table: set(suppress(table).withheld), by_argus):
        begun = time.process_time()
        chosen = [withhold(table) for table in tables]
        seconds = time.process_time() - begun
        pairs = list(zip(tables, chosen, strict=True))
        loss = sum(table.cells[cell].weight for table, own in pairs for cell in own)
        exposed = sum(len(find_exposed(table, own)) for table, own in pairs)
        told.append(f"{sum(map(len, chosen)):>5} cells loss {loss:>7} exposed {exposed:>2} {seconds:7.2f} s")
    sensitive = sum(len(table.sensitive) for table in tables)
    print(
        f"{name:<22} {len(tables):>3} tables {sensitive:>4} sensitive | ours {told[0]} | τ-ARGUS {told[1]}", flush=True
    )


def evenly(table: LinearTable) -> LinearTable:
    """The same table where every cell is worth the same: what is lost is the number of cells."""
    return LinearTable([replace(cell, weight=1) for cell in table.cells], table.equations)


def main() -> None:
    """Measure both on flat tables, cubes, prefectures and provinces, by weights and by the number of cells."""
    drawn = random.Random(41)  # noqa: S311 - figures for a measurement
    tree = [COUNTIES // PREFECTURES + (each < COUNTIES % PREFECTURES) for each in range(PREFECTURES)]
    kinds = {
        "6 x 4": [grid((6, 4), drawn) for _ in range(20)],
        "12 x 8": [grid((12, 8), drawn) for _ in range(8)],
        "4 x 3 x 3": [grid((4, 3, 3), drawn) for _ in range(8)],
        "prefecture": [table_of([11], drawn) for _ in range(16)],
        "province": [table_of(tree, drawn) for _ in range(2)],
    }
    for name, tables in kinds.items():
        measure(name, tables)
        measure(f"{name}, cells", [evenly(table) for table in tables])


if __name__ == "__main__":
    main()
