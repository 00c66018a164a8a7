"""Written explanations of warnings: from the centre's workbook, or from finance, line by line, in its opinion."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

# Full-width digits are digits to ``\d`` and to ``int``; full-width punctuation is listed beside the plain one.
_JOIN = "[-－~～至]"
_LIST = "[、,，]"
_NUMBERS = rf"\d+(?:\s*(?:{_JOIN}|{_LIST})\s*\d+)*"
#: ``1：…``, ``1、…``, ``2、5：…``, ``1-3：…``, but not ``3.14万元``; numbers are those the form gives the warnings.
_LINE = re.compile(rf"^\s*(?P<numbers>{_NUMBERS})\s*(?:[:：]|、(?!\s*\d))\s*(?P<words>\S.*)$")
#: A new line, or a semicolon before the next number: the terminal takes one line only.
_BREAK = re.compile(rf"\n|[;；](?=\s*{_NUMBERS}\s*[:：])")
_SHORTEST = 2


def read_explanations(opinion: str) -> dict[int, str]:
    """Return the explanations an opinion gives, by warning number.

    One line each, or one after the other as in ``1：…；2：…``; ``1-3：同为跨年结算`` explains three.
    A line without number and colon explains nothing.
    """
    found: dict[int, str] = {}
    for line in _BREAK.split(opinion):
        if match := _LINE.match(line):
            words = match["words"].strip()
            if len(words) >= _SHORTEST:
                found.update(dict.fromkeys(_numbers(match["numbers"]), words))
    return found


def unexplained(numbers: Collection[int], explanations: Mapping[int, str]) -> tuple[int, ...]:
    """Those of ``numbers`` that nothing explains, in order."""
    return tuple(sorted(number for number in numbers if number not in explanations))


def printed_numbers(numbers: Collection[int]) -> str:
    """Return ``1-3、7`` for 1, 2, 3 and 7."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return "、".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _numbers(text: str) -> list[int]:
    found: list[int] = []
    for part in re.split(_LIST, text):
        first, *rest = (int(number) for number in re.findall(r"\d+", part))
        last = rest[0] if rest else first
        # A slip such as 1-10000 must not fill the memory.
        found.extend(range(first, min(last, first + 999) + 1))
    return found
