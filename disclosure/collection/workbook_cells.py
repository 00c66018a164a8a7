"""What one input cell says: a value, a state, nothing, or a complaint in words."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from disclosure.collection.workbook_layout import TEXT_LIMIT, texts
from disclosure.figures import FigureState

#: What calamine gives for a cell; a blank one is an empty text.
CellValue = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta

#: Excel keeps 15 significant digits; beyond them a cell no longer says what was typed.
SIGNIFICANT_DIGITS = 15
_INVISIBLE = str.maketrans("", "", "\u200b\u200c\u200d\u2060\ufeff")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?", re.ASCII)


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
    """What is asked of a number: its unit, how many decimals at most, whether it may be below zero."""

    unit: str
    decimals: int
    may_be_negative: bool

    @property
    def numeral(self) -> str:
        """``不小于 0 的整数``."""
        form = texts()["validation"]
        numeral: str = form["decimal"].format(decimals=self.decimals) if self.decimals else form["integer"]
        return numeral if self.may_be_negative else str(form["non_negative"].format(numeral=numeral))

    @property
    def expected(self) -> str:
        """``不小于 0 的整数（单位：人）``."""
        return f"{self.numeral}（单位：{self.unit}）"


def clean(raw: CellValue) -> str:
    """Text without surrounding or invisible characters; a number as Excel shows it in a General cell."""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 10**SIGNIFICANT_DIGITS:
        return str(int(raw))
    if isinstance(raw, dt.datetime) and raw.time() == dt.time():
        return raw.date().isoformat()
    return str(raw).translate(_INVISIBLE).strip()


def quoted(text: str) -> str:
    """``“12万”``, shortened when it is long."""
    one_line = " ".join(text.split())
    return f"“{one_line[:40]}{'…' if len(one_line) > 40 else ''}”"


def state_of(text: str) -> FigureState:
    """The state that a cleaned text names; ``reported`` for any other text."""
    for state in ("not_provided", "not_applicable"):
        if text == texts()["states"][state]:
            return state
    return "reported"


def read_number(raw: CellValue, form: NumberForm) -> CellReading | Complaint:
    """A number cell. Text is read when it can mean only one number, and refused otherwise.

    Read: digits of any width, correct thousands separators, a leading sign, surrounding spaces, 未提供 and
    不适用. Refused: units and 万/亿, percent signs, brackets, dates, TRUE/FALSE, more decimals than printed,
    more digits than a cell keeps, below zero where that cannot be.
    """
    shown = quoted(clean(raw))
    if isinstance(raw, bool):
        return Complaint(f"逻辑值{shown}", form.expected, "请改填数字")
    if isinstance(raw, dt.date | dt.time | dt.timedelta):
        return Complaint(f"日期或时间{shown}", form.expected, "单元格被当成了日期，请改填数字")
    if isinstance(raw, int | float):
        return _checked(Decimal(repr(raw)), form, shown, is_float=True)
    text = clean(raw)
    if not text or state_of(text) != "reported":
        return CellReading(state=state_of(text))
    folded = unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip()
    if _NUMBER.fullmatch(folded):
        return _checked(Decimal(folded.replace(",", "")), form, shown, is_float=False)
    return Complaint(f"文字{shown}", form.expected, _why_not_a_number(folded))


def _checked(number: Decimal, form: NumberForm, shown: str, *, is_float: bool) -> CellReading | Complaint:
    if not number.is_finite() or abs(number) >= Decimal(10) ** (SIGNIFICANT_DIGITS - form.decimals):
        return Complaint(shown, form.expected, "数字过大，请核对数字和单位")
    step = Decimal(1).scaleb(-form.decimals)
    rounded = number.quantize(step, ROUND_HALF_EVEN)
    # A cell filled by adding up floats carries their noise (0.1 + 0.2 is 0.30000000000000004).
    noise = min(abs(number) * Decimal("1e-13"), step / 1000) if is_float else Decimal(0)
    if abs(number - rounded) > noise:
        return Complaint(shown, form.expected, "小数位过多，请按单位四舍五入后重填")
    if rounded < 0 and not form.may_be_negative:
        return Complaint(f"负数{shown}", form.expected, "这一指标不会小于 0，请核对")
    return CellReading(value=abs(rounded) if rounded == 0 else rounded)


def _why_not_a_number(text: str) -> str:
    if "%" in text or "‰" in text:
        return "数字里带了百分号，请去掉，只填数字"
    if re.fullmatch(r"[(\[].*\d.*[)\]]", text):
        return "括号可能表示负数，负数请用减号，如 -12.50"
    if re.search(r"\d\s*[万亿千百元人户个次月]", text):
        return "数字里带了单位，请按表中的单位换算，只填数字"
    if re.fullmatch(r"[-—–/\\.·无*]+", text):
        return "没有数的请留空，或填“未提供”“不适用”并在“说明”中写明原因"
    if re.fullmatch(r"[+-]?[\d.,\s]+", text):
        return "逗号、空格或小数点的位置不对，请只填数字"
    return "请只填数字；没有数的填“未提供”或“不适用”，并在“说明”中写明原因"


def read_text(raw: CellValue) -> CellReading | Complaint:
    """A text cell: any text up to ``TEXT_LIMIT`` characters, or a state; a plain number is its digits."""
    if isinstance(raw, bool | dt.date | dt.time | dt.timedelta):
        return Complaint(quoted(clean(raw)), "文字", "单元格被当成了日期或逻辑值，请在内容前加一个英文单引号后重填")
    text = clean(raw)
    if len(text) > TEXT_LIMIT:
        return Complaint(f"{len(text)} 个字", f"不超过 {TEXT_LIMIT} 字的文字", "文字太长，请精简")
    state = state_of(text)
    return CellReading(state=state) if state != "reported" else CellReading(text=text)
