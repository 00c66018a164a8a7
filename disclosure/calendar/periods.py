"""Disclosure periods: the year and the part of it that a notice speaks of.

Flows are year-to-date and stocks are end-of-period (人社部发〔2014〕82号), so a period is fully named by a
year and one of the five cycle kinds.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal, get_args

from disclosure.platform.errors import DisclosureError

CycleKind = Literal["annual", "q1", "h1", "q3", "special"]
CYCLE_KINDS: tuple[CycleKind, ...] = get_args(CycleKind)

_LAST_MONTH: dict[CycleKind, int] = {"q1": 3, "h1": 6, "q3": 9, "annual": 12, "special": 12}
_LABELS: dict[CycleKind, str] = {
    "annual": "{year}年度",
    "q1": "{year}年1季度",
    "h1": "{year}年1-2季度",
    "q3": "{year}年1-3季度",
    "special": "{year}年专项",
}
#: Within a year the year-to-date figures grow in this order.
_ORDER: tuple[CycleKind, ...] = ("q1", "h1", "q3", "annual")


@dataclass(frozen=True, order=True)
class Period:
    """One disclosure period.

    ``year`` is the year the figures are about (an annual notice of 2025 is due in 2026); ``name`` tells
    special disclosures of one year apart and is empty for the four dated kinds.
    """

    year: int
    kind: CycleKind
    name: str = ""

    def __post_init__(self) -> None:
        if self.kind not in CYCLE_KINDS:
            raise DisclosureError(f"不认识的披露周期“{self.kind}”，应为 {'、'.join(CYCLE_KINDS)} 之一。")
        if not 1949 <= self.year <= 2200:
            raise DisclosureError(f"年份 {self.year} 不合理，请核对。")
        if (self.kind == "special") != bool(self.name):
            raise DisclosureError("专项披露必须有名称，其他周期不得有名称。")
        if self.name and not re.fullmatch(r"[\w\u4e00-\u9fff-]{1,40}", self.name):
            raise DisclosureError("专项名称只能用汉字、字母、数字、下划线和连字符，最长 40 个字。")

    @property
    def id(self) -> str:
        """Stable text key, such as ``2025-annual`` or ``2026-special-工伤``."""
        return "-".join(filter(None, (str(self.year), self.kind, self.name)))

    @property
    def label(self) -> str:
        """What people call it, such as ``2025年度``."""
        return _LABELS[self.kind].format(year=self.year) + (f"（{self.name}）" if self.name else "")

    @property
    def end_month(self) -> int:
        """The last month of the period, 1 to 12."""
        return _LAST_MONTH[self.kind]

    @property
    def stock_label(self) -> str:
        """The official phrase for an end-of-period figure, such as ``截至2025年12月底``."""
        return f"截至{self.year}年{self.end_month}月底"

    @property
    def flow_label(self) -> str:
        """The official phrase for a year-to-date figure, such as ``2026年1-6月`` (``2025年`` for a year)."""
        return f"{self.year}年" if self.end_month == 12 else f"{self.year}年1-{self.end_month}月"

    @property
    def end(self) -> dt.date:
        """The last day of the period."""
        following = dt.date(self.year + self.end_month // 12, self.end_month % 12 + 1, 1)
        return following - dt.timedelta(days=1)

    def previous(self) -> Period | None:
        """Return the dated period just before this one (Q1's is last year's annual); None for a special."""
        if self.kind == "special":
            return None
        place = _ORDER.index(self.kind)
        return Period(self.year, _ORDER[place - 1]) if place else Period(self.year - 1, "annual")

    def previous_in_year(self) -> Period | None:
        """Return the period before it in the same year, which year-to-date figures must not fall below."""
        before = self.previous()
        return before if before is not None and before.year == self.year else None

    def year_before(self) -> Period | None:
        """Return the same period of last year; None for a special."""
        return None if self.kind == "special" else Period(self.year - 1, self.kind)

    def last_year_end(self) -> Period | None:
        """Last year's annual period, the base of ``比上年末``; None for a special."""
        return None if self.kind == "special" else Period(self.year - 1, "annual")


def parse_period(text: str) -> Period:
    """Read a period id (``2025-annual``) or a label seen in published tables.

    Accepts ``2016``, ``2016年``, ``2016年度``, ``2016-12-31`` (an end-of-year stock), ``2017Q1``,
    ``2017Q1-Q2``, ``2017Q1-Q3``, ``2017年1-3季度``, ``2017年1-9月``, ``2017M01-M09`` and ``2017H1``.

    Raises:
        DisclosureError: when the text names no period for certain (a single later quarter, for one).
    """
    # An id holds a special disclosure's own name (夏至专项), which no spelling of dashes may change.
    if match := re.fullmatch(r"(\d{4})-(annual|q1|h1|q3|special)(?:-(.+))?", text.strip()):
        return Period(int(match[1]), match[2], match[3] or "")  # type: ignore[arg-type]
    cleaned = _unified(text)
    patterns: tuple[tuple[str, CycleKind], ...] = (
        (r"(\d{4})(?:年度?|-12-31|Q1-Q4|年1-4季度|年1-12月|年12月[底末])?", "annual"),
        (r"(\d{4})(?:Q1|-03-31|年第?[1一]季度|年1-3月|M0?1-M?0?3)", "q1"),
        (r"(\d{4})(?:H1|Q1-Q?2|-06-30|年1-2季度|年1-6月|年上半年|M0?1-M?0?6)", "h1"),
        (r"(\d{4})(?:Q1-Q?3|-09-30|年1-3季度|年1-9月|M0?1-M?0?9)", "q3"),
    )
    for pattern, kind in patterns:
        if match := re.fullmatch(pattern, cleaned):
            return Period(int(match[1]), kind)
    raise DisclosureError(f"看不懂期间“{text}”，应写成 2025-annual、2026-q1、2025 或 2017Q1-Q2 这样。")


def end_of(text: str) -> dt.date | None:
    """Return the last day of what ``text`` names; None where it names no month, quarter or period for certain.

    Reads what ``parse_period`` reads, single months (``2022-09``, ``截至2022年9月底``), months from the year's
    beginning (``2021M01-M04``) and single quarters (``2017Q2``).
    """
    cleaned = _unified(text)
    try:
        return parse_period(cleaned).end
    except DisclosureError:
        pass
    if match := re.fullmatch(
        r"(?:截至)?(\d{4})(?:[-./](\d{1,2})|年(?:1-)?(\d{1,2})月[底末]?|M0?1-M?(\d{1,2}))", cleaned
    ):
        month = int(match[2] or match[3] or match[4])
    elif match := re.fullmatch(r"(?:截至)?(\d{4})(?:Q|年第?)([1-4一二三四])(?:季度?)?[底末]?", cleaned):
        month = 3 * ("1234".find(match[2]) + 1 or "一二三四".find(match[2]) + 1)
    else:
        return None
    year = int(match[1])
    if not (1 <= month <= 12 and 1949 <= year <= 2200):
        return None
    return dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)


def stock_period(text: str) -> Period | None:
    """Return the dated period that ends with the month or quarter ``text`` names: what a stock of then belongs to.

    ``2022-09`` and ``2022Q3`` give 2022-q3; ``2022-10`` gives None. A flow of a single month or quarter is none
    of our year-to-date figures, so this is for stocks alone.
    """
    end = end_of(text)
    kinds: dict[int, CycleKind] = {_LAST_MONTH[kind]: kind for kind in _ORDER}
    return Period(end.year, kinds[end.month]) if end and end.month in kinds else None


def _unified(text: str) -> str:
    """One spelling for dashes and 至."""
    return text.strip().replace("—", "-").replace("–", "-").replace("至", "-").replace("截-", "截至")
