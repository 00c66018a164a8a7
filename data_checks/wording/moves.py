"""Which figures moved because one of their parts did: an event is told once, at the part.

A whole (a total of an identity, the prefecture, what others are named a part of) that is out of line with its past by
about as much as one of its parts is tells nothing new beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from data_checks.tables import Tables
from data_checks.wording.violations import Key, Violation
from disclosure.catalog import Identity

#: The share of a whole's change that a part's must be, and the most it can be where other parts moved against it.
_LEAST, _MOST = Decimal("0.6"), Decimal("1.6")


def sources_of_moves(tables: Tables, violations: Sequence[Violation]) -> dict[Key, Key]:
    """Return for each figure that moved with a part of it the part, of parts within parts the innermost."""
    moved = dict(_changes(tables, violations))
    nearest: dict[Key, Key] = {}
    for whole, change in moved.items():
        shares = [(sign * moved[part] / change, part) for part, sign in _parts(tables, whole) if part in moved]
        telling = [(abs(1 - share), part) for share, part in shares if _LEAST <= share <= _MOST]
        if telling:
            nearest[whole] = min(telling)[1]
    return {whole: _innermost(nearest, whole) for whole in nearest}


def _changes(tables: Tables, violations: Sequence[Violation]) -> Iterator[tuple[Key, Decimal]]:
    for violation in violations:
        row = violation.row
        if violation.kind != "change" or violation.culprit or row is None or row.amount is None:
            continue
        past = tables.last_comparable(row)
        if past is not None and row.amount.value != past[0]:
            yield (row.region, row.indicator_id), row.amount.value - past[0]


def _parts(tables: Tables, whole: Key) -> Iterator[tuple[Key, int]]:
    """Yield the parts of a figure, each with its sign."""
    catalog, (region, name) = tables.catalog, whole
    indicator = catalog.reported.get(name)
    if indicator is None:
        return
    if region == catalog.prefecture.code and indicator.by_county and indicator.kind not in ("level", "ratio"):
        yield from (((part.code, name), 1) for part in catalog.parts_of_prefecture)
    for identity in catalog.identities.values():
        for insurance in identity.for_each:
            if catalog.indicator_id(insurance, identity.total) == name:
                yield from _terms(tables, identity, insurance, region)
    yield from (((region, i.id), 1) for i in catalog.reported.values() if i.part_of == name)


def _terms(tables: Tables, identity: Identity, insurance: str, region: str) -> Iterator[tuple[Key, int]]:
    for part in identity.parts:
        yield (region, tables.catalog.indicator_id(insurance, part)), -1 if part.startswith("-") else 1


def _innermost(nearest: dict[Key, Key], whole: Key) -> Key:
    seen = {whole}
    part = nearest[whole]
    while part in nearest and part not in seen:
        seen.add(part)
        part = nearest[part]
    return part
