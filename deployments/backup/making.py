"""Making a backup: a snapshot, sealed into one file beside older ones, of which the oldest are removed."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import func, select

from deployments.backup.manifest import MANIFEST, ArchivedFile, BackupManifest
from deployments.backup.sealed import read_recipients, seal
from deployments.backup.snapshot import take_snapshot
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation
from disclosure.records.self_check.findings import RecordsFinding
from disclosure.records.self_check.inspection import check_records
from disclosure.records.self_check.lost_records import holds_tables
from disclosure.records.tables import LedgerEntry

_PREFIX, _SUFFIX = "disclosure-", ".tar.gz.age"
_PARTIAL = ".partial-disclosure-"
_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Backup:
    """A backup that was made; ``removed`` older ones, ``findings`` what was wrong with the records meanwhile."""

    file: Path
    size: int
    manifest: BackupManifest
    removed: tuple[Path, ...]
    findings: tuple[RecordsFinding, ...]


def make_backup(installation: Installation, folder: Path | None = None) -> Backup:
    """Back up everything into ``folder``, by default the one that is set, whoever is at work meanwhile.

    Raises:
        DisclosureError: when there is nothing to back up, no key, no place, or another backup under way.
    """
    settings = installation.settings
    recipients = read_recipients(settings.backup_recipients)
    target = _target(installation, folder)
    if not holds_tables(settings.records_url):
        raise DisclosureError(f"{settings.home} 里没有记录，没有可以备份的。请核对 DISCLOSURE_HOME。")
    findings = check_records(installation, is_thorough=False).stopping
    with _one_at_a_time(settings.home), tempfile.TemporaryDirectory(dir=settings.home, prefix=".backup-") as place:
        now = utc_now()
        with installation.records.read() as session:
            length = session.scalar(select(func.max(LedgerEntry.number))) or 0
        copies = take_snapshot(installation, Path(place))
        content = _Content(Path(place))
        handle, partial = tempfile.mkstemp(dir=target, prefix=_PARTIAL)
        try:
            with os.fdopen(handle, "wb") as stream:

                def fill(tar: tarfile.TarFile) -> None:
                    content.add_all(tar)
                    content.manifest = BackupManifest(
                        made_at=now,
                        version=version("shebao-disclosure"),
                        profile=installation.catalog.profile.id,
                        ledger_length=length,
                        databases={what: copy.name for what, copy in copies.items()},
                        files=content.files,
                        links=content.links,
                    )
                    content.add_bytes(tar, MANIFEST, content.manifest.model_dump_json(indent=1).encode())

                seal(stream, recipients, fill)
                stream.flush()
                os.fsync(stream.fileno())
            made = target / f"{_PREFIX}{installation.catalog.profile.id}-{now:%Y%m%dT%H%M%SZ}{_SUFFIX}"
            Path(partial).replace(made)
        finally:
            Path(partial).unlink(missing_ok=True)
    assert content.manifest is not None  # noqa: S101 - sealed
    # Backups of records that are not sound must not displace sound ones.
    removed = () if findings else _remove_oldest(made, installation.catalog.profile.id, settings.backup_keep)
    return Backup(made, made.stat().st_size, content.manifest, removed, findings)


def backups_in(folder: Path, profile: str) -> list[Path]:
    """Return the backups of a profile in a folder, the oldest first."""
    return sorted(folder.glob(f"{_PREFIX}{profile}-????????T??????Z{_SUFFIX}"))


class _Content:
    """What goes into an archive from a folder, noted while it is read."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.files: dict[str, ArchivedFile] = {}
        self.links: dict[str, str] = {}
        self.manifest: BackupManifest | None = None

    def add_all(self, tar: tarfile.TarFile) -> None:
        """Add everything, folders before what is in them."""
        for place, folders, files in os.walk(self._root):
            folders.sort()
            for name in sorted((*folders, *files)):
                path = Path(place) / name
                self._add(tar, path, path.relative_to(self._root).as_posix())

    def _add(self, tar: tarfile.TarFile, path: Path, name: str) -> None:
        member = tar.gettarinfo(path, name)
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        if member.issym():
            self.links[name] = member.linkname
            tar.addfile(member)
        elif member.isdir():
            tar.addfile(member)
        else:
            # Two names of one file are two files: each is read and noted.
            member.type, member.linkname, member.size = tarfile.REGTYPE, "", path.stat().st_size
            with path.open("rb") as stream:
                counted = _Counted(stream)
                tar.addfile(member, counted)
            self.files[name] = ArchivedFile(size=member.size, sha256=counted.digest.hexdigest())

    @staticmethod
    def add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
        """Add one member that is no file."""
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o600
        tar.addfile(member, io.BytesIO(content))


class _Counted(io.RawIOBase):
    """A stream whose digest is taken while it is read."""

    def __init__(self, stream: io.BufferedReader) -> None:
        super().__init__()
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Read, and note what was read."""
        content = self._stream.read(size)
        self.digest.update(content)
        return content


def _target(installation: Installation, folder: Path | None) -> Path:
    target = folder or installation.settings.backup_folder
    if target is None:
        raise DisclosureError(
            "没有说备份放在哪里。请设 DISCLOSURE_BACKUP_FOLDER（最好是别的磁盘或机器上的文件夹），"
            "或用 disclosure backup --out 文件夹。"
        )
    target = target.absolute()
    if target.resolve().is_relative_to(installation.settings.home.resolve()):
        raise DisclosureError(
            f"{target} 就在要备份的 {installation.settings.home} 里，磁盘坏了会一起丢。请换一个地方。"
        )
    target.mkdir(parents=True, exist_ok=True)
    return target


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    """Keep out a second backup; remove what a killed one left."""
    with (home / ".backup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DisclosureError("另一个备份正在进行，没有再做一个。请等它做完。") from error
        for left in home.glob(".backup-*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _remove_oldest(made: Path, profile: str, keep: int) -> tuple[Path, ...]:
    """Remove backups of this profile beyond the newest ``keep``, and what a killed one left a day ago."""
    removed = tuple(backups_in(made.parent, profile)[:-keep])
    yesterday = time.time() - _DAY_SECONDS
    left = (file for file in made.parent.glob(f"{_PARTIAL}*") if file.stat().st_mtime < yesterday)
    for file in (*removed, *left):
        file.unlink(missing_ok=True)
    return removed
