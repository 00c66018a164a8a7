"""Protects the gates from answers that do not count: who gave one is told why at once, and the question stays open."""

from __future__ import annotations

import pytest

from disclosure.answers.taking import TakenAnswer
from tests.support.office import Office

pytestmark = [pytest.mark.flows, pytest.mark.full]

ALL_GATES = ["政策审核", "数据审核", "保密性审核"]


def test_answers_that_do_not_count(office: Office) -> None:
    case = office.new_cycle()
    drafter = office.newcomer("finance_section", "填报又审核")
    case.hand_in(filler=drafter)
    case.start()
    assert "没有被接受" not in case.next_form().description

    reviewer = office.reviewer("policy")
    assert "口令不对或已过期" in case.refusal("policy", who=reviewer, code=office.wrong_code(reviewer))
    assert "政策审核须由政策法规科的人作出" in case.refusal("policy", who=office.newcomer("finance_section"))
    assert "不能审核自己经手的数据" in case.refusal("finance", who=drafter)
    assert case.state() == "Suspended"
    assert case.decisions() == []

    # Whenever the form is put again, it says first why the answer before was not taken.
    case.fail()
    case.retry(force=True)
    form = case.next_form()
    assert form.gates == ALL_GATES
    first_line = form.description.splitlines()[0]
    assert "上一次的答复没有被接受" in first_line
    assert "不能审核自己经手的数据" in first_line
    assert [state for _, state in case.asks()] == ["open"]

    assert isinstance(case.give(case.filled("policy")), TakenAnswer)
    assert "没有被接受" not in case.next_form().description
    assert case.decisions() == [(1, "policy", "approved")]
