"""Checking a year's archive from outside: its list, each release in it by its own signature, and the ledger's chain."""

from __future__ import annotations

import datetime as dt
import json
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from disclosure.platform.errors import DisclosureError
from disclosure.publication.archive.contents import LEDGER
from disclosure.publication.contents.site import MANIFEST
from disclosure.publication.contents.tree import check_path
from disclosure.publication.proof.manifest import Manifest
from disclosure.publication.proof.signing import PublicKey
from disclosure.publication.proof.sources import PublishedFiles
from disclosure.publication.proof.verification import VerifiedRelease, check
from disclosure.records.ledger import entry_hash
from disclosure.records.tables import LedgerEntry

#: No file of ours comes near; whoever forges an archive is not to fill our memory.
_MOST_BYTES = 1 << 30
#: What Python says of a zip that is none, or of one with a byte changed.
_UNREADABLE = (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error)


class ArchiveFiles:
    """The files of an archive, read where it lies (``PublishedFiles``)."""

    def __init__(self, file: Path) -> None:
        self.name = str(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except _UNREADABLE as error:
            raise DisclosureError(f"{file} 不是归档包，或已损坏。请换用另一份。") from error
        names = self._zip.namelist()
        if len(names) != len(set(names)):
            raise DisclosureError(f"{file} 里有重名的文件，不是本程序做的归档包，不能相信。")
        for name in names:
            check_path(name)

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, None when there is none.

        Raises:
            DisclosureError: when it cannot be unpacked.
        """
        if path not in self._names:
            return None
        if self._zip.getinfo(path).file_size > _MOST_BYTES:
            raise DisclosureError(f"{self.name} 里的 {path} 大得不合情理，没有打开。")
        try:
            return self._zip.read(path)
        except (*_UNREADABLE, zlib.error, RuntimeError, OSError) as error:
            raise DisclosureError(f"{self.name} 里的 {path} 已损坏，解不开。请换用另一份。") from error

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._zip.namelist())

    def paths(self) -> Collection[str]:
        """Return every file there is."""
        return self._names

    def __enter__(self) -> ArchiveFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


class _Below:
    """One folder of an archive, as if it had been unpacked alone."""

    def __init__(self, whole: PublishedFiles, folder: str) -> None:
        self.name, self._whole, self._folder = f"{whole.name} 里的 {folder}", whole, folder

    def read(self, path: str) -> bytes | None:
        return self._whole.read(self._folder + path)

    def paths(self) -> Collection[str]:
        of_all = self._whole.paths() or ()
        return [path.removeprefix(self._folder) for path in of_all if path.startswith(self._folder)]


def check_archive(source: PublishedFiles, keys: Iterable[PublicKey]) -> list[VerifiedRelease]:
    """Check an archive as a whole, then every release in it; what is wrong with the ledger is told of the whole.

    Raises:
        DisclosureError: when something cannot be read.
    """
    keys = tuple(keys)
    (whole,) = check(source, keys)
    checked = [whole]
    if not whole.is_right:
        return checked
    sealed: list[tuple[str, Manifest]] = []
    for path in sorted(source.paths() or ()):
        folder, _, name = path.rpartition("/")
        if name != MANIFEST or not folder:
            continue
        below = _Below(source, f"{folder}/")
        for one in check(below, keys):
            one.folder = folder
            checked.append(one)
        content = below.read(MANIFEST)
        sealed.append((folder, Manifest.from_json(content or b"")))
    whole.problems += _ledger_problems((source.read(LEDGER) or b"").decode(), sealed)
    return checked


def _ledger_problems(text: str, sealed: Iterable[tuple[str, Manifest]]) -> Iterator[str]:
    """Yield what in the excerpt does not follow from the line before, or is not what a release sealed."""
    try:
        entries = [_entry(json.loads(line)) for line in text.splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        yield f"{LEDGER} 读不出来（{error}）。"
        return
    for before, entry in zip([None, *entries], entries, strict=False):
        follows = before is None or (entry.number, entry.previous_hash) == (before.number + 1, before.hash)
        if not follows or entry.hash != entry_hash(entry):
            yield f"{LEDGER} 里第 {entry.number} 条台账接不上，或被改动过。"
            return
    known = {entry.number: entry.hash for entry in entries}
    for folder, manifest in sealed:
        length = int(manifest.ledger.get("length", "0"))
        if length in known and known[length] != manifest.ledger["head_hash"]:
            yield f"{folder} 发布时封存的台账第 {length} 条，与 {LEDGER} 里的不同。"


def _entry(told: dict[str, object]) -> LedgerEntry:
    entry = LedgerEntry(**told)
    entry.at = dt.datetime.fromisoformat(str(told["at"]))
    return entry
