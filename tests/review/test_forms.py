"""Protects that whatever comes from the form or the API is an answer or a sentence, never a crash."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.catalog import load_catalog
from disclosure.platform.settings import SHANGHAI
from disclosure.review.authority import Answer
from disclosure.review.forms import (
    CHECK_AGAIN,
    GO_ON_WITHOUT,
    LONGEST_OPINION,
    RETURN_TO_NOBODY,
    CollectAnswer,
    parse_collect,
    parse_review,
)
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal
from tests.support.outcomes import words_of

pytestmark = pytest.mark.unit

AT = dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC)
PROOF = Proof("钱财务", "123456", AT, "同意")

CATALOG = load_catalog("chuxiong")
CENTRE = CATALOG.offices["social_insurance_centre"].name
REVIEW = {
    "gate": "数据审核",
    "outcome": "通过",
    "name": "钱财务",
    "code": "123456",
    "opinion": "同意",
    "returned_to": [RETURN_TO_NOBODY],
}
COLLECT = {"action": GO_ON_WITHOUT, "name": "周汇总", "code": "123456", "reason": "系统切换，推迟报送"}


def test_an_approval() -> None:
    assert parse_review(REVIEW, CATALOG, "review", AT) == Answer("finance", "approved", PROOF)


def test_a_return_names_centres_once_each() -> None:
    raw = {**REVIEW, "outcome": "退回", "returned_to": [CENTRE, CENTRE], "name": " 钱财务\u3000", "opinion": " 请核对 "}
    assert parse_review(raw, CATALOG, "review", AT) == Answer(
        "finance", "returned", replace(PROOF, reason="请核对"), ("social_insurance_centre",)
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gate": "不存在的环节"}, "没有选择审核环节"),
        ({"gate": "finance"}, "没有选择审核环节"),
        ({"gate": None}, "没有选择审核环节"),
        ({"outcome": "approved"}, "没有选择“通过”或“退回”"),
        ({"outcome": True}, "没有选择“通过”或“退回”"),
        ({"outcome": ""}, "没有选择“通过”或“退回”"),
        ({"name": ""}, "没有填写姓名"),
        ({"name": " \u3000"}, "没有填写姓名"),
        ({"name": ["钱财务"]}, "没有填写姓名"),
        ({"code": ""}, "6 位数字"),
        ({"code": "12345"}, "6 位数字"),
        ({"code": 123456}, "6 位数字"),
        ({"code": "12345a"}, "6 位数字"),
        ({"code": "123456\n1"}, "6 位数字"),
        ({"returned_to": [RETURN_TO_NOBODY, CENTRE]}, "就不能再选单位"),
        ({"returned_to": ["不存在的中心"]}, "没有“不存在的中心”这个单位"),
        ({"returned_to": ["social_insurance_centre"]}, "没有“social_insurance_centre”这个单位"),
        ({"returned_to": [{"__prefect_kind": "jinja"}]}, "这个单位"),
    ],
)
def test_an_unfit_field_is_named(change: dict[str, Any], words: str) -> None:
    told = parse_review({**REVIEW, **change}, CATALOG, "review", AT)
    assert words in words_of(told)


@pytest.mark.parametrize("field", ["gate", "outcome", "name", "code"])
def test_a_required_decision_has_no_default(field: str) -> None:
    assert isinstance(parse_review({k: v for k, v in REVIEW.items() if k != field}, CATALOG, "review", AT), Refusal)


@pytest.mark.parametrize("returned_to", [None, "不退回", CENTRE, 7, {}])
def test_what_is_no_list_of_centres_returns_to_nobody(returned_to: object) -> None:
    answer = parse_review({**REVIEW, "returned_to": returned_to}, CATALOG, "review", AT)
    assert isinstance(answer, Answer)
    assert answer.returned_to == ()


def test_an_opinion_is_of_bounded_length() -> None:
    answer = parse_review({**REVIEW, "opinion": "长" * 10_000}, CATALOG, "review", AT)
    assert isinstance(answer, Answer)
    assert len(answer.opinion) == LONGEST_OPINION


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(raw=JSON | st.fixed_dictionaries({}, optional={**{key: st.just(v) | JSON for key, v in REVIEW.items()}}))
def test_any_json_is_an_answer_or_a_sentence(raw: object) -> None:
    told = parse_review(raw, CATALOG, "review", AT)
    assert isinstance(told, Answer) or told.sentence.endswith("。")
    if isinstance(told, Answer):
        assert set(told.returned_to) <= set(CATALOG.offices)


@given(raw=JSON | st.fixed_dictionaries({}, optional={**{key: st.just(v) | JSON for key, v in COLLECT.items()}}))
def test_any_json_is_a_collect_answer_or_a_sentence(raw: object) -> None:
    told = parse_collect(raw, AT)
    assert isinstance(told, CollectAnswer) or told.sentence.endswith("。")


def test_collecting() -> None:
    assert parse_collect(COLLECT, AT) == CollectAnswer(
        goes_on_without=True, proof=Proof("周汇总", "123456", AT, "系统切换，推迟报送")
    )
    again = parse_collect({**COLLECT, "action": CHECK_AGAIN, "code": "000000"}, AT)
    assert isinstance(again, CollectAnswer)
    assert not again.goes_on_without


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"action": ""}, "没有选择处理方式"),
        ({"action": "go on"}, "没有选择处理方式"),
        ({"reason": "略"}, "至少 4 个字"),
        ({"reason": "     "}, "至少 4 个字"),
        ({"name": ""}, "没有填写姓名"),
        ({"code": "1"}, "6 位数字"),
    ],
)
def test_an_unfit_field_of_collecting_is_named(change: dict[str, Any], words: str) -> None:
    told = parse_collect({**COLLECT, **change}, AT)
    assert words in words_of(told)


SIGN_OFF = {**REVIEW, "gate": "局领导审核", "publish_at": "立即"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-03-15 09:00", (2026, 3, 15, 9, 0)),
        ("2026/3/15 9:00", (2026, 3, 15, 9, 0)),
        ("2026年3月15日9:05", (2026, 3, 15, 9, 5)),
        ("２０２６年３月１５日　１４：３０", (2026, 3, 15, 14, 30)),
        ("2026-03-15T09:00", (2026, 3, 15, 9, 0)),
        ("2026年3月15日 9点30分", (2026, 3, 15, 9, 30)),
    ],
)
def test_the_hour_of_publication_is_read_as_it_is_written(typed: str, meant: tuple[int, ...]) -> None:
    answer = parse_review({**SIGN_OFF, "publish_at": typed}, CATALOG, "sign_off", AT)
    assert isinstance(answer, Answer)
    assert answer.publish_at == dt.datetime(*meant, tzinfo=SHANGHAI)  # type: ignore[misc, arg-type]


def test_at_once() -> None:
    answer = parse_review({**SIGN_OFF, "publish_at": " 立即 "}, CATALOG, "sign_off", AT)
    assert isinstance(answer, Answer)
    assert answer.publish_at is None


@pytest.mark.parametrize("typed", ["", "明天", "09:00", "2026-02-30 09:00", "2026-03-15", "2026-03-15 25:00", "now"])
def test_any_other_hour_is_told_how_to_write(typed: str) -> None:
    told = parse_review({**SIGN_OFF, "publish_at": typed}, CATALOG, "sign_off", AT)
    assert words_of(told) == f"看不懂计划发布时间“{typed}”，请填“立即”，或如 2026-03-15 09:00（北京时间）。"
    # Who returns plans nothing.
    returned = {**SIGN_OFF, "publish_at": typed, "outcome": "退回", "returned_to": [CENTRE]}
    assert isinstance(parse_review(returned, CATALOG, "sign_off", AT), Answer)


def test_a_later_review_has_outcomes_of_its_own() -> None:
    assert isinstance(parse_review(REVIEW, CATALOG, "later_review", AT), Refusal)
    answer = parse_review({**REVIEW, "outcome": "补审发现问题"}, CATALOG, "later_review", AT)
    assert isinstance(answer, Answer)
    assert answer.outcome == "returned"
    assert "“补审通过”或“补审发现问题”" in words_of(
        parse_review({**REVIEW, "outcome": ""}, CATALOG, "later_review", AT)
    )
