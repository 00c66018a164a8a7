"""The sentences of a disclosure: official phrases around figures, section by section, then what the offices wrote."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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
    told = {indicator.id for indicator, _ in numbers}
    left_out = {i.part_of for i, f in known if i.part_of and i.id not in told and f.state == "reported"}
    if runs := _sentences(facts, insurance, numbers, left_out):
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


def _sentences(
    facts: Facts, insurance: Insurance, numbers: Sequence[tuple[Indicator, Figure]], parts_left_out: Container[str]
) -> tuple[TextRun, ...]:
    """Clauses in printed order; a new sentence begins where the time spoken of changes.

    ``parts_left_out`` are the wholes of which other parts are known than those in ``numbers``.
    """
    phrases = facts.phrases
    runs: list[TextRun] = []
    speaking_of = ""
    narrated = {indicator.id for indicator, _ in numbers}
    parts = _Parts(facts, parts_left_out)
    for indicator, figure in numbers:
        values: dict[str, str | TextRun | tuple[TextRun, ...]] = {
            "name": indicator.name,
            "value": _number(facts, figure),
            "unit": figure.unit,
            "change": facts.change(figure),
        }
        if indicator.part_of in narrated:
            if figure.state == "reported":
                runs.extend(parts.told(indicator, values))
            continue
        runs.extend(parts.closed())
        parts.begin(indicator)
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
    return join_runs([*runs, *parts.closed(), TextRun(phrases.full_stop)]) if runs else ()


def _number(facts: Facts, figure: Figure) -> TextRun:
    """Return the figure as a sentence has it; a text or a state as it stands."""
    return TextRun(figure.printed if figure.value is None else facts.in_prose(figure.printed), key_text(figure))


@dataclass
class _Parts:
    """The parts told behind a whole, and behind those their own; ``open`` are the wholes being told, outermost first.

    ``said`` counts the parts told of each; a whole that was not told itself leaves its parts to what it is part of.
    """

    facts: Facts
    left_out: Container[str]
    open: list[str] = field(default_factory=list)
    said: dict[str, int] = field(default_factory=dict)

    def begin(self, whole: Indicator) -> None:
        """Begin with a whole that is told in a clause of its own."""
        self.said = {whole.id: 0}

    def told(self, part: Indicator, values: Mapping[str, str | TextRun | tuple[TextRun, ...]]) -> Iterator[TextRun]:
        """Tell ``part`` behind what it is part of."""
        whole = part.part_of
        while whole is not None and whole not in self.said:
            whole = self.facts.catalog.indicators[whole].part_of
        if whole is None:
            return
        phrases = self.facts.phrases
        if whole in self.open:
            yield from self.closed(until=whole)
            phrase = phrases.next_part
        else:
            # Its own parts follow a part at once: what was open behind a sibling of it has an end.
            above = self.facts.catalog.indicators[whole].part_of
            yield from self.closed(until=above if above in self.open else None)
            phrase = phrases.first_part_of_part if self.open else phrases.first_part
            self.open.append(whole)
        self.said[whole] += 1
        self.said[part.id] = 0
        yield from fill(phrase, values)

    def closed(self, until: str | None = None) -> Iterator[TextRun]:
        """End what is open within ``until``, or everything."""
        while self.open and self.open[-1] != until:
            whole = self.open.pop()
            if self.said[whole] > 1 and whole in self.left_out:
                yield TextRun(self.facts.phrases.parts_left_out)
            if self.open:
                yield TextRun(self.facts.phrases.end_of_parts_of_part)
