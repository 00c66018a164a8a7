"""Logs that do not grow for ever: one that is full is copied aside and emptied, while its process writes on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

#: Months of a bureau's own work, and an hour of a program that complains without end.
FULL_BYTES = 20 << 20
KEPT = 5


def rotate_log(log: Path, full_bytes: int = FULL_BYTES, kept: int = KEPT) -> bool:
    """Put a full log aside as ``NAME.1``, older ones by one further, at most ``kept``; tell whether it was full.

    Whoever writes to it has opened it for appending, and goes on at its new beginning. What is written between copy and
    emptying is lost: a line or two.
    """
    try:
        if log.stat().st_size < full_bytes:
            return False
    except FileNotFoundError:
        return False
    names = [log.with_name(f"{log.name}.{number}") for number in range(1, kept + 1)]
    for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
        if newer.exists():
            newer.replace(older)
    shutil.copy2(log, names[0])
    os.truncate(log, 0)
    return True
