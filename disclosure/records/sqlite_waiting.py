"""Waiting for SQLite's lock: as long as a backup may hold it, telling people after a moment who does."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from disclosure.records.database_errors import DatabaseCause, cause_of

T = TypeVar("T")
#: How long one statement waits inside SQLite, how soon people are told, and when waiting is given up.
BUSY_MILLISECONDS = 2_000
TELL_AFTER_SECONDS = 1.5
GIVE_UP_SECONDS = 180.0
_PAUSE_SECONDS = 0.05
#: Where in the shared-memory file a writer's lock lies (https://www.sqlite.org/walformat.html, section 2.3.1).
_WAL_WRITE_LOCK = 120
_log = logging.getLogger(__name__)


def wait_for_lock(attempt: Callable[[], T], file: str) -> T:
    """Return what ``attempt`` gives once nobody locks the database ``file`` any more.

    Raises:
        OperationalError, sqlite3.OperationalError: when it fails otherwise, or waiting has lasted too long.
    """
    began = time.monotonic()
    is_told = False
    while True:
        try:
            return attempt()
        except (OperationalError, sqlite3.OperationalError) as error:
            driver = error.orig if isinstance(error, OperationalError) else error
            waited = time.monotonic() - began
            if driver is None or cause_of(driver) is not DatabaseCause.LOCKED or waited > GIVE_UP_SECONDS:
                raise
            if not is_told and waited >= TELL_AFTER_SECONDS:
                is_told = True
                holder = lock_holder(Path(file))
                _log.warning(
                    "记录库 %s 正被%s占用，在等它放开（最多再等 %d 秒）…",
                    file,
                    holder or "别的程序",
                    GIVE_UP_SECONDS - waited,
                    extra={"event": "records.locked"},
                )
            time.sleep(_PAUSE_SECONDS)


def lock_holder(file: Path) -> str:
    """Return which process holds the writer's lock on ``file`` ("进程 123（sqlite3）"); empty where nobody can tell.

    Linux lists locks in ``/proc/locks``: number, kind, mode, access, process, device:inode, first and last byte.
    """
    try:
        inode = file.with_name(f"{file.name}-shm").stat().st_ino
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return ""
    for words in map(str.split, lines):
        if (
            len(words) == 8
            and words[3] == "WRITE"
            and words[5].endswith(f":{inode}")
            and int(words[6]) <= _WAL_WRITE_LOCK
        ):
            return _describe_process(words[4])
    return ""


def _describe_process(pid: str) -> str:
    try:
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "" if pid in {"0", "-1"} else f"进程 {pid}"
    return f"进程 {pid}（{name}）"
