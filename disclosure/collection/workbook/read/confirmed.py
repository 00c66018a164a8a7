"""What a workbook that came back asks to be confirmed: mistakes that cannot be seen in it any more.

Written anew, a workbook has its own names, units and places again, and figures that were hidden show. Sent in as it
is, it would pass with what stood under the wrong name. So each such mistake is confirmed in 错误清单, or told again.
"""

from __future__ import annotations

from collections.abc import Mapping

from disclosure.collection.workbook.layout import CONFIRM_COLUMN, address, texts
from disclosure.collection.workbook.read.result import Problem
from disclosure.collection.workbook.read.sheets import OpenWorkbook, Values, at, values_of

#: Characters of what an earlier list said that are told again.
_LONGEST_SAID = 400
_PLACE, _FOUND, _EXPECTED, _WHY = 2, 3, 4, 5


def check_confirmed(handed: OpenWorkbook, metadata: Mapping[str, str]) -> None:
    """Tell each mistake again that was to be confirmed and was not. ``confirm`` is ``row:row of its cause …``."""
    pairs = [pair.partition(":") for pair in metadata.get("confirm", "").split()]
    if not pairs:
        return
    name, words = texts()["sheets"]["errors"], texts()["errors"]
    if name not in handed.package.sheet_names:
        why = f"有 {len(pairs)} 处要在“{name}”里核对，请用退回的工作簿重新改正"
        handed.problems.append(Problem(name, "", "被删除的工作表", f"原来的“{name}”", why, confirm=True))
        return
    values, _ = values_of(handed.book, handed.package, name)
    for row, _, first in pairs:
        if row.isdecimal() and first.isdecimal() and at(values, int(first), CONFIRM_COLUMN) != words["confirmed"]:
            handed.problems.append(_told_again(values, int(row), int(first)))


def _told_again(values: Values, row: int, first: int) -> Problem:
    name, words = texts()["sheets"]["errors"], texts()["errors"]
    said = [_plain(at(values, row, column)) for column in (_PLACE, _FOUND, _EXPECTED, _WHY)]
    place, found, expected, why = said
    sheet, _, cell = place.rpartition(" ")
    if not sheet:
        sheet, cell = place, ""
    asked = words["confirm_why"].format(sheet=name, cell=address(first, CONFIRM_COLUMN), confirmed=words["confirmed"])
    why = why.partition(asked[: asked.index("“")])[0]
    return Problem("" if sheet == words["whole"] else sheet, cell, found, expected, f"{why}{asked}", confirm=True)


def _plain(text: str) -> str:
    """On one line, with nothing in it that a terminal would obey."""
    return "".join(one if one.isprintable() else " " for one in text[:_LONGEST_SAID])
