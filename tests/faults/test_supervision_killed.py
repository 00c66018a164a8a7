"""Protects supervision killed in between: the next one goes on, with one row for a finding and one run for a cycle."""

from __future__ import annotations

import signal

import pytest
from sqlalchemy import select

from disclosure.records.tables import SupervisionFinding
from tests.support.office import Office

pytestmark = [pytest.mark.faults, pytest.mark.full]


def test_killed_between_finding_and_mending_and_between_mending_and_telling(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.stopped_at("compilation.made", case.start, with_signal=signal.SIGKILL)
    office.wait_for(lambda: case.state() == "Crashed", "the runner to notice")

    order = office.settings.home / "die-at"
    # The runner watches too, and would be first.
    with office.runner_asleep():
        for where in ("after supervision.found", "before cycle.restarted"):
            # Found is written down and nothing done yet; then the fresh run is made and our ledger does not know.
            order.write_text(f"{case.cycle_id} {where}", encoding="utf-8")
            assert office.cli("supervise").returncode == -signal.SIGKILL
            assert not order.exists()
        assert office.cli("supervise").stderr == ""

    first, second = sorted(office.runs_of(case.period), key=lambda run: str(run["created"]))
    assert first["id"] == case.run_id
    case.run_id = second["id"]
    assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]
    assert len(case.ledger("compilation.made")) == 1
    with office.installation.records.read() as session:
        rows = session.scalars(select(SupervisionFinding).where(SupervisionFinding.cycle_id == case.cycle_id)).all()
    stopped = [row for row in rows if row.kind == "run_stopped"]
    assert [(row.subject, row.settled_at is not None) for row in stopped] == [(first["id"], True)]
    assert len(case.ledger("supervision.found")) == len(rows)
