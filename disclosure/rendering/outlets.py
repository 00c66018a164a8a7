"""What the packages of one release say beside its figures: addresses, metadata, which hall shows what until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import Catalog
from disclosure.catalog.models.outlets import HandoverSite, OutletFacts
from disclosure.rendering.document.document import DisclosureDocument
from disclosure.rendering.document.phrases import fill_text
from disclosure.rendering.templates import chinese_date

#: The page that checks what was published, at the site's root.
VERIFIER = "verify.html"


@dataclass(frozen=True)
class Hall:
    """One centre's service halls: what concerns it (insurance ids), where to hang it and until when (sentences)."""

    centre: str
    name: str
    insurances: frozenset[str]
    insurance_names: tuple[str, ...]
    place: str
    until: str


@dataclass(frozen=True)
class Outlets:
    """Texts of one release's packages, settled; ``page`` and ``verifier`` are absolute addresses.

    ``metadata`` is, by receiving site, its name and label -> value in the order it is to be shown.
    """

    page: str
    verifier: str
    licence_line: str
    metadata: Mapping[str, tuple[str, Mapping[str, str]]]
    halls: tuple[Hall, ...]
    facts: OutletFacts


def outlets_of(catalog: Catalog, document: DisclosureDocument) -> Outlets:
    """Return the outlets of ``document``, from ``outlets.yaml`` and the dates of the cycles.

    Raises:
        DisclosureError: when ``outlets.yaml`` uses a name that is not filled in.
    """
    facts = catalog.outlets
    period = parse_period(document.period)
    page = f"{facts.site.address}releases/{quote(period.id)}/"
    publish_by = catalog.milestones(period).get("publish")
    licence_line = fill_text(facts.licence.line, publisher=document.publisher)
    values = {
        "index_number": index_number(facts, period),
        "title": document.title,
        "publisher": document.publisher,
        "compiled_on": document.compiled_on,
        "summary": document.summary,
        "publish_by": publish_by.isoformat() if publish_by else "",
        "licence": licence_line,
        "page": page,
    }
    settled = {label: fill_text(value, **values) for label, value in facts.handover.fields.items()}
    return Outlets(
        page=page,
        verifier=facts.site.address + VERIFIER,
        licence_line=licence_line,
        metadata={name: (site.name, _as_asked(settled, site)) for name, site in facts.handover.sites.items()},
        halls=tuple(_halls(catalog, document, period)),
        facts=facts,
    )


def index_number(facts: OutletFacts, period: Period) -> str:
    """索引号 of ``period`` by the rule in ``outlets.yaml``: the same for every version of it."""
    rule = facts.handover.index_number
    number = rule.numbers[period.kind] + (f"-{period.name}" if period.name else "")
    return fill_text(rule.pattern, agency=rule.agency, category=rule.category, year=str(period.year), number=number)


def next_publication(catalog: Catalog, period: Period) -> dt.date | None:
    """When at the latest the next dated period is published; None for a special disclosure."""
    published = catalog.milestones(period).get("publish")
    if published is None:
        return None
    cycles = (catalog.cycles[kind] for kind in catalog.profile.cycles)
    every_year = [cycle.milestones["publish"] for cycle in cycles if cycle.milestones]
    days = (
        dt.date.fromisoformat(f"{year}-{day}") for year in (published.year, published.year + 1) for day in every_year
    )
    return min(day for day in days if day > published)


def _as_asked(settled: Mapping[str, str], site: HandoverSite) -> dict[str, str]:
    """Return the fields as one site calls them; what has no value is left out."""
    kept = {
        site.renamed.get(label, label): value
        for label, value in settled.items()
        if value and label not in site.left_out
    }
    return {**kept, **site.also}


def _halls(catalog: Catalog, document: DisclosureDocument, period: Period) -> list[Hall]:
    """Return the centres that this document has something of, in the order of the catalogue."""
    words = catalog.outlets.hall
    following = next_publication(catalog, period)
    until = fill_text(words.until, until=chinese_date(following)) if following else words.until_undated
    shown = {block.id for block in document.blocks}
    halls = []
    for centre in catalog.centres:
        own = {i.insurance for i in catalog.reported.values() if i.centre == centre.id} & shown
        if own:
            names = tuple(insurance.name for insurance in catalog.insurances.values() if insurance.id in own)
            place = words.places.get(centre.id, words.place)
            halls.append(Hall(centre.id, centre.name, frozenset(own), names, place, until))
    return halls
