"""What reading a text goes by: the figures at hand, what the words so far say, and what is told of each number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal

from data_checks.quotes.words import DIGITS, NUMBER, Vocabulary
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator
from disclosure.figures.figures import Figure
from disclosure.figures.narrative import TextBlock

#: What a number says: how much there is, by how much it changed, at what rate, by how many points.
Saying = Literal["amount", "difference", "growth", "points"]
Verdict = Literal["equal", "different", "not_checked"]
#: Why a number was not checked, or what is wrong with it; the words for people are with whoever reports it.
Reason = Literal[
    "", "no_indicator", "no_insurance", "no_unit", "no_data", "other_unit", "other_region", "other_period", "several",
    "numeral", "no_base", "gap", "sign",
]  # fmt: skip


@dataclass(frozen=True)
class QuotedFigure:
    """One number of a text.

    ``printed`` is the number with its unit as it stands in ``sentence``. ``indicator``, ``region`` and ``period``
    are catalogue ids, empty where the number could not be tied. ``value`` is in ``unit``; ``expected`` is what the
    data say, in the same unit and precision, None where there is nothing to compare. ``is_certain``: nothing
    unknown stands between the number and the name it was tied to.
    """

    section: str
    sentence: str
    printed: str
    saying: Saying = "amount"
    indicator: str = ""
    region: str = ""
    period: str = ""
    unit: str = ""
    value: Decimal | None = None
    expected: Decimal | None = None
    verdict: Verdict = "not_checked"
    is_certain: bool = False
    reason: Reason = ""


@dataclass(frozen=True)
class QuotedData:
    """The figures at hand, and the words they are told in."""

    catalog: Catalog
    period: Period
    figures: Mapping[tuple[str, str, str], Figure]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of this period's texts."""
        return Vocabulary(self.catalog, self.period)

    def figure(self, region: str, indicator: str, period: Period | None) -> Figure | None:
        """Return a reported number."""
        found = self.figures.get((region, indicator, period.id)) if period else None
        return found if found is not None and found.value is not None else None


@dataclass
class ReadingContext:
    """What the words read so far say about the next number."""

    insurance: str = ""
    several: bool = False
    region: str = ""
    period: Period | None = None
    is_vague: bool = False
    indicator: Indicator | None = None
    name_end: int = 0
    turned: bool = False
    several_numbers: bool = False
    base: Period | None = None
    has_base: bool = False
    base_is_other: bool = False
    direction: int = 0
    main_quote: Decimal | None = None
    insurance_end: int = -1


def table_sentences(table: TextBlock) -> Iterator[str]:
    """Each number of a table as a sentence: row head, column head, the number, and the unit in either's brackets."""
    in_brackets = re.compile(r"[（(]\s*(?:单位[：:])?([^（）()]{1,8})[）)]")
    head, *body = table.rows
    for row in body:
        for title, cell in zip(head[1:], row[1:], strict=False):
            unit = in_brackets.search(title) or in_brackets.search(row[0])
            bare = re.fullmatch(rf"(?:{NUMBER})", cell.translate(DIGITS).strip())
            about = "，".join(in_brackets.sub("", words) for words in (row[0], title))
            yield f"{about}：{cell}{unit[1] if bare and unit else ''}。"
