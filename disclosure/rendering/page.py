"""The release page: one HTML file that needs no other file, no script and no address outside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from markupsafe import Markup

from disclosure.catalog.models.outlets import SiteFacts
from disclosure.rendering.document.document import DisclosureDocument
from disclosure.rendering.open_data.metadata import release_dataset
from disclosure.rendering.templates import chinese_date, kilobytes, render_html


def render_page(
    document: DisclosureDocument, charts: Mapping[str, str], files: Mapping[str, bytes], site: SiteFacts
) -> bytes:
    """``document`` as UTF-8 HTML.

    ``charts`` is SVG by chart id (trusted: drawn by ``charts.chart_svg``, which escapes all text); ``files`` are
    the downloads beside the page, for their sizes; ``site`` is what the site states of itself.
    """
    return render_html(
        "release.html.j2",
        document=document,
        site=site,
        charts={name: Markup(svg) for name, svg in charts.items()},  # noqa: S704 - see above
        sizes={name: kilobytes(len(content)) for name, content in files.items()},
        dataset=release_dataset(document, files),
        compiled_on=chinese_date(dt.date.fromisoformat(document.compiled_on)),
    )
