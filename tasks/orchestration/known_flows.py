"""The flows by name and place: for what registers, starts and looks for their runs below the flows themselves."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from disclosure.calendar.periods import Period
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError

if TYPE_CHECKING:
    from prefect.flows import Flow


@dataclass(frozen=True)
class KnownFlow:
    """``name`` is the first half of its deployments' full names; ``entrypoint`` is where Prefect imports it from."""

    name: str
    entrypoint: str

    def load(self) -> Flow[..., Any]:
        """Return the flow as this installation has it: of our own packages, whatever Prefect's database says."""
        module, _, attribute = self.entrypoint.rpartition(".")
        return cast("Flow[..., Any]", getattr(importlib.import_module(module), attribute))


CYCLE = KnownFlow("社会保险信息披露", "flows.cycle.disclosure_cycle")
INTAKE = KnownFlow("社会保险收件", "flows.intake.intake")
REMINDERS = KnownFlow("社会保险披露提醒", "flows.reminders.reminders")
OPENNESS_CHANGE = KnownFlow("政务公开内容办理", "flows.openness.openness_change")
#: The deployment that drives one change, as Prefect knows it.
CHANGE_DEPLOYMENT = "openness-change"
OPENNESS_WATCH = KnownFlow("政务公开目录巡查", "flows.openness.openness_watch")
SUPERVISION = KnownFlow("社会保险督办", "flows.supervision.supervision")
ALL = (CYCLE, INTAKE, REMINDERS, OPENNESS_CHANGE, OPENNESS_WATCH, SUPERVISION)
BY_NAME = {flow.name: flow for flow in ALL}


def named_by_minute(word: str) -> Callable[[], str]:
    """Make what names the runs of a flow on a clock: ``收件 03-05 08:35``."""
    return lambda: f"{word} {shanghai(utc_now()):%m-%d %H:%M}"


def name_cycle_run(parameters: Mapping[str, Any]) -> str:
    """Return what the run of a cycle is called, by what it was started with: ``2025年度披露``."""
    kind, year, name = (parameters.get(key) for key in ("kind", "year", "name"))
    try:
        return f"{Period(year, kind, name or '').label}披露" if kind and year else CYCLE.name
    except (DisclosureError, TypeError, ValueError):
        # Of a run that somebody else made; it says itself what is wrong with it.
        return CYCLE.name
