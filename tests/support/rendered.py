"""The demonstration of 楚雄州 2025 (sample figures: eight insurances, ten counties), rendered once a process."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog, load_catalog
from disclosure.figures.figures import Figure
from disclosure.figures.narrative import NarrativeText
from disclosure.rendering import (
    DisclosureDocument,
    DocumentContents,
    Outlets,
    Rendered,
    build_document,
    outlets_of,
    render_release,
)
from disclosure.simulation.demo_figures import demo_figures, demo_history


@dataclass(frozen=True)
class Example:
    """A document, what its packages say beside it, and its figures."""

    catalog: Catalog
    figures: tuple[Figure, ...]
    document: DisclosureDocument
    outlets: Outlets


@cache
def example(profile: str = "chuxiong", period: str = "2025-annual") -> Example:
    """The demonstration of a profile; 高港区 2016 and 昆明市 2017 are figures their governments published."""
    return example_of(profile, period)


def example_of(
    profile: str,
    period: str,
    *footnotes: str,
    figures: tuple[Figure, ...] = (),
    narratives: tuple[NarrativeText, ...] = (),
) -> Example:
    """As ``example``, with other figures, footnotes or texts."""
    catalog, of = load_catalog(profile), parse_period(period)
    shown = figures or demo_figures(catalog, of)
    history = demo_history(catalog, of)
    document = build_document(
        catalog,
        DocumentContents(
            of,
            shown,
            earlier=history,
            footnotes=footnotes,
            narratives=narratives,
            compiled_on=dt.date(2026, 3, 10),
            demo=True,
        ),
    )
    return Example(catalog, shown, document, outlets_of(catalog, document))


@cache
def rendered(profile: str = "chuxiong", period: str = "2025-annual") -> Rendered:
    """``example`` rendered."""
    found = example(profile, period)
    return render_release(found.document, found.outlets)
