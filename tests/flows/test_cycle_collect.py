"""Protects waiting for centres: the run says who is missing; going on without one is the compiler's, in print."""

from __future__ import annotations

import pytest
from office import Office

from disclosure.review.forms import CHECK_AGAIN, GO_ON_WITHOUT

pytestmark = pytest.mark.flows

REASON = "信息系统迁移，数据于次月补充公开"


def test_the_compiler_goes_on_without_a_centre(office: Office) -> None:
    case = office.new_cycle()
    case.start()
    form = case.next_form()
    assert form.is_about_submissions
    assert "还缺：**区社保中心、区医保中心**" in form.description
    assert "2月25日" in form.description

    # Looking again while nobody has handed in asks again; so does a reviewer who may not decide this.
    case.hand_in("social_insurance_centre")
    policy = office.member("policy_section")
    case.resume({"action": CHECK_AGAIN, "name": "路过", "code": "000000", "reason": "看看"})
    form = case.next_form()
    assert "还缺：**区医保中心**" in form.description
    assert "没有被接受" not in form.description

    case.resume({"action": GO_ON_WITHOUT, "name": policy.name, "code": policy.code(), "reason": REASON})
    assert "先行汇总须由宣传信息科的人决定" in case.next_form().description
    assert case.ledger("centre.excused") == []

    compiler = office.member("publicity_section")
    case.resume({"action": GO_ON_WITHOUT, "name": compiler.name, "code": compiler.code(), "reason": REASON})
    footnote = f"区医保中心未报送本期数据：{REASON}"
    form = case.next_form()
    assert form.gates == ["政策审核", "数据审核", "保密性审核"]
    assert footnote in form.description
    for gate in ("policy", "finance", "confidentiality"):
        case.answer(gate)
        case.next_form()
    case.answer("leader")
    assert case.finish() == "Completed"
    assert footnote in case.page()
    assert "职工基本医疗保险" not in case.page() or "62,051" not in case.page()
    assert [entry["actor"] for entry in case.ledger("centre.excused")] == [compiler.name]
    case.assert_published_once()
