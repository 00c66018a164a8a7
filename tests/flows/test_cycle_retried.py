"""Protects people from being asked twice: runs that fail, are retried or replaced around every gate.

A failed run loses nothing: an answer given before the failure counts once, a question without an answer is put
again under a new key, and a gate that is decided is never asked again.
"""

from __future__ import annotations

import pytest

from disclosure.catalog import GateId
from tests.support.case import Case
from tests.support.office import Office

pytestmark = pytest.mark.flows

GATES: tuple[GateId, ...] = ("policy", "finance", "confidentiality", "leader")


def answered_but_not_read(case: Case, gate: GateId) -> None:
    """The answer is in our records, and no process of the run comes back to read it."""
    with case.office.runner_asleep():
        case.answer(gate)
        case.fail()


@pytest.mark.parametrize(
    "force", [pytest.param(True, id="forced", marks=pytest.mark.full), pytest.param(False, id="unforced")]
)
def test_retries_before_and_after_every_gate(office: Office, force: bool) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.start()
    names = [office.installation.catalog.gates[gate].name for gate in GATES]
    for number, gate in enumerate(GATES):
        still_open = names[number:3] or names[3:]
        assert case.next_form().gates == still_open
        case.fail()
        case.retry(force=force)
        assert case.next_form().gates == still_open
        answered_but_not_read(case, gate)
        assert [each for _, each, _ in case.decisions()] == list(GATES[: number + 1])
        case.retry(force=force)
    assert case.finish() == "Completed"

    assert [each for _, each, _ in case.decisions()] == list(GATES)
    # Each gate was asked about once, although its form was put twice.
    assert [state for _, state in case.asks()] == ["answered"] * 4
    assert len(case.ledger("ask.put_again")) == 4
    case.assert_published_once()


def test_a_fresh_run_takes_over_from_a_cancelled_one_with_its_unread_answer(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    first = case.start()
    case.next_form()
    case.answer("finance")
    case.next_form()
    answered_but_not_read(case, "policy")
    assert office.set_state(first, "CANCELLED", "Cancelled", force=True) == "ACCEPT"

    case.start()
    assert case.next_form().gates == ["保密性审核"]
    assert [gate for _, gate, _ in case.decisions()] == ["finance", "policy"]
    assert [entry["before"] for entry in case.ledger("cycle.taken_over")] == [None, first]

    # The cancelled run comes back to life while the new one drives: it changes nothing.
    second, case.run_id = case.run_id, first
    asked = case.asks()
    case.retry(force=True)
    assert case.finish() == "Completed"
    assert "不再重复" in office.state_of(first)["message"]
    assert case.asks() == asked

    case.run_id = second
    case.answer("confidentiality")
    assert case.next_form().gates == ["局领导审核"]
