"""Protects 紧急签发: the leader in person, with a reason, never against the audit nor after a return."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.bureau import Bureau
from tests.support.refusals import CENTRE, REASON, decided, is_refused, name_only, others_refused

pytestmark = pytest.mark.records

GATE = "局领导紧急签发"


@pytest.mark.parametrize(("name", "words"), others_refused(GATE, "局领导", "李局长"), ids=name_only)
def test_every_other_role_is_refused(bureau: Bureau, name: str, words: str) -> None:
    is_refused(bureau, words, "emergency", name=name, opinion=REASON)


def test_every_other_role_is_refused_on_both_databases(on_both: Bureau) -> None:
    for name, words in others_refused(GATE, "局领导", "李局长"):
        is_refused(on_both, words, "emergency", name=name, opinion=REASON)


def test_not_by_a_substitute(bureau: Bureau) -> None:
    bureau.enrol("赵副局", "policy_section", "policy_reviewer")
    bureau.substitute("赵副局", "李局长")
    words = "“赵副局”是代理人，局领导紧急签发只能由局领导本人作出。"
    is_refused(bureau, words, "emergency", name="赵副局", opinion=REASON)


@pytest.mark.parametrize("opinion", ["急", "同意", "须当日公开。", "　　　　　　　　　　　急"])
def test_not_without_a_reason(bureau: Bureau, opinion: str) -> None:
    is_refused(bureau, "紧急签发必须在意见中写明理由（至少 10 个字）。", "emergency", opinion=opinion)


def test_it_returns_nothing(bureau: Bureau) -> None:
    words = "紧急签发只能选“通过”；要退回的，请由审核环节作出。"
    is_refused(bureau, words, "emergency", outcome="returned", opinion=REASON, returned_to=(CENTRE,))
    is_refused(bureau, "紧急签发不能同时选择退回的单位。", "emergency", opinion=REASON, returned_to=(CENTRE,))


def test_not_against_the_audit(bureau_in: Callable[[str], Bureau]) -> None:
    words = "数据质量报告中有严重问题或未能运行的检查，紧急签发也不能放行，请先退回修改。"
    is_refused(bureau_in("blocked"), words, "emergency", opinion=REASON)


def test_not_after_a_review_has_returned_it(bureau: Bureau) -> None:
    bureau.send_back("policy", CENTRE)
    words = "局领导紧急签发本轮已有结论或尚未开始，请选择仍待审核的环节。"
    is_refused(bureau, words, "emergency", opinion=REASON)


def test_only_once_and_only_while_reviews_are_asked(bureau: Bureau, bureau_in: Callable[[str], Bureau]) -> None:
    words = "局领导紧急签发本轮已有结论或尚未开始，请选择仍待审核的环节。"
    assert bureau.answer("emergency", opinion=REASON) == ""
    assert [row[:3] for row in decided(bureau)] == [(1, "emergency", "approved")]
    is_refused(bureau, words, "emergency", opinion=REASON)
    is_refused(bureau_in("signing"), words, "emergency", step="sign_off", opinion=REASON)
    is_refused(bureau_in("afterwards"), words, "emergency", step="later_review", opinion=REASON)


def test_of_a_stale_content_or_an_earlier_round(bureau: Bureau) -> None:
    words = "这一问所附的内容已不是现在的内容，请按重新提出的一问审核。"
    is_refused(bureau, words, "emergency", digest="f" * 64, opinion=REASON)
    bureau.send_back("policy", CENTRE)
    old = bureau.ask("review")
    bureau.begin_next_round()
    is_refused(bureau, "这一问属于已结束的一轮，请按新的一轮审核。", "emergency", asked=old, opinion=REASON)
