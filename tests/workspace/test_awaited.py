"""Protects that a run in Prefect's lists says for whom it waits, and nothing once it is answered."""

from __future__ import annotations

import pytest

from disclosure.workspace.awaited import awaited_by_run
from tests.support.bureau import CYCLE_OF_ASK, Bureau

pytestmark = pytest.mark.records


def awaited(bureau: Bureau) -> dict[str, str]:
    """What is added to names now."""
    with bureau.installation.read() as work:
        return awaited_by_run(work, {CYCLE_OF_ASK, "another"})


def test_a_run_says_whom_it_waits_for(bureau: Bureau) -> None:
    assert awaited(bureau) == {}
    bureau.ask("collect", "")
    assert awaited(bureau) == {CYCLE_OF_ASK: "报送"}
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.ask("review")
    assert awaited(bureau) == {CYCLE_OF_ASK: "政策审核、数据审核、保密性审核"}
    bureau.approve("policy")
    bureau.ask("review")
    assert awaited(bureau) == {CYCLE_OF_ASK: "数据审核、保密性审核"}
