"""``disclosure status`` and ``disclosure board``: where everything stands, in the terminal and as a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deployments.cli.common import open_installation, say_findings
from deployments.cli.screen import console, done, say
from disclosure.platform.clock import format_moment, short_weekday, utc_now
from disclosure.records.states import ReleaseState

if TYPE_CHECKING:
    from disclosure.cycle.view import OfficeDelivery, ReadBackSummary
    from disclosure.monitoring.board.facts import Awaited, CycleProgress, Overview, Station, Upcoming
    from disclosure.platform.settings import Settings
    from disclosure.records.tables import Release

#: What stands before a milestone, by its state; the shape says the same as the colour.
_MARKS = {
    "done": ("✓", "green"),
    "now": ("●", "bold"),
    "late": ("✗", "bold red"),
    "ahead": ("○", "dim"),
    "unknown": ("·", "dim"),
}
_HANDED = {"accepted": "已收", "refused": "未通过", "missing": "缺", "excused": "先行汇总"}


def status() -> None:
    """在等谁、各周期办到哪一步、未来 60 天的期限；与看板说的相同。"""
    # Spares the other commands python-docx and Typst.
    from disclosure.monitoring.board.overview import (
        load_overview,
    )  # saves every other command: SQLAlchemy and pandas take a second
    from disclosure.records.self_check.inspection import refuse_start

    installation = open_installation()
    say_findings(refuse_start(installation))
    seen = load_overview(installation, utc_now())
    console.print(Text.assemble((f"{seen.title}进度", "bold"), f"  {format_moment(seen.at)}"), soft_wrap=True)
    _concerns(seen)
    if seen.awaited:
        _head("在等谁")
        console.print(_awaited(seen.awaited))
    _head("各周期")
    for one in seen.cycles:
        _print_cycle(one, installation.settings)
    if not any(one.view.is_opened for one in seen.cycles):
        console.print("还没有开启任何周期。运行 disclosure open 2025-annual 开启一个。")
    _head("未来 60 天的期限")
    console.print(_upcoming(seen.upcoming) if seen.upcoming else "  没有。")


def board() -> None:
    """重新生成进度看板（单独一个网页文件，可打印）；运行 disclosure up 时它会自动更新。"""
    # Spares the other commands python-docx and Typst.
    from disclosure.monitoring.board.page import (
        write_board,
    )  # saves every other command: SQLAlchemy and pandas take a second

    done(f"看板在 {write_board(open_installation(), utc_now())}")


def _head(text: str) -> None:
    console.print()
    console.print(text, style="bold")


def _concerns(seen: Overview) -> None:
    if seen.emergencies:
        say("!", "yellow", seen.emergencies)
    for concern in (*seen.supervision, *seen.concerns):
        since = f"（自 {format_moment(concern.since)}）" if concern.since else ""
        mark, style = ("✓", "green") if concern.mended else ("!", "bold red")
        say(mark, style, f"{concern.what}{since}{'已自动处理。' if concern.mended else ''}")


def _awaited(awaited: Iterable[Awaited]) -> Padding:
    """Set who owes what: period and task, office with people, since when and how urgent."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(no_wrap=True)
    table.expand = True
    for each in awaited:
        names = f"（{'、'.join(each.people)}）" if each.people else "（还没有登记人）"
        since = f"自 {each.since.month}月{each.since.day}日"
        table.add_row(Text(f"{each.period} {each.milestone}"), Text(f"{each.office}{names} {since}"), _urgency(each))
    return Padding(table, (0, 0, 0, 2))


def _urgency(each: Awaited) -> Text:
    due = each.time.due
    style = "bold red" if each.time.is_over else "" if each.time.left else "yellow"
    return Text(f"{due.month}月{due.day}日，{each.time.text}", style)


def _print_cycle(one: CycleProgress, settings: Settings) -> None:
    view = one.view
    name = one.label + ("（演示）" if view.is_demo else "")
    stands = view.state + (f" 第 {view.round} 轮" if view.round > 1 or (view.is_opened and one.waits) else "")
    style = "green" if view.published else "bold red" if one.is_late else "" if view.is_opened else "dim"
    if not view.is_opened and one.stations:
        first = one.stations[0]
        opens = f"，{first.deadline.planned.month}月{first.deadline.planned.day}日{first.deadline.name}"
        stands += (
            opens if first.state == "ahead" else "，没有在这里办理" if first.state == "unknown" else f"{opens}已过"
        )
    console.print(Text.assemble((name, "bold"), "  ", (stands, style)), soft_wrap=True)
    if not view.is_opened:
        return
    if one.stations:
        console.print(Padding(_stations(one.stations), (0, 0, 0, 2)))
    lines = [
        one.handed and f"报送：{'，'.join(_delivery(each) for each in one.handed)}",
        view.audit
        and f"数据检查：严重 {view.audit.critical}，须说明 {view.audit.warnings}"
        + (f"（还有 {view.audit.unexplained} 条没有说明）" if view.audit.unexplained else ""),
        one.decided and f"审核：{one.decided}",
        one.waits and f"在等：{one.waits}",
        one.released and _released(one, one.released),
        one.run_note,
        one.run_id and f"答复请到 {settings.run_url(one.run_id)}",
    ]
    for line in lines:
        if line:
            console.print(Text(f"  {line}"), soft_wrap=True)


def _stations(stations: Iterable[Station]) -> Text:
    shown = Text()
    for station in stations:
        mark, style = _MARKS[station.state]
        # Kept together where the line breaks.
        shown.append(f"{mark}\u00a0{station.deadline.name}", style).append("  ")
    return shown


def _delivery(each: OfficeDelivery) -> str:
    on = f" {each.on.month}月{each.on.day}日" if each.on else ""
    note = f"（{each.note}）" if each.note else ""
    return f"{each.office}{_HANDED[each.state]}{on}{note}"


#: What is said of a release that has begun to be published.
_STANDS = {ReleaseState.LIVE: "已发布", ReleaseState.PARTIAL: "部分发布"}


def _released(one: CycleProgress, release: Release) -> str:
    if release.published_at is None:
        return f"发布：已签发，定于 {format_moment(release.planned_for)}" if release.planned_for else ""
    if one.view.is_withdrawn:
        return f"发布：{format_moment(release.published_at)} 已发布，后已撤回"
    stands = _STANDS.get(release.state, "正在发布")
    channels = "，".join(f"{c.name}{'核对无误' if c.is_live else '还没有核对'}" for c in one.channels)
    return f"发布：{format_moment(release.published_at)} {stands}；{channels}{_read(one.view.read_back)}"


def _read(read: ReadBackSummary | None) -> str:
    if read is None:
        return ""
    if read.problems:
        return f"；{format_moment(read.at)} 读回发现 {len(read.problems)} 处不符：{read.problems[0]}"
    return f"；{format_moment(read.at)} 从 {read.files} 个文件读回 {read.figures} 个数字，与汇总全部相符"


def _upcoming(upcoming: Iterable[Upcoming]) -> Padding:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(4):
        table.add_column(no_wrap=True)
    for each in upcoming:
        deadline, day = each.deadline, each.deadline.planned
        on = f"{day.month}月{day.day}日 {short_weekday(day)}"
        left = each.time.text + ("（暂定）" if deadline.is_provisional else "")
        table.add_row(on, deadline.period.label, deadline.name, left)
    return Padding(table, (0, 0, 0, 2))
