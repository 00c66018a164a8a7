"""The pages of the openness catalogue: the official table, a page an item, county and township views, open data.

Pure functions: the catalogue and what stands in its elements in, ``{path: bytes}`` out, the same for the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from disclosure.catalog import Catalog, OpennessElement, OpennessItem
from disclosure.catalog.openness_models import Content, Level, Merged
from disclosure.errors import DisclosureError
from disclosure.figures import Figure
from disclosure.openness.clock import (
    Clock,
    ElementVersion,
    clocks_of,
    confirmation_due,
    needs_confirmation,
    standing_clock,
)
from disclosure.openness.guides import Guide, load_guides, markdown_html
from disclosure.rendering.openness_data import catalog_csv, catalog_json
from disclosure.rendering.phrases import fill_text, load_phrases
from disclosure.rendering.templates import chinese_date, inline_script, kilobytes, render_html

FOLDER = "openness/"
#: Columns whose neighbouring cells are one in the printed table.
MERGED_COLUMNS: tuple[Merged, ...] = ("matter", "basis", "time_limit", "body", "channels")

ElementKey = tuple[str, str]


@dataclass(frozen=True)
class ElementHistory:
    """What happened to an element: its versions, and when the office last confirmed that it still holds."""

    versions: tuple[ElementVersion, ...]
    confirmed_on: dt.date | None = None


@dataclass(frozen=True)
class RequestCounts:
    """The register of requests of one year: how many came, and what became of them."""

    year: int
    received: int
    answered: int
    on_time: int
    extended: int
    overdue: int
    open: int
    outcomes: Mapping[str, int]


@dataclass(frozen=True)
class OpennessState:
    """What stands in the elements.

    ``guides`` by item number, ``contents`` by item number and element id; ``statistics`` by (item number, element id),
    each of one period, and the pages say so where they are a ``demo``; ``histories`` by the same key are read on
    ``as_of``, which they need. ``requests`` are the counts of the register, shown where there are any.
    """

    guides: Mapping[str, Guide]
    contents: Mapping[str, Mapping[str, Content]]
    statistics: Mapping[ElementKey, Sequence[Figure]] = field(default_factory=dict)
    demo: bool = False
    histories: Mapping[ElementKey, ElementHistory] = field(default_factory=dict)
    as_of: dt.date | None = None
    requests: Sequence[RequestCounts] = ()


def drafts_of(catalog: Catalog) -> OpennessState:
    """What the profile ships: guides and contents, no figures, no history.

    Raises:
        DisclosureError: for a guide that lacks one of its sections.
    """
    return OpennessState(load_guides(catalog), catalog.openness_contents)


def render_openness(catalog: Catalog, state: OpennessState) -> dict[str, bytes]:
    """Path (below ``openness/``) -> bytes of every page, of ``catalog.csv`` and of ``catalog.json``.

    Raises:
        DisclosureError: when histories come without ``as_of`` or in an impossible order, or when the figures are of
            more than one period.
    """
    if state.histories and state.as_of is None:
        raise DisclosureError("要显示公开时限，须给出查看日期（as_of）。")
    if any(len({figure.period for figure in figures}) > 1 for figures in state.statistics.values()):
        raise DisclosureError("一个要素的统计数据应取自同一期的汇总，这里给出了几期的数据。")
    data = {"catalog.csv": catalog_csv(catalog), "catalog.json": catalog_json(catalog)}
    sizes = {name: kilobytes(content) for name, content in data.items()}
    common = _common(catalog, state)
    views: list[tuple[str, Level | None]] = [
        ("index.html", None),
        ("county.html", "county"),
        ("township.html", "township"),
    ]
    pages = {name: _table_page(catalog, common, level, sizes) for name, level in views}
    items = list(catalog.openness_items.values())
    for before, item, after in zip([None, *items], items, [*items[1:], None], strict=False):
        pages[f"{item.number}.html"] = _item_page(catalog, state, common, item, (before, after))
    if state.requests:
        pages["requests.html"] = render_html("openness_requests.html.j2", **common, years=state.requests)
    return {FOLDER + name: content for name, content in {**pages, **data}.items()}


def statistics_of(catalog: Catalog, figures: Sequence[Figure]) -> dict[ElementKey, Sequence[Figure]]:
    """Which of the ``figures`` of a compilation fill which elements, by (item number, element id)."""
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
        "home_title": profile.title,
        "words": catalog.openness_words,
        "as_of": state.as_of,
        "chinese_date": chinese_date,
        "has_requests": bool(state.requests),
        "shows_samples": samples,
        "figures_demo": fill_text(load_phrases(catalog).notes.demo, origin=profile.demo_figures_origin)
        if state.statistics and state.demo
        else "",
    }


# The table


@dataclass(frozen=True)
class TableRow:
    """An item as a row; ``spans`` is how many rows a merged column's cell stands for, 0 where it is covered."""

    item: OpennessItem
    spans: Mapping[str, int]


@dataclass(frozen=True)
class TableGroup:
    """The rows of one first-level matter."""

    id: str
    name: str
    rows: tuple[TableRow, ...]


def table_groups(catalog: Catalog, items: Iterable[OpennessItem]) -> tuple[TableGroup, ...]:
    """``items`` by first-level matter; a cell stands for the rows that shared it in the source and still agree."""
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
        rows = tuple(TableRow(item, MappingProxyType(spans[item.number])) for item in own)
        groups.append(TableGroup(matter, catalog.openness_matters[matter].name, rows))
    return tuple(groups)


def _shared_cell(column: Merged) -> Callable[[OpennessItem], Hashable]:
    """The printed cell an item's value comes from, and the value, which a profile may have changed."""
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


# One item


@dataclass(frozen=True)
class StatisticRow:
    """A line of a statistic as printed; ``value`` is 未提供 where the compilation has none."""

    name: str
    value: str
    unit: str
    key: str


@dataclass(frozen=True)
class DatedVersion:
    """A version against its limit, as printed."""

    number: int
    what: str
    clock: Clock


@dataclass(frozen=True)
class ElementView:
    """An element with what fills it; at most one of ``guide``, ``content`` and ``statistics`` is there."""

    id: str
    title: str
    element: OpennessElement
    guide: Sequence[tuple[str, Markup]]
    sample: str
    content: Content | None
    text: Markup | None
    statistics: Sequence[StatisticRow]
    period: str
    versions: Sequence[DatedVersion]
    standing: Clock | None
    confirmed_on: dt.date | None
    confirm_by: dt.date | None
    ask_confirmation: bool


def _item_page(
    catalog: Catalog,
    state: OpennessState,
    common: Mapping[str, Any],
    item: OpennessItem,
    neighbours: tuple[OpennessItem | None, OpennessItem | None],
) -> bytes:
    return render_html(
        "openness_item.html.j2",
        **common,
        item=item,
        matter=catalog.openness_matters[item.matter],
        office=catalog.offices[item.owner],
        elements=[_element(catalog, state, item, name) for name in item.elements],
        before=neighbours[0],
        after=neighbours[1],
    )


def _element(catalog: Catalog, state: OpennessState, item: OpennessItem, name: str) -> ElementView:
    element = item.elements[name]
    guide = state.guides.get(item.number) if element.kind == "guide" else None
    content = state.contents.get(item.number, {}).get(name)
    words = getattr(content, "text", "")
    figures = state.statistics.get((item.number, name), ())
    history = state.histories.get((item.number, name), ElementHistory(()))
    versions = sorted(history.versions, key=lambda version: version.number)
    clocks: tuple[Clock, ...] = ()
    ask = False
    public: dt.date | None = None
    if state.as_of is not None:
        clocks = clocks_of(versions, state.as_of, workdays=item.workdays, holidays=catalog.holidays)
        public = max(filter(None, (version.published_on for version in versions)), default=None)
        ask = needs_confirmation(public, history.confirmed_on, state.as_of)
    last_right = max(filter(None, (public, history.confirmed_on)), default=None)
    return ElementView(
        id=name,
        title=_title(catalog, item, element),
        element=element,
        guide=[(head, markdown_html(body)) for head, body in guide.sections.items()] if guide else (),
        sample=guide.sample if guide else "",
        content=content,
        text=markdown_html(words) if words else None,
        statistics=_statistics(catalog, figures, element),
        period=figures[0].period.label if figures else "",
        versions=[DatedVersion(v.number, v.what, clock) for v, clock in zip(versions, clocks, strict=True)],
        standing=standing_clock(clocks),
        confirmed_on=history.confirmed_on,
        confirm_by=confirmation_due(last_right) if last_right and public else None,
        ask_confirmation=ask,
    )


def _title(catalog: Catalog, item: OpennessItem, element: OpennessElement) -> str:
    """The element's name, or its indicator's where the catalogue calls two elements of the item the same (支付人次)."""
    same = sum(other.name == element.name for other in item.elements.values())
    return element.name if same == 1 else catalog.indicators[element.indicators[0]].name


def _statistics(catalog: Catalog, figures: Sequence[Figure], element: OpennessElement) -> list[StatisticRow]:
    if not figures:
        return []
    whole = {f.indicator: f for f in figures if f.region == catalog.prefecture.code}
    rows = []
    for name in element.indicators:
        indicator, figure = catalog.indicators[name], whole.get(name)
        missing = Figure(catalog.prefecture.code, name, figures[0].period, indicator.unit, state="not_provided")
        shown = figure or missing
        rows.append(StatisticRow(indicator.name, shown.printed, shown.unit, "/".join(shown.key)))
    return rows
