"""Reading a workbook handed in: every figure by its address, every mistake by its cell, nothing by guess."""

from __future__ import annotations

import gc
import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import python_calamine as calamine

from disclosure.catalog import Catalog
from disclosure.collection.workbook.ooxml.package import open_package
from disclosure.collection.workbook.ooxml.xml import UnreadableError, unreadable
from disclosure.collection.workbook.read.confirmed import check_confirmed
from disclosure.collection.workbook.read.cover import (
    check_cover,
    check_properties,
    layout_of,
    read_cover,
    read_metadata,
)
from disclosure.collection.workbook.read.figures import past_figures, read_figures, typed_cells
from disclosure.collection.workbook.read.notes import read_notes
from disclosure.collection.workbook.read.places import check_sheets, find_table
from disclosure.collection.workbook.read.result import Cover, Problem, Typed, WorkbookReading
from disclosure.collection.workbook.read.sheets import FAULTY, OpenWorkbook
from disclosure.collection.workbook.read.signatures import unsigned
from disclosure.confidentiality.public_text import NOTHING_ACCEPTED, Acceptances
from disclosure.figures.figures import FigureSource


def examine(
    content: bytes, file_name: str, catalog: Catalog, acceptances: Acceptances = NOTHING_ACCEPTED
) -> WorkbookReading:
    """Read a workbook as it is handed in: like ``read_workbook``, and signed by those who answer for it."""
    with _no_collection():
        reading = read_workbook(content, file_name, catalog, acceptances)
    return reading if reading.gather is None else unsigned(reading)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Look for no garbage: reading makes many small objects and no cycles, and looking takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_workbook(
    content: bytes, file_name: str, catalog: Catalog, acceptances: Acceptances = NOTHING_ACCEPTED
) -> WorkbookReading:
    """Read ``content`` (the bytes of a file known to people as ``file_name``).

    A bad file is a reading with problems; nothing a file holds makes this raise. Figures have their
    centre, unit and source cell; values are exact decimals with the printed decimals of their indicator.
    """
    cover: Cover | None = None
    try:
        package = open_package(content, file_name)
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            metadata = read_metadata(book, package)
            cover = read_cover(metadata, book, package, catalog)
            layout = layout_of(metadata, cover, catalog)
            check_properties(metadata, package)
            file = FigureSource(hashlib.sha256(content).hexdigest(), file_name)
            handed = OpenWorkbook(book, package, catalog, cover, layout, file, acceptances=acceptances)
            return _read(handed, metadata)
    except UnreadableError as error:
        return WorkbookReading(cover, (), (error.problem,), ())
    except BaseException as error:
        if not _is_parser_failure(error):
            raise
        return WorkbookReading(cover, (), (unreadable(*FAULTY).problem,), ())


def _is_parser_failure(error: BaseException) -> bool:
    """calamine's own errors, and a panic in its Rust code, which is no ``Exception``."""
    return isinstance(error, calamine.CalamineError) or type(error).__name__ == "PanicException"


def _read(handed: OpenWorkbook, metadata: Mapping[str, str]) -> WorkbookReading:
    message = check_cover(handed)
    check_sheets(handed)
    tables = [table for sheet in handed.layout.sheets if (table := find_table(handed, sheet))]
    stands_as_sent = not handed.problems
    # The workbook that goes back is laid out as it was sent, and shows none of these any more.
    handed.problems[:] = [replace(problem, confirm=True) for problem in handed.problems]
    check_confirmed(handed, metadata)
    notes = read_notes(handed)
    figures = [figure for table in tables if table.is_read for figure in read_figures(handed, table, notes)]
    if not figures and not handed.problems:
        why = "整本工作簿没有填任何数据，请填好黄色单元格后再交"
        handed.problems.append(Problem("", "", "空白的工作簿", "填好数据的工作簿", why))
    kept = tuple(figures) if stands_as_sent else ()

    def gather() -> Typed:
        return Typed(
            cells={place: cell for table in tables for place, cell in typed_cells(handed, table)},
            past=tuple(figure for table in tables for figure in past_figures(handed, table)),
            notes=notes.rows,
            message=message,
        )

    told = tuple(replace(each, row=handed.layout.row_name(each.sheet, each.cell)) for each in handed.problems)
    return WorkbookReading(handed.cover, kept, told, tuple(notes.explanations), gather, tuple(figures))
