"""Open data: every figure of the document as one CSV."""

from __future__ import annotations

import csv
import io

from disclosure.rendering.document import DisclosureDocument

COLUMNS = (
    "region_code",
    "region",
    "period",
    "insurance",
    "indicator_id",
    "indicator",
    "unit",
    "value",
    "state",
    "note",
)
#: A spreadsheet takes a cell that begins so for a formula; the full-width forms are folded by some input methods.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def render_csv(document: DisclosureDocument) -> bytes:
    """UTF-8 with a byte-order mark (spreadsheet programs need it), CRLF, header in English.

    Numbers are plain with their printed decimals. Text that a spreadsheet would run is led by an apostrophe.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for seen in document.observations:
        writer.writerow(
            value if name == "value" and seen.is_number else harmless(value)
            for name, value in ((name, str(getattr(seen, name))) for name in COLUMNS)
        )
    return out.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """``text`` as a cell no spreadsheet program runs."""
    return f"'{text}" if text.lstrip(" 　").startswith(_FORMULA_STARTS) else text
