"""The search that needs no server: an index as JSON, and a page that lists everything where scripts are off."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from disclosure.catalog import Catalog, Indicator, Region
from disclosure.catalog.models.search import SitePage
from disclosure.rendering.document.phrases import fill_text, load_phrases
from disclosure.rendering.site.collected import Collected, latest_own
from disclosure.rendering.site.entries import SiteEntry
from disclosure.rendering.site.explorer import EXPLORER_PAGE
from disclosure.rendering.site.glossary import GLOSSARY_PAGE
from disclosure.rendering.site.schedule import SCHEDULE_PAGE

#: Title, address relative to the site's root, what is said beside the title, other words it is found by.
Found = tuple[str, str, str, str]


def search_index(found: Iterable[Found]) -> bytes:
    """``{"entries": [[title, address, more, words], …]}``."""
    return (json.dumps({"entries": list(found)}, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def page_entries(
    catalog: Catalog, collected: Collected, titles: Mapping[str, str], insurances: Mapping[str, str]
) -> list[Found]:
    """Return a line a page over several periods; an insurance's is found by all its names and by the years it shows.

    ``titles`` are the pages' by address, ``insurances`` the address of each insurance's page by its id.
    """
    words = {
        address: " ".join((*_names_of(catalog, insurance), *_years(catalog, collected, insurance)))
        for insurance, address in insurances.items()
    }
    return [(title, address, "", words.get(address, "")) for address, title in titles.items()]


def own_page_entries(catalog: Catalog) -> list[Found]:
    """Return a line each for the release calendar and the explanations of indicators."""
    phrases = load_phrases(catalog)
    pages: tuple[tuple[SitePage, str, str], ...] = (
        ("explorer", phrases.explorer.title, EXPLORER_PAGE),
        ("schedule", phrases.schedule.title, SCHEDULE_PAGE),
        ("glossary", phrases.glossary.title, GLOSSARY_PAGE),
    )
    return [
        (title, address, "", " ".join(word.word for word in catalog.everyday_words.values() if page in word.pages))
        for page, title, address in pages
    ]


def release_entries(catalog: Catalog, entries: Iterable[SiteEntry]) -> list[Found]:
    """Return a line a release."""
    phrases = load_phrases(catalog)
    everyday = " ".join(word.word for word in catalog.everyday_words.values() if word.releases)
    return [
        (
            entry.title,
            entry.address,
            fill_text(phrases.history.release_line, period=entry.period.label, day=entry.published_text)
            + (f" {phrases.demo_label}" if entry.demo else ""),
            everyday,
        )
        for entry in entries
    ]


def figure_entries(catalog: Catalog, collected: Collected, addresses: Mapping[str, str]) -> list[Found]:
    """Return a line an indicator: its latest figure of the whole prefecture, found on its insurance's page."""
    return [
        (
            _named(catalog, indicator),
            f"{addresses[indicator.insurance]}#{quote(key)}",
            latest,
            f"{_words_of(catalog, indicator)} {_years_of(collected, catalog.prefecture, indicator)}",
        )
        for indicator in catalog.indicators.values()
        if indicator.insurance in addresses
        for key, latest in _latest(collected, catalog.prefecture, indicator)
    ]


def county_entries(catalog: Catalog, collected: Collected, addresses: Mapping[str, str]) -> list[Found]:
    """Return a line a county and indicator, found on the county's page; ``addresses`` are by the county's code."""
    return [
        (
            region.name + _named(catalog, indicator),
            f"{addresses[region.code]}#{quote(key)}",
            latest,
            " ".join((*region.aliases, _words_of(catalog, indicator), _years_of(collected, region, indicator))),
        )
        for region in catalog.parts_of_prefecture
        if region.code in addresses
        for indicator in catalog.indicators.values()
        if indicator.by_county
        for key, latest in _latest(collected, region, indicator)
    ]


def openness_entries(catalog: Catalog, catalog_json: bytes | None) -> list[Found]:
    """Return a line an item of the openness catalogue, from the ``catalog.json`` beside its pages."""
    if catalog_json is None:
        return []
    content = json.loads(catalog_json)
    return [
        (
            item["name"],
            f"openness/{item['page']}",
            f"{content['title']} {item['matter']['name']}",
            " ".join(_words_of_item(catalog, item["page"].removesuffix(".html"))),
        )
        for item in content["items"]
    ]


def _latest(collected: Collected, region: Region, indicator: Indicator) -> Iterator[tuple[str, str]]:
    """Yield where the newest figure stands and how people read it, ``2025年度 9,415.54万元``; nothing without one."""
    latest = latest_own(collected.of(region.code, indicator.id))
    if latest is not None:
        period, point = latest
        # A state such as 未提供 has no unit. A special disclosure has no column on the page.
        shown = f"{period.label} {point.printed}{point.unit if point.value else ''}"
        yield ("all" if period.kind == "special" else point.key), shown


def _words_of_item(catalog: Catalog, number: str) -> Iterator[str]:
    """Yield what people call an errand: everyday words, the life events it belongs to, what every errand is asked."""
    item = catalog.openness_items.get(number)
    has_guide = item is not None and any(element.kind == "guide" for element in item.elements.values())
    for word in catalog.everyday_words.values():
        if number in word.items or (word.guides and has_guide):
            yield word.word
    for event in catalog.life_events.values():
        if number in event.items:
            yield event.name


def _years_of(collected: Collected, region: Region, indicator: Indicator) -> str:
    """Return the years of which there is a figure; ``2024年度`` where the whole year has one, which can be led to."""
    periods = collected.of(region.code, indicator.id)
    whole = {period.year for period in periods if period.kind == "annual"}
    years = sorted({period.year for period in periods}, reverse=True)
    return " ".join(f"{year}年度" if year in whole else f"{year}年" for year in years)


def _names_of(catalog: Catalog, insurance_id: str) -> Iterator[str]:
    """Yield every name an insurance has beside its own, everyday words too."""
    insurance = catalog.insurances[insurance_id]
    yield insurance.short_name
    yield from insurance.aliases
    for word in catalog.everyday_words.values():
        if insurance_id in word.insurances:
            yield word.word


def _words_of(catalog: Catalog, indicator: Indicator) -> str:
    """Return every other name an indicator goes by, its insurance's names with it."""
    everyday = (
        word.word
        for word in catalog.everyday_words.values()
        if any(indicator.matches(pattern) for pattern in word.indicators)
    )
    return " ".join((*_names_of(catalog, indicator.insurance), *indicator.aliases, *everyday))


def _years(catalog: Catalog, collected: Collected, insurance: str) -> list[str]:
    """Return the years of which the page of an insurance shows figures, the newest first."""
    ids = [indicator.id for indicator in catalog.indicators.values() if indicator.insurance == insurance]
    known = {period.year for each in ids for period in collected.of(catalog.prefecture.code, each)}
    return [f"{year}年" for year in sorted(known, reverse=True)]


def _named(catalog: Catalog, indicator: Indicator) -> str:
    """``工伤保险参保人数``: the insurance is not said twice."""
    insurance = catalog.insurances[indicator.insurance].name
    return indicator.name if insurance in indicator.name else insurance + indicator.name
