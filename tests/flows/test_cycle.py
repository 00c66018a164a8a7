"""Protects a whole cycle on a real Prefect server: who is missing is told, every gate decides once, one release."""

from __future__ import annotations

import pytest

from disclosure.answers.taking import TakenAnswer
from disclosure.review.forms import CHECK_AGAIN, GO_ON_WITHOUT
from disclosure.review.refusals import Refusal
from tests.support.office import Office

pytestmark = pytest.mark.flows

REASON = "信息系统迁移，数据于次月补充公开"


def test_a_cycle_with_a_late_centre_publishes_once_and_has_one_driver(office: Office) -> None:
    case = office.new_cycle()
    first = case.start()
    form = case.next_form()
    assert form.is_about_submissions
    assert "还缺：**区社保中心、区医保中心**" in form.description
    assert "2月25日" in form.description

    # Looking again asks again; going on without a centre is for the office that compiles, with a reason in print.
    case.hand_in("social_insurance_centre")
    looker, policy = office.newcomer("policy_section"), office.newcomer("policy_section")
    compiler = office.member("publicity_section")
    looking = {"action": CHECK_AGAIN, "name": looker, "code": office.code(looker), "reason": "看看"}
    assert isinstance(case.give(looking), TakenAnswer)
    form = case.next_form()
    assert "还缺：**区医保中心**" in form.description
    assert "没有被接受" not in form.description
    going_on = {"action": GO_ON_WITHOUT, "name": policy, "code": office.code(policy), "reason": REASON}
    refused = case.give(going_on)
    assert isinstance(refused, Refusal)
    assert refused.sentence == "先行汇总须由宣传信息科的汇总人决定。"
    assert case.ledger("centre.excused") == []
    assert isinstance(case.give(going_on | {"name": compiler, "code": office.code(compiler)}), TakenAnswer)
    footnote = f"区医保中心未报送本期数据：{REASON}"

    form = case.next_form()
    assert form.gates == ["政策审核", "数据审核", "保密性审核"]
    assert footnote in form.description
    assert f"{office.settings.server_url}/reports/{case.period.id}/" in form.description
    assert [entry["actor"] for entry in case.ledger("centre.excused")] == [compiler]

    # A second run while the first waits says who drives, and does nothing.
    case.start()
    assert case.finish() == "Completed"
    assert f"“{case.period.year}年度披露”" in office.state_of(case.run_id)["message"]
    assert "不再重复" in office.state_of(case.run_id)["message"]
    assert len(case.ledger("cycle.taken_over")) == 1
    case.run_id = first

    case.answer("confidentiality")
    assert case.next_form().gates == ["政策审核", "数据审核"]
    case.answer("finance")
    assert case.next_form().gates == ["政策审核"]
    case.answer("policy")
    form = case.next_form()
    assert form.gates == ["局领导审核"]
    assert "/preview/" in form.description
    case.answer("leader")
    assert case.finish() == "Completed"
    published = f"已发布：releases/{case.period.id}/index.html"
    assert office.state_of(first)["message"] == published
    assert [gate for _, gate, _ in case.decisions()] == ["confidentiality", "finance", "policy", "leader"]
    case.assert_published_once()
    assert footnote in case.page()

    # The same cycle run again publishes nothing again and asks nobody.
    page, asked = case.page(), case.asks()
    case.start()
    assert case.finish() == "Completed"
    assert office.state_of(case.run_id)["message"] == published
    assert case.asks() == asked
    assert case.page() == page
    case.assert_published_once()
