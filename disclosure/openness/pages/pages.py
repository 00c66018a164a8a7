"""The pages of the openness catalogue: what people look for, the official table by level, a page an item, open data.

Pure functions: the catalogue and what stands in its elements in, ``{path: bytes}`` out, the same for the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from disclosure.catalog import Catalog, OpennessItem
from disclosure.catalog.models.openness import Level, Merged
from disclosure.figures.figures import Figure
from disclosure.openness.guides import load_guides
from disclosure.openness.pages.data import catalog_csv, catalog_json
from disclosure.openness.pages.item import is_provided, item_page
from disclosure.openness.pages.state import ElementKey, OpennessState
from disclosure.platform.errors import DisclosureError
from disclosure.rendering.document.phrases import fill_text, load_phrases
from disclosure.rendering.templates import chinese_date, inline_script, kilobytes, render_html

FOLDER = "openness/"
#: Columns whose neighbouring cells are one in the printed table.
MERGED_COLUMNS: tuple[Merged, ...] = ("matter", "basis", "time_limit", "body", "channels")


def drafts_of(catalog: Catalog) -> OpennessState:
    """Return what the profile ships: guides and contents, no figures, no history.

    Raises:
        DisclosureError: for a guide that lacks one of its sections.
    """
    return OpennessState(load_guides(catalog), catalog.openness_contents)


def render_openness(catalog: Catalog, state: OpennessState) -> dict[str, bytes]:
    """Render every page, ``catalog.csv`` and ``catalog.json``: path (below ``openness/``) -> bytes.

    Raises:
        DisclosureError: when histories come without ``as_of`` or in an impossible order, or when the figures are of
            more than one period.
    """
    if state.histories and state.as_of is None:
        raise DisclosureError("要显示公开时限，须给出查看日期（as_of）。")
    if any(len({figure.period for figure in figures}) > 1 for figures in state.statistics.values()):
        raise DisclosureError("一个要素的统计数据应取自同一期的汇总，这里给出了几期的数据。")
    data = {"catalog.csv": catalog_csv(catalog), "catalog.json": catalog_json(catalog)}
    sizes = {name: kilobytes(len(content)) for name, content in data.items()}
    common = _common(catalog, state)
    views: list[tuple[str, Level | None]] = [
        ("table.html", None),
        ("county.html", "county"),
        ("township.html", "township"),
    ]
    pages = {name: _table_page(catalog, common, level, sizes) for name, level in views}
    items = list(catalog.openness_items.values())
    pages["index.html"] = _errands_page(catalog, state, common, sizes)
    for before, item, after in zip([None, *items], items, [*items[1:], None], strict=False):
        pages[f"{item.number}.html"] = item_page(catalog, state, common, item, (before, after))
    if state.requests:
        pages["requests.html"] = render_html("openness_requests.html.j2", **common, years=state.requests)
    return {FOLDER + name: content for name, content in {**pages, **data}.items()}


def statistics_of(catalog: Catalog, figures: Sequence[Figure]) -> dict[ElementKey, Sequence[Figure]]:
    """Tell which of the ``figures`` of a compilation fill which elements, by (item number, element id)."""
    return {
        (item.number, name): own
        for item in catalog.openness_items.values()
        for name, element in item.elements.items()
        if element.kind == "statistic" and (own := [f for f in figures if f.indicator in element.indicators])
    }


def _common(catalog: Catalog, state: OpennessState) -> dict[str, Any]:
    profile = catalog.profile
    samples = any(guide.sample for guide in state.guides.values()) or any(
        content.sample for contents in state.contents.values() for content in contents.values()
    )
    return {
        "publisher": profile.publisher,
        "contact": profile.contact,
        "site_title": profile.title,
        "site": catalog.outlets.site,
        "words": catalog.openness_words,
        "as_of": state.as_of,
        "chinese_date": chinese_date,
        "has_requests": bool(state.requests),
        "shows_samples": samples,
        "shows_demo_words": bool(state.demo_contents),
        "figures_demo": fill_text(load_phrases(catalog).notes.demo, origin=profile.demo_figures_origin)
        if state.statistics and state.demo
        else "",
    }


# What people look for


def _errands_page(catalog: Catalog, state: OpennessState, common: Mapping[str, Any], sizes: Mapping[str, int]) -> bytes:
    items = catalog.openness_items
    return render_html(
        "openness_errands.html.j2",
        **common,
        events=[(event, [items[number] for number in event.items]) for event in catalog.life_events.values()],
        groups=table_groups(catalog, items.values()),
        provided={item.number for item in items.values() if is_provided(state, item)},
        count=len(items),
        sizes=sizes,
    )


# The table


@dataclass(frozen=True)
class CatalogueRow:
    """An item as a row; ``spans`` is how many rows a merged column's cell stands for, 0 where it is covered."""

    item: OpennessItem
    spans: Mapping[str, int]


@dataclass(frozen=True)
class TableGroup:
    """The rows of one first-level matter."""

    id: str
    name: str
    rows: tuple[CatalogueRow, ...]


def table_groups(catalog: Catalog, items: Iterable[OpennessItem]) -> tuple[TableGroup, ...]:
    """Group ``items`` by first-level matter; a cell stands for rows that shared it in the source and still agree."""
    by_matter: dict[str, list[OpennessItem]] = {}
    for item in items:
        by_matter.setdefault(item.matter, []).append(item)
    groups = []
    for matter, own in by_matter.items():
        spans: dict[str, dict[str, int]] = {item.number: {} for item in own}
        for column in MERGED_COLUMNS:
            for run in _runs(own, _shared_cell(column)):
                for item in run:
                    spans[item.number][column] = len(run) if item is run[0] else 0
        rows = tuple(CatalogueRow(item, MappingProxyType(spans[item.number])) for item in own)
        groups.append(TableGroup(matter, catalog.openness_matters[matter].name, rows))
    return tuple(groups)


def _shared_cell(column: Merged) -> Callable[[OpennessItem], Hashable]:
    """Return the printed cell an item's value comes from, and the value, which a profile may have changed."""
    return lambda item: (item.inherited.get(column, item.number), getattr(item, column))


def _runs(items: Sequence[OpennessItem], key: Callable[[OpennessItem], Hashable]) -> list[list[OpennessItem]]:
    runs: list[list[OpennessItem]] = []
    for item in items:
        if runs and key(runs[-1][0]) == key(item):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _table_page(catalog: Catalog, common: Mapping[str, Any], level: Level | None, sizes: Mapping[str, int]) -> bytes:
    shown = [item for item in catalog.openness_items.values() if level is None or level in item.levels]
    groups = table_groups(catalog, shown)
    keeping = {item.owner for item in shown}
    script, policy = inline_script("openness.js")
    return render_html(
        "openness.html.j2",
        **common,
        level=level,
        groups=groups,
        count=len(shown),
        matters=[(group.id, group.name) for group in groups],
        owners=[(office.id, office.name) for office in catalog.offices.values() if office.id in keeping],
        sizes=sizes,
        script=script,
        script_policy=policy,
    )
