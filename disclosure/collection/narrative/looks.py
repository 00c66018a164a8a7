"""Words of a .docx that nobody sees: written in the colour behind them, or too small to read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from disclosure.collection.workbook.ooxml.styles import Font, Style, colour_of
from disclosure.platform.wording import words_beside

#: Half-points below which letters cannot be read, and the least contrast between letters and what is behind them.
_LEAST_SIZE, _LEAST_CONTRAST = 10, 1.25
#: The markers that are black or white; all others are told from either.
_MARKERS = {"none": "FFFFFF", "white": "FFFFFF", "black": "000000"}
_OFF = ("0", "false", "off")


def is_symbol_font(attributes: Mapping[str, str]) -> bool:
    """Whether letters in these fonts are shown as signs."""
    fonts = words_beside(__file__, "word_elements.yaml")()["symbol_fonts"]
    return any(attributes.get(script, "").lower() in fonts for script in ("ascii", "hAnsi", "eastAsia", "cs"))


@dataclass(frozen=True)
class LetterStyle:
    """How letters look, as far as their properties say; colours are six hexadecimal digits, ``size`` half-points."""

    ink: str = "000000"
    ground: str = "FFFFFF"
    size: float = 21
    is_styled_away: bool = False

    @property
    def is_hidden(self) -> bool:
        """Whether nobody sees them."""
        style = Style("", Font(colour_of(self.ink)), colour_of(self.ground))
        return self.is_styled_away or self.size < _LEAST_SIZE or style.contrast < _LEAST_CONTRAST

    def on(self, attributes: Mapping[str, str]) -> LetterStyle:
        """On the shading of a cell, a paragraph or a run."""
        fill = attributes.get("fill", "auto")
        return self if fill == "auto" else replace(self, ground=fill)

    def with_property(
        self, tag: str, attributes: Mapping[str, str], hidden_styles: Collection[str] = ()
    ) -> LetterStyle:
        """With what one element of ``rPr`` says; a colour called auto can be read on anything."""
        said = attributes.get("val", "")
        if tag == "color":
            return replace(self, ink=said)
        if tag == "shd":
            return self.on(attributes)
        if tag == "highlight":
            return replace(self, ground=_MARKERS.get(said, "808080"))
        if tag == "sz" and said.isdecimal():
            return replace(self, size=float(said))
        if tag in ("rStyle", "pStyle"):
            return replace(self, is_styled_away=self.is_styled_away or said in hidden_styles)
        return self


@dataclass
class Looks:
    """The looks of cell, paragraph and run while a text is walked; ``hidden_styles`` are ids."""

    hidden_styles: Collection[str]
    _stack: list[LetterStyle] = field(default_factory=lambda: [LetterStyle()])
    _tags: list[str] = field(default_factory=list)

    def start(self, tag: str, attributes: Mapping[str, str]) -> bool:
        """Take an element in; whether words begin that nobody sees."""
        self._tags.append(tag)
        around = self._tags[-2] if len(self._tags) > 1 else ""
        if tag in ("tc", "p", "r"):
            self._stack.append(self._stack[-1])
        elif tag == "t":
            return self._stack[-1].is_hidden
        elif around in ("tcPr", "pPr"):
            # The look of the paragraph's own mark, in its ``rPr``, is not that of its words.
            if tag in ("shd", "pStyle"):
                self._stack[-1] = self._stack[-1].with_property(tag, attributes, self.hidden_styles)
        elif around == "rPr" and self._tags[-3:-2] == ["r"]:
            self._stack[-1] = self._stack[-1].with_property(tag, attributes, self.hidden_styles)
        return False

    def end(self, tag: str) -> None:
        """Take the end of an element in."""
        self._tags.pop()
        if tag in ("tc", "p", "r"):
            self._stack.pop()


@dataclass
class StyleLooks:
    """Walks ``styles.xml``; ``hidden`` are the ids of paragraph and run styles whose own letters nobody sees,
    ``symbols`` of those whose letters are shown as signs."""

    hidden: set[str] = field(default_factory=set)
    symbols: set[str] = field(default_factory=set)
    _style: str = ""
    _look: LetterStyle = field(default_factory=LetterStyle)
    _tags: list[str] = field(default_factory=list)

    def start(self, _namespace: str, tag: str, attributes: Mapping[str, str]) -> None:
        """Take an element in."""
        self._tags.append(tag)
        if tag == "style":
            self._style = attributes.get("styleId", "") if attributes.get("type") != "table" else ""
            self._look = LetterStyle()
        elif self._style and tag == "vanish" and attributes.get("val") not in _OFF:
            self._look = replace(self._look, is_styled_away=True)
        elif self._style and tag == "rFonts" and is_symbol_font(attributes):
            self.symbols.add(self._style)
        elif self._style and (self._tags[-2] == "rPr" or tag == "shd"):
            self._look = self._look.with_property(tag, attributes)

    def end(self, tag: str) -> None:
        """Take the end of an element in."""
        self._tags.pop()
        if tag == "style":
            if self._style and self._look.is_hidden:
                self.hidden.add(self._style)
            self._style = ""
