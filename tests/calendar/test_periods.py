"""Protects how a period is named and read: one id for each, labels of published tables, and no guess where unsure."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from disclosure.calendar.periods import CYCLE_KINDS, CycleKind, Period, end_of, parse_period, stock_period
from disclosure.catalog import load_catalog
from disclosure.cycle.queries import due_period
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import SHANGHAI

pytestmark = pytest.mark.unit

DATED: tuple[CycleKind, ...] = ("q1", "h1", "q3", "annual")
NAMES = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=40) | st.from_regex(
    r"[A-Za-z0-9_-]{1,40}", fullmatch=True
)
PERIODS = st.builds(Period, st.integers(1949, 2200), st.sampled_from(DATED)) | st.builds(
    Period, st.integers(1949, 2200), st.just("special"), NAMES
)


@example(period=Period(2026, "special", "夏至专项"))
@given(period=PERIODS)
def test_an_id_is_read_back_as_the_same_period(period: Period) -> None:
    assert parse_period(period.id) == period


@given(one=PERIODS, other=PERIODS)
def test_different_periods_have_different_ids(one: Period, other: Period) -> None:
    assert (one.id == other.id) is (one == other)


@given(period=PERIODS.filter(lambda period: period.kind != "special" and period.year > 1950))
def test_the_periods_before_it_are_before_it(period: Period) -> None:
    before, year_before, last_year = period.previous(), period.year_before(), period.last_year_end()
    assert before is not None
    assert year_before is not None
    assert last_year is not None
    assert before.end < period.end
    assert (period.end - before.end).days < 93
    assert (year_before.kind, year_before.year) == (period.kind, period.year - 1)
    assert last_year.end == dt.date(period.year - 1, 12, 31)
    assert (period.previous_in_year() is None) is (period.kind == "q1")


def test_a_special_period_has_none_before_it() -> None:
    special = Period(2026, "special", "工伤")
    assert special.id == "2026-special-工伤"
    assert special.previous() is special.previous_in_year() is special.year_before() is special.last_year_end() is None


@pytest.mark.parametrize(
    ("period", "label", "stock", "flow", "end"),
    [
        (Period(2025, "annual"), "2025年度", "截至2025年12月底", "2025年", dt.date(2025, 12, 31)),
        (Period(2026, "q1"), "2026年1季度", "截至2026年3月底", "2026年1-3月", dt.date(2026, 3, 31)),
        (Period(2026, "h1"), "2026年1-2季度", "截至2026年6月底", "2026年1-6月", dt.date(2026, 6, 30)),
        (Period(2026, "q3"), "2026年1-3季度", "截至2026年9月底", "2026年1-9月", dt.date(2026, 9, 30)),
        (Period(2026, "special", "工伤"), "2026年专项（工伤）", "截至2026年12月底", "2026年", dt.date(2026, 12, 31)),
    ],
)
def test_what_people_call_it(period: Period, label: str, stock: str, flow: str, end: dt.date) -> None:
    assert (period.label, period.stock_label, period.flow_label, period.end) == (label, stock, flow, end)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((text, Period(2016, "annual")) for text in ("2016", "2016年", "2016年度", "2016-12-31", " 2016年1-12月 ")),
        *((text, Period(2017, "q1")) for text in ("2017Q1", "2017年1季度", "2017年第一季度", "2017年1-3月")),
        *((t, Period(2017, "h1")) for t in ("2017H1", "2017Q1-Q2", "2017Q1-2", "2017年1—6月", "2017年上半年")),
        *((t, Period(2017, "q3")) for t in ("2017Q1-Q3", "2017年1-3季度", "2017年1至9月", "2017-09-30")),
    ],
)
def test_labels_of_published_tables(written: str, meant: Period) -> None:
    assert parse_period(written) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("", "2017Q2", "2017Q3", "2017Q4", "2017年2季度", "2017年4-6月", "2017-02-28", "2017Q1\n2018"),
        *("17", "20171", "1948", "2201年", "二〇一七", "2017-q5", "2017-annual-x"),
        *("2017-special", "2017-special-a/b", "2017-special-" + "长" * 41),
    ],
)
def test_what_names_no_period_for_certain_is_refused_in_words(text: str) -> None:
    with pytest.raises(DisclosureError):
        parse_period(text)


@pytest.mark.parametrize("name", ["../x", "a b", "<b>", "", "x" * 41])
def test_a_special_name_can_be_part_of_a_path(name: str) -> None:
    with pytest.raises(DisclosureError):
        Period(2026, "special", name)


@given(moment=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(SHANGHAI)))  # noqa: DTZ001
def test_a_run_is_about_the_period_that_is_due_then(moment: dt.datetime) -> None:
    catalog = load_catalog("chuxiong")
    assert due_period(catalog, "annual", moment) == Period(moment.year - 1, "annual")
    for kind in ("q1", "h1", "q3"):
        assert due_period(catalog, kind, moment) == Period(moment.year, kind)  # type: ignore[arg-type]


def test_new_year_is_that_of_shanghai() -> None:
    still_last_year_in_utc = dt.datetime(2025, 12, 31, 17, tzinfo=dt.UTC)
    assert due_period(load_catalog("chuxiong"), "q1", still_last_year_in_utc) == Period(2026, "q1")


def test_no_date_implies_a_special_period() -> None:
    with pytest.raises(DisclosureError, match="没有固定日期"):
        due_period(load_catalog("chuxiong"), "special", dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    assert set(CYCLE_KINDS) == {*DATED, "special"}


@pytest.mark.parametrize(
    ("text", "end", "period"),
    [
        ("2022-09", "2022-09-30", "2022-q3"),
        ("2022.3", "2022-03-31", "2022-q1"),
        ("2022年6月末", "2022-06-30", "2022-h1"),
        ("截至2024年12月底", "2024-12-31", "2024-annual"),
        ("2024-02", "2024-02-29", None),
        ("2021M01-M04", "2021-04-30", None),
        ("2021年1-4月", "2021-04-30", None),
        ("2017Q2", "2017-06-30", "2017-h1"),
        ("2017年第3季度", "2017-09-30", "2017-q3"),
        ("2017Q1-Q2", "2017-06-30", "2017-h1"),
        ("2016", "2016-12-31", "2016-annual"),
        ("2022-13", None, None),
        ("2022-00", None, None),
        ("1022-09", None, None),
        ("2025年4季度末", "2025-12-31", "2025-annual"),
        ("截至2025年3季度", "2025-09-30", "2025-q3"),
        ("2025年第三季度末", "2025-09-30", "2025-q3"),
        ("undated(post_6908874)", None, None),
        ("", None, None),
    ],
)
def test_the_end_of_a_month_or_quarter_and_the_period_its_stocks_belong_to(
    text: str, end: str | None, period: str | None
) -> None:
    found = end_of(text)
    assert (found and found.isoformat()) == end
    stock = stock_period(text)
    assert (stock and stock.id) == period


@given(period=PERIODS.filter(lambda period: period.kind != "special"))
def test_a_period_ends_where_its_id_says(period: Period) -> None:
    assert end_of(period.id) == period.end
    assert stock_period(period.id) == period
    assert stock_period(period.end.isoformat()[:7]) == period


def test_months_from_the_years_beginning_name_a_period() -> None:
    assert parse_period("2021M01-M09") == Period(2021, "q3")
