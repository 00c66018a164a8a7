"""From figures to the disclosure document: sentences, tables, charts and notes, every number settled here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from disclosure.catalog import Catalog, Indicator, Insurance, Region
from disclosure.comparison import Comparison, compare
from disclosure.errors import DisclosureError
from disclosure.figures import Figure
from disclosure.narrative import Narrative
from disclosure.periods import Period
from disclosure.rendering.document import (
    Bar,
    Block,
    Card,
    CardLine,
    Cell,
    Chart,
    Column,
    DisclosureDocument,
    Observation,
    Paragraph,
    Row,
    RowGroup,
    Run,
    Section,
    Table,
)
from disclosure.rendering.phrases import ChartKind, Phrases, fill, fill_text, join_runs, load_phrases

_SENTENCE_ENDS = "。！？…；"


def build_document(
    catalog: Catalog,
    period: Period,
    figures: Sequence[Figure],
    *,
    last_year_end: Sequence[Figure] = (),
    year_before: Sequence[Figure] = (),
    footnotes: Sequence[str] = (),
    narratives: Sequence[Narrative] = (),
    compiled_on: dt.date,
    demo: bool,
    only: Iterable[str] = (),
) -> DisclosureDocument:
    """The document of ``period``.

    ``last_year_end`` is what end-of-period figures are compared with, ``year_before`` what the others are
    (for an annual period both are last year's figures); figures of other periods in them are passed over.
    ``narratives`` are printed in their sections, behind the sentences about figures.
    ``only`` narrows a special disclosure (ids, ``.*`` allowed). An indicator the period requires and nobody
    gave is printed as 未提供, never left out in silence.

    Raises:
        DisclosureError: for a figure of another period, of an unknown indicator or region, or given twice.
    """
    facts = _gather(catalog, period, figures, bases=(last_year_end, year_before), only=tuple(only))
    phrases = facts.phrases
    profile = catalog.profile
    return DisclosureDocument(
        period=period.id,
        period_label=period.label,
        title=fill_text(phrases.title, period=period.label, title=profile.title),
        summary=_summary(facts),
        site_title=profile.title,
        publisher=profile.publisher,
        contact=profile.contact,
        compiled_on=compiled_on.isoformat(),
        demo_label=phrases.demo_label if demo else "",
        demo=fill_text(phrases.notes.demo, origin=profile.demo_figures_origin) if demo else "",
        cards=tuple(_cards(facts)),
        sections=tuple(_sections(facts, narratives)),
        blocks=tuple(_blocks(facts)),
        notes=(*footnotes, *_notes(facts)),
        observations=tuple(_observations(facts, phrases.demo_label if demo else "")),
    )


def key_text(figure: Figure) -> str:
    """``region/indicator/period``, the address of an observation in every channel."""
    return "/".join(figure.key)


@dataclass(frozen=True)
class _Facts:
    """What the document is made from. ``indicators`` are in printed order; ``figures`` include the missing ones."""

    catalog: Catalog
    phrases: Phrases
    period: Period
    indicators: tuple[Indicator, ...]
    figures: Mapping[tuple[str, str], Figure]
    bases: Mapping[tuple[str, str], Figure]

    def of(self, insurance: str, section: str = "") -> tuple[Indicator, ...]:
        return tuple(i for i in self.indicators if i.insurance == insurance and section in {"", i.section})

    def whole(self, indicator: str) -> Figure | None:
        """The figure of the whole prefecture."""
        return self.figures.get((self.catalog.prefecture.code, indicator))

    @property
    def whole_name(self) -> str:
        """``全州``, ``全市``: the alias of the prefecture that says so, else its name."""
        prefecture = self.catalog.prefecture
        return next((alias for alias in prefecture.aliases if alias.startswith("全")), prefecture.name)

    @property
    def insurances(self) -> Iterator[Insurance]:
        """Insurances with at least one figure, in printed order."""
        present = {self.catalog.indicators[indicator].insurance for _, indicator in self.figures}
        return (insurance for insurance in self.catalog.insurances.values() if insurance.id in present)

    def compared(self, figure: Figure) -> Comparison | None:
        indicator = self.catalog.indicators[figure.indicator]
        is_rate = indicator.kind == "ratio" or figure.unit in self.phrases.points
        return compare(self.catalog, figure, self.bases.get((figure.region, figure.indicator)), is_rate=is_rate)

    def change(self, figure: Figure) -> str:
        """How the figure moved, in the official words; empty where there is nothing to compare with."""
        compared = self.compared(figure)
        if compared is None:
            return ""
        words = self.phrases.changes[self.phrases.timing_of(self.catalog.indicators[figure.indicator])]
        rising = compared.difference > 0
        if compared.difference == 0:
            phrase = words.flat
        elif figure.unit in self.phrases.points:
            phrase = words.up_points if rising else words.down_points
        elif compared.percent is None:
            phrase = words.up_amount if rising else words.down_amount
        elif compared.percent == 0:
            phrase = words.up_little if rising else words.down_little
        else:
            phrase = words.up if rising else words.down
        return fill_text(
            phrase,
            difference=_grouped(abs(compared.difference)),
            unit=figure.unit,
            percent="" if compared.percent is None else _grouped(abs(compared.percent)),
            points=self.phrases.points.get(figure.unit, ""),
        )


def _gather(
    catalog: Catalog,
    period: Period,
    figures: Sequence[Figure],
    *,
    bases: tuple[Sequence[Figure], Sequence[Figure]],
    only: tuple[str, ...],
) -> _Facts:
    """Put figures and their bases (last year's end, the same period of last year) in place; name what is missing."""
    phrases = load_phrases(catalog)
    asked = catalog.indicators_for(period, only=only)
    given = _index(catalog, period, figures)
    known = {indicator for _, indicator in given}
    indicators = tuple(
        _in_printed_order(catalog, [i for i in catalog.indicators.values() if i in asked or i.id in known])
    )
    found: dict[tuple[str, str], Figure] = {}
    for indicator in indicators:
        required = indicator in asked and indicator.demand(period.kind) == "required"
        reporting = {region.code for region in catalog.regions_for(indicator)}
        for region in catalog.regions:
            if (region, indicator.id) in given:
                found[region, indicator.id] = given[region, indicator.id]
            elif required and region in reporting:
                found[region, indicator.id] = Figure(
                    region, indicator.id, period, indicator.unit, state="not_provided", centre=indicator.centre
                )
    base_periods = dict(zip(("at_end", "in_period"), (period.last_year_end(), period.year_before()), strict=True))
    base_figures: dict[tuple[str, str], Figure] = {}
    for timing, series in zip(base_periods, bases, strict=True):
        for figure in series:
            indicator_of = catalog.indicators.get(figure.indicator)
            if indicator_of and phrases.timing_of(indicator_of) == timing and figure.period == base_periods[timing]:
                base_figures[figure.region, figure.indicator] = figure
    return _Facts(catalog, phrases, period, indicators, found, base_figures)


def _summary(facts: _Facts) -> str:
    """One sentence for the home page: which insurances, which heads, how many figures."""
    between = facts.phrases.notes.between
    named = [insurance for insurance in facts.insurances if insurance.id not in facts.phrases.silent_insurances]
    told = {i.section for i in facts.indicators if facts.whole(i.id) is not None}
    return fill_text(
        facts.phrases.summary,
        insurances=between.join(insurance.short_name for insurance in named),
        kinds=str(len(named)),
        sections=between.join(s.name for s in facts.catalog.sections.values() if s.id in told),
        count=str(sum(figure.state == "reported" for figure in facts.figures.values())),
    )


def _index(catalog: Catalog, period: Period, figures: Sequence[Figure]) -> dict[tuple[str, str], Figure]:
    found: dict[tuple[str, str], Figure] = {}
    for figure in figures:
        place = (figure.region, figure.indicator)
        if figure.period != period:
            raise DisclosureError(f"{key_text(figure)} 不是{period.label}的数据，请核对后重新汇总。")
        if figure.indicator not in catalog.indicators or figure.region not in catalog.regions:
            raise DisclosureError(f"{key_text(figure)} 的地区或指标不在目录里，请核对地区代码和指标编号。")
        if place in found:
            raise DisclosureError(f"{key_text(figure)} 有两个数，请只保留一个后重新汇总。")
        found[place] = figure
    return found


def _in_printed_order(catalog: Catalog, wanted: Sequence[Indicator]) -> Iterator[Indicator]:
    """By insurance, by section, parts behind their total, otherwise as in the catalogue."""
    ids = {indicator.id for indicator in wanted}

    def family(indicator: Indicator) -> Iterator[Indicator]:
        yield indicator
        for part in wanted:
            if part.part_of == indicator.id:
                yield from family(part)

    for insurance in catalog.insurances:
        for section in catalog.sections:
            for indicator in wanted:
                is_head = indicator.part_of not in ids
                if is_head and (indicator.insurance, indicator.section) == (insurance, section):
                    yield from family(indicator)


def _grouped(value: Decimal) -> str:
    return f"{value:,f}"


# Sentences


def _sections(facts: _Facts, narratives: Sequence[Narrative]) -> Iterator[Section]:
    number = 0
    written = [narrative.blocks for narrative in narratives]
    for section in facts.catalog.sections.values():
        paragraphs: list[Paragraph] = []
        for insurance in facts.insurances:
            paragraphs.extend(_paragraphs(facts, insurance, facts.of(insurance.id, section.id)))
        text = tuple(block for blocks in written for block in blocks.get(section.id, ()))
        if paragraphs or text:
            yield Section(section.id, facts.phrases.numerals[number], section.name, tuple(paragraphs), text)
            number += 1


def _paragraphs(facts: _Facts, insurance: Insurance, indicators: Sequence[Indicator]) -> Iterator[Paragraph]:
    """One paragraph of sentences about numbers, then one for each text."""
    known = [(i, figure) for i in indicators if (figure := facts.whole(i.id)) is not None]
    narrated = [(i, f) for i, f in known if i.priority == "core"] or known
    numbers = [(i, f) for i, f in narrated if i.kind != "text" and f.state != "not_applicable"]
    if runs := _sentences(facts, insurance, numbers):
        yield Paragraph(insurance.id, runs)
    for indicator, figure in narrated:
        if indicator.kind != "text" or figure.state == "not_applicable":
            continue
        value = Run(figure.printed, key_text(figure))
        # A text that is all its section has to say needs no second heading.
        is_whole = indicator.name == facts.catalog.sections[indicator.section].name
        phrase = facts.phrases.text_alone if is_whole else facts.phrases.text_clause
        runs = fill(phrase, {"name": indicator.name, "value": value})
        stop = "" if figure.printed.rstrip().endswith(tuple(_SENTENCE_ENDS)) else facts.phrases.full_stop
        yield Paragraph(insurance.id, join_runs([*runs, Run(stop)]))


def _sentences(facts: _Facts, insurance: Insurance, numbers: Sequence[tuple[Indicator, Figure]]) -> tuple[Run, ...]:
    """Clauses in printed order; a new sentence begins where the time spoken of changes."""
    phrases = facts.phrases
    runs: list[Run] = []
    speaking_of = ""
    narrated = {indicator.id for indicator, _ in numbers}
    part_said = False
    for indicator, figure in numbers:
        values: dict[str, str | Run | tuple[Run, ...]] = {
            "name": indicator.name,
            "value": Run(figure.printed, key_text(figure)),
            "unit": figure.unit,
            "change": facts.change(figure),
        }
        is_part = indicator.part_of in narrated
        if is_part and figure.state != "reported":
            continue
        if is_part:
            runs.extend(fill(phrases.next_part if part_said else phrases.first_part, values))
            part_said = True
            continue
        part_said = False
        at_end = phrases.timing_of(indicator) == "at_end"
        when = facts.period.stock_label if at_end else facts.period.flow_label
        if when == speaking_of:
            runs.append(Run(phrases.between_clauses))
        else:
            if speaking_of:
                runs.append(Run(phrases.full_stop))
            silent = insurance.id in phrases.silent_insurances or insurance.name in indicator.name
            runs.extend(
                fill(
                    phrases.subject_again if speaking_of else phrases.subject,
                    {"when": when, "whole": facts.whole_name, "insurance": "" if silent else insurance.name},
                )
            )
            speaking_of = when
        runs.extend(fill(phrases.clause if figure.state == "reported" else phrases.clause_missing, values))
    return join_runs([*runs, Run(phrases.full_stop)]) if runs else ()


# Cards


def _cards(facts: _Facts) -> Iterator[Card]:
    for insurance in facts.insurances:
        lead = _card_line(facts, f"{insurance.id}.{facts.phrases.highlights.lead}")
        if lead is None:
            continue
        others = (_card_line(facts, f"{insurance.id}.{name}") for name in facts.phrases.highlights.also)
        yield Card(insurance.id, insurance.name, lead, tuple(line for line in others if line is not None))


def _card_line(facts: _Facts, indicator: str) -> CardLine | None:
    figure = facts.whole(indicator)
    if figure is None or figure.state == "not_applicable":
        return None
    name = facts.catalog.indicators[indicator].name
    unit = figure.unit if figure.state == "reported" else ""
    return CardLine(name, _cell(facts, figure), unit, facts.change(figure).lstrip("，"))


# Tables


def _blocks(facts: _Facts) -> Iterator[Block]:
    for number, insurance in enumerate(facts.insurances, start=1):
        tables = [_indicator_table(facts, insurance)]
        if by_region := _region_table(facts, insurance):
            tables.append(by_region)
        yield Block(
            id=insurance.id,
            title=fill_text(facts.phrases.appendix, number=str(number), insurance=insurance.name),
            contents_title=fill_text(facts.phrases.appendix, number=str(number), insurance=insurance.short_name),
            chart=_chart(facts, insurance),
            tables=tuple(tables),
        )


def _cell(facts: _Facts, figure: Figure) -> Cell:
    key = key_text(figure)
    if figure.state != "reported":
        return Cell(facts.phrases.states[figure.state], "state", key)
    return Cell(figure.printed, "text" if figure.value is None else "figure", key)


def _indicator_table(facts: _Facts, insurance: Insurance) -> Table:
    words = facts.phrases.indicator_table
    shown = [(i, figure) for i in facts.of(insurance.id) if (figure := facts.whole(i.id)) is not None]
    with_bases = any(facts.compared(figure) for _, figure in shown)
    columns = [
        Column(words.indicator, numeric=False),
        Column(words.unit, numeric=False),
        Column(fill_text(words.value, period=facts.period.label)),
    ]
    if with_bases:
        base = words.base_annual if facts.period.kind == "annual" else words.base
        columns += [Column(base), Column(words.difference), Column(words.percent)]
    printed = {indicator.id for indicator, _ in shown}
    with_parts: set[str] = set()
    groups = []
    for section in facts.catalog.sections.values():
        rows = []
        for indicator, figure in shown:
            if indicator.section != section.id:
                continue
            parent = indicator.part_of if indicator.part_of in printed else None
            first = parent is not None and parent not in with_parts
            with_parts.update({parent} if parent else set())
            if indicator.kind == "text":
                cells: tuple[Cell, ...] = (replace(_cell(facts, figure), span=len(columns) - 1),)
            else:
                changes = _changes(facts, figure) if with_bases else ()
                cells = (Cell(figure.unit, "text"), _cell(facts, figure), *changes)
            # “其中：” stands once, before the first part.
            label = indicator.label if first or parent is None else indicator.name
            rows.append(Row(label, cells, depth=1 if parent else 0))
        if rows:
            groups.append(RowGroup(section.name, tuple(rows)))
    caption = fill_text(words.caption, insurance=insurance.name, period=facts.period.label)
    return Table(f"{insurance.id}-indicators", caption, tuple(columns), tuple(groups))


def _changes(facts: _Facts, figure: Figure) -> tuple[Cell, Cell, Cell]:
    none = Cell(facts.phrases.no_comparison, "blank")
    compared = facts.compared(figure)
    base = facts.bases.get((figure.region, figure.indicator))
    if compared is None or base is None:
        return (none, none, none)
    return (
        Cell(_grouped(compared.base), "figure", key_text(base)),
        Cell(f"{compared.difference:+,f}" if compared.difference else _grouped(compared.difference), "change"),
        none if compared.percent is None else Cell(_signed(compared.percent), "change"),
    )


def _signed(value: Decimal) -> str:
    return f"{value:+,f}" if value else _grouped(abs(value))


def _region_table(facts: _Facts, insurance: Insurance) -> Table | None:
    """Regions down, the indicators reported by region across; None where only the whole reports."""
    words = facts.phrases.region_table
    parts = [region.code for region in facts.catalog.parts_of_prefecture]
    indicators = [i for i in facts.of(insurance.id) if any((code, i.id) in facts.figures for code in parts)]
    if not indicators:
        return None
    columns = [Column(words.region, numeric=False)]
    for indicator in indicators:
        units = {figure.unit for (_, known), figure in facts.figures.items() if known == indicator.id}
        if len(units) > 1:
            raise DisclosureError(
                f"指标 {indicator.id} 各地区的计量单位不一致（{'、'.join(sorted(units))}），请统一后重新汇总。"
            )
        columns.append(Column(fill_text(words.indicator, name=indicator.name, unit=units.pop())))
    rows = []
    for region in facts.catalog.regions.values():
        figures = [facts.figures.get((region.code, indicator.id)) for indicator in indicators]
        if not any(figures):
            continue
        cells = tuple(_cell(facts, f) if f else Cell(facts.phrases.no_comparison, "blank") for f in figures)
        is_total = region.code == facts.catalog.prefecture.code
        rows.append(Row(facts.whole_name if is_total else region.name, cells, is_total=is_total))
    caption = fill_text(words.caption, insurance=insurance.name, period=facts.period.label)
    return Table(f"{insurance.id}-regions", caption, tuple(columns), (RowGroup("", tuple(rows)),))


# Charts


def _chart(facts: _Facts, insurance: Insurance) -> Chart | None:
    """The first chart of the insurance's preference that at least two figures fill."""
    charts = facts.phrases.charts
    kinds: dict[ChartKind, list[Bar]] = {
        "funds": _bars(facts, insurance, charts.funds.indicators, [facts.catalog.prefecture], with_base=True),
        "regions": _bars(facts, insurance, charts.regions.indicators, facts.catalog.parts_of_prefecture),
        "parts": _bars(facts, insurance, charts.parts.indicators, [facts.catalog.prefecture]),
    }
    titles = {"funds": charts.funds.title, "regions": charts.regions.title, "parts": charts.parts.title}
    for kind in charts.preference_of.get(insurance.id, charts.preference):
        bars = kinds[kind]
        units = {bar.unit for bar in bars}
        if len({bar.category for bar in bars}) < 2 or len(units) > 1:
            continue
        unit = units.pop()
        series = tuple(dict.fromkeys(bar.series for bar in bars))
        told = charts.between_bars.join(
            fill_text(charts.bar, category=b.category, series=b.series if len(series) > 1 else "", value=b.printed)
            for b in bars
        )
        return Chart(
            id=f"{insurance.id}-chart",
            title=fill_text(titles[kind], insurance=insurance.name, period=facts.period.label),
            unit_line=fill_text(charts.unit, unit=unit),
            description=fill_text(charts.description, unit=unit, bars=told),
            series=series,
            bars=tuple(bars),
        )
    return None


def _bars(
    facts: _Facts,
    insurance: Insurance,
    names: Sequence[str],
    regions: Sequence[Region],
    *,
    with_base: bool = False,
) -> list[Bar]:
    charts = facts.phrases.charts
    now = fill_text(charts.series_now, period=facts.period.label)
    before = charts.series_base if facts.period.kind == "annual" else charts.series_base_part_year
    bars = []
    for name in names:
        indicator = facts.catalog.indicators.get(f"{insurance.id}.{name}")
        for region in regions:
            figure = facts.figures.get((region.code, indicator.id)) if indicator else None
            if indicator is None or figure is None or figure.value is None:
                continue
            category = region.name if len(regions) > 1 else indicator.name
            value = figure.value
            bars.append(Bar(category, now, f"{value:f}", figure.printed, key_text(figure), figure.unit))
            base = facts.bases.get((region.code, indicator.id))
            compared = facts.compared(figure)
            if with_base and base and compared:
                printed = _grouped(compared.base)
                bars.append(Bar(category, before, f"{compared.base:f}", printed, key_text(base), figure.unit))
    return bars


# Notes


def _notes(facts: _Facts) -> Iterator[str]:
    words = facts.phrases.notes
    yield from _silent_centres(facts)
    if facts.catalog.profile.not_everything:
        # Folded YAML puts a space where a line ended, which Chinese does not have.
        yield re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", facts.catalog.profile.not_everything)
    notes_of: dict[str, set[str]] = {}
    for indicator in facts.indicators:
        notes_of.setdefault(indicator.name, set()).add(facts.phrases.public_note(indicator))
    named: dict[str, list[str]] = {}
    for indicator in facts.indicators:
        if note := facts.phrases.public_note(indicator):
            # A name that other insurances use without this note is told apart by its insurance.
            shared = len(notes_of[indicator.name]) == 1
            insurance = "" if shared else facts.catalog.insurances[indicator.insurance].short_name
            named.setdefault(note, []).append(insurance + indicator.name)
    for note, names in named.items():
        yield fill_text(words.indicator, names=words.between.join(dict.fromkeys(names)), note=note)
    if any(facts.compared(figure) for figure in facts.figures.values()):
        yield words.bases
    yield words.rounding


def _silent_centres(facts: _Facts) -> Iterator[str]:
    """Who did not hand in, or left figures out, with the reason given."""
    words = facts.phrases.notes
    for office in facts.catalog.offices.values():
        own = [f for f in facts.figures.values() if facts.catalog.indicators[f.indicator].centre == office.id]
        missing = [f for f in own if f.state == "not_provided"]
        if not missing:
            continue
        of = {facts.catalog.indicators[f.indicator].insurance for f in missing}
        reasons = dict.fromkeys(f.text for f in missing if f.text)
        phrase = words.centre_silent if len(missing) == len(own) else words.centre_partly
        yield fill_text(
            phrase,
            centre=office.name,
            count=str(len(missing)),
            insurances=words.between.join(i.name for i in facts.insurances if i.id in of),
            reason=fill_text(words.reason, reason=words.between.join(reasons)) if reasons else "",
        )


# Open data


def _observations(facts: _Facts, demo_label: str) -> Iterator[Observation]:
    for indicator in facts.indicators:
        for region in facts.catalog.regions.values():
            figure = facts.figures.get((region.code, indicator.id))
            if figure is None:
                continue
            is_number = figure.value is not None
            value = f"{figure.value:f}" if is_number else figure.text if figure.state == "reported" else ""
            reason = figure.text if figure.state != "reported" else ""
            notes = (demo_label, facts.phrases.public_note(indicator), reason)
            yield Observation(
                key=key_text(figure),
                region_code=region.code,
                region=region.name,
                period=facts.period.id,
                insurance=facts.catalog.insurances[indicator.insurance].name,
                indicator_id=indicator.id,
                indicator=indicator.name,
                unit=figure.unit,
                value=value,
                is_number=is_number,
                state="" if figure.state == "reported" else facts.phrases.states[figure.state],
                note="；".join(filter(None, notes)),
            )
