"""This period's figures in: ``check``, ``submit`` and ``intake``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.progress import track
from rich.table import Table

from disclosure.cli.common import read_secret, workplace
from disclosure.cli.screen import console, done, say, unreadable
from disclosure.errors import DisclosureError
from disclosure.file_names import printable_name

if TYPE_CHECKING:
    from disclosure.catalog import Catalog
    from disclosure.collection.narrative_reader import NarrativeReading, TextProblem
    from disclosure.collection.narratives import NarrativeReceipt
    from disclosure.collection.replies import Reply
    from disclosure.collection.submissions import Receipt
    from disclosure.collection.workbook_reading import Problem
    from disclosure.workplace import Workplace


def submit(*files: Annotated[Path, Parameter(help="填好的报表，或文字部分的文稿（.docx、.md）")]) -> None:
    """报送报表和文字部分；逐格逐段检查，有误的给出位置和改法，并写好标出问题的报表。"""
    from disclosure.collection.replies import reply_to, reply_to_refused
    from disclosure.collection.submissions import Receipt

    if not files:
        raise DisclosureError("请写明要报送的文件，如 disclosure submit 2025年度-州社保中心-第1轮.xlsx。")
    place = workplace()
    failed = False
    for file in track(files, "正在检查…", console=console, transient=True, disable=len(files) < 3):
        try:
            receipt = _hand_in(place, file)
        except OSError as error:
            say("✗", "bold red", str(unreadable(file, error)))
            failed = True
            continue
        except DisclosureError as error:
            say("✗", "bold red", f"{printable_name(file.name)}：{error}")
            _print_reply(reply_to_refused(place.settings.replies, printable_name(file.name), str(error)))
            failed = True
            continue
        _print_receipt(file, receipt)
        if isinstance(receipt, Receipt):
            _print_found(place.catalog, receipt)
            _print_reply(reply_to(place.settings.replies, place.catalog, receipt, printable_name(file.name)))
        failed = failed or not receipt.is_accepted
        if receipt.is_accepted and not receipt.still_missing:
            _wake(place, receipt.cycle_id)
    if failed:
        sys.exit(1)


def check(
    *files: Annotated[Path, Parameter(help="填好的报表或文稿")],
    out: Annotated[Path | None, Parameter(help="把标出问题的工作簿写到这个文件夹")] = None,
) -> None:
    """报送前自查：逐格检查并核对数据，不连数据库和服务，不留任何记录。"""
    from disclosure.catalog import load_catalog
    from disclosure.settings import Settings

    if not files:
        raise DisclosureError("请写明要检查的文件，如 disclosure check 2025年度-州社保中心-第1轮.xlsx。")
    catalog = load_catalog(Settings().profile)
    failed = False
    for file in track(files, "正在检查…", console=console, transient=True, disable=len(files) < 3):
        failed = _check_one(catalog, file, out) or failed
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
        found = take_in(place, read_secret, again=again)
    if found.taken:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for title in ("单位", "文件", "结果", "说明"):
            table.add_column(title, overflow="fold")
        for line in found.taken:
            table.add_row(line.centre, line.file_name, line.result, line.words)
        console.print(table)
    for name in found.arriving:
        console.print(f"还在传输，下次再取：{name}", soft_wrap=True)
    for words in found.strays:
        say("!", "bold yellow", words)
    console.print(found.summary)
    for cycle_id in cycles_to_wake(place):
        _wake(place, cycle_id)
    for failure in found.failures:
        say("✗", "bold red", failure)
    if found.failures:
        sys.exit(1)


def _wake(place: Workplace, cycle_id: int) -> None:
    """Let a run that waits for the last file go on; the files count even when Prefect cannot be reached."""
    from deployments.bootstrap import use_server

    use_server(place.settings)
    from tasks.waking import wake_waiting_run

    console.print(wake_waiting_run(place, cycle_id), soft_wrap=True)


def _hand_in(place: Workplace, file: Path) -> Receipt | NarrativeReceipt:
    from disclosure.collection.files import TooLargeError, read_upload
    from disclosure.collection.narrative_reader import is_text_document
    from disclosure.collection.narratives import hand_in_narrative
    from disclosure.collection.submissions import hand_in_file
    from disclosure.collection.workbook_package import FILE_LIMIT, too_large

    records, files, catalog = place.records, place.settings.files, place.catalog
    if not is_text_document(printable_name(file.name)):
        return hand_in_file(records, files, catalog, file)
    try:
        content = read_upload(file, FILE_LIMIT)
    except TooLargeError as error:
        raise DisclosureError(too_large(error.size).problem.found + "，文件过大，请删去图片后再交。") from error
    return hand_in_narrative(records, files, catalog, content, printable_name(file.name))


def _check_one(catalog: Catalog, file: Path, out: Path | None) -> bool:
    """Tell what is wrong with one file; whether it must be put right before it is handed in."""
    from disclosure.cli.self_check import findings_of
    from disclosure.collection.files import TooLargeError, read_upload
    from disclosure.collection.narrative_reader import is_text_document, read_narrative
    from disclosure.collection.replies import check_name, write_reply
    from disclosure.collection.workbook_package import FILE_LIMIT, too_large
    from disclosure.collection.workbook_reader import examine

    name = printable_name(file.name)
    try:
        content = read_upload(file, FILE_LIMIT)
    except TooLargeError as error:
        say("✗", "bold red", f"{name}：{too_large(error.size).problem.sentence}")
        return True
    except OSError as error:
        say("✗", "bold red", str(unreadable(file, error)))
        return True
    if is_text_document(name):
        return _check_text(name, read_narrative(content, name, catalog))
    reading = examine(content, name, catalog)
    found = (*reading.problems, *findings_of(catalog, reading))
    wrong = sum(problem.kind in ("refused", "critical") for problem in found)
    if wrong:
        headline = f"{name}：有 {wrong} 处须改正，改正后再报送。"
        say("✗", "bold red", headline)
    else:
        hints = "，请看下面的提示，确实如此的在“说明”中解释" if found else ""
        headline = f"{name}：检查通过，共 {len(reading.figures)} 个数据，可以报送{hints}。"
        done(headline)
    _print_problems(found)
    if out is not None and found:
        _print_reply(write_reply(out / check_name(name), catalog, reading, found, headline))
    return wrong > 0


def _check_text(name: str, reading: NarrativeReading) -> bool:
    """Tell what is wrong with one text document; its figures are held against the data once that is handed in."""
    if reading.problems:
        say("✗", "bold red", f"{name}：有 {len(reading.problems)} 处须改正，改正后再报送。")
        _print_problems(reading.problems)
        return True
    done(f"{name}：检查通过，共 {len(reading.sections)} 个部分，可以报送；文中的数报送后与数据核对。")
    return False


def _print_problems(problems: Sequence[Problem | TextProblem]) -> None:
    """What must be mended, then hints, each under its heading where there are both; one line a cause."""
    from disclosure.collection.narrative_reader import TextProblem
    from disclosure.collection.problem_lines import causes

    of_texts = [problem for problem in problems if isinstance(problem, TextProblem)]
    for text in of_texts:
        console.print(f"  {text.sentence}", soft_wrap=True)
    told = causes(problem for problem in problems if not isinstance(problem, TextProblem))
    for heading, chosen in (("须改正", [c for c in told if c.must]), ("提示", [c for c in told if not c.must])):
        if chosen and not all(cause.must for cause in told):
            console.print(f"  {heading}（{len(chosen)} 条）", style="bold")
        for cause in chosen:
            console.print(f"  {cause.sentence}", soft_wrap=True)


def _print_found(catalog: Catalog, receipt: Receipt) -> None:
    """What the data audit will say of a workbook that was taken: the centre can still hand in a better one."""
    from disclosure.cli.self_check import findings_of

    if not receipt.is_accepted or receipt.reading is None:
        return
    found = findings_of(catalog, receipt.reading)
    if not found:
        return
    wrong = sum(problem.kind == "critical" for problem in found)
    hints = len(found) - wrong
    counts = [f"{wrong} 处检查不符，不改正会在审核时退回"] if wrong else []
    counts += [f"{hints} 条提示，确实如此的请在“说明”中解释"] if hints else []
    say("!", "bold yellow", f"已收，另有 {'；'.join(counts)}。汇总之前可以改好再交：")
    _print_problems(found)


def _print_reply(reply: Reply) -> None:
    for path in reply.files:
        console.print(f"  答复已写入 {path}", soft_wrap=True)


def _print_receipt(file: Path, receipt: Receipt | NarrativeReceipt) -> None:
    where = f"{receipt.centre} {receipt.period_label}第 {receipt.round} 轮"
    if not receipt.is_accepted:
        say(
            "✗",
            "bold red",
            f"{printable_name(file.name)}：{where}没有通过，共 {len(receipt.problems)} 处，原件已留存：",
        )
        _print_problems(receipt.problems)
        return
    repeat = "（与已交的相同，没有重复记录）" if receipt.is_repeat else ""
    if receipt.replaced:
        repeat = f"（与以前交过的相同，现在重新以它为准，取代后来交的“{printable_name(receipt.replaced)}”）"
    done(f"{printable_name(file.name)}：{where}已收到 {receipt.taken}{repeat}。")
    if receipt.still_missing:
        console.print(f"  还缺：{'、'.join(receipt.still_missing)}")
