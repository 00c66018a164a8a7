"""The search that needs no server: an index as JSON, and a page that lists everything where scripts are off."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from disclosure.catalog import Catalog, Indicator
from disclosure.rendering.phrases import fill_text, load_phrases
from disclosure.rendering.site.collected import Collected, latest_own
from disclosure.rendering.site.entries import SiteEntry

#: Title, address relative to the site's root, and what is said beside the title.
Found = tuple[str, str, str]


def search_index(found: Iterable[Found]) -> bytes:
    """``{"entries": [[title, address, more], …]}``."""
    return (json.dumps({"entries": list(found)}, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def release_entries(catalog: Catalog, entries: Iterable[SiteEntry]) -> list[Found]:
    """A line a release."""
    phrases = load_phrases(catalog)
    return [
        (
            entry.title,
            entry.address,
            fill_text(phrases.history.release_line, period=entry.period.label, day=entry.published_text)
            + (f" {phrases.demo_label}" if entry.demo else ""),
        )
        for entry in entries
    ]


def figure_entries(catalog: Catalog, collected: Collected, addresses: Mapping[str, str]) -> list[Found]:
    """A line an indicator: its latest figure of the whole prefecture, found on its insurance's page."""
    lines = []
    for indicator in catalog.indicators.values():
        latest = latest_own(collected.of(catalog.prefecture.code, indicator.id))
        if latest and indicator.insurance in addresses:
            period, point = latest
            # A state such as 未提供 has no unit.
            figure = point.printed + (point.unit if point.value else "")
            lines.append(
                (_named(catalog, indicator), f"{addresses[indicator.insurance]}#all", f"{period.label} {figure}")
            )
    return lines


def openness_entries(catalog_json: bytes | None) -> list[Found]:
    """A line an item of the openness catalogue, from the ``catalog.json`` beside its pages."""
    if catalog_json is None:
        return []
    content = json.loads(catalog_json)
    return [
        (item["name"], f"openness/{item['page']}", f"{content['title']} {item['matter']['name']}")
        for item in content["items"]
    ]


def _named(catalog: Catalog, indicator: Indicator) -> str:
    """``工伤保险参保人数``: the insurance is not said twice."""
    insurance = catalog.insurances[indicator.insurance].name
    return indicator.name if insurance in indicator.name else insurance + indicator.name
