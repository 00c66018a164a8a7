"""Writing the workbook that goes out to a centre: what to fill in, what was there before, what must add up.

The same arguments give the same bytes. Protection carries no password: it guards against slips, and the
reader checks every address again.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import xlsxwriter

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.collection.workbook.layout import SCHEMA_VERSION, lay_out, texts
from disclosure.collection.workbook.read.result import Explanation, Problem, Typed
from disclosure.collection.workbook.write.book import CELL_LIMIT, SHORT_TEXT, Book
from disclosure.collection.workbook.write.cover import write_cover
from disclosure.collection.workbook.write.notes import write_guide, write_notes
from disclosure.collection.workbook.write.problems import confirmed_rows, write_problems
from disclosure.collection.workbook.write.sheets import write_sheet
from disclosure.figures.comparison import bases_of
from disclosure.figures.figures import Figure
from disclosure.platform.errors import DisclosureError
from disclosure.records.file_store import write_whole


@dataclass(frozen=True)
class WorkbookContents:
    """What stands in the workbook of a centre.

    Of ``earlier`` figures those of the period before and those that each is compared with are shown beside the
    inputs (a special cycle has neither). ``filled`` fills inputs, and their
    reasons and ``explanations`` the sheet 说明; what the centre is not asked for is left out.
    ``message`` is what the reviewer wrote when returning it; ``cover`` is (填报人, 审核人, 填报日期).
    ``typed`` stands for ``earlier``, ``filled``, ``explanations`` and ``message``: a workbook
    that came in is written anew as it was filled in. Cells with ``problems`` are marked until they are
    changed, have a comment, and are listed in 错误清单.
    """

    period: Period
    centre_id: str
    _: KW_ONLY
    round_number: int = 1
    only: Iterable[str] = ()
    earlier: Iterable[Figure] = ()
    filled: Iterable[Figure] = ()
    explanations: Iterable[Explanation] = ()
    message: str = ""
    cover: tuple[str, str, str] = ("", "", "")
    typed: Typed | None = None
    problems: Sequence[Problem] = ()


def write_workbook(path: Path, catalog: Catalog, contents: WorkbookContents) -> Path:
    """Write a centre's workbook to ``path``, whole or not at all.

    Raises:
        DisclosureError: when there is no such centre, nothing is asked of it, or a text is too long for a cell.
    """
    period, typed, cover = contents.period, contents.typed, contents.cover
    only = tuple(contents.only)
    layout = lay_out(catalog, period, contents.centre_id, only)
    earlier, filled = tuple(contents.earlier), tuple(contents.filled)
    message = contents.message
    if typed is not None:
        earlier = typed.past
        message = typed.message
    longest = max((message, *cover, *(figure.text for figure in filled)), key=len)
    if len(longest) > CELL_LIMIT:
        raise DisclosureError(f"“{longest[:20]}…”有 {len(longest)} 个字，工作簿的一格最多 {CELL_LIMIT} 字，请精简。")
    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    book = Book(
        file=workbook,
        catalog=catalog,
        sheets=layout.sheets,
        period=period,
        centre=catalog.offices[contents.centre_id].name,
        round_number=contents.round_number,
        past=(_by_cell(earlier, period.previous()), bases_of(catalog, period, earlier)),
        openings=_by_cell(earlier, period.last_year_end()),
        filled=_by_cell(filled, period),
        explanations=tuple(contents.explanations),
        typed=typed,
        problems=contents.problems,
    )
    write_cover(book, message, cover)
    for sheet in layout.sheets:
        write_sheet(book, sheet)
    write_notes(book)
    write_guide(book)
    write_problems(book)
    _write_metadata(
        book,
        {
            "schema_version": str(SCHEMA_VERSION),
            "profile": layout.profile,
            "period": period.id,
            "centre": contents.centre_id,
            "round": str(contents.round_number),
            "only": " ".join(only),
            "layout": layout.digest,
            "confirm": " ".join(f"{row}:{first}" for row, first in confirmed_rows(contents.problems).items()),
        },
    )
    workbook.close()
    write_whole(path, content.getvalue())
    return path


def _by_cell(figures: Iterable[Figure], period: Period | None) -> dict[tuple[str, str], Figure]:
    return {(f.region, f.indicator): f for f in figures if f.period == period}


def _write_metadata(book: Book, facts: Mapping[str, str]) -> None:
    """Write what the reader goes by into a sheet people do not see, with the lists of the drop-downs beside it."""
    for row, (key, value) in enumerate(facts.items()):
        book.meta.write_string(row, 0, key)
        book.meta.write_string(row, 1, value)
        if 0 < len(value) <= SHORT_TEXT:
            book.file.set_custom_property(f"disclosure_{key}", value, "text")
    for row, region in enumerate(book.catalog.regions.values(), 1):
        book.meta.write_string(row, 3, region.name)
    for place, table in enumerate(book.sheets):
        book.meta.write_string(place + 1, 4, table.name)
        book.meta.write_number(0, 5 + place, len(table.labels))
        for row, label in enumerate(table.labels.values(), 1):
            book.meta.write_string(row, 5 + place, label)
    book.meta.protect("")
    book.meta.very_hidden()
    book.file.set_properties(
        {
            "title": f"{book.period.label} {texts()['cover']['title']}",
            "subject": book.centre,
            "author": book.catalog.profile.publisher,
            # Fixed by the period, so that the same workbook written twice has the same bytes.
            "created": dt.datetime.combine(book.period.end, dt.time(), dt.UTC),
        }
    )
