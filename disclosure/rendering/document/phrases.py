"""The fixed words of a disclosure, read from ``catalog/phrases.yaml`` and the profile's own ``phrases.yaml``."""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from disclosure.catalog import Catalog, ComparisonBase, Indicator, IndicatorKind
from disclosure.catalog.loading import layered_document
from disclosure.platform.errors import DisclosureError
from disclosure.platform.fact import Fact
from disclosure.platform.yaml_source import Document
from disclosure.rendering.document.document import TextRun

ChartKind = Literal["funds", "regions", "parts"]


class ChangePhrases(Fact):
    """How a change is told; keys as in the YAML."""

    flat: str
    up: str
    down: str
    up_little: str
    down_little: str
    up_amount: str
    down_amount: str
    up_points: str
    down_points: str


class IndicatorTablePhrases(Fact):
    """Caption and column heads of the table of one insurance."""

    caption: str
    indicator: str
    unit: str
    value: str
    difference: str
    percent: str
    last_period: str


class RegionTablePhrases(Fact):
    """Caption and heads of the table by region."""

    caption: str
    region: str
    indicator: str


class Highlights(Fact):
    """Which indicators (without their insurance) stand on the cards."""

    lead: str
    also: tuple[str, ...]


class ChartPhrases(Fact):
    """Title and indicators (without their insurance) of one kind of chart."""

    title: str
    indicators: tuple[str, ...] = Field(min_length=1)


class Charts(Fact):
    """Which chart an insurance gets and what is written on it."""

    preference: tuple[ChartKind, ...]
    preference_of: dict[str, tuple[ChartKind, ...]] = Field(default={})
    funds: ChartPhrases
    regions: ChartPhrases
    parts: ChartPhrases
    series_now: str
    unit: str
    description: str
    bar: str
    between_bars: str


class HistoryPhrases(Fact):
    """Titles, captions and charts of the pages over several periods."""

    insurance_title: str
    county_title: str
    release_line: str
    annual_caption: str
    quarterly_caption: str
    earlier: str
    imported_period: str
    not_from_zero: str
    period: str
    insurance: str
    charts: tuple[ChartPhrases, ...]
    county_chart: ChartPhrases


class SchedulePhrases(Fact):
    """What the release calendar says outside of its page: of the file, and of an event in it."""

    title: str
    calendar: str
    event_published: str
    event_due: str
    event_limit: str


class GlossaryPhrases(Fact):
    """The words in which indicators are explained."""

    title: str
    kinds: dict[IndicatorKind, str]
    meanings: dict[IndicatorKind, str]
    periods: dict[Literal["both", "annual", "quarterly"], str]
    scopes: dict[Literal["counties", "whole"], str]
    equal: str
    plus: str
    minus: str
    made_of: str
    between: str


class ExplorerPhrases(Fact):
    """What 查数 says of the figures a reader picked; the names in braces are filled by the page's script."""

    title: str
    value: str
    state: str
    share: str
    course_up: str
    course_down: str
    course_flat: str
    course_amount_up: str
    course_amount_down: str
    full_stop: str
    bars: str
    course: str
    between: str
    picked: str
    cut: str
    too_many: str
    heads: dict[Literal["indicator", "region", "unit", "share", "difference", "percent"], str]
    card: dict[Literal["id", "kind", "meaning", "release", "replaced", "version"], str]


class NotePhrases(Fact):
    """The notes below the tables."""

    indicator: str
    rounding: str
    bases: str
    last_period: str
    centre_silent: str
    centre_partly: str
    reason: str
    withheld: str
    between: str
    demo: str


class CorrectionColumns(Fact):
    """Column heads of the table of corrected figures."""

    region: str
    indicator: str
    unit: str
    old: str
    new: str


class CorrectionPhrases(Fact):
    """The public note of a correction."""

    title: str
    lead: str
    reason: str
    count: str
    none: str
    texts: str
    figure: str
    more: str
    summary: str
    caption: str
    columns: CorrectionColumns
    missing: str


class WithdrawalPhrases(Fact):
    """What the public is told where a release was withdrawn."""

    label: str
    kinds: dict[str, str]
    sentence: str


class Phrases(Fact):
    """All fixed words of a disclosure document."""

    title: str
    summary: str
    numerals: tuple[str, ...] = Field(min_length=10)
    appendix: str
    subject: str
    subject_again: str
    clause: str
    clause_missing: str
    first_part: str
    next_part: str
    first_part_of_part: str
    end_of_parts_of_part: str
    parts_left_out: str
    thousands_separator: Literal[",", ""]
    text_clause: str
    text_alone: str
    between_clauses: str
    full_stop: str
    silent_insurances: tuple[str, ...] = ()
    changes: dict[ComparisonBase, ChangePhrases]
    points: dict[str, str]
    states: dict[Literal["not_provided", "not_applicable", "withheld"], str]
    withheld_reason: str
    no_comparison: str
    indicator_table: IndicatorTablePhrases
    region_table: RegionTablePhrases
    highlights: Highlights
    charts: Charts
    history: HistoryPhrases
    schedule: SchedulePhrases
    glossary: GlossaryPhrases
    explorer: ExplorerPhrases
    notes: NotePhrases
    notes_for_fillers: tuple[str, ...] = ()
    demo_label: str
    correction: CorrectionPhrases
    withdrawal: WithdrawalPhrases

    def public_note(self, indicator: Indicator) -> str:
        """Return the note about ``indicator`` that the public may read, or an empty text."""
        return "" if indicator.note in self.notes_for_fillers else indicator.note


def load_phrases(catalog: Catalog) -> Phrases:
    """Return the phrases of ``catalog``'s profile.

    Raises:
        DisclosureError: naming the file when an entry is missing, unknown or of another kind.
    """
    return _load(catalog.layers)


@cache
def _load(layers: tuple[Path, ...]) -> Phrases:
    merged = layered_document(layers, "phrases")
    try:
        return Phrases.model_validate(merged.data)
    except ValidationError as error:
        raise DisclosureError("\n".join(_sentence(merged, detail["loc"]) for detail in error.errors())) from error


def _sentence(document: Document, at: tuple[str | int, ...]) -> str:
    return f"{document.locate(at)}：{'.'.join(map(str, at))} 缺少、多余或写法不对，请对照 phrases.yaml 改正。"


def fill(phrase: str, values: Mapping[str, str | TextRun | tuple[TextRun, ...]]) -> tuple[TextRun, ...]:
    """``phrase`` with its ``{names}`` replaced, as runs; a figure keeps its key.

    Values are put in as they are: nothing in them is read as part of the phrase.

    Raises:
        DisclosureError: for a name that is not in ``values``.
    """
    runs: list[TextRun] = []
    for literal, name, _, _ in string.Formatter().parse(phrase):
        if literal:
            runs.append(TextRun(literal))
        if name is None:
            continue
        if name not in values:
            raise DisclosureError(f"phrases.yaml 的“{phrase}”里有不认识的名称“{name}”，可用：{'、'.join(values)}。")
        value = values[name]
        if isinstance(value, str):
            runs.append(TextRun(value))
        elif isinstance(value, TextRun):
            runs.append(value)
        else:
            runs.extend(value)
    return join_runs(runs)


def fill_text(phrase: str, **values: str) -> str:
    """``fill`` for phrases without figures."""
    return "".join(run.text for run in fill(phrase, values))


def join_runs(runs: list[TextRun]) -> tuple[TextRun, ...]:
    """Neighbouring plain runs made one, empty ones left out."""
    joined: list[TextRun] = []
    for run in runs:
        if joined and not run.key and not joined[-1].key:
            joined[-1] = TextRun(joined[-1].text + run.text)
        elif run.text:
            joined.append(run)
    return tuple(joined)
