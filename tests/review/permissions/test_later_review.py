"""Protects 补审: the gates an emergency went ahead of are made up for by their own reviewers, never by who signed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.bureau import Bureau
from tests.support.refusals import CENTRE, OFFICE, acted, decided, events, is_refused, name_only, others_refused

pytestmark = pytest.mark.records

#: Who reviewed or signed before is told that as well.
DECIDED = acted(钱财务="数据审核", 李局长="局领导审核")
NOT_POLICY = others_refused("政策审核", "政策法规科", "郑法规", also=DECIDED)
NOT_SECRECY = others_refused("保密性审核", "局办公室", "孙保密", also=DECIDED)


@pytest.fixture
def public(bureau_in: Callable[[str], Bureau]) -> Bureau:
    """Published ahead of policy and confidentiality."""
    return bureau_in("afterwards")


@pytest.mark.parametrize(("name", "words"), NOT_POLICY, ids=name_only)
def test_every_other_role_is_refused_at_policy(public: Bureau, name: str, words: str) -> None:
    is_refused(public, words, "policy", step="later_review", name=name)
    is_refused(public, words, "policy", step="later_review", outcome="returned", name=name)


@pytest.mark.parametrize(("name", "words"), [row for row in NOT_SECRECY if OFFICE[row[0]] != "局办公室"], ids=name_only)
def test_every_other_role_is_refused_at_confidentiality(public: Bureau, name: str, words: str) -> None:
    is_refused(public, words, "confidentiality", step="later_review", name=name)


def test_the_supervisor_is_refused_at_confidentiality(public: Bureau) -> None:
    words = "“马督办”没有“保密审核人”的角色，不能作保密性审核，请联系管理员。"
    is_refused(public, words, "confidentiality", step="later_review", name="马督办")


def test_a_gate_that_was_not_passed_over(public: Bureau) -> None:
    words = "数据审核本轮已有结论或尚未开始，请选择仍待审核的环节。"
    is_refused(public, words, "finance", step="later_review")


def test_not_by_who_signed_nor_by_who_reviewed_before_even_as_a_substitute(public: Bureau) -> None:
    public.substitute("李局长", "郑法规")
    public.substitute("钱财务", "郑法规")
    for name, gate in (("李局长", "局领导审核"), ("钱财务", "数据审核")):
        words = f"“{name}”本轮已作过{gate}，同一轮中一人只能作一个环节的结论。"
        is_refused(public, words, "policy", step="later_review", name=name)


def test_nothing_public_is_returned_but_a_fault_is_described(public: Bureau) -> None:
    words = "退回时必须写明意见，说清哪里有问题、应怎样修改。"
    is_refused(public, words, "policy", step="later_review", outcome="returned", opinion="同意")
    assert public.answer("policy", "returned", step="later_review", opinion="引用的文件已废止，应改引新文件。") == ""
    assert public.answer("confidentiality", step="later_review") == ""
    # The flag stays: a second pair of eyes objected.
    assert events(public, "release.cleared") == []


def test_the_flag_goes_with_the_last_approval(public: Bureau) -> None:
    assert public.answer("confidentiality", step="later_review") == ""
    assert events(public, "release.cleared") == []
    assert public.answer("policy", step="later_review") == ""
    assert len(events(public, "release.cleared")) == 1
    assert {row[1] for row in decided(public)} == {"finance", "emergency", "leader", "policy", "confidentiality"}


def test_of_another_content(public: Bureau) -> None:
    words = "这一问所附的内容已不是现在的内容，请按重新提出的一问审核。"
    is_refused(public, words, "policy", step="later_review", digest="f" * 64)


def test_an_approval_returns_nothing(public: Bureau) -> None:
    words = "政策审核选择了“通过”，就不能同时选择退回的单位。"
    is_refused(public, words, "policy", step="later_review", returned_to=(CENTRE,))
