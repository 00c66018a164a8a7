"""Who answers for what was handed in: two people by name, and a date, by the written rules of reading."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace

from disclosure.collection.workbook.layout import COVER_ROWS, COVER_VALUE_COLUMN, address, texts
from disclosure.collection.workbook.ooxml.cells import fold, quoted, rules
from disclosure.collection.workbook.read.result import Cover, Problem, WorkbookReading
from disclosure.platform.clock import shanghai, utc_now
from disclosure.review.names import people_named

#: Longest text that is taken for 填报人 or 审核人, in characters.
LONGEST_NAME = 60


def unsigned(reading: WorkbookReading, today: dt.date | None = None) -> WorkbookReading:
    """Return ``reading`` with a problem for each name or date on its cover that is none; names are required.

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
    """Return the rule that two names break, ``blank``, ``long``, ``no_name`` or ``same``; empty for two people's."""
    of_one = _name_fault(filler) or _name_fault(checker)
    return of_one or ("same" if _is_same(filler, checker) else "")


def _is_same(filler: str, checker: str) -> bool:
    """Tell whether nobody checked who did not fill in. A name that stands alone on one line is found in the other."""
    fillers, checkers = people_named(filler), people_named(checker)
    return people_named(checker, fillers) <= people_named(filler, checkers)


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
    """Return the rule by which a text is no name; empty for a name."""
    if not written.strip():
        return "blank"
    if len(written) > LONGEST_NAME:
        return "long"
    if not any(one.isalpha() for one in written) or fold(written) in rules()["cover_words"]:
        return "no_name"
    return ""


def parse_date(written: str) -> dt.date | None:
    """Return the day that ``2026-02-20``, also with ``/`` or ``.``, ``2026年2月20日``, ``20260220`` name; else None."""
    text = "".join(fold(written).split())
    for pattern in rules()["cover_dates"]:
        if found := re.fullmatch(pattern, text, re.ASCII):
            try:
                return dt.date(*map(int, found.groups()))
            except ValueError:
                return None
    return None
