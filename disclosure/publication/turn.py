"""One publisher at a time, on this machine and on all that share our records."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from disclosure.workplace import Workplace

#: Any constant: the name of the PostgreSQL lock that a publisher holds.
_PUBLISHING_LOCK = 820_216


@contextmanager
def turn(place: Workplace) -> Iterator[None]:
    """Wait until nobody else publishes; a killed publisher's turn ends with it.

    Two cycles published together would each build a site without the other.
    """
    engine = place.records.engine
    with (place.settings.home / ".publishing.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if engine.dialect.name != "postgresql":
            yield
            return
        # Of the connection, not of a transaction: it is held through all of the publisher's own.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _PUBLISHING_LOCK})
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _PUBLISHING_LOCK})
