"""This period's figures in: ``submit`` and ``intake``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.progress import track
from rich.table import Table

from disclosure.cli.common import workplace
from disclosure.cli.screen import console, done, read_bytes, say
from disclosure.errors import DisclosureError

if TYPE_CHECKING:
    from disclosure.collection.narratives import NarrativeReceipt
    from disclosure.collection.sources import Secret
    from disclosure.collection.submissions import Receipt
    from disclosure.workplace import Workplace


def submit(*files: Annotated[Path, Parameter(help="填好的报表，或文字部分的文稿（.docx、.md）")]) -> None:
    """报送报表和文字部分；逐格逐段检查，有误的给出位置和改法。"""
    from disclosure.collection.narrative_reader import is_text_document
    from disclosure.collection.narratives import hand_in_narrative
    from disclosure.collection.submissions import hand_in

    if not files:
        raise DisclosureError("请写明要报送的文件，如 disclosure submit 2025年度-州社保中心-第1轮.xlsx。")
    place = workplace()
    failed = False
    for file in track(files, "正在检查…", console=console, transient=True, disable=len(files) < 3):
        take = hand_in_narrative if is_text_document(file.name) else hand_in
        try:
            receipt = take(place.records, place.settings.files, place.catalog, read_bytes(file), file.name)
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


def intake(
    *,
    again: Annotated[
        bool, Parameter(negative="", help="已报送的单位也再取一次数据库和 CSV，与退回时相同的也照样报送")
    ] = False,
) -> None:
    """现在就收一次件：收件夹里的报表，以及等待中的周期所需的数据库和 CSV。"""
    from disclosure.collection.intake import cycles_to_wake, take_in

    place = workplace()
    with console.status("正在收件…"):
        found = take_in(place, _secret, again=again)
    if found.taken:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for title in ("单位", "文件", "结果", "说明"):
            table.add_column(title, overflow="fold")
        for line in found.taken:
            table.add_row(line.centre, line.file_name, line.result, line.words)
        console.print(table)
    for name in found.arriving:
        console.print(f"还在传输，下次再取：{name}", soft_wrap=True)
    console.print(found.summary)
    for cycle_id in cycles_to_wake(place):
        _wake(place, cycle_id)
    for failure in found.failures:
        say("✗", "bold red", failure)
    if found.failures:
        sys.exit(1)


def _secret(secret: Secret) -> str:
    """A secret from the environment; Prefect is asked only for one that is in a block of its."""
    from disclosure.collection.sources import from_environment

    if not secret.block:
        return from_environment(secret)
    from deployments.bootstrap import use_server

    use_server(workplace().settings)
    from tasks.intake import read_secret

    return read_secret(secret)


def _wake(place: Workplace, cycle_id: int) -> None:
    """Let a run that waits for the last file go on; the files count even when Prefect cannot be reached."""
    from deployments.bootstrap import use_server

    use_server(place.settings)
    from tasks.waking import wake_waiting_run

    console.print(wake_waiting_run(place, cycle_id), soft_wrap=True)


def _print_receipt(file: Path, receipt: Receipt | NarrativeReceipt) -> None:
    where = f"{receipt.centre} {receipt.period_label}第 {receipt.round} 轮"
    if not receipt.is_accepted:
        say("✗", "bold red", f"{file.name}：{where}没有通过，共 {len(receipt.problems)} 处，原件已留存：")
        for problem in receipt.problems:
            console.print(f"  {problem.sentence}", soft_wrap=True)
        return
    repeat = "（与已交的相同，没有重复记录）" if receipt.is_repeat else ""
    done(f"{file.name}：{where}已收到 {receipt.taken}{repeat}。")
    if receipt.still_missing:
        console.print(f"  还缺：{'、'.join(receipt.still_missing)}")
