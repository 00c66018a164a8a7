"""Protects the reading of one cell: what counts as a number, what is refused, and that no digit is lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.collection.workbook.ooxml.cells import (
    CellReading,
    CellValue,
    Complaint,
    NumberForm,
    read_number,
    read_text,
    rules,
)

pytestmark = pytest.mark.unit

PEOPLE = NumberForm("人", 0, may_be_negative=False)
MONEY = NumberForm("万元", 2, may_be_negative=False)
SURPLUS = NumberForm("万元", 2, may_be_negative=True)


@pytest.mark.parametrize(
    ("raw", "form", "value"),
    [
        (52002.0, PEOPLE, "52002"),
        (0, PEOPLE, "0"),
        (0.1 + 0.2, MONEY, "0.30"),
        (sum([0.1] * 10), MONEY, "1.00"),
        (12345678.9, MONEY, "12345678.90"),
        (-140.82, SURPLUS, "-140.82"),
        (-0.0, MONEY, "0.00"),
        (" 52002 ", PEOPLE, "52002"),
        ("\u3000５２，００２\u00a0", PEOPLE, "52002"),
        ("1,234,567.80", MONEY, "1234567.80"),
        ("１２．５", MONEY, "12.50"),
        ("－12.5", SURPLUS, "-12.50"),
        ("\u221212.5", SURPLUS, "-12.50"),
        ("+7", PEOPLE, "7"),
        ("\u200b7\ufeff", PEOPLE, "7"),
    ],
)
def test_reads_what_can_mean_only_one_number(raw: CellValue, form: NumberForm, value: str) -> None:
    reading = read_number(raw, form)
    assert isinstance(reading, CellReading)
    assert str(reading.value) == value


@pytest.mark.parametrize(
    ("raw", "form", "why"),
    [
        ("12万", PEOPLE, "单位"),
        ("921.23人", PEOPLE, "小数位过多"),
        ("3.5 亿元", MONEY, "单位"),
        ("95%", MONEY, "百分号"),
        ("９５％", MONEY, "百分号"),
        ("(12.50)", SURPLUS, "负数请用减号"),
        ("（12.50）", SURPLUS, "负数请用减号"),
        ("1,23", MONEY, "位置不对"),
        ("12,345,67", MONEY, "位置不对"),
        ("1 234", PEOPLE, "位置不对"),
        ("1.2.3", MONEY, "位置不对"),
        ("—", MONEY, "留空"),
        ("/", MONEY, "留空"),
        ("无", MONEY, "留空"),
        ("1e5", PEOPLE, "科学记数法"),
        ("约100", PEOPLE, "确数"),
        ("#REF!", PEOPLE, "没有算出结果"),
        (12.5, PEOPLE, "小数位过多"),
        (100.123, MONEY, "小数位过多"),
        ("100.123", MONEY, "小数位过多"),
        (0.0001, MONEY, "小数位过多"),
        (-1.0, PEOPLE, "不会小于 0"),
        ("-1", PEOPLE, "不会小于 0"),
        (1e15, PEOPLE, "数字过大"),
        (1e13, MONEY, "数字过大"),
        ("9" * 400, MONEY, "数字过大"),
        (float("inf"), MONEY, "数字过大"),
        (float("nan"), MONEY, "数字过大"),
        (True, PEOPLE, "请改填数字"),
        (dt.date(2025, 12, 31), PEOPLE, "当成了日期"),
        (dt.datetime(2025, 12, 31, 8), PEOPLE, "当成了日期"),  # noqa: DTZ001 - as calamine gives it
        (dt.time(8), PEOPLE, "当成了日期"),
        (dt.timedelta(1), PEOPLE, "当成了日期"),
    ],
)
def test_refuses_what_could_mean_something_else(raw: CellValue, form: NumberForm, why: str) -> None:
    complaint = read_number(raw, form)
    assert isinstance(complaint, Complaint)
    assert why in complaint.why
    assert form.unit in complaint.expected


def written_rules() -> list[tuple[str, str, str]]:
    """(unit, text, what it is read as or why it is refused) of every example in the rules."""
    read = [(given, wanted) for rule in rules()["read"] for given, wanted in rule["examples"].items()]
    refused = [(given, rule["why"]) for rule in rules()["refuse"] for given in rule["examples"]]
    return [(*given.split("|", 1), wanted) for given, wanted in read + refused]


@pytest.mark.parametrize(("unit", "text", "wanted"), written_rules())
def test_every_example_in_the_rules_is_what_happens(unit: str, text: str, wanted: str) -> None:
    decimals = 0 if unit in {"人", "户"} else 2
    reading = read_number(text, NumberForm(unit, decimals, may_be_negative=True))
    if isinstance(reading, Complaint):
        assert reading.why == wanted
    else:
        said = "blank" if reading.is_blank else str(reading.value) if reading.value is not None else reading.state
        assert said == wanted


def test_every_rule_has_an_example_and_the_last_takes_the_rest() -> None:
    assert all(rule["examples"] for rule in (*rules()["read"], *rules()["refuse"]))
    assert rules()["refuse"][-1]["pattern"] == ""


@pytest.mark.parametrize(
    ("raw", "unit", "code", "says"),
    [
        (0.05, "人", "0%", "显示为“5%”、存的却是“0.05”的数"),
        (0.05, "万元", "0.00%_);[Red]\\(0.00%\\)", "显示为“5%”"),
        (0.95, "%", "0%", "95.00"),
        (0.07, "%", "0.00%", "7.00"),
        (95.5, "%", "0.00", "95.50"),
        (120000.0, "万元", '0!.0,"万"', "缩小"),
        (120000.0, "万元", "#,##0,", "缩小"),
        (12.0, "人", '0"万人"', "显示时带“万人”"),
        (12.0, "万元", "0.00亿", "显示时带“亿”"),
        (12.5, "万元", '#,##0.00"万元"', "12.50"),
        (12.0, "万元", "G/通用格式", "12.00"),
        (-12.5, "万元", "#,##0.00;[Red]#,##0.00", "显示为“12.50”、存的却是“-12.5”的数"),
        (-12.5, "万元", "0.00;0.00", "显示为“12.50”"),
        (-12.5, "万元", "0.00;[Red]-0.00", "-12.50"),
        (-12.5, "万元", '0.00;"△"0.00', "-12.50"),
        (-12.5, "万元", '0.00;"▲"0.00', "显示为“12.50”"),
        (-12.5, "万元", "[<0](0.00);0.00", "-12.50"),
        (-12.5, "万元", "[>=0]0.00;0.00", "不是一个普通的数"),
        (12.5, "万元", '"亏损"0.00', "不是一个普通的数"),
        (12.5, "万元", "-0.00", "显示为“-12.50”"),
        (9415.54, "万元", "0", "显示为“9416”、存的却是“9415.54”的数"),
        (9415.54, "万元", "#,##0.0", "显示为“9415.5”"),
        (9415.5, "万元", "#,##0.0", "9415.50"),
        (9415.54, "万元", "0.00E+00", "显示为“9420”"),
        (12.5, "万元", "# ?/?", "12.50"),
        (12.13, "万元", "# ?/?", "不是一个普通的数"),
        (12.5, "万元", "[DBNum2][$-804]General", "不是一个普通的数"),
        (12.5, "万元", "[$-804]0.00", "12.50"),
        (12.5, "万元", "[$-D00041E]0.00", "不是一个普通的数"),
        (12.5, "万元", "[$¥-804]#,##0.00", "12.50"),
        (12.5, "万元", 'yyyy"年"', "不是一个普通的数"),
        (12.5, "万元", "aaaa", "不是一个普通的数"),
        (12.5, "万元", '0"5".00', "不是一个普通的数"),
        (1234.0, "人", "00-00", "不是一个普通的数"),
        (1234.0, "人", "0000000", "1234"),
        (12.0, "人", '"已报"', "显示为“已报”"),
        (12.0, "人", '[>10]"合格";0', "显示为“合格”"),
        (0.0, "人", '0;-0;"—"', "0"),
        (0.0, "人", '0;-0;"无"', "显示为“无”"),
        (123456789.12, "万元", "General", "显示为“123456789.1”"),
        (12345678.12, "万元", "General", "12345678.12"),
        (95.55, "%", "0.0", "显示为“95.6”"),
        (0.9555, "%", "0.0%", "显示为“95.6”"),
        (-12.5, "万元", "#,##0.00_);(#,##0.00)", "-12.50"),
        (1.2e7, "万元", "0.00E+00", "12000000.00"),
        (12.5, "万元", '"¥"#,##0.00', "12.50"),
        (12.5, "万元", '"约"0.00', "显示时带“约”"),
        (12.5, "万元", '0.00"左右"', "显示时带“左右”"),
        (12.5, "万元", '"≥"0.00', "显示时带“≥”"),
        (12.5, "万元", '0.00"↓"', "显示时带“↓”"),
        (12.5, "万元", "[$€-407]0.00", "显示时带“€”"),
        (12.5, "万元", '0.00"万元"', "12.50"),
        (12.0, "人", '0"人"', "12"),
        (-12.5, "万元", '0.00;"负"0.00', "-12.50"),
    ],
)
def test_a_format_that_shows_something_else_than_it_holds_is_refused(
    raw: float, unit: str, code: str, says: str
) -> None:
    reading = read_number(raw, NumberForm(unit, 0 if unit == "人" else 2, may_be_negative=True), code)
    assert says == str(reading.value) if isinstance(reading, CellReading) else says in reading.found


@pytest.mark.parametrize(
    ("typed", "code", "is_read"),
    [
        ("12.50", "@", True),
        ("12.50", "0.00;-0.00;0;@", True),
        ("12.50", '@"万"', False),
        ("12.50", '"约"@', False),
        ("12.50", '"¥"@', True),
        ("12.50", '0.00;-0.00;0;"1"@', False),
        ("12.50", '0.00;-0.00;0;"-"@', False),
        ("12.50", '0.00;-0.00;0;"已报"', False),
    ],
)
def test_a_number_typed_as_text_is_shown_as_it_is(typed: str, code: str, is_read: bool) -> None:
    assert isinstance(read_number(typed, SURPLUS, code), CellReading) == is_read


@given(code=st.text(alphabet='0#?,.%;"\\!_*[]()万亿元人 E+-@Gd', max_size=30), raw=st.floats())
def test_no_format_makes_the_reader_fail(code: str, raw: float) -> None:
    assert isinstance(read_number(raw, SURPLUS, code), CellReading | Complaint)


@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_what_is_typed_full_width_is_the_same_number(value: Decimal) -> None:
    plain = f"{value:,f}"
    wide = "".join(chr(ord(one) + 0xFEE0) for one in plain)
    assert read_number(f"\u3000{wide}万元", SURPLUS) == read_number(plain, SURPLUS)


def test_what_is_expected_is_said_in_words() -> None:
    assert PEOPLE.expected == "不小于 0 的整数（单位：人）"
    assert SURPLUS.expected == "最多 2 位小数的数字（单位：万元）"


@pytest.mark.parametrize("raw", ["", "  ", "\u3000", "\u200b"])
def test_a_cell_of_spaces_is_blank(raw: str) -> None:
    for reading in (read_number(raw, PEOPLE), read_text(raw)):
        assert isinstance(reading, CellReading)
        assert reading.is_blank


@pytest.mark.parametrize("read", [lambda raw: read_number(raw, PEOPLE), read_text])
def test_states_are_read_with_spaces_around(read) -> None:  # type: ignore[no-untyped-def]
    assert read(" 未提供 ").state == "not_provided"
    assert read("不适用").state == "not_applicable"


def test_text_cells_keep_their_text() -> None:
    assert read_text(" 单位16%\n个人8% ") == CellReading(text="单位16%\n个人8%")
    assert read_text(12.0) == CellReading(text="12")
    assert isinstance(read_text("长" * 2001), Complaint)
    assert isinstance(read_text(dt.date(2025, 1, 1)), Complaint)
    assert isinstance(read_text(value := True), Complaint), value


@pytest.mark.parametrize(
    ("raw", "code", "value"),
    [
        (211.0, "General", "211"),
        (98.3, "General", "98.3"),
        (98.3, "#,##0.00", "98.30"),
        (211.0, "#,##0.0", "211.0"),
        ("98.30", "", "98.30"),
        ("１,０９８.3万元", "", "1098.3"),
        (0.1 + 0.2, "General", "0.3"),
        (0.0, "General", "0"),
    ],
)
def test_where_each_figure_has_decimals_of_its_own_they_are_those_that_are_seen(
    raw: CellValue, code: str, value: str
) -> None:
    reading = read_number(raw, replace(MONEY, least=0), code)
    assert isinstance(reading, CellReading)
    assert str(reading.value) == value
    at_least_one = read_number(raw, replace(MONEY, least=1), code)
    assert isinstance(at_least_one, CellReading)
    assert str(at_least_one.value) == (value if "." in value else f"{value}.0")


@given(decimals=st.integers(0, 6), data=st.data())
def test_every_decimal_survives_the_float_of_a_cell(decimals: int, data: st.DataObject) -> None:
    """15 significant digits at most, as Excel keeps them."""
    unscaled = data.draw(st.integers(-(10**15) + 1, 10**15 - 1))
    value = Decimal(unscaled).scaleb(-decimals)
    form = NumberForm("元", decimals, may_be_negative=True)
    for raw in (float(value), f"{value:f}", f"{value:,f}"):
        reading = read_number(raw, form)
        assert isinstance(reading, CellReading)
        assert reading.value == value
        assert reading.value is not None
        assert reading.value.as_tuple().exponent == -decimals


@given(unscaled=st.integers(10, 10**12), decimals=st.integers(0, 2))
def test_a_digit_too_many_is_never_rounded_away(unscaled: int, decimals: int) -> None:
    too_fine = Decimal(unscaled * 10 + 5).scaleb(-decimals - 1)
    form = NumberForm("元", decimals, may_be_negative=False)
    assert isinstance(read_number(float(too_fine), form), Complaint)
    assert isinstance(read_number(str(too_fine), form), Complaint)


@given(raw=st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.dates(), st.timedeltas()))
def test_no_cell_makes_the_reader_fail(raw: CellValue) -> None:
    assert isinstance(read_number(raw, SURPLUS), CellReading | Complaint)
    assert isinstance(read_text(raw), CellReading | Complaint)
