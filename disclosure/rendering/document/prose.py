"""The sentences of a disclosure: official phrases around figures, section by section, then what the offices wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from disclosure.catalog import Indicator, Insurance
from disclosure.figures.figures import Figure
from disclosure.figures.narrative import NarrativeText
from disclosure.rendering.document.document import Paragraph, Section, TextRun
from disclosure.rendering.document.facts import Facts, key_text
from disclosure.rendering.document.phrases import fill, join_runs

_SENTENCE_ENDS = "。！？…；"


def sections_of(facts: Facts, narratives: Sequence[NarrativeText]) -> Iterator[Section]:
    """Return the sections that have something to say, numbered in the order of 人社部发〔2014〕82号."""
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


def _paragraphs(facts: Facts, insurance: Insurance, indicators: Sequence[Indicator]) -> Iterator[Paragraph]:
    """One paragraph of sentences about numbers, then one for each text."""
    known = [(i, figure) for i in indicators if (figure := facts.whole(i.id)) is not None]
    narrated = [(i, f) for i, f in known if i.priority == "core"] or known
    numbers = [(i, f) for i, f in narrated if i.kind != "text" and f.state != "not_applicable"]
    if runs := _sentences(facts, insurance, numbers):
        yield Paragraph(insurance.id, runs)
    for indicator, figure in narrated:
        if indicator.kind != "text" or figure.state == "not_applicable":
            continue
        value = TextRun(figure.printed, key_text(figure))
        # A text that is all its section has to say needs no second heading.
        is_whole = indicator.name == facts.catalog.sections[indicator.section].name
        phrase = facts.phrases.text_alone if is_whole else facts.phrases.text_clause
        runs = fill(phrase, {"name": indicator.name, "value": value})
        stop = "" if figure.printed.rstrip().endswith(tuple(_SENTENCE_ENDS)) else facts.phrases.full_stop
        yield Paragraph(insurance.id, join_runs([*runs, TextRun(stop)]))


def _sentences(facts: Facts, insurance: Insurance, numbers: Sequence[tuple[Indicator, Figure]]) -> tuple[TextRun, ...]:
    """Clauses in printed order; a new sentence begins where the time spoken of changes."""
    phrases = facts.phrases
    runs: list[TextRun] = []
    speaking_of = ""
    narrated = {indicator.id for indicator, _ in numbers}
    part_said = False
    for indicator, figure in numbers:
        values: dict[str, str | TextRun | tuple[TextRun, ...]] = {
            "name": indicator.name,
            "value": TextRun(figure.printed, key_text(figure)),
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
        at_end = facts.catalog.comparisons.timing_of(indicator) == "at_end"
        when = facts.period.stock_label if at_end else facts.period.flow_label
        if when == speaking_of:
            runs.append(TextRun(phrases.between_clauses))
        else:
            if speaking_of:
                runs.append(TextRun(phrases.full_stop))
            silent = insurance.id in phrases.silent_insurances or insurance.name in indicator.name
            runs.extend(
                fill(
                    phrases.subject_again if speaking_of else phrases.subject,
                    {"when": when, "whole": facts.catalog.whole_name, "insurance": "" if silent else insurance.name},
                )
            )
            speaking_of = when
        runs.extend(fill(phrases.clause if figure.state == "reported" else phrases.clause_missing, values))
    return join_runs([*runs, TextRun(phrases.full_stop)]) if runs else ()
