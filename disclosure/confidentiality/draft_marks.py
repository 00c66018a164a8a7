"""Marks of a draft in words that would be published: 待核实, XX, ？？？ and their kind, from ``draft_marks.yaml``."""

from __future__ import annotations

import re
from functools import cache

from disclosure.platform.wording import words_beside

rules = words_beside(__file__, "draft_marks.yaml")


@cache
def _marks() -> tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...]:
    return tuple(
        (re.compile(mark["pattern"], re.IGNORECASE), re.compile(mark["but"]) if "but" in mark else None)
        for mark in rules()["marks"]
    )


def draft_marks(words: str) -> list[str]:
    """Return every mark of a draft in a text, in the order of the rules, each once; a text that is done has none.

    A mark stands in one line: a bracket that opens in one paragraph and one that closes in the next are no pair.
    """
    found: dict[str, None] = {}
    for pattern, but in _marks():
        for line in words.splitlines():
            for match in pattern.finditer(line):
                around = line[max(0, match.start() - 3) : match.end() + 3]
                if but is None or not but.search(around):
                    found[match[0]] = None
    return list(found)


def draft_fault(words: str) -> str:
    """Return what is wrong with a text that is still a draft, and what to do; empty for one that is done."""
    marks = draft_marks(words)
    if not marks:
        return ""
    shown = "”“".join(mark.strip() or mark for mark in marks[:5])
    said = rules()
    return f"{said['found'].format(mark=shown)}，{said['advice']}"
