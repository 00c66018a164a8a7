"""The answer to a centre: everything it is sent about one file it handed in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from disclosure.catalog import Catalog
from disclosure.collection.answers import Receipt
from disclosure.collection.kinds import TEXT
from disclosure.collection.sources.inbox import ANSWERS, shortened
from disclosure.collection.workbook.read.result import WorkbookReading
from disclosure.collection.workbook.replies import check_name, marked_workbook
from disclosure.platform.clock import format_moment
from disclosure.platform.templating import render_text


@dataclass(frozen=True)
class Outcome:
    """What became of one file: a receipt, or a refusal in words.

    ``number`` is the arrival's (收件号), 0 for a source that is asked and not handed anything.
    """

    centre: str
    file_name: str
    sha256: str
    at: dt.datetime
    number: int
    receipt: Receipt | None = None
    refusal: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether it counts."""
        return self.receipt is not None and self.receipt.is_accepted


def answer_files(catalog: Catalog, outcome: Outcome) -> dict[str, bytes]:
    """File name -> bytes of the answer, the receipt first. The one place where an answer is put together.

    A rejected workbook comes back with the wrong cells marked, where enough of it could be read.
    """
    files = {f"{shortened(outcome.file_name)}.{ANSWERS}.txt": receipt_text(catalog, outcome)}
    if (marked := _marked(catalog, outcome)) is not None:
        files[f"{shortened(check_name(outcome.file_name))}.xlsx"] = marked
    return files


def _marked(catalog: Catalog, outcome: Outcome) -> bytes | None:
    receipt = outcome.receipt
    if receipt is None or receipt.is_accepted or not isinstance(receipt.reading, WorkbookReading):
        return None
    return marked_workbook(catalog, receipt.reading, receipt.found)


def receipt_text(catalog: Catalog, outcome: Outcome) -> bytes:
    """Return the answer as text that any Windows editor shows: UTF-8 with a byte-order mark, CRLF."""
    text = render_text(
        "collection/receipt.txt.j2",
        centre=catalog.offices[outcome.centre].name,
        file_name=outcome.file_name,
        at=format_moment(outcome.at),
        number=outcome.number,
        sha256=outcome.sha256,
        receipt=outcome.receipt,
        is_text=outcome.receipt is not None and outcome.receipt.kind is TEXT,
        refusal=outcome.refusal,
        is_repeat=outcome.receipt is not None and outcome.receipt.is_repeat,
        is_handed=bool(outcome.number),
    )
    return text.replace("\n", "\r\n").encode("utf-8-sig")
