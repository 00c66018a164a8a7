"""Whether every part of a running installation works, as machines ask: a name and yes or no, nothing confidential.

Each part is tried, not believed: the records are read and their lock is taken, the disk is written to, Prefect is
asked, the runner's process is looked up, and the watcher must have looked a moment ago.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import text

from deployments.local import is_up
from deployments.operating.growth import LEAST_FREE_BYTES
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from tasks.orchestration.processes import read_mark, seconds_since_look
from tasks.orchestration.watching.storage import storage_failures

#: The watcher looks every three seconds; a look that waits for Prefect takes up to a minute.
WATCHER_SECONDS = 90.0
#: Whoever asks more often is told what was found a moment ago: anybody may ask.
FRESH_SECONDS = 2.0

_log = logging.getLogger("disclosure.door")


class Part(StrEnum):
    """What an installation is made of."""

    RECORDS = "records"
    DISK = "disk"
    PREFECT = "prefect"
    RUNNER = "runner"
    WATCHER = "watcher"


@dataclass(frozen=True)
class Health:
    """Which parts work, by name, as one look found them."""

    parts: dict[Part, bool]

    @property
    def is_ready(self) -> bool:
        """Whether all of them do."""
        return all(self.parts.values())


def look_at_parts(installation: Installation) -> Health:
    """Try every part once."""
    settings = installation.settings
    failing = {one.id for one in storage_failures(settings)}
    mark = read_mark(settings)
    looked = seconds_since_look(settings)
    has_runner = mark is not None and mark.is_alive
    return Health(
        {
            Part.RECORDS: "records" not in failing and _can_read(installation),
            Part.DISK: "disk" not in failing and _has_room(settings),
            Part.PREFECT: is_up(settings),
            Part.RUNNER: has_runner,
            Part.WATCHER: has_runner and looked is not None and looked < WATCHER_SECONDS,
        }
    )


@dataclass
class HealthKeeper:
    """Looks when asked, and not again within ``FRESH_SECONDS``: those who ask meanwhile wait for the same look."""

    installation: Installation
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: Health | None = None
    _found_at: float = 0.0

    def health(self) -> Health:
        """Return what was found last, if that was a moment ago; look otherwise."""
        with self._lock:
            if self._found is None or self.clock() - self._found_at >= FRESH_SECONDS:
                self._found = look_at_parts(self.installation)
                self._found_at = self.clock()
            return self._found


def _can_read(installation: Installation) -> bool:
    try:
        with installation.records.read() as session:
            session.execute(text("SELECT max(number) FROM ledger")).one()
    except Exception as error:  # whatever it is, they cannot be read
        _log.warning("记录库读不出来：%s", error, extra={"event": "records.unreadable"})
        return False
    return True


def _has_room(settings: Settings) -> bool:
    try:
        return shutil.disk_usage(settings.home).free >= LEAST_FREE_BYTES
    except OSError:
        return False
