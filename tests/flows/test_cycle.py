"""Protects a whole cycle on a real Prefect server: every gate answered once, one release, no second driver."""

from __future__ import annotations

import pytest
from office import Office

pytestmark = pytest.mark.flows


def test_a_cycle_in_unusual_order_publishes_once_and_has_one_driver(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    first = case.start()

    form = case.next_form()
    assert form.gates == ["政策审核", "数据审核", "保密性审核"]
    assert f"{office.settings.desk_url}/reports/{case.period.id}/" in form.description
    case.answer("confidentiality")
    assert case.next_form().gates == ["政策审核", "数据审核"]

    # A second run while the first waits says who drives, and does nothing.
    case.start()
    assert case.finish() == "Completed"
    assert "办理" in office.state_of(case.run_id)["message"]
    assert f"annual {case.period.year}" in office.state_of(case.run_id)["message"]
    assert len(case.ledger("cycle.taken_over")) == 1
    case.run_id = first

    case.answer("finance")
    assert case.next_form().gates == ["政策审核"]
    case.answer("policy")

    form = case.next_form()
    assert form.gates == ["局领导审核"]
    assert "/preview/" in form.description
    case.answer("leader")
    assert case.finish() == "Completed"
    assert office.state_of(first)["message"] == f"已发布：releases/{case.period.id}/index.html"
    assert [gate for _, gate, _ in case.decisions()] == ["confidentiality", "finance", "policy", "leader"]
    case.assert_published_once()

    # The same cycle run again publishes nothing again and asks nobody.
    page, asked = case.page(), case.asks()
    case.start()
    assert case.finish() == "Completed"
    assert office.state_of(case.run_id)["message"] == f"已发布：releases/{case.period.id}/index.html"
    assert case.asks() == asked
    assert case.page() == page
    case.assert_published_once()
