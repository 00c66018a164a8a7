"""Compiling (汇总): what all centres handed in becomes one content with one digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import Catalog
from disclosure.confidentiality.cells.rules import rule_book
from disclosure.confidentiality.cells.structure import PublicStatement, tied_across_years
from disclosure.confidentiality.cells.withholding import (
    NOTHING_WITHHELD,
    Withholding,
    in_public_form,
    plan_withholding,
)
from disclosure.cycle import queries
from disclosure.cycle.states import enter
from disclosure.figures.figures import Figure, FigureSource
from disclosure.figures.known_errors import KnownErrors
from disclosure.figures.narrative import NarrativeText
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.states import SEEN, CycleStep, ReleaseState
from disclosure.records.tables import (
    Compilation,
    Cycle,
    ImportedTable,
    Observation,
    Release,
    Replacement,
    Submission,
)
from disclosure.records.tables import Narrative as NarrativeRow

#: (region, indicator, period id).
FigureKey = tuple[str, str, str]


@dataclass(frozen=True)
class CompiledContent:
    """Data and text of one round.

    ``footnotes`` are printed; ``excused`` are ids of centres without figures and of sections without text;
    ``narratives`` are in the catalogue's order of their offices. ``version`` and ``reason`` are those of the
    correction that the round belongs to: whoever approves the content approves them too, and what is not shown.
    """

    period: Period
    figures: tuple[Figure, ...]
    footnotes: tuple[str, ...]
    excused: tuple[str, ...]
    narratives: tuple[NarrativeText, ...] = ()
    version: int = 1
    reason: str = ""
    withholding: Withholding = NOTHING_WITHHELD

    @property
    def public_figures(self) -> tuple[Figure, ...]:
        """The figures as anybody may have them: without the values of what is withheld."""
        return in_public_form(self.figures, self.withholding.places)

    @property
    def statement(self) -> PublicStatement:
        """The figures by their places, and those not shown."""
        by_place = {(figure.region, figure.indicator): figure for figure in self.figures}
        return PublicStatement(self.period, by_place, self.withholding.places)

    @property
    def canonical(self) -> str:
        """The one text that is digested.

        Where a figure was typed (sheet, cell, file) is left out: handing in the same figures or the same text
        in another file changes no digest.
        """
        rows = sorted(
            [f.region, f.indicator, f.unit, None if f.value is None else f"{f.value:f}", f.text, f.state, f.centre]
            for f in self.figures
        )
        content: dict[str, object] = {
            "period": self.period.id,
            "figures": rows,
            "footnotes": self.footnotes,
            "excused": self.excused,
        }
        if self.narratives:
            content["narratives"] = self._texts
        if self.version > 1:
            content["correction"] = [self.version, self.reason]
        if self.withholding.figures:
            content["withheld"] = [self.withholding.salt, sorted(self.withholding.places)]
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))

    @property
    def _texts(self) -> list[list[str]]:
        return [[n.office, section, html] for n in self.narratives for section, html in n.sections.items()]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical text, in hex."""
        return _sha256(self.canonical)

    @property
    def text_digest(self) -> str:
        """SHA-256 of the text, the set of tables and what is withheld: what a first-review-only gate looked at."""
        texts = sorted((f.region, f.indicator, f.state, f.text) for f in self.figures if f.value is None)
        tables = sorted({f.indicator for f in self.figures})
        looked_at: list[object] = [texts, tables, self.footnotes]
        looked_at += [self._texts] if self.narratives else []
        looked_at += [self.reason] if self.version > 1 else []
        looked_at += [sorted(self.withholding.places)] if self.withholding.figures else []
        return _sha256(json.dumps(looked_at, ensure_ascii=False))


def compile_round(session: Session, catalog: Catalog, cycle: Cycle) -> Compilation:
    """Return the compilation of the current round, made now if it was not.

    Raises:
        DisclosureError: when the round still waits for a centre, or for a section's text.
    """
    queries.lock(session, cycle)
    if existing := queries.compilation_of(session, cycle):
        return existing
    if missing := queries.missing_centres(session, catalog, cycle):
        raise DisclosureError(f"还缺 {'、'.join(office.name for office in missing)} 的报表或文字，不能汇总。")
    gathered = _gather(session, catalog, cycle)
    before = list(statements_before(session, catalog, cycle))
    content = replace(gathered, withholding=plan_withholding(catalog, gathered.statement, before))
    compilation = Compilation(
        cycle_id=cycle.id,
        round=cycle.round,
        digest=content.digest,
        text_digest=content.text_digest,
        content=content.canonical,
        withheld=content.withholding.as_record(),
        compiled_at=utc_now(),
    )
    session.add(compilation)
    session.flush()
    enter(session, cycle, CycleStep.AUDIT)
    ledger.append(
        session,
        "compilation.made",
        actor="系统",
        cycle_id=cycle.id,
        round=cycle.round,
        digest=compilation.digest,
        figures=len(content.figures),
    )
    return compilation


def content_of(session: Session, catalog: Catalog, cycle: Cycle, compilation: Compilation) -> CompiledContent:
    """Return what ``compilation`` holds, with the source cell of each figure.

    Raises:
        DisclosureError: when the records no longer give the digest that was reviewed.
    """
    content = _gather(session, catalog, cycle)
    if content.digest != compilation.digest or _sha256(compilation.content) != compilation.digest:
        raise DisclosureError(
            f"{queries.period_of(cycle).label}第 {compilation.round} 轮的记录与汇总时的摘要不符，已停止。"
            "请联系管理员核查记录库。"
        )
    return content


def _gather(session: Session, catalog: Catalog, cycle: Cycle, round_number: int | None = None) -> CompiledContent:
    """Return what stands in the current round, or stood in ``round_number``."""
    standing = queries.standing_submissions(session, cycle, round_number)
    written = queries.standing_narratives(session, cycle, round_number)
    correction = queries.correction_of(session, cycle, round_number)
    arrived = {centre: s.round for centre, s in standing.items()} | {office: n.round for office, n in written.items()}
    excuses = queries.excuses(session, cycle, round_number)
    excused = {c: e for c, e in excuses.items() if c not in arrived or e.round > arrived[c]}
    figures = [
        figure
        for centre, submission in standing.items()
        if centre not in excused
        for figure in submission_figures(submission)
    ]
    order = {indicator: place for place, indicator in enumerate(catalog.indicators)}
    places = {region: place for place, region in enumerate(catalog.regions)}
    figures.sort(key=lambda f: (order.get(f.indicator, len(order)), places.get(f.region, len(places))))
    writers = {office.id for office in catalog.writers}
    footnotes = [
        f"{catalog.offices[centre].name}未报送本期{'文字' if centre in writers else '数据'}：{excuse.reason}"
        for centre, excuse in sorted(excused.items())
    ]
    narratives = [
        submitted_narrative(catalog, written[office])
        for office in catalog.offices
        if office in written and office not in excused
    ]
    return CompiledContent(
        queries.period_of(cycle),
        tuple(figures),
        tuple(footnotes),
        tuple(sorted(excused)),
        tuple(narratives),
        correction.version if correction else 1,
        correction.reason if correction else "",
        Withholding.of_record(_withheld_in(session, cycle, round_number)),
    )


def _withheld_in(session: Session, cycle: Cycle, round_number: int | None) -> dict[str, Any]:
    """Return what the round's compilation withholds; nothing before it is compiled."""
    wanted = select(Compilation.withheld).where(
        Compilation.cycle_id == cycle.id, Compilation.round == (round_number or cycle.round)
    )
    return session.scalars(wanted).one_or_none() or {}


def statements_before(session: Session, catalog: Catalog, cycle: Cycle) -> Iterator[PublicStatement]:
    """Yield all that the public was ever told of the year of ``cycle``, here in any version or elsewhere.

    And of the funds of the years before and after it: what a fund has at a year's end, the next begins with. Where one
    of those withholds something, the year beyond is tied to it in the same way.
    """
    year = queries.period_of(cycle).year
    elsewhere: dict[int, dict[Period, dict[tuple[str, str], Figure]]] = {}
    for figure, _ in imported_figures(session, catalog).values():
        of_period = elsewhere.setdefault(figure.period.year, {}).setdefault(figure.period, {})
        of_period[figure.region, figure.indicator] = figure
    own: dict[int, list[tuple[Cycle, Release]]] = {}
    published = session.execute(
        select(Cycle, Release)
        .join(Release, Release.cycle_id == Cycle.id)
        .where(Cycle.profile == catalog.profile.id, Release.state.in_(SEEN))
        .order_by(Release.id)
    )
    for told, release in published:
        if (told.id, release.round) != (cycle.id, cycle.round):
            own.setdefault(queries.period_of(told).year, []).append((told, release))

    def of_year(each: int) -> list[PublicStatement]:
        imported = [PublicStatement(period, figures) for period, figures in elsewhere.get(each, {}).items()]
        return imported + [released_content(session, catalog, *told).statement for told in own.get(each, ())]

    yield from of_year(year)
    tied = tied_across_years(catalog, rule_book(catalog))
    for step in (-1, 1):
        beyond = year
        is_tied = True
        while is_tied:
            beyond += step
            statements = [statement.of_indicators(tied) for statement in of_year(beyond)]
            yield from statements
            withheld = (each.figures[place] for each in statements for place in each.withheld)
            is_tied = any(not catalog.units[figure.unit].is_counted for figure in withheld)


def released_content(session: Session, catalog: Catalog, cycle: Cycle, release: Release) -> CompiledContent:
    """Return what ``release`` was made of, whatever was handed in since."""
    return _gather(session, catalog, cycle, release.round)


def submitted_narrative(catalog: Catalog, row: NarrativeRow) -> NarrativeText:
    """Return the text of one submission, its sections in the catalogue's order."""
    return NarrativeText(
        office=row.office,
        author=row.author,
        document=row.sha256,
        file_name=row.file_name,
        sections={section: row.sections[section] for section in catalog.sections if section in row.sections},
    )


def published_narratives(session: Session, catalog: Catalog, period: Period) -> dict[str, NarrativeText]:
    """Return by office the text published for the period before ``period``, or else for that of a year ago."""
    for earlier in filter(None, (period.previous(), period.year_before())):
        cycle = queries.find_cycle(session, catalog, earlier)
        release = queries.published_release(session, cycle) if cycle else None
        if cycle is not None and release is not None:
            written = released_content(session, catalog, cycle, release).narratives
            return {narrative.office: narrative for narrative in written}
    return {}


def submission_figures(submission: Submission) -> list[Figure]:
    """Return the figures of one submission, each with the cell it was typed in."""
    return [
        _figure(
            row,
            FigureSource(
                document=submission.sha256,
                file_name=submission.file_name,
                sheet=row.sheet,
                cell=row.cell,
                submission_id=submission.id,
            ),
        )
        for row in submission.observations
    ]


def _figure(row: Observation, source: FigureSource) -> Figure:
    return Figure(
        region=row.region,
        indicator=row.indicator,
        period=parse_period(row.period_id),
        unit=row.unit,
        value=row.value,
        text=row.text,
        state=row.state,
        centre=row.centre,
        source=source,
    )


def public_history(session: Session, catalog: Catalog, period: Period | None = None) -> tuple[Figure, ...]:
    """Return the same as ``history`` in public form: what a release withheld has no value in any later one."""
    return history(session, catalog, period, is_public=True)


def history(
    session: Session, catalog: Catalog, period: Period | None = None, *, is_public: bool = False
) -> tuple[Figure, ...]:
    """Return the figures of all periods but ``period`` that were published, here or (imported) elsewhere.

    What we published ourselves stands over an imported figure of the same key. A value that the register of known
    errors says is wrong is never among them.
    """
    register = KnownErrors(catalog)
    found: dict[FigureKey, Figure] = {key: figure for key, (figure, _) in imported_figures(session, catalog).items()}
    own = published_figures(session, catalog, is_public=is_public)
    found.update({key: figure for key, figure in own.items() if not register.of_figure(figure)})
    return tuple(figure for figure in found.values() if figure.period != period)


def published_figures(session: Session, catalog: Catalog, *, is_public: bool = False) -> dict[FigureKey, Figure]:
    """Return every figure that the public reads now: of the newest version of each cycle, unless it was withdrawn.

    ``is_public``: in public form; otherwise with the values of what is withheld, for those who may see them.
    """
    found: dict[FigureKey, Figure] = {}
    for cycle in session.scalars(select(Cycle).where(Cycle.profile == catalog.profile.id).order_by(Cycle.id)):
        release = queries.published_release(session, cycle)
        if release is not None and release.state is ReleaseState.LIVE:
            content = released_content(session, catalog, cycle, release)
            found.update({f.key: f for f in (content.public_figures if is_public else content.figures)})
    return found


def imported_figures(session: Session, catalog: Catalog) -> dict[FigureKey, tuple[Figure, Observation]]:
    """Return the imported figure that stands under each key, with its row.

    A later import stands over an earlier one, a replacement over both; values known to be wrong stand nowhere.
    """
    register = KnownErrors(catalog)
    imported = session.execute(
        select(Observation, ImportedTable)
        .join(ImportedTable, Observation.import_id == ImportedTable.id)
        .where(ImportedTable.profile == catalog.profile.id)
        .order_by(ImportedTable.imported_at, Observation.id)
    )
    found: dict[FigureKey, tuple[Figure, Observation]] = {}
    by_row: dict[int, tuple[Figure, Observation]] = {}
    for row, table in imported:
        provenance = row.provenance or {}
        source = FigureSource(
            document=table.sha256, file_name=table.file_name, sheet=row.sheet, cell=row.cell, **provenance
        )
        figure = _figure(row, source)
        if not register.of_figure(figure):
            found[figure.key] = by_row[row.id] = (figure, row)
    for new_id in session.scalars(select(Replacement.new_id).order_by(Replacement.id)):
        if new_id in by_row:
            found[by_row[new_id][0].key] = by_row[new_id]
    return found


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
