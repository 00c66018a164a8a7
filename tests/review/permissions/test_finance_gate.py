"""Protects 数据审核: only 规划财务科's reviewer decides there, and never against the audit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from disclosure.records.tables import Finding
from tests.support.bureau import Bureau
from tests.support.refusals import CENTRE, decided, is_refused, name_only, others_refused

pytestmark = pytest.mark.records

GATE = "数据审核"


@pytest.mark.parametrize(("name", "words"), others_refused(GATE, "规划财务科", "钱财务"), ids=name_only)
def test_every_other_role_is_refused(bureau: Bureau, name: str, words: str) -> None:
    is_refused(bureau, words, "finance", name=name)
    is_refused(bureau, words, "finance", outcome="returned", name=name, returned_to=(CENTRE,))


def test_every_other_role_is_refused_on_both_databases(on_both: Bureau) -> None:
    for name, words in others_refused(GATE, "规划财务科", "钱财务"):
        is_refused(on_both, words, "finance", name=name)


def test_its_reviewer_decides_and_only_once(bureau: Bureau) -> None:
    assert bureau.answer("finance") == ""
    assert [row[:3] for row in decided(bureau)] == [(1, "finance", "approved")]
    is_refused(bureau, "数据审核本轮已有结论或尚未开始，请选择仍待审核的环节。", "finance")


def test_a_critical_finding_can_only_be_returned(bureau_in: Callable[[str], Bureau]) -> None:
    bureau = bureau_in("blocked")
    words = "数据质量报告中有严重问题或未能运行的检查，数据审核只能退回。"
    is_refused(bureau, words, "finance")
    is_refused(bureau, words, "finance", opinion="已电话核实，同意。")
    # Policy is not about figures.
    assert bureau.answer("policy") == ""
    assert bureau.answer("finance", "returned", returned_to=(CENTRE,)) == ""


def test_an_unexplained_warning(bureau_in: Callable[[str], Bureau]) -> None:
    bureau = bureau_in("warned")
    words = "须说明的问题第 1 个还没有说明。通过前请在意见中逐行写明，如“1：原因”；原因相同的可以写“1-3：原因”。"
    for opinion in ("同意", "2：基金并账所致", "1", "1：", "已核对，无误。"):
        is_refused(bureau, words, "finance", opinion=opinion)
    assert bureau.answer("finance", opinion="1：本年起并入上级基金，已与财政专户核对。") == ""
    with bureau.installation.records.read() as session:
        explained = session.scalars(select(Finding).where(Finding.severity == "warning")).one()
    assert explained.explanation == "本年起并入上级基金，已与财政专户核对。"
    assert explained.explained_by == "钱财务"


def test_content_that_is_not_what_lies_there_now(bureau: Bureau) -> None:
    is_refused(bureau, "这一问所附的内容已不是现在的内容，请按重新提出的一问审核。", "finance", digest="f" * 64)


def test_a_question_of_an_earlier_round(bureau: Bureau) -> None:
    bureau.send_back("policy", CENTRE)
    old = bureau.ask("review")
    bureau.begin_next_round()
    is_refused(bureau, "这一问属于已结束的一轮，请按新的一轮审核。", "finance", asked=old)
