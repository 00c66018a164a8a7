"""Protects the rules of who may decide what: one test for each refusal, and that nothing else is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.catalog import GateId, load_catalog
from disclosure.review.authority import Answer, Deciding, names_in, refusal

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
GATES: tuple[GateId, ...] = ("policy", "finance", "confidentiality", "leader")
CENTRE = "social_insurance_centre"
APPROVES = Answer("policy", "approved", "郑法规", "123456", "同意", ())
RETURNS = replace(APPROVES, outcome="returned", opinion="参保人数有误，请核对", returned_to=(CENTRE,))
OPEN = Deciding(
    open_gates=GATES,
    acted={},
    drafters=(),
    audit_blocks=False,
    unexplained=(),
    returnable=(CENTRE, "medical_centre"),
)


def said(answer: Answer, state: Deciding = OPEN, office: str | None = "", is_active: bool = True) -> str:
    of_gate = CATALOG.gates[answer.gate].office
    return refusal(
        CATALOG, answer, CATALOG.offices[office or of_gate] if office is not None else None, is_active, state
    )


@pytest.mark.parametrize("gate", GATES)
def test_nothing_stands_against_an_orderly_answer(gate: GateId) -> None:
    assert said(replace(APPROVES, gate=gate)) == ""
    assert said(replace(RETURNS, gate=gate)) == ""
    assert said(replace(RETURNS, gate=gate, returned_to=(CENTRE, "medical_centre"))) == ""


def test_an_unknown_name() -> None:
    assert "“郑法规”没有登记" in said(APPROVES, office=None)


def test_a_disabled_person() -> None:
    assert "已停用" in said(APPROVES, is_active=False)


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_belongs_to_one_office(gate: GateId) -> None:
    for office in CATALOG.offices:
        told = said(replace(APPROVES, gate=gate), office=office)
        if office == CATALOG.gates[gate].office:
            assert told == ""
        else:
            assert CATALOG.offices[office].name in told
            assert CATALOG.offices[CATALOG.gates[gate].office].name in told


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_that_is_not_open(gate: GateId) -> None:
    state = replace(OPEN, open_gates=[other for other in GATES if other != gate])
    for answer in (replace(APPROVES, gate=gate), replace(RETURNS, gate=gate)):
        assert CATALOG.gates[gate].name in said(answer, state)
        assert "已有结论或尚未开始" in said(answer, state)


@pytest.mark.parametrize("outcome", [APPROVES, RETURNS])
def test_a_second_hat_in_one_round(outcome: Answer) -> None:
    state = replace(OPEN, acted={"郑法规": "finance"})
    assert "已作过数据审核" in said(outcome, state)
    assert said(replace(outcome, name="郑法"), state) == ""


@pytest.mark.parametrize(
    "written", ["郑法规", "王二、郑法规", "郑 法 规", "郑　法规", "郑法规，王二", "王二/郑法规；李三"]
)
def test_drafter_or_checker_reviewing(written: str) -> None:
    state = replace(OPEN, drafters=names_in(written))
    for answer in (APPROVES, RETURNS, replace(APPROVES, name=" 郑法规 ")):
        assert "不能审核自己经手的数据" in said(answer, state)
    assert said(replace(APPROVES, name="郑法"), state) == ""


@pytest.mark.parametrize("opinion", ["", "  ", "无", "同意", " 同意 ", "。"])
def test_returned_without_an_opinion(opinion: str) -> None:
    assert "必须写明意见" in said(replace(RETURNS, opinion=opinion))


def test_returned_without_a_target() -> None:
    assert "退回给哪个单位" in said(replace(RETURNS, returned_to=()))


@pytest.mark.parametrize("target", ["employment_centre", "policy_section", "没有的单位"])
def test_returned_to_whom_nothing_can_be_returned(target: str) -> None:
    assert f"“{target}”" in said(replace(RETURNS, returned_to=(CENTRE, target)))


def test_approved_with_targets() -> None:
    assert "不能同时选择退回的单位" in said(replace(APPROVES, returned_to=(CENTRE,)))


def test_finance_with_a_blocking_audit_can_only_return() -> None:
    state = replace(OPEN, audit_blocks=True)
    assert "只能退回" in said(replace(APPROVES, gate="finance", opinion="均已核对无误"), state)
    assert said(replace(RETURNS, gate="finance"), state) == ""
    assert all(said(replace(APPROVES, gate=gate), state) == "" for gate in GATES if gate != "finance")


@pytest.mark.parametrize(
    "opinion", ["", "同意", "政策调整所致", "1：政策调整所致", "1-2：政策调整所致\n4：政策调整所致"]
)
def test_finance_with_a_warning_and_no_words_for_it(opinion: str) -> None:
    state = replace(OPEN, unexplained=(1, 2, 3))
    told = said(replace(APPROVES, gate="finance", opinion=opinion), state)
    assert "3" in told
    assert "还没有说明" in told
    assert said(replace(APPROVES, gate="policy", opinion=opinion), state) == ""


def test_finance_with_words_for_every_warning() -> None:
    state = replace(OPEN, unexplained=(1, 2, 3))
    for opinion in ("1-3：政策调整所致", "1：政策调整所致\n2：新设园区\n3：按月调整"):
        assert said(replace(APPROVES, gate="finance", opinion=opinion), state) == ""
    assert said(replace(RETURNS, gate="finance"), state) == ""


def test_a_substitute_acts_for_the_absent_persons_office_only() -> None:
    office = "finance_section"
    assert "政策法规科" in said(APPROVES, office=office)
    named = CATALOG.offices[office]
    assert refusal(CATALOG, APPROVES, named, True, OPEN, acts_for=("policy_section",)) == ""
    assert "政策法规科" in refusal(CATALOG, APPROVES, named, True, OPEN, acts_for=("general_office",))
    assert "已停用" in refusal(CATALOG, APPROVES, named, False, OPEN, acts_for=("policy_section",))


@given(
    gate=st.sampled_from(GATES),
    outcome=st.sampled_from(["approved", "returned"]),
    opinion=st.sampled_from(["", "同意", "1-2：请核对参保人数"]),
    returned_to=st.sampled_from([(), (CENTRE,), ("employment_centre",)]),
    office=st.sampled_from([None, *CATALOG.offices]),
    is_active=st.booleans(),
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
    is_active: bool,
    open_gates: set[GateId],
    acted: dict[str, GateId],
    drafters: tuple[str, ...],
    audit_blocks: bool,
    warnings: tuple[int, ...],
) -> None:
    answer = Answer(gate, outcome, "郑法规", "123456", opinion, returned_to)  # type: ignore[arg-type]
    state = Deciding(open_gates, acted, drafters, audit_blocks, warnings, (CENTRE,))
    told = refusal(CATALOG, answer, CATALOG.offices[office] if office else None, is_active, state)
    allowed = (
        office == CATALOG.gates[gate].office
        and is_active
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


@pytest.mark.parametrize(
    ("written", "names"),
    [("", set()), (" 、 ", set()), ("张三", {"张三"}), ("张　三、李 四 ,王五", {"张三", "李四", "王五"})],
)
def test_names_in_one_cell(written: str, names: set[str]) -> None:
    assert names_in(written) == names
