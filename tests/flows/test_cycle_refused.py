"""Protects the gates from answers that do not count: the same gate is asked again, with the reason above the form."""

from __future__ import annotations

import json

import pytest
from office import Case, Office

pytestmark = pytest.mark.flows

ALL_GATES = ["政策审核", "数据审核", "保密性审核"]


def asked_again(case: Case, reason: str) -> None:
    """The next form asks the same, says ``reason`` first, and nothing was decided."""
    form = case.next_form()
    assert form.gates == ALL_GATES
    first_line = form.description.splitlines()[0]
    assert "上一次的答复没有被接受" in first_line
    assert reason in first_line
    assert case.decisions() == []
    assert case.asks()[-2][1] == "refused"


def test_answers_that_do_not_count(office: Office) -> None:
    case = office.new_cycle()
    drafter = office.enrol("finance_section", "填报又审核")
    case.hand_in(filler=drafter.name)
    case.start()
    assert "没有被接受" not in case.next_form().description

    reviewer = office.reviewer("policy")
    case.answer("policy", who=reviewer, code=reviewer.wrong_code())
    asked_again(case, "口令不对或已过期")

    elsewhere = office.reviewer("finance")
    case.answer("policy", who=elsewhere)
    asked_again(case, "政策审核须由政策法规科的人作出")

    case.answer("finance", who=drafter)
    asked_again(case, "不能审核自己经手的数据")

    # A template in a field is rendered by Prefect's server; what comes out is judged like anything typed.
    templated = {**case.filled("policy"), "name": {"__prefect_kind": "jinja", "template": "{{ 7 * 7 }}"}}
    assert case.resume(templated).json()["status"] == "ACCEPT"
    asked_again(case, "“49”没有登记")
    for field in ("gate", "outcome", "opinion"):
        flooding = {**case.filled("policy"), field: {"__prefect_kind": "jinja", "template": "{{ 'x' * 5000 }}"}}
        assert case.resume(flooding).json()["status"] == "REJECT"
    assert case.state() == "Suspended"


def test_answers_written_behind_the_form(office: Office) -> None:
    """Whoever reaches the API can store an answer; without a code that is right it decides nothing."""
    case = office.new_cycle()
    case.hand_in()
    case.start()

    form = case.next_form()
    reviewer = office.reviewer("policy")
    forged = case.filled("policy", who=reviewer, code=reviewer.wrong_code())
    case.write_input(form.key, json.dumps(forged))
    # The reviewer's own Resume is refused by Prefect now, so it cannot be mixed up with the forged answer.
    assert not case.resume(case.filled("policy")).is_success
    case.retry(force=True)
    asked_again(case, "口令不对或已过期")

    assert case.form is not None
    case.write_input(case.form.key, "not JSON")
    case.retry(force=True)
    asked_again(case, "没有选择审核环节")

    # Neither stands in the way of the reviewer.
    case.answer("policy")
    assert case.next_form().gates == ["数据审核", "保密性审核"]
    assert case.decisions() == [(1, "policy", "approved")]
