"""Protects recording a decision: who may not decide is told why and leaves no trace but the refusal.

The rules themselves are in ``tests/review/test_authority.py``; here they stand on real records.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from disclosure.cycle import queries
from disclosure.records.states import AskStep
from disclosure.records.tables import Ask, AuditRun, Decision, Finding, LedgerEntry, Person, UsedCode
from disclosure.review import asks, decisions
from disclosure.review.authority import REVIEW_GATES, Answer
from disclosure.review.identify import Proof
from disclosure.review.refusals import RefusalCode
from tests.support.suspicious_past import import_suspicious_past

pytestmark = pytest.mark.records

Bureau = Any
CENTRE, OTHER = "social_insurance_centre", "medical_centre"


@pytest.fixture
def compiled(bureau: Bureau) -> Bureau:
    """A round that waits for its three reviews; not audited."""
    bureau.hand_in_all()
    bureau.compile()
    return bureau


def made(bureau: Bureau) -> dict[str, Decision]:
    with bureau.installation.records.read() as session:
        return {d.gate: d for d in session.scalars(select(Decision))}


def audited(bureau: Bureau, *, is_blocking: bool) -> None:
    """A finished audit with this outcome."""
    audit = bureau.audit()
    with bureau.installation.records.write() as session:
        session.get_one(AuditRun, audit.id).is_blocking = is_blocking


def test_an_approval_is_bound_to_the_digest_the_person_saw(compiled: Bureau) -> None:
    assert compiled.answer("policy", opinion=" 同意 ") == ""
    decision = made(compiled)["policy"]
    assert (decision.outcome, decision.digest) == ("approved", compiled.compile().digest)
    assert (decision.opinion, decision.decided_at, decision.carried_from_id) == ("同意", compiled.now, None)
    with compiled.installation.records.read() as session:
        entry = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "decision.recorded")).one()
        assert entry.actor == "郑法规"
        assert decision.digest in entry.details
        assert session.get_one(Ask, decision.ask_id).state == "answered"


def refused(bureau: Bureau, words: str, gate: str = "policy", **given: Any) -> None:
    before = {gate: (d.outcome, d.person_id) for gate, d in made(bureau).items()}
    reason = bureau.answer(gate, **given)
    assert words in reason
    assert {gate: (d.outcome, d.person_id) for gate, d in made(bureau).items()} == before
    with bureau.installation.records.read() as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        step: AskStep = "sign_off" if gate == "leader" else "review"
        assert asks.last_refusal(session, cycle, step) == reason
        # The question stays open, for whoever may answer it.
        assert asks.open_ask_of(session, cycle) is not None


def test_who_may_not_decide(compiled: Bureau) -> None:
    refused(compiled, "没有登记", name="无此人")
    refused(compiled, "规划财务科", name="钱财务")
    refused(compiled, "口令不对", code=compiled.wrong_code("郑法规"))
    refused(compiled, "应为验证器上的 6 位数字", code="12345")
    with compiled.installation.records.write() as session:
        session.scalars(select(Person).where(Person.name == "郑法规")).one().is_active = False
    refused(compiled, "已停用")


def test_a_refused_answer_uses_up_its_code(compiled: Bureau) -> None:
    """Whoever reads what was refused has no code in hand that still counts."""
    code = compiled.code("郑法规")
    refused(compiled, "没有登记", name="无此人", code=code)
    refused(compiled, "退回时必须选择", outcome="returned", opinion="请核对数据", code=code)
    refused(compiled, "已经用过一次", code=code)
    code = compiled.code("郑法规")
    assert "没有选择审核环节" in compiled.reply_raw(compiled.ask("review"), {"name": "郑法规", "code": code})
    refused(compiled, "已经用过一次", code=code)
    with compiled.installation.records.read() as session:
        used = session.scalars(select(UsedCode).order_by(UsedCode.id)).all()
        asked = session.scalars(select(Ask)).one().id
    assert [(one.used_for, one.ask_id) for one in used] == [("policy/returned", asked), ("", asked)]
    assert compiled.answer("policy") == ""


def test_wrong_codes_are_counted_though_the_answer_is_refused(compiled: Bureau) -> None:
    for _ in range(3):
        refused(compiled, "口令不对", code=compiled.wrong_code("郑法规"))
    refused(compiled, "请过 5 秒再填", code=compiled.wrong_code("郑法规"))


def test_a_gate_is_decided_once(compiled: Bureau) -> None:
    compiled.approve("policy")
    refused(compiled, "已有结论")
    refused(compiled, "已有结论", outcome="returned", opinion="改主意了", returned_to=(CENTRE,))


def test_no_second_hat_in_one_round(new_bureau: Callable[..., Bureau]) -> None:
    """One person of two offices is enrolled once, so a second hat needs a change of office between two decisions."""
    bureau = new_bureau()
    bureau.hand_in_all()
    bureau.compile()
    bureau.approve("policy")
    with bureau.installation.records.write() as session:
        session.scalars(select(Person).where(Person.name == "郑法规")).one().office = "general_office"
    refused(bureau, "一人只能作一个环节", gate="confidentiality", name="郑法规")
    refused(bureau, "一人只能作一个环节", gate="confidentiality", name=" 郑法规 ", code=bureau.code("郑法规"))


@pytest.mark.parametrize(("place", "written"), [("filler", "郑　法规"), ("checker", "王二、郑法规")])
def test_who_drafted_or_checked_cannot_review(new_bureau: Callable[..., Bureau], written: str, place: str) -> None:
    bureau = new_bureau()
    assert bureau.hand_in(bureau.workbook(CENTRE, **{place: written})).is_accepted
    bureau.hand_in_all(centres=[OTHER])
    bureau.compile()
    refused(bureau, "不能审核自己经手的数据")
    # A colleague of the same office can.
    assert bureau.answer("policy", name=bureau.enrol("郑法", "policy_section")) == ""


def test_finance_needs_an_audit_that_does_not_block(compiled: Bureau) -> None:
    refused(compiled, "只能退回", gate="finance")
    audited(compiled, is_blocking=True)
    refused(compiled, "只能退回", gate="finance")
    assert compiled.answer("finance", "returned", opinion="合计与分项不符", returned_to=(CENTRE,)) == ""


def test_finance_explains_every_warning_and_the_words_stand_beside_it(open_bureau: Callable[..., Bureau]) -> None:
    """高港区 with income ten times last year's: the audit warns, and does not block."""
    bureau = open_bureau()
    import_suspicious_past(bureau, "employee_pension.income")
    bureau.hand_in_all()
    bureau.compile()
    audit = bureau.audit()
    assert (audit.is_blocking, audit.warning_count > 0) == (False, True)
    refused(bureau, "还没有说明", gate="finance", opinion="同意")
    assert bureau.answer("finance", opinion=f"1-{audit.warning_count}：基金并账所致") == ""
    with bureau.installation.records.read() as session:
        explained = session.scalars(select(Finding).where(Finding.severity == "warning")).all()
        assert {(f.explanation, f.explained_by) for f in explained} == {("基金并账所致", "钱财务")}


def test_an_answer_to_a_question_of_an_earlier_round_is_refused(compiled: Bureau) -> None:
    compiled.send_back("policy", CENTRE)
    with compiled.installation.records.write() as session:
        cycle = queries.get_cycle(session, compiled.cycle_id)
        old = asks.put(session, cycle, "review", "0" * 64, "run")
    compiled.begin_next_round()
    name = "孙保密"
    answer = Answer("confidentiality", "approved", Proof(name, compiled.code(name), compiled.now, "同意"))
    assert "已结束的一轮" in compiled.decide(compiled.cycle_id, answer, old.id)
    with compiled.installation.records.read() as session:
        assert asks.get(session, old.id).answers[-1].refusal_codes == [RefusalCode.OUT_OF_DATE]
    assert set(made(compiled)) == {"policy"}


def test_an_ask_is_answered_once_whatever_is_tried(compiled: Bureau) -> None:
    """The same answer recorded by two runs at once gives one decision, and does not turn it into a refusal."""
    name = "郑法规"
    answer = Answer("policy", "approved", Proof(name, compiled.code(name), compiled.now, "同意"))
    with compiled.installation.records.write() as session:
        cycle = queries.get_cycle(session, compiled.cycle_id)
        asked = asks.put(session, cycle, "review", compiled.compile_digest(session), "run").id
    for _ in range(2):
        assert compiled.decide(compiled.cycle_id, answer, asked) == ""
        with compiled.installation.records.read() as session:
            assert asks.get(session, asked).state == "answered"
    assert set(made(compiled)) == {"policy"}


def test_a_question_about_other_content_is_not_answered(compiled: Bureau) -> None:
    refused(compiled, "不是现在的内容", digest="f" * 64)
    refused(compiled, "不是现在的内容", gate="leader", digest=compiled.compile().digest)


def test_a_decision_on_another_digest_does_not_count(compiled: Bureau) -> None:
    compiled.approve("policy")
    with compiled.installation.records.write() as session:
        session.scalars(select(Decision)).one().digest = "f" * 64
    with compiled.installation.records.read() as session:
        cycle = queries.get_cycle(session, compiled.cycle_id)
        standing = decisions.gate_status(session, cycle, REVIEW_GATES, compiled.compile_digest(session))
    assert standing.open_gates == REVIEW_GATES
    assert not standing.is_approved


def test_what_a_round_has_come_to(compiled: Bureau) -> None:
    def standing() -> tuple[tuple[str, ...], bool, bool]:
        with compiled.installation.records.read() as session:
            cycle = queries.get_cycle(session, compiled.cycle_id)
            found = decisions.gate_status(session, cycle, REVIEW_GATES, compiled.compile_digest(session))
            return found.open_gates, found.is_returned, found.is_approved

    compiled.audit()
    assert standing() == (REVIEW_GATES, False, False)
    compiled.approve("confidentiality")
    assert standing() == (("policy", "finance"), False, False)
    compiled.approve("policy")
    compiled.send_back("finance", CENTRE)
    assert standing() == ((), True, False)


def test_an_ask_is_put_under_a_key_never_used_before(compiled: Bureau) -> None:
    """The same question put again stays the same ask; another one takes its place."""
    keys, ids = [], []
    for digest in ("0", "0", "1", "0"):
        with compiled.installation.records.write() as session:
            ask = asks.put(session, queries.get_cycle(session, compiled.cycle_id), "review", digest * 64, "run")
            keys.append(ask.pause_key)
            ids.append(ask.id)
    assert len(set(keys)) == 4
    assert ids[0] == ids[1] < ids[2] < ids[3]
    with compiled.installation.records.read() as session:
        states = session.scalars(select(Ask.state).order_by(Ask.id)).all()
    assert states == ["abandoned", "abandoned", "open"]
