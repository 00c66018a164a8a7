"""Protects 等我办的: everybody is shown what waits for them, by when and where, and nothing that waits for others."""

from __future__ import annotations

import pytest

from disclosure.workspace.waiting import ANSWER, HAND_IN, WaitingItem, list_deeds, list_waiting
from tests.support.bureau import CYCLE_OF_ASK, REVIEWERS, Bureau

pytestmark = pytest.mark.records

DRAFTER, OTHER, SUPERVISOR = "吴填表", "王就业", "刘督办"


def waiting(bureau: Bureau, name: str) -> list[WaitingItem]:
    """What this person's first page lists."""
    with bureau.installation.read(bureau.now) as work:
        return list_waiting(work, name)


def deeds(bureau: Bureau, name: str) -> list[tuple[str, str]]:
    """What this person's first page says they did."""
    with bureau.installation.read(bureau.now) as work:
        return [(deed.subject, deed.what) for deed in list_deeds(work, name)]


def test_a_centre_sees_its_own_workbook_until_it_is_in(bureau: Bureau) -> None:
    first, second = bureau.centres[:2]
    bureau.enrol_all({DRAFTER: first, OTHER: second})
    (own,) = waiting(bureau, DRAFTER)
    assert own.office == bureau.catalog.offices[first].name
    assert own.office in own.workbook
    assert (own.address, own.button) == (HAND_IN, "去报送")
    # The planned day lies years back, and it became the centre's turn only now: both are said.
    assert own.is_late
    assert "已逾期" in own.by_when
    assert own.by_when.endswith("日才轮到")
    assert [item.office for item in waiting(bureau, OTHER)] == [bureau.catalog.offices[second].name]
    bureau.hand_in_all(centres=[first])
    assert waiting(bureau, DRAFTER) == []
    assert len(waiting(bureau, OTHER)) == 1


def test_a_gate_waits_for_its_own_people_and_leads_to_the_run(bureau: Bureau) -> None:
    bureau.enrol(SUPERVISOR, "general_office", "supervisor")
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    assert waiting(bureau, REVIEWERS["finance"]) == []
    bureau.ask("review")
    (own,) = waiting(bureau, REVIEWERS["finance"])
    assert (own.what, own.address, own.button) == ("数据审核", f"{ANSWER}{CYCLE_OF_ASK}", "去答复")
    assert waiting(bureau, REVIEWERS["leader"]) == waiting(bureau, SUPERVISOR) == []
    bureau.approve("finance")
    assert waiting(bureau, REVIEWERS["finance"]) == []


def test_what_somebody_did_is_theirs_alone(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.send_back("finance", "social_insurance_centre")
    assert deeds(bureau, REVIEWERS["finance"]) == [("2016年度", "数据审核：退回")]
    assert deeds(bureau, REVIEWERS["policy"]) == []
