"""The cover of a workbook: what it is, who answers for it, how far it is filled in, and how to fill it in."""

from __future__ import annotations

from xlsxwriter.utility import quote_sheetname

from disclosure.collection.workbook.layout import (
    COVER_FACTS,
    COVER_LABEL_COLUMN,
    COVER_MESSAGE_ROW,
    COVER_ROWS,
    COVER_VALUE_COLUMN,
    SheetLayout,
    texts,
)
from disclosure.collection.workbook.write.book import A4, HEAD, INPUT, LINK, RED, RED_BACK, Book, merge
from disclosure.collection.workbook.write.formulas import filled_formula, mismatch_formula


def write_cover(book: Book, message: str, cover: tuple[str, str, str]) -> None:
    """Write 封面; ``cover`` is (填报人, 复核人, 填报日期), ``message`` the reviewer's words."""
    sheet, words = book.cover, texts()["cover"]
    left, right = COVER_LABEL_COLUMN, COVER_VALUE_COLUMN + 2
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 3)
    sheet.set_column(1, 4, 22)
    title = book.style(font_size=20, bold=True, align="center")
    sheet.set_row(1, 22)
    sheet.set_row(2, 36)
    merge(sheet, (1, left, 1, right), book.catalog.profile.publisher, book.style(font_size=13, align="center"))
    merge(sheet, (2, left, 2, right), words["title"], title)
    as_of = words["as_of_text"].format(stock=book.period.stock_label, flow=book.period.flow_label)
    facts = {
        "period": book.period.label,
        "as_of": as_of,
        "centre": book.centre,
        "round": words["round_text"].format(round=book.round_number),
    }
    label = book.boxed(bold=True, bg_color=HEAD, align="center")
    for key, value in facts.items():
        row = COVER_FACTS[key]
        sheet.set_row(row, 24)
        sheet.write_string(row, left, words[key], label)
        merge(sheet, (row, COVER_VALUE_COLUMN, row, right), value, book.boxed(indent=1, text_wrap=True))
    open_cell = book.boxed(indent=1, bg_color=INPUT, locked=False, num_format="yyyy-mm-dd", align="left")
    for (key, row), value in zip(COVER_ROWS.items(), cover, strict=True):
        sheet.set_row(row, 24)
        sheet.write_string(row, left, words[key], label)
        merge(sheet, (row, COVER_VALUE_COLUMN, row, right), value, open_cell)
    row = COVER_MESSAGE_ROW
    if message:
        warning = {"font_color": RED, "bg_color": RED_BACK, "text_wrap": True, "indent": 1}
        merge(sheet, (row, left, row, right), words["message"], book.boxed(**warning, bold=True))
        body = book.boxed(**{**warning, "valign": "top"})
        merge(sheet, (row + 1, left, row + 1, right), message, body)
        sheet.set_row(row + 1, 18 * max(2, sum(1 + len(part) // 40 for part in message.splitlines())))
        row += 3
    row = _write_progress(book, row)
    _write_steps(book, row)
    sheet.set_portrait()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.protect("")
    sheet.activate()
    sheet.set_first_sheet()


def _write_progress(book: Book, row: int) -> int:
    """Return a table that counts, by formulas, what is filled in and what does not add up."""
    sheet, words, left = book.cover, texts()["cover"], COVER_LABEL_COLUMN
    heading = book.style(bold=True, font_size=11)
    sheet.write_string(row, left, words["progress"], heading)
    row += 1
    for place, text in enumerate(words["progress_columns"]):
        sheet.write_string(row, left + place, text, book.boxed(bold=True, bg_color=HEAD, align="center"))
    count = book.boxed(align="center", num_format="0")
    bad = book.file.add_format({"font_color": RED, "bg_color": RED_BACK, "bold": True})
    first = row + 1
    for table in book.sheets:
        row += 1
        name = quote_sheetname(table.name)
        cells = [(line, r, c) for line, _, r, c in table.inputs() if book.is_required(line)]
        sheet.write_url(row, left, f"internal:{name}!A1", book.boxed(indent=1, font_color=LINK), table.name)
        sheet.write_number(row, left + 1, len(cells), count)
        required = {r for _, r, _ in cells}
        filled = _count_filled(book, table, required)
        sheet.write_formula(row, left + 2, filled_formula(table, name, required), count, filled)
        sheet.write_formula(row, left + 3, mismatch_formula(table, name), count, "")
    sheet.conditional_format(
        first, left + 3, row, left + 3, {"type": "cell", "criteria": ">", "value": 0, "format": bad}
    )
    return row + 2


def _count_filled(book: Book, table: SheetLayout, rows: set[int]) -> int:
    if book.typed is not None:
        return sum(sheet == table.name and row in rows for sheet, row, _ in book.typed.cells)
    return sum((region.code, i.id) in book.filled for i, region, row, _ in table.inputs() if row in rows)


def _write_steps(book: Book, row: int) -> None:
    sheet, words, left = book.cover, texts()["cover"], COVER_LABEL_COLUMN
    sheet.write_string(row, left, words["how"], book.style(bold=True, font_size=11))
    steps = [f"{place}. {step}" for place, step in enumerate(words["steps"], 1)]
    if book.catalog.profile.contact:
        steps.append(f"{words['contact']}：{book.catalog.profile.contact}")
    for step in steps:
        row += 1
        merge(sheet, (row, left, row, COVER_VALUE_COLUMN + 2), step, book.style(text_wrap=True))
        sheet.set_row(row, 17 * (1 + len(step) // 46))
