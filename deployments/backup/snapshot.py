"""One moment of an installation: its databases copied, its files linked or copied into a folder of our own.

Order is what makes it one moment. The ledger's head comes before the records, so that it is never ahead of them;
files come after, so that every row finds its file; nobody publishes meanwhile, so that the site is the one in the rows.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from deployments.backup.databases import copy_database, sqlite_file
from deployments.backup.manifest import HOME, PREFECT, RECORDS
from disclosure.platform.settings import Settings
from disclosure.publication.publishing_lock import publication_held
from disclosure.records.installation import Installation

#: Made again by the product, or of no meaning elsewhere.
_LEFT_OUT = frozenset({"cache", "logs", "prefect", "board", "gx", "lost+found", "up.lock"})
#: Locks and our own unfinished work.
_HIDDEN_LEFT_OUT = (".backup", ".restoring", ".publishing.lock", ".supervising.lock")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def take_snapshot(installation: Installation, folder: Path) -> dict[str, Path]:
    """Put everything that is to be backed up into ``folder``; return the copies of databases by what they are of."""
    settings = installation.settings
    home = folder / HOME
    home.mkdir()
    with publication_held(installation):
        for file in (settings.ledger_head_file, settings.checkpoints_file):
            if file.exists():
                shutil.copy2(file, home / file.name)
        copies = {
            RECORDS: copy_database(settings.records_url, folder / RECORDS),
            PREFECT: copy_database(prefect_database_url(settings), folder / PREFECT),
        }
        for path, name in _files(settings):
            _take(path, home / name)
    return {what: copy for what, copy in copies.items() if copy is not None}


def prefect_database_url(settings: Settings) -> str:
    """Return where Prefect's own database is."""
    return settings.server_database_url or f"sqlite:///{settings.prefect_home / 'prefect.db'}"


def _files(settings: Settings) -> Iterator[tuple[Path, Path]]:
    """Yield what lies in the home and its name there, folders before what is in them."""
    database = sqlite_file(settings.records_url)
    ends = ("", "-wal", "-shm", "-journal")
    left_out = {settings.ledger_head_file, settings.checkpoints_file}
    left_out |= {database.with_name(database.name + end) for end in ends} if database else set()
    for place, folders, files in os.walk(settings.home):
        here = Path(place)
        if here == settings.home:
            folders[:] = [name for name in folders if _is_kept(name)]
        for name in sorted((*folders, *files)):
            path = here / name
            if path not in left_out and (here != settings.home or _is_kept(name)):
                yield path, path.relative_to(settings.home)


def _is_kept(name: str) -> bool:
    return name not in _LEFT_OUT and not name.startswith(_HIDDEN_LEFT_OUT)


def _take(path: Path, to: Path) -> None:
    """Take a folder, link or file; what is gone by now was rubbish, or is under its new name."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            to.symlink_to(path.readlink())
        elif stat.S_ISDIR(status.st_mode):
            to.mkdir(exist_ok=True)
            to.chmod(stat.S_IMODE(status.st_mode) | stat.S_IRWXU)
        elif stat.S_ISREG(status.st_mode):
            _link_or_copy(path, to, status.st_mode)
    except FileNotFoundError:
        if path.exists():
            raise


def _link_or_copy(path: Path, to: Path, mode: int) -> None:
    # A link to what others may open would be found in our folder, and closed to them.
    if not mode & _OTHERS:
        try:
            os.link(path, to, follow_symlinks=False)
        except OSError:  # another file system, or one without links
            pass
        else:
            return
    shutil.copy2(path, to, follow_symlinks=False)
