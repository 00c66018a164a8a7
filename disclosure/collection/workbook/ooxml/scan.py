"""What a sheet's XML tells beyond its values: errors, formulas, styles, what is hidden, and how far it reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from xml.etree import ElementTree

from disclosure.collection.workbook.layout import address
from disclosure.collection.workbook.ooxml.burdens import blank_rows_in
from disclosure.collection.workbook.ooxml.cells import rules
from disclosure.collection.workbook.ooxml.xml import DAMAGED, local, tree, unreadable

#: A sheet whose cells reach further is not one of ours, nor one of more cells up to the furthest (calamine lays
#: them all out) or of more tags.
ROW_LIMIT, COLUMN_LIMIT, AREA_LIMIT, TAG_LIMIT = 20_000, 500, 1_000_000, 1_000_000


#: Top, left, bottom and right, from 0.
Area = tuple[int, int, int, int]


@dataclass
class SheetScan:
    """What the XML of a sheet tells beyond its values; cells are (row, column) from 0.

    ``formulas`` are cells with their formula, ``errors`` cells with their error value such as ``#REF!``,
    ``styles`` filled cells with the number of their style, ``shared`` those with the number of a shared text;
    ``inline`` are the properties of each run of a text that stands in the cell itself. ``conditions`` are the areas
    (top, left, bottom, right) of conditional formats with the number of what they change, ``bare`` the areas of
    those that show a bar or sign in place of the figure. ``covered`` are the areas of merged cells, of which only the
    first is seen; ``hides_zeros`` tells of a view in which a zero is left blank. ``pictured`` are cells that
    show a picture or a card of data in place of what they hold.
    """

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    styles: dict[tuple[int, int], int] = field(default_factory=dict)
    shared: dict[tuple[int, int], int] = field(default_factory=dict)
    inline: dict[tuple[int, int], list[list[tuple[str, Mapping[str, str]]]]] = field(default_factory=dict)
    conditions: list[tuple[Area, int]] = field(default_factory=list)
    bare: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    hides_zeros: bool = False
    pictured: set[tuple[int, int]] = field(default_factory=set)
    covered: list[Area] = field(default_factory=list)

    def is_hidden(self, row: int, column: int) -> bool:
        """Whether the cell's row or column is hidden, or too small to see, or it lies under a merged cell."""
        is_covered = any(
            top <= row <= bottom and left <= column <= right and (row, column) != (top, left)
            for top, left, bottom, right in self.covered
        )
        return is_covered or row in self.hidden_rows or column in self.hidden_columns


def scan_sheet(sheet: str, xml: bytes) -> SheetScan:
    """Walk the XML of the sheet known as ``sheet``.

    Raises:
        UnreadableError: when it is broken, or reaches out of all bounds.
    """
    if xml.count(b"<") > TAG_LIMIT:
        too_much = ("内容过多的工作表", "请删去表格以外的内容后重新报送", "只有本单位数据的工作表")
        raise blank_rows_in(sheet, xml) or unreadable(*too_much, sheet)
    scan = SheetScan()
    row, column, kind, style, furthest = -1, -1, "", 0, (0, 0)
    areas: list[Area] = []
    for element in tree(xml).iter():
        name, attributes = local(element.tag), element.attrib
        if name == "c":
            row, column = _place(attributes.get("r"), row, column + 1)
            scan.pictured.update({(row, column)} if "vm" in attributes else ())
            kind, style = attributes.get("t", ""), _number(attributes.get("s", "0"))
        elif name in ("v", "is", "f"):
            if not (0 <= row < ROW_LIMIT and 0 <= column < COLUMN_LIMIT):
                why = "请删去表格以外的内容后重新报送"
                raise unreadable("表格以外的内容", why, "空白", sheet, address(row, column))
            if name == "f":
                scan.formulas[row, column] = element.text or ""
                continue
            scan.styles[row, column] = style
            furthest = (max(furthest[0], row), max(furthest[1], column))
            _note_kind(scan, (row, column), kind, element)
        elif name == "row":
            row, column = _number(attributes.get("r", str(row + 2))) - 1, -1
            if _is_unseen(attributes, "ht", "row_height"):
                scan.hidden_rows.add(row)
        elif name == "conditionalFormatting":
            areas = list(_areas(attributes.get("sqref", "")))
        else:
            _note_look(scan, name, attributes, areas)
    if (furthest[0] + 1) * (furthest[1] + 1) > AREA_LIMIT:
        raise unreadable("表格以外的内容", "请删去表格以外的内容后重新报送", "空白", sheet, address(*furthest))
    return scan


def _note_kind(scan: SheetScan, place: tuple[int, int], kind: str, element: ElementTree.Element) -> None:
    """Note what a filled cell holds besides a value, by its ``v`` or ``is``."""
    if kind == "e":
        scan.errors[place] = element.text or ""
    elif local(element.tag) == "is":
        if runs := _runs(element):
            scan.inline[place] = runs
    elif kind == "s" and re.fullmatch(r"[0-9]{1,9}", number := (element.text or "").strip(), re.ASCII):
        scan.shared[place] = int(number)


def _note_look(scan: SheetScan, name: str, attributes: Mapping[str, str], areas: Sequence[Area]) -> None:
    """Note what a column or a conditional format over ``areas`` does to how cells are seen."""
    if name == "col" and _is_unseen(attributes, "width", "column_width"):
        first, last = _number(attributes.get("min", "0")), _number(attributes.get("max", "0"))
        scan.hidden_columns.update(range(first - 1, min(last, COLUMN_LIMIT)))
    elif name == "cfRule" and "dxfId" in attributes:
        scan.conditions += [(area, _number(attributes["dxfId"])) for area in areas]
    elif name == "mergeCell":
        scan.covered += _areas(attributes.get("ref", ""))
    elif name == "sheetView" and attributes.get("showZeros") in ("0", "false"):
        scan.hides_zeros = True
    elif name in ("dataBar", "iconSet") and attributes.get("showValue") in ("0", "false"):
        scan.bare += areas


def _runs(text: ElementTree.Element) -> list[list[tuple[str, Mapping[str, str]]]]:
    """Return the properties of each run of a text that names some."""
    runs = (run for run in text.iter() if local(run.tag) == "rPr")
    return [[(local(each.tag), each.attrib) for each in run] for run in runs]


def _areas(reference: str) -> Iterator[Area]:
    """Yield the areas of ``D7:F9 H2``; what is none is passed over."""
    for part in reference.replace("$", "").split():
        first, _, last = part.partition(":")
        if _A1.fullmatch(first) and _A1.fullmatch(last or first):
            (top, left), (bottom, right) = _place(first, 0, 0), _place(last or first, 0, 0)
            yield top, left, bottom, right


def _is_unseen(attributes: Mapping[str, str], size: str, rule: str) -> bool:
    """Whether a row or column is hidden, or so low or narrow that nothing in it can be read."""
    if attributes.get("hidden") in ("1", "true"):
        return True
    try:
        return float(attributes.get(size, "inf")) < float(rules()["unseen_below"][rule])
    except ValueError:
        return False


_A1 = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)


def _place(reference: str | None, row: int, next_column: int) -> tuple[int, int]:
    """(row, column) of ``D7``, or the next cell of the row where a cell names no place."""
    if reference is None:
        return row, next_column
    match = _A1.fullmatch(reference)
    if match is None:
        raise unreadable(*DAMAGED)
    return int(match[2]) - 1, _column(match[1])


@lru_cache(maxsize=COLUMN_LIMIT)
def _column(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


@lru_cache(maxsize=ROW_LIMIT)
def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text, re.ASCII):
        raise unreadable(*DAMAGED)
    return int(text)
