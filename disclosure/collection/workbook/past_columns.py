"""The two columns of earlier figures beside the inputs: the period before, and what each indicator is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator
from disclosure.collection.workbook.layout import BASE_COLUMN, LAST_COLUMN, texts
from disclosure.figures.comparison import compared_with, list_base_periods, name_bases


@dataclass(frozen=True)
class PastColumn:
    """One of them: where it stands, what stands over it and over its parts, and of which period a row's figure is."""

    column: int
    heading: str
    parts_heading: str
    period_of: Callable[[Indicator], Period | None]


def past_columns(catalog: Catalog, period: Period) -> tuple[PastColumn, PastColumn]:
    """Return both for a workbook of ``period``, in the order in which they stand."""
    words, before = texts()["data"], period.previous()

    def column(
        place: int, name: str, labels: tuple[str, ...], period_of: Callable[[Indicator], Period | None]
    ) -> PastColumn:
        periods = words["between_periods"].join(labels)
        parts = words["parts"].format(name=name, period=periods)
        return PastColumn(place, f"{name}\n{periods or words['no_table']}", parts, period_of)

    bases = tuple(base.label for base in list_base_periods(catalog, period))
    return (
        column(LAST_COLUMN, words["last"], (before.label,) if before else (), lambda _: before),
        column(BASE_COLUMN, name_bases(catalog, period), bases, lambda each: compared_with(catalog, each, period)),
    )
