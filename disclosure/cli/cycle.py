"""A cycle from the terminal: ``open``, ``workbook``, ``resume``."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from disclosure.cli.answering import answer_ask
from disclosure.cli.common import cycle_id_of, workplace
from disclosure.cli.screen import console, done, print_pairs
from disclosure.errors import DisclosureError

if TYPE_CHECKING:
    from disclosure.catalog import Milestone
    from disclosure.workplace import Workplace


def open_(
    period: Annotated[str, Parameter(help="期间，如 2025-annual、2026-q1、2026-special-工伤专项")],
    *,
    only: Annotated[tuple[str, ...], Parameter(help="专项只报哪些指标，如 work_injury.*")] = (),
    dates: Annotated[
        tuple[str, ...], Parameter(help="专项的节点日期，如 draft=2026-06-05 publish=2026-06-30", consume_multiple=True)
    ] = (),
    run: Annotated[bool, Parameter(help="同时让 Prefect 开始办理")] = True,
) -> None:
    """开启一个周期：建立记录、生成各单位报表，并让 Prefect 开始办理。"""
    from uuid import UUID

    from deployments.bootstrap import use_server
    from disclosure import cycles
    from disclosure.clock import shanghai, utc_now
    from disclosure.periods import parse_period

    place = workplace()
    wanted = parse_period(period)
    if wanted.year > shanghai(utc_now()).year + 1:
        raise DisclosureError(f"{wanted.label}还早，现在不能开启，请核对年份。")
    with place.records.write() as session:
        is_new = cycles.find_cycle(session, place.catalog, wanted) is None
        cycle = cycles.open_cycle(session, place.catalog, wanted, only=only, milestones=_dates(dates), actor="操作员")
        release = cycles.release_of(session, cycle)
        is_live = release is not None and release.is_live
    if is_live:
        console.print(f"{wanted.label}已经发布，不再办理。")
        return
    done(f"{wanted.label}已开启。") if is_new else console.print(f"{wanted.label}以前已经开启。")
    _hand_out(place, cycle.id)
    if run:
        use_server(place.settings)
        from deployments import local
        from tasks import runs

        if not local.is_up(place.settings):
            raise DisclosureError(
                "周期已开启，但 Prefect 服务没有运行：请在另一个终端运行 disclosure up，"
                f"再运行 disclosure open {wanted.id}。"
            )
        driver = cycle.driver_run_id
        run_id = driver if driver and runs.is_alive(UUID(driver)) else runs.start_run(wanted, tuple(cycle.only))
        print_pairs({"本次运行": f"{place.settings.server_url}/runs/flow-run/{run_id}"})


def workbook(period: Annotated[str, Parameter(help="期间，如 2025-annual")]) -> None:
    """生成本轮应报送单位的报表（已生成的不覆盖）。"""
    place = workplace()
    _hand_out(place, cycle_id_of(place, period))


def resume(period: Annotated[str, Parameter(help="期间，如 2025-annual")]) -> None:
    """在终端里答复等待中的审核，与 Prefect 界面上的表单相同。"""
    from disclosure import cycles
    from disclosure.review import asks

    place = workplace()
    cycle_id = cycle_id_of(place, period)
    with place.records.read() as session:
        ask = asks.open_ask_of(session, cycles.get_cycle(session, cycle_id))
    if ask is None:
        raise DisclosureError(f"{period} 现在没有等待答复的事项。运行 disclosure status 看看进度。")
    answer_ask(place, ask.flow_run_id)


def _dates(given: tuple[str, ...]) -> dict[Milestone, dt.date]:
    """``draft=2026-06-05`` and the like, read."""
    from disclosure.cycles import MILESTONES

    found: dict[Milestone, dt.date] = {}
    for text in given:
        step, _, day = text.partition("=")
        known = next((milestone for milestone in MILESTONES if milestone == step.strip()), None)
        try:
            date = dt.date.fromisoformat(day.strip())
        except ValueError:
            date = None
        if known is None or date is None:
            raise DisclosureError(
                f"看不懂节点日期“{text}”，应写成 publish=2026-06-30，节点为 {'、'.join(MILESTONES)} 之一。"
            )
        found[known] = date
    return found


def _hand_out(place: Workplace, cycle_id: int) -> None:
    from disclosure.collection.workbooks import hand_out

    for path in hand_out(place, cycle_id):
        console.print(f"  报表 {path}", soft_wrap=True)
