"""What a number looks like in a cell: the number that a format code shows, so that it can be held to the one stored.

By ECMA-376 part 1, 18.8.31, with the Chinese names of Excel and WPS. Where a code shows no plain number (a date,
digits of another script, a fraction that is rounded, something unknown) nothing is guessed: it cannot be told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from disclosure.collection.workbook.ooxml.styles import sections_of_format

#: What General has room for: so many characters, and significant digits in scientific notation.
_GENERAL_WIDTH, _GENERAL_SCIENTIFIC = 11, 6
#: Most decimals and integer digits that a code asks for in earnest.
_MOST_PLACES = 30
_MINUS_MARKS = "-−－﹣–—△负"
_MINUS_WORDS = re.compile(r"负|亏|赤字|减|降|逆差|缺口")
_OPENING, _CLOSING = "(（", ")）"
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|[\\!](?P<escaped>.)|_(?P<pad>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General|G/通用格式)|(?P<exponent>[Ee][+-])|(?P<ampm>AM/PM|A/P|上午/下午)"
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<text>@)|(?P<slash>/)|(?P<date>[yYmMdDhHsSeEgGbBaA])"
    r"|(?P<letter>[A-Za-z])|(?P<plain>.)",
    re.DOTALL,
)
_LITERAL_WORDS = re.compile(r'"[^"]*"?|[\\!_*].')
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_LOCALE = re.compile(r"\$([^-\]]*)(?:-([0-9A-Fa-f]+))?")
_COLOUR = re.compile(
    r"(?:black|blue|cyan|green|magenta|red|white|yellow|color\s*\d{1,2}"
    r"|黑色|蓝色|青色|绿色|洋红|洋红色|红色|白色|黄色|颜色\s*\d{1,2})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ShownNumber:
    """What a person reads: ``value`` as the digits say it (None: there are none) among the words ``literal``."""

    value: Decimal | None
    literal: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing can be seen."""
        return self.value is None and not self.literal.strip()

    @property
    def text(self) -> str:
        """The number as a message tells it."""
        return self.literal if self.value is None else f"{self.value:f}"


class _UnknownFormatError(Exception):
    """The code shows something of which no number can be told."""


@dataclass
class _Section:
    """One section of a code, taken apart."""

    before: str = ""
    between: str = ""
    after: str = ""
    condition: tuple[str, Decimal] | None = None
    is_general: bool = False
    whole: int = 0
    decimals: int = 0
    percents: int = 0
    thousands: int = 0
    exponent_digits: int = 0
    denominator: int = 0
    has_point: bool = False
    has_fixed_zero: bool = False

    @property
    def has_number(self) -> bool:
        return self.is_general or bool(self.whole or self.decimals)

    @property
    def literal(self) -> str:
        return self.before + self.after

    def covers(self, value: Decimal) -> bool:
        assert self.condition is not None  # noqa: S101 - asked only of those that have one
        operator, bound = self.condition
        holds = {
            "<": value < bound, "<=": value <= bound, ">": value > bound,
            ">=": value >= bound, "=": value == bound, "<>": value != bound,
        }  # fmt: skip
        return holds[operator]


def show_number(code: str, value: Decimal) -> ShownNumber | None:
    """Return what a cell of this format shows of ``value``; None where that cannot be told, or is no plain number."""
    try:
        return _shown(code or "General", value)
    except _UnknownFormatError:
        return None


def text_is_shown_as_it_is(code: str) -> bool:
    """Whether a text in a cell of this format is shown with nothing that would change a number in it."""
    sections = sections_of_format(code)
    own = sections[3] if len(sections) > 3 else sections[-1] if "@" in sections[-1] else "@"
    try:
        _, said, texts = _taken_apart(own)
    except _UnknownFormatError:
        return False
    if not texts and not said.strip():
        # Nothing is seen of it: that is another fault, and told as such.
        return True
    return texts == 1 and not re.search(r"[^\s¥￥元人户个次月]", said)


def _shown(code: str, value: Decimal) -> ShownNumber:
    section, is_signed = _chosen(code, value)
    if not section.has_number:
        return _without_digits(section, value)
    if section.between or re.search(r"\d", section.literal):
        raise _UnknownFormatError
    size = _digits(section, abs(value))
    if size is None:
        return _without_digits(section, value)
    return ShownNumber(_with_sign(section, value, size, is_signed=is_signed), section.literal)


def _without_digits(section: _Section, value: Decimal) -> ShownNumber:
    """Take a dash for the zero of the books; words in place of a number hide it."""
    literal = section.literal.strip()
    is_dash = value == 0 and bool(literal) and not literal.strip("-−－–—¥￥ ")
    return ShownNumber(Decimal(0) if is_dash else None, section.literal)


def _with_sign(section: _Section, value: Decimal, size: Decimal, *, is_signed: bool) -> Decimal:
    """Return the size with the sign that is seen."""
    literal = section.literal
    is_bracketed = any(one in section.before for one in _OPENING) and any(one in section.after for one in _CLOSING)
    marks = sum(literal.count(one) for one in _MINUS_MARKS) + is_bracketed
    if marks > 1 or (marks and is_signed) or (value < 0 and "+" in literal):
        raise _UnknownFormatError
    if value >= 0 and not marks and _MINUS_WORDS.search(literal):
        raise _UnknownFormatError
    return -size if marks or is_signed else size


def _chosen(code: str, value: Decimal) -> tuple[_Section, bool]:
    """Return the section that a number is shown by, and whether a minus is put before it."""
    texts = sections_of_format(code)
    # A last section with @ is of texts, however few stand before it: 0.00;@ has one for all numbers.
    if 1 < len(texts) <= 3 and "@" in _LITERAL_WORDS.sub("", texts[-1]):
        texts.pop()
    sections = [_taken_apart(text)[0] for text in texts[:3]]
    if not any(section.condition for section in sections):
        place = 1 if value < 0 else 2 if value == 0 else 0
        if place < len(sections):
            return sections[place], False
        return sections[0], value < 0
    for number, section in enumerate(sections):
        is_last = number == len(sections) - 1
        if section.condition is None and not is_last:
            # The first is for what is above zero, the second for what is below, unless they say otherwise.
            section.condition = (">", Decimal(0)) if number == 0 else ("<", Decimal(0))
        if section.condition is None or section.covers(value):
            return section, _is_signed_on_condition(section, value)
    raise _UnknownFormatError


def _is_signed_on_condition(section: _Section, value: Decimal) -> bool:
    """Programs differ on the minus of a number below zero; only a section for such numbers alone is certain."""
    if value >= 0:
        return False
    operator, bound = section.condition or ("", Decimal(0))
    if operator in ("<", "<=") and bound <= 0 and any(one in section.literal for one in (*_MINUS_MARKS, *_OPENING)):
        return False
    raise _UnknownFormatError


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((match.lastgroup or "plain", match[0]) for match in _TOKEN.finditer(text))


def _taken_apart(text: str) -> tuple[_Section, str, int]:
    """Take a section apart; with it all that it shows as it stands, and how many times it shows a text."""
    taking = _SectionReader()
    for kind, said in _parts(text):
        taking.take(kind, said)
    section = taking.finished()
    return section, section.before + section.between + section.after, taking.texts


@dataclass
class _SectionReader:
    """A section while its signs are taken in; ``waiting`` is what may stand behind the number or within it."""

    section: _Section = field(default_factory=_Section)
    texts: int = 0
    waiting: str = ""
    commas: int = 0
    is_exponent: bool = False
    is_fraction: bool = False

    def take(self, kind: str, said: str) -> None:
        """Take one sign in."""
        section = self.section
        if kind in ("date", "letter", "ampm"):
            raise _UnknownFormatError
        if kind in ("general", "text"):
            section.is_general = True
            self.texts += kind == "text"
        elif kind == "exponent":
            self.is_exponent = True
        elif kind == "digit":
            self._digit(said)
        elif kind == "point":
            self._point()
        elif kind == "comma":
            self.commas += 1
        elif kind == "percent":
            section.percents += 1
        elif kind == "slash":
            self._slash()
        else:
            self._place(_bracket(section, said[1:-1]) if kind == "bracket" else _literal(kind, said))

    def finished(self) -> _Section:
        """Return the section, whose commas at the end divide by a thousand each."""
        section = self.section
        section.thousands += self.commas
        section.after = self.waiting
        is_endless = max(section.whole, section.decimals, section.exponent_digits) > _MOST_PLACES
        if is_endless or self.texts > 1 or (self.is_fraction and not section.denominator):
            raise _UnknownFormatError
        return section

    def _place(self, words: str) -> None:
        if self.section.has_number or self.is_exponent:
            self.waiting += words
        else:
            self.section.before += words

    def _digit(self, said: str) -> None:
        section = self.section
        if not self.is_fraction:
            section.between += self.waiting
        self.waiting, self.commas = "", 0
        section.exponent_digits += self.is_exponent
        section.denominator += self.is_fraction
        if not self.is_exponent and not self.is_fraction:
            section.decimals += section.has_point
            section.whole += not section.has_point
        section.has_fixed_zero |= said == "0"

    def _point(self) -> None:
        if self.section.has_point:
            raise _UnknownFormatError
        self.section.thousands += self.commas
        self.section.has_point, self.commas = True, 0

    def _slash(self) -> None:
        if not self.section.whole:
            raise _UnknownFormatError
        # ``# ?/?``: what stood between was the space before the fraction.
        self.is_fraction, self.section.between, self.waiting = True, "", ""


def _literal(kind: str, said: str) -> str:
    """Return what is shown as it stands: a pad is a gap as wide as its sign, and a filler repeats it."""
    if kind == "quoted":
        return said.strip('"') if said.endswith('"') and len(said) > 1 else said[1:]
    if kind == "escaped":
        return said[1:]
    if kind == "pad":
        return " "
    if kind == "fill":
        return "" if said[1:].isspace() else said[1:]
    return said


def _bracket(section: _Section, inner: str) -> str:
    """Take a colour, a condition or a currency in; what it shows is returned."""
    if condition := _CONDITION.fullmatch(inner):
        section.condition = (condition[1], Decimal(condition[2]))
        return ""
    if locale := _LOCALE.fullmatch(inner):
        # The upper half of the number asks for digits of another script, or another calendar.
        if locale[2] and int(locale[2], 16) > 0xFFFF:
            raise _UnknownFormatError
        return locale[1]
    if _COLOUR.fullmatch(inner):
        return ""
    raise _UnknownFormatError


def _digits(section: _Section, size: Decimal) -> Decimal | None:
    """Return the number that the digits say; None where no digit is seen."""
    if section.is_general:
        return _general(size)
    shown = size.scaleb(2 * section.percents - 3 * section.thousands)
    if section.exponent_digits:
        return _scientific(shown, max(1, section.whole), section.decimals)
    if section.denominator:
        return _fraction(shown, section.denominator)
    rounded = _rounded(shown, section.decimals)
    if rounded == 0 and not section.has_fixed_zero:
        return None
    return rounded


def _rounded(size: Decimal, decimals: int) -> Decimal:
    if size.adjusted() + decimals > 2 * _MOST_PLACES:
        raise _UnknownFormatError
    # A cell keeps fifteen digits: what is beyond them is never seen.
    kept = size if size == 0 else size.quantize(Decimal(1).scaleb(size.adjusted() - 14), ROUND_HALF_UP)
    return kept.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _general(size: Decimal) -> Decimal:
    """As General has room for it in a column that is wide enough."""
    if size == 0:
        return Decimal(0)
    digits = size.adjusted() + 1
    if digits > _GENERAL_WIDTH or digits < -_GENERAL_WIDTH + 3:
        return _scientific(size, 1, _GENERAL_SCIENTIFIC - 1)
    return _rounded(size, max(0, _GENERAL_WIDTH - 1 - max(1, digits)))


def _scientific(size: Decimal, step: int, decimals: int) -> Decimal:
    if size == 0:
        return size
    exponent = size.adjusted() // step * step
    return _rounded(size.scaleb(-exponent), decimals).scaleb(exponent)


def _fraction(size: Decimal, digits: int) -> Decimal:
    """Return the nearest fraction; only one that is a short decimal is the same number."""
    for denominator in range(1, 10 ** min(digits, 3)):
        numerator = size * denominator
        if numerator == numerator.to_integral_value():
            return size
    raise _UnknownFormatError
