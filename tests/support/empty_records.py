"""Empty records with the tables of this version: made by the migrations once a process, copied for each test."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from disclosure.records.database import open_records


@cache
def _sqlite_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.db"
        # Not through the cache, which would keep a database that is gone.
        records = open_records.__wrapped__(f"sqlite:///{file}")
        # Closing the last connection puts all of the write-ahead log into the file.
        records.engine.dispose()
        return file.read_bytes()


def lay_sqlite(url: str) -> str:
    """``url`` of SQLite, with a file that has the tables where there was none; other databases are left alone."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database and not Path(parsed.database).exists():
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        Path(parsed.database).write_bytes(_sqlite_file())
    return url
