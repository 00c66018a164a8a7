"""Lists with 分别, each number of which is about the name in its place: “收入、支出分别为12.35亿元、9.35亿元”."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from data_checks.quotes.words import Token

#: Between the members of a list.
_BETWEEN = re.compile(r"\s*[、和与及，,]?\s*")
_RESPECTIVELY = re.compile(r"分别(?:为|是|达到?|有)?\s*")
#: A list is of one of these; the others are told once for all its members.
_KINDS = ("insurance", "indicator", "region")


@dataclass(frozen=True)
class Member:
    """What the number at ``start`` in the sentence is about; None what was told before the list or not at all."""

    start: int
    insurance: str | None
    indicator: str
    region: str | None


def members_of(sentence: str, tokens: Sequence[Token]) -> dict[int, Member]:
    """Return the members of the list in ``sentence`` by where their numbers start.

    Empty unless the sentence has one 分别, as many numbers in a row behind it as one kind of name in a row before
    it, and no more than one name of any other kind.
    """
    marks = list(_RESPECTIVELY.finditer(sentence))
    if len(marks) != 1:
        return {}
    numbers = _in_a_row(sentence, [t for t in tokens if t.start >= marks[0].end()], "number", marks[0].end())
    clause = max(sentence.rfind(mark, 0, marks[0].start()) for mark in "，,；：")
    named = [t for t in tokens if clause < t.start and t.end <= marks[0].start() and t.kind in _KINDS]
    by_kind = {kind: [t for t in named if t.kind == kind] for kind in _KINDS}
    listed = [kind for kind, of in by_kind.items() if len(of) > 1]
    if len(listed) != 1 or not by_kind["indicator"]:
        return {}
    row = by_kind[listed[0]]
    if len(row) != len(numbers) or len(_in_a_row(sentence, row, listed[0], row[0].start)) != len(row):
        return {}

    def told(kind: str, place: int) -> str | None:
        of = by_kind[kind]
        return str(of[place if kind == listed[0] else 0].meaning) if of else None

    return {
        number.start: Member(number.start, told("insurance", n), told("indicator", n) or "", told("region", n))
        for n, number in enumerate(numbers)
    }


def _in_a_row(sentence: str, tokens: Sequence[Token], kind: str, start: int) -> list[Token]:
    """Return the ``tokens`` of ``kind`` from ``start`` on that follow each other with nothing but commas between."""
    row: list[Token] = []
    for token in tokens:
        if token.kind != kind or not _BETWEEN.fullmatch(sentence, start, token.start):
            break
        row.append(token)
        start = token.end
    return row
