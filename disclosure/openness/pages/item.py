"""The page of one item: what somebody with an errand needs first, then what the law asks to be told, folded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from disclosure.catalog import Catalog, OpennessElement, OpennessItem
from disclosure.catalog.models.openness import Content
from disclosure.figures.figures import WITHHELD, Figure
from disclosure.openness.clock import OpennessClock, clocks_of, confirmation_due, needs_confirmation, standing_clock
from disclosure.openness.guides import Guide, markdown_html
from disclosure.openness.pages.state import ElementHistory, OpennessState
from disclosure.openness.words import words
from disclosure.rendering.templates import render_html


def is_provided(state: OpennessState, item: OpennessItem) -> bool:
    """Tell whether an office has provided anything of ``item``."""
    return any(_is_filled(state, item, name) for name in item.elements)


def _is_filled(state: OpennessState, item: OpennessItem, name: str) -> bool:
    content = state.contents.get(item.number, {}).get(name)
    guide = item.elements[name].kind == "guide" and item.number in state.guides
    return guide or bool(state.statistics.get((item.number, name))) or (content is not None and not content.to_fill)


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
    clock: OpennessClock


@dataclass(frozen=True)
class GuideAnswer:
    """A section of a guide as the ``question`` somebody comes with; empty for what is told folded."""

    question: str
    head: str
    answer: Markup


@dataclass(frozen=True)
class ElementView:
    """An element with what fills it; at most one of ``guide``, ``content`` and ``statistics`` is there."""

    id: str
    title: str
    element: OpennessElement
    is_filled: bool
    is_demo: bool
    guide: Sequence[GuideAnswer]
    sample: str
    content: Content | None
    text: Markup | None
    statistics: Sequence[StatisticRow]
    has_withheld: bool
    period: str
    versions: Sequence[DatedVersion]
    standing: OpennessClock | None
    confirmed_on: dt.date | None
    confirm_by: dt.date | None
    ask_confirmation: bool


def item_page(
    catalog: Catalog,
    state: OpennessState,
    common: Mapping[str, Any],
    item: OpennessItem,
    neighbours: tuple[OpennessItem | None, OpennessItem | None],
) -> bytes:
    """Return the page of ``item``; ``neighbours`` are the items before and after it."""
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
    text = getattr(content, "text", "")
    figures = state.statistics.get((item.number, name), ())
    history = state.histories.get((item.number, name), ElementHistory(()))
    versions = sorted(history.versions, key=lambda version: version.number)
    clocks: tuple[OpennessClock, ...] = ()
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
        is_filled=_is_filled(state, item, name),
        is_demo=(item.number, name) in state.demo_contents,
        guide=_answers(guide) if guide else (),
        sample=guide.sample if guide else "",
        content=content,
        text=markdown_html(text) if text else None,
        statistics=_statistics(catalog, figures, element),
        has_withheld=any(figure.state == WITHHELD for figure in figures),
        period=figures[0].period.label if figures else "",
        versions=[DatedVersion(v.number, v.what, clock) for v, clock in zip(versions, clocks, strict=True)],
        standing=standing_clock(clocks),
        confirmed_on=history.confirmed_on,
        confirm_by=confirmation_due(last_right) if last_right and public else None,
        ask_confirmation=ask,
    )


def _answers(guide: Guide) -> list[GuideAnswer]:
    """Put what people ask first; the sections nobody comes for have no question and stand last."""
    questions: Mapping[str, str] = words()["guide_questions"]
    ordered = [*questions, *(head for head in guide.sections if head not in questions)]
    return [GuideAnswer(questions.get(head, ""), head, markdown_html(guide.sections[head])) for head in ordered]


def _title(catalog: Catalog, item: OpennessItem, element: OpennessElement) -> str:
    """Return the element's name, or its indicator's where the catalogue calls two elements of the item the same."""
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
