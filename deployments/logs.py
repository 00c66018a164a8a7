"""Logs: one that is full is put aside while its process writes on, and what is told is a line of JSON as well.

A line of ``events.jsonl`` is for programs that gather logs; people read the text logs. It has ``at`` (UTC), ``level``,
``logger``, ``event`` (a dotted name that stays), ``text`` (Chinese, as in the text logs), ``part`` and ``pid``, and the
ids it is about, such as ``run`` or ``subject``; ``exc_info`` for a fault.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from pythonjsonlogger.json import JsonFormatter

#: Months of a bureau's own work, and an hour of a program that complains without end.
FULL_BYTES = 20 << 20
KEPT = 5
EVENT_LOG = "events.jsonl"
#: All that this product logs by itself is below it.
_ROOT = "disclosure"
_FIELDS = {"asctime": "at", "levelname": "level", "name": "logger", "message": "text", "process": "pid"}


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


class _QuietFile(logging.FileHandler):
    """A file that cannot be written to keeps nobody from working; the watcher tells of a full disk."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; the file is opened with the first one."""
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: the same is in the text log."""


def keep_event_log(folder: Path, part: str) -> logging.Handler:
    """Write what this process logs from now on to ``events.jsonl`` in ``folder`` too; ``part``: which process it is."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = JsonFormatter(
        ["asctime", "levelname", "name", "event", "message", "process"],
        datefmt="%Y-%m-%dT%H:%M:%SZ",
        rename_fields=_FIELDS,
        static_fields={"part": part},
        defaults={"event": ""},
        json_ensure_ascii=False,
    )
    lines.converter = time.gmtime
    handler = _QuietFile(folder / EVENT_LOG, encoding="utf-8", delay=True)
    handler.setFormatter(lines)
    logger = logging.getLogger(_ROOT)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return handler
