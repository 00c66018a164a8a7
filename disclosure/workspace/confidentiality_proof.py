"""What the confidentiality reviewer is shown instead of a feeling: what was searched, what is withheld, how well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.confidentiality.cells.withholding import Cause, WithheldFigure, Withholding
from disclosure.confidentiality.personal_data import PersonalKind
from disclosure.confidentiality.public_text import Acceptances, search_accepted, search_public_text
from disclosure.confidentiality.wrong_words import find_wrong_words
from disclosure.cycle.compilation import CompiledContent
from disclosure.cycle.given_away import list_told, name_figure
from disclosure.figures.figures import Figure
from disclosure.platform.clock import format_moment
from disclosure.records.installation import Installation
from disclosure.records.tables import Compilation, Cycle
from disclosure.review.personal.holding import load_acceptances
from disclosure.review.personal.judging import list_held


@dataclass(frozen=True)
class SearchedFile:
    """A file that figures or texts came from: how many sheets of it, figures, and sections of text."""

    name: str
    sheets: int
    figures: int
    sections: int


@dataclass(frozen=True)
class WithheldLine:
    """A figure that is not shown: what it is called and reads, why, and what an outsider can work out of it."""

    name: str
    value: str
    cause: Cause
    low: str
    high: str
    is_open: bool
    is_protected: bool
    is_new: bool


@dataclass(frozen=True)
class WordLine:
    """A wrong word in the texts: where, in which words, what is right, and whether it must be put right."""

    place: str
    context: str
    told: str
    blocks: bool


@dataclass(frozen=True)
class AcceptedLine:
    """A datum of a person in the texts that may be published: where, what, masked, who accepted it when, and why."""

    place: str
    datum: str
    by: str
    at: str
    reason: str


@dataclass(frozen=True)
class ConfidentialityProof:
    """The proof of one round.

    ``exposed``: what no withholding protects; ``told``: what a text tells all the same; ``shown_before``: small figures
    the public has already; ``text_count``: how many texts were searched for data of persons and wrong words, and
    ``persons`` what was found, masked, with its place; ``insiders``: who, knowing his own figures, comes too close to
    whose; ``accepted``: data of persons that are published all the same; ``released``: names of what is shown again
    that the round before withheld; ``words``: wrong ones in the texts; ``cost`` of ``bound``: what is lost by the
    catalogue's weights, and what at least must be.
    """

    files: Sequence[SearchedFile]
    figure_count: int
    sum_count: int
    withheld: Sequence[WithheldLine]
    exposed: Sequence[str]
    shown_before: Sequence[str]
    insiders: Sequence[tuple[str, str]]
    released: Sequence[str]
    told: Sequence[str]
    text_count: int
    persons: Sequence[tuple[str, str]]
    accepted: Sequence[AcceptedLine]
    words: Sequence[WordLine]
    cost: int
    bound: int

    @property
    def kinds(self) -> str:
        """What of persons is searched for, as people call it."""
        return "、".join(PersonalKind)

    @property
    def is_safe(self) -> bool:
        """Whether no attack succeeds, no text tells, and none tells of persons."""
        return (
            not self.exposed and not self.told and not self.persons and all(line.is_protected for line in self.withheld)
        )


def load_proof(
    session: Session, installation: Installation, cycle: Cycle, content: CompiledContent
) -> ConfidentialityProof:
    """Return the proof of the round that ``content`` was compiled in."""
    catalog, acceptances = installation.catalog, load_acceptances(session, installation)
    plan, before = content.withholding, _plan_before(session, cycle)
    figures = {(figure.region, figure.indicator): figure for figure in content.figures}
    texts = list(_texts(catalog, content))

    def named(region: str, indicator: str, period: str = content.period.id) -> str:
        return name_figure(catalog, period, region, indicator)

    return ConfidentialityProof(
        files=list(_files(content)),
        figure_count=plan.searched[0],
        sum_count=plan.searched[1],
        withheld=[_line(named(*each.place), each, figures.get(each.place), before) for each in plan.figures],
        exposed=[named(region, indicator, period) for period, region, indicator in plan.exposed],
        shown_before=[named(*place) for place in plan.shown_before],
        insiders=[
            (catalog.regions[knows].name, named(region, indicator)) for knows, region, indicator in plan.insiders
        ],
        released=[named(*place) for place in sorted(before.places - plan.places)] if before is not None else [],
        told=list_told(catalog, content),
        text_count=len(texts),
        persons=[
            (place, str(each)) for place, text in texts for each in search_public_text(catalog, [text], acceptances)
        ],
        accepted=list(_accepted(session, catalog, texts, acceptances)),
        words=list(_words(catalog, texts)),
        cost=plan.cost,
        bound=plan.bound,
    )


def _line(name: str, withheld: WithheldFigure, figure: Figure | None, before: Withholding | None) -> WithheldLine:
    return WithheldLine(
        name=name,
        value=f"{figure.printed} {figure.unit}".strip() if figure else "",
        cause=withheld.cause,
        low=_grouped(withheld.low),
        high=_grouped(withheld.high),
        is_open=withheld.is_open,
        is_protected=withheld.is_protected,
        is_new=before is not None and withheld.place not in before.places,
    )


def _grouped(plain: str) -> str:
    return f"{Decimal(plain):,f}" if plain else ""


def _files(content: CompiledContent) -> Iterator[SearchedFile]:
    by_name: dict[str, list[Figure]] = {}
    for figure in content.figures:
        by_name.setdefault(figure.source.file_name, []).append(figure)
    for name, own in by_name.items():
        yield SearchedFile(name, len({figure.source.sheet for figure in own}), len(own), 0)
    for narrative in content.narratives:
        yield SearchedFile(narrative.file_name, 0, 0, len(narrative.sections))


def _texts(catalog: Catalog, content: CompiledContent) -> Iterator[tuple[str, str]]:
    """Yield every text that would be published, with its place; notes have none."""
    yield from (("", note) for note in content.footnotes)
    if content.reason:
        yield ("", content.reason)
    for figure in content.figures:
        for text in filter(None, (figure.text, figure.source.note)):
            yield (name_figure(catalog, content.period.id, figure.region, figure.indicator), text)
    for narrative in content.narratives:
        for section, blocks in narrative.blocks.items():
            place = f"{catalog.offices[narrative.office].name}　{catalog.sections[section].name}"
            yield from ((place, line) for block in blocks for line in block.lines)


def _words(catalog: Catalog, texts: Sequence[tuple[str, str]]) -> Iterator[WordLine]:
    for place, text in texts:
        for hit in find_wrong_words(catalog, text):
            yield WordLine(place, hit.context, str(hit), hit.word.level == "blocks")


def _accepted(
    session: Session, catalog: Catalog, texts: Sequence[tuple[str, str]], acceptances: Acceptances
) -> Iterator[AcceptedLine]:
    found = [(place, each) for place, text in texts for each in search_accepted(catalog, [text], acceptances)]
    by_digest = {row.digest: row for row in list_held(session, catalog)} if found else {}
    for place, datum in dict.fromkeys(found):
        row = by_digest[datum.digest]
        by, at = row.person.name if row.person else "", format_moment(row.judged_at) if row.judged_at else ""
        yield AcceptedLine(place, str(datum), by, at, row.reason)


def _plan_before(session: Session, cycle: Cycle) -> Withholding | None:
    """Return what the round before withheld; None when there was none."""
    wanted = select(Compilation).where(Compilation.cycle_id == cycle.id, Compilation.round < cycle.round)
    before = session.scalars(wanted.order_by(Compilation.round.desc()).limit(1)).one_or_none()
    return Withholding.of_record(before.withheld) if before is not None else None
