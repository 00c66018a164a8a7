"""The openness catalogue at work: what changed is noticed, provided by its office, reviewed, published in time."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow, runtime
from prefect.states import Completed
from pydantic import Field

from disclosure.records.states import ChangeStep
from tasks.openness import (
    ask_office,
    give_back,
    notice_changes,
    publish_changes,
    review_change,
    start_runs,
    take_over_change,
)
from tasks.orchestration.known_flows import OPENNESS_CHANGE, OPENNESS_WATCH, named_by_minute


def _run_name() -> str:
    return f"政务公开变更 {runtime.flow_run.parameters.get('change')}"


@flow(name=OPENNESS_CHANGE.name, flow_run_name=_run_name)
def openness_change(change: Annotated[int, Field(title="变更编号")]) -> Any:
    """One change, or one yearly confirmation: from its office to the public pages.

    Every step looks into our records first, so the run may be resumed, retried or replaced by a fresh one at any
    point: nobody is asked twice about the same content, and each content is published once.
    """
    if driver := take_over_change(change):
        return Completed(message=f"这一变更正由运行“{driver.name}”办理，本次运行不再重复。")

    while True:
        step = ask_office(change)
        if step is ChangeStep.WITHDRAWN:
            return Completed(message="科室已撤回。")
        if step is ChangeStep.DONE or review_change(change):
            break
        give_back(change)

    publish_changes()
    return Completed(message="已公开。")


@flow(name=OPENNESS_WATCH.name, flow_run_name=named_by_minute("政务公开"))
def openness_watch() -> Any:
    """Each morning: notice new statistics and due confirmations, let every change go on, mend the public pages."""
    noticed = notice_changes()
    started = start_runs()
    published = publish_changes()
    return Completed(
        message=f"新的变更和确认 {len(noticed)} 件，开始或接着办理 {len(started)} 件，公开 {len(published)} 件。"
    )
