"""Taking in figures that were published before, as history: kept, matched, reported."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select

from disclosure.catalog import Catalog
from disclosure.clock import utc_now
from disclosure.collection.files import keep_file
from disclosure.collection.importer import ImportReport, import_long_csv
from disclosure.collection.submissions import observation
from disclosure.figures import Figure
from disclosure.records import Records, ledger
from disclosure.records.tables import ImportedTable

COLUMNS = ("region", "period", "insurance", "indicator", "unit", "value")


def record_import(
    records: Records, files: Path, catalog: Catalog, content: bytes, file_name: str
) -> tuple[ImportReport, bool]:
    """Import a long CSV into our records; the report, and whether this very file had been imported before."""
    report = import_long_csv(content, file_name, catalog)
    with records.write() as session:
        sha256 = keep_file(session, files, content)
        before = session.scalars(
            select(ImportedTable).where(ImportedTable.profile == catalog.profile.id, ImportedTable.sha256 == sha256)
        ).one_or_none()
        if before is not None:
            return report, True
        table = ImportedTable(
            profile=catalog.profile.id,
            sha256=sha256,
            file_name=file_name,
            row_count=report.rows,
            unmatched=[{"line": str(row.line), "reason": row.reason} for row in report.unmatched],
            imported_at=utc_now(),
        )
        session.add(table)
        session.flush()
        session.add_all(observation(figure, import_id=table.id) for figure in report.figures)
        ledger.append(
            session,
            "table.imported",
            actor="操作员",
            file=file_name,
            sha256=sha256,
            matched=len(report.figures),
            unmatched=len(report.unmatched),
        )
        return report, False


def long_csv(catalog: Catalog, figures: Iterable[Figure]) -> bytes:
    """Numeric figures as the long CSV that ``record_import`` reads (UTF-8)."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
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
