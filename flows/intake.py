"""Intake: what the centres have left in their inboxes, and what their databases have for a cycle that waits."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed, Failed

from tasks.intake import cycles_to_wake, take_in_files
from tasks.orchestration.known_flows import INTAKE, named_by_minute
from tasks.orchestration.resume import wake, wake_answered


@flow(name=INTAKE.name, flow_run_name=named_by_minute("收件"))
def intake() -> Any:
    """Take in what has arrived, then let the cycles that wait see it.

    Our records decide what is new, so this may run as often as it likes, twice at once, or be killed anywhere.
    """
    wake_answered()
    found = take_in_files()
    told = [
        found.summary,
        *(wake(cycle) for cycle in cycles_to_wake()),
        *found.misplaced,
        *found.postponed,
        *found.tidied,
    ]
    told += found.failures
    return (Failed if found.failures else Completed)(message="\n".join(told))
