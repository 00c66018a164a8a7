"""The head of the ledger, signed and kept beside the database after every transaction that made it longer.

Records restored from an older copy, or cut short, end before their head: it shows at the next start. The file is
written in place, one line of fixed length, so that it holds the head before or the new one after a failure of power.
A head that contradicts the records stays as it is: it is the proof.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import func, select

from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records.checkpoints import (
    Checkpoint,
    make_signing_key,
    open_signing_key,
    parse_line,
    sign_checkpoint,
)
from disclosure.records.database import Records
from disclosure.records.file_store import place_new
from disclosure.records.ledger import GENESIS, Growth
from disclosure.records.tables import LedgerEntry

_LINE_BYTES = 512
#: Writing a head takes a millisecond; who holds it longer sleeps, and must not keep everybody else from working.
_WAIT_SECONDS = 2.0


def begin_head(records: Records, settings: Settings) -> None:
    """Place key and head of a ledger that has no entry yet; one that has, and whose head is gone, is left to be found.

    So whoever was killed before the first head was written finds one that is right.
    """
    if settings.ledger_head_file.exists():
        return
    with records.read() as session:
        if session.scalar(select(func.max(LedgerEntry.number))) is not None:
            return
    key = make_signing_key(settings.ledger_key_file)
    place_new(settings.ledger_head_file, _line(sign_checkpoint(key, 0, GENESIS)))


def read_head(file: Path) -> Checkpoint | None:
    """Return the head that was kept last; None when the file is gone, cannot be read or holds none."""
    try:
        return parse_line(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def keep_head(records: Records, settings: Settings, growth: Growth) -> None:
    """Keep the head that a transaction left, unless a later one or a contradicting one is kept.

    Where another process holds the head for long, it stays behind until the next entry is written.
    """
    try:
        with settings.ledger_head_file.open("r+b") as stream:
            _hold(stream)
            kept = parse_line(stream.read().decode(errors="replace"))
            if kept is None or not _follows(records, kept, growth):
                return
            key = open_signing_key(settings.ledger_key_file)
            _overwrite(stream.fileno(), sign_checkpoint(key, growth.last, growth.head_hash))
    except (OSError, DisclosureError):
        # The change is committed already; what is missing here is found and told by the next self-check.
        return


def replace_head(settings: Settings, checkpoint: Checkpoint) -> None:
    """Put ``checkpoint`` in the place of whatever head is kept: a person has accepted the records as they are."""
    place_new(settings.ledger_head_file, _line(checkpoint))
    with settings.ledger_head_file.open("r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.truncate(_LINE_BYTES)
        _overwrite(stream.fileno(), checkpoint)


def _hold(stream: BinaryIO) -> None:
    """Hold the head alone until the file is closed.

    Raises:
        OSError: when another process has not let go of it in time.
    """
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            return fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def _follows(records: Records, kept: Checkpoint, growth: Growth) -> bool:
    """Whether the ledger, as it grew, still has the kept head in it."""
    if kept.length > growth.last:
        return False
    if kept.length == growth.first - 1:
        return kept.head_hash == growth.previous_hash
    if kept.length == 0:
        return True
    # Another process has committed between, or died before it kept its own.
    with records.read() as session:
        return session.scalar(select(LedgerEntry.hash).where(LedgerEntry.number == kept.length)) == kept.head_hash


def _overwrite(handle: int, checkpoint: Checkpoint) -> None:
    os.pwrite(handle, _line(checkpoint), 0)


def _line(checkpoint: Checkpoint) -> bytes:
    return json.dumps(asdict(checkpoint)).encode().ljust(_LINE_BYTES - 1) + b"\n"
