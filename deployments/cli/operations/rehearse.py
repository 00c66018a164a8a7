"""``disclosure rehearse``: a year played through before it comes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deployments.bootstrap import import_flows_alone
from deployments.cli.screen import console, done, progress, say
from disclosure.calendar.periods import CycleKind
from disclosure.catalog import load_catalog
from disclosure.platform.clock import format_moment, shanghai, short_weekday
from disclosure.platform.settings import Settings

if TYPE_CHECKING:
    import datetime as dt

    from disclosure.simulation.outcome import MilestoneOutcome, RehearsalReport, RehearsedCycle
    from disclosure.simulation.simulation import Message

_STATES = {"met": ("按计划", "green"), "late": ("晚于计划", "yellow"), "missed": ("逾期", "bold red")}


def rehearse(
    year: Annotated[int, Parameter(help="预演哪一年，如 2026")],
    *,
    behaviour: Annotated[Path | None, Parameter(help="谁晚交、谁不在、哪里不通，写在这个 YAML 文件里")] = None,
    cycle: Annotated[
        list[CycleKind] | None, Parameter(help="只预演这一种周期（可以多次写），如 q1；不写则为全部", negative=())
    ] = None,
    letters: Annotated[Path | None, Parameter(help="把要发的每一封提醒写成文本，放进这个文件夹")] = None,
    as_json: Annotated[bool, Parameter(name="--json", help="只打印 JSON，给程序读", negative=())] = False,
) -> None:
    """在假的时钟上把一年的各周期办一遍：每个节点办到没有、为什么，会发出哪些提醒。不动真的记录，什么也不发。"""
    with import_flows_alone():
        # Spares the other commands Prefect and pandas.
        from deployments import rehearsal
    # Spares the other commands python-docx and XlsxWriter.
    from disclosure.simulation import load_behaviour

    profile = Settings().profile
    how = load_behaviour(load_catalog(profile), behaviour)
    if as_json:
        played = rehearsal.rehearse(year, profile, how, cycle or ())
        console.print(json.dumps(_plain(played), ensure_ascii=False, indent=1), soft_wrap=True)
    else:
        with progress() as tell:
            tell(f"预演{year}年：用示例数据，在临时文件夹里")
            played = rehearsal.rehearse(year, profile, how, cycle or ())
        show(played)
    if letters is not None:
        _write_letters(letters, played.messages)
        if not as_json:
            done(f"{len(played.messages)} 封提醒写在 {letters}")
    if played.statutory_misses:
        sys.exit(1)


def show(played: RehearsalReport) -> None:
    """Every date, every letter and the summary, for people to read."""
    console.print(f"\n{played.year}年预演：{played.title}", style="bold", soft_wrap=True)
    for one in played.cycles:
        _print_cycle(one)
    _print_messages(played.messages)
    if happened := [note.said for note in played.notes if note.period is None]:
        console.print("\n其间", style="bold")
        console.print(_listed({"·": format_moment} for format_moment in happened))
    _print_summary(played)


def _print_cycle(one: RehearsedCycle) -> None:
    view = one.view
    opened = f"{_moment(view.opened_at)} 开启，共 {view.round} 轮" if view.opened_at else "没有开启"
    console.print(Text.assemble("\n", (view.period.label, "bold"), f"  {opened}"), soft_wrap=True)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("  节点", "工作安排", "期限", "办结", "结果"):
        table.add_column(title, no_wrap=True)
    table.add_column("由谁", overflow="fold")
    for each in one.milestones:
        format_moment, style = _STATES[each.state]
        days = (_day(each.deadline.planned), _day(each.deadline.due), _moment(each.done_at))
        table.add_row(f"  {each.deadline.name}", *days, Text(format_moment, style), "、".join(each.people))
    console.print(table)
    told: set[str] = set()
    for each in one.milestones:
        if new := [cause for cause in each.causes if cause not in told]:
            told.update(new)
            console.print(_listed([{f"{each.deadline.name}：": f"{'；'.join(new)}。"}]))


def _listed(lines: Iterable[dict[str, str]]) -> Padding:
    """Print marks with texts that fold beside them."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for line in lines:
        for mark, text in line.items():
            grid.add_row(mark, text)
    return Padding(grid, (0, 0, 0, 2))


def _print_messages(messages: tuple[Message, ...]) -> None:
    """Yield one row for the same letter to several people at once; what all subjects begin with is said once."""
    console.print("\n会发出的提醒", style="bold")
    if not messages:
        console.print("  没有。")
        return
    begins = {"".join(message.letter.subject.partition("】")[:2]) for message in messages}
    prefix = begins.pop() if len(begins) == 1 else ""
    if prefix:
        console.print(f"  主题都以“{prefix}”开头。")
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("  时间", no_wrap=True)
    table.add_column("方式", no_wrap=True)
    table.add_column("给谁", overflow="fold")
    table.add_column("主题", overflow="fold")
    ordered = sorted(messages, key=lambda m: (m.at, m.messenger, m.letter.subject))
    for (at, messenger, subject), same in groupby(ordered, key=lambda m: (m.at, m.messenger, m.letter.subject)):
        names = "、".join(message.name for message in same)
        table.add_row(f"  {_moment(at)}", messenger, names, subject.removeprefix(prefix))
    console.print(table)


def _print_summary(played: RehearsalReport) -> None:
    counts = {state: sum(each.state == state for each in played.passed) for state in _STATES}
    told = "，".join(f"{_STATES[state][0]} {count} 个" for state, count in counts.items() if count)
    console.print()
    summary = f"{len(played.cycles)} 个周期、{len(played.passed)} 个节点：{told}；提醒 {len(played.messages)} 封。"
    if not played.statutory_misses:
        done(f"{summary}法定披露日期都没有错过。")
        return
    say("✗", "bold red", f"{summary}错过的法定披露日期：")
    for each in played.statutory_misses:
        say("✗", "bold red", _missed(each))


def _missed(each: MilestoneOutcome) -> str:
    ended = f"{_moment(each.done_at)} 才发布" if each.done_at else "到预演结束也没有发布"
    return f"{each.deadline.period.label}应于 {_day(each.deadline.due)} 前披露，{ended}"


def _write_letters(folder: Path, messages: tuple[Message, ...]) -> None:
    """One text file a letter, named so that they sort by time."""

    folder.mkdir(parents=True, exist_ok=True)
    for number, message in enumerate(messages, 1):
        head = (
            f"时间：{format_moment(message.at)}\n收件人：{message.name}（{message.messenger}）\n"
            f"主题：{message.letter.subject}\n"
        )
        file = folder / f"{number:03d}-{message.at:%m%d-%H%M}-{message.name}.txt"
        file.write_text(f"{head}\n{message.letter.text}", encoding="utf-8")


def _plain(played: RehearsalReport) -> dict[str, Any]:
    """Return the same as plain data: dates ISO, moments with their offset."""
    return {
        "year": played.year,
        "title": played.title,
        "cycles": [
            {
                "period": one.view.period.id,
                "label": one.view.period.label,
                "opened_at": _iso(one.view.opened_at),
                "rounds": one.view.round,
                "milestones": [
                    {
                        "milestone": each.deadline.milestone,
                        "name": each.deadline.name,
                        "planned": each.deadline.planned.isoformat(),
                        "due": each.deadline.due.isoformat(),
                        "state": each.state,
                        "done_at": _iso(each.done_at),
                        "people": list(each.people),
                        "causes": list(each.causes),
                        "is_statutory": each.is_statutory,
                    }
                    for each in one.milestones
                ],
            }
            for one in played.cycles
        ],
        "messages": [
            {
                "at": _iso(message.at),
                "to": message.name,
                "office": message.office,
                "messenger": message.messenger,
                "subject": message.letter.subject,
                "reminders": list(message.keys),
            }
            for message in played.messages
        ],
        "notes": [
            {"at": _iso(note.at), "period": note.period.id if note.period else None, "said": note.said}
            for note in played.notes
        ],
        "statutory_misses": [each.deadline.period.id for each in played.statutory_misses],
    }


def _iso(moment: dt.datetime | None) -> str | None:
    return shanghai(moment).isoformat(timespec="seconds") if moment else None


def _day(day: dt.date) -> str:
    return f"{day:%m-%d} {short_weekday(day)}"


def _moment(moment: dt.datetime | None) -> str:
    return f"{shanghai(moment):%m-%d %H:%M}" if moment else "未办完"
