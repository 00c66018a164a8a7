"""What the pages of the openness catalogue are made from: what stands in each element, and since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from disclosure.catalog.models.openness import Content
from disclosure.figures.figures import Figure
from disclosure.openness.clock import ElementVersion
from disclosure.openness.guides import Guide

ElementKey = tuple[str, str]


@dataclass(frozen=True)
class ElementHistory:
    """What happened to an element: its versions, and when the office last confirmed that it still holds."""

    versions: tuple[ElementVersion, ...]
    confirmed_on: dt.date | None = None


@dataclass(frozen=True)
class RequestCounts:
    """The register of requests of one year: how many came, and what became of them."""

    year: int
    received: int
    answered: int
    on_time: int
    extended: int
    overdue: int
    open: int
    outcomes: Mapping[str, int]


@dataclass(frozen=True)
class OpennessState:
    """What stands in the elements.

    ``guides`` by item number, ``contents`` by item number and element id; ``statistics`` by (item number, element id),
    each of one period, and the pages say so where they are a ``demo``; ``histories`` by the same key are read on
    ``as_of``, which they need. ``requests`` are the counts of the register, shown where there are any.
    ``demo_contents`` are the elements whose words were written for a demonstration.
    """

    guides: Mapping[str, Guide]
    contents: Mapping[str, Mapping[str, Content]]
    statistics: Mapping[ElementKey, Sequence[Figure]] = field(default_factory=dict)
    demo: bool = False
    histories: Mapping[ElementKey, ElementHistory] = field(default_factory=dict)
    as_of: dt.date | None = None
    requests: Sequence[RequestCounts] = ()
    demo_contents: frozenset[ElementKey] = frozenset()
