"""``disclosure status`` and ``disclosure board``: where everything stands, in the terminal and as a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from disclosure.cli.common import workplace
from disclosure.cli.screen import console, done, say

if TYPE_CHECKING:
    from disclosure.overview import Awaited, Handed, Overview, ReadBackSummary, Released, Station, Track, Upcoming

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
    from disclosure.clock import said, utc_now
    from disclosure.overview import look

    place = workplace()
    seen = look(place, utc_now())
    console.print(Text.assemble((f"{seen.title}进度", "bold"), f"  {said(seen.at)}"), soft_wrap=True)
    _concerns(seen)
    if seen.awaited:
        _head("在等谁")
        console.print(_awaited(seen.awaited))
    _head("各周期")
    for track in seen.tracks:
        _track(track, place.settings.server_url)
    if not any(track.is_opened for track in seen.tracks):
        console.print("还没有开启任何周期。运行 disclosure open 2025-annual 开启一个。")
    _head("未来 60 天的期限")
    console.print(_upcoming(seen.upcoming) if seen.upcoming else "  没有。")


def board() -> None:
    """重新生成进度看板（单独一个网页文件，可打印）；运行 disclosure up 时它会自动更新。"""
    from disclosure.clock import utc_now
    from disclosure.overview.board import write_board

    done(f"看板在 {write_board(workplace(), utc_now())}")


def _head(text: str) -> None:
    console.print()
    console.print(text, style="bold")


def _concerns(seen: Overview) -> None:
    from disclosure.clock import said

    if seen.emergencies:
        say("!", "yellow", seen.emergencies)
    for concern in (*seen.supervision, *seen.concerns):
        since = f"（自 {said(concern.since)}）" if concern.since else ""
        mark, style = ("✓", "green") if concern.mended else ("!", "bold red")
        say(mark, style, f"{concern.what}{since}{'已自动处理。' if concern.mended else ''}")


def _awaited(awaited: Iterable[Awaited]) -> Padding:
    """Who owes what: period and task, office with people, since when and how urgent."""
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
    if each.overdue:
        return Text(f"逾期 {each.overdue} 个工作日", "bold red")
    due = f"{each.planned.month}月{each.planned.day}日"
    return Text(f"{due}到期", "yellow") if each.left == 0 else Text(f"{due}，还有 {each.left} 个工作日")


def _track(track: Track, server_url: str) -> None:
    name = track.label + ("（演示）" if track.is_demo else "")
    stands = track.step + (f" 第 {track.round} 轮" if track.round > 1 or (track.is_opened and track.waits) else "")
    style = "green" if track.is_published else "bold red" if track.is_late else "" if track.is_opened else "dim"
    if not track.is_opened and track.stations:
        first = track.stations[0]
        opens = f"，{first.planned.month}月{first.planned.day}日{first.name}"
        stands += (
            opens if first.state == "ahead" else "，没有在这里办理" if first.state == "unknown" else f"{opens}已过"
        )
    console.print(Text.assemble((name, "bold"), "  ", (stands, style)), soft_wrap=True)
    if not track.is_opened:
        return
    if track.stations:
        console.print(Padding(_stations(track.stations), (0, 0, 0, 2)))
    lines = [
        track.handed and f"报送：{'，'.join(_handed(each) for each in track.handed)}",
        track.audited
        and f"数据检查：严重 {track.audited.critical}，须说明 {track.audited.warnings}"
        + (f"（还有 {track.audited.unexplained} 条没有说明）" if track.audited.unexplained else ""),
        track.decided and f"审核：{track.decided}",
        track.waits and f"在等：{track.waits}",
        track.released and _released(track.released),
        track.run_id and f"答复请到 {server_url}/runs/flow-run/{track.run_id}",
    ]
    for line in lines:
        if line:
            console.print(Text(f"  {line}"), soft_wrap=True)


def _stations(stations: Iterable[Station]) -> Text:
    shown = Text()
    for station in stations:
        mark, style = _MARKS[station.state]
        # Kept together where the line breaks.
        shown.append(f"{mark}\u00a0{station.name}", style).append("  ")
    return shown


def _handed(each: Handed) -> str:
    on = f" {each.on.month}月{each.on.day}日" if each.on else ""
    note = f"（{each.note}）" if each.note else ""
    return f"{each.office}{_HANDED[each.state]}{on}{note}"


def _released(released: Released) -> str:
    from disclosure.clock import said

    if released.published_at is None:
        return f"发布：已签发，定于 {said(released.planned_for)}" if released.planned_for else ""
    if released.is_withdrawn:
        return f"发布：{said(released.published_at)} 已发布，后已撤回"
    stands = "已发布" if released.is_live else "部分发布" if released.is_partial else "正在发布"
    channels = "，".join(f"{c.name}{'核对无误' if c.is_live else '还没有核对'}" for c in released.channels)
    return f"发布：{said(released.published_at)} {stands}；{channels}{_read(released.read)}"


def _read(read: ReadBackSummary | None) -> str:
    from disclosure.clock import said

    if read is None:
        return ""
    if read.problems:
        return f"；{said(read.at)} 读回发现 {len(read.problems)} 处不符：{read.problems[0]}"
    return f"；{said(read.at)} 从 {read.files} 个文件读回 {read.figures} 个数字，与汇总全部相符"


def _upcoming(upcoming: Iterable[Upcoming]) -> Padding:
    from disclosure.clock import short_weekday

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(4):
        table.add_column(no_wrap=True)
    for each in upcoming:
        day = f"{each.planned.month}月{each.planned.day}日 {short_weekday(each.planned)}"
        left = "今天" if each.left == 0 else f"还有 {each.left} 个工作日"
        table.add_row(day, each.period, each.milestone, left + ("（暂定）" if each.is_provisional else ""))
    return Padding(table, (0, 0, 0, 2))
