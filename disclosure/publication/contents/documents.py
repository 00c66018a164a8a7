"""The document of a round out of our records: what is rendered, and what is read back is held against."""

from __future__ import annotations

from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.cycle import compilation, queries
from disclosure.platform.clock import shanghai
from disclosure.records.tables import Compilation, Cycle
from disclosure.rendering import Corrected, DisclosureDocument, DocumentContents, build_document


def document_of(session: Session, catalog: Catalog, cycle: Cycle, compiled: Compilation) -> DisclosureDocument:
    """Return the document of a compilation, compared with what is known of other periods by now.

    It is made of figures in public form alone: no value that is withheld, now or before, enters it.

    Raises:
        DisclosureError: when the compilation is not what its digest says.
    """
    content = compilation.content_of(session, catalog, cycle, compiled)
    return build_document(
        catalog,
        DocumentContents(
            content.period,
            content.public_figures,
            earlier=compilation.public_history(session, catalog, content.period),
            footnotes=content.footnotes,
            narratives=content.narratives,
            compiled_on=shanghai(compiled.compiled_at).date(),
            demo=cycle.is_demo,
            only=cycle.only,
            corrected=_corrected(session, catalog, cycle),
        ),
    )


def _corrected(session: Session, catalog: Catalog, cycle: Cycle) -> Corrected | None:
    """Return the version that the current round corrects; None in a first version."""
    correction = queries.correction_of(session, cycle)
    if correction is None:
        return None
    base = correction.base
    assert base.published_at is not None  # noqa: S101 - only what was published is corrected
    before = compilation.released_content(session, catalog, cycle, base)
    return Corrected(
        version=correction.version,
        reason=correction.reason,
        begun_on=shanghai(correction.begun_at).date(),
        base_version=base.version,
        base_day=shanghai(base.published_at).date(),
        figures=before.public_figures,
        narratives=before.narratives,
    )
