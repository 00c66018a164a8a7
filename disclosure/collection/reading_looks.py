"""How a filled cell looks: what nobody sees nobody has checked, and what is struck out is not said."""

from __future__ import annotations

from collections.abc import Iterator

from disclosure.collection.reading_sheets import Values
from disclosure.collection.workbook_cells import Complaint, clean, quoted, rules
from disclosure.collection.workbook_package import Package
from disclosure.collection.workbook_scan import Area, SheetScan
from disclosure.collection.workbook_styles import Style, hides, shows_nothing

#: Characters of a format code that are quoted.
_LONGEST_CODE = 30


def fault_of_look(package: Package, sheet: str, values: Values, place: tuple[int, int]) -> Complaint | None:
    """What is wrong with the look of a filled cell of the sheet found under this name; None for one that can be read.

    Struck out, raised or lowered letters come first: with them the value is not what a reader of the sheet sees.
    """
    raw, scan = values.get(place, ""), package.scan(sheet)
    style = package.style(scan.styles.get(place, 0))
    rule = next(_faults(package, sheet, place, raw, style), "")
    if not rule:
        return None
    words = rules()["unseen"][rule]
    found = words["found"].format(shown=quoted(clean(raw)), code=style.number_format[:_LONGEST_CODE])
    return Complaint(found, words["expected"], words["why"])


def _faults(package: Package, sheet: str, place: tuple[int, int], raw: object, style: Style) -> Iterator[str]:
    scan, least, fonts = package.scan(sheet), rules()["unseen_below"], package.fonts(sheet, place)
    sign = (raw > 0) - (raw < 0) if isinstance(raw, int | float) else None
    if any(font.is_struck for font in fonts):
        yield "struck"
    if any(font.is_raised for font in fonts):
        yield "raised"
    if scan.is_hidden(*place):
        yield "place"
    if shows_nothing(style.number_format, sign):
        yield "format"
    if any(Style(style.number_format, font, style.ground).contrast < least["contrast"] for font in fonts):
        yield "colour"
    if any(font.size < least["font_size"] for font in fonts):
        yield "size"
    if _is_hidden_on_condition(package, scan, place, style):
        yield "condition"


def _is_hidden_on_condition(package: Package, scan: SheetScan, place: tuple[int, int], style: Style) -> bool:
    """Whether some conditional format over the cell would hide it; whether it holds now is not asked."""
    if any(_covers(area, place) for area in scan.bare):
        return True
    for area, number in scan.conditions:
        if _covers(area, place):
            condition = package.condition(number)
            if hides(condition.number_format or "") or (
                condition.over(style).contrast < rules()["unseen_below"]["contrast"]
            ):
                return True
    return False


def _covers(area: Area, place: tuple[int, int]) -> bool:
    top, left, bottom, right = area
    return top <= place[0] <= bottom and left <= place[1] <= right
