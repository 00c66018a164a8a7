"""What of a round would be given away, by sums or by words: asked before it is approved, and before it is rendered."""

from __future__ import annotations

from sqlalchemy.orm import Session

from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog
from disclosure.confidentiality.cells.told import find_told_figures
from disclosure.confidentiality.cells.withholding import find_given_away
from disclosure.cycle.compilation import CompiledContent, statements_before
from disclosure.records.tables import Cycle


def list_given_away(session: Session, catalog: Catalog, cycle: Cycle, content: CompiledContent) -> list[str]:
    """Attack what the round is to show, with all that is public by now; name what comes out too exactly."""
    before = list(statements_before(session, catalog, cycle))
    found = find_given_away(catalog, content.statement, before, content.withholding.places)
    return [name_figure(catalog, *each) for each in (*content.withholding.exposed, *found)]


def list_told(catalog: Catalog, content: CompiledContent) -> list[str]:
    """Name the withheld figures that somebody wrote into a text, each with its sentence."""
    hidden = [figure for figure in content.figures if (figure.region, figure.indicator) in content.withholding.places]
    texts = [*content.footnotes, content.reason, *(figure.text for figure in content.figures)]
    texts += [line for each in content.narratives for own in each.blocks.values() for b in own for line in b.lines]
    period = content.period.id
    found = find_told_figures(catalog, texts, hidden) if hidden else ()
    return [f"{name_figure(catalog, period, *place)}（“{sentence}”）" for place, sentence in found]


def name_figure(catalog: Catalog, period: str, region: str, indicator: str) -> str:
    """Return how people call a figure: ``2025年度双柏县工伤保险享受待遇人数``."""
    known = catalog.indicators[indicator]
    insurance = catalog.insurances[known.insurance].name
    name = known.name if insurance in known.name else insurance + known.name
    return f"{parse_period(period).label}{catalog.regions[region].name}{name}"
