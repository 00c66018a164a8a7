"""What a measure gives: how much it compared, and every place it found wrong, by figure key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data_checks.figure_table.columns import Columns

#: One place that was found wrong: ``row``, ``region`` and ``indicator``, and what its sentence needs besides.
Found = dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """``compared`` counts comparisons made, ``skipped`` those for which there was nothing to compare with."""

    compared: int = 0
    skipped: int = 0
    found: tuple[Found, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return it as Great Expectations keeps it, in JSON."""
        return {"compared": self.compared, "skipped": self.skipped, "found": list(self.found)}


Measure = Callable[..., Evidence]
MEASURES: dict[str, Measure] = {}


def measure(function: Measure) -> Measure:
    """Make a measure known by its function's name."""
    MEASURES[function.__name__] = function
    return function


def at_rows(columns: Columns, rows: np.ndarray, **told: np.ndarray | Sequence[object]) -> tuple[Found, ...]:
    """Return what was found at ``rows``, each with its entry of ``told``."""
    names = columns.region_names, columns.indicator_names
    beside = [
        (name, values.tolist() if isinstance(values, np.ndarray) else list(values)) for name, values in told.items()
    ]
    places = zip(rows.tolist(), columns.region[rows].tolist(), columns.indicator[rows].tolist(), strict=True)
    return tuple(
        {"row": row, "region": names[0][region], "indicator": names[1][indicator], **{n: v[k] for n, v in beside}}
        for k, (row, region, indicator) in enumerate(places)
    )


def among(
    columns: Columns,
    is_compared: np.ndarray,
    is_wrong: np.ndarray,
    able: np.ndarray | None = None,
    **told: np.ndarray,
) -> Evidence:
    """Return evidence of rows: those compared (where ``able`` to be), and those wrong."""
    compared = is_compared if able is None else is_compared & able
    rows = np.flatnonzero(compared & is_wrong)
    count = int(np.count_nonzero(compared))
    skipped = int(np.count_nonzero(is_compared)) - count
    return Evidence(count, skipped, at_rows(columns, rows, **{name: each[rows] for name, each in told.items()}))


def thresholds(given: Mapping[str, float], end: str = "") -> list[float]:
    """Return the thresholds for people, money and levels.

    Raises:
        KeyError: when one is missing.
    """
    return [given[f"{name}{end}"] for name in ("people", "money", "level")]
