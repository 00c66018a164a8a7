"""Workbooks of another time or place, and those that do not stand as they were sent out."""

from __future__ import annotations

import io
import re

from openpyxl.workbook import Workbook

from disclosure.calendar.periods import Period
from tests.support.gauntlet.workbook import (
    CITY,
    MAKERS,
    PART,
    SHEET,
    cells,
    changed,
    edited,
    file,
    folder,
    good,
    members,
    metadata,
    packed,
    put,
)


@file("another-workbook")
def _() -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.active["A1"] = 160132
    book.save(out)
    return packed({k: v for k, v in members(out.getvalue()).items() if k != "docProps/core.xml"})


@file("no-metadata")
def _() -> bytes:
    return edited(lambda book: book.remove(book["元数据"]))


for name_, key_, value_ in (
    ("old-version", "schema_version", "1"),
    ("newer-version", "schema_version", "99"),
    ("no-version", "schema_version", ""),
    ("version-is-a-word", "schema_version", "二"),
    ("unknown-profile", "profile", "dali"),
    ("unknown-period", "period", "2025-q2"),
    ("unknown-centre", "centre", "tax_office"),
    ("round-zero", "round", "0"),
    ("catalogue-has-changed", "layout", "0" * 64),
):
    MAKERS[name_] = (".xlsx", lambda key=key_, value=value_: metadata(key, value))  # type: ignore[misc]


@file("period-of-another-time")
def _() -> bytes:
    return good(folder(), period=Period(2031, "annual"), filled=(), earlier=())


@file("round-of-another-time")
def _() -> bytes:
    return good(folder(), round_number=2)


@file("another-bureaus")
def _() -> bytes:
    period = Period(2017, "q1")
    return good(folder(), profile="kunming-2017", centre="medical_centre", period=period, filled=(), earlier=())


@file("special-nobody-opened-like-this")
def _() -> bytes:
    return metadata("only", "unemployment.participants")


@file("properties-say-otherwise")
def _() -> bytes:
    return changed("docProps/custom.xml", lambda xml: xml.replace("2025-annual", "2024-annual"))


@file("cover-of-last-year-edited")
def _() -> bytes:
    return edited(lambda book: book["封面"].__setitem__("C5", "2026年度"))


# -- not as it was sent out -------------------------------------------------------------------------------


@file("sheet-renamed")
def _() -> bytes:
    return edited(lambda book: setattr(book[SHEET], "title", "失业（最终）"))


@file("sheet-missing")
def _() -> bytes:
    return edited(lambda book: book.remove(book[SHEET]))


@file("cover-missing")
def _() -> bytes:
    return edited(lambda book: book.remove(book["封面"]))


@file("notes-missing")
def _() -> bytes:
    return edited(lambda book: book.remove(book["说明"]))


@file("sheet-added")
def _() -> bytes:
    return edited(lambda book: book.create_sheet("补充数据").__setitem__("A1", 12))


@file("sheet-hidden")
def _() -> bytes:
    return edited(lambda book: setattr(book[SHEET], "sheet_state", "hidden"))


@file("sheet-very-hidden")
def _() -> bytes:
    return edited(lambda book: setattr(book[SHEET], "sheet_state", "veryHidden"))


@file("hidden-row")
def _() -> bytes:
    return edited(lambda book: setattr(book[SHEET].row_dimensions[14], "hidden", True))


@file("hidden-column")
def _() -> bytes:
    xml = '<col min="8" max="8" width="10" hidden="1"/>'
    parts = members()
    parts[PART] = re.sub(r"<cols>", f"<cols>{xml}", put(parts[PART].decode(), CITY, "<v>12</v>"), count=1).encode()
    return packed(parts)


@file("row-inserted")
def _() -> bytes:
    return edited(lambda book: book[SHEET].insert_rows(6))


@file("row-deleted")
def _() -> bytes:
    return edited(lambda book: book[SHEET].delete_rows(14))


@file("rows-sorted")
def _() -> bytes:
    def swap(book: Workbook) -> None:
        sheet = book[SHEET]
        for column in range(1, 19):
            one, other = sheet.cell(6, column), sheet.cell(7, column)
            one.value, other.value = other.value, one.value

    return edited(swap)


@file("column-inserted")
def _() -> bytes:
    return edited(lambda book: book[SHEET].insert_cols(8))


@file("cells-moved-down")
def _() -> bytes:
    def move(book: Workbook) -> None:
        book[SHEET]["H6"] = 5
        book[SHEET].move_range("H6:H12", rows=1)

    return edited(move)


@file("cells-moved-right")
def _() -> bytes:
    return edited(lambda book: book[SHEET].move_range("G6:R6", cols=1))


@file("cells-merged")
def _() -> bytes:
    return edited(lambda book: book[SHEET].merge_cells("G6:H6"))


@file("check-overwritten")
def _() -> bytes:
    return edited(lambda book: book[SHEET].__setitem__("R6", 0))


@file("unit-changed")
def _() -> bytes:
    return edited(lambda book: book[SHEET].__setitem__("C14", "亿元"))


@file("cover-moved")
def _() -> bytes:
    return edited(lambda book: book["封面"].insert_rows(5))


@file("notes-moved")
def _() -> bytes:
    return edited(lambda book: book["说明"].insert_cols(1))


@file("row-relabelled")
def _() -> bytes:
    return cells(B6="缴费人数")


@file("row-relabelled-by-a-word")
def _() -> bytes:
    return cells(B14="基金收入（不含财政补贴）")


@file("row-without-its-name")
def _() -> bytes:
    return cells(B6=None)


@file("county-relabelled")
def _() -> bytes:
    return cells(H4="双柏县")


@file("whole-relabelled")
def _() -> bytes:
    return cells(F4="州本级")
