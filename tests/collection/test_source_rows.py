"""Protects figures that come as rows: the kept file holds them exactly, and each mistake is told by its row."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.collection.intake.source_rows import (
    is_rows_file,
    numbered,
    problem_of,
    read_rows,
    same_rows,
    write_rows,
)
from disclosure.collection.workbook.read.result import WorkbookReading

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
PERIOD = Period(2025, "annual")
CENTRE = "social_insurance_centre"
COUNT, MONEY, TEXT = "employee_pension.participants", "employee_pension.income", "all_insurances.contribution_rates"
GOOD = {"region": "532300", "indicator": COUNT, "unit": "人", "value": 42}


def kept(*rows: dict[str, Any], round_number: int = 1, period: Period = PERIOD) -> bytes:
    origin = {"source": "ledger", "where": "数据库 x/y"}
    return write_rows(
        CATALOG,
        period,
        CENTRE,
        round_number=round_number,
        signed=("李填", "王核"),
        origin=origin,
        rows=numbered(rows),
    )


def read(*rows: dict[str, Any]) -> WorkbookReading:
    content = kept(*rows)
    assert is_rows_file(content)
    return read_rows(content, "数据.jsonl", CATALOG)


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (42, "42"),
        (42.0, "42"),
        (Decimal("42.000"), "42"),
        (Decimal("1E+3"), "1000"),
        ("４２", "42"),
        (" 1,234 ", "1234"),
        (b"42", "42"),
    ],
)
def test_a_value_is_read_as_in_a_workbook(value: object, taken: str) -> None:
    reading = read({**GOOD, "value": value})
    assert reading.problems == ()
    (figure,) = reading.figures
    assert (f"{figure.value:f}", figure.source.cell, figure.source.label) == (taken, "1", "第 1 行")


def test_noise_of_a_sum_of_floats_is_none() -> None:
    (figure,) = read({**GOOD, "indicator": MONEY, "unit": "万元", "value": 0.1 + 0.2}).figures
    assert figure.value == Decimal("0.30")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"region": "昆明市"}, "第 2 行：实际为地区“昆明市”，应为本地区的名称或代码；目录中没有这个地区"),
        ({"region": None}, "实际为空白的地区"),
        ({"indicator": "参保人数"}, "目录中没有这个指标，请核对 indicator 和 insurance 列"),
        ({"indicator": "参保人数", "insurance": "失业保险"}, "实际为州就业中心的指标“参保人数”，应为州社保中心的指标"),
        ({"indicator": "employee_pension.nothing"}, "实际为指标“employee_pension.nothing”"),
        ({"unit": "万人"}, "的计量单位“万人”，应为“人”；计量单位不符"),
        ({"unit": ""}, "的计量单位空白"),
        ({"value": "5.2万"}, "文字“5.2万”，应为不小于 0 的整数（单位：人）"),
        ({"value": 42.5}, "小数位过多"),
        ({"value": -1}, "负数“-1”"),
        ({"value": dt.date(2025, 1, 1)}, "文字“2025-01-01”"),
        ({"value": None, "state": "未提供"}, "填“未提供”但没有原因"),
        ({"value": 42, "state": "不适用", "note": "x"}, "既有数据，状态又是“不适用”"),
        ({"state": "估计"}, "状态“估计”，应为空白或未提供、不适用"),
        ({"note": "长" * 2001}, "2001 个字的说明"),
        ({"note": "请问张三13800001234"}, "手机号码（138****1234）、姓名（张**），应为"),
        ({"indicator": MONEY, "unit": "万元", "region": "楚雄市"}, "这个指标不分地区报送"),
        ({"region": "全州"}, "与第 1 行重复，请只留正确的一行"),
    ],
)
def test_a_mistake_is_told_by_its_row(changed: dict[str, Any], sentence: str) -> None:
    reading = read(GOOD, {**GOOD, "region": "楚雄市", **changed})
    assert len(reading.problems) == 1
    told = reading.problems[0].sentence
    assert told.startswith("第 2 行：实际为")
    assert sentence in told
    assert len(reading.figures) == 1
    # As the records keep it, it says the same.
    assert problem_of(vars(reading.problems[0])).sentence == told


def test_states_and_notes() -> None:
    reading = read(
        {**GOOD, "note": "口径有调整"},
        {**GOOD, "region": "楚雄市", "value": None, "state": "not_provided", "note": "系统迁移"},
        {**GOOD, "region": "禄丰县", "value": "不适用", "note": "没有经办"},
        {**GOOD, "region": "双柏县", "value": None},
        {"region": "楚雄州", "insurance": "综合", "indicator": TEXT, "unit": "", "value": "单位 16%\u2028个人 8%\x00"},
    )
    assert reading.problems == ()
    assert [(f.region, f.state, f.value, f.text) for f in reading.figures] == [
        ("532300", "reported", 42, ""),
        ("532301", "not_provided", None, "系统迁移"),
        ("532302", "not_applicable", None, "没有经办"),
        ("532300", "reported", None, "单位 16%\u2028个人 8%"),
    ]
    (explained,) = reading.explanations
    assert (explained.indicator, explained.region, explained.text) == (COUNT, "532300", "口径有调整")


def test_an_empty_answer_is_a_problem_and_many_problems_are_counted() -> None:
    assert "没有数据" in read().problems[0].sentence
    assert "没有数据" in read({**GOOD, "value": None}).problems[0].sentence
    told = read(*({**GOOD, "region": f"第{n}县"} for n in range(300))).problems
    assert len(told) == 201
    assert "另有 100 处问题" in told[-1].sentence


def test_the_same_rows_are_the_same_file() -> None:
    assert kept(GOOD) == kept(dict(reversed(GOOD.items())))
    assert same_rows(kept(GOOD), kept(GOOD, round_number=2))
    assert not same_rows(kept(GOOD), kept({**GOOD, "value": 43}))


@pytest.mark.parametrize(
    "spoilt",
    [
        kept(GOOD)[:60],
        kept(GOOD).replace(b'"row": 1', b'"row": "x"'),
        kept(GOOD).replace(b"2025-annual", b"2025-monthly"),
        kept(GOOD) + b"[]\n",
        kept(GOOD) + b"\xff\n",
        kept(GOOD).replace(CENTRE.encode(), b"leader"),
    ],
    ids=range(6),
)
def test_a_file_somebody_changed_is_a_problem_and_no_crash(spoilt: bytes) -> None:
    reading = read_rows(spoilt, "数据.jsonl", CATALOG)
    assert (reading.figures, len(reading.problems)) == ((), 1)


@given(
    st.dictionaries(
        st.sampled_from([region.code for region in CATALOG.regions.values()]),
        st.one_of(
            st.integers(0, 10**14), st.decimals(0, 10**13, places=0), st.integers(0, 10**14).map(lambda n: f"{n:,}")
        ),
        min_size=1,
    )
)
def test_every_figure_comes_back_exactly(values: dict[str, Any]) -> None:
    reading = read(*({**GOOD, "region": region, "value": value} for region, value in values.items()))
    assert reading.problems == ()
    wanted = {region: int(str(value).replace(",", "")) for region, value in values.items()}
    assert {figure.region: figure.value for figure in reading.figures} == wanted
