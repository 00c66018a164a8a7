"""Protects 政策审核: only 政策法规科's reviewer decides there, on what lies before them, once."""

from __future__ import annotations

import pytest

from tests.support.bureau import Bureau
from tests.support.refusals import CENTRE, decided, is_refused, name_only, others_refused

pytestmark = pytest.mark.records

GATE = "政策审核"


@pytest.mark.parametrize(("name", "words"), others_refused(GATE, "政策法规科", "郑法规"), ids=name_only)
def test_every_other_role_is_refused(bureau: Bureau, name: str, words: str) -> None:
    is_refused(bureau, words, "policy", name=name)
    is_refused(bureau, words, "policy", outcome="returned", name=name, returned_to=(CENTRE,))


def test_every_other_role_is_refused_on_both_databases(on_both: Bureau) -> None:
    for name, words in others_refused(GATE, "政策法规科", "郑法规"):
        is_refused(on_both, words, "policy", name=name)


def test_its_reviewer_decides_and_only_once(bureau: Bureau) -> None:
    assert bureau.answer("policy") == ""
    assert [row[:3] for row in decided(bureau)] == [(1, "policy", "approved")]
    again = "政策审核本轮已有结论或尚未开始，请选择仍待审核的环节。"
    is_refused(bureau, again, "policy")
    is_refused(bureau, again, "policy", outcome="returned", returned_to=(CENTRE,))


def test_content_that_is_not_what_lies_there_now(bureau: Bureau) -> None:
    is_refused(bureau, "这一问所附的内容已不是现在的内容，请按重新提出的一问审核。", "policy", digest="f" * 64)


def test_a_question_of_an_earlier_round(bureau: Bureau) -> None:
    bureau.send_back("finance", CENTRE)
    old = bureau.ask("review")
    bureau.begin_next_round()
    is_refused(bureau, "这一问属于已结束的一轮，请按新的一轮审核。", "policy", asked=old)


def test_a_return_says_why_and_to_whom(bureau: Bureau) -> None:
    words = "退回时必须写明意见，说清哪里有问题、应怎样修改。"
    is_refused(bureau, words, "policy", outcome="returned", opinion="同意", returned_to=(CENTRE,))
    is_refused(bureau, "退回时必须选择退回给哪个单位。", "policy", outcome="returned", opinion="名称与文件不符")
    words = "不能退回给“employment_centre”：它没有报送本期数据。"
    to = ("employment_centre",)
    is_refused(bureau, words, "policy", outcome="returned", opinion="名称与文件不符", returned_to=to)


def test_an_approval_returns_nothing(bureau: Bureau) -> None:
    is_refused(bureau, "政策审核选择了“通过”，就不能同时选择退回的单位。", "policy", returned_to=(CENTRE,))
