"""What people type into cells, and into the cover."""

from __future__ import annotations

from typing import Any

from openpyxl.formatting.rule import DataBarRule, Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.workbook import Workbook

from tests.support.gauntlet.workbook import (
    CITY,
    GREY,
    INCOME,
    MAKERS,
    PART,
    SHEET,
    WHOLE,
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

for name_, cell_, text_ in (
    ("wan", CITY, "12万"),
    ("yi", INCOME, "3.5亿元"),
    ("percent-typed", CITY, "95%"),
    ("brackets", INCOME, "（8123.40）"),
    ("triangle", INCOME, "△8123.40"),
    ("minus-behind", INCOME, "8123.40-"),
    ("negative-people", CITY, "-12"),
    ("dash", CITY, "—"),
    ("range", CITY, "100-200"),
    ("about", CITY, "约100"),
    ("scientific-text", CITY, "1.2E+05"),
    ("two-lines", CITY, "12\n34"),
    ("two-numbers", CITY, "12 34"),
    ("comma-misplaced", INCOME, "81,23.40"),
    ("chinese-full-stop", INCOME, "8123。40"),
    ("chinese-numerals", CITY, "一万二"),
    ("superscript", CITY, "10²"),
    ("yuan-sign", INCOME, "￥8123.40"),
    ("too-fine", INCOME, "8123.456"),
    ("people-in-wan", WHOLE, "16.0132"),
    ("too-many-digits", INCOME, "12345678901234567"),
    ("formula-as-text", CITY, "=SUM(H7:H9)"),
    ("control-characters", CITY, "12_x0007_3"),
    ("state-without-reason", CITY, "未提供"),
    ("state-misspelt", CITY, "未提交"),
):
    MAKERS[name_] = (".xlsx", lambda cell=cell_, text=text_: typed(cell, text))  # type: ignore[misc]

for name_, cell_, value_, code_, id_ in (
    ("percent-format", CITY, "0.05", "", 9),
    ("percent-format-of-ones-own", CITY, "0.05", "0.0%", 0),
    ("wan-format", INCOME, "81234000", '0!.0,"万"', 0),
    ("thousands-format", INCOME, "8123400", "#,##0,", 0),
    ("unit-in-the-format", CITY, "12", '0"万人"', 0),
    ("date-format", CITY, "45000", "", 14),
    ("more-digits-than-a-float", INCOME, "12345678901234.56", "", 0),
    ("infinite", CITY, "1E+999", "", 0),
):
    MAKERS[name_] = (
        ".xlsx",
        lambda cell=cell_, value=value_, code=code_, id_=id_: number(cell, value, code, number_id=id_),  # type: ignore[misc]
    )

for name_, inner_, attributes_ in (
    ("reference-error", "<v>#REF!</v>", ' t="e"'),
    ("division-by-zero", "<f>1/0</f><v>#DIV/0!</v>", ' t="e"'),
    ("boolean", "<v>1</v>", ' t="b"'),
    ("formula-with-a-stale-value", "<f>H7+H8</f><v>99</v>", ""),
    ("formula-never-calculated", "<f>H7+H8</f>", ""),
    ("array-formula", '<f t="array" ref="H6">SUM(H7:H9*1)</f><v>3</v>', ""),
    ("iso-date", "<v>2025-12-31</v>", ' t="d"'),
    ("rich-text-unit", "<is><r><t>12</t></r><r><rPr><b/></rPr><t>万</t></r></is>", ' t="inlineStr"'),
):
    MAKERS[name_] = (
        ".xlsx",
        lambda inner=inner_, attributes=attributes_: changed(PART, lambda xml: put(xml, CITY, inner, attributes)),  # type: ignore[misc]
    )


@file("figure-in-a-grey-cell")
def _() -> bytes:
    return typed(GREY, "12")


@file("unsigned")
def _() -> bytes:
    return good(folder(), cover=("吴填报", "　", ""))


@file("name-is-a-paragraph")
def _() -> bytes:
    return good(folder(), cover=("吴填报" * 30, "冯复核", ""))


@file("nothing-filled-in")
def _() -> bytes:
    return good(folder(), filled=())


def noted(*said: str) -> bytes:
    def fill(book: Workbook) -> None:
        for column, text in enumerate(said, 1):
            book["说明"].cell(4, column, text)

    return edited(fill)


for name_, said_ in (
    ("note-about-another-insurance", ("工伤", "参保人数", "", "系统升级")),
    ("note-about-no-indicator", ("失业", "查无此项", "", "系统升级")),
    ("note-about-another-place", ("失业", "参保人数", "昆明市", "系统升级")),
    ("note-without-words", ("失业", "参保人数", "", "")),
    ("note-is-a-full-stop", ("失业", "", "", "。")),
    ("note-would-fit-anything", ("失业", "参保人数", "", "经核对无误。")),
    ("note-is-a-formula", ("失业", "参保人数", "", '=HYPERLINK("http://x.example","见附件")')),
):
    MAKERS[name_] = (".xlsx", lambda said=said_: noted(*said))  # type: ignore[misc]


# -- names and dates on the cover -------------------------------------------------------------------------

for name_, cover_ in (
    ("name-is-a-number", ("吴填报", "13800000000", "")),
    ("name-is-a-dash", ("——", "冯复核", "")),
    ("name-is-a-word", ("吴填报", "无", "")),
    ("checked-by-who-filled-in", ("吴填报", "吴　填报", "2026-02-20")),
    ("checked-by-one-of-those-who-filled-in", ("吴填报、冯复核", "冯复核", "")),
    ("month-13", ("吴填报", "冯复核", "2026年13月45日")),
    ("february-30", ("吴填报", "冯复核", "2026-02-30")),
    ("date-is-a-word", ("吴填报", "冯复核", "今天")),
    ("date-is-a-serial-number", ("吴填报", "冯复核", "46073")),
    ("date-to-come", ("吴填报", "冯复核", "2326-02-20")),
    ("date-before-the-end-of-the-period", ("吴填报", "冯复核", "2025-12-30")),
    ("one-person-in-two-functions", ("张三（经办）", "张三", "2026-02-20")),
):
    MAKERS[name_] = (".xlsx", lambda cover=cover_: good(folder(), cover=cover))  # type: ignore[misc]


# -- what nobody can see ----------------------------------------------------------------------------------


def inked(ink: dict[str, Any], ground: str = "") -> bytes:
    """The figure of a city in another font colour, on another fill or its own."""

    def paint(book: Workbook) -> None:
        cell = book[SHEET][CITY]
        cell.font = Font(color=Color(**ink))
        if ground:
            cell.fill = PatternFill("solid", fgColor=ground)

    return edited(paint)


for name_, ink_, ground_ in (
    ("white-on-white", {"rgb": "FFFFFFFF"}, "FFFFFFFF"),
    ("white-on-the-yellow-of-inputs", {"rgb": "FFFFFFFF"}, ""),
    ("white-of-the-theme", {"theme": 0}, "FFFFFFFF"),
    ("white-of-the-old-palette", {"indexed": 9}, "FFFFFFFF"),
    ("ink-of-its-ground", {"rgb": "FFC00000"}, "FFC00000"),
):
    MAKERS[name_] = (".xlsx", lambda ink=ink_, ground=ground_: inked(ink, ground))  # type: ignore[misc]

for name_, value_, code_ in (
    ("format-of-nothing", "12", ";;;"),
    ("format-of-nothing-for-zero", "0", "0;-0;"),
    ("format-of-blanks", "12", '"  ";"  "'),
    ("white-by-format", "12", "[White]0"),
):
    MAKERS[name_] = (".xlsx", lambda value=value_, code=code_: number(CITY, value, code))  # type: ignore[misc]


@file("text-in-a-format-of-nothing")
def _() -> bytes:
    def fill(book: Workbook) -> None:
        book[SHEET][CITY] = "12"
        book[SHEET][CITY].number_format = ";;;"

    return edited(fill)


@file("column-of-no-width")
def _() -> bytes:
    return edited(lambda book: setattr(book[SHEET].column_dimensions["H"], "width", 0.1))


@file("row-of-no-height")
def _() -> bytes:
    return edited(lambda book: setattr(book[SHEET].row_dimensions[14], "height", 0.5))


@file("reason-is-a-dash")
def _() -> bytes:
    def fill(book: Workbook) -> None:
        book[SHEET][CITY] = "未提供"
        for column, text in enumerate(("失业", "参保人数", "", "——"), 1):
            book["说明"].cell(4, column, text)

    return edited(fill)


@file("reason-in-a-hidden-row")
def _() -> bytes:
    def fill(book: Workbook) -> None:
        book[SHEET][CITY] = "未提供"
        for column, text in enumerate(("失业", "参保人数", "", "系统升级，数据未能取出"), 1):
            book["说明"].cell(4, column, text)
        book["说明"].row_dimensions[4].hidden = True

    return edited(fill)


@file("note-beside-the-columns")
def _() -> bytes:
    return edited(lambda book: book["说明"].cell(4, 6, "参保人数因政策调整减少"))


@file("note-under-the-table")
def _() -> bytes:
    return edited(lambda book: book[SHEET].cell(60, 2, "参保人数因政策调整减少"))


@file("name-is-a-formula")
def _() -> bytes:
    return edited(lambda book: setattr(book["封面"]["C10"], "value", '="冯"&"复核"'))


# -- what stands in the cell and is not its value ---------------------------------------------------------


def runs(cell: str, *parts: tuple[str, str]) -> bytes:
    """A text of several fonts: properties and letters of each run."""
    inner = "".join(f"<r>{f'<rPr>{look}</rPr>' if look else ''}<t>{text}</t></r>" for look, text in parts)
    return changed(PART, lambda xml: put(xml, cell, f"<is>{inner}</is>", ' t="inlineStr"'))


def shared(cell: str, *parts: tuple[str, str]) -> bytes:
    """The same as Excel keeps it, among the shared texts."""
    parts_ = members()
    strings = parts_["xl/sharedStrings.xml"].decode()
    number_ = strings.count("<si>")
    inner = "".join(f"<r>{f'<rPr>{look}</rPr>' if look else ''}<t>{text}</t></r>" for look, text in parts)
    parts_["xl/sharedStrings.xml"] = strings.replace("</sst>", f"<si>{inner}</si></sst>").encode()
    parts_[PART] = put(parts_[PART].decode(), cell, f"<v>{number_}</v>", ' t="s"').encode()
    return packed(parts_)


RAISED, STRUCK, WHITE, TINY = '<vertAlign val="superscript"/>', "<strike/>", '<color rgb="FFFFF9DB"/>', '<sz val="1"/>'
for name_, make_, parts_ in (
    ("note-mark-behind-the-figure", shared, (("", "23735"), (RAISED, "1"))),
    ("note-mark-in-the-cell", runs, (("", "23735"), (RAISED, "1"))),
    ("old-figure-struck-out", shared, ((STRUCK, "22"), ("", "2642"))),
    ("digits-of-the-ground", shared, (("", "2642"), (WHITE, "00"))),
    ("digits-too-small", runs, (("", "2642"), (TINY, "00"))),
):
    MAKERS[name_] = (".xlsx", lambda make=make_, parts=parts_: make(CITY, *parts))  # type: ignore[misc]


@file("struck-out-altogether")
def _() -> bytes:
    return edited(lambda book: setattr(book[SHEET][CITY], "font", Font(strike=True)))


@file("one-point-letters")
def _() -> bytes:
    return edited(lambda book: setattr(book[SHEET][CITY], "font", Font(size=1)))


def on_condition(**look: Any) -> bytes:
    """A condition of somebody's own over the figures."""
    rule = Rule(type="expression", formula=["TRUE"], dxf=DifferentialStyle(**look))
    return edited(lambda book: book[SHEET].conditional_formatting.add("H6:I9", rule))


@file("white-on-a-condition")
def _() -> bytes:
    return on_condition(font=Font(color="FFFFFFFF"))


@file("nothing-on-a-condition")
def _() -> bytes:
    return on_condition(numFmt=NumberFormat(numFmtId=901, formatCode=";;;"))


@file("a-bar-for-the-figure")
def _() -> bytes:
    rule = DataBarRule("min", None, "max", None, color="FF638EC6", showValue=False)
    return edited(lambda book: book[SHEET].conditional_formatting.add(CITY, rule))
