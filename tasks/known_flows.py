"""The flows by name and place: for what registers, starts and looks for their runs below the flows themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownFlow:
    """``name`` is the first half of its deployments' full names; ``entrypoint`` is where Prefect imports it from."""

    name: str
    entrypoint: str


CYCLE = KnownFlow("社会保险信息披露", "flows.cycle.disclosure_cycle")
INTAKE = KnownFlow("社会保险收件", "flows.intake.intake")
REMINDERS = KnownFlow("社会保险披露提醒", "flows.reminders.reminders")
OPENNESS_CHANGE = KnownFlow("政务公开内容办理", "flows.openness.openness_change")
OPENNESS_WATCH = KnownFlow("政务公开目录巡查", "flows.openness.openness_watch")
SUPERVISION = KnownFlow("社会保险督办", "flows.supervision.supervision")
ALL = (CYCLE, INTAKE, REMINDERS, OPENNESS_CHANGE, OPENNESS_WATCH, SUPERVISION)
