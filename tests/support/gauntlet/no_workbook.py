"""Files that are no workbook, or one no longer: other kinds, and damaged ones."""

from __future__ import annotations

from disclosure.collection.workbook.ooxml.package import FILE_LIMIT
from tests.support.gauntlet.workbook import CITY, MAKERS, PART, changed, file, folder, good, members, packed, put

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
    ("doc-named-xlsx", ".xlsx", ole("WordDocument")),
    ("pdf", ".pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("pdf-named-xlsx", ".xlsx", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("photo", ".jpg", b"\xff\xd8\xff\xe0" + bytes(100)),
    ("screenshot", ".png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ("rar", ".rar", b"Rar!\x1a\x07\x01\x00" + bytes(100)),
    ("seven-zip", ".7z", b"7z\xbc\xaf\x27\x1c" + bytes(100)),
    ("gzip", ".gz", b"\x1f\x8b\x08" + bytes(100)),
    ("rtf", ".rtf", b"{\\rtf1 160132}"),
    ("rtf-named-xlsx", ".xlsx", b"{\\rtf1 160132}"),
    ("random-bytes", ".xlsx", b"\0" + bytes(range(256)) * 20),
    ("zip-magic-only", ".xlsx", b"PK\x03\x04"),
    ("just-too-large", ".xlsx", b"PK\x03\x04" + bytes(FILE_LIMIT)),
):
    MAKERS[name_] = (suffix_, lambda content=content_: content)  # type: ignore[misc]

for name_, suffix_, part_ in (
    ("docx", ".docx", "word/document.xml"),
    ("docx-named-xlsx", ".xlsx", "word/document.xml"),
    ("pptx", ".pptx", "ppt/presentation.xml"),
    ("xlsb", ".xlsb", "xl/workbook.bin"),
    ("ods", ".ods", "content.xml"),
    ("zip", ".zip", "2025年度-州就业中心-第1轮.xlsx"),
):
    MAKERS[name_] = (suffix_, lambda part=part_: packed({"mimetype": b"x", part: b"<x/>"}))  # type: ignore[misc]


# -- damaged ----------------------------------------------------------------------------------------------


@file("truncated-half")
def _() -> bytes:
    return good(folder())[: len(good(folder())) // 2]


@file("truncated-end")
def _() -> bytes:
    return good(folder())[:-30]


@file("damaged-inside")
def _() -> bytes:
    content = bytearray(good(folder()))
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
