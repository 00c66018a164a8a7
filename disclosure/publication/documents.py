"""The document of a round out of our records: what is rendered, and what is read back is held against."""

from __future__ import annotations

from sqlalchemy.orm import Session

from disclosure import compilation
from disclosure.catalog import Catalog
from disclosure.clock import shanghai
from disclosure.records.tables import Compilation, Cycle
from disclosure.rendering import DisclosureDocument, build_document


def document_of(session: Session, catalog: Catalog, cycle: Cycle, compiled: Compilation) -> DisclosureDocument:
    """The document of a compilation, compared with what is known of other periods by now.

    Raises:
        DisclosureError: when the compilation is not what its digest says.
    """
    content = compilation.content_of(session, catalog, cycle, compiled)
    known = compilation.history(session, catalog, content.period)
    period = content.period
    return build_document(
        catalog,
        period,
        content.figures,
        last_year_end=compilation.figures_of_period(known, period.last_year_end()),
        year_before=compilation.figures_of_period(known, period.year_before()),
        last_period=compilation.figures_of_period(known, period.previous_in_year()),
        footnotes=content.footnotes,
        narratives=content.narratives,
        compiled_on=shanghai(compiled.compiled_at).date(),
        demo=cycle.is_demo,
        only=cycle.only,
    )
