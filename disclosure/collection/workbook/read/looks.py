"""How a filled cell looks: what nobody sees nobody has checked, and what is struck out is not said."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from disclosure.collection.workbook.ooxml.cells import Complaint, clean, quoted, rules
from disclosure.collection.workbook.ooxml.number_formats import show_number, text_is_shown_as_it_is
from disclosure.collection.workbook.ooxml.package import Package
from disclosure.collection.workbook.ooxml.scan import Area, SheetScan
from disclosure.collection.workbook.ooxml.styles import Style, hides, shows_nothing
from disclosure.collection.workbook.read.sheets import Values

#: Characters of a format code that are quoted.
_LONGEST_CODE = 30


def fault_of_look(package: Package, sheet: str, values: Values, place: tuple[int, int]) -> Complaint | None:
    """Return what is wrong with the look of a filled cell of the sheet found under this name; None if it can be read.

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
    if shows_nothing(style.number_format, sign) or _is_without_digits(style.number_format, raw):
        yield "format"
    if sign == 0 and scan.hides_zeros:
        yield "zeros"
    if any(Style(style.number_format, font, style.ground).contrast < least["contrast"] for font in fonts):
        yield "colour"
    if any(font.size < least["font_size"] for font in fonts):
        yield "size"
    if _is_hidden_on_condition(package, scan, place, style):
        yield "condition"
    if _is_shown_otherwise(package, scan, place, raw):
        yield "condition_format"


def _is_without_digits(code: str, raw: object) -> bool:
    """Whether the digits that the format asks for are all left out, as ``#`` leaves out a zero."""
    if not code or isinstance(raw, bool) or not isinstance(raw, int | float):
        return False
    shown = show_number(code, Decimal(repr(raw)))
    return shown is not None and shown.is_blank


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


def _is_shown_otherwise(package: Package, scan: SheetScan, place: tuple[int, int], raw: object) -> bool:
    """Whether some conditional format over the cell would show another number; whether it holds now is not asked."""
    codes = [package.condition(number).number_format for area, number in scan.conditions if _covers(area, place)]
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return not all(text_is_shown_as_it_is(code) for code in codes if code)
    number = Decimal(repr(raw))
    shown = [show_number(code, number) for code in codes if code]
    return any(each is None or each.value != number for each in shown)


def _covers(area: Area, place: tuple[int, int]) -> bool:
    top, left, bottom, right = area
    return top <= place[0] <= bottom and left <= place[1] <= right
