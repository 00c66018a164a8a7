"""From figures to the disclosure document: every number and sentence settled here, printed elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.figures.figures import WITHHELD, Figure
from disclosure.figures.narrative import NarrativeText
from disclosure.rendering.document.bars import chart_of
from disclosure.rendering.document.correction import Corrected, correction_note
from disclosure.rendering.document.document import (
    CONFIDENTIAL,
    Block,
    Card,
    CardLine,
    CorrectionNote,
    DisclosureDocument,
    PublishedObservation,
)
from disclosure.rendering.document.facts import Facts, gather, key_text
from disclosure.rendering.document.notes import notes_below
from disclosure.rendering.document.phrases import fill_text
from disclosure.rendering.document.prose import sections_of
from disclosure.rendering.document.tables import cell_of, indicator_table, region_table


@dataclass(frozen=True)
class DocumentContents:
    """What a disclosure document is made from.

    Out of ``earlier`` figures, of any periods, come those that the catalogue says figures are compared with.
    ``narratives`` are printed in their sections, behind the sentences about figures.
    ``corrected`` is the version before, where this is a correction: the note of what changed is made from both.
    ``only`` narrows a special disclosure (ids, ``.*`` allowed).
    """

    period: Period
    figures: Sequence[Figure]
    _: KW_ONLY
    compiled_on: dt.date
    demo: bool
    earlier: Sequence[Figure] = ()
    footnotes: Sequence[str] = ()
    narratives: Sequence[NarrativeText] = ()
    only: Iterable[str] = ()
    corrected: Corrected | None = None


def build_document(catalog: Catalog, contents: DocumentContents) -> DisclosureDocument:
    """Settle every number and sentence of a period's document.

    An indicator the period requires and nobody gave is printed as 未提供, never left out in silence.

    Raises:
        DisclosureError: for a figure of another period, of an unknown indicator or region, or given twice.
    """
    period, demo, corrected, narratives = contents.period, contents.demo, contents.corrected, contents.narratives
    facts = gather(
        catalog,
        period,
        contents.figures,
        earlier=contents.earlier,
        only=tuple(contents.only),
    )
    phrases = facts.phrases
    profile = catalog.profile
    correction = correction_note(facts, corrected, narratives) if corrected else None
    version = corrected.version if corrected else 1
    return DisclosureDocument(
        period=period.id,
        period_label=period.label,
        title=fill_text(phrases.title, period=period.label, title=profile.title),
        summary=(correction.summary if correction else "") + _summary(facts),
        site_title=profile.title,
        publisher=profile.publisher,
        contact=profile.contact,
        compiled_on=contents.compiled_on.isoformat(),
        demo_label=phrases.demo_label if demo else "",
        demo=fill_text(phrases.notes.demo, origin=profile.demo_figures_origin) if demo else "",
        cards=tuple(_cards(facts)),
        sections=tuple(sections_of(facts, narratives)),
        blocks=tuple(_blocks(facts)),
        notes=(*_correction_lines(correction), *contents.footnotes, *notes_below(facts)),
        observations=tuple(_observations(facts, phrases.demo_label if demo else "", version)),
        version=version,
        correction=correction,
    )


def _correction_lines(correction: CorrectionNote | None) -> tuple[str, ...]:
    """Return what every channel prints among its notes."""
    return (f"{correction.lead}{correction.figures}",) if correction else ()


def _summary(facts: Facts) -> str:
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


def _cards(facts: Facts) -> Iterator[Card]:
    for insurance in facts.insurances:
        lead = _card_line(facts, f"{insurance.id}.{facts.phrases.highlights.lead}")
        if lead is None:
            continue
        others = (_card_line(facts, f"{insurance.id}.{name}") for name in facts.phrases.highlights.also)
        yield Card(insurance.id, insurance.name, lead, tuple(line for line in others if line is not None))


def _card_line(facts: Facts, indicator: str) -> CardLine | None:
    figure = facts.whole(indicator)
    if figure is None or figure.state == "not_applicable":
        return None
    name = facts.catalog.indicators[indicator].name
    unit = figure.unit if figure.state == "reported" else ""
    return CardLine(name, cell_of(facts, figure), unit, facts.change(figure).lstrip("，"))


def _blocks(facts: Facts) -> Iterator[Block]:
    for number, insurance in enumerate(facts.insurances, start=1):
        tables = [indicator_table(facts, insurance)]
        if by_region := region_table(facts, insurance):
            tables.append(by_region)
        yield Block(
            id=insurance.id,
            insurance=insurance.name,
            title=fill_text(facts.phrases.appendix, number=str(number), insurance=insurance.name),
            contents_title=fill_text(facts.phrases.appendix, number=str(number), insurance=insurance.short_name),
            chart=chart_of(facts, insurance),
            tables=tuple(tables),
        )


def _observations(facts: Facts, demo_label: str, version: int) -> Iterator[PublishedObservation]:
    for indicator in facts.indicators:
        for region in facts.catalog.regions.values():
            figure = facts.figures.get((region.code, indicator.id))
            if figure is None:
                continue
            is_number = figure.value is not None
            value = f"{figure.value:f}" if is_number else figure.text if figure.state == "reported" else ""
            is_withheld = figure.state == WITHHELD
            reason = facts.phrases.withheld_reason if is_withheld else figure.text if figure.state != "reported" else ""
            notes = (demo_label, facts.phrases.public_note(indicator), reason)
            yield PublishedObservation(
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
                version=str(version),
                status=CONFIDENTIAL if is_withheld else "",
            )
