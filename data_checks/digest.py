"""The digest of what was audited: the same for the same figures, whatever their order and however they are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from disclosure.figures import Figure


def figures_digest(figures: Iterable[Figure]) -> str:
    """SHA-256 of what figures say (not of where they stood), whatever their order."""
    return _digest("\n".join(sorted(map(line, figures))))


def tables_digest(*tables: Sequence[Figure]) -> str:
    """``figures_digest`` of all figures of ``tables``; those in columns are not made for it."""
    from data_checks.figure_table import FigureTable

    if not any(isinstance(table, FigureTable) for table in tables):
        return figures_digest(figure for table in tables for figure in table)
    import polars as pl

    lines = pl.concat([FigureTable.of(table).lines for table in tables]).sort()
    return _digest(lines.str.join("\n").item())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def line(figure: Figure) -> str:
    """One figure as a line of JSON."""
    value = None if figure.value is None else str(figure.value)
    return json.dumps([*figure.key, figure.unit, value, figure.text, figure.state, figure.centre], ensure_ascii=False)
