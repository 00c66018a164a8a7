"""The sheets of words in a workbook: 说明, where reasons are written, and 填报须知, which says what is asked."""

from __future__ import annotations

from collections.abc import Iterator

from xlsxwriter.utility import quote_sheetname

from disclosure.collection.workbook.layout import NOTES_HEADING_ROW, address, heading_of, texts
from disclosure.collection.workbook.write.book import CELL_LIMIT, FAINT, HEAD, INPUT, Book, merge

#: Rows for explanations that are formatted and have drop-downs, beyond those already filled in.
_SPARE_NOTES = 200


def write_notes(book: Book) -> None:
    """Write 说明, with drop-downs."""
    sheet, words = book.notes, texts()["notes"]
    sheet.hide_gridlines(2)
    for column, width in enumerate((14, 30, 18, 70)):
        sheet.set_column(column, column, width)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, words["title"], book.style(font_size=15, bold=True))
    merge(sheet, (1, 0, 1, 3), words["hint"], book.style(text_wrap=True, font_color=FAINT))
    sheet.set_row(1, 34)
    head = book.boxed(bold=True, bg_color=HEAD, align="center")
    for column, text in enumerate(words["columns"]):
        sheet.write_string(NOTES_HEADING_ROW, column, text, head)
    cell = book.boxed(bg_color=INPUT, locked=False, text_wrap=True, indent=1)
    first = NOTES_HEADING_ROW + 1
    rows = book.typed.notes if book.typed else dict(enumerate(_reasons(book), first))
    last = max(rows, default=first) + _SPARE_NOTES
    for row in range(first, last + 1):
        for column, value in enumerate(rows.get(row, ("",) * 4)):
            sheet.write_string(row, column, value[:CELL_LIMIT], cell)
    meta, count = quote_sheetname(texts()["sheets"]["meta"]), len(book.sheets)
    names = f"{meta}!$E$2:$E${count + 1}"
    place = f"MATCH($A{first + 1},{names},0)"
    lengths = f"{meta}!$F$1:${address(0, 4 + count).rstrip('1')}$1"
    regions = f"{meta}!$D$2:$D${len(book.catalog.regions) + 1}"
    for column, source in enumerate(
        (f"={names}", f"=OFFSET({meta}!$F$2,0,{place}-1,INDEX({lengths},{place}),1)", f"={regions}")
    ):
        # A drop-down helps; the reader decides, so that an alias typed by hand is not refused here.
        options = {"validate": "list", "source": source, "show_error": False}
        sheet.data_validation(first, column, last, column, options)
    sheet.freeze_panes(first, 0)
    sheet.print_area(0, 0, max([*rows, first + 20]), 3)
    book.print_pages(sheet, words["title"], NOTES_HEADING_ROW)
    sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True})


def _reasons(book: Book) -> Iterator[tuple[str, str, str, str]]:
    """Yield the explanations as they were written, then the reasons of states that none of them covers."""
    for table in book.sheets:
        for said in book.explanations:
            if said.insurance == table.insurance.id and (not said.indicator or said.indicator in table.rows):
                place = book.catalog.regions[said.region].name if said.region else ""
                yield table.name, table.labels.get(said.indicator, ""), place, said.text
        for indicator, region, _, _ in table.inputs():
            figure = book.filled.get((region.code, indicator.id))
            if (
                figure
                and figure.state != "reported"
                and figure.text
                and not any(e.gives_reason(indicator.insurance, indicator.id, region.code) for e in book.explanations)
            ):
                yield table.name, table.labels[indicator.id], region.name, figure.text


def write_guide(book: Book) -> None:
    """Write 填报须知: every indicator with its unit, scope and source."""
    sheet, words = book.guide, texts()["guide"]
    whole = heading_of(book.catalog.prefecture)
    sheet.hide_gridlines(2)
    for column, width in enumerate((12, 26, 8, 8, 18, 10, 44, 36)):
        sheet.set_column(column, column, width)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, words["title"], book.style(font_size=15, bold=True))
    head = book.boxed(bold=True, bg_color=HEAD, align="center")
    for column, text in enumerate(words["columns"]):
        sheet.write_string(2, column, text, head)
    row = 2
    for table in book.sheets:
        for indicator in table.indicators:
            row += 1
            is_text = indicator.kind == "text"
            values = (
                table.name,
                indicator.name,
                indicator.unit,
                words["text"] if is_text else str(book.catalog.decimals(indicator)),
                words["by_county" if len(table.regions_of(indicator)) > 1 else "whole"].format(whole=whole),
                words["required"] if book.is_required(indicator) else words["optional"],
                indicator.note,
                indicator.source,
            )
            for column, value in enumerate(values):
                align = "center" if column in (2, 3, 5) else "left"
                sheet.write_string(row, column, value, book.boxed(text_wrap=True, align=align))
    sheet.freeze_panes(3, 2)
    book.print_pages(sheet, words["title"], 2)
    sheet.protect("", {"format_columns": True, "format_rows": True, "autofilter": True})
