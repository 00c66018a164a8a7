"""Whether what everything rests on can be written: the home's disk and our records. Little is imported here."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from disclosure.platform.settings import Settings

#: Whoever writes our records holds them for milliseconds; who holds them at every look, holds them up.
_LOCK_SECONDS = 0.5
_PROBE_BYTES = 4096
_WAIT_SECONDS = 3.0
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class StorageFailure:
    """Something that cannot be written: its id, what people call it, and why not."""

    id: str
    what: str
    why: str


def storage_failures(settings: Settings) -> Iterator[StorageFailure]:
    """Try to write to the home's disk and to lock our records; yield what does not work."""
    # The door asks too: two who tried the same file would take it from each other.
    probe = settings.home / f".watch-{os.getpid()}"
    try:
        probe.write_bytes(bytes(_PROBE_BYTES))
        probe.unlink()
    except OSError as error:
        yield StorageFailure("disk", f"文件夹 {settings.home}", f"{type(error).__name__}: {error}")
    records = Path(settings.records_url.removeprefix(_SQLITE))
    if not settings.records_url.startswith(_SQLITE) or not records.exists():
        return
    try:
        # Nothing is changed; reading alone would not show that nobody can write.
        with closing(sqlite3.connect(records, timeout=_LOCK_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        yield StorageFailure("records", "记录库", f"{type(error).__name__}: {error}")


def wait_for_storage(settings: Settings, tell: Callable[[str], None]) -> None:
    """Wait until the home's disk and our records can be written; what is started before would only die again."""
    for tries in count(1):
        failures = [*storage_failures(settings)]
        if not failures:
            return
        if tries == 1:
            tell("".join(f"{one.what}写不进去（{one.why}），恢复后再启动。" for one in failures))
        time.sleep(_WAIT_SECONDS)
