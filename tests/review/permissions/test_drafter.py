"""Protects figures from those who made them: a drafter reviews nothing, and nobody reviews their own figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from disclosure.catalog import GateId
from tests.support.bureau import Bureau
from tests.support.refusals import CENTRE, OTHER, REASON, decided, excused, is_on_record, is_refused

pytestmark = pytest.mark.records

OWN = "“{}”参与了本轮的填报或汇总，不能审核自己经手的数据，请换人审核。"


@pytest.mark.parametrize("place", ["filler", "checker"])
@pytest.mark.parametrize(
    ("gate", "written"),
    [("policy", "郑法规"), ("finance", "王二、钱财务"), ("confidentiality", "孙　保密"), ("emergency", "李 局长")],
)
def test_nobody_reviews_own_figures(bureau_in: Callable[[str], Bureau], gate: GateId, written: str, place: str) -> None:
    bureau = bureau_in("collecting")
    assert bureau.hand_in(bureau.workbook(OTHER, **{place: written})).is_accepted
    bureau.compile()
    bureau.audit()
    name = {"policy": "郑法规", "finance": "钱财务", "confidentiality": "孙保密", "emergency": "李局长"}[gate]
    is_refused(bureau, OWN.format(name), gate, opinion=REASON)
    if gate != "emergency":
        is_refused(bureau, OWN.format(name), gate, outcome="returned", opinion="请核对后重报", returned_to=(CENTRE,))


def test_the_leader_does_not_sign_own_figures(bureau_in: Callable[[str], Bureau]) -> None:
    bureau = bureau_in("collecting")
    assert bureau.hand_in(bureau.workbook(OTHER, checker="李局长")).is_accepted
    bureau.compile()
    bureau.audit()
    bureau.approve("policy", "finance", "confidentiality")
    bureau.render()
    is_refused(bureau, OWN.format("李局长"), "leader")


def test_a_reviewer_who_drafts_in_the_next_round_does_not_keep_the_approval(bureau: Bureau) -> None:
    """The same content would stand at every gate, but who approved it has filled it in meanwhile."""
    bureau.approve("policy", "confidentiality")
    bureau.send_back("finance", CENTRE)
    bureau.begin_next_round()
    assert bureau.hand_in(bureau.workbook(CENTRE, filler="郑法规")).is_accepted
    bureau.compile()
    bureau.audit()
    assert set(bureau.carry_over()) == {"confidentiality"}
    is_refused(bureau, OWN.format("郑法规"), "policy")
    assert bureau.answer("policy", name=bureau.enrol("郑二", "policy_section")) == ""


@pytest.mark.parametrize("name", ["吴填报", "王医保"])
def test_a_drafter_does_not_compile(bureau_in: Callable[[str], Bureau], name: str) -> None:
    bureau = bureau_in("collecting")
    asked = bureau.ask("collect", "")
    words = "先行汇总须由宣传信息科的汇总人决定。"
    assert bureau.reply_collect(asked, name) == words
    is_on_record(bureau, asked, words)
    assert excused(bureau) == []


def test_a_drafter_substituting_for_a_reviewer_still_does_not_review_own_figures(bureau: Bureau) -> None:
    bureau.substitute("吴填报", "郑法规")
    bureau.substitute("王医保", "郑法规")
    is_refused(bureau, OWN.format("吴填报"), "policy", name="吴填报")
    # The other centre's drafter filled in nothing of this round.
    assert bureau.answer("policy", name="王医保") == ""
    assert len(decided(bureau)) == 1
