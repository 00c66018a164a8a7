"""Only one run drives a cycle or a change of the openness catalogue: a second one says who does, and stops."""

from __future__ import annotations

from prefect import runtime, task

from disclosure.monitoring.supervision.run_status import LIVE
from disclosure.monitoring.supervision.snapshots import RunSnapshot
from disclosure.records import ledger
from disclosure.records.installation import open_installation
from disclosure.records.subjects import SubjectKey, ledger_reference, lock
from disclosure.records.tables import Cycle
from disclosure.review import asks
from tasks.orchestration.run_status import settle_run
from tasks.patience import patient


@task(name="take-over 接手周期")
@patient("接手")
def take_over(cycle_id: int) -> RunSnapshot | None:
    """Make this run the driver of a cycle; see ``claim``."""
    return claim(SubjectKey(Cycle, cycle_id))


def claim(about: SubjectKey) -> RunSnapshot | None:
    """Make this run the driver of ``about``; the live run that drives it already where there is one, None otherwise."""
    installation = open_installation()
    mine = str(runtime.flow_run.id)
    while True:
        with installation.records.read() as session:
            subject = about.get(session)
            driver, key = subject.driver_run_id, asks.awaited_key(session, subject)
        if driver is not None and driver != mine:
            run, status = settle_run(installation, driver, asked=key)
            if status in LIVE:
                return run
        with installation.records.write() as session:
            subject = about.get(session)
            lock(session, subject)
            # Another run may have been quicker: then that one is looked at.
            if subject.driver_run_id not in {driver, mine}:
                continue
            if subject.driver_run_id != mine:
                subject.driver_run_id = mine
                event = "cycle.taken_over" if isinstance(subject, Cycle) else "openness.taken_over"
                ledger.append(session, event, actor="系统", **ledger_reference(subject), run=mine, before=driver)
            return None
