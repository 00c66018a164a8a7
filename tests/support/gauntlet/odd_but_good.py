"""Files that look odd and must be taken all the same."""

from __future__ import annotations

import re
import zipfile

from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook import Workbook

from tests.support.gauntlet.workbook import (
    CITY,
    INCOME,
    MAKERS,
    PART,
    SHEET,
    changed,
    edited,
    file,
    folder,
    good,
    members,
    number,
    packed,
    put,
    typed,
)


@file("good")
def _() -> bytes:
    return good(folder())


@file("good-saved-by-another-program")
def _() -> bytes:
    return edited(lambda _: None)


@file("good-other-order")
def _() -> bytes:
    return packed(members(), sorted(members(), reverse=True))


@file("good-not-compressed")
def _() -> bytes:
    return packed(members(), method=zipfile.ZIP_STORED)


@file("good-with-a-comment-on-the-archive")
def _() -> bytes:
    return packed(members(), comment=b"WPS Office")


@file("good-named-xls", ".xls")
def _() -> bytes:
    return good(folder())


@file("good-absurd-dimension")
def _() -> bytes:
    return changed(PART, lambda xml: re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"', xml))


@file("good-no-dimension")
def _() -> bytes:
    return changed(PART, lambda xml: re.sub(r'<dimension ref="[^"]*"/>', "", xml))


@file("good-prefixed-xml")
def _() -> bytes:
    def prefix(xml: str) -> str:
        xml = re.sub(r"<(/?)(?![?!/])([A-Za-z])", r"<\1x:\2", xml)
        return xml.replace(' xmlns="http://', ' xmlns:x="http://', 1)

    return changed(PART, prefix)


@file("good-absolute-targets")
def _() -> bytes:
    return changed(
        "xl/_rels/workbook.xml.rels", lambda xml: xml.replace('Target="worksheets', 'Target="/xl/worksheets')
    )


@file("good-byte-order-mark")
def _() -> bytes:
    return packed(members() | {PART: b"\xef\xbb\xbf" + members()[PART]})


@file("good-full-width")
def _() -> bytes:
    return typed(CITY, "　５２，００２ ")


@file("good-chinese-comma")
def _() -> bytes:
    return typed(CITY, "12，345，678")


@file("good-with-its-unit")
def _() -> bytes:
    return typed(CITY, "52,002 人")


@file("good-number-as-text")
def _() -> bytes:
    return typed(CITY, "52002")


@file("good-invisible-characters")
def _() -> bytes:
    return typed(CITY, "\u200b52002\u00a0\ufeff")


@file("good-exponent")
def _() -> bytes:
    return number(CITY, "5.2002E4")


@file("good-float-noise")
def _() -> bytes:
    return number(INCOME, "0.30000000000000004")


@file("good-red-negative-format")
def _() -> bytes:
    return number(CITY, "52002", "#,##0;[Red]#,##0")


@file("good-spaces-only")
def _() -> bytes:
    return typed(CITY, "　 ")


@file("good-rich-text")
def _() -> bytes:
    rich = "<is><r><t>52</t></r><r><rPr><b/></rPr><t>002</t></r></is>"
    return changed(PART, lambda xml: put(xml, CITY, rich, ' t="inlineStr"'))


@file("good-empty-sheet-added")
def _() -> bytes:
    return edited(lambda book: book.create_sheet("Sheet1"))


@file("good-sheets-in-another-order")
def _() -> bytes:
    return edited(lambda book: book.move_sheet("说明", -2))


@file("good-guide-removed")
def _() -> bytes:
    return edited(lambda book: book.remove(book["填报须知"]))


@file("good-comments-and-colours")
def _() -> bytes:
    def decorate(book: Workbook) -> None:
        book[SHEET]["B6"].comment = Comment("已核对", "吴填报")
        book[SHEET].column_dimensions["B"].width = 60
        book[SHEET].protection.sheet = False

    return edited(decorate)


@file("good-no-custom-properties")
def _() -> bytes:
    return edited(lambda book: [book.custom_doc_props.__delitem__(name) for name in book.custom_doc_props.names])


@file("good-empty-rows-hidden")
def _() -> bytes:
    def hide(book: Workbook) -> None:
        book[SHEET].row_dimensions[60].hidden = True

    return edited(hide)


@file("good-state-with-reason")
def _() -> bytes:
    def fill(book: Workbook) -> None:
        book[SHEET][CITY] = "未提供"
        for column, text in enumerate(("失业", "参保人数", "楚雄市", "系统升级"), 1):
            book["说明"].cell(4, column, text)

    return edited(fill)


for name_, date_ in (
    ("good-date-in-words", "２０２６年２月２０日"),
    ("good-date-in-digits", "20260220"),
    ("good-no-date", ""),
):
    MAKERS[name_] = (".xlsx", lambda date=date_: good(folder(), cover=("吴填报", "冯复核", date)))  # type: ignore[misc]


@file("good-white-on-black")
def _() -> bytes:
    def paint(book: Workbook) -> None:
        book[SHEET][CITY].font = Font(color="FFFFFFFF")
        book[SHEET][CITY].fill = PatternFill("solid", fgColor="FF203864")

    return edited(paint)


@file("good-zero-shown-as-a-dash")
def _() -> bytes:
    return number(CITY, "0", '0;-0;"-"')
