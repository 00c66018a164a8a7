"""Reminders: each working morning, and once more before midday, everybody hears what they owe."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import Completed, Failed

from tasks.orchestration.known_flows import REMINDERS, named_by_minute
from tasks.remind import DelayedError, send_reminders


@flow(name=REMINDERS.name, flow_run_name=named_by_minute("提醒"))
def reminders() -> Any:
    """Send what is due; rest days are quiet by the rules, and no cycle ever waits for this."""
    try:
        sent = send_reminders()
    except DelayedError as error:
        return Failed(message=str(error))
    return Completed(message="\n".join(sent.lines))
