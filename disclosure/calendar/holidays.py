"""Days off and made-up working days that a profile writes above the national calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from disclosure.platform.fact import Fact, Name


class Holiday(Fact):
    """A day off (or on) of this prefecture alone, or of a national year the package does not know yet."""

    date: dt.date
    kind: Literal["off", "work"]
    name: Name
    source: str = ""


@dataclass(frozen=True)
class Holidays(Mapping[str, Holiday]):
    """What stands above the national calendar, by ISO date; ``place`` tells people where to write it down.

    ``unpublished``: years to be taken as not published yet, whatever the package knows: a rehearsal asks what then.
    """

    days: Mapping[str, Holiday] = field(default_factory=dict)
    place: str = "holidays.yaml"
    unpublished: frozenset[int] = frozenset()

    def __getitem__(self, day: str) -> Holiday:
        return self.days[day]

    def __iter__(self) -> Iterator[str]:
        return iter(self.days)

    def __len__(self) -> int:
        return len(self.days)
