"""The openness catalogue at work: what changed is noticed, provided by its office, reviewed, published in time."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow, runtime
from prefect.states import Completed
from pydantic import Field

from disclosure.clock import shanghai, utc_now
from tasks.known_flows import OPENNESS_CHANGE, OPENNESS_WATCH
from tasks.openness import (
    ask_office,
    give_back,
    notice_changes,
    publish_changes,
    review_change,
    start_runs,
    take_over_change,
)


def _run_name() -> str:
    return f"openness {runtime.flow_run.parameters.get('change')}"


def _watch_name() -> str:
    return f"openness-watch {shanghai(utc_now()):%m-%d %H:%M}"


@flow(name=OPENNESS_CHANGE.name, flow_run_name=_run_name)
def openness_change(change: Annotated[int, Field(title="变更编号")]) -> Any:
    """One change, or one yearly confirmation: from its office to the public pages.

    Every step looks into our records first, so the run may be resumed, retried or replaced by a fresh one at any
    point: nobody is asked twice about the same content, and each content is published once.
    """
    if driver := take_over_change(change):
        return Completed(message=f"这一变更正由运行“{driver}”办理，本次运行不再重复。")

    while True:
        step = ask_office(change)
        if step == "withdrawn":
            return Completed(message="科室已撤回。")
        if step == "done" or review_change(change):
            break
        give_back(change)

    publish_changes()
    return Completed(message="已公开。")


@flow(name=OPENNESS_WATCH.name, flow_run_name=_watch_name)
def openness_watch() -> Any:
    """Each morning: notice new statistics and due confirmations, let every change go on, mend the public pages."""
    noticed = notice_changes()
    started = start_runs()
    published = publish_changes()
    return Completed(
        message=f"新的变更和确认 {len(noticed)} 件，开始或接着办理 {len(started)} 件，公开 {len(published)} 件。"
    )
