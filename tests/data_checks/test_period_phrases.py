"""Every phrase by which a notice names a period is read as that period; what may be another one is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_checks.quotes.phrases import Phrase, read_phrase
from disclosure.calendar.periods import CycleKind, Period

pytestmark = pytest.mark.unit

KINDS: tuple[CycleKind, ...] = ("q1", "h1", "q3", "annual")
NUMBERS = ("1一", "2二", "3三", "4四")
NOW = Period(2025, "q3")


def phrases_of(period: Period) -> list[str]:
    """Return the ways in which notices name the end of ``period`` or the year until then."""
    place, year, month = KINDS.index(period.kind), period.year, period.end_month
    named = [
        period.stock_label,
        period.label,
        f"{year}年{month}月末",
        f"截止{year}年{month}月份底",
        f"至{year}年{month}月30日",
    ]
    for number in NUMBERS[place]:
        named += [f"截至{year}年{number}季度", f"截至{year}年第{number}季度末", f"{year}年{number}季度末"]
        named += [f"截止到{year}年{number}季度底", f"{year}年第{number}季度末"]
        if place:
            named += [f"{year}年1{to}{number}季度{end}" for to in ("-", "—", "至") for end in ("", "末")]
            named += [f"{year}年一至{number}季度末"]
    if place < 3:
        named += [period.flow_label, f"{year}年1至{month}月", f"截至{year}年1-{month}月"]
        named += [f"{year}年前{'三六九'[place]}个月"]
    if period.kind == "h1":
        named += [
            f"{year}年上半年",
            f"{year}年上半年末",
            f"截至{year}年上半年",
            f"{year}年前两季度",
            f"{year}年前二季度末",
        ]
    if period.kind == "q3":
        named += [f"{year}年前三季度", f"{year}年前三季度末", f"截至{year}年前三个季度"]
    if period.kind == "annual":
        named += [f"{year}年末", f"{year}年底", f"{year}年年末", f"{year}年度末", f"截至{year}年年底", f"{year}年全年"]
    return named


@given(st.integers(1990, 2100), st.sampled_from(KINDS), st.sampled_from(KINDS), st.data())
def test_a_named_period_is_read_whole_in_a_text_of_any_other(year, kind, of, data):
    period = Period(year, kind)
    phrase = data.draw(st.sampled_from(phrases_of(period)))
    assert read_phrase(f"{phrase}，全州参保人数", 0, Period(2025, of)) == Phrase(len(phrase), period)


@pytest.mark.parametrize(
    ("phrase", "kind"),
    [
        ("上半年末", "h1"), ("前三季度", "q3"), ("1-3季度末", "q3"), ("三季度末", "q3"), ("截至4季度", "annual"),
        ("截至6月底", "h1"), ("到9月30日", "q3"), ("前九个月", "q3"),
    ],
)  # fmt: skip
def test_without_a_year_it_is_this_years(phrase, kind):
    assert read_phrase(phrase, 0, NOW) == Phrase(len(phrase), Period(2025, kind))


@pytest.mark.parametrize(("sentence", "place"), [("去年三季度末", 2), ("上年上半年", 2), ("比上年1-3季度", 3)])
def test_another_years_is_not_this_years(sentence, place):
    assert read_phrase(sentence, place, NOW) is None


@pytest.mark.parametrize(
    ("phrase", "meaning"), [("2025年5月", "month"), ("2025年", "year"), ("2024年", Period(2024, "annual"))]
)
def test_what_says_less_says_so(phrase, meaning):
    assert read_phrase(f"{phrase}，", 0, NOW) == Phrase(len(phrase), meaning)


def test_a_later_quarter_alone_is_no_period_of_ours():
    assert read_phrase("2025年3季度，", 0, NOW) == Phrase(5, "year")


def test_a_month_that_ends_no_period_is_none_of_ours():
    assert read_phrase("截至2025年4月底", 0, NOW) == Phrase(10, None)
