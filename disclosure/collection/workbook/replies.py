"""The answer to a centre: its own workbook with the wrong cells marked, and the same as plain text.

The workbook is written anew by our writer from what was read, as it was typed: the bytes that came in are
never opened by a program that writes, so nothing hostile in them goes back. Where too little could be read
for that, the text stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from disclosure.catalog import Catalog
from disclosure.collection.answers import FileAnswer, Receipt
from disclosure.collection.workbook.layout import texts
from disclosure.collection.workbook.problem_lines import KINDS, causes
from disclosure.collection.workbook.read.result import Problem, WorkbookReading
from disclosure.collection.workbook.write.writer import WorkbookContents, write_workbook
from disclosure.platform.errors import DisclosureError
from disclosure.platform.file_names import stem_of
from disclosure.platform.templating import render_text
from disclosure.records.file_store import write_whole


@dataclass(frozen=True)
class Reply:
    """What a centre is told. ``files`` lie in the folder of replies: the workbook, if any, before the text."""

    text: str
    files: tuple[Path, ...] = ()


def reply_to(folder: Path, catalog: Catalog, receipt: Receipt, file_name: str) -> Reply:
    """Answer a file that was recorded, below ``folder/PERIOD``.

    A rejected one gets both files, in the place of those of its earlier try; with an accepted one these go.
    """
    name = f"{receipt.period_label}-{receipt.centre}-第{receipt.round}轮"
    place = folder / _plain(receipt.period_label)
    where = f"{receipt.centre}{receipt.period_label}第 {receipt.round} 轮{receipt.kind.noun}"
    stem = _marked(name)
    if receipt.is_accepted:
        for suffix in (".xlsx", ".txt"):
            (place / f"{stem}{suffix}").unlink(missing_ok=True)
        return Reply(_text(f"“{file_name}”：{where}已收到 {receipt.taken}。"))
    headline = f"“{file_name}”：{where}没有通过，共 {receipt.must_count} 处须改正；原件已留存。"
    return write_reply(place / stem, catalog, receipt, headline)


def reply_to_refused(folder: Path, file_name: str, reason: str) -> Reply:
    """Answer a file that belongs to no open round of ours, in ``folder/未受理``: the text alone."""
    text = _text(f"“{file_name}”没有受理：\n{reason}")
    path = folder / "未受理" / f"{_plain(stem_of(file_name))}-未受理.txt"
    write_whole(path, _windows(text))
    return Reply(text, (path,))


def write_reply(stem: Path, catalog: Catalog, answer: FileAnswer, headline: str) -> Reply:
    """Write ``STEM.xlsx``, where the workbook could be read well enough, and ``STEM.txt``."""
    workbook = stem.with_name(f"{stem.name}.xlsx")
    reading = answer.reading
    marked = marked_workbook(catalog, reading, answer.found) if isinstance(reading, WorkbookReading) else None
    if marked is None:
        workbook.unlink(missing_ok=True)
    else:
        write_whole(workbook, marked)
    text = _text(headline, answer.found, workbook.name if marked else "")
    path = stem.with_name(f"{stem.name}.txt")
    write_whole(path, _windows(text))
    return Reply(text, (workbook, path) if marked else (path,))


def check_name(file_name: str) -> str:
    """Return the stem of a reply to a file that was only checked: ``报表-请修改``."""
    return _marked(_plain(stem_of(file_name)))


def marked_workbook(catalog: Catalog, reading: WorkbookReading, problems: Sequence[Problem]) -> bytes | None:
    """Return the workbook written anew as it was filled in, with ``problems`` marked; None if too little was read."""
    cover = reading.cover
    if cover is None or reading.typed is None:
        return None
    with TemporaryDirectory() as folder:
        try:
            path = write_workbook(
                Path(folder) / "marked.xlsx",
                catalog,
                WorkbookContents(
                    cover.period,
                    cover.centre,
                    round_number=cover.round,
                    only=cover.only,
                    cover=(cover.filler, cover.checker, cover.filled_on),
                    typed=reading.typed,
                    problems=sorted(problems, key=lambda problem: (KINDS.index(problem.kind), not problem.confirm)),
                ),
            )
        except DisclosureError:
            # A text on the cover that no cell holds: nobody typed that in Excel.
            return None
        return path.read_bytes()


def _text(headline: str, problems: Sequence[Problem] = (), workbook: str = "") -> str:
    return render_text(
        "reply/reply.txt.j2",
        headline=headline,
        causes=[cause.whole for cause in causes(problems)],
        kinds=texts()["errors"]["kind"],
        workbook=workbook,
    )


def _marked(stem: str) -> str:
    return f"{stem.removesuffix('-请修改')}-请修改"


def _plain(name: str) -> str:
    """Return a name that every file system takes, and no longer than 60 characters."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", name).strip(" .")[:60] or "报表"


def _windows(text: str) -> bytes:
    """As Notepad reads it."""
    return text.replace("\n", "\r\n").encode("utf-8-sig")
