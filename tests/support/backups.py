"""A bureau whose home can be backed up and restored elsewhere, on either database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import inspect, text

from deployments.backup.sealed import make_key
from disclosure.platform.settings import Settings
from disclosure.records.database import create_records_engine
from disclosure.records.installation import Installation

#: What a restored home need not have: made again, locks, and the database, which is compared by its rows.
NOT_COMPARED = ("cache", "logs", "prefect", "board", "gx", ".", "up.lock", "records.db")


def with_backups(installation: Installation, place: Path) -> tuple[Installation, Path]:
    """The installation with a key and a folder for its backups below ``place``; and the file of the secret key."""
    place.mkdir(parents=True, exist_ok=True)
    key = place / "backup.key"
    chosen = {"backup_recipients": make_key(key), "backup_folder": place / "backups"}
    return Installation(installation.settings.model_copy(update=chosen)), key


def elsewhere(settings: Settings, home: Path, database_url: str = "") -> Settings:
    """The same settings for another, empty home."""
    url = database_url or f"sqlite:///{home / 'records.db'}"
    return settings.model_copy(update={"home": home, "database_url": url})


def files_of(home: Path) -> Mapping[str, str]:
    """Every file's digest and every link's target."""
    found = {}
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if name.startswith(NOT_COMPARED):
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found


def rows_of(url: str) -> Mapping[str, list[str]]:
    """Every row of every table, as text."""
    engine = create_records_engine(url)
    try:
        with engine.connect() as connection:
            return {
                table: sorted(repr(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{table}"')))
                for table in inspect(engine).get_table_names()
            }
    finally:
        engine.dispose()
