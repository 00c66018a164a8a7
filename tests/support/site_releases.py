"""Releases of sample figures for the site's own pages: the structured data alone, which is all these are made from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.figures.figures import Figure
from disclosure.publication import SiteRelease, make_manifest
from disclosure.rendering import DocumentContents, build_document, document_json
from disclosure.simulation.demo_figures import demo_figures, demo_history


def release_of(
    catalog: Catalog, period: Period, *, version: int = 1, scale: int = 1, figures: Sequence[Figure] = ()
) -> SiteRelease:
    """Return a release of the structured data alone; a version of another ``scale`` has other figures."""
    document = build_document(
        catalog,
        DocumentContents(
            period,
            figures or demo_figures(catalog, period)[::scale],
            earlier=demo_history(catalog, period),
            compiled_on=dt.date(2026, 3, 10),
            demo=True,
        ),
    )
    files = {"index.html": b"page", "document.json": document_json(document).encode(), "figures.csv": b"csv"}
    published = dt.datetime(period.year + 1, 3, 15, version, tzinfo=dt.UTC)
    manifest = make_manifest(files, release={"period": period.id, "version": str(version)})
    return SiteRelease(period, version, document.title, document.summary, published, files, manifest, demo=True)
