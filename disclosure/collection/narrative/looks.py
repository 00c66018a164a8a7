"""How letters of a .docx look, with all that styles say of them: faint, tiny, hidden, struck, raised, marked, signs."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from disclosure.collection.workbook.ooxml.styles import Font, Style, colour_of
from disclosure.platform.wording import words_beside

#: Half-points below which letters cannot be read, and the least contrast between letters and what is behind them.
_LEAST_SIZE, _LEAST_CONTRAST = 10, 1.25
#: The markers that are black or white; all others are told from either.
_MARKERS = {"none": "FFFFFF", "white": "FFFFFF", "black": "000000"}
_OFF = ("0", "false", "off", "none")
#: How vivid, of 0 to 1, a shading is that stands for a marker: of letters, and of a whole paragraph or cell.
_MARKER_OF_LETTERS, _MARKER_OF_BLOCKS = 0.4, 0.9

#: The property of what is behind letters.
_SHADING = "shd"
#: What a style says of the shading of whole paragraphs.
_BLOCK = "block"

#: A property: its element's name, and its attributes by local name.
Property = tuple[str, Mapping[str, str]]
#: What becomes of every element of WordprocessingML.
elements = words_beside(__file__, "word_elements.yaml")


def is_on(attributes: Mapping[str, str]) -> bool:
    """Whether a property that can be switched off is on."""
    return attributes.get("val", "true") not in _OFF


def is_symbol_font(attributes: Mapping[str, str]) -> bool:
    """Whether letters in these fonts are shown as signs."""
    fonts = elements()["symbol_fonts"]
    return any(attributes.get(script, "").lower() in fonts for script in ("ascii", "hAnsi", "eastAsia", "cs"))


@cache
def _switches() -> Mapping[str, str]:
    """Return the kind of look by the property that switches it on."""
    return {tag: kind for kind, tags in elements()["switched"].items() for tag in tags} | {_SHADING: "highlight"}


@dataclass(frozen=True)
class LetterLook:
    """How letters look; colours are six hexadecimal digits, ``size`` half-points, ``switched`` the
    properties that are on, ``font`` the one of Latin letters."""

    ink: str = "000000"
    ground: str = "FFFFFF"
    size: float = 21
    switched: frozenset[str] = frozenset()
    font: str = ""

    @property
    def faults(self) -> frozenset[str]:
        """Kinds of looks that are lost where only the words are published."""
        style = Style("", Font(colour_of(self.ink)), colour_of(self.ground))
        is_unseen = self.size < _LEAST_SIZE or style.contrast < _LEAST_CONTRAST
        kinds = frozenset(_switches().get(each, each) for each in self.switched)
        return kinds | {"unseen"} if is_unseen else kinds

    def on(self, attributes: Mapping[str, str], *, least: float = _MARKER_OF_BLOCKS) -> LetterLook:
        """On the shading of a cell, a paragraph or a run; one as bright as a marker is taken for one."""
        fill = attributes.get("fill", "auto")
        if fill == "auto":
            return self
        colour = colour_of(fill)
        _, saturation, value = colorsys.rgb_to_hsv(*(one / 255 for one in colour)) if colour else (0, 0, 0)
        return self._with(_SHADING, is_there=saturation >= least and value >= _MARKER_OF_BLOCKS, ground=fill)

    def with_property(self, tag: str, attributes: Mapping[str, str]) -> LetterLook:
        """With what one element of ``rPr`` says; a colour called auto can be read on anything."""
        said = attributes.get("val", "")
        match tag:
            case "color":
                look = replace(self, ink=said)
            case "shd":
                look = self.on(attributes, least=_MARKER_OF_LETTERS)
            case "sz" if said.isdecimal():
                look = replace(self, size=float(said))
            case "rFonts" if {"ascii", "hAnsi"} & attributes.keys() or is_symbol_font(attributes):
                font = attributes.get("ascii", attributes.get("hAnsi", "")).lower()
                look = self._with("symbol", is_there=is_symbol_font(attributes), font=font)
            case "vertAlign":
                look = self._with("raised", is_there=said in {"superscript", "subscript"})
            case _ if tag in _switches():
                ground = _MARKERS.get(said, "808080") if tag == "highlight" else ""
                look = self._with(tag, is_there=is_on(attributes), ground=ground)
            case _:
                look = self
        return look

    def _with(self, switch: str, *, is_there: bool, ground: str = "", font: str | None = None) -> LetterLook:
        switched = self.switched | {switch} if is_there else self.switched - {switch}
        return replace(self, switched=switched, ground=ground or self.ground, font=self.font if font is None else font)


@dataclass
class StyleLooks:
    """Walks ``styles.xml``; knows how letters of a style look, with the styles it is based on."""

    _said: dict[str, list[Property]] = field(default_factory=dict)
    _based: dict[str, str] = field(default_factory=dict)
    _default: str = ""
    _style: str = ""
    _tags: list[str] = field(default_factory=list)

    def start(self, _namespace: str, tag: str, attributes: Mapping[str, str]) -> None:
        """Take an element in."""
        self._tags.append(tag)
        if tag == "style":
            kind = attributes.get("type", "")
            self._style = attributes.get("styleId", "") if kind in ("paragraph", "character") else ""
            if kind == "paragraph" and is_on({"val": attributes.get("default", "0")}):
                self._default = self._style
        elif tag == "basedOn" and self._style:
            self._based[self._style] = attributes.get("val", "")
        elif self._style or "rPrDefault" in self._tags:
            # What all letters have by default is under no name.
            if self._tags[-2] == "rPr":
                self._said.setdefault(self._style, []).append((tag, attributes))
            elif self._tags[-2:] == ["pPr", "shd"]:
                self._said.setdefault(self._style, []).append((_BLOCK, attributes))

    def end(self, tag: str) -> None:
        """Take the end of an element in."""
        self._tags.pop()
        if tag == "style":
            self._style = ""

    def of_paragraph(self, style: str, look: LetterLook) -> LetterLook:
        """Return the look of letters in a paragraph of this style (none: that of every paragraph)."""
        return self.over(with_properties(look, self._said.get("", ())), style or self._default)

    def over(self, look: LetterLook, style: str) -> LetterLook:
        """Return a look with what a style says, and the ones that it is based on."""
        chain: list[str] = []
        while style and style not in chain:
            chain.append(style)
            style = self._based.get(style, "")
        for each in reversed(chain):
            look = with_properties(look, self._said.get(each, ()))
        return look


def with_properties(look: LetterLook, said: Iterable[Property]) -> LetterLook:
    """Return a look with all that these properties say."""
    for tag, attributes in said:
        look = look.on(attributes) if tag == _BLOCK else look.with_property(tag, attributes)
    return look


@dataclass
class Looks:
    """The looks of cell, paragraph and run while a text is walked."""

    styles: StyleLooks
    _stack: list[LetterLook] = field(default_factory=lambda: [LetterLook()])
    _tags: list[str] = field(default_factory=list)

    def start(self, tag: str, attributes: Mapping[str, str]) -> frozenset[str]:
        """Take an element in; return what is lost of the words that begin."""
        self._tags.append(tag)
        around = self._tags[-2] if len(self._tags) > 1 else ""
        if tag == "p":
            self._stack.append(self.styles.of_paragraph("", self._stack[-1]))
        elif tag in ("tc", "r"):
            self._stack.append(self._stack[-1])
        elif tag == "t":
            return self._stack[-1].faults
        elif tag == "pStyle" and around == "pPr":
            # It comes first in its paragraph, so that nothing else was said yet.
            self._stack[-1] = self.styles.of_paragraph(attributes.get("val", ""), self._stack[-2])
        elif tag == "shd" and around in ("tcPr", "pPr"):
            self._stack[-1] = self._stack[-1].on(attributes)
        elif around == "rPr" and self._tags[-3:-2] == ["r"]:
            # The look of the paragraph's own mark is not that of its words.
            look = self._stack[-1]
            is_style = tag == "rStyle"
            self._stack[-1] = (
                self.styles.over(look, attributes.get("val", "")) if is_style else look.with_property(tag, attributes)
            )
        return frozenset()

    def end(self, tag: str) -> None:
        """Take the end of an element in."""
        self._tags.pop()
        if tag in ("tc", "p", "r"):
            self._stack.pop()
