"""Restoring a backup into an empty place: everything is unsealed and compared before anything is put there."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from sqlalchemy import make_url

from deployments.backup.databases import SUFFIXES, fill_database, is_vacant, kind_of
from deployments.backup.manifest import HOME, MANIFEST, PREFECT, RECORDS, ArchivedFile, BackupManifest, parse_manifest
from deployments.backup.sealed import read_key, unseal
from deployments.backup.snapshot import prefect_database_url
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records.checkpoints import Checkpoint, keep_lines, read_lines
from disclosure.records.installation import Installation
from disclosure.records.self_check.inspection import RecordsCheck, check_records

_UNFINISHED = ".restoring"
_CHUNK_BYTES = 1 << 20
#: A new file system has it at its root.
_NOTHING = {"lost+found"}


@dataclass(frozen=True)
class Restored:
    """A backup that was restored, and what the self-check then says of its records."""

    manifest: BackupManifest
    check: RecordsCheck


def compare_backup(archive: Path, key: Path) -> BackupManifest:
    """Unseal a backup into a place of its own, compare every byte with its list, and remove it again.

    Raises:
        DisclosureError: when it is not whole, or the key is another.
    """
    with tempfile.TemporaryDirectory(prefix="disclosure-restore-") as place:
        return _unpack(archive, key, Path(place))


def restore_backup(settings: Settings, archive: Path, key: Path, seen: Iterable[Path] = ()) -> Restored:
    """Restore a backup into the home and databases that the settings name, which must be empty.

    ``seen`` are files of checkpoints, or heads, that were signed later than the backup perhaps: they are kept with the
    records, which cannot publish then until a person has accepted that they are older.

    Raises:
        DisclosureError: when the place is not empty, or the backup is not whole; nothing is left there then.
    """
    later = [checkpoint for file in seen for checkpoint in _checkpoints_of(file)]
    _refuse_used_home(settings.home)
    for url in (settings.records_url, prefect_database_url(settings)):
        _refuse_used_database(url)
    settings.home.mkdir(parents=True, exist_ok=True)
    place = settings.home / _UNFINISHED
    place.mkdir(mode=0o700)
    try:
        manifest = _unpack(archive, key, place)
        copies = {what: place / name for what, name in manifest.databases.items()}
        urls = {RECORDS: settings.records_url, PREFECT: prefect_database_url(settings)}
        for what, copy in copies.items():
            _refuse_other_kind(copy, urls[what])
        if PREFECT in copies:
            fill_database(copies[PREFECT], urls[PREFECT])
        for path in sorted((place / HOME).iterdir()):
            path.rename(settings.home / path.name)
        if later:
            keep_lines(settings.checkpoints_file, later)
        # Last: a home with files and no records is never taken for a new one, nor for a whole one.
        fill_database(copies[RECORDS], urls[RECORDS])
    except BaseException:
        _empty(settings.home)
        raise
    shutil.rmtree(place)
    return Restored(manifest, check_records(Installation(settings)))


def _checkpoints_of(file: Path) -> list[Checkpoint]:
    found, _ = read_lines(file)
    if not found:
        raise DisclosureError(f"{file} 里没有检查点。请给出另存的 checkpoints.jsonl，或原来的 ledger.head。没有恢复。")
    return found


def _refuse_used_home(home: Path) -> None:
    if home.exists() and not home.is_dir():
        raise DisclosureError(f"{home} 是一个文件，不是文件夹。请把 DISCLOSURE_HOME 指向空的文件夹。没有恢复。")
    there = sorted(path.name for path in home.iterdir() if path.name not in _NOTHING) if home.is_dir() else []
    if _UNFINISHED in there:
        raise DisclosureError(
            f"{home} 里上一次恢复没有做完。请确认没有别的恢复在进行，清空这个文件夹（和新建的数据库），再试。没有恢复。"
        )
    if there:
        raise DisclosureError(
            f"{home} 不是空的（有 {'、'.join(there[:4])}），恢复不覆盖任何东西，没有恢复。"
            "请先停下 disclosure up，把它整个移走留存，或把 DISCLOSURE_HOME 指向空的文件夹。"
        )


def _refuse_used_database(url: str) -> None:
    if not is_vacant(url):
        raise DisclosureError(
            f"数据库 {make_url(url).render_as_string()} 里已经有表，恢复不覆盖任何东西，没有恢复。"
            "请新建一个空的数据库，把 DISCLOSURE_DATABASE_URL、DISCLOSURE_SERVER_DATABASE_URL 指向它。"
        )


def _refuse_other_kind(copy: Path, url: str) -> None:
    kind = kind_of(url)
    if copy.suffix != SUFFIXES[kind]:
        was = next(name for name, suffix in SUFFIXES.items() if suffix == copy.suffix)
        raise DisclosureError(
            f"备份里的数据库是 {was}，现在设置的是 {kind}，没有恢复。"
            "请把 DISCLOSURE_DATABASE_URL、DISCLOSURE_SERVER_DATABASE_URL 设成与做备份时同一种数据库。"
        )


def _unpack(archive: Path, key: Path, place: Path) -> BackupManifest:
    """Unseal everything into ``place`` and compare it with its list."""
    identity = read_key(key)
    files: dict[str, ArchivedFile] = {}
    links: dict[str, str] = {}
    folders: list[tuple[Path, int]] = []
    listed = b""
    with archive.open("rb") as stream, unseal(stream, archive.name, identity) as tar:
        for member in tar:
            _refuse_way_out(member)
            path = place / member.name
            if member.name == MANIFEST:
                read = tar.extractfile(member)
                listed = read.read() if read else b""
            elif member.isdir():
                path.mkdir(mode=0o700)
                folders.append((path, member.mode))
            elif member.issym():
                path.symlink_to(member.linkname)
                links[member.name] = member.linkname
            else:
                files[member.name] = _write(tar.extractfile(member), path, member)
    if not listed:
        raise DisclosureError(f"备份 {archive.name} 不完整：缺少清单，没有恢复。请换用另一份备份。")
    manifest = parse_manifest(listed)
    if (manifest.files, manifest.links) != (files, links) or RECORDS not in manifest.databases:
        raise DisclosureError(f"备份 {archive.name} 的内容与它的清单不符，没有恢复。请换用另一份备份。")
    # Last, and the innermost first: one that is not to be written to could not be filled.
    for path, mode in reversed(folders):
        path.chmod(mode)
    return manifest


def _refuse_way_out(member: tarfile.TarInfo) -> None:
    """Refuse what would be put outside of the place: absolute names, ways up, devices, links that lead away.

    Python's own ``tarfile.data_filter`` came with 3.11.4; Debian 12 has 3.11.2.

    Raises:
        tarfile.TarError: told as a damaged archive.
    """
    name = PurePosixPath(member.name)
    target = os.path.normpath(name.parent / member.linkname) if member.issym() else ""
    is_away = target.startswith(("/", "..")) or PurePosixPath(member.linkname).is_absolute()
    if name.is_absolute() or ".." in name.parts or is_away or not (member.isreg() or member.isdir() or member.issym()):
        raise tarfile.TarError(f"{member.name} 指向备份以外的地方")


def _write(content: object, path: Path, member: tarfile.TarInfo) -> ArchivedFile:
    stream: BinaryIO = content  # type: ignore[assignment]
    digest = hashlib.sha256()
    with path.open("xb") as out:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    path.chmod(member.mode)
    os.utime(path, (member.mtime, member.mtime))
    return ArchivedFile(size=member.size, sha256=digest.hexdigest())


def _empty(home: Path) -> None:
    """Take back what was put into a home that was empty."""
    for path in home.iterdir():
        if path.name in _NOTHING:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
