"""Figures as the rows that keep them."""

from __future__ import annotations

from typing import Any

from disclosure.figures.figures import Figure
from disclosure.records.tables import Observation


def observation(figure: Figure, *, submission_id: int | None = None, import_id: int | None = None) -> Observation:
    """Return the row that keeps ``figure``."""
    return Observation(**columns_of(figure, submission_id=submission_id, import_id=import_id))


def columns_of(figure: Figure, *, submission_id: int | None = None, import_id: int | None = None) -> dict[str, Any]:
    """Return the columns of that row, for many at once."""
    return {
        "submission_id": submission_id,
        "import_id": import_id,
        "period_id": figure.period.id,
        "region": figure.region,
        "indicator": figure.indicator,
        "unit": figure.unit,
        "value": figure.value,
        "text": figure.text,
        "state": figure.state,
        "centre": figure.centre,
        "sheet": figure.source.sheet,
        "cell": figure.source.cell,
    }
