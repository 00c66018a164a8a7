"""How long withholding takes: a prefecture's release, and a province's counties, insurances and periods in one run.

``python -m benchmarks.small_cells`` prints a line a table: cells, sensitive, withheld beside them, loss against its
bound, seconds and those of processor. A province is 16 prefectures of 8 or 9 counties (129), a hierarchy, times in
service and retired; eight insurances and four periods are 32 tables. The figures are drawn with a fixed seed: about one
county in ten is small.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import numpy as np

from disclosure.confidentiality.cells.attack import find_exposed
from disclosure.confidentiality.cells.linear_table import (
    Equation,
    LinearTable,
    Protection,
    TableCell,
    with_attainable_protection,
)
from disclosure.confidentiality.cells.protection import suppress

THRESHOLD = 10
PREFECTURES, COUNTIES = 16, 129
PARTS = ("in_service", "retired")
TABLES = 8 * 4


def table_of(tree: Sequence[int], drawn: random.Random) -> LinearTable:
    """A table of regions by parts: ``tree`` says how many counties each prefecture has; of one there is no province."""
    cells: list[TableCell] = []
    equations: list[Equation] = []

    def cell(key: tuple[object, ...], value: int, weight: int) -> int:
        protection = Protection(1, THRESHOLD) if 0 < value < THRESHOLD else None
        cells.append(TableCell(key, value, 1, weight, is_known=value == 0, protection=protection))
        return len(cells) - 1

    def row(name: tuple[object, ...], values: Sequence[int], weight: int) -> list[int]:
        numbers = [cell((*name, part), value, weight) for part, value in zip(PARTS, values, strict=True)]
        whole = cell((*name, "all"), sum(values), weight * 2)
        equations.append({**dict.fromkeys(numbers, 1), whole: -1})
        return [*numbers, whole]

    sums: list[list[int]] = []
    for prefecture, count in enumerate(tree):
        below = []
        for county in range(count):
            values = [drawn.randrange(10) if drawn.random() < 0.1 else drawn.randrange(10, 5000) for _ in PARTS]
            below.append(row((prefecture, county), values, 10))
        totals = [sum(cells[each[place]].value for each in below) for place in range(len(PARTS))]
        sums.append(row((prefecture,), totals, 100))
        equations.extend({**{each[p]: 1 for each in below}, sums[-1][p]: -1} for p in range(len(PARTS) + 1))
    if len(tree) > 1:
        totals = [sum(cells[each[place]].value for each in sums) for place in range(len(PARTS))]
        top = row(("province",), totals, 1000)
        equations.extend({**{each[p]: 1 for each in sums}, top[p]: -1} for p in range(len(PARTS) + 1))
    return with_attainable_protection(LinearTable(cells, equations))


def measure(name: str, table: LinearTable) -> np.ndarray:
    """Protect one table and print what it came to; return the seconds, and those of processor."""
    begun = np.array([time.perf_counter(), time.process_time()])
    chosen = suppress(table)
    assert not chosen.exposed
    assert not find_exposed(table, chosen.withheld)
    seconds = np.array([time.perf_counter(), time.process_time()]) - begun
    beside = len(chosen.withheld) - len(table.sensitive)
    print(
        f"{name:<12} {len(table.cells):>5} cells {len(table.sensitive):>4} sensitive {beside:>4} beside "
        f"loss {chosen.cost:>6} of at least {chosen.bound:>8.0f} {seconds[0]:7.2f} s {seconds[1]:7.2f} s",
        flush=True,
    )
    return seconds


def main() -> None:
    """Measure a prefecture's eight insurances, then a province's 32 tables."""
    drawn = random.Random(16)  # noqa: S311 - figures for a measurement
    wall, processor = np.sum([measure("prefecture", table_of([11], drawn)) for _ in range(8)], axis=0)
    print(f"a prefecture's release: {wall:.2f} s, of processor {processor:.2f} s")
    tree = [COUNTIES // PREFECTURES + (each < COUNTIES % PREFECTURES) for each in range(PREFECTURES)]
    wall, processor = np.sum([measure("province", table_of(tree, drawn)) for _ in range(TABLES)], axis=0)
    print(f"a province's year: {wall:.2f} s, of processor {processor:.2f} s")


if __name__ == "__main__":
    main()
