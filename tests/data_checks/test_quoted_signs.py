"""Protects that what touches a number in prose is understood, or the number is told as not checked: never as equal."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.data_checks.test_quoted_figures import BEFORE, figure, read

pytestmark = pytest.mark.unit

SURPLUS = "unemployment.current_surplus"
#: Written before a number: the factor they give it, None where nobody can be sure.
SIGNS: dict[str, int | None] = {
    "": 1, "+": 1, "-": -1, "－": -1, "−": -1, "‐": -1, "‑": -1, "–": -1, "﹣": -1, "负": -1, "负的": -1,
    "赤字": -1, "亏损": -1, "缺口": -1, "收不抵支": -1, "亏损了": -1, "赤字达": -1, "亏损约": -1,
    "—": None, "——": None, "±": None, "△": None, "▲": None, "~": None, "～": None, "负负": None, "负-": None,
    "--": None, "＋－": None, "赤字-": None, "≈": None, "≥": None, "￥": None, "负担": None, "减亏": None, "不是": None,
    "10-": None, "5～": None, "x": None, "“-”": None, "‘负’": None, "minus ": None, "将达": None, "目标为": None,
    "曾为": None, "误报为": None, "应为": None, "未突破": None, "月均": None, "预计": None, "力争达到": None,
    "有望达": None, "原为": None,
}  # fmt: skip
#: Written behind it: whether the number still says what it did.
ENDS = {
    "。": True, "，收支平衡。": True, "；": True, "左右。": True, "（含利息）。": True,
    "‰。": False, "%。": False,
    "/人。": False, "-200万元。": False, "–200万元。": False, "至200万元。": False, "×2。": False,
    "*。": False, "5。": False,
}  # fmt: skip


def surplus(value: Decimal | str) -> tuple:
    return (figure(SURPLUS, str(value)),)


@given(
    cents=st.integers(min_value=1, max_value=10**8),
    is_negative=st.booleans(),
    sign=st.sampled_from(sorted(SIGNS)),
    end=st.sampled_from(sorted(ENDS)),
    off=st.sampled_from([0, 0, 1]),
)
@example(cents=14117, is_negative=False, sign="负", end="。", off=0)
@example(cents=14117, is_negative=True, sign="负", end="。", off=0)
def test_a_number_is_equal_only_with_its_sign_and_nothing_unknown_beside_it(cents, is_negative, sign, end, off):
    quoted = Decimal(cents + off).scaleb(-2)
    actual = Decimal(-cents if is_negative else cents).scaleb(-2)
    quotes = read(f"失业保险当期结余为{sign}{quoted:,f}万元{end}", figures=surplus(actual))
    assert quotes
    factor = SIGNS[sign]
    if factor is None or not ENDS[end]:
        assert {quote.verdict for quote in quotes} == {"not_checked"}
    else:
        (quote,) = quotes
        assert quote.verdict == ("equal" if factor * quoted == actual else "different")
        assert re.sub(r"\D", "", quote.printed) == re.sub(r"\D", "", f"{quoted:,f}")


#: All that may touch a number without changing it.
UNDERSTOOD = set("，,、：:；;（()）“”。！？!?\n 的为是有达共约近超增至到和及均则也又从由已逾仍+0.—") | set(
    "\t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u3000"
)


@given(
    char=st.characters(exclude_categories=("Cs",))
    | st.sampled_from("负亏减降低少多余不非零一二百千万亿成倍半约近‰％﹪")
)
def test_a_character_that_nobody_knows_before_a_number_is_never_passed_over(char):
    quotes = read(f"失业保险当期结余{char}141.17万元。", figures=surplus("141.17"))
    equal = [quote for quote in quotes if quote.verdict == "equal"]
    assert not equal or char in UNDERSTOOD or char.isspace(), (char, equal)


@given(char=st.characters(exclude_categories=("Cs", "Lo")) | st.sampled_from("‰%％﹪万亿元分倍人折成0123/×*-–—"))
def test_a_sign_that_nobody_knows_behind_a_number_is_never_passed_over(char):
    quotes = read(f"失业保险当期结余141.17万元{char}。", figures=surplus("141.17"))
    equal = [quote for quote in quotes if quote.verdict == "equal"]
    assert not equal or char in UNDERSTOOD or char.isspace(), (char, equal)


@pytest.mark.parametrize(
    "words",
    [
        "为负数，141.17万元", "为负，达141.17万元", "由正转负，为141.17万元", "亏损，金额141.17万元",
        "转负为141.17万元",
        "为141.17万元（负）", "为141.17万元（赤字）", "为141.17万元的赤字", "141.17万元，为负数", "为141.17万元缺口",
        "为141.17万元（-）", "为141.17万元（－）", "141.17万元，收不抵支", "的一半为141.17万元", "为141.17万元的2倍",
        "减半为141.17万元", "141.17万元的三成",
    ],
)  # fmt: skip
def test_a_word_farther_off_that_may_turn_a_number_leaves_it_unchecked(words):
    quotes = read(f"失业保险当期结余{words}。", figures=surplus("141.17"))
    assert "not_checked" in {quote.verdict for quote in quotes}
    assert "equal" not in {quote.verdict for quote in quotes}


@pytest.mark.parametrize("words", ["未增长", "没有增长", "不再增长", "停止增长"])
def test_what_did_not_grow_is_not_held_to_have_grown(words):
    figures = (figure("unemployment.participants", "138000"), figure("unemployment.participants", "135100", BEFORE))
    (quote,) = read(f"失业保险参保人数比上年末{words}2.15%。", figures=figures)
    assert quote.verdict == "not_checked"


@pytest.mark.parametrize(
    "words", ["壹佰肆拾壹万元", "上万元", "数百万元", "几十万元", "一百四十一点一七万元", "翻一番", "增长一倍"]
)
def test_a_number_in_words_is_told(words):
    quotes = read(f"失业保险当期结余{words}。", figures=surplus("141.17"))
    assert [(quote.verdict, quote.reason) for quote in quotes] == [("not_checked", "numeral")]


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("不超过138万元", "different"), ("不超过142万元", "equal"), ("不低于141万元", "equal"),
        ("不低于142万元", "different"),
        ("至少141万元", "equal"), ("至多141万元", "different"), ("不高于142万元", "equal"),
        ("不少于145万元", "different"),
    ],
)  # fmt: skip
def test_a_bound_that_is_denied_is_the_other_one(words, verdict):
    assert [quote.verdict for quote in read(f"失业保险当期结余{words}。", figures=surplus("141.17"))] == [verdict]


@given(
    before=st.integers(min_value=1000, max_value=10**8),
    change=st.integers(min_value=-900, max_value=10**6),
    word=st.sampled_from(
        ["增长", "增长了", "上升", "下降", "降低", "减少", "负增长", "增长负", "增长-", "下降负", "下降-"]
    ),
)
def test_a_rate_is_equal_only_in_its_direction(before, change, word):
    rate = (Decimal(change) * 100 / before).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    figures = (
        figure("work_injury.participants", str(before + change)),
        figure("work_injury.participants", str(before), BEFORE),
    )
    (quote,) = read(f"工伤保险参保人数比上年末{word}{abs(rate)}%。", figures=figures)
    if word in ("下降负", "下降-"):
        assert (quote.verdict, quote.reason) == ("not_checked", "sign")
        return
    is_down = word in ("下降", "降低", "减少", "负增长", "增长负", "增长-")
    assert quote.verdict == ("equal" if rate == 0 or is_down == (change < 0) else "different")


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("失业保险当期结余为负141.17万元。", "equal"),
        ("失业保险当期结余－141.17万元。", "equal"),
        ("失业保险当期结余出现赤字141.17万元。", "equal"),
        ("失业保险当期结余为141.17万元。", "different"),
        ("失业保险当期结余为（141.17）万元。", "not_checked"),
        ("失业保险当期结余近负142万元。", "not_checked"),
        ("失业保险当期结余超过-141万元。", "not_checked"),
        ("失业保险当期结余为—141.17万元。", "not_checked"),
    ],
)
def test_a_deficit_is_read_as_one(sentence, verdict):
    assert [quote.verdict for quote in read(sentence, figures=surplus("-141.17"))] == [verdict]


@pytest.mark.parametrize(
    "words", ["13万8千人", "1亿三千万人", "10-13.8万人", "10至13.8万人", "138 000人", "138，000人"]
)
def test_a_part_of_a_number_is_not_checked(words):
    quotes = read(f"失业保险参保人数{words}。")
    assert quotes
    assert {quote.verdict for quote in quotes} == {"not_checked"}


def test_a_deficit_beside_what_cannot_be_below_nothing_is_not_checked():
    figures = (figure("unemployment.expenditure", "141.17"), *surplus("-141.17"))
    (quote,) = read("失业保险基金支出亏损141.17万元。", figures=figures)
    assert (quote.verdict, quote.reason) == ("not_checked", "sign")
    assert quote.printed == "141.17万元"
