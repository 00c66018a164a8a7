"""Protects answers from whoever reaches Prefect: only what our records hold was said, whatever lies in Prefect."""

from __future__ import annotations

import json

import pytest

from disclosure.answers.taking import TakenAnswer
from disclosure.records.tables import Person, UsedCode
from tests.support.case import Case
from tests.support.office import Office

pytestmark = pytest.mark.flows

ALL_GATES = ["政策审核", "数据审核", "保密性审核"]
WORDS = "职工医疗缴费人数与缴费申报差 1 人，请核对后重报。"


def reviewed_by_nobody(office: Office) -> Case:
    """A cycle that asks its three reviewers."""
    case = office.new_cycle()
    case.hand_in()
    case.start()
    assert case.next_form().gates == ALL_GATES
    return case


def rewrite(case: Case, stored: object) -> None:
    """Put ``stored`` in the place of the answer that Prefect holds, as another process of this machine can."""
    assert case.form is not None
    case.office.api("DELETE", f"/flow_runs/{case.run_id}/input/{case.form.key}")
    case.write_input(case.form.key, json.dumps(stored))


def used_codes(office: Office, name: str) -> int:
    """How many codes somebody has used."""
    with office.installation.records.read() as session:
        return session.query(UsedCode).join(Person, Person.id == UsedCode.person_id).filter(Person.name == name).count()


def test_an_answer_rewritten_in_prefect_before_the_run_reads_it_stays_what_it_was(office: Office) -> None:
    """A reviewer returns with a good code; 通过 under the same name and code is stored before the run comes back."""
    case = reviewed_by_nobody(office)
    form = case.filled("policy", "退回", opinion=WORDS, returned_to=["区医保中心"])
    forged = form | {"outcome": "通过", "opinion": "同意", "returned_to": ["不退回"]}
    with office.runner_asleep():
        assert isinstance(case.give(form), TakenAnswer)
        rewrite(case, forged)
    # What was returned comes back to its centre; nobody else is asked about it first.
    assert case.next_form().is_about_submissions
    assert case.decisions() == [(1, "policy", "returned")]
    assert case.given() == [(form["name"], "returned", True)]


def test_a_resume_in_prefect_with_a_full_answer_and_a_good_code_is_no_answer(office: Office) -> None:
    """The same question is put again, for whom it is meant; the code was not used and still counts at the door."""
    case = reviewed_by_nobody(office)
    named = {"name": {"__prefect_kind": "jinja", "template": "{{ 7 * 7 }}"}}
    assert case.resume_in_prefect(case.filled("policy") | named).json()["status"] == "ACCEPT"
    assert case.next_form().gates == ALL_GATES
    # Somebody new: the code is read last, and is good for half a minute from here.
    form = case.filled("policy", who=office.newcomer(office.catalog.gate_office("policy").id))
    assert case.resume_in_prefect(form).json()["status"] == "ACCEPT"
    assert case.next_form().gates == ALL_GATES
    assert (case.decisions(), case.given(), used_codes(office, form["name"])) == ([], [], 0)
    assert [state for _, state in case.asks()] == ["open"]

    given = case.give(form)
    assert isinstance(given, TakenAnswer), given
    assert case.next_form().gates == ALL_GATES[1:]
    assert case.decisions() == [(1, "policy", "approved")]


def test_an_answer_taken_by_somebody_who_died_then_wakes_its_run_later(office: Office) -> None:
    """The answer is in our records, and nobody woke the run: whoever looks next does, once."""
    case = reviewed_by_nobody(office)
    form = case.filled("policy")
    taken = case.record(form)
    assert isinstance(taken, TakenAnswer)
    assert case.decisions() == [(1, "policy", "approved")]
    assert case.state() == "Suspended"
    # The very same form, sent again meanwhile, is the same answer.
    office.supervise()
    assert case.next_form().gates == ALL_GATES[1:]
    assert len(case.ledger("cycle.restarted")) == 0
    office.supervise()
    assert case.state() == "Suspended"
    assert [state for _, state in case.asks()] == ["answered", "open"]
    assert used_codes(office, form["name"]) >= 1


def test_an_answer_counts_although_its_run_is_gone(office: Office) -> None:
    """A fresh run goes on from our records and asks only what is left."""
    case = reviewed_by_nobody(office)
    assert office.api("DELETE", f"/flow_runs/{case.run_id}").is_success
    assert isinstance(case.record(case.filled("finance")), TakenAnswer)
    case.start()
    assert case.next_form().gates == ["政策审核", "保密性审核"]
    assert case.decisions() == [(1, "finance", "approved")]


def test_a_run_does_not_go_on_from_a_rewritten_decision(office: Office) -> None:
    """Who can write to our database alone makes nobody say anything."""
    case = reviewed_by_nobody(office)
    taken = case.record(case.filled("policy", "退回", opinion=WORDS, returned_to=["区医保中心"]))
    assert isinstance(taken, TakenAnswer)
    case.edit_decisions(outcome="approved")
    case.wake(taken.pause_key)
    assert case.finish() == "Failed"
    assert "与本人的答复不符" in office.state_of(case.run_id)["message"]
