"""Protects 保密性审核: only 局办公室's confidentiality reviewer decides there, and not its supervisor."""

from __future__ import annotations

import pytest

from tests.support.bureau import Bureau
from tests.support.refusals import CENTRE, decided, is_refused, name_only, others_refused

pytestmark = pytest.mark.records

GATE = "保密性审核"
EVERYBODY_ELSE = others_refused(
    GATE,
    "局办公室",
    "孙保密",
    same_office={"马督办": "“马督办”没有“保密审核人”的角色，不能作保密性审核，请联系管理员。"},
)


@pytest.mark.parametrize(("name", "words"), EVERYBODY_ELSE, ids=name_only)
def test_every_other_role_is_refused(bureau: Bureau, name: str, words: str) -> None:
    is_refused(bureau, words, "confidentiality", name=name)
    is_refused(bureau, words, "confidentiality", outcome="returned", name=name, returned_to=(CENTRE,))


def test_every_other_role_is_refused_on_both_databases(on_both: Bureau) -> None:
    for name, words in EVERYBODY_ELSE:
        is_refused(on_both, words, "confidentiality", name=name)


def test_its_reviewer_decides_first_or_last_and_only_once(bureau: Bureau) -> None:
    assert bureau.answer("confidentiality") == ""
    assert [row[:3] for row in decided(bureau)] == [(1, "confidentiality", "approved")]
    is_refused(bureau, "保密性审核本轮已有结论或尚未开始，请选择仍待审核的环节。", "confidentiality")


def test_content_that_is_not_what_lies_there_now(bureau: Bureau) -> None:
    words = "这一问所附的内容已不是现在的内容，请按重新提出的一问审核。"
    is_refused(bureau, words, "confidentiality", digest="f" * 64)


def test_a_question_of_an_earlier_round(bureau: Bureau) -> None:
    bureau.send_back("policy", CENTRE)
    old = bureau.ask("review")
    bureau.begin_next_round()
    is_refused(bureau, "这一问属于已结束的一轮，请按新的一轮审核。", "confidentiality", asked=old)
