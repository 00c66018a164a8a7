"""The dates from the terminal: ``calendar``, ``deadline move``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from deployments.bootstrap import use_server
from deployments.cli.chinese import make_noun
from deployments.cli.common import ask_proof, open_installation, unless_refused
from deployments.cli.screen import console, done, say
from disclosure.calendar.periods import parse_period
from disclosure.platform.clock import shanghai, short_weekday, utc_now
from disclosure.platform.errors import DisclosureError

if TYPE_CHECKING:
    from disclosure.cycle.deadlines import CyclePlan
    from disclosure.records.installation import Installation

deadline_app = make_noun("deadline", "节点日期：改期。")


def calendar(
    year: Annotated[int | None, Parameter(help="年份，不写则为今年")] = None,
    *,
    ics: Annotated[Path | None, Parameter(help="把各科室的日历文件（.ics）写到这个文件夹")] = None,
) -> None:
    """一年里各周期的节点：法定日期、工作安排和办到哪一步；可导出各科室的日历文件。"""
    # Spares the other commands chinese_calendar.
    from disclosure.cycle import deadlines

    installation = open_installation()
    wanted = year or shanghai(utc_now()).year
    if not 2000 <= wanted <= 2100:
        raise DisclosureError(f"年份 {wanted} 不合理，应为 2000 到 2100 之间。")
    with installation.records.read() as session:
        plans = deadlines.year_plan(session, installation.catalog, wanted)
    console.print(f"{wanted}年社会保险信息披露日历", style="bold")
    console.print()
    console.print(_table(plans, wanted))
    _warn(installation, wanted)
    if ics is not None:
        # Spares the other commands icalendar and Jinja2.
        from disclosure.monitoring.ics import write_calendars

        for path in write_calendars(ics, installation.catalog, plans, wanted, utc_now()):
            console.print(f"  日历 {path}", soft_wrap=True)
        done("日历文件可以导入手机、Outlook 等日历；改期后重新导出、再次导入，原有日程会随之移动。")


@deadline_app.command(name="move")
def deadline_move(
    period: Annotated[str, Parameter(help="期间，如 2026-q1")],
    milestone: Annotated[
        str, Parameter(help="节点：draft、compile、review、confidentiality、sign_off、publish 或其中文名")
    ],
    date: Annotated[dt.date, Parameter(help="新的日期，如 2026-04-22")],
    *,
    by: Annotated[str, Parameter(help="改期的人（督办人或局领导）的姓名")],
    reason: Annotated[str, Parameter(help="理由，记入台账")],
) -> None:
    """把一个节点改到另一天；要本人验证器上的一次性口令，理由记入台账。法定披露日期不能推后。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.cycle import deadlines
    from disclosure.review.deadline_changes import NewDate, explain_immovable, move_deadline

    installation = open_installation()
    step = deadlines.find_milestone(installation.catalog, milestone)
    wanted = NewDate(parse_period(period), step, date)
    proof = ask_proof(installation, by, reason, lambda work, claimed: explain_immovable(work, wanted, claimed))
    with installation.begin(proof.at) as work:
        outcome = move_deadline(work, wanted, proof)
    moved = unless_refused(outcome)
    done(f"{wanted.period.label}“{moved.name}”已改为 {moved.sentence}。")
    if step == "draft" and wanted.period.kind != "special":
        _reschedule(installation)


def _table(plans: list[CyclePlan], year: int) -> Table:
    """Milestone, legal date, plan and why they differ: under 80 columns wherever the reason folds."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("节点", "法定日期", "工作安排"):
        table.add_column(title, no_wrap=True)
    table.add_column("说明", overflow="fold")
    for own in plans:
        table.add_row(Text.assemble((own.period.label, "bold"), f"  {own.state}"))
        for deadline in own.deadlines:
            style = "dim" if deadline.is_provisional else "yellow" if deadline.planned != deadline.legal else ""
            row = (f"  {deadline.name}", _day(deadline.legal, year), _day(deadline.planned, year), deadline.why)
            table.add_row(*row, style=style)
        table.add_row()
    return table


def _day(day: dt.date, year: int) -> str:
    """``03-15 周日``; with its year only where that is another one."""
    return f"{day:%m-%d} {short_weekday(day)}" if day.year == year else f"{day.isoformat()} {short_weekday(day)}"


def _warn(installation: Installation, year: int) -> None:
    """Tell what may still change the dates above."""
    # Spares the other commands chinese_calendar.
    from disclosure.calendar.workdays import missing_holidays, missing_local_holidays

    holidays = installation.catalog.holidays
    if missing := missing_holidays(year, holidays):
        text = f"{year}年的放假安排（{'、'.join(missing)}）还没有录入，上列工作安排是暂定的，录入后会重排。"
    elif local := missing_local_holidays(year, holidays):
        text = f"没有录入{year}年的本地放假日（{'、'.join(local)}），放假的话上列工作安排会变。"
    else:
        return
    say("!", "yellow", f"{text}请补进 {holidays.place}。")


def _reschedule(installation: Installation) -> None:
    """Tell Prefect the new start, if it runs; otherwise its next start will."""
    use_server(installation.settings)
    # Spares the other commands Typst and XlsxWriter.
    from deployments import local

    if not local.is_up(installation.settings):
        console.print("Prefect 服务没有运行；下次启动（disclosure up）时按新的日期排定。")
        return
    # Spares the other commands Prefect.
    from tasks.orchestration.registration import register

    register(installation)
    console.print("Prefect 里的开启时间已按新的日期重排。")
