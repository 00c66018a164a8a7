"""What a page says of itself to machines: schema.org as JSON-LD in the page.

Addresses are relative to the page they stand in, which is what JSON-LD resolves them by.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import Catalog
from disclosure.rendering.document.document import DisclosureDocument
from disclosure.rendering.site.entries import SiteEntry
from disclosure.rendering.site.history import History

#: The open data of a release, by how its name ends.
_MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SCHEMA = "https://schema.org"


def release_dataset(document: DisclosureDocument, files: Mapping[str, bytes]) -> Markup:
    """schema.org ``Dataset`` of a release page."""
    return script_json({
        **_dataset(document.title, document.summary, document.publisher),
        "dateModified": document.compiled_on,
        "temporalCoverage": _interval(parse_period(document.period)),
        "variableMeasured": list(dict.fromkeys(seen.indicator for seen in document.observations)),
        "distribution": [_download(name) for name in sorted(files) if _ending(name) in _MEDIA_TYPES],
    })  # fmt: skip


def history_dataset(history: History, publisher: str) -> Markup:
    """schema.org ``Dataset`` of a page over several periods."""
    return script_json({
        **_dataset(history.title, history.title, publisher),
        "distribution": [_download(f"{history.id}.csv")],
    })  # fmt: skip


def site_dataset(catalog: Catalog, entries: Iterable[SiteEntry]) -> Markup:
    """schema.org ``DataCatalog`` of the home page."""
    profile = catalog.profile
    return script_json({
        "@context": _SCHEMA,
        "@type": "DataCatalog",
        "name": profile.title,
        "description": profile.description or profile.title,
        "inLanguage": "zh-CN",
        "publisher": _organisation(profile.publisher),
        "dataset": [{"@type": "Dataset", "name": e.title, "description": e.summary or e.title, "url": e.address}
                    for e in entries if not e.withdrawn_at],
    })  # fmt: skip


def _dataset(name: str, description: str, publisher: str) -> dict[str, Any]:
    return {
        "@context": _SCHEMA,
        "@type": "Dataset",
        "name": name,
        "description": description,
        "inLanguage": "zh-CN",
        "isAccessibleForFree": True,
        "creator": _organisation(publisher),
    }


def _organisation(name: str) -> dict[str, str]:
    return {"@type": "GovernmentOrganization", "name": name}


def _download(name: str) -> dict[str, str]:
    return {"@type": "DataDownload", "encodingFormat": _MEDIA_TYPES[_ending(name)], "contentUrl": name}


def _ending(name: str) -> str:
    return name.rpartition(".")[2]


def _interval(period: Period) -> str:
    return f"{period.year}-01-01/{period.end.isoformat()}"


def script_json(content: Mapping[str, Any]) -> Markup:
    """JSON that may stand in a ``script`` element: nothing in it can end the element."""
    told = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Markup(told.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704
