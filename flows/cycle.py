"""One disclosure cycle, from opening to publication, readable from top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from prefect import flow, runtime
from prefect.states import Completed
from pydantic import Field

from disclosure.calendar.periods import CycleKind
from disclosure.monitoring.supervision.snapshots import RunSnapshot
from tasks.audit import audit_round_data
from tasks.collect import hand_out_workbooks, open_cycle
from tasks.compile import compile_round
from tasks.orchestration.known_flows import CYCLE, name_cycle_run
from tasks.orchestration.run_ownership import take_over
from tasks.publish import publish_release, schedule_publication
from tasks.render import render_release
from tasks.review import begin_next_round, collect_submissions, review, review_afterwards, sign_off


@dataclass(frozen=True)
class CycleSteps:
    """The steps of a cycle: tasks and what they ask people; a rehearsal brings steps that need no Prefect."""

    open_cycle: Callable[[CycleKind, int | None, str, list[str] | None], int] = open_cycle
    take_over: Callable[[int], RunSnapshot | None] = take_over
    hand_out_workbooks: Callable[[int], object] = hand_out_workbooks
    collect_submissions: Callable[[int], None] = collect_submissions
    compile_round: Callable[[int], object] = compile_round
    audit_round_data: Callable[[int], object] = audit_round_data
    review: Callable[[int], bool] = review
    render_release: Callable[[int], str] = render_release
    sign_off: Callable[[int, str], bool] = sign_off
    begin_next_round: Callable[[int], None] = begin_next_round
    schedule_publication: Callable[[int], str] = schedule_publication
    publish_release: Callable[[int], str] = publish_release
    review_afterwards: Callable[[int], None] = review_afterwards


def _run_name() -> str:
    return name_cycle_run(runtime.flow_run.parameters)


@flow(name=CYCLE.name, flow_run_name=_run_name)
def disclosure_cycle(
    kind: Annotated[CycleKind, Field(title="周期")],
    year: Annotated[int | None, Field(title="数据所属年份", description="不填则按运行日期推定")] = None,
    name: Annotated[str, Field(title="专项名称", description="只有专项披露需要")] = "",
    only: Annotated[
        list[str] | None, Field(title="专项指标", description="指标编号，可用 work_injury.* 表示一类")
    ] = None,
) -> Any:
    """Disclose one period: collect, compile, audit, review, sign off, publish.

    Every step looks into our records first, so the run may be resumed, retried or replaced by a fresh one at
    any point: what is done is not done again, and nobody is asked twice about the same content.
    """
    return Completed(message=disclose(CycleSteps(), kind, year, name, only))


def disclose(
    steps: CycleSteps, kind: CycleKind, year: int | None = None, name: str = "", only: list[str] | None = None
) -> str:
    """Take one period through its steps, from wherever our records say it is; what it came to, in words."""
    cycle = steps.open_cycle(kind, year, name, only)
    if driver := steps.take_over(cycle):
        return f"本周期正由运行“{driver.name}”办理，本次运行不再重复。"

    while True:
        steps.hand_out_workbooks(cycle)
        steps.collect_submissions(cycle)
        steps.compile_round(cycle)
        steps.audit_round_data(cycle)
        if steps.review(cycle):
            release = steps.render_release(cycle)
            if steps.sign_off(cycle, release):
                break
        steps.begin_next_round(cycle)

    if hour := steps.schedule_publication(cycle):
        return f"已签发，{hour}由排定的运行发布。"
    address = steps.publish_release(cycle)
    steps.review_afterwards(cycle)
    return f"已发布：{address}"
