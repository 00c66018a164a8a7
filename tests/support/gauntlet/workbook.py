"""The good workbook, taken apart and put together again with something changed; the register of makers.

Each maker takes the good workbook apart into the members of its archive, changes what somebody's program,
habit or malice would change, and returns bytes: the same ones every time. What each file must be answered
with stands in ``expected.yaml``.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.workbook import Workbook

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, load_catalog
from disclosure.collection import WorkbookContents, write_workbook
from disclosure.figures.figures import Figure
from disclosure.simulation.demo_figures import demo_figures, demo_history

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


@cache
def filled() -> tuple[Figure, ...]:
    """What the good workbook holds."""
    return tuple(f for f in demo_figures(CATALOG, PERIOD) if CATALOG.indicators[f.indicator].centre == CENTRE)


@cache
def good(folder: Path, **chosen: Any) -> bytes:
    """The good workbook, as the centre's program saves it."""
    history = demo_history(CATALOG, PERIOD)
    given: dict[str, Any] = {
        "earlier": history,
        "filled": filled(),
        "cover": ("吴填报", "冯复核", "2026-02-20"),
        **chosen,
    }
    centre = given.pop("centre", CENTRE)
    period = given.pop("period", PERIOD)
    catalog = load_catalog(given.pop("profile", "chuxiong"))
    return write_workbook(folder / "good.xlsx", catalog, WorkbookContents(period, centre, **given)).read_bytes()


_FOLDERS: list[Path] = []


def start(place: Path) -> None:
    """Say where the good workbook is written."""
    _FOLDERS[:] = [place]


def folder() -> Path:
    """Where the good workbook is written."""
    return _FOLDERS[0]


def members(content: bytes | None = None) -> Members:
    """The parts of a workbook, the good one unless told otherwise."""
    with zipfile.ZipFile(io.BytesIO(content or good(folder()))) as archive:
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
    book = openpyxl.load_workbook(io.BytesIO(good(folder())))
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
