"""Reminders: each working morning, and once more before midday, everybody hears what they owe."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed, Failed

from disclosure.clock import shanghai, utc_now
from tasks.known_flows import REMINDERS
from tasks.remind import DelayedError, send_reminders


def _run_name() -> str:
    return f"reminders {shanghai(utc_now()):%m-%d %H:%M}"


@flow(name=REMINDERS.name, flow_run_name=_run_name)
def reminders() -> Any:
    """Send what is due; rest days are quiet by the rules, and no cycle ever waits for this."""
    try:
        sent = send_reminders()
    except DelayedError as error:
        return Failed(message=str(error))
    return Completed(message="\n".join(sent.lines))
