"""Intake: what the centres have left in their inboxes, and what their databases have for a cycle that waits."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed, Failed

from disclosure.clock import shanghai, utc_now
from tasks.intake import cycles_to_wake, take_in_files
from tasks.known_flows import INTAKE
from tasks.waking import wake


def _run_name() -> str:
    return f"intake {shanghai(utc_now()):%m-%d %H:%M}"


@flow(name=INTAKE.name, flow_run_name=_run_name)
def intake() -> Any:
    """Take in what has arrived, then let the cycles that wait see it.

    Our records decide what is new, so this may run as often as it likes, twice at once, or be killed anywhere.
    """
    found = take_in_files()
    told = [found.summary, *(wake(cycle) for cycle in cycles_to_wake()), *found.strays, *found.failures]
    return (Failed if found.failures else Completed)(message="\n".join(told))
