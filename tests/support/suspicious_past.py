"""A past that makes the audit warn: the year before has a tenth of what is handed in now."""

from __future__ import annotations

from dataclasses import replace

from disclosure.collection.history.imports import long_csv, record_import
from disclosure.figures.figures import FigureSource
from tests.support.bureau import Bureau


def import_suspicious_past(bureau: Bureau, of: str = ".income") -> None:
    """Bring figures of the year before by which incomes (or those whose name ends otherwise) have grown tenfold."""
    before = [
        replace(
            figure,
            period=replace(bureau.period, year=bureau.period.year - 1),
            value=figure.value and figure.value / 10,
            source=FigureSource(),
        )
        for centre in bureau.centres
        for figure in bureau.figures(centre)
        if figure.indicator.endswith(of)
    ]
    installation, table = bureau.installation, long_csv(bureau.catalog, before)
    record_import(installation.records, installation.settings.files, bureau.catalog, table, "before.csv")
