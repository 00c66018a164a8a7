"""Who answers for what was handed in: two people by name, and a date, by the written rules of reading."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace

from disclosure.clock import shanghai, utc_now
from disclosure.collection.workbook_cells import fold, quoted, rules
from disclosure.collection.workbook_layout import COVER_ROWS, COVER_VALUE_COLUMN, address, texts
from disclosure.collection.workbook_reading import Cover, Problem, WorkbookReading

#: Longest text that is taken for 填报人 or 审核人, in characters.
LONGEST_NAME = 60


def unsigned(reading: WorkbookReading, today: dt.date | None = None) -> WorkbookReading:
    """``reading`` with a problem for each name or date on its cover that is none; names are required.

    Who filled in cannot check: 填报人 and 审核人 are two people. It is filled in after the period, and not
    after ``today`` (in Shanghai, now, when None). A cell that has a problem already is not told of twice.
    """
    if reading.cover is None:
        return reading
    told = {(problem.sheet, problem.cell) for problem in reading.problems}
    found = _complaints(reading.cover, today or shanghai(utc_now()).date())
    return replace(
        reading, problems=(*reading.problems, *(each for each in found if (each.sheet, each.cell) not in told))
    )


def fault_of(filler: str, checker: str) -> str:
    """The rule that two names break, ``blank``, ``long``, ``no_name`` or ``same``; empty for those of two people."""
    of_one = _name_fault(filler) or _name_fault(checker)
    return of_one or ("same" if people(checker) <= people(filler) else "")


def _date_fault(cover: Cover, today: dt.date) -> str:
    if not cover.filled_on:
        return ""
    day = parse_date(cover.filled_on)
    if day is None:
        return "date"
    # A special disclosure is about whatever it was opened for, often within the year it is named after.
    is_early = cover.period.kind != "special" and day < cover.period.end
    return "future" if day > today else "early" if is_early else ""


def _complaints(cover: Cover, today: dt.date) -> Iterator[Problem]:
    wrong = {key: _name_fault(written) for key, written in (("filler", cover.filler), ("checker", cover.checker))}
    if fault_of(cover.filler, cover.checker) == "same":
        wrong["checker"] = "same"
    wrong["filled_on"] = _date_fault(cover, today)
    days = {"end": cover.period.end.isoformat(), "period": cover.period.label}
    for key, fault in wrong.items():
        if fault:
            written, label = getattr(cover, key), texts()["cover"][key]
            said = {
                field: text.format(shown=quoted(written), length=len(written), limit=LONGEST_NAME, label=label, **days)
                for field, text in rules()["cover"][fault].items()
                if field != "examples"
            }
            cell = address(COVER_ROWS[key], COVER_VALUE_COLUMN)
            yield Problem(texts()["sheets"]["cover"], cell, said["found"], said["expected"], said["why"])


def _name_fault(written: str) -> str:
    """The rule by which a text is no name; empty for a name."""
    if not written.strip():
        return "blank"
    if len(written) > LONGEST_NAME:
        return "long"
    if not any(one.isalpha() for one in written) or fold(written) in rules()["cover_words"]:
        return "no_name"
    return ""


def people(written: str) -> frozenset[str]:
    """The names in a text, without spaces and what stands in brackets: ``张 三（经办）、李四`` are two."""
    bare = re.sub(r"[(\[【〔][^)\]】〕]*[)\]】〕]?", "", "".join(fold(written).split()).casefold())
    return frozenset(filter(None, re.split(r"[、,;/]", bare)))


def parse_date(written: str) -> dt.date | None:
    """The day a text names: ``2026-02-20``, also with ``/`` or ``.``, ``2026年2月20日``, ``20260220``; else None."""
    text = "".join(fold(written).split())
    for pattern in rules()["cover_dates"]:
        if found := re.fullmatch(pattern, text, re.ASCII):
            try:
                return dt.date(*map(int, found.groups()))
            except ValueError:
                return None
    return None
