"""Makes the files of the gauntlet: ``python tests/gauntlet/make.py FOLDER`` writes them all to look at.

Each maker takes the good workbook apart into the members of its archive, changes what somebody's program,
habit or malice would change, and returns bytes: the same ones every time. What each file must be answered
with stands in ``expected.yaml``.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.workbook import Workbook

from disclosure.catalog import Catalog, load_catalog
from disclosure.collection import write_workbook
from disclosure.collection.workbook_package import FILE_LIMIT, PART_LIMIT
from disclosure.demo_figures import demo_figures, demo_history
from disclosure.figures import Figure
from disclosure.periods import Period

CATALOG: Catalog = load_catalog("chuxiong")
PERIOD = Period(2025, "annual")
CENTRE = "employment_centre"
SHEET = "失业"
#: The parts of 封面, 失业 and 说明; cells of 参保人数 (全州, 楚雄市, 双柏县), a fund and a grey one beside it.
COVER_PART, PART, NOTES_PART = (f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 3))
META_PART = "xl/worksheets/sheet5.xml"
WHOLE, CITY, COUNTY, INCOME, GREY = "F6", "H6", "I6", "F14", "G14"
#: How a sheet's XML ends; in two pieces, for in one it would look like a path.
END = "</" + "worksheet>"
DATE = (2026, 2, 20, 9, 0, 0)

Members = dict[str, bytes]
Maker = Callable[[], bytes]
MAKERS: dict[str, tuple[str, Maker]] = {}


def file(name: str, suffix: str = ".xlsx") -> Callable[[Maker], Maker]:
    """Register a maker under the file's name in ``expected.yaml``."""

    def register(maker: Maker) -> Maker:
        assert name not in MAKERS, name
        MAKERS[name] = (suffix, maker)
        return maker

    return register


# -- the good workbook ------------------------------------------------------------------------------------


@cache
def filled() -> tuple[Figure, ...]:
    """What the good workbook holds."""
    return tuple(f for f in demo_figures(CATALOG, PERIOD) if CATALOG.indicators[f.indicator].centre == CENTRE)


@cache
def good(folder: Path, **chosen: Any) -> bytes:
    """The good workbook, as the centre's program saves it."""
    history = demo_history(CATALOG, PERIOD)
    given: dict[str, Any] = {
        "last": history,
        "year_before": history,
        "filled": filled(),
        "cover": ("吴填报", "冯复核", "2026-02-20"),
        **chosen,
    }
    centre = given.pop("centre", CENTRE)
    period = given.pop("period", PERIOD)
    catalog = load_catalog(given.pop("profile", "chuxiong"))
    return write_workbook(folder / "good.xlsx", catalog, period, centre, **given).read_bytes()


FOLDER = Path()


def start(folder: Path) -> None:
    """Say where the good workbook is written."""
    global FOLDER  # noqa: PLW0603 - one run, one folder
    FOLDER = folder


def members(content: bytes | None = None) -> Members:
    """The parts of a workbook, the good one unless told otherwise."""
    with zipfile.ZipFile(io.BytesIO(content or good(FOLDER))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(
    parts: Members, names: Iterable[str] = (), method: int = zipfile.ZIP_DEFLATED, comment: bytes = b""
) -> bytes:
    """The archive of ``parts``, in the order of ``names`` where they are given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name in names or parts:
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = method
            archive.writestr(info, parts[name])
        archive.comment = comment
    return out.getvalue()


def changed(part: str, change: Callable[[str], str]) -> bytes:
    """The good workbook with one part changed as text."""
    parts = members()
    before = parts[part].decode()
    parts[part] = change(before).encode()
    assert parts[part].decode() != before, part
    return packed(parts)


def put(xml: str, cell: str, inner: str, attributes: str = "", *, style: int | None = None) -> str:
    """A sheet's XML with the content of one cell replaced; its style stays unless another is named."""
    found = re.search(rf'<c r="{cell}"(?: s="(\d+)")?[^>]*?(?:/>|>.*?</c>)', xml)
    assert found, cell
    kept = f' s="{style if style is not None else found[1]}"' if style is not None or found[1] else ""
    return xml.replace(found[0], f'<c r="{cell}"{kept}{attributes}>{inner}</c>', 1)


def typed(cell: str, text: str, part: str = PART) -> bytes:
    """Somebody typed ``text`` into a cell."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    inline = f'<is><t xml:space="preserve">{escaped}</t></is>'
    return changed(part, lambda xml: put(xml, cell, inline, ' t="inlineStr"'))


def number(cell: str, value: str, code: str = "", *, number_id: int = 0) -> bytes:
    """A number in a cell whose format has ``code``, or the built-in format ``number_id``."""
    parts = members()
    style = None
    if code or number_id:
        style = new_style(parts, code, number_id)
    xml = put(parts[PART].decode(), cell, f"<v>{value}</v>", style=style)
    parts[PART] = xml.encode()
    return packed(parts)


def new_style(parts: Members, code: str, number_id: int = 0) -> int:
    """The number of a new cell style with this number format."""
    xml = parts["xl/styles.xml"].decode()
    if code:
        number_id = 900
        escaped = code.replace("&", "&amp;").replace('"', "&quot;")
        new = f'<numFmt numFmtId="900" formatCode="{escaped}"/>'
        xml = re.sub(r"<numFmts[^>]*>", lambda match: match[0] + new, xml, count=1)
    count = int(re.search(r'<cellXfs count="(\d+)"', xml)[1])  # type: ignore[index]
    xf = f'<xf numFmtId="{number_id}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    parts["xl/styles.xml"] = xml.replace("</cellXfs>", xf, 1).encode()
    return count


def edited(edit: Callable[[Workbook], object]) -> bytes:
    """The good workbook after a person changed it with another program."""
    book = openpyxl.load_workbook(io.BytesIO(good(FOLDER)))
    edit(book)
    out = io.BytesIO()
    book.save(out)
    parts = members(out.getvalue())
    stamp = rb"\g<1>2026-02-20T09:00:00Z\g<2>"
    parts["docProps/core.xml"] = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*(<)", stamp, parts["docProps/core.xml"])
    return packed(parts)


def cells(**values: Any) -> bytes:
    """``edited`` with these cells of 失业."""

    def fill(book: Workbook) -> None:
        for cell, value in values.items():
            book[SHEET][cell] = value

    return edited(fill)


def metadata(key: str, value: str) -> bytes:
    """The hidden sheet says something else, and the custom properties too."""

    def change(book: Workbook) -> None:
        cell = next(row[1] for row in book["元数据"].iter_rows() if row[0].value == key)
        cell.value = value
        for found in book.custom_doc_props.props:
            if found.name == f"disclosure_{key}":
                found.value = value

    return edited(change)


# -- no workbook at all -----------------------------------------------------------------------------------

OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(504)


def ole(directory: str) -> bytes:
    """A compound file as far as its directory tells what it is."""
    return OLE + directory.encode("utf-16-le").ljust(128, b"\0") + bytes(range(256)) * 8


for name_, suffix_, content_ in (
    ("empty", ".xlsx", b""),
    ("text", ".xlsx", "参保人数 160132 人\n".encode()),
    ("csv-utf8", ".xlsx", "指标,全州\n参保人数,160132\n".encode()),
    ("csv-gbk", ".csv", "指标,全州\n参保人数,160132\n".encode("gbk")),
    ("html-named-xlsx", ".xlsx", b"<html><body><table><tr><td>160132</td></tr></table></body></html>"),
    ("html-with-doctype", ".xls", b'<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN"><html></html>'),
    ("xml-spreadsheet-2003", ".xls", b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>'),
    ("xls", ".xls", ole("Workbook")),
    ("xls-named-xlsx", ".xlsx", ole("Workbook")),
    ("et", ".et", ole("Workbook")),
    ("password", ".xlsx", ole("EncryptedPackage")),
    ("doc", ".doc", ole("WordDocument")),
    ("pdf", ".pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("pdf-named-xlsx", ".xlsx", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("photo", ".jpg", b"\xff\xd8\xff\xe0" + bytes(100)),
    ("screenshot", ".png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ("rar", ".rar", b"Rar!\x1a\x07\x01\x00" + bytes(100)),
    ("seven-zip", ".7z", b"7z\xbc\xaf\x27\x1c" + bytes(100)),
    ("gzip", ".gz", b"\x1f\x8b\x08" + bytes(100)),
    ("rtf", ".rtf", b"{\\rtf1 160132}"),
    ("random-bytes", ".xlsx", b"\0" + bytes(range(256)) * 20),
    ("zip-magic-only", ".xlsx", b"PK\x03\x04"),
    ("just-too-large", ".xlsx", b"PK\x03\x04" + bytes(FILE_LIMIT)),
):
    MAKERS[name_] = (suffix_, lambda content=content_: content)  # type: ignore[misc]

for name_, suffix_, part_ in (
    ("docx", ".docx", "word/document.xml"),
    ("pptx", ".pptx", "ppt/presentation.xml"),
    ("xlsb", ".xlsb", "xl/workbook.bin"),
    ("ods", ".ods", "content.xml"),
    ("zip", ".zip", "2025年度-州就业中心-第1轮.xlsx"),
):
    MAKERS[name_] = (suffix_, lambda part=part_: packed({"mimetype": b"x", part: b"<x/>"}))  # type: ignore[misc]


# -- damaged ----------------------------------------------------------------------------------------------


@file("truncated-half")
def _() -> bytes:
    return good(FOLDER)[: len(good(FOLDER)) // 2]


@file("truncated-end")
def _() -> bytes:
    return good(FOLDER)[:-30]


@file("damaged-inside")
def _() -> bytes:
    content = bytearray(good(FOLDER))
    place = content.index(b"xl/worksheets/sheet2.xml") + 300
    content[place : place + 20] = bytes(20)
    return bytes(content)


@file("broken-xml")
def _() -> bytes:
    return changed(PART, lambda xml: xml[: len(xml) // 2])


@file("not-xml-in-a-sheet")
def _() -> bytes:
    return packed(members() | {PART: b"\xff\xfe\x00160132"})


@file("unknown-encoding")
def _() -> bytes:
    return changed(PART, lambda xml: xml.replace('encoding="UTF-8"', 'encoding="ebcdic-cp-be"', 1))


@file("no-relations")
def _() -> bytes:
    parts = members()
    del parts["xl/_rels/workbook.xml.rels"]
    return packed(parts)


@file("no-sheet-part")
def _() -> bytes:
    parts = members()
    del parts[PART]
    return packed(parts)


@file("no-shared-strings")
def _() -> bytes:
    parts = members()
    del parts["xl/sharedStrings.xml"]
    return packed(parts)


@file("broken-styles")
def _() -> bytes:
    return changed("xl/styles.xml", lambda xml: xml[:200])


@file("shared-string-out-of-range")
def _() -> bytes:
    return changed(PART, lambda xml: put(xml, CITY, "<v>999999999</v>", ' t="s"'))


@file("cell-without-a-place")
def _() -> bytes:
    return changed(PART, lambda xml: xml.replace(f'r="{CITY}"', 'r="A99999999"', 1))


# -- hostile ----------------------------------------------------------------------------------------------


@file("macros", ".xlsm")
def _() -> bytes:
    return packed(members() | {"xl/vbaProject.bin": ole("VBA")})


@file("macros-named-xlsx")
def _() -> bytes:
    return packed(members() | {"xl/vbaProject.bin": ole("VBA")})


@file("macro-type-without-macros", ".xlsm")
def _() -> bytes:
    kind = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    plain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    return changed("[Content_Types].xml", lambda xml: xml.replace(plain, kind))


@file("excel4-macro-sheet")
def _() -> bytes:
    return packed(members() | {"xl/macrosheets/sheet1.xml": b"<x/>"})


@file("external-link")
def _() -> bytes:
    return packed(members() | {"xl/externalLinks/externalLink1.xml": b"<externalLink/>"})


@file("data-connection")
def _() -> bytes:
    return packed(members() | {"xl/connections.xml": b"<connections/>"})


@file("embedded-file")
def _() -> bytes:
    return packed(members() | {"xl/embeddings/oleObject1.bin": ole("Package")})


@file("active-x")
def _() -> bytes:
    return packed(members() | {"xl/activeX/activeX1.xml": b"<ax/>"})


@file("zip-bomb")
def _() -> bytes:
    return packed(members() | {"xl/media/image1.png": bytes(65 * 1024 * 1024)})


@file("zip-bomb-in-a-sheet")
def _() -> bytes:
    return packed(members() | {PART: b"<worksheet>" + b" " * (PART_LIMIT + 1) + END.encode()})


@file("zip-bomb-that-lies")
def _() -> bytes:
    content = bytearray(packed(members() | {"xl/media/image1.png": bytes(30 * 1024 * 1024)}))
    place = content.rindex(b"xl/media/image1.png") - 46
    content[place + 24 : place + 28] = (10).to_bytes(4, "little")
    return bytes(content)


@file("thousand-members")
def _() -> bytes:
    return packed(members() | {f"xl/media/image{place}.png": b"" for place in range(1100)})


@file("overlapping-members")
def _() -> bytes:
    """The bomb whose members share their bytes."""
    parts = members() | {"xl/media/a.png": bytes(100_000), "xl/media/b.png": bytes(100_000)}
    content = bytearray(packed(parts))
    first, second = (content.rindex(f"xl/media/{one}.png".encode()) - 46 for one in "ab")
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    return bytes(content)


@file("encrypted-members")
def _() -> bytes:
    content = bytearray(good(FOLDER))
    place = content.rindex(b"xl/workbook.xml") - 46
    content[place + 8] |= 1
    return bytes(content)


@file("unknown-compression")
def _() -> bytes:
    content = bytearray(good(FOLDER))
    place = content.rindex(b"xl/workbook.xml") - 46
    content[place + 10] = 99
    return bytes(content)


for name_, path_ in (
    ("path-up", "../../../../etc/cron.d/x"),
    ("path-absolute", "/etc/cron.d/x"),
    ("path-of-windows", "C:\\Windows\\x.dll"),
):
    MAKERS[name_] = (".xlsx", lambda path=path_: packed(members() | {path: b"x"}))  # type: ignore[misc]


@file("a-member-twice")
def _() -> bytes:
    out = io.BytesIO(good(FOLDER))
    with zipfile.ZipFile(out, "a") as archive, _quiet():
        archive.writestr(zipfile.ZipInfo(PART, DATE), members()[PART].replace(b"160132", b"999999"))
    return out.getvalue()


@file("a-member-twice-but-for-case")
def _() -> bytes:
    return packed(members() | {"xl/Worksheets/Sheet2.xml": members()[PART]})


@file("a-sheet-twice")
def _() -> bytes:
    return changed("xl/workbook.xml", lambda xml: re.sub(r'(<sheet name="失业"[^>]*/>)', r"\1\1", xml))


def doctype(part: str, declaration: str) -> bytes:
    return changed(part, lambda xml: re.sub(r"(\?>\s*)", lambda m: m[0] + declaration, xml, count=1))


XXE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
for name_, part_, declaration_ in (
    ("xxe-in-a-sheet", PART, XXE),
    ("xxe-in-the-workbook", "xl/workbook.xml", XXE),
    ("xxe-in-shared-strings", "xl/sharedStrings.xml", XXE),
    ("xxe-in-styles", "xl/styles.xml", XXE),
    ("billion-laughs", "xl/sharedStrings.xml", LAUGHS),
    ("doctype-in-properties", "docProps/custom.xml", XXE),
):
    MAKERS[name_] = (".xlsx", lambda part=part_, said=declaration_: doctype(part, said))  # type: ignore[misc]


@file("xxe-in-utf16")
def _() -> bytes:
    xml = members()[PART].decode().replace('encoding="UTF-8"', 'encoding="UTF-16"', 1)
    xml = re.sub(r"(\?>\s*)", lambda m: m[0] + XXE, xml, count=1)
    return packed(members() | {PART: xml.encode("utf-16")})


@file("far-cell")
def _() -> bytes:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return changed(PART, lambda xml: xml.replace("</sheetData>", far, 1))


@file("too-many-cells")
def _() -> bytes:
    row = "".join('<c r="A1"><v>1</v></c>' for _ in range(1000))
    many = "".join(f'<row r="{place}">{row}</row>' for place in range(3000, 3250)) + "</sheetData>"
    return changed(PART, lambda xml: xml.replace("</sheetData>", many, 1))


@file("huge-shared-string")
def _() -> bytes:
    parts = members()
    huge = "9" * (15 * 1024 * 1024)
    xml = parts["xl/sharedStrings.xml"].decode()
    count = xml.count("<si>")
    parts["xl/sharedStrings.xml"] = xml.replace("</sst>", f"<si><t>{huge}</t></si></sst>", 1).encode()
    parts[PART] = put(parts[PART].decode(), CITY, f"<v>{count}</v>", ' t="s"').encode()
    return packed(parts)


@file("many-newlines-in-a-cell")
def _() -> bytes:
    return typed(CITY, "1" + "\n" * 200_000 + "x")


@file("deep-nesting")
def _() -> bytes:
    deep = "<a>" * 100_000 + "</a>" * 100_000 + END
    return changed(PART, lambda xml: xml.replace(END, deep, 1))


@file("many-styles")
def _() -> bytes:
    xf = '<xf numFmtId="9"/>' * 400_000
    return changed("xl/styles.xml", lambda xml: xml.replace("</cellXfs>", xf + "</cellXfs>", 1))


@file("command-in-a-formula")
def _() -> bytes:
    return changed(PART, lambda xml: put(xml, CITY, "<f>cmd|' /C calc'!A0</f><v>12</v>"))


@file("web-query-in-a-formula")
def _() -> bytes:
    return changed(PART, lambda xml: put(xml, CITY, '<f>WEBSERVICE("http://example.invalid/")</f><v>12</v>'))


# -- another workbook, time or place ----------------------------------------------------------------------


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
    return good(FOLDER, period=Period(2031, "annual"), filled=(), last=(), year_before=())


@file("round-of-another-time")
def _() -> bytes:
    return good(FOLDER, round_number=2)


@file("another-bureaus")
def _() -> bytes:
    chosen = {"filled": (), "last": (), "year_before": ()}
    return good(FOLDER, profile="kunming-2017", centre="medical_centre", period=Period(2017, "q1"), **chosen)


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


# -- cells ------------------------------------------------------------------------------------------------

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
    MAKERS[name_] = (  # type: ignore[misc]
        ".xlsx",
        lambda cell=cell_, value=value_, code=code_, id_=id_: number(cell, value, code, number_id=id_),
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
    MAKERS[name_] = (  # type: ignore[misc]
        ".xlsx",
        lambda inner=inner_, attributes=attributes_: changed(PART, lambda xml: put(xml, CITY, inner, attributes)),
    )


@file("figure-in-a-grey-cell")
def _() -> bytes:
    return typed(GREY, "12")


@file("unsigned")
def _() -> bytes:
    return good(FOLDER, cover=("吴填报", "　", ""))


@file("name-is-a-paragraph")
def _() -> bytes:
    return good(FOLDER, cover=("吴填报" * 30, "冯复核", ""))


@file("nothing-filled-in")
def _() -> bytes:
    return good(FOLDER, filled=())


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
):
    MAKERS[name_] = (".xlsx", lambda said=said_: noted(*said))  # type: ignore[misc]


# -- odd, but good ----------------------------------------------------------------------------------------


@file("good")
def _() -> bytes:
    return good(FOLDER)


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
    return good(FOLDER)


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


def _quiet() -> Any:
    """Python warns of a name that is there twice."""
    import warnings

    return warnings.catch_warnings(action="ignore")


def main(folder: Path) -> None:
    """Write every file to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    start(folder)
    for name, (suffix, maker) in MAKERS.items():
        (folder / f"{name}{suffix}").write_bytes(maker())
    print(f"{len(MAKERS)} files in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
