"""What every indicator means, out of the catalogue: unit, kind, what it is compared with, what it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from disclosure.catalog import Catalog, Indicator, Insurance
from disclosure.rendering.document.phrases import GlossaryPhrases, Phrases, fill_text, load_phrases

GLOSSARY_PAGE = "glossary.html"


@dataclass(frozen=True)
class Term:
    """One indicator as it is explained; ``lines`` how it comes of others, and what is noted."""

    indicator: Indicator
    compared_with: str
    periods: str
    scope: str
    lines: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Its place on the page, which no other change moves: the id of the indicator."""
        return self.indicator.id


@dataclass(frozen=True)
class TermGroup:
    """The indicators of one insurance under one head."""

    section: str
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class InsuranceTerms:
    """All that is explained of one insurance."""

    insurance: Insurance
    groups: tuple[TermGroup, ...]

    @property
    def count(self) -> int:
        """How many indicators are explained."""
        return sum(len(group.terms) for group in self.groups)


def explained(catalog: Catalog) -> tuple[InsuranceTerms, ...]:
    """Return every indicator that the profile reports, by insurance and head, in printed order."""
    phrases = load_phrases(catalog)
    found = []
    for insurance in catalog.insurances.values():
        own = [each for each in catalog.reported.values() if each.insurance == insurance.id]
        groups = tuple(
            TermGroup(section.name, terms)
            for section in catalog.sections.values()
            if (terms := tuple(_term(catalog, phrases, each) for each in own if each.section == section.id))
        )
        if groups:
            found.append(InsuranceTerms(insurance, groups))
    return tuple(found)


def _term(catalog: Catalog, phrases: Phrases, indicator: Indicator) -> Term:
    words = phrases.glossary
    is_compared = indicator.kind != "text"
    in_quarters = indicator.quarterly != "none" and any(kind in catalog.profile.cycles for kind in ("q1", "h1", "q3"))
    in_years = indicator.annual != "none" and "annual" in catalog.profile.cycles
    by_county = indicator.by_county and bool(catalog.parts_of_prefecture)
    note = phrases.public_note(indicator)
    # A note that begins with the equation says it already.
    equations = [line for line in _equations(catalog, words, indicator) if not note.startswith(line)]
    return Term(
        indicator,
        compared_with=catalog.comparisons.names[catalog.comparisons.base_of(indicator)] if is_compared else "",
        periods=words.periods[("both" if in_years else "quarterly") if in_quarters else "annual"],
        scope=fill_text(words.scopes["counties" if by_county else "whole"], whole=catalog.prefecture.name),
        lines=tuple(line.rstrip("。") for line in (*equations, note) if line),
    )


def _equations(catalog: Catalog, words: GlossaryPhrases, indicator: Indicator) -> Iterator[str]:
    """Yield how the indicator comes of others by the accounting identities that always hold, of what is reported."""
    for identity in catalog.identities.values():
        is_definition = identity.severity == "critical" and identity.relation != "at_most"
        if not is_definition or indicator.insurance not in identity.for_each or identity.opening:
            continue
        if catalog.indicator_id(indicator.insurance, identity.total) != indicator.id:
            continue
        parts = [(part, catalog.indicator_id(indicator.insurance, part)) for part in identity.parts]
        if identity.relation == "equal" and all(part in catalog.reported for _, part in parts):
            signed = "".join(
                (words.minus if written.startswith("-") else words.plus if place else "")
                + _name(catalog, indicator, part)
                for place, (written, part) in enumerate(parts)
            )
            yield fill_text(words.equal, parts=signed)
        elif named := [_name(catalog, indicator, part) for _, part in parts if part in catalog.reported]:
            yield fill_text(words.made_of, parts=words.between.join(named))


def _name(catalog: Catalog, whole: Indicator, part: str) -> str:
    """Name a part; one of another insurance with it."""
    found = catalog.indicators[part]
    return found.name if found.insurance == whole.insurance else catalog.insurances[found.insurance].name + found.name
