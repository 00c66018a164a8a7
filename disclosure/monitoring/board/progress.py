"""One cycle against its milestones, as the board shows it: what is done, whom it waits for, what is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from disclosure.calendar.time_left import time_left
from disclosure.catalog import Catalog
from disclosure.cycle.deadlines import Deadline
from disclosure.cycle.view import CycleView
from disclosure.monitoring.board.facts import ChannelState, CycleProgress, Station, StationState
from disclosure.monitoring.reminders.duties import Duty
from disclosure.platform.clock import format_moment
from disclosure.review import decisions
from disclosure.review.forms import OUTCOME_NAMES


def measure_progress(catalog: Catalog, view: CycleView, owed: Sequence[Duty], today: dt.date) -> CycleProgress:
    """Return where ``view`` stands on ``today`` (Shanghai) against its milestones; ``owed`` are its duties."""
    return CycleProgress(
        view=view,
        stations=tuple(
            Station(
                deadline=deadline,
                state=state,
                time=time_left(deadline.planned, today, catalog.holidays),
                done_on=view.done_on.get(deadline.milestone) if state == "done" else None,
            )
            for deadline, state in _stations(view, owed, today)
        ),
        waits=_waits(catalog, view) if view.is_under_way else "",
        decided="、".join(f"{catalog.gates[gate].name}{OUTCOME_NAMES[d.outcome]}" for gate, d in view.made.items()),
        channels=tuple(
            ChannelState(catalog.channels[row.channel].name, row.state == "done", row.updated_at)
            for row in view.switches
            if row.channel in catalog.channels
        ),
    )


def _stations(view: CycleView, owed: Sequence[Duty], today: dt.date) -> Iterator[tuple[Deadline, StationState]]:
    is_over = not view.is_opened and view.deadlines[-1].due < today
    for deadline in view.deadlines:
        mine = [duty for duty in owed if duty.deadline.milestone == deadline.milestone and duty.chases]
        if is_over:
            yield deadline, "unknown"
        elif view.is_opened and not mine:
            yield deadline, "done"
        elif deadline.planned < today:
            yield deadline, "late"
        else:
            yield deadline, "now" if any(duty.since is not None for duty in mine) else "ahead"


def _waits(catalog: Catalog, view: CycleView) -> str:
    """Say whom or what it waits for."""
    if view.step == "collect":
        return "、".join(office.name for office in view.missing) or "系统"
    if view.ask is None:
        return _planned(view) or "系统"
    open_gates = decisions.judge_gates(view.made, decisions.gates_of(view.ask.step), view.ask.digest).open_gates
    refused = view.last_refusal(view.ask.step)
    offices = "、".join(catalog.gate_office(gate).name for gate in open_gates)
    return offices + (f"（上次答复未被接受：{refused.rstrip('。')}）" if refused else "")


def _planned(view: CycleView) -> str:
    """Say when it will be published, while it is signed and waits for its hour."""
    release = view.release
    if release is None or release.planned_for is None or release.published_at is not None:
        return ""
    is_signed = decisions.judge_gates(view.made, ("leader",), release.digest).is_approved
    return f"{format_moment(release.planned_for)}自动发布" if is_signed else ""
