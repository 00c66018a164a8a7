"""How official prose names a period: 截至2025年3季度末, 上半年末, 1-3季度, 前三季度, 2025年12月底 and their like.

A quarter after 截至, or with 末, is the end of it: a stock then, and a flow from the year's beginning until then. A
later quarter alone (2025年3季度) may be that quarter's own amount and names no period of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from disclosure.calendar.periods import CycleKind, Period
from disclosure.platform.errors import DisclosureError

_UNTIL = "(?:截至|截止到?|截止至|至|到)"
_YEAR = r"(?P<year>\d{4})年\s*"
_TO = r"\s*[-—–~～至到]\s*"
_NUMBERS = {number: place for place, numbers in enumerate(("1一首", "2二两", "3三", "4四"), 1) for number in numbers}
_QUARTER = "第?(?P<quarter>[1-4一二三四])季度"
#: Not the quarter or month of another year: 去年三季度末, 上年6月末.
_OF_THIS_YEAR = "(?<![去上前]年)(?<!同期)"
#: How a period is named; the first that fits. ``month`` and ``year`` alone say less than a period.
PHRASES = {
    "end": re.compile(
        rf"(?:{_UNTIL}?{_YEAR}(?P<month>\d{{1,2}})月(?:份?底|份?末|\d{{1,2}}日)"
        rf"|{_OF_THIS_YEAR}{_UNTIL}(?P<month_of_this>\d{{1,2}})月(?:份?底|份?末|\d{{1,2}}日))"
    ),
    "year_end": re.compile(rf"{_UNTIL}?{_YEAR}[年度]?[底末]"),
    "so_far": re.compile(
        rf"{_UNTIL}?(?:{_YEAR}|{_OF_THIS_YEAR})(?:[1一]{_TO}(?P<last_month>\d{{1,2}})月份?|(?P<half>上半年)"
        rf"|前(?P<first>[23两二三])个?季度|[1一]{_TO}(?P<last>[234二三四])季度|前(?P<months>[369三六九])个月)[底末]?"
    ),
    "quarter_end": re.compile(
        rf"(?:{_UNTIL}(?:{_YEAR}|{_OF_THIS_YEAR}){_QUARTER}[底末]?"
        rf"|(?:{_YEAR.replace('year', 'own_year')}|{_OF_THIS_YEAR}){_QUARTER.replace('quarter', 'own_quarter')}[底末])"
    ),
    "full_year": re.compile(rf"{_YEAR}(?:全年|度)"),
    "first_quarter": re.compile(rf"{_YEAR}(?:第?[一1]季度)"),
    "month": re.compile(rf"{_YEAR}(?P<month>\d{{1,2}})月"),
    "year": re.compile(_YEAR),
}
_ENDS: dict[int, CycleKind] = {3: "q1", 6: "h1", 9: "q3", 12: "annual"}


@dataclass(frozen=True)
class Phrase:
    """A period phrase that ends at ``end``: the period; ``month`` where only a month is told, ``year`` for a year that
    is not over; None where it is no period of ours."""

    end: int
    meaning: Period | Literal["month", "year"] | None


def read_phrase(sentence: str, place: int, now: Period) -> Phrase | None:
    """Return the phrase that begins at ``place`` of ``sentence``, of a text about ``now``; None where there is none."""
    for kind, pattern in PHRASES.items():
        if found := pattern.match(sentence, place):
            return Phrase(found.end(), _meaning(kind, found, now))
    return None


def _meaning(kind: str, found: re.Match[str], now: Period) -> Period | Literal["month", "year"] | None:
    parts = {name: text for name, text in found.groupdict().items() if text}
    year = int(parts.get("year") or parts.get("own_year") or now.year)
    if kind == "month":
        return "month"
    if kind == "year" and year == now.year and now.end_month < 12:
        return "year"
    try:
        return Period(year, _ENDS[_last_month(parts) if kind not in {"year", "full_year", "year_end"} else 12])
    except (DisclosureError, KeyError):
        return None


def _last_month(parts: dict[str, str]) -> int:
    """Return the last month of what is named."""
    if month := parts.get("month") or parts.get("month_of_this") or parts.get("last_month"):
        return int(month)
    if months := parts.get("months"):
        return {"三": 3, "六": 6, "九": 9}.get(months) or int(months)
    if "half" in parts:
        return 6
    quarter = parts.get("quarter") or parts.get("own_quarter") or parts.get("first") or parts.get("last") or "1"
    return 3 * _NUMBERS[quarter]
