"""Protects that a figure nobody can see is known for one: by its format, and by its ink on its ground."""

from __future__ import annotations

import pytest

from disclosure.collection.workbook.ooxml.styles import Style, hides, read_styles, shows_nothing

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("code", "hidden"),
    [
        (";;;", {1, -1, 0, None}),
        (";;", {1, -1, 0}),
        ("0;;", {-1, 0}),
        ("0;-0;;@", {0}),
        ('"  ";\\ ;_-', {1, -1, 0}),
        ("[Red];[Blue]0", {1, 0}),
        ("General", set()),
        ("#,##0.00", set()),
        ('0;-0;"-"', set()),
        ('0;"a;b"', set()),
        ("[<5];[>=5]0", set()),
        ("[<5];[>=5]", {1, -1, 0}),
    ],
)
def test_a_format_hides_the_numbers_whose_section_is_empty(code: str, hidden: set[int | None]) -> None:
    assert {sign for sign in (1, -1, 0, None) if shows_nothing(code, sign)} == hidden
    assert hides(code) is bool(hidden)


def test_white_by_format_hides_too() -> None:
    assert hides("[White]0")
    assert not hides("[Red]0")


STYLES = b"""<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<numFmts count="1"><numFmt numFmtId="170" formatCode=";;;"/></numFmts>
<fonts><font/><font><color rgb="FFFFFFFF"/></font><font><color theme="0" tint="-0.5"/></font>
<font><color theme="4"/></font><font><color indexed="9"/></font><font><color auto="1"/></font></fonts>
<fills><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFFF9DB"/>
</patternFill></fill><fill><patternFill patternType="gray125"/></fill><fill><gradientFill/></fill></fills>
<cellXfs><xf numFmtId="170" fontId="0" fillId="0"/><xf fontId="1" fillId="1"/><xf fontId="2" fillId="0"/>
<xf fontId="3" fillId="0"/><xf fontId="4" fillId="2"/><xf fontId="5" fillId="3"/><xf fontId="99" fillId="x"/></cellXfs>
<dxfs><dxf><font><color rgb="FF00FF00"/></font></dxf></dxfs></styleSheet>"""
THEME = b"""<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:clrScheme name="x">
<a:dk1><a:sysClr val="windowText" lastClr="000000"/></a:dk1><a:lt1><a:sysClr val="window" lastClr="FFFFFF"/></a:lt1>
<a:accent1><a:srgbClr val="FEFEFE"/></a:accent1></a:clrScheme></a:theme>"""


def test_ink_and_ground_are_read_as_every_program_writes_them() -> None:
    hidden, pale, grey, theme, pattern, gradient, unknown = read_styles(STYLES, THEME).cells
    assert hidden == Style(";;;")
    assert (pale.font.ink, pale.ground) == ((255, 255, 255), (255, 249, 219))
    assert pale.contrast < 1.25
    assert grey.font.ink == (128, 128, 128)
    assert grey.contrast > 3
    assert theme.contrast < 1.05
    # What cannot be told is taken for seen.
    assert (pattern.ground, pattern.contrast) == (None, 21)
    assert (gradient.ground, gradient.contrast) == (None, 21)
    assert unknown.contrast == 21
    assert read_styles(STYLES).cells[3].font.ink is None
