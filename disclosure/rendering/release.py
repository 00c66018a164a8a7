"""All files of one release."""

from __future__ import annotations

from disclosure.rendering.charts import chart_svg
from disclosure.rendering.document import DisclosureDocument, document_json
from disclosure.rendering.open_data import render_csv
from disclosure.rendering.page import render_page
from disclosure.rendering.sheet import print_files


def render_release(document: DisclosureDocument) -> dict[str, bytes]:
    """Relative path -> bytes of everything that is published: page, printed sheet, open data.

    The same document gives the same bytes. ``manifest.json``, which the page links to, is added when the
    release is put on a site.
    """
    charts = {block.chart.id: chart_svg(block.chart) for block in document.blocks if block.chart}
    files = {
        "disclosure.pdf": render_sheet(document, charts),
        "figures.csv": render_csv(document),
        "document.json": document_json(document).encode(),
    }
    return {"index.html": render_page(document, charts, files), **files}
