"""One disclosure cycle, from opening to publication, readable from top to bottom."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow, runtime
from prefect.states import Completed
from pydantic import Field

from disclosure.periods import CycleKind
from tasks.audit import audit_round_data
from tasks.collect import hand_out_workbooks, open_cycle
from tasks.compile import compile_round
from tasks.driving import take_over
from tasks.known_flows import CYCLE
from tasks.publish import publish_release, schedule_publication
from tasks.render import render_release
from tasks.review import begin_next_round, collect_submissions, review, review_afterwards, sign_off


def _run_name() -> str:
    given = runtime.flow_run.parameters
    return " ".join(str(given[key]) for key in ("kind", "year", "name") if given.get(key))


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
    cycle = open_cycle(kind, year, name, only)
    if driver := take_over(cycle):
        return Completed(message=f"本周期正由运行“{driver}”办理，本次运行不再重复。")

    while True:
        hand_out_workbooks(cycle)
        collect_submissions(cycle)
        compile_round(cycle)
        audit_round_data(cycle)
        if review(cycle):
            release = render_release(cycle)
            if sign_off(cycle, release):
                break
        begin_next_round(cycle)

    if hour := schedule_publication(cycle):
        return Completed(message=f"已签发，{hour}由排定的运行发布。")
    address = publish_release(cycle)
    review_afterwards(cycle)
    return Completed(message=f"已发布：{address}")
