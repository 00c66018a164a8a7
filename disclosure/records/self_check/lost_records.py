"""Is this a new installation, or one whose records are gone? A new one is only what finds nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from disclosure.platform.settings import Settings
from disclosure.records.database import create_records_engine, migration_state
from disclosure.records.ledger_head import read_head
from disclosure.records.self_check.findings import RecordsFault, RecordsFinding


def find_lost_records(settings: Settings) -> RecordsFinding | None:
    """Return the finding that there are no records though other files show that there were; None otherwise.

    Whoever opens an empty home makes the tables first and everything else after: once more is looked whether they
    are there, so that two who open it together do not take one another for a loss.
    """
    if holds_tables(settings.records_url):
        return None
    traces = list(traces_of_use(settings))
    if not traces or holds_tables(settings.records_url):
        return None
    shown = "、".join(str(trace.relative_to(settings.home)) for trace in traces[:4])
    where = make_url(settings.records_url).render_as_string(hide_password=True)
    return RecordsFinding(
        RecordsFault.MISSING,
        f"{settings.home} 用过（有 {shown}），记录库 {where} 却不在或是空的：不是新的安装，没有另建。",
    )


def holds_tables(url: str) -> bool:
    """Whether there is a database with tables of ours at ``url``; one that cannot be asked may be.

    Nothing is made by asking.
    """
    try:
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            file = Path(address.database or "")
            if not file.exists() or (file.is_file() and not file.stat().st_size):
                return False
        engine = create_records_engine(url)
        try:
            return migration_state(engine) != "empty"
        finally:
            engine.dispose()
    except (ArgumentError, NoSuchModuleError, ImportError, DatabaseError, OSError):
        return True


def traces_of_use(settings: Settings) -> Iterator[Path]:
    """Yield what lies in the home only where there were records."""
    head = read_head(settings.ledger_head_file)
    if settings.ledger_head_file.exists() and (head is None or head.length):
        yield settings.ledger_head_file
    elif head is None and settings.ledger_key_file.exists():
        # The two are made together, and nobody removes one of them.
        yield settings.ledger_key_file
    for file in (settings.checkpoints_file, settings.secret_key_file):
        if file.exists():
            yield file
    for folder in (settings.home / "keys", settings.releases, settings.files, settings.home / "site"):
        # A site that is shown is a link to its version.
        if folder.is_symlink() or (folder.is_dir() and any(folder.iterdir())):
            yield folder
