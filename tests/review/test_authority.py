"""Protects the rules of who may decide what: one test for each refusal, and that nothing else is refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.catalog import GateId, RoleId, load_catalog
from disclosure.cycle.view import MILESTONE_OF_GATE
from disclosure.review.authority import REVIEW_GATES, Answer, RoundState, object_to_answer
from disclosure.review.identify import Actor, Proof, need_gate
from disclosure.review.names import people_named
from disclosure.review.people import not_enrolled
from disclosure.review.refusals import Refusal, RefusalCode, combine_refusals
from tests.support.outcomes import words_of

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
GATES: tuple[GateId, ...] = ("policy", "finance", "confidentiality", "leader")
CENTRE = "social_insurance_centre"
NOW = dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC)
APPROVES = Answer("policy", "approved", Proof("郑法规", "123456", NOW, "同意"))


def given_as(answer: Answer, **changed: Any) -> Answer:
    """``answer`` with other fields; ``name``, ``opinion`` and ``at`` are those of its proof."""
    proof = {"name": "name", "opinion": "reason", "at": "at"}
    own = {proof[key]: changed.pop(key) for key in list(changed) if key in proof}
    return replace(answer, proof=replace(answer.proof, **own), **changed)


RETURNS = given_as(APPROVES, outcome="returned", opinion="参保人数有误，请核对", returned_to=(CENTRE,))
OPEN = RoundState(
    open_gates=GATES,
    acted={},
    drafters=(),
    audit_blocks=False,
    unexplained=(),
    returnable=(CENTRE, "medical_centre"),
    latest_publication=dt.datetime(2026, 3, 15, 15, 59, 59, tzinfo=dt.UTC),
)


def somebody(office: str, *acts_as: RoleId, name: str = "郑法规") -> Actor:
    """Of this office, with all of its roles and those of ``acts_as``."""
    roles = CATALOG.roles_of_office(office)
    return Actor(name, CATALOG.offices[office], roles, (*roles, *acts_as))


def refused(answer: Answer, state: RoundState, actor: Actor | Refusal) -> Refusal | None:
    who = actor if isinstance(actor, Refusal) else need_gate(CATALOG, answer.gate)(actor)
    return combine_refusals([who, *object_to_answer(CATALOG, answer, state)])


def said(answer: Answer, state: RoundState = OPEN, office: str = "", actor: Actor | None = None) -> str:
    own = office or CATALOG.gate_office(answer.gate).id
    return words_of(refused(answer, state, actor or somebody(own, name=answer.proof.name)))


@pytest.mark.parametrize("gate", GATES)
def test_nothing_stands_against_an_orderly_answer(gate: GateId) -> None:
    assert said(given_as(APPROVES, gate=gate)) == ""
    assert said(given_as(RETURNS, gate=gate)) == ""
    assert said(given_as(RETURNS, gate=gate, returned_to=(CENTRE, "medical_centre"))) == ""


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_belongs_to_one_office(gate: GateId) -> None:
    for office in CATALOG.offices:
        told = said(given_as(APPROVES, gate=gate), office=office)
        if office == CATALOG.gate_office(gate).id:
            assert told == ""
        else:
            assert CATALOG.offices[office].name in told
            assert CATALOG.gate_office(gate).name in told


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_that_is_not_open(gate: GateId) -> None:
    state = replace(OPEN, open_gates=[other for other in GATES if other != gate])
    for answer in (given_as(APPROVES, gate=gate), given_as(RETURNS, gate=gate)):
        assert CATALOG.gates[gate].name in said(answer, state)
        assert "已有结论或尚未开始" in said(answer, state)


@pytest.mark.parametrize("outcome", [APPROVES, RETURNS])
def test_a_second_hat_in_one_round(outcome: Answer) -> None:
    state = replace(OPEN, acted={"郑法规": "finance"})
    assert "已作过数据审核" in said(outcome, state)
    assert said(given_as(outcome, name="郑法"), state) == ""


@pytest.mark.parametrize(
    "written", ["郑法规", "王二、郑法规", "郑 法 规", "郑　法规", "郑法规，王二", "王二/郑法规；李三"]
)
def test_drafter_or_checker_reviewing(written: str) -> None:
    state = replace(OPEN, drafters=people_named(written, ["郑法规"]))
    for answer in (APPROVES, RETURNS, given_as(APPROVES, name=" 郑法规 ")):
        assert "不能审核自己经手的数据" in said(answer, state)
    assert said(given_as(APPROVES, name="郑法"), state) == ""


@pytest.mark.parametrize("opinion", ["", "  ", "无", "同意", " 同意 ", "。"])
def test_returned_without_an_opinion(opinion: str) -> None:
    assert "必须写明意见" in said(given_as(RETURNS, opinion=opinion))


def test_returned_without_a_target() -> None:
    assert "退回给哪个单位" in said(given_as(RETURNS, returned_to=()))


@pytest.mark.parametrize("target", ["employment_centre", "policy_section", "没有的单位"])
def test_returned_to_whom_nothing_can_be_returned(target: str) -> None:
    assert f"“{target}”" in said(given_as(RETURNS, returned_to=(CENTRE, target)))


def test_approved_with_targets() -> None:
    assert "不能同时选择退回的单位" in said(given_as(APPROVES, returned_to=(CENTRE,)))


def test_finance_with_a_blocking_audit_can_only_return() -> None:
    state = replace(OPEN, audit_blocks=True)
    assert "只能退回" in said(given_as(APPROVES, gate="finance", opinion="均已核对无误"), state)
    assert said(given_as(RETURNS, gate="finance"), state) == ""
    assert all(said(given_as(APPROVES, gate=gate), state) == "" for gate in GATES if gate != "finance")


@pytest.mark.parametrize(
    "opinion", ["", "同意", "政策调整所致", "1：政策调整所致", "1-2：政策调整所致\n4：政策调整所致"]
)
def test_finance_with_a_warning_and_no_words_for_it(opinion: str) -> None:
    state = replace(OPEN, unexplained=(1, 2, 3))
    told = said(given_as(APPROVES, gate="finance", opinion=opinion), state)
    assert "3" in told
    assert "还没有说明" in told
    assert said(given_as(APPROVES, gate="policy", opinion=opinion), state) == ""


def test_finance_with_words_for_every_warning() -> None:
    state = replace(OPEN, unexplained=(1, 2, 3))
    for opinion in ("1-3：政策调整所致", "1：政策调整所致\n2：新设园区\n3：按月调整"):
        assert said(given_as(APPROVES, gate="finance", opinion=opinion), state) == ""
    assert said(given_as(RETURNS, gate="finance"), state) == ""


def test_a_substitute_acts_in_the_absent_persons_roles_only() -> None:
    assert "政策法规科" in said(APPROVES, office="finance_section")
    assert said(APPROVES, actor=somebody("finance_section", "policy_reviewer")) == ""
    assert "政策法规科" in said(APPROVES, actor=somebody("finance_section", "supervisor"))


def test_somebody_of_the_office_without_the_role() -> None:
    supervisor = Actor("郑法规", CATALOG.offices["general_office"], ("supervisor",), ("supervisor",))
    told = said(given_as(APPROVES, gate="confidentiality"), actor=supervisor)
    assert told == "“郑法规”没有“保密审核人”的角色，不能作保密性审核，请联系管理员。"


def test_all_reasons_are_told_at_once_the_gravest_first() -> None:
    answer = given_as(RETURNS, opinion="无", returned_to=("没有的单位",))
    state = replace(OPEN, drafters={"郑法规"}, acted={"郑法规": "leader"})
    told = refused(answer, state, somebody("finance_section"))
    assert told is not None
    assert told.code is RefusalCode.WRONG_OFFICE
    assert told.codes == (
        RefusalCode.WRONG_OFFICE,
        RefusalCode.SECOND_GATE,
        RefusalCode.OWN_FIGURES,
        RefusalCode.UNFIT_REASON,
        RefusalCode.UNFIT_TARGET,
    )
    assert told.sentence == (
        "“郑法规”属于规划财务科，政策审核须由政策法规科的人作出。"
        "“郑法规”本轮已作过局领导审核，同一轮中一人只能作一个环节的结论。"
        "“郑法规”参与了本轮的填报或汇总，不能审核自己经手的数据，请换人审核。"
        "退回时必须写明意见，说清哪里有问题、应怎样修改。"
        "不能退回给“没有的单位”：它没有报送本期数据。"
    )


# --- the leader's emergency sign-off

URGENT = given_as(APPROVES, gate="emergency", name="李局长", opinion="洪灾救助资金须当日公开，审核人均在灾区。")
URGENT_STATE = replace(OPEN, open_gates=("policy", "finance", "confidentiality", "emergency"))


def test_the_leader_may_sign_ahead_of_the_reviews_and_then_the_release() -> None:
    assert said(URGENT, replace(URGENT_STATE, unexplained=(1, 2))) == ""
    signs = given_as(APPROVES, gate="leader", name="李局长")
    assert said(signs, replace(OPEN, acted={"李局长": "emergency"})) == ""
    # Nobody else may act twice, nor the leader at a review.
    assert "已作过" in said(signs, replace(OPEN, acted={"李局长": "policy"}))
    assert "已作过局领导紧急签发" in said(
        given_as(APPROVES, name="李局长"), replace(OPEN, acted={"李局长": "emergency"})
    )


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({"opinion": "很急，请发"}, {}, "必须在意见中写明理由（至少 10 个字）"),
        ({"outcome": "returned"}, {}, "紧急签发只能选“通过”"),
        ({"returned_to": (CENTRE,)}, {}, "不能同时选择退回的单位"),
        ({}, {"audit_blocks": True}, "紧急签发也不能放行"),
        ({}, {"open_gates": GATES}, "已有结论或尚未开始"),
        ({}, {"drafters": {"李局长"}}, "不能审核自己经手的数据"),
    ],
)
def test_what_stands_against_an_emergency(change: dict[str, Any], state: dict[str, Any], words: str) -> None:
    assert words in said(given_as(URGENT, **change), replace(URGENT_STATE, **state))


def test_a_substitute_of_the_leader_signs_but_not_ahead_of_the_reviews() -> None:
    substitute = somebody("policy_section", "leader", name="李局长")
    assert said(given_as(APPROVES, gate="leader"), actor=substitute) == ""
    told = said(URGENT, URGENT_STATE, actor=substitute)
    assert told == "“李局长”是代理人，局领导紧急签发只能由局领导本人作出。"


@pytest.mark.parametrize("office", [office for office in CATALOG.offices if office != "bureau_leadership"])
def test_nobody_else_signs_ahead_of_the_reviews(office: str) -> None:
    assert "须由局领导的人作出" in said(URGENT, URGENT_STATE, office=office)


def test_a_later_review_finds_a_fault_without_returning_to_anybody() -> None:
    state = replace(OPEN, open_gates=("policy",), is_later_review=True)
    assert said(given_as(APPROVES, outcome="returned", opinion="引用的文号有误，应更正"), state) == ""
    assert "必须写明意见" in said(given_as(APPROVES, outcome="returned", opinion="无"), state)


# --- the hour of publication


@pytest.mark.parametrize(
    ("hour", "words"),
    [
        (dt.datetime(2026, 3, 14, 1, tzinfo=dt.UTC), ""),
        (dt.datetime(2026, 3, 15, 15, 59, tzinfo=dt.UTC), ""),
        (dt.datetime(2026, 3, 15, 16, 0, tzinfo=dt.UTC), "晚于披露期限（2026年3月15日 23:59），请提前。"),
        (NOW, "已过，请填“立即”或将来的时间。"),
        (dt.datetime(2025, 3, 14, 1, tzinfo=dt.UTC), "计划发布时间 2025年3月14日 09:00 已过"),
    ],
)
def test_the_hour_of_publication(hour: dt.datetime, words: str) -> None:
    told = said(given_as(APPROVES, gate="leader", publish_at=hour))
    assert words in told
    assert bool(told) is bool(words)


def test_after_the_legal_date_there_is_no_waiting() -> None:
    days = [dt.datetime(2026, 3, day, tzinfo=dt.UTC) for day in (16, 17)]
    later = given_as(APPROVES, gate="leader", at=days[0], publish_at=days[1])
    assert "不能再往后排，请填“立即”" in said(later)
    assert said(given_as(later, publish_at=None)) == ""


def test_without_a_legal_date_an_hour_far_off_is_a_slip() -> None:
    special = replace(OPEN, latest_publication=None)
    signs = given_as(APPROVES, gate="leader")
    assert said(given_as(signs, publish_at=NOW + dt.timedelta(days=60)), special) == ""
    assert "太远（最长 60 天）" in said(given_as(signs, publish_at=NOW + dt.timedelta(days=61)), special)


@given(
    gate=st.sampled_from(GATES),
    outcome=st.sampled_from(["approved", "returned"]),
    opinion=st.sampled_from(["", "同意", "1-2：请核对参保人数"]),
    returned_to=st.sampled_from([(), (CENTRE,), ("employment_centre",)]),
    office=st.sampled_from([None, *CATALOG.offices]),
    open_gates=st.sets(st.sampled_from(GATES)),
    acted=st.sampled_from([{}, {"郑法规": "leader"}, {"别人": "leader"}]),
    drafters=st.sampled_from([(), ("郑法规",), ("别人",)]),
    audit_blocks=st.booleans(),
    warnings=st.sampled_from([(), (1,), (1, 2)]),
)
def test_whatever_is_taken_breaks_no_rule(
    *,
    gate: GateId,
    outcome: str,
    opinion: str,
    returned_to: tuple[str, ...],
    office: str | None,
    open_gates: set[GateId],
    acted: dict[str, GateId],
    drafters: tuple[str, ...],
    audit_blocks: bool,
    warnings: tuple[int, ...],
) -> None:
    answer = given_as(APPROVES, gate=gate, outcome=outcome, opinion=opinion, returned_to=returned_to)
    state = RoundState(open_gates, acted, drafters, audit_blocks, warnings, (CENTRE,))
    refusal = refused(answer, state, somebody(office) if office else not_enrolled("郑法规"))
    told = words_of(refusal)
    allowed = (
        office == CATALOG.gate_office(gate).id
        and gate in open_gates
        and "郑法规" not in acted
        and "郑法规" not in drafters
        and (
            (opinion == "1-2：请核对参保人数" and returned_to == (CENTRE,))
            if outcome == "returned"
            else not returned_to
            and not (gate == "finance" and (audit_blocks or (warnings and opinion != "1-2：请核对参保人数")))
        )
    )
    assert (told == "") is allowed
    assert told == "" or told.endswith(("。", "）。"))
    # Each broken rule of who is told, whatever else is wrong.
    if refusal is not None and gate in open_gates:
        assert (RefusalCode.SECOND_GATE in refusal.codes) is ("郑法规" in acted)
        assert (RefusalCode.OWN_FIGURES in refusal.codes) is ("郑法规" in drafters)
        assert refusal.code in {RefusalCode.NOT_ENROLLED, RefusalCode.WRONG_OFFICE} or (
            office == CATALOG.gate_office(gate).id
        )


def test_every_gate_has_its_milestone_and_is_asked() -> None:
    """All but the emergency, which is a way of signing; a gate nobody is asked at would hold nothing up, silently."""
    asked = {*REVIEW_GATES, "leader"}
    assert (
        set(MILESTONE_OF_GATE) == asked == set(get_args(GateId)) - {"emergency"} == set(CATALOG.gates) - {"emergency"}
    )
