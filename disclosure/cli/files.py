"""Figures in: ``submit`` for this period's workbooks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.progress import track

from disclosure.cli.common import workplace
from disclosure.cli.screen import console, done, read_bytes, say
from disclosure.errors import DisclosureError

if TYPE_CHECKING:
    from disclosure.collection.submissions import Receipt
    from disclosure.workplace import Workplace


def submit(*files: Annotated[Path, Parameter(help="填好的报表")]) -> None:
    """报送报表；逐格检查，有误的给出单元格和改法。"""
    from disclosure.collection.submissions import hand_in

    if not files:
        raise DisclosureError("请写明要报送的文件，如 disclosure submit 2025年度-州社保中心-第1轮.xlsx。")
    place = workplace()
    failed = False
    for file in track(files, "正在检查…", console=console, transient=True, disable=len(files) < 3):
        try:
            receipt = hand_in(place.records, place.settings.files, place.catalog, read_bytes(file), file.name)
        except DisclosureError as error:
            say("✗", "bold red", f"{file.name}：{error}")
            failed = True
            continue
        _print_receipt(file, receipt)
        failed = failed or not receipt.is_accepted
        if receipt.is_accepted and not receipt.still_missing:
            _wake(place, receipt.cycle_id)
    if failed:
        sys.exit(1)


def _wake(place: Workplace, cycle_id: int) -> None:
    """Let a run that waits for the last file go on; the files count even when Prefect cannot be reached."""
    from deployments.bootstrap import use_server

    use_server(place.settings)
    from deployments.waking import wake_waiting_run

    console.print(wake_waiting_run(place, cycle_id), soft_wrap=True)


def _print_receipt(file: Path, receipt: Receipt) -> None:
    where = f"{receipt.centre} {receipt.period_label}第 {receipt.round} 轮"
    if not receipt.is_accepted:
        say("✗", "bold red", f"{file.name}：{where}没有通过，共 {len(receipt.problems)} 处，原件已留存：")
        for problem in receipt.problems:
            console.print(f"  {problem.sentence}", soft_wrap=True)
        return
    repeat = "（与已交的相同，没有重复记录）" if receipt.is_repeat else ""
    done(f"{file.name}：{where}已收到 {receipt.figure_count} 个数据{repeat}。")
    if receipt.still_missing:
        console.print(f"  还缺：{'、'.join(receipt.still_missing)}")
