"""The cell styles of a workbook: the number format of each, and how well its figures can be seen.

So too the runs of a text that has several fonts, and what a conditional format would make of a cell.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TypeVar

from disclosure.collection.workbook.ooxml.xml import walk

#: Red, green and blue, 0 to 255.
Colour = tuple[int, int, int]
_Part = TypeVar("_Part")
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
#: The first colours of the old palette; 64 and 65 are what the system writes with and on.
_INDEXED = {
    place + offset: colour
    for offset in (0, 8)
    for place, colour in enumerate(
        (_BLACK, _WHITE, (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 0, 255), (0, 255, 255))
    )
} | {64: _BLACK, 65: _WHITE}
#: The order in which cells number a theme's colours is not that in which the theme names them.
_THEME = ("lt1", "dk1", "lt2", "dk2", "accent1", "accent2", "accent3", "accent4", "accent5", "accent6")
#: The built-in number formats: programs write them by number, without a code (ECMA-376 part 1, 18.8.30). Those of
#: 27 to 36 and 50 to 58 are dates in East Asia, and calamine takes them for such.
_BUILT_IN = {
    **{"1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%"},
    **{"5": '"¥"#,##0;"¥"-#,##0', "6": '"¥"#,##0;[Red]"¥"-#,##0'},
    **{"7": '"¥"#,##0.00;"¥"-#,##0.00', "8": '"¥"#,##0.00;[Red]"¥"-#,##0.00'},
    **{"11": "0.00E+00", "12": "# ?/?", "13": "# ??/??", "48": "##0.0E+0", "49": "@"},
    **{"37": "#,##0_);(#,##0)", "38": "#,##0_);[Red](#,##0)"},
    **{"39": "#,##0.00_);(#,##0.00)", "40": "#,##0.00_);[Red](#,##0.00)"},
    "41": '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ',
    "42": '_ "¥"* #,##0_ ;_ "¥"* -#,##0_ ;_ "¥"* "-"_ ;_ @_ ',
    "43": '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ',
    "44": '_ "¥"* #,##0.00_ ;_ "¥"* -#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ ',
}
_NAMED = {
    **dict.fromkeys(("black", "黑色", "color1"), _BLACK),
    **dict.fromkeys(("white", "白色", "color2"), _WHITE),
}
_IN_BRACKETS = re.compile(r"\[([^\]]*)\]")
#: What a format shows as blank: a space as wide as a character, a filling one, quoted spaces.
_BLANK = re.compile(r'_.|\*.|\\ |"\s*"|\s', re.DOTALL)
_SECTIONS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|[^;]', re.DOTALL)


@dataclass(frozen=True)
class Font:
    """How letters look; an unknown colour is None. ``size`` is in points."""

    ink: Colour | None = _BLACK
    is_struck: bool = False
    is_raised: bool = False
    size: float = 11


@dataclass(frozen=True)
class Style:
    """How a cell looks. ``number_format`` is empty for General; an unknown colour is None."""

    number_format: str = ""
    font: Font = Font()
    ground: Colour | None = _WHITE

    @cached_property
    def contrast(self) -> float:
        """Between ink and ground, from 1 (the same) to 21 (black on white), as WCAG 2 has it; 21 where unknown."""
        named = [_NAMED[name] for name in map(str.lower, _IN_BRACKETS.findall(self.number_format)) if name in _NAMED]
        ink = named[0] if named else self.font.ink
        if ink is None or self.ground is None:
            return 21
        darker, lighter = sorted((_luminance(ink), _luminance(self.ground)))
        return (lighter + 0.05) / (darker + 0.05)


@dataclass(frozen=True)
class Condition:
    """What a conditional format changes of a cell; None: it leaves that as it is."""

    ink: Colour | None = None
    ground: Colour | None = None
    number_format: str | None = None

    def over(self, style: Style) -> Style:
        """``style`` where the condition holds."""
        return Style(
            style.number_format if self.number_format is None else self.number_format,
            replace(style.font, ink=self.ink or style.font.ink),
            self.ground or style.ground,
        )


@dataclass
class Styles:
    """All of ``styles.xml``: ``cells`` and ``conditions`` by the numbers under which a sheet names them."""

    cells: tuple[Style, ...] = ()
    conditions: tuple[Condition, ...] = ()
    palette: Mapping[str, Colour] = field(default_factory=dict)


@dataclass
class _Found:
    """The parts of ``styles.xml`` while it is walked."""

    codes: dict[str, str] = field(default_factory=lambda: dict(_BUILT_IN))
    fonts: list[Font] = field(default_factory=list)
    grounds: list[Colour | None] = field(default_factory=list)
    cells: list[tuple[str, str, str]] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)


def read_styles(styles: bytes, theme: bytes = b"") -> Styles:
    """Return the styles in ``xl/styles.xml``, with the colours of ``xl/theme/theme1.xml``.

    Raises:
        UnreadableError: for broken XML.
    """
    palette, found = _palette(theme), _Found()
    within = part = ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal within, part
        if name in ("fonts", "fills", "cellXfs", "cellStyleXfs", "cellStyles", "borders", "dxfs", "numFmts"):
            within = name
        elif name == "numFmt" and within == "numFmts":
            found.codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif within == "fonts" and name == "font":
            found.fonts.append(Font())
        elif within == "fonts" and found.fonts:
            found.fonts[-1] = with_property(found.fonts[-1], name, attributes, palette)
        elif within == "fills" and name == "fill":
            found.grounds.append(_WHITE)
        elif within == "fills" and name == "patternFill" and found.grounds:
            # Of any other pattern nobody can say which of its two colours stands behind a digit.
            found.grounds[-1] = _WHITE if attributes.get("patternType", "none") in ("none", "solid") else None
        elif within == "fills" and name == "fgColor" and found.grounds and found.grounds[-1] is not None:
            found.grounds[-1] = _colour(attributes, palette, _WHITE)
        elif within == "fills" and name == "gradientFill" and found.grounds:
            found.grounds[-1] = None
        elif within == "cellXfs" and name == "xf":
            found.cells.append(tuple(attributes.get(key, "0") for key in ("numFmtId", "fontId", "fillId")))  # type: ignore[arg-type]
        elif within == "dxfs" and name == "dxf":
            found.conditions.append(Condition())
        elif within == "dxfs" and found.conditions:
            part = name if name in ("font", "fill", "border") else part
            found.conditions[-1] = _changed(found.conditions[-1], part, name, attributes, palette)

    walk(styles, start)
    cells = tuple(
        Style(found.codes.get(code, ""), _nth(found.fonts, font, Font()), _nth(found.grounds, fill, _WHITE))
        for code, font, fill in found.cells
    )
    return Styles(cells, tuple(found.conditions), palette)


def read_font(properties: Iterable[tuple[str, Mapping[str, str]]], palette: Mapping[str, Colour]) -> Font:
    """Return the font of one run of a text, from the elements in its ``rPr``."""
    font = Font()
    for name, attributes in properties:
        font = with_property(font, name, attributes, palette)
    return font


def with_property(font: Font, name: str, attributes: Mapping[str, str], palette: Mapping[str, Colour]) -> Font:
    """``font`` with what one element within ``font`` or ``rPr`` says of it."""
    if name == "color":
        return replace(font, ink=_colour(attributes, palette, _BLACK))
    if name == "strike":
        return replace(font, is_struck=attributes.get("val", "1") not in ("0", "false"))
    if name == "vertAlign":
        return replace(font, is_raised=attributes.get("val") in ("superscript", "subscript"))
    if name == "sz" and re.fullmatch(r"\d{1,3}(\.\d+)?", size := attributes.get("val", ""), re.ASCII):
        return replace(font, size=float(size))
    return font


def _changed(
    condition: Condition, part: str, name: str, attributes: Mapping[str, str], palette: Mapping[str, Colour]
) -> Condition:
    """``condition`` with what one element of it says."""
    if name == "numFmt":
        return replace(condition, number_format=attributes.get("formatCode", ""))
    if part == "font" and name == "color":
        return replace(condition, ink=_colour(attributes, palette, _BLACK))
    # Unlike a cell's, a condition's plain fill names its colour as that of the background.
    if part == "fill" and (name == "bgColor" or (name == "fgColor" and condition.ground is None)):
        return replace(condition, ground=_colour(attributes, palette, _WHITE))
    return condition


def _nth(parts: list[_Part], number: str, default: _Part) -> _Part:
    place = int(number) if number.isdecimal() else len(parts)
    return parts[place] if place < len(parts) else default


def _palette(theme: bytes) -> dict[str, Colour]:
    """Return the theme's colours by name; empty where there is no theme."""
    found: dict[str, Colour] = {}
    slot = ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal slot
        if name in _THEME:
            slot = name
        elif slot and name in ("srgbClr", "sysClr"):
            if colour := colour_of(attributes.get("lastClr") or attributes.get("val", "")):
                found.setdefault(slot, colour)
            slot = ""

    if theme:
        walk(theme, start)
    return {"lt1": _WHITE, "dk1": _BLACK} | found


def _colour(attributes: Mapping[str, str], palette: Mapping[str, Colour], automatic: Colour) -> Colour | None:
    """Return the colour that a ``color`` element names; None for one that is not known."""
    if attributes.get("auto") in ("1", "true"):
        return automatic
    colour = colour_of(attributes["rgb"]) if "rgb" in attributes else None
    if colour is None and attributes.get("indexed", "").isdecimal():
        colour = _INDEXED.get(int(attributes["indexed"]))
    if colour is None and (place := attributes.get("theme", "")).isdecimal() and int(place) < len(_THEME):
        colour = palette.get(_THEME[int(place)])
    return _tinted(colour, attributes.get("tint", "")) if colour else None


def colour_of(text: str) -> Colour | None:
    """Return the colour of ``FFFFFF`` or ``00FFFFFF``; None for anything else."""
    digits = text[-6:]
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", digits):
        return None
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _tinted(colour: Colour, tint: str) -> Colour:
    """Lighter or darker by a share of what is left, as Excel does."""
    try:
        share = max(-1.0, min(1.0, float(tint)))
    except ValueError:
        return colour
    hue, light, saturation = colorsys.rgb_to_hls(*(one / 255 for one in colour))
    light = light * (1 + share) if share < 0 else light + (1 - light) * share
    red, green, blue = (round(255 * one) for one in colorsys.hls_to_rgb(hue, light, saturation))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    parts = (one / 255 for one in colour)
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=1024)
def shows_nothing(number_format: str, sign: int | None) -> bool:
    """Whether a format such as ``;;;`` leaves a number of this sign (-1, 0, 1) blank; None stands for a text."""
    if not number_format:
        return False
    sections = sections_of_format(number_format)
    if sign is None:
        # A text is shown as it is unless the fourth section says otherwise.
        return len(sections) > 3 and not _BLANK.sub("", sections[3])
    if any(re.match(r"[<>=]", inner) for section in sections for inner in _IN_BRACKETS.findall(section)):
        chosen = sections
    else:
        # Positive, negative, zero; who gives fewer means the first for the rest.
        place = {1: 0, -1: 1, 0: 2}[sign]
        chosen = [sections[place] if place < min(len(sections), 3) else sections[0]]
    return all(not _BLANK.sub("", _IN_BRACKETS.sub("", section)) for section in chosen)


def hides(number_format: str) -> bool:
    """Whether there is a number or text that the format leaves blank or writes in white."""
    return any(shows_nothing(number_format, sign) for sign in (1, -1, 0, None)) or Style(number_format).contrast < 2


def sections_of_format(number_format: str) -> list[str]:
    """Return the format between its semicolons, those in quotes aside."""
    sections, start, place = [], 0, 0
    while place < len(number_format):
        if number_format[place] == ";":
            sections.append(number_format[start:place])
            place = start = place + 1
        else:
            found = _SECTIONS.match(number_format, place)
            place = found.end() if found else place + 1
    return [*sections, number_format[start:]]
