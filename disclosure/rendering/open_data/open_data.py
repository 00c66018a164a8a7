"""Open data: every figure and every table as CSV, one workbook, JSON, and a data package that explains them.

A row is one observation under its id (``region/indicator/period``), the same in every file and on the page.
CSV has a byte-order mark, without which spreadsheet programs garble Chinese; the Data Package tools read past it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from disclosure.rendering.document.document import Cell, DisclosureDocument, PublishedObservation, Table, document_json
from disclosure.rendering.open_data.open_workbook import render_workbook
from disclosure.rendering.outlets import Outlets

#: The columns of every CSV.
COLUMNS = (
    *("id", "region_code", "region", "period", "insurance", "indicator_id", "indicator"),
    *("unit", "value", "text", "state", "status", "note", "version"),
)
#: What the cells behind a figure say, in the order in which a table prints them.
COMPARED = ("base_value", "difference", "percent", "since_last")
#: A spreadsheet takes a cell that begins so for a formula; the full-width forms are folded by some input methods.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")

#: Addresses within a release's folder that never change; the CSV of a table is ``data/<table id>.csv``.
FIGURES, DOCUMENT, WORKBOOK, PACKAGE = "figures.csv", "document.json", "data/tables.xlsx", "datapackage.json"


def open_data_files(document: DisclosureDocument, outlets: Outlets) -> dict[str, bytes]:
    """Path in the release's folder -> bytes: all figures and every table as CSV, workbook, JSON, data package."""
    resources: list[tuple[str, str, bytes, tuple[str, ...]]] = [
        (FIGURES, outlets.facts.open_data.figures_title, render_csv(document.observations), COLUMNS)
    ]
    known = {seen.key: seen for seen in document.observations}
    for table in (table for block in document.blocks for table in block.tables):
        rows = list(_table_rows(table, known))
        columns = (*COLUMNS, *(name for name in ("base_id", *COMPARED) if any(name in row for row in rows)))
        resources.append((f"data/{table.id}.csv", table.caption, _csv(columns, rows), columns))
    return {
        **{name: content for name, _, content, _ in resources},
        WORKBOOK: render_workbook(document, outlets),
        DOCUMENT: document_json(document).encode(),
        PACKAGE: _package(document, outlets, resources),
    }


def render_csv(observations: Iterable[PublishedObservation]) -> bytes:
    """UTF-8 with a byte-order mark, CRLF, header in English.

    Numbers are plain with their printed decimals. Text that a spreadsheet would run is led by an apostrophe.
    """
    return _csv(COLUMNS, map(_row, observations))


def harmless(text: str) -> str:
    """``text`` as a cell no spreadsheet program runs."""
    return f"'{text}" if text.lstrip(" 　").startswith(_FORMULA_STARTS) else text


def _row(seen: PublishedObservation) -> dict[str, str]:
    row = {name: str(getattr(seen, name)) for name in COLUMNS if name not in {"id", "value", "text"}}
    return {"id": seen.key, **row, "value" if seen.is_number else "text": seen.value}


def _table_rows(table: Table, known: Mapping[str, PublishedObservation]) -> Iterator[dict[str, str]]:
    """Return a row for each figure of this period in ``table``; what a row compares it with stands behind it."""
    for row in (row for group in table.groups for row in group.rows):
        figures = [place for place, cell in enumerate(row.cells) if cell.key in known]
        for place in figures:
            compared = row.cells[place + 1 :] if len(figures) == 1 else ()
            yield {**_row(known[row.cells[place].key]), **_compared(compared)}


def _compared(cells: tuple[Cell, ...]) -> dict[str, str]:
    told = {
        name: cell.text.replace(",", "").removeprefix("+") if cell.kind in {"figure", "change"} else ""
        for name, cell in zip(COMPARED, cells, strict=False)
    }
    return {"base_id": cells[0].key, **told} if cells and any(told.values()) else {}


def _csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    numbers = {"value", *COMPARED}
    for row in rows:
        writer.writerow(row.get(name, "") if name in numbers else harmless(row.get(name, "")) for name in columns)
    return out.getvalue().encode("utf-8-sig")


def _package(
    document: DisclosureDocument,
    outlets: Outlets,
    resources: Iterable[tuple[str, str, bytes, tuple[str, ...]]],
) -> bytes:
    """``datapackage.json`` (Data Package 1.0): title, licence, source, and the schema of each CSV."""
    facts = outlets.facts.open_data
    content: dict[str, Any] = {
        "name": f"social-insurance-{document.period}".lower(),
        "title": document.title,
        "version": str(document.version),
        "description": document.demo + document.summary + outlets.licence_line,
        "homepage": outlets.page,
        "created": f"{document.compiled_on}T00:00:00+08:00",
        "keywords": list(facts.keywords),
        "licenses": [{"name": outlets.facts.licence.name, "title": outlets.facts.licence.title}],
        "sources": [{"title": f"{document.publisher}：{document.title}", "path": outlets.page}],
        "contributors": [{"title": document.publisher, "role": "publisher"}],
        "resources": [_resource(outlets, *each) for each in resources],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _resource(outlets: Outlets, path: str, title: str, content: bytes, columns: tuple[str, ...]) -> dict[str, Any]:
    facts = outlets.facts.open_data
    return {
        "name": path.removeprefix("data/").removesuffix(".csv").replace("_", "-").lower(),
        "title": title,
        "description": facts.figures_description,
        "path": path,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {
            "fields": [{"name": name, **facts.fields[name].model_dump()} for name in columns],
            "primaryKey": ["id"],
            "missingValues": [""],
        },
    }
