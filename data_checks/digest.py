"""The digest of what was audited: the same for the same figures, whatever their order and however they are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import numpy as np
import pandas as pd

from data_checks.figure_table.figures import FigureTable
from disclosure.figures.figures import Figure

#: What a figure says of itself in names, in the order in which figures are sorted; where it stood says nothing.
_NAMES = ("region", "indicator", "period", "unit", "state", "centre", "text")


def figures_digest(figures: Iterable[Figure]) -> str:
    """Return the SHA-256 of what figures say (not of where they stood), whatever their order.

    Hashed are, of the figures in the order of their names, first the names that occur and then which of them each
    figure has; then the numbers as they are printed, digits and exponent; and what is no such number as its text.
    """
    table = figures if isinstance(figures, FigureTable) else FigureTable.of(list(figures))
    hashed = hashlib.sha256(str(len(table)).encode())
    ranks = {}
    for name in _NAMES:
        ranks[name], known = _ranked(table.names[name])
        hashed.update(json.dumps([name, known], ensure_ascii=False).encode())
    order = _order(table, ranks)
    for name in _NAMES:
        hashed.update(ranks[name][order].astype("<i4").tobytes())
    for numbers, kind in ((table.digits, "<i8"), (table.exponent, "<i4"), (table.given, "u1")):
        hashed.update(numbers[order].astype(kind).tobytes())
    if table.odd:
        places = np.empty(len(order), dtype=np.int64)
        places[order] = np.arange(len(order))
        told = sorted((int(places[row]), text) for row, text in table.odd.items())
        hashed.update(json.dumps(told, ensure_ascii=False).encode())
    return hashed.hexdigest()


def compared_digest(figures: FigureTable, history: FigureTable) -> str:
    """Return one digest of the figures audited and of those they were compared with."""
    return hashlib.sha256(f"{figures_digest(figures)} {figures_digest(history)}".encode()).hexdigest()


def _ranked(names: pd.Categorical) -> tuple[np.ndarray, list[str]]:
    """For each figure the place of its name among those that occur, and these in order; no name is an empty one."""
    count = len(names.categories)
    codes = np.where(names.codes < 0, count, names.codes)
    used = np.flatnonzero(np.bincount(codes, minlength=count + 1))
    told = [str(names.categories[code]) if code < count else "" for code in used.tolist()]
    known = sorted(set(told))
    ranks = {name: place for place, name in enumerate(known)}
    of_code = np.zeros(count + 1, dtype=np.int64)
    of_code[used] = [ranks[name] for name in told]
    return of_code[codes], known


def _order(table: FigureTable, ranks: dict[str, np.ndarray]) -> np.ndarray:
    """Return the rows in order of their names; where those are the same, of everything else."""
    key = np.zeros(len(table), dtype=np.int64)
    for name in ("region", "indicator", "period"):
        key = key * (int(ranks[name].max(initial=0)) + 1) + ranks[name]
    order = np.argsort(key, kind="stable")
    of_row = key[order]
    if (of_row[1:] != of_row[:-1]).all():
        return order
    texts = {text: rank for rank, text in enumerate(sorted(set(table.odd.values())), 1)}
    odd = np.zeros(len(table), dtype=np.int64)
    odd[list(table.odd)] = [texts[text] for text in table.odd.values()]
    beside = [ranks[name] for name in ("unit", "state", "centre", "text")]
    repeated: np.ndarray = np.lexsort((odd, table.given, table.exponent, table.digits, *beside[::-1], key))
    return repeated
