"""Protects 每一个数都要对得上: every figure quoted in prose is tied to the right indicator, region and period and
compared in the quoted precision; a wrong one is found, and what cannot be tied is told, never passed over.

Figures: 高港区 2016 and 昆明市 2016-2017 as published, and the sample figures of 楚雄州. The product's own prose, whose
runs know which figure stands where, is the oracle.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_checks.quotes.context import QuotedFigure
from data_checks.quotes.figures import check_quotes
from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import load_catalog
from disclosure.figures.figures import Figure
from disclosure.figures.narrative import TextBlock, TextSpan
from disclosure.rendering import DocumentContents, build_document
from disclosure.simulation.demo_figures import demo_figures, demo_history
from disclosure.simulation.demo_text import demo_text

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
WHOLE, CHUXIONG, LUFENG = "532300", "532301", "532302"
NOW, BEFORE = Period(2025, "annual"), Period(2024, "annual")


def figure(indicator: str, value: str, period: Period = NOW, region: str = WHOLE) -> Figure:
    return Figure(region, indicator, period, CATALOG.indicators[indicator].unit, Decimal(value))


FIGURES = (
    figure("employee_pension.participants", "385213"),
    figure("employee_pension.participants", "373289", BEFORE),
    figure("employee_pension.participants", "52002", region=CHUXIONG),
    figure("employee_pension.participants", "31200", region=LUFENG),
    figure("employee_pension.in_service", "281000"),
    figure("employee_pension.retired", "104213"),
    figure("employee_pension.income", "123456.78"),
    figure("employee_pension.income", "113456.70", BEFORE),
    figure("employee_pension.expenditure", "93456.78"),
    figure("unemployment.participants", "138000"),
    figure("unemployment.participants", "135100", BEFORE),
    figure("unemployment.beneficiaries", "4246"),
    figure("work_injury.participants", "226000"),
    figure("work_injury.beneficiaries", "3400"),
)


def paragraph(text: str) -> TextBlock:
    return TextBlock("paragraph", (TextSpan(text),))


def heading(text: str) -> TextBlock:
    return TextBlock("heading", (TextSpan(text),), level=1)


def read(*blocks: TextBlock | str, period: Period = NOW, figures: tuple[Figure, ...] = FIGURES) -> list[QuotedFigure]:
    made = [paragraph(block) if isinstance(block, str) else block for block in blocks]
    return list(check_quotes(CATALOG, period, [("participation", made)], figures))


def verdicts(*blocks: TextBlock | str) -> list[tuple[str, str, str]]:
    return [(quote.printed, quote.indicator.partition(".")[0], quote.verdict) for quote in read(*blocks)]


@pytest.mark.parametrize("period_id", ["2025-annual", "2026-q1", "2026-h1", "2026-q3"])
def test_the_sample_text_of_the_demonstration_is_right_in_every_period(period_id):
    period = parse_period(period_id)
    figures = (*demo_history(CATALOG, period), *demo_figures(CATALOG, period))
    quotes = check_quotes(CATALOG, period, demo_text(CATALOG, period).items(), figures)
    assert len(quotes) == 14
    assert {(quote.verdict, quote.is_certain) for quote in quotes} == {("equal", True)}


PROSE = [
    ("chuxiong", "2025-annual", 190),
    ("chuxiong", "2026-q3", 180),
    ("gaogang-2016", "2016-annual", 30),
    ("kunming-2017", "2017-h1", 16),
    ("kunming-2017", "2017-annual", 20),
]


@pytest.mark.parametrize(("profile", "period_id", "at_least"), PROSE)
def test_every_figure_of_our_own_prose_is_tied_to_itself_and_equal(profile, period_id, at_least):
    catalog, period = load_catalog(profile), parse_period(period_id)
    known = demo_history(catalog, period)
    now = demo_figures(catalog, period)
    document = build_document(
        catalog,
        DocumentContents(
            period,
            now,
            earlier=known,
            compiled_on=dt.date(2026, 3, 1),
            demo=False,
        ),
    )
    paragraphs = [p for section in document.sections for p in section.paragraphs]
    quotes = check_quotes(catalog, period, [("other", [paragraph(p.text) for p in paragraphs])], [*now, *known])
    assert [quote for quote in quotes if quote.verdict == "different"] == []
    assert all(quote.is_certain for quote in quotes if quote.verdict == "equal")
    assert sum(quote.verdict == "equal" for quote in quotes) >= at_least
    texts = {i.id for i in catalog.indicators.values() if i.kind == "text"}
    printed = [run.key for p in paragraphs for run in p.runs if re.search(r"\d", run.text) and run.key]
    tied = {f"{q.region}/{q.indicator}/{q.period}" for q in quotes if q.saying == "amount"}
    assert [key for key in printed if key not in tied and key.split("/")[1] not in texts] == []
    # The only numbers left are those inside a text indicator.
    left = {quote.sentence for quote in quotes if quote.verdict == "not_checked"}
    assert all("个人" in sentence for sentence in left), left


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "截至2025年12月底，全州企业职工基本养老保险参保人数为38.52万人，比上年末增加1.19万人，增长3.2%。",
            ["equal", "equal", "equal"],
        ),
        ("企业职工基本养老保险参保人数为38.53万人，比上年末增加1.29万人，增长3.3%。", ["different"] * 3),
        ("企业职工基本养老保险参保人数比上年末减少1.19万人，下降3.19%。", ["different"] * 2),
        ("企业职工基本养老保险参保人数为３８５，２１３人。".replace("，", ","), ["equal"]),
        ("企业职工基本养老保险参保人数为0.0039亿人。", ["equal"]),
        ("企业职工基本养老保险参保人数38.52万人，其中：在职职工28.10万人、离退休人员10.42万人。", ["equal"] * 3),
        (
            "企业职工基本养老保险参保人数38.52万人，其中：在职职工28.10万人、离退休人员10.24万人。",
            ["equal"] * 2 + ["different"],
        ),
        ("企业养老基金收入12.35亿元，同比增长8.81%；基金支出9.35亿元。", ["equal"] * 3),
        ("企业养老基金收入12.34亿元，支出93,456.78万元。", ["different", "equal"]),
        ("全州参加失业保险13.8万人，参加工伤保险人数22.6万人。", ["equal", "equal"]),
        ("失业保险参保人数由13.51万人增加到13.80万人。", ["equal", "equal"]),
        ("失业保险参保人数比上年末的13.51万人增加0.29万人。", ["equal", "equal"]),
        ("2024年末，失业保险参保人数为13.51万人。", ["equal"]),
        ("2024年末，失业保险参保人数为13.80万人。", ["different"]),
        ("楚雄市企业养老参保人数5.2万人，禄丰市3.12万人。", ["equal", "equal"]),
        ("楚雄市企业养老参保人数5.2万人，禄丰市5.2万人。", ["equal", "different"]),
        ("企业养老参保人数近38.6万人，失业保险参保人数超过13.7万人，工伤保险参保人数22万余人。", ["equal"] * 3),
        ("企业养老参保人数近38.5万人，失业保险参保人数超过13.9万人，工伤保险参保人数23万余人。", ["different"] * 3),
        ("企业养老参保人数稳步增长，达到385213人。", ["equal"]),
        # By one of the last printed place, and on the right side: 13.80万 is 近14万 and 超过13万, no more.
        ("失业保险参保人数近14万人。", ["equal"]),
        ("失业保险参保人数近15万人。", ["different"]),
        ("失业保险参保人数近18万人。", ["different"]),
        ("失业保险参保人数超过13万人。", ["equal"]),
        ("失业保险参保人数超过12万人。", ["different"]),
        ("失业保险参保人数超过10万人。", ["different"]),
        ("失业保险参保人数超过14万人。", ["different"]),
        ("失业保险参保人数突破13万大关。", ["equal"]),
        ("失业保险参保人数突破15万大关。", ["different"]),
        ("企业养老基金支出近20亿元。", ["different"]),
        ("企业养老基金支出近10亿元。", ["equal"]),
        ("工伤保险享受待遇人数3000余人。", ["equal"]),
        # The short forms of official prose.
        ("失业保险参保13.80万人，同比增长2.15%。", ["equal", "equal"]),
        ("失业保险参保15.94万人，同比增长17.4%。", ["different", "different"]),
        ("失业参保职工15.94万人。", ["different"]),
        ("期末领取失业保险金4246人。", ["equal"]),
        ("期末领取失业保险金4426人。", ["different"]),
        ("工伤保险参保人数22.6万，享受待遇3400人。", ["equal", "equal"]),
        ("失业保险参保扩面成效明显，惠及1.2万人。", ["not_checked"]),
        # Each number of a list with the name in its place.
        ("失业保险、工伤保险参保人数分别为13.8万人、22.6万人。", ["equal", "equal"]),
        ("失业保险、工伤保险参保人数分别为22.6万人和13.8万人。", ["different", "different"]),
        ("企业养老保险基金收入、基金支出分别为12.35亿元和9.35亿元。", ["equal", "equal"]),
        ("楚雄市、禄丰市企业养老参保人数分别达5.2万人、3.21万人，同比增长3%。", ["equal", "different", "not_checked"]),
        ("失业保险、工伤保险、生育保险参保人数分别为13.8万人、22.6万人。", ["not_checked"] * 2),
        ("参保人数为38.53万人的是企业职工基本养老保险。", ["not_checked"]),
    ],
)
def test_official_sentences(sentence, expected):
    assert [quote.verdict for quote in read(sentence)] == expected


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("参保人数为38.52万人。", "no_insurance"),
        ("失业保险全年发放补贴惠及企业320户。", "no_indicator"),
        ("失业保险新增参保人数1.2万人。", "no_indicator"),
        ("全国失业保险参保人数2.4亿人。", "other_region"),
        ("元江县失业保险参保人数1.1万人。", "other_region"),
        ("三项社会保险参保人数合计75万人。", "several"),
        ("失业保险和工伤保险参保人数36.4万人。", "several"),
        ("失业保险、工伤保险参保人数分别为13.8万人。", "several"),
        ("失业保险参保人数十三万人。", "numeral"),
        ("失业保险基金收入1.2亿元。", "no_data"),
        ("2025年第四季度，失业保险参保人数13.8万人。", "other_period"),
        ("失业保险参保人数13。", "no_unit"),
        ("失业保险参保人数的98.5%。", "other_unit"),
    ],
)
def test_what_cannot_be_tied_is_told_with_its_reason(sentence, reason):
    assert [(quote.verdict, quote.reason) for quote in read(sentence)] == [("not_checked", reason)]


def test_dates_document_numbers_and_telephones_are_no_figures():
    assert read("根据人社部发〔2014〕82号，自2025年7月1日起执行，第3条第2款，咨询电话12333。") == []


def test_a_wrong_unit_of_the_same_kind_is_told_but_not_for_certain():
    (quote,) = read("工伤保险享受待遇人数3400人次。")
    assert (quote.verdict, quote.reason, quote.is_certain) == ("different", "other_unit", False)


@pytest.mark.parametrize(
    "doubtful",
    ["企业养老参保人数约39万人。", "企业养老参保人数目标任务39万人。", "企业养老参保人数39万人，净增2万人。"],
)
def test_a_doubtful_tie_is_marked(doubtful):
    assert not read(doubtful)[-1].is_certain


@pytest.mark.parametrize(
    ("sentence", "is_certain"),
    [("失业保险参保人数超过10万人。", False), ("失业保险参保人数近18万人。", True), ("失业保险参保15.94万人。", True)],
)
def test_a_round_number_that_says_too_little_is_asked_about_and_a_false_one_is_wrong(sentence, is_certain):
    (quote,) = read(sentence)
    assert (quote.verdict, quote.is_certain) == ("different", is_certain)


def test_a_person_time_is_held_against_what_was_named_last():
    assert [q.indicator for q in read("工伤保险参保人数22.6万人，享受待遇3704人次。")] == [
        "work_injury.participants",
        "work_injury.beneficiaries",
    ]


def test_a_heading_says_which_insurance_the_paragraphs_are_about():
    blocks = (heading("（一）失业保险"), "参保人数13.8万人。", heading("（二）工伤保险"), "参保人数13.8万人。")
    assert verdicts(*blocks) == [("13.8万人", "unemployment", "equal"), ("13.8万人", "work_injury", "different")]


def test_the_cells_of_a_table_are_read_with_their_heads():
    rows = (("险种", "参保人数（万人）", "基金收入（亿元）"), ("企业养老", "38.52", "12.35"), ("失业", "13.9", "—"))
    table = TextBlock("table", rows=rows)
    assert verdicts(table) == [
        ("38.52万人", "employee_pension", "equal"),
        ("12.35亿元", "employee_pension", "equal"),
        ("13.9万人", "unemployment", "different"),
    ]


@given(
    actual=st.integers(min_value=1, max_value=10**9),
    decimals=st.integers(min_value=0, max_value=4),
    scale=st.sampled_from(["", "万", "亿"]),
    off=st.integers(min_value=-3, max_value=3),
)
def test_a_quote_is_equal_exactly_when_it_is_the_figure_rounded(actual, decimals, scale, off):
    factor = {"": 1, "万": 10**4, "亿": 10**8}[scale]
    step = Decimal(1).scaleb(-decimals if scale else 0)
    right = (Decimal(actual) / factor).quantize(step, rounding=ROUND_HALF_UP)
    quoted = right + off * step
    if quoted < 0:
        return
    now = figure("work_injury.participants", str(actual))
    (quote,) = read(f"截至2025年12月底，全州工伤保险参保人数为{quoted:,f}{scale}人。", figures=(now,))
    assert (quote.verdict, quote.expected) == ("equal" if off == 0 else "different", right)
    assert quote.is_certain


@given(
    before=st.integers(min_value=1000, max_value=10**8),
    change=st.integers(min_value=-900, max_value=10**6),
    off=st.sampled_from([0, 0, 1, -1]),
)
def test_changes_are_told_against_the_right_base(before, change, off):
    figures = (
        figure("work_injury.participants", str(before + change)),
        figure("work_injury.participants", str(before), BEFORE),
    )
    verb = ("增加", "增长") if change >= 0 else ("减少", "下降")
    rate = (Decimal(change) * 100 / before).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    text = f"工伤保险参保人数比上年末{verb[0]}{abs(change) + off:,}人，{verb[1]}{abs(rate)}%。"
    if abs(change) + off < 0:
        return
    difference, growth = read(text, figures=figures)
    assert difference.verdict == ("equal" if off == 0 else "different")
    assert growth.verdict == "equal"
    assert (difference.saying, growth.saying) == ("difference", "growth")


@given(st.text(alphabet="失业保险参保人数为比上年末增加同万亿元%0123456789.,，。；（）年月-", max_size=60))
def test_nothing_typed_makes_it_stumble_and_no_number_is_lost(text):
    quotes = read(text)
    assert all(quote.verdict in {"equal", "different", "not_checked"} for quote in quotes)
    for number in re.findall(r"(?<![\d.,-])\d+(?=万元|亿元|%)", text):
        assert any(number in quote.printed for quote in quotes), (number, quotes)
