"""One publisher at a time, on this machine and on all that share our records; none by records that are unsound."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from disclosure.records.installation import Installation
from disclosure.records.self_check.inspection import refuse_unsound

#: Any constant: the name of the PostgreSQL lock that a publisher holds.
_PUBLISHING_LOCK = 820_216


@contextmanager
def publishing_lock(installation: Installation) -> Iterator[None]:
    """Wait until nobody else publishes; a killed publisher's turn ends with it.

    Two cycles published together would each build a site without the other. Whoever publishes or removes anything
    comes through here: records that are missing, older than their checkpoints or edited let nobody.

    Raises:
        UnsoundRecordsError: when the records are not to be built upon; nothing was changed then.
    """
    with publication_held(installation):
        refuse_unsound(installation)
        yield


@contextmanager
def publication_held(installation: Installation) -> Iterator[None]:
    """Let nobody publish or remove meanwhile, whatever the records are like; who does already is waited for."""
    engine = installation.records.engine
    with (installation.settings.home / ".publishing.lock").open("w") as lock:
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
