"""Files made to do harm: macros, bombs, links, entities, and archives that lie."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from typing import Any

from disclosure.collection.workbook.ooxml.package import PART_LIMIT
from tests.support.gauntlet.no_workbook import ole
from tests.support.gauntlet.workbook import (
    CITY,
    DATE,
    END,
    MAKERS,
    PART,
    changed,
    file,
    folder,
    good,
    members,
    packed,
    put,
    typed,
)


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
    content = bytearray(good(folder()))
    place = content.rindex(b"xl/workbook.xml") - 46
    content[place + 8] |= 1
    return bytes(content)


@file("unknown-compression")
def _() -> bytes:
    content = bytearray(good(folder()))
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
    out = io.BytesIO(good(folder()))
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


def _quiet() -> Any:
    """Python warns of a name that is there twice."""
    return warnings.catch_warnings(action="ignore")
