"""How well the limits were kept over a span: per item the changes, on time or late, working days used, what is overdue.

A change counts in every span in which its clock ran, were it for one day; it is read on the last day of the span, so
what was published later counts as not public.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from disclosure.catalog import Catalog, OpennessItem
from disclosure.openness.clocks import ElementClock


@dataclass(frozen=True)
class ItemLine:
    """One item over the span; ``used`` is the median of working days from change to publication, None for none."""

    item: OpennessItem
    on_time: int
    late: int
    running: int
    overdue: tuple[ElementClock, ...]
    used: float | None

    @property
    def changes(self) -> int:
        """How many changes counted."""
        return self.on_time + self.late + self.running + len(self.overdue)

    @property
    def is_on_time(self) -> bool:
        """Whether nothing was or is late."""
        return not self.late and not self.overdue


@dataclass(frozen=True)
class OpennessReport:
    """All items that changed in the span, and the median of working days used over all of them."""

    first: dt.date
    last: dt.date
    lines: tuple[ItemLine, ...]
    used: float | None

    @property
    def overdue(self) -> list[ElementClock]:
        """What is overdue on the last day, the longest first."""
        return sorted((one for line in self.lines for one in line.overdue), key=lambda one: one.clock.limit)


def make_report(catalog: Catalog, clocks: Iterable[ElementClock], first: dt.date, last: dt.date) -> OpennessReport:
    """Return the report of ``first`` to ``last``, both included; ``clocks`` are all there are, read on ``last``."""
    counted: dict[str, list[ElementClock]] = {}
    every: list[int] = []
    for one in clocks:
        ended = one.clock.published_on or last
        if one.clock.changed_on > last or ended < first:
            continue
        counted.setdefault(one.item, []).append(one)
        if one.clock.published_on is not None:
            every.append(one.clock.used)
    lines = [_line(catalog.openness_items[number], own) for number, own in sorted(counted.items())]
    return OpennessReport(first, last, tuple(lines), float(median(every)) if every else None)


def _line(item: OpennessItem, own: list[ElementClock]) -> ItemLine:
    used = [one.clock.used for one in own if one.clock.published_on is not None]
    return ItemLine(
        item=item,
        on_time=sum(one.clock.state == "on_time" for one in own),
        late=sum(one.clock.state == "late" for one in own),
        running=sum(one.clock.state == "running" for one in own),
        overdue=tuple(one for one in own if one.clock.state == "overdue"),
        used=float(median(used)) if used else None,
    )
