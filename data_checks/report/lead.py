"""What leaders read of the quality report: ten lines at most, each short enough for one line of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Lines on top of the report, the verdict among them.
LINES = 10
#: Characters of a line of A4.
WIDTH = 52
_BREAKS = "；。，：、）"
#: Centres named in the last line.
_NAMED = 3


def causes_shown(of: int, why: int) -> int:
    """Return how many of the causes there is room for beside the verdict, ``why`` sentences and the next step."""
    room = LINES - 2 - why
    return of if of <= room else max(0, room - 1)


def shortened(text: str, width: int, clip: str) -> str:
    """Return ``text`` as it is, or cut at the last break before ``width`` characters and marked by ``clip``."""
    if len(text) <= width:
        return text
    kept = text[: width - len(clip)]
    at = max(kept.rfind(mark) for mark in _BREAKS)
    return (kept[:at] if at >= width // 2 else kept) + clip


def next_lead(words: Mapping[str, Any], verdict: str, concerned: Sequence[tuple[str, int]]) -> str:
    """Return what is to be done next; ``concerned`` are the centres and how many findings each has to see to."""
    lead = words["lead"]
    told = "、".join(lead["centre"].format(name=name, count=count) for name, count in concerned[:_NAMED])
    if len(concerned) > _NAMED:
        told += lead["others"].format(count=len(concerned))
    return str(lead[verdict]).format(centres=told)
