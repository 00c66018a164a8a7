"""Supervision: do the statutory plan, our records, Prefect and the live pages agree?"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed

from disclosure.monitoring.supervision.findings_repository import one_at_a_time
from disclosure.records.installation import open_installation
from tasks.orchestration.known_flows import SUPERVISION, named_by_minute
from tasks.orchestration.resume import wake_answered
from tasks.supervision import begin, look_around, mend_what_is_safe, settle


@flow(name=SUPERVISION.name, flow_run_name=named_by_minute("督办"))
def supervision() -> Any:
    """Look, mend what is safe, look again; what is gone in the end is settled, what is left is for people.

    Findings are rows before anything is done about them, and everything done may be done twice, so a run that was
    killed anywhere leaves the next one to go on.
    """
    with one_at_a_time(open_installation().settings.home):
        run = begin()
        if run is None:
            return Completed(message="此后已经督办过，不再重复。")
        wake_answered()
        looks = [look_around()]
        while mend_what_is_safe(looks):
            looks.append(look_around())
        report = settle(run, looks)
    return Completed(message=report.summary, data=report)
