"""A cycle from the terminal: ``open``, ``workbook``, ``resume``, ``close``, ``reopen``."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from cyclopts import Parameter

from deployments.bootstrap import use_server
from deployments.cli.answering import answer_ask
from deployments.cli.common import ask_proof, cycle_id_of, open_installation, unless_refused
from deployments.cli.screen import console, done, print_pairs
from disclosure.calendar.periods import parse_period
from disclosure.cycle import queries
from disclosure.cycle.queries import MILESTONES
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.states import PUBLISHED

if TYPE_CHECKING:
    from disclosure.catalog import Milestone
    from disclosure.records.installation import Installation


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

    # Spares the other commands cryptography and pyotp.
    from disclosure.workspace.cycles.opening import check_name

    installation = open_installation()
    wanted = parse_period(period)
    if wanted.year > shanghai(utc_now()).year + 1:
        raise DisclosureError(f"{wanted.label}还早，现在不能开启，请核对年份。")
    check_name(installation.catalog, wanted)
    with installation.records.write() as session:
        is_new = queries.find_cycle(session, installation.catalog, wanted) is None
        cycle = queries.open_cycle(
            session, installation.catalog, wanted, only=only, milestones=_dates(dates), actor="操作员"
        )
        release = queries.release_of(session, cycle)
        is_live = release is not None and release.state in PUBLISHED
    if is_live:
        console.print(f"{wanted.label}已经发布，不再办理。")
        return
    done(f"{wanted.label}已开启。") if is_new else console.print(f"{wanted.label}以前已经开启。")
    _hand_out(installation, cycle.id)
    if run:
        use_server(installation.settings)
        # Spares the other commands Prefect.
        from deployments import local
        from disclosure.monitoring.supervision.run_status import LIVE
        from tasks.orchestration import runs
        from tasks.orchestration.run_status import settle_run

        if not local.is_up(installation.settings):
            raise DisclosureError(
                "周期已开启，但 Prefect 服务没有运行：请在另一个终端运行 disclosure up，"
                f"再运行 disclosure open {wanted.id}。"
            )
        driver = cycle.driver_run_id
        is_driven = driver is not None and settle_run(installation, driver)[1] in LIVE
        run_id = driver if is_driven else runs.start_run(wanted, tuple(cycle.only))
        print_pairs({"本次运行": installation.settings.run_url(run_id)})
        console.print("下一步：各单位报送；进度看 disclosure status。", soft_wrap=True)


def workbook(period: Annotated[str, Parameter(help="期间，如 2025-annual")]) -> None:
    """生成本轮应报送单位的报表（已生成的不覆盖）。"""
    installation = open_installation()
    _hand_out(installation, cycle_id_of(installation, period))


def resume(period: Annotated[str, Parameter(help="期间，如 2025-annual")]) -> None:
    """在终端里答复等待中的审核，与 Prefect 界面上的表单相同。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.review import asks

    installation = open_installation()
    cycle_id = cycle_id_of(installation, period)
    with installation.records.read() as session:
        ask = asks.open_ask_of(session, queries.get_cycle(session, cycle_id))
    if ask is None:
        raise DisclosureError(f"{period} 现在没有等待答复的事项。运行 disclosure status 看看进度。")
    answer_ask(installation, ask.flow_run_id)


def close(
    period: Annotated[str, Parameter(help="期间，如 2025-annual")],
    *,
    by: Annotated[str, Parameter(help="办理人的姓名；随后输入其验证器上的一次性口令")],
    reason: Annotated[str, Parameter(help="为什么关闭，记入台账，看板上可见")],
) -> None:
    """关闭一个误开或不再披露、还没有公布任何内容的周期：不再提问，不再发布，运行随之结束；以后可用 reopen 重新开启。"""
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.closing import close_cycle, explain_unclosable

    installation = open_installation()
    cycle_id = cycle_id_of(installation, period)
    proof = ask_proof(installation, by, reason, lambda work, claimed: explain_unclosable(work, cycle_id, claimed))
    with installation.begin(proof.at) as work:
        cycle = queries.get_cycle(work.session, cycle_id)
        outcome = close_cycle(work, cycle, proof)
        label, run_id = queries.period_of(cycle).label, cycle.driver_run_id
    unless_refused(outcome)
    done(f"{label}已关闭。")
    if run_id is not None:
        _end_run(installation, run_id, f"{label}已由{by}关闭：{reason}")


def reopen(
    period: Annotated[str, Parameter(help="期间，如 2025-annual")],
    *,
    by: Annotated[str, Parameter(help="办理人的姓名；随后输入其验证器上的一次性口令")],
    reason: Annotated[str, Parameter(help="为什么重新开启，记入台账")],
) -> None:
    """重新开启一个关闭了的周期：从关闭时的环节接着办理，内容没有变的审核意见仍然有效。"""
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.closing import explain_not_closed, reopen_cycle

    installation = open_installation()
    cycle_id = cycle_id_of(installation, period)
    proof = ask_proof(installation, by, reason, lambda work, claimed: explain_not_closed(work, cycle_id, claimed))
    with installation.begin(proof.at) as work:
        cycle = queries.get_cycle(work.session, cycle_id)
        outcome = reopen_cycle(work, cycle, proof)
        period_id = cycle.period_id
    unless_refused(outcome)
    done(f"{queries.period_of(cycle).label}已重新开启；要接着办理，请运行 disclosure open {period_id}。")


def _end_run(installation: Installation, run_id: str, why: str) -> None:
    """End the run of a closed cycle, where Prefect's server runs; elsewhere it ends by itself once it goes on."""
    use_server(installation.settings)
    # Spares the other commands Prefect.
    from deployments import local
    from tasks.orchestration.runs import cancel_run

    if local.is_up(installation.settings):
        cancel_run(UUID(run_id), why)
        done("它的运行已结束。")
    else:
        console.print("Prefect 服务没有运行；它的运行再启动时会自行停止。")


def _dates(given: tuple[str, ...]) -> dict[Milestone, dt.date]:
    """``draft=2026-06-05`` and the like, read."""
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


def _hand_out(installation: Installation, cycle_id: int) -> None:
    # Spares the other commands python-docx and XlsxWriter.
    from disclosure.collection.handout import hand_out

    for path in hand_out(installation, cycle_id):
        console.print(f"  报表 {path}", soft_wrap=True)
