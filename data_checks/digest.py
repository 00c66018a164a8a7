"""The digest of what was audited: the same for the same figures, whatever their order and however they are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from disclosure.figures.figures import Figure


def figures_digest(figures: Iterable[Figure]) -> str:
    """SHA-256 of what figures say (not of where they stood), whatever their order."""
    return lines_digest(map(line, figures))


def lines_digest(lines: Iterable[str]) -> str:
    """``figures_digest`` of figures that are lines already."""
    return _digest("\n".join(sorted(lines)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def line(figure: Figure) -> str:
    """One figure as a line of JSON."""
    value = None if figure.value is None else str(figure.value)
    return json.dumps([*figure.key, figure.unit, value, figure.text, figure.state, figure.centre], ensure_ascii=False)
