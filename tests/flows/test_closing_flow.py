"""Protects closing a cycle whose run waits: the run ends, nobody is asked, no schedule brings it back."""

from __future__ import annotations

import pytest

from tests.support.office import Office

pytestmark = [pytest.mark.flows, pytest.mark.full]


def test_a_closed_cycle_s_run_ends_and_one_opened_again_goes_on(office: Office) -> None:
    # One that may be opened by its year, however many cycles other tests have had before.
    case = office.new_cycle(period=office.past_period())
    case.hand_in()
    case.start()
    asked = case.next_form()
    leader = office.reviewer("leader")
    reason = ("--by", leader, "--reason", "误开的周期，今年不披露。")
    said = office.cli("close", case.period.id, *reason, typed=f"{office.code(leader)}\n")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "已关闭" in said.stdout
    assert case.state() == "Cancelled"
    assert [state for _, state in case.asks()] == ["abandoned"]
    assert case.ledger("cycle.closed")[-1]["reason"] == "误开的周期，今年不披露。"

    # A run that somebody starts all the same opens nothing; neither does ``open``.
    case.start()
    assert case.finish() == "Failed"
    refused = office.cli("open", case.period.id)
    assert refused.returncode == 1
    assert "disclosure reopen" in refused.stdout + refused.stderr
    assert "关闭，不再办理" in office.cli("status").stdout

    leader = office.newcomer(office.catalog.gate_office("leader").id)
    again = ("--by", leader, "--reason", "经研究仍须披露。")
    said = office.cli("reopen", case.period.id, *again, typed=f"{office.code(leader)}\n")
    assert said.returncode == 0, said.stdout + said.stderr
    case.start()
    assert case.next_form().gates == asked.gates
