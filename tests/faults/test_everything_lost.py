"""Protects cycles under way when the whole machine goes down, and when Prefect's database is lost with it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from office import Case, Office, office_in

from disclosure import cycles

pytestmark = pytest.mark.faults


def driver_of(case: Case) -> str | None:
    """The run that drives the cycle by our records."""
    with case.office.place.records.read() as session:
        return cycles.get_cycle(session, case.cycle_id).driver_run_id


def power_off_in(case: Case, pid: int) -> None:
    """Kill server, desk, runner and the run's process in the middle of its work; none of them can tell anybody."""
    office = case.office
    office.wait_for(lambda: case.state() == "Running", "the run to be under way", every=0.02)
    for doomed in (office.runner.process.pid, pid, *(child.process.pid for child in office.children)):
        os.kill(doomed, signal.SIGKILL)


def taken_over(office: Office, case: Case) -> None:
    """Wait until a fresh run drives the cycle; from now on the case follows it."""
    before = case.run_id
    case.run_id = office.wait_for(
        lambda: driver if (driver := driver_of(case)) != before else None, "a fresh run of the cycle"
    )


def test_a_cycle_outlives_the_machine_and_prefects_database(tmp_path: Path) -> None:
    office = office_in(tmp_path)
    with office.open():
        case = office.new_cycle()
        case.hand_in()
        first = case.start()
        case.next_form()
        case.answer("policy")
        assert case.next_form().gates == ["数据审核", "保密性审核"]
        power_off_in(case, case.process_started_by(lambda: case.answer("finance")))

    # Prefect still has its database: the finance reviewer's answer counts, whether the killed run had read it or not.
    with office.open():
        assert office.state_of(first)["name"] == "Crashed"
        taken_over(office, case)
        assert case.next_form().gates == ["保密性审核"]
        second = case.run_id

    databases = list(office.settings.prefect_home.glob("prefect.db*"))
    assert databases
    for file in databases:
        file.unlink()
    with office.open():
        assert office.api("GET", f"/flow_runs/{second}").status_code == 404
        taken_over(office, case)
        assert case.next_form().gates == ["保密性审核"]
        case.answer("confidentiality")
        assert case.next_form().gates == ["局领导审核"]
        case.answer("leader")
        assert case.finish() == "Completed"
        case.assert_published_once()

    assert [gate for _, gate, _ in case.decisions()] == ["policy", "finance", "confidentiality", "leader"]
    runs = [entry["run"] for entry in case.ledger("cycle.taken_over")]
    assert runs == [first, second, case.run_id]
