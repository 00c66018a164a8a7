"""What one input cell says: a value, a state, nothing, or a complaint in words.

How text is folded, which text is no number and why, and which number formats are refused is written down
in ``reading_rules.yaml``, with examples that the tests run; here are the functions that go by it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache, cached_property, lru_cache

from disclosure.catalog import Catalog, Indicator
from disclosure.collection.workbook.layout import TEXT_LIMIT, texts
from disclosure.collection.workbook.ooxml.number_formats import show_number, text_is_shown_as_it_is
from disclosure.collection.workbook.read.result import CellValue
from disclosure.confidentiality.draft_marks import draft_marks
from disclosure.figures.figures import FigureState, printed_decimals
from disclosure.platform.wording import words_beside

#: Excel keeps 15 significant digits; beyond them a cell no longer says what was typed.
SIGNIFICANT_DIGITS = 15
#: The code of the format of a cell that was given none.
GENERAL = "General"
#: The unit in which a percent sign, typed or shown by the cell's format, is no surprise.
PERCENT = "%"
#: Characters of the longest text that can be a number, and of what is quoted of a text.
_LONGEST_NUMBER, _LONGEST_SHOWN = 1000, 40
_INVISIBLE = str.maketrans("", "", "\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202c\u202d\ufeff")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?", re.ASCII)
#: Of a number format: colours and conditions; then what is shown as it stands.
_BRACKETS = re.compile(r"\[[^\]]*\]")
_LITERAL = re.compile(r'"([^"]*)"|[\\!](.)')
_SCALED = re.compile(r"[0#?],+(?![0#?,])")
_NAMES_A_UNIT = re.compile(r"[十百千万亿兆元人户个次‰%]")
#: What a format may show beside a number and leave it what it is: signs, which are taken for what they are, and money.
_ADDS_NOTHING = frozenset("+-－−﹣–—△负()（）¥￥元")
#: The rules of reading.
rules = words_beside(__file__, "reading_rules.yaml")


@dataclass(frozen=True)
class Complaint:
    """Why a cell cannot be taken; the three texts go into a ``Problem``."""

    found: str
    expected: str
    why: str


@dataclass(frozen=True)
class CellReading:
    """A value, a text, or a state other than ``reported``; all empty for a blank cell."""

    value: Decimal | None = None
    text: str = ""
    state: FigureState = "reported"

    @property
    def is_blank(self) -> bool:
        """Nothing was filled in."""
        return self.value is None and not self.text and self.state == "reported"


@dataclass(frozen=True)
class NumberForm:
    """What is asked of a number: its unit, how many decimals at most, whether it may be below zero.

    With ``least`` a number keeps the decimals it was given with, at least so many; otherwise it gets all ``decimals``.
    """

    unit: str
    decimals: int
    may_be_negative: bool
    least: int | None = None

    @classmethod
    def of(cls, catalog: Catalog, indicator: Indicator) -> NumberForm:
        """Return what is asked of the figures of ``indicator``."""
        decimals = catalog.decimals(indicator)
        return cls(indicator.unit, decimals, indicator.may_be_negative, indicator.least_decimals)

    def printed(self, number: Decimal, given: Decimal) -> Decimal:
        """Return ``number``, rounded to ``decimals``, with as many of them as are printed of what reads ``given``."""
        if self.least is None:
            return number
        return number.quantize(Decimal(1).scaleb(-min(self.decimals, max(self.least, printed_decimals(given)))))

    @property
    def numeral(self) -> str:
        """``不小于 0 的整数``."""
        form = texts()["validation"]
        numeral: str = form["decimal"].format(decimals=self.decimals) if self.decimals else form["integer"]
        return numeral if self.may_be_negative else str(form["non_negative"].format(numeral=numeral))

    @cached_property
    def step(self) -> Decimal:
        """One unit of the last printed place."""
        return Decimal(1).scaleb(-self.decimals)

    @cached_property
    def limit(self) -> Decimal:
        """From here on a cell does not keep every printed digit."""
        return Decimal(10) ** (SIGNIFICANT_DIGITS - self.decimals)

    @property
    def expected(self) -> str:
        """``不小于 0 的整数（单位：人）``."""
        return f"{self.numeral}（单位：{self.unit}）"


@cache
def _folding() -> dict[int, str]:
    """Full-width characters to plain ones, and what the rules add. Not NFKC, which makes 102 of 10²."""
    full_width = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    return full_width | {0x3000: " ", 0xA0: " "} | {ord(one): other for one, other in rules()["fold"].items()}


@cache
def _refusals() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rule["pattern"], re.ASCII), rule["why"]) for rule in rules()["refuse"])


def clean(raw: CellValue) -> str:
    """Text without surrounding or invisible characters; a number as Excel shows it in a General cell."""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 10**SIGNIFICANT_DIGITS:
        return str(int(raw))
    if isinstance(raw, dt.datetime) and raw.time() == dt.time():
        return raw.date().isoformat()
    return str(raw).translate(_INVISIBLE).strip()


def fold(text: str) -> str:
    """``text`` with full-width characters as plain ones."""
    return text.translate(_folding()).strip()


def quoted(text: str) -> str:
    """``“12万”``, shortened when it is long, and nothing in it that a terminal would obey."""
    one_line = "".join(one if one.isprintable() else "□" for one in " ".join(text[:_LONGEST_NUMBER].split()))
    is_cut = len(one_line) > _LONGEST_SHOWN or len(text) > _LONGEST_NUMBER
    return f"“{one_line[:_LONGEST_SHOWN]}{'…' if is_cut else ''}”"


def state_of(text: str) -> FigureState:
    """Return the state that a cleaned text names; ``reported`` for any other text."""
    for state in ("not_provided", "not_applicable"):
        if text == texts()["states"][state]:
            return state
    return "reported"


def is_no_reason(text: str) -> bool:
    """Whether a text explains nothing: no words, a single one, or a phrase that would fit anything."""
    words = "".join(one for one in fold(text).casefold() if one.isalnum())
    letters = sum(one.isalpha() for one in words)
    return letters < rules()["reason"]["letters"] or words in rules()["no_reason"]


def read_number(raw: CellValue, form: NumberForm, number_format: str = "") -> CellReading | Complaint:
    """Return a number cell, whose format code is ``number_format`` (empty for General), by the rules of reading.

    A text says exactly what was typed and is taken digit for digit. A float is taken as its shortest
    decimal, which is what was typed as long as that had no more digits than a cell keeps.
    """
    if isinstance(raw, bool):
        return _complain("boolean", form, raw)
    if isinstance(raw, int | float):
        return _read_float(raw, form, number_format)
    if isinstance(raw, dt.date | dt.time | dt.timedelta):
        return _complain("date", form, raw)
    text = clean(raw)
    if not text or state_of(text) != "reported":
        return CellReading(state=state_of(text))
    return _read_words(raw, text, form, number_format)


def _read_words(raw: CellValue, text: str, form: NumberForm, number_format: str) -> CellReading | Complaint:
    if number_format and not text_is_shown_as_it_is(number_format):
        words = rules()["formats"]["unknown"]
        found = words["found"].format(shown=quoted(text), code=number_format[:_LONGEST_SHOWN])
        return Complaint(found, form.expected, words["why"])
    # Nobody writes a number this long; the rules' patterns are for what people write.
    folded = fold(text) if len(text) <= _LONGEST_NUMBER else ""
    bare = folded.removesuffix(fold(form.unit)).rstrip()
    if _NUMBER.fullmatch(bare):
        number = Decimal(bare.replace(",", ""))
        return _checked(number, form, raw, given=number, is_float=False)
    why = next(why for pattern, why in _refusals() if pattern.search(folded))
    return replace(_complain("words", form, raw), why=why)


def _read_float(raw: float, form: NumberForm, number_format: str) -> CellReading | Complaint:
    number = Decimal(repr(raw))
    if fault := format_fault(number_format, form.unit):
        kind, literal = fault
        words, shown = rules()["formats"][kind], quoted(clean(raw))
        percent = f"{(number * 100).normalize():f}%" if number.is_finite() else shown
        found = words["found"].format(shown=shown, literal=literal, percent=percent)
        return Complaint(found, form.expected, words["why"])
    if form.unit == PERCENT and PERCENT in shown_code(number_format):
        number *= 100
    printed = show_number(number_format, Decimal(repr(raw))) if form.least is not None else None
    given = printed.value if printed is not None and printed.value is not None else number
    if number_format in ("", GENERAL):
        given = given.normalize()  # It shows no zeros at the end.
    reading = _checked(number, form, raw, given=given, is_float=True)
    if isinstance(reading, Complaint) or not number_format:
        return reading
    return _unlike_shown(reading, raw, form, number_format) or reading


def _unlike_shown(reading: CellReading, raw: float, form: NumberForm, number_format: str) -> Complaint | None:
    """Return why a number is not the one that its cell shows; None where it is, or where nothing is seen of it."""
    shown, words = show_number(number_format, Decimal(repr(raw))), rules()["formats"]
    code = number_format[:_LONGEST_SHOWN]
    if shown is None:
        said = words["unknown"]
        return Complaint(said["found"].format(shown=quoted(clean(raw)), code=code), form.expected, said["why"])
    if shown.is_blank:
        return None
    if shown.value == reading.value:
        added = "".join(one for one in shown.literal if one not in _ADDS_NOTHING and one not in form.unit).strip()
        said = words["words"]
        found = said["found"].format(literal=added, shown=quoted(clean(raw)), code=code)
        return Complaint(found, form.expected, said["why"]) if added else None
    said = words["differs"]
    found = said["found"].format(seen=shown.text, shown=quoted(clean(raw)), code=code)
    return Complaint(found, form.expected, said["why"])


@lru_cache(maxsize=256)
def shown_code(number_format: str) -> str:
    """Return a format code without what it shows as it stands and without colours and conditions."""
    return _BRACKETS.sub("", _LITERAL.sub("", number_format))


@lru_cache(maxsize=256)
def format_fault(number_format: str, unit: str) -> tuple[str, str] | None:
    """Why a cell of this format shows something else than it holds: a key of the rules' ``formats``.

    With it the literal text the format shows; None when the format is harmless for ``unit``.
    """
    code = shown_code(number_format)
    if PERCENT in code and unit != PERCENT:
        return "percent", ""
    if _SCALED.search(code):
        return "scaled", ""
    for section in _BRACKETS.sub("", number_format).split(";"):
        literal = "".join(one or other for one, other in _LITERAL.findall(section)).strip()
        words = literal or "".join(_NAMES_A_UNIT.findall(section))
        if _NAMES_A_UNIT.search(words) and fold(words) != fold(unit):
            return "unit", words
    return None


def _complain(kind: str, form: NumberForm, raw: CellValue) -> Complaint:
    words = rules()["cells"][kind]
    return Complaint(words["found"].format(shown=quoted(clean(raw))), form.expected, words.get("why", ""))


def _checked(
    number: Decimal, form: NumberForm, raw: CellValue, *, given: Decimal, is_float: bool
) -> CellReading | Complaint:
    if not number.is_finite() or abs(number) >= form.limit:
        return _complain("too_large", form, raw)
    rounded = number.quantize(form.step, ROUND_HALF_EVEN)
    if rounded != number:
        # A cell filled by adding up floats carries their noise (0.1 + 0.2 is 0.30000000000000004).
        noise = min(abs(number) * Decimal("1e-13"), form.step / 1000) if is_float else Decimal(0)
        if abs(number - rounded) > noise:
            return _complain("too_fine", form, raw)
    if rounded < 0 and not form.may_be_negative:
        return _complain("negative", form, raw)
    return CellReading(value=form.printed(abs(rounded) if rounded == 0 else rounded, given))


def read_text(raw: CellValue) -> CellReading | Complaint:
    """Return a text cell: any text up to ``TEXT_LIMIT`` characters, or a state; a plain number is its digits."""
    words = rules()["cells"]
    if isinstance(raw, bool | dt.date | dt.time | dt.timedelta):
        return Complaint(quoted(clean(raw)), texts()["validation"]["text"], words["text_type"]["why"])
    text = clean(raw)
    if len(text) > TEXT_LIMIT:
        found = words["text_long"]["found"].format(length=len(text))
        return Complaint(
            found, texts()["validation"]["text_expected"].format(limit=TEXT_LIMIT), words["text_long"]["why"]
        )
    if marks := draft_marks(text):
        said = words["text_draft"]
        return Complaint(said["found"].format(mark=marks[0].strip()), texts()["validation"]["text"], said["why"])
    state = state_of(text)
    return CellReading(state=state) if state != "reported" else CellReading(text=text)
