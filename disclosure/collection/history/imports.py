"""Taking in figures that were published before, as history: compared with what is there, kept, reported.

Whatever was imported stays. A figure that differs from the one that stands is taken only with a reason, and
then stands in its place.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.collection.history.importer import ImportReport, import_table
from disclosure.collection.history.long_table import REQUIRED
from disclosure.collection.observations import observation
from disclosure.cycle import compilation, queries, revisions
from disclosure.cycle.compilation import FigureKey
from disclosure.figures.figures import Figure
from disclosure.figures.known_errors import KnownErrors
from disclosure.platform.clock import utc_now
from disclosure.records import Records, ledger
from disclosure.records.file_store import keep_file
from disclosure.records.states import SEEN
from disclosure.records.tables import Cycle, ImportedTable, Observation, Replacement

#: ``waiting``: it differs and needs a reason to be taken; ``replaced``: it was given one; ``published``: we published
#: another value ourselves, which an import never replaces.
Outcome = Literal["waiting", "replaced", "published"]
#: Any constant: the name of the PostgreSQL lock under which imports follow one another.
_LOCK = 820_215
#: A figure as ``Source.printed`` has it: ``0.9416 亿元``.
_PRINTED = re.compile(r"[-+]?[\d,]+(?:\.(?P<decimals>\d+))?\s*(?P<unit>\D+)", re.ASCII)


@dataclass(frozen=True)
class FigureChange:
    """A figure that differs from the one that stands under its key."""

    old: Figure
    new: Figure
    outcome: Outcome


@dataclass(frozen=True)
class ImportComparison:
    """A table's figures against what stands: not there yet, the same, or changed.

    Those ``under_way`` are of a period whose cycle is not published yet: its figures come from the centres.
    """

    report: ImportReport
    new: tuple[Figure, ...] = ()
    same: tuple[Figure, ...] = ()
    changes: tuple[FigureChange, ...] = ()
    under_way: tuple[Figure, ...] = ()

    @property
    def taken(self) -> tuple[Figure, ...]:
        """Figures that stand from now on."""
        return (*self.new, *(change.new for change in self.changes if change.outcome == "replaced"))

    @property
    def waiting(self) -> tuple[FigureChange, ...]:
        """Changes that need a reason."""
        return tuple(change for change in self.changes if change.outcome == "waiting")


@dataclass
class StandingFigures:
    """The figure under each key: ``published`` by ourselves, which stands over ``imported``.

    ``under_way`` are the ids of periods whose cycle is open and not published.
    """

    imported: dict[FigureKey, Figure] = field(default_factory=dict)
    published: Mapping[FigureKey, Figure] = field(default_factory=dict)
    under_way: frozenset[str] = frozenset()


def compare(catalog: Catalog, report: ImportReport, standing: StandingFigures, reason: str = "") -> ImportComparison:
    """Return what ``report`` brings to what stands; with a ``reason``, changed figures replace imported ones.

    Equal amounts are the same figure, in whatever unit they were kept, and so is one that is the other rounded to the
    decimals it prints: it never replaces the finer one.
    """
    new: list[Figure] = []
    same: list[Figure] = []
    changes: list[FigureChange] = []
    under_way = tuple(figure for figure in report.figures if figure.period.id in standing.under_way)
    for figure in report.figures:
        if figure.period.id in standing.under_way:
            continue
        ours = standing.published.get(figure.key)
        old = ours or standing.imported.get(figure.key)
        if old is None:
            new.append(figure)
        elif _is_same(catalog, old, figure):
            same.append(figure)
        else:
            changes.append(FigureChange(old, figure, "published" if ours else "replaced" if reason else "waiting"))
    return ImportComparison(report, tuple(new), tuple(same), tuple(changes), under_way)


def standing_figures(records: Records, catalog: Catalog) -> tuple[Figure, ...]:
    """Return every figure that stands, ours before imported ones."""
    with records.read() as session:
        standing, _ = _standing(session, catalog)
    return tuple({**standing.imported, **standing.published}.values())


def compare_files(
    records: Records, catalog: Catalog, reports: Sequence[ImportReport], reason: str = ""
) -> tuple[ImportComparison, ...]:
    """Return a dry run: what importing would do, file after file. Nothing is written."""
    with records.read() as session:
        standing, _ = _standing(session, catalog)
    return tuple(_in_turn(catalog, reports, standing, reason))


def record_imports(
    records: Records,
    files: Path,
    catalog: Catalog,
    tables: Sequence[tuple[ImportReport, bytes]],
    *,
    reason: str = "",
    vouched: Mapping[FigureKey, str] = MappingProxyType({}),
    actor: str = "操作员",
) -> tuple[ImportComparison, ...]:
    """Import tables (report and content each) in one transaction: all of them or none.

    Each file is kept. Figures that stand already with the same value are not recorded again, so importing a file
    once more, after names were added to the catalogue, takes what it could not take before. ``reason`` lets changed
    figures replace those that stand; both are kept, and the ledger tells of each. ``vouched`` are
    figures that the audit doubts with what somebody says for them, which the ledger tells too.
    """
    with records.write() as session:
        if session.get_bind().dialect.name == "postgresql":
            # SQLite's write transactions are one at a time anyway; PostgreSQL's are not.
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        standing, rows = _standing(session, catalog)
        made = tuple(_in_turn(catalog, [report for report, _ in tables], standing, reason))
        recorder = _Recorder(session, files, catalog, rows, reason, actor, vouched)
        for comparison, (_, content) in zip(made, tables, strict=True):
            recorder.record(comparison, content)
        return made


def record_import(records: Records, files: Path, catalog: Catalog, content: bytes, file_name: str) -> ImportComparison:
    """Import one table."""
    report = import_table(content, file_name, catalog)
    (made,) = record_imports(records, files, catalog, [(report, content)])
    return made


def long_csv(catalog: Catalog, figures: Iterable[Figure]) -> bytes:
    """Numeric figures as a long table that ``import_table`` reads (UTF-8)."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(REQUIRED)
    for figure in figures:
        if figure.value is not None:
            indicator = catalog.indicators[figure.indicator]
            writer.writerow(
                (
                    figure.region,
                    figure.period.id,
                    indicator.insurance,
                    indicator.id,
                    figure.unit,
                    f"{figure.value:f}",
                )
            )
    return stream.getvalue().encode()


def _standing(session: Session, catalog: Catalog) -> tuple[StandingFigures, dict[FigureKey, Observation]]:
    """Return what stands, without values known to be wrong, and the rows of what was imported."""
    register = KnownErrors(catalog)
    imported = compilation.imported_figures(session, catalog)
    published = {
        key: figure
        for key, figure in compilation.published_figures(session, catalog).items()
        if not register.of_figure(figure)
    }
    mine = session.scalars(select(Cycle).where(Cycle.profile == catalog.profile.id)).all()
    under_way = frozenset(
        queries.period_of(cycle).id
        for cycle in mine
        if (release := queries.release_of(session, cycle)) is None or release.state not in SEEN
    )
    standing = StandingFigures({key: figure for key, (figure, _) in imported.items()}, published, under_way)
    return standing, {key: row for key, (_, row) in imported.items()}


def _in_turn(
    catalog: Catalog, reports: Iterable[ImportReport], standing: StandingFigures, reason: str
) -> Iterator[ImportComparison]:
    """Each report is compared with what stands after the one before it."""
    for report in reports:
        comparison = compare(catalog, report, standing, reason)
        standing.imported.update({figure.key: figure for figure in comparison.taken})
        yield comparison


def _is_same(catalog: Catalog, old: Figure, new: Figure) -> bool:
    """Whether two figures say the same: the coarser printed is the finer rounded, or they are equal."""
    units = catalog.units.get(old.unit), catalog.units.get(new.unit)
    if old.value is None or new.value is None or units[0] is None or units[1] is None:
        return (old.unit, old.value, old.text) == (new.unit, new.value, new.text)
    if units[0].base != units[1].base:
        return False
    difference = abs(old.value * units[0].factor - new.value * units[1].factor)
    steps = sorted((_printed_step(catalog, old), _printed_step(catalog, new)))
    return difference == 0 or (steps[0] < steps[1] and difference <= steps[1] / 2)


def _printed_step(catalog: Catalog, figure: Figure) -> Decimal:
    """One unit of the last place that was printed, in base units (人, 元)."""
    kept = catalog.units[figure.unit]
    if found := _PRINTED.fullmatch(figure.source.printed):
        printed = catalog.find_unit(found["unit"])
        if printed is not None and printed.base == kept.base:
            return Decimal(1).scaleb(-len(found["decimals"] or "")) * printed.factor
    return Decimal(1).scaleb(-figure.decimals) * kept.factor


def _provenance(figure: Figure) -> dict[str, str]:
    """Return what the table itself says of the figure; blank things are left out."""
    source = figure.source
    said = {"printed": source.printed, "origin": source.origin, "retrieved": source.retrieved, "note": source.note}
    return {name: value for name, value in said.items() if value}


@dataclass
class _Recorder:
    """Writes one table after another; ``rows`` are those that stand under each key."""

    session: Session
    files: Path
    catalog: Catalog
    rows: dict[FigureKey, Observation]
    reason: str
    actor: str
    vouched: Mapping[FigureKey, str]

    def record(self, comparison: ImportComparison, content: bytes) -> None:
        """Keep the file, what is new in it, and values known to be wrong; tell the ledger."""
        report = comparison.report
        table, is_first = self._table(report, content)
        kept = {
            (row.region, row.indicator, row.period_id, row.value, row.unit, row.text): row
            for row in self.session.scalars(select(Observation).where(Observation.import_id == table.id))
        }

        def keep(figure: Figure) -> Observation:
            """Return the row of ``figure`` in this table, which an earlier import may have made."""
            known = kept.get((*figure.key, figure.value, figure.unit, figure.text))
            if known is not None:
                return known
            row = observation(figure, import_id=table.id)
            row.provenance = _provenance(figure)
            self.session.add(row)
            return row

        differing = [(change.old, change.new) for change in comparison.changes if change.outcome == "published"]
        revisions.note_revisions(self.session, self.catalog, differing)
        replaced = {change.new.key: change.old for change in comparison.changes if change.outcome == "replaced"}
        for figure in comparison.taken:
            row = keep(figure)
            if old := replaced.get(figure.key):
                self._replace(old, figure, row)
            self.rows[figure.key] = row
            if figure.key in self.vouched:
                self._vouch(figure, self.vouched[figure.key])
        # Values known to be wrong are kept like any other; whoever reads history from our records leaves them out.
        for each in report.erroneous:
            if each.figure:
                keep(each.figure)
        if is_first or comparison.taken:
            ledger.append(
                self.session,
                "table.imported",
                actor=self.actor,
                file=report.file_name,
                sha256=report.sha256,
                new=len(comparison.new),
                same=len(comparison.same),
                replaced=len(replaced),
                known_errors=len(report.erroneous),
                unmatched=len(report.unmatched),
                held=len(report.held),
                elsewhere=sum(report.elsewhere.values()),
            )

    def _table(self, report: ImportReport, content: bytes) -> tuple[ImportedTable, bool]:
        """Return the record of this file, and whether it is its first import."""
        sha256 = keep_file(self.session, self.files, content)
        profile = self.catalog.profile.id
        table = self.session.scalars(
            select(ImportedTable).where(ImportedTable.profile == profile, ImportedTable.sha256 == sha256)
        ).one_or_none()
        is_first = table is None
        if table is None:
            table = ImportedTable(profile=profile, sha256=sha256, file_name=report.file_name, imported_at=utc_now())
            self.session.add(table)
        table.row_count = report.rows
        table.unmatched = [
            {"line": str(row.line), "sheet": row.sheet, "cause": row.cause, "reason": row.what + row.why}
            for row in report.unmatched
        ]
        self.session.flush()
        return table, is_first

    def _vouch(self, figure: Figure, reason: str) -> None:
        ledger.append(
            self.session,
            "figure.vouched",
            actor=self.actor,
            figure="/".join(figure.key),
            value=f"{figure.printed} {figure.unit}".strip(),
            file=f"{figure.source.file_name} {figure.source.label}",
            reason=reason,
        )

    def _replace(self, old: Figure, new: Figure, new_row: Observation) -> None:
        self.session.flush()
        old_row = self.rows[new.key]
        self.session.add(Replacement(old_id=old_row.id, new_id=new_row.id, reason=self.reason, replaced_at=utc_now()))
        ledger.append(
            self.session,
            "figure.replaced",
            actor=self.actor,
            figure="/".join(new.key),
            old=f"{old.printed} {old.unit}".strip(),
            old_file=f"{old.source.file_name} {old.source.label}",
            new=f"{new.printed} {new.unit}".strip(),
            new_file=f"{new.source.file_name} {new.source.label}",
            reason=self.reason,
        )
