"""The public note of a correction: what, why, which figures, old and new value, all of it found by comparing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from disclosure.catalog import Catalog
from disclosure.figures.figures import Figure
from disclosure.figures.narrative import NarrativeText
from disclosure.rendering.document.document import Cell, Column, CorrectionNote, RowGroup, Table, TableRow
from disclosure.rendering.document.facts import Facts, key_text
from disclosure.rendering.document.phrases import fill_text
from disclosure.rendering.templates import chinese_date

#: So many figures are told in the notes that every channel prints; the page's table has all of them.
_TOLD = 12


@dataclass(frozen=True)
class Corrected:
    """The version before, and why it is replaced by ``version``; days are those of Shanghai."""

    version: int
    reason: str
    begun_on: dt.date
    base_version: int
    base_day: dt.date
    figures: Sequence[Figure]
    narratives: Sequence[NarrativeText] = ()


@dataclass(frozen=True)
class _Changed:
    region: str
    indicator: str
    unit: str
    old: str
    new: str
    is_number: bool
    key: str
    sentence: str


def correction_note(facts: Facts, corrected: Corrected, narratives: Sequence[NarrativeText]) -> CorrectionNote:
    """Return what ``facts`` and ``narratives`` change of the version before."""
    words = facts.phrases.correction
    changed = list(_changed(facts, corrected))
    sections = changed_sections(facts.catalog, corrected.narratives, narratives)
    lead = fill_text(
        words.lead,
        version=str(corrected.version),
        day=chinese_date(corrected.begun_on),
        base_day=chinese_date(corrected.base_day),
        base_version=str(corrected.base_version),
    )
    told = [words.count.format(count=len(changed)) if changed else words.none]
    if sections:
        told.append(fill_text(words.texts, sections=facts.phrases.notes.between.join(sections)))
    told.append(fill_text(words.reason, reason=corrected.reason))
    sentences = [each.sentence for each in changed[:_TOLD]]
    if len(changed) > _TOLD:
        sentences.append(fill_text(words.more, count=str(len(changed) - _TOLD)))
    return CorrectionNote(
        title=words.title,
        version=corrected.version,
        lead=f"{lead}{''.join(told)}",
        figures=f"{'；'.join(sentences)}。" if sentences else "",
        summary=fill_text(
            words.summary, version=str(corrected.version), count=str(len(changed)), reason=corrected.reason
        ),
        table=_table(facts, changed) if changed else None,
    )


def changed_sections(catalog: Catalog, old: Sequence[NarrativeText], new: Sequence[NarrativeText]) -> list[str]:
    """Names of the heads under which the offices' texts differ, in printed order."""
    before, after = ({(n.office, s): html for n in texts for s, html in n.sections.items()} for texts in (old, new))
    differing = {
        section for office, section in before.keys() | after.keys() if _differs(before, after, office, section)
    }
    return [section.name for section in catalog.sections.values() if section.id in differing]


def _differs(before: dict[tuple[str, str], str], after: dict[tuple[str, str], str], office: str, section: str) -> bool:
    return before.get((office, section)) != after.get((office, section))


def _changed(facts: Facts, corrected: Corrected) -> Iterator[_Changed]:
    """Figures that are printed otherwise, in printed order; those no longer given come last."""
    words, catalog = facts.phrases.correction, facts.catalog
    before = {(figure.region, figure.indicator): figure for figure in corrected.figures}
    order = {indicator.id: place for place, indicator in enumerate(facts.indicators)}
    places = {code: place for place, code in enumerate(catalog.regions)}
    keys = sorted(
        before.keys() | facts.figures.keys(), key=lambda key: (order.get(key[1], len(order)), places.get(key[0], 0))
    )
    for key in keys:
        old, new = before.get(key), facts.figures.get(key)
        if _said(old) == _said(new):
            continue
        known = new or old
        assert known is not None  # noqa: S101 - the key is of one of them
        indicator = catalog.indicators.get(known.indicator)
        insurance = catalog.insurances[indicator.insurance].short_name if indicator else ""
        name = insurance + (indicator.name if indicator else known.indicator)
        region = (
            facts.catalog.whole_name if known.region == catalog.prefecture.code else catalog.regions[known.region].name
        )
        texts = [words.missing if figure is None else figure.printed for figure in (old, new)]
        units = [figure.unit if figure is not None and figure.value is not None else "" for figure in (old, new)]
        yield _Changed(
            region=region,
            indicator=name,
            unit=known.unit if units[0] in ("", known.unit) else f"{units[0]}→{known.unit}",
            old=texts[0],
            new=texts[1],
            is_number=old is not None and old.value is not None,
            key=key_text(new) if new is not None else "",
            sentence=fill_text(words.figure, place=region, name=name, old=texts[0] + units[0], new=texts[1] + units[1]),
        )


def _said(figure: Figure | None) -> tuple[str, str, str] | None:
    """Return what the public reads of it; a figure nobody gave is the same as none."""
    return None if figure is None or figure.state == "not_provided" else (figure.printed, figure.unit, figure.text)


def _table(facts: Facts, changed: Sequence[_Changed]) -> Table:
    words = facts.phrases.correction
    heads = words.columns
    rows = tuple(
        TableRow(
            each.region,
            (
                Cell(each.indicator, "text"),
                Cell(each.unit, "text"),
                Cell(each.old, "change" if each.is_number else "text"),
                Cell(each.new, "figure" if each.key else "text", each.key),
            ),
        )
        for each in changed
    )
    columns = (
        Column(heads.region, numeric=False),
        Column(heads.indicator, numeric=False),
        Column(heads.unit, numeric=False),
        Column(heads.old),
        Column(heads.new),
    )
    return Table("correction-figures", words.caption, columns, (RowGroup("", rows),))
