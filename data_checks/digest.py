"""The digest of what was audited: the same for the same figures, whatever their order and however they are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from disclosure.figures import Figure


def figures_digest(*of: Iterable[Figure]) -> str:
    """SHA-256 of what figures say (not of where they stood), whatever their order."""
    from data_checks.figure_table import FigureTable

    lines: list[str] = []
    for figures in of:
        lines += figures.lines if isinstance(figures, FigureTable) else map(line, figures)
    lines.sort()
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def line(figure: Figure) -> str:
    """One figure as a line of JSON."""
    value = None if figure.value is None else str(figure.value)
    return json.dumps([*figure.key, figure.unit, value, figure.text, figure.state, figure.centre], ensure_ascii=False)
