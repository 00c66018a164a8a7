"""What the parts that live long tell, a line of JSON each, for programs that gather logs; people read the text logs.

Each line has ``at`` (UTC), ``level``, ``logger``, ``event`` (a dotted name that stays), ``text`` (Chinese, as in the
text logs), ``part`` and ``pid``; then the ids it is about, such as ``run`` or ``subject``; ``exc_info`` for a fault.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from pathlib import Path

from pythonjsonlogger.json import JsonFormatter

FILE_NAME = "events.jsonl"
#: All that this product logs by itself is below it.
_ROOT = "disclosure"
_FIELDS = {"asctime": "at", "levelname": "level", "name": "logger", "message": "text", "process": "pid"}


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
    handler = _QuietFile(folder / FILE_NAME, encoding="utf-8", delay=True)
    handler.setFormatter(lines)
    logger = logging.getLogger(_ROOT)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return handler
