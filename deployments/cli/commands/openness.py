"""``disclosure openness …``: hand in new content, see what runs, how well the limits were kept."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Table

from deployments.bootstrap import use_server
from deployments.cli.answering import answer_ask
from deployments.cli.chinese import make_noun
from deployments.cli.common import ask_proof, open_installation, unless_refused
from deployments.cli.screen import console, done, print_pairs
from disclosure.openness.contents import draft_of, find_element, read_content
from disclosure.openness.words import words
from disclosure.platform.clock import format_day, shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.tables import OpennessChange

if TYPE_CHECKING:
    from disclosure.openness.duties import OpenClock
    from disclosure.openness.report import OpennessReport
    from disclosure.records.installation import Installation

openness_app = make_noun("openness", "政务公开目录：报送新内容、在办事项、时限报告。")

Item = Annotated[str, Parameter(help="事项序号，如 1 或 01")]
Element = Annotated[str, Parameter(help="要素的编号或名称，如 guide 或 服务指南")]


@openness_app.command(name="draft")
def draft(item: Item, element: Element, *, to: Annotated[Path, Parameter(help="写到哪个文件夹")] = Path()) -> None:
    """写出一份样稿，核对、补全后用 changed 报送；已有的文件不覆盖。"""
    found, name, _ = find_element(open_installation().catalog, item, element)
    file_name, content = draft_of(open_installation().catalog, found, name)
    path = to / file_name
    if path.exists():
        raise DisclosureError(f"{path} 已经存在，没有覆盖。请改用别的文件夹（--to）。")
    to.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    done(f"样稿 {path}")


@openness_app.command(name="changed")
def changed(
    item: Item,
    element: Element,
    file: Annotated[Path, Parameter(help="新内容：服务指南写成 .md，其他写成 .yaml")],
    *,
    by: Annotated[str, Parameter(help="报送人（负责科室的人）的姓名")],
    what: Annotated[str, Parameter(help="变更内容，一句话，公开在变更记录里")],
    on: Annotated[dt.date | None, Parameter(help="信息形成或变更的日期，如 2026-03-02；不写则为今天")] = None,
) -> None:
    """报送一个要素的新内容，开始 20 个工作日的公开时限；要报送人验证器上的一次性口令。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.calendar.workdays import add_workdays
    from disclosure.openness import changes

    installation = open_installation()
    found, name, _ = find_element(installation.catalog, item, element)
    day = on or shanghai(utc_now()).date()
    new = changes.NewContent(found.number, name, read_content(found, name, file), what.strip(), day)
    proof = ask_proof(installation, by, "", lambda work, claimed: changes.explain_not_taken(work, new, claimed))
    with installation.begin(proof.at) as work:
        taken = changes.hand_in(work, new, proof)
    change = unless_refused(taken)
    limit = add_workdays(day, found.workdays, installation.catalog.holidays)
    done(f"已收到（变更 {change.id}）。{format_day(day)}变更，应在 {format_day(limit)} 前公开。")
    _go_on(installation)


@openness_app.command(name="watch")
def watch() -> None:
    """现在就巡查一次：新发布的统计数据、到期的年度确认、已审核待公开的内容。"""
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.openness import changes, confirming
    from disclosure.publication.openness import publish_openness

    installation = open_installation()
    with installation.begin() as work:
        found = [*changes.note_statistics(work), *confirming.note_confirmations(work)]
    published = publish_openness(installation)
    done(f"新的变更和确认 {len(found)} 件，公开 {len(published)} 件。")
    _go_on(installation)


@openness_app.command(name="status")
def status() -> None:
    """在办事项：每个变更、确认和申请离时限还有几天，在等谁。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.openness.duties import open_clocks

    installation = open_installation()
    with installation.records.read() as session:
        clocks = open_clocks(session, installation.catalog, utc_now())
    if not clocks:
        console.print("政务公开没有在办事项。")
        return
    for clock in clocks:
        name = f"{int(clock.item)} {clock.title}" if clock.item else clock.title
        style = "bold red" if clock.is_overdue else ""
        number = f"（变更 {clock.change_id}）" if clock.change_id else ""
        console.print(f"{words()['kinds'][clock.kind]} {name}{number}", soft_wrap=True, style=style)
        console.print(f"    时限 {_until(clock)}；在等 {clock.office or '系统'}：{clock.step}", soft_wrap=True)
    for run_id in dict.fromkeys(clock.run_id for clock in clocks if clock.run_id):
        console.print(f"答复请到 {installation.settings.run_url(run_id)}", soft_wrap=True)


@openness_app.command(name="resume")
def resume(change: Annotated[int, Parameter(help="变更编号，见 disclosure openness status")]) -> None:
    """在终端里答复等待中的核对、确认或审核，与 Prefect 界面上的表单相同。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.review import asks

    installation = open_installation()
    with installation.records.read() as session:
        found = session.get(OpennessChange, change)
        ask = asks.open_ask_of(session, found) if found else None
    if ask is None:
        raise DisclosureError(f"变更 {change} 现在没有等待答复的事项。运行 disclosure openness status 看看。")
    answer_ask(installation, ask.flow_run_id)


@openness_app.command(name="report")
def report(
    *,
    first: Annotated[dt.date | None, Parameter(name="--from", help="开始日期；不写则为今年 1 月 1 日")] = None,
    last: Annotated[dt.date | None, Parameter(name="--to", help="结束日期（含当日）；不写则为今天")] = None,
) -> None:
    """一段时间里各事项是否按时公开、用了几个工作日、有哪些逾期。"""
    # Spares the other commands chinese_calendar.
    from disclosure.openness.clocks import all_clocks
    from disclosure.openness.report import make_report

    installation = open_installation()
    today = shanghai(utc_now()).date()
    end = last or today
    begin = first or dt.date(end.year, 1, 1)
    if end > today or begin > end:
        raise DisclosureError(f"时间段 {begin} 至 {end} 不合理：结束日期不能晚于今天，也不能早于开始日期。")
    with installation.records.read() as session:
        found = make_report(installation.catalog, all_clocks(session, installation.catalog, end), begin, end)
    _print_report(installation, found)


def _print_report(installation: Installation, found: OpennessReport) -> None:

    if not found.lines:
        console.print(f"{found.first} 至 {found.last} 没有变更。")
        return
    table = Table(title=f"{found.first} 至 {found.last}", box=None, header_style="bold", pad_edge=False)
    for title in ("事项", "变更", "按时", "逾期公开", "时限内", "逾期未公开", "用时中位数"):
        table.add_column(title, justify="left" if title == "事项" else "right", overflow="fold")
    for line in found.lines:
        counts = (line.changes, line.on_time, line.late, line.running, len(line.overdue))
        table.add_row(
            f"{int(line.item.number)} {line.item.name}",
            *(str(count) if count else "—" for count in counts),
            "—" if line.used is None else f"{line.used:g}",
            style="" if line.is_on_time else "bold red",
        )
    console.print(table)
    lines = found.lines
    console.print()
    print_pairs(
        {
            "变更合计": str(sum(line.changes for line in lines)),
            "全部按时的事项": f"{sum(line.is_on_time for line in lines)} / {len(lines)}",
            "用时中位数（工作日）": "—" if found.used is None else f"{found.used:g}",
        }
    )
    for one in found.overdue:
        item = installation.catalog.openness_items[one.item]
        console.print(
            f"逾期未公开：{int(one.item)} {item.name}：{item.elements[one.element].name}（{one.what}），"
            f"时限 {format_day(one.clock.limit)}，{one.clock.time.text}",
            soft_wrap=True,
        )


def _until(clock: OpenClock) -> str:
    return f"{clock.limit}，{clock.time.text}"


def _go_on(installation: Installation) -> None:
    """Let Prefect drive what waits, if it runs; the next start and the next morning's look do the same."""
    # Spares the other commands Typst and XlsxWriter.
    from deployments import local

    if not local.is_up(installation.settings):
        console.print("Prefect 服务没有运行；下次启动（disclosure up）时开始办理。")
        return
    use_server(installation.settings)
    # Spares the other commands Prefect.
    from tasks.openness import start_runs_of

    if started := start_runs_of(installation):
        console.print(f"开始办理：变更 {'、'.join(map(str, started))}。")
