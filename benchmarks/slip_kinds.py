"""The kinds of slips that ``slips.py`` makes in published figures, beside those of ``data_checks.backtest``."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

from data_checks.backtest import SLIPS, Slip
from data_checks.tables import AuditRow, Tables, amounts
from data_checks.wording.causes import swaps
from data_checks.wording.violations import Key

Kind = Callable[[Tables, random.Random], Iterator[Slip]]


def changed(tables: Tables, rows: Sequence[AuditRow], values: Sequence[Decimal]) -> Slip:
    """Return the tables with other values in ``rows``."""
    figures = list(tables.figures)
    for row, value in zip(rows, values, strict=True):
        figures[row.index] = replace(figures[row.index], value=value)
    return Slip(replace(tables, figures=tuple(figures)), tuple((row.region, row.indicator_id) for row in rows))


def _value(row: AuditRow) -> Decimal:
    return (row.figure.value if row.figure else None) or Decimal(0)


def _counted(tables: Tables) -> list[AuditRow]:
    return [row for row, indicator, amount in amounts(tables) if indicator.kind in ("stock", "flow") and amount.value]


def _is_whole(tables: Tables, row: AuditRow) -> bool:
    return row.region == tables.catalog.prefecture.code


def _inner_digits(tables: Tables, rng: random.Random) -> Iterator[Slip]:
    """Two neighbouring digits exchanged, but for the first two."""
    for row in _counted(tables):
        others = list(dict.fromkeys(swaps(_value(row))))[1:3]
        if others:
            yield changed(tables, [row], [rng.choice(others)])


def _mistyped(tables: Tables, rng: random.Random) -> Iterator[Slip]:
    """One of the first two digits another one."""
    for row in _counted(tables):
        sign, digits, exponent = _value(row).as_tuple()
        place = rng.randrange(min(2, len(digits)))
        digit = rng.choice([d for d in range(0 if place else 1, 10) if abs(d - digits[place]) > 1])
        yield changed(tables, [row], [Decimal((sign, (*digits[:place], digit, *digits[place + 1 :]), exponent))])


def _digit_lost_or_doubled(tables: Tables, rng: random.Random) -> Iterator[Slip]:
    for row in _counted(tables):
        sign, digits, exponent = _value(row).as_tuple()
        if len(digits) > 2:
            place = rng.randrange(len(digits) - 1)
            kept = digits[:place] + (digits[place : place + 1] * 2 if rng.random() < 0.5 else ()) + digits[place + 1 :]
            yield changed(tables, [row], [Decimal((sign, kept, exponent))])


def _few_not_updated(tables: Tables, rng: random.Random) -> Iterator[Slip]:
    """Two to four figures of an insurance, all there are of it in a region, left as they were."""
    for earlier in filter(None, (tables.period.previous(), tables.period.year_before())):
        groups: dict[Key, list[tuple[AuditRow, Decimal]]] = defaultdict(list)
        for row, indicator, amount in amounts(tables):
            before = tables.before(row.region, indicator.id, earlier)
            if indicator.kind in ("stock", "flow") and before is not None and before.value:
                factor = tables.catalog.units[amount.figure.unit].factor
                groups[row.region, indicator.insurance].append((row, before.value / factor))
        for pairs in groups.values():
            if 2 <= len(pairs) <= 4 and all(_value(row) != value for row, value in pairs):
                yield changed(tables, [row for row, _ in pairs], [value for _, value in pairs])
    del rng


def _exchanged(tables: Tables, rows: Sequence[tuple[AuditRow, AuditRow]]) -> Slip:
    pairs = [(a, b) for a, b in rows] + [(b, a) for a, b in rows]
    return changed(tables, [a for a, _ in pairs], [_value(b) for _, b in pairs])


def _rows_exchanged(tables: Tables, rng: random.Random) -> Iterator[Slip]:
    """Two rows of one insurance, unit and region."""
    groups: dict[Key, list[AuditRow]] = defaultdict(list)
    for row in _counted(tables):
        if row.indicator is not None:
            groups[row.region, f"{row.indicator.insurance} {row.indicator.unit}"].append(row)
    for rows in groups.values():
        pairs = [(a, b) for a, b in combinations(rows, 2) if _value(a) != _value(b)]
        for pair in rng.sample(pairs, min(2, len(pairs))):
            yield _exchanged(tables, [pair])


def _insurances_exchanged(tables: Tables, rng: random.Random) -> Iterator[Slip]:
    """The same row of two insurances."""
    groups: dict[Key, list[AuditRow]] = defaultdict(list)
    for row in _counted(tables):
        groups[row.region, row.indicator_id.partition(".")[2]].append(row)
    for rows in groups.values():
        pairs = [(a, b) for a, b in combinations(rows, 2) if _value(a) != _value(b)]
        for pair in rng.sample(pairs, min(2, len(pairs))):
            yield _exchanged(tables, [pair])


def _counties(tables: Tables) -> dict[str, dict[str, list[AuditRow]]]:
    found: dict[str, dict[str, list[AuditRow]]] = defaultdict(lambda: defaultdict(list))
    for row in _counted(tables):
        if not _is_whole(tables, row) and row.indicator is not None:
            found[row.indicator.insurance][row.region].append(row)
    return found


def _county_cells(tables: Tables, rng: random.Random) -> Iterator[Slip]:
    """One indicator of two counties exchanged."""
    for regions in _counties(tables).values():
        for _ in range(24):
            if len(regions) > 1:
                one, two = (regions[name] for name in rng.sample(sorted(regions), 2))
                pairs = [
                    (a, b) for a in one for b in two if a.indicator_id == b.indicator_id and _value(a) != _value(b)
                ]
                if pairs:
                    yield _exchanged(tables, [rng.choice(pairs)])


def _county_columns(tables: Tables, rng: random.Random) -> Iterator[Slip]:
    """All of an insurance of two counties exchanged."""
    for regions in _counties(tables).values():
        for _ in range(24):
            if len(regions) > 1:
                one, two = (regions[name] for name in rng.sample(sorted(regions), 2))
                pairs = [
                    (a, b) for a in one for b in two if a.indicator_id == b.indicator_id and _value(a) != _value(b)
                ]
                if len(pairs) > 1:
                    yield _exchanged(tables, pairs)


def _typed_over(tables: Tables, rng: random.Random) -> Iterator[Slip]:
    """A row with the numbers of another row of its insurance and unit, in every region."""
    by_row: dict[str, dict[str, AuditRow]] = defaultdict(dict)
    for row in _counted(tables):
        by_row[row.indicator_id][row.region] = row
    for name, rows in by_row.items():
        like = next(iter(rows.values())).indicator
        others = [
            other
            for other, there in by_row.items()
            if other != name
            and (mate := next(iter(there.values())).indicator) is not None
            and like is not None
            and (mate.insurance, mate.unit) == (like.insurance, like.unit)
            and set(there) >= set(rows)
            and any(_value(rows[region]) != _value(there[region]) for region in rows)
        ]
        if others:
            source = by_row[rng.choice(others)]
            yield changed(tables, list(rows.values()), [_value(source[region]) for region in rows])


def _quarter_table(tables: Tables, rng: random.Random) -> Iterator[Slip]:
    """Every flow of the table as the quarter's own."""
    earlier = tables.period.previous_in_year()
    rows, values = [], []
    for row, indicator, amount in amounts(tables):
        before = tables.before(row.region, indicator.id, earlier)
        if indicator.kind == "flow" and before and amount.value > before.value > 0:
            rows.append(row)
            values.append((amount.value - before.value) / tables.catalog.units[amount.figure.unit].factor)
    if rows:
        yield changed(tables, rows, values)
    del rng


def _of_backtest(name: str) -> Kind:
    def slips(tables: Tables, rng: random.Random) -> Iterator[Slip]:
        del rng
        return SLIPS[name](tables)

    return slips


#: Twenty-one kinds. 同一数据印两次 is left out: it is always found.
KINDS: dict[str, Kind] = {
    **{name: _of_backtest(name) for name in SLIPS if name != "同一数据印两次且不同"},
    "其余相邻数字颠倒": _inner_digits,
    "前两位打错一位": _mistyped,
    "漏写或重写一位": _digit_lost_or_doubled,
    "两至四项没有更新": _few_not_updated,
    "两行对调": _rows_exchanged,
    "两险种同一行对调": _insurances_exchanged,
    "两县一格对调": _county_cells,
    "两县整列对调": _county_columns,
    "一行照抄另一行": _typed_over,
    "整表为当季数": _quarter_table,
}
