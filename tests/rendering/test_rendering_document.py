"""The disclosure document says what the figures say: changes, official phrases, missing figures, notes.

Real figures: 泰州市高港区 2016 and 昆明市 2017, as their governments published them (the profiles' own files).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, load_catalog
from disclosure.figures.comparison import compare
from disclosure.figures.figures import Figure
from disclosure.platform.errors import DisclosureError
from disclosure.rendering import DisclosureDocument, DocumentContents, build_document
from disclosure.rendering.document import phrases
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = pytest.mark.unit

DAY = dt.date(2026, 3, 10)
CHUXIONG = load_catalog("chuxiong")
YEAR = Period(2025, "annual")
HALF = Period(2026, "h1")


def figure(indicator: str, value: str | None, period: Period = YEAR, *, region: str = "532300", **more: str) -> Figure:
    known = CHUXIONG.indicators[indicator]
    number = None if value is None else Decimal(value)
    made = Figure(region, indicator, period, more.get("unit", known.unit), number, centre=known.centre)
    return replace(made, **{name: text for name, text in more.items() if name != "unit"})  # type: ignore[arg-type]


def document_of(
    *figures: Figure, period: Period = YEAR, bases: tuple[Figure, ...] = (), **more: object
) -> DisclosureDocument:
    only = tuple({each.indicator for each in figures})
    return build_document(
        CHUXIONG,
        DocumentContents(
            period,
            figures,
            earlier=bases,
            compiled_on=DAY,
            demo=False,
            **{"only": only, **more},  # type: ignore[arg-type]
        ),
    )


def prose(document: DisclosureDocument) -> str:
    return "\n".join(paragraph.text for section in document.sections for paragraph in section.paragraphs)


def test_stock_is_compared_with_last_years_end() -> None:
    document = document_of(
        figure("work_injury.participants", "250235", HALF),
        period=HALF,
        bases=(
            figure("work_injury.participants", "245859", Period(2025, "annual")),
            figure("work_injury.participants", "1", Period(2025, "h1")),
        ),
    )
    assert "截至2026年6月底，全州工伤保险参保人数250,235人，比上年末增加4,376人，增长1.78%" in prose(document)


def test_stock_is_also_set_against_the_last_periods_end() -> None:
    """Not a flow, which grows within its year, nor in the first quarter, whose last period is last year's end."""
    now = (figure("work_injury.participants", "250235", HALF), figure("work_injury.income", "900.00", HALF))
    quarter = Period(2026, "q1")
    last = (figure("work_injury.participants", "250300", quarter), figure("work_injury.income", "400.00", quarter))
    document = document_of(*now, period=HALF, bases=last)
    table = document.blocks[0].tables[0]
    assert table.columns[-1].title == "比上期末增减"
    shown = {row.label: row.cells[-1].text for group in table.groups for row in group.rows}
    assert {shown["参保人数"], shown["基金收入"]} == {"-65", "—"}
    assert any("上一个披露期末" in note for note in document.notes)
    first = document_of(
        figure("work_injury.participants", "1", quarter),
        period=quarter,
        bases=(figure("work_injury.participants", "2"),),
    )
    assert "比上期末增减" not in {column.title for column in first.blocks[0].tables[0].columns}


def test_flow_is_compared_with_the_same_period_of_last_year() -> None:
    document = document_of(
        figure("work_injury.income", "900.00", HALF),
        period=HALF,
        bases=(
            figure("work_injury.income", "1000.00", Period(2025, "h1")),
            figure("work_injury.income", "1.00", Period(2025, "annual")),
        ),
    )
    assert "2026年1-6月，全州工伤保险基金收入900.00万元，同比下降10.00%" in prose(document)


@pytest.mark.parametrize(
    ("indicator", "now", "before", "words"),
    [
        ("work_injury.income", "10.00", "10.00", "，与上年同期持平"),
        ("work_injury.participants", "10", "10", "，与上年末持平"),
        ("work_injury.participants", "1000001", "1000000", "，比上年末增加1人，增幅不足0.01%"),
        ("work_injury.income", "10.00", "0.00", "，同比增加10.00万元"),
        ("work_injury.current_surplus", "-5.00", "10.00", "，同比减少15.00万元"),
        ("work_injury.current_surplus", "5.00", "-10.00", "，同比增加15.00万元"),
        ("employee_pension.individual_account_interest_rate", "1.50", "2.60", "，同比降低1.10个百分点"),
        ("employee_pension.dependency_ratio", "2.51", "2.50", "，比上年末提高0.01"),
        # A half is rounded up: 1.005 % is 1.01 %.
        ("work_injury.participants", "40402", "40000", "，比上年末增加402人，增长1.01%"),
    ],
)
def test_official_phrases(indicator: str, now: str, before: str, words: str) -> None:
    document = document_of(figure(indicator, now), bases=(figure(indicator, before, Period(2024, "annual")),))
    sentence = prose(document)
    assert re.search(re.escape(words) + r"(?:。|；|，其中)", sentence), sentence


def test_nothing_is_compared_without_a_base() -> None:
    document = document_of(figure("work_injury.income", "10.00"), figure("work_injury.participants", "10"))
    assert "比" not in prose(document)
    assert len(document.blocks[0].tables[0].columns) == 3
    assert not any("同期" in note for note in document.notes)


def test_base_in_another_unit_is_converted_with_its_precision() -> None:
    before = figure("work_injury.participants", "24.59", Period(2024, "annual"), unit="万人")
    document = document_of(figure("work_injury.participants", "250235"), bases=(before,))
    assert "比上年末增加4,300人" in prose(document)  # 245,900 is known to the hundred only


def test_base_that_measures_something_else_is_not_used() -> None:
    before = figure("work_injury.participants", "10", Period(2024, "annual"), unit="人次")
    assert "比上年末" not in prose(document_of(figure("work_injury.participants", "250235"), bases=(before,)))


@given(st.decimals(0, 10**9, places=2), st.decimals("0.01", 10**9, places=2))
def test_changes_are_the_arithmetic_of_the_printed_figures(now: Decimal, before: Decimal) -> None:
    this = figure("work_injury.income", str(now))
    base = figure("work_injury.income", str(before), Period(2024, "annual"))
    compared = compare(CHUXIONG, this, base)
    assert compared is not None
    assert compared.percent is not None
    assert compared.base + compared.difference == now
    exact = (Fraction(now) - Fraction(before)) * 100 / Fraction(before)
    assert abs(Fraction(compared.percent) - exact) <= Fraction(1, 200)


def test_missing_required_figure_is_shown_and_its_centre_named() -> None:
    given_figures = [f for f in demo_figures(CHUXIONG, YEAR) if f.centre != "employment_centre"]
    document = build_document(CHUXIONG, DocumentContents(YEAR, given_figures, compiled_on=DAY, demo=True))
    silent = CHUXIONG.offices["employment_centre"].name
    assert f"{silent}本期未提供数据，涉及失业保险，表中以“未提供”列示。" in document.notes
    states = {seen.state for seen in document.observations if seen.indicator_id == "unemployment.participants"}
    assert states == {"未提供"}
    assert "失业保险参保人数未提供" in prose(document)


def test_reason_for_a_missing_figure_is_told() -> None:
    missing = figure("work_injury.income", None, state="not_provided", text="决算尚未完成")
    document = document_of(missing, figure("work_injury.participants", "10"))
    assert any("有" in note and "未提供" in note and "（原因：决算尚未完成）" in note for note in document.notes)


def test_not_applicable_is_in_the_table_and_not_in_the_prose() -> None:
    document = document_of(figure("work_injury.income", None, state="not_applicable"))
    assert "基金收入" not in prose(document)
    rows = [row for block in document.blocks for table in block.tables for g in table.groups for row in g.rows]
    assert [row.cells[1].text for row in rows if row.label == "基金收入"] == ["不适用"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (figure("work_injury.income", "1.00", HALF), "不是2025年度的数据"),
        (figure("work_injury.income", "1.00", region="110000"), "不在目录里"),
        (replace(figure("work_injury.income", "1.00"), indicator="work_injury.unheard_of"), "不在目录里"),
    ],
)
def test_a_figure_that_does_not_belong_is_refused(wrong: Figure, said: str) -> None:
    with pytest.raises(DisclosureError, match=said):
        build_document(CHUXIONG, DocumentContents(YEAR, [wrong], compiled_on=DAY, demo=False))


def test_a_figure_given_twice_is_refused() -> None:
    twice = [figure("work_injury.income", "1.00"), figure("work_injury.income", "2.00")]
    with pytest.raises(DisclosureError, match="有两个数"):
        build_document(CHUXIONG, DocumentContents(YEAR, twice, compiled_on=DAY, demo=False))


def test_sections_keep_the_order_of_the_notice_and_the_quarters_have_four() -> None:
    document = build_document(
        CHUXIONG, DocumentContents(HALF, demo_figures(CHUXIONG, HALF), compiled_on=DAY, demo=True)
    )
    assert [(s.number, s.title) for s in document.sections] == [
        ("一", "参保情况"),
        ("二", "缴费情况"),
        ("三", "待遇享受情况"),
        ("四", "基金收支与结余情况"),
    ]


@pytest.mark.parametrize(
    ("profile", "period"),
    [("gaogang-2016", Period(2016, "annual")), ("kunming-2017", Period(2017, "q3")), ("chuxiong", YEAR)],
)
def test_every_figure_is_in_the_document_exactly_as_given(profile: str, period: Period) -> None:
    catalog: Catalog = load_catalog(profile)
    figures, history = demo_figures(catalog, period), demo_history(catalog, period)
    document = build_document(
        catalog,
        DocumentContents(period, figures, earlier=history, compiled_on=DAY, demo=True),
    )
    printed = {
        cell.key: cell.text
        for block in document.blocks
        for table in block.tables
        for group in table.groups
        for row in group.rows
        for cell in row.cells
        if cell.key.endswith(f"/{period.id}")
    }
    assert printed == {"/".join(f.key): f.printed for f in figures}
    spoken = {run.key: run.text for s in document.sections for p in s.paragraphs for run in p.runs if run.key}
    assert spoken.items() <= printed.items()
    assert document.demo.startswith("演示：")


def test_published_sentences_read_as_published() -> None:
    kunming = load_catalog("kunming-2017")
    period = Period(2017, "q3")
    history = demo_history(kunming, period)
    document = build_document(
        kunming,
        DocumentContents(
            period,
            demo_figures(kunming, period),
            earlier=history,
            compiled_on=DAY,
            demo=True,
        ),
    )
    assert "截至2017年9月底，全市参加工伤保险人数108.28万人，比上年末增加1.01万人，增长0.94%" in prose(document)


def test_instructions_to_those_who_fill_in_stay_inside() -> None:
    document = build_document(
        CHUXIONG, DocumentContents(YEAR, demo_figures(CHUXIONG, YEAR), compiled_on=DAY, demo=True)
    )
    assert not any("请在说明中写明" in text for text in (*document.notes, *(o.note for o in document.observations)))
    assert any("人、人次、人月次不可相互比较" in note for note in document.notes)


def test_a_special_disclosure_holds_what_it_was_opened_for() -> None:
    period = Period(2026, "special", "工伤")
    document = build_document(
        CHUXIONG,
        DocumentContents(
            period,
            [figure("work_injury.participants", "10", period)],
            compiled_on=DAY,
            demo=False,
            only=("work_injury.*",),
        ),
    )
    assert [block.id for block in document.blocks] == ["work_injury"]
    assert (document.demo, document.demo_label) == ("", "")


def test_profile_may_reword_a_phrase(tmp_path) -> None:  # type: ignore[no-untyped-def]
    source = CHUXIONG.folder
    for file in source.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "phrases.yaml").write_text("title: '{title}公报（{period}）'\n", encoding="utf-8")
    own = load_catalog(tmp_path)
    assert (
        build_document(own, DocumentContents(YEAR, [], compiled_on=DAY, demo=False)).title
        == "楚雄州社会保险信息披露公报（2025年度）"
    )
    (tmp_path / "phrases.yaml").write_text("titel: x\n", encoding="utf-8")
    phrases._load.cache_clear()
    with pytest.raises(DisclosureError, match=r"phrases\.yaml 第 1 行：titel"):
        build_document(own, DocumentContents(YEAR, [], compiled_on=DAY, demo=False))
