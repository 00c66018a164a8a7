"""This period's figures in: ``check``, ``submit`` and ``intake``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.progress import track
from rich.table import Table

from deployments.bootstrap import use_server
from deployments.cli.common import open_installation, read_secret
from deployments.cli.screen import console, done, say, unreadable, working
from disclosure.catalog import Catalog, load_catalog
from disclosure.platform.errors import DisclosureError
from disclosure.platform.file_names import printable_name
from disclosure.platform.settings import Settings

if TYPE_CHECKING:
    from disclosure.collection.answers import FileAnswer, Receipt
    from disclosure.collection.workbook.replies import Reply
    from disclosure.records.installation import Installation


def submit(*files: Annotated[Path, Parameter(help="填好的报表，或文字部分的文稿（.docx、.md）")]) -> None:
    """报送报表和文字部分；逐格逐段检查，有误的给出位置和改法，并写好标出问题的报表。"""
    if not files:
        raise DisclosureError("请写明要报送的文件，如 disclosure submit 2025年度-州社保中心-第1轮.xlsx。")
    installation = open_installation()
    receipts = [
        _submit_one(installation, file)
        for file in track(files, "正在检查…", console=console, transient=True, disable=len(files) < 3)
    ]
    # Several files are one act: a run is woken once, when all of them are in.
    taken = [receipt for receipt in receipts if receipt and receipt.is_accepted]
    for cycle_id, last in {receipt.cycle_id: receipt for receipt in taken}.items():
        if not last.still_missing:
            _wake(installation, cycle_id)
    if len(taken) < len(files):
        sys.exit(1)


def check(
    *files: Annotated[Path, Parameter(help="填好的报表或文稿")],
    out: Annotated[Path | None, Parameter(help="把标出问题的工作簿写到这个文件夹")] = None,
) -> None:
    """报送前自查：逐格检查并核对数据，不连数据库和服务，不留任何记录。"""
    if not files:
        raise DisclosureError("请写明要检查的文件，如 disclosure check 2025年度-州社保中心-第1轮.xlsx。")
    catalog = load_catalog(Settings().profile)
    shown = track(files, "正在检查…", console=console, transient=True, disable=len(files) < 3)
    faulty = [file for file in shown if not _check_one(catalog, file, out)]
    if faulty:
        sys.exit(1)


def intake(
    *,
    again: Annotated[
        bool, Parameter(negative="", help="已报送的单位也再取一次数据库和 CSV，与退回时相同的也照样报送")
    ] = False,
) -> None:
    """现在就收一次件：收件夹里的报表，以及等待中的周期所需的数据库和 CSV。"""
    # Spares the other commands pandas.
    from data_checks.self_check import findings_of
    from disclosure.collection.intake.intake import cycles_to_wake, take_in

    installation = open_installation()
    with working("正在收件…"):
        found = take_in(installation, read_secret, again=again, self_check=findings_of)
    if found.taken:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for title in ("单位", "文件", "结果", "说明"):
            table.add_column(title, overflow="fold")
        for line in found.taken:
            table.add_row(line.centre, line.file_name, line.result, line.words)
        console.print(table)
    for name in found.arriving:
        console.print(f"还在传输，下次再取：{name}", soft_wrap=True)
    for words in found.misplaced:
        say("!", "bold yellow", words)
    for words in (*found.postponed, *found.tidied):
        console.print(words, soft_wrap=True)
    console.print(found.summary)
    for cycle_id in cycles_to_wake(installation):
        _wake(installation, cycle_id)
    for failure in found.failures:
        say("✗", "bold red", failure)
    if found.failures:
        sys.exit(1)


def _wake(installation: Installation, cycle_id: int) -> None:
    """Let a run that waits for the last file go on; the files count even when Prefect cannot be reached."""
    use_server(installation.settings)
    # Spares the other commands Prefect.
    from tasks.orchestration.resume import wake_waiting_run

    console.print(wake_waiting_run(installation, cycle_id), soft_wrap=True)


def _submit_one(installation: Installation, file: Path) -> Receipt | None:
    """Hand in one file and tell what became of it; None when it was refused."""
    # Spares the other commands pandas.
    from data_checks.self_check import findings_of
    from disclosure.collection.submit import submit_path
    from disclosure.collection.workbook.replies import reply_to, reply_to_refused

    name, replies = printable_name(file.name), installation.settings.replies
    try:
        receipt = submit_path(installation, file, self_check=findings_of)
    except OSError as error:
        say("✗", "bold red", str(unreadable(file, error)))
        return None
    except DisclosureError as error:
        say("✗", "bold red", f"{name}：{error}")
        _print_reply(reply_to_refused(replies, name, str(error)))
        return None
    _print_receipt(name, receipt)
    _print_reply(reply_to(replies, installation.catalog, receipt, name))
    return receipt


def _check_one(catalog: Catalog, file: Path, out: Path | None) -> bool:
    """Tell what is wrong with one file; whether it can be handed in as it is."""
    # Spares the other commands pandas.
    from data_checks.self_check import findings_of
    from disclosure.collection.submit import check_path
    from disclosure.collection.workbook.replies import check_name, write_reply

    name = printable_name(file.name)
    try:
        answer = check_path(catalog, file, findings_of)
    except DisclosureError as error:
        say("✗", "bold red", f"{name}：{error}")
        return False
    except OSError as error:
        say("✗", "bold red", str(unreadable(file, error)))
        return False
    if answer.must_count:
        headline = f"{name}：有 {answer.must_count} 处须改正，改正后再报送。"
        say("✗", "bold red", headline)
    else:
        after = f"，另有 {answer.remarks}" if answer.remarks else answer.kind.after_check
        headline = f"{name}：检查通过，共 {answer.taken}，可以报送{after}。"
        done(headline)
    _print_found(answer)
    if out is not None and answer.found:
        _print_reply(write_reply(out / check_name(name), catalog, answer, headline))
    return not answer.must_count


def _print_found(answer: FileAnswer) -> None:
    """Print what must be mended, then hints, each under its heading where there are both; one line a cause."""
    must = [cause for cause in answer.causes if cause.must]
    hints = [cause for cause in answer.causes if not cause.must]
    for heading, count, chosen in (("须改正", answer.must_count, must), ("提示", answer.hint_count, hints)):
        if chosen and hints:
            console.print(f"  {heading}（{count} 处）", style="bold")
        for cause in chosen:
            console.print(f"  {cause.sentence}", soft_wrap=True)


def _print_reply(reply: Reply) -> None:
    for path in reply.files:
        console.print(f"  答复已写入 {path}", soft_wrap=True)


def _print_receipt(name: str, receipt: Receipt) -> None:
    if not receipt.is_accepted:
        say("✗", "bold red", f"{name}：{receipt.where}没有通过，共 {receipt.must_count} 处，原件已留存：")
        _print_found(receipt)
        return
    repeat = "（与已交的相同，没有重复记录）" if receipt.is_repeat else ""
    if receipt.replaced:
        repeat = f"（与以前交过的相同，现在重新以它为准，取代后来交的“{printable_name(receipt.replaced)}”）"
    done(f"{name}：{receipt.where}已收到 {receipt.taken}{repeat}。")
    if receipt.still_missing:
        console.print(f"  还缺：{'、'.join(receipt.still_missing)}")
    if receipt.found:
        say("!", "bold yellow", f"已收，另有 {receipt.remarks}。汇总之前可以改好再交：")
        _print_found(receipt)
