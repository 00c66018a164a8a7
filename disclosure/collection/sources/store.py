"""Files by fsspec URL: on this machine, over SFTP, in S3, or wherever else an fsspec file system reaches."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from disclosure.collection.sources.base import GoneError
from disclosure.remote.files import close_files, in_words, is_object_store, open_files, told

_CHUNK_BYTES = 1 << 20
#: What file systems call what is no file -> what we do.
_OTHERS = {"directory": "folder", "link": "link"}


@dataclass(frozen=True)
class Entry:
    """A file as its folder lists it; ``modified`` is comparable only within one store."""

    name: str
    size: int
    modified: str


class Store:
    """One folder. Every error is one Chinese sentence that begins with ``where``; secrets never show.

    ``url`` is an fsspec URL or a plain path; ``options`` go to its file system, ``secrets`` as well.
    """

    def __init__(self, url: str, options: Mapping[str, Any], secrets: Mapping[str, str], where: str) -> None:
        self.where, self._secrets = where, tuple(secrets.values())
        self._is_object_store = is_object_store(url)
        self.fs, self.root = open_files(url, options, secrets, where)

    def entries(self) -> list[Entry]:
        """The files right in the folder, without links and folders."""
        with self._in_words():
            self.fs.invalidate_cache()
            found = [entry for info in self.fs.ls(self.root, detail=True) if (entry := _entry(info))]
        # An object store may list the folder itself.
        return [entry for entry in found if entry.name]

    def others(self) -> dict[str, str]:
        """What else lies right in the folder: name -> ``link``, ``folder`` or ``other`` (a pipe, a device)."""
        with self._in_words():
            self.fs.invalidate_cache()
            found = {
                posixpath.basename(str(info["name"]).rstrip("/")): info for info in self.fs.ls(self.root, detail=True)
            }
        return {
            name: "link" if info.get("islink") else _OTHERS.get(str(info.get("type")), "other")
            for name, info in found.items()
            if name and _entry(info) is None
        }

    def holds_any(self, folder: str) -> bool:
        """Whether anything lies in a subfolder."""
        with self._in_words():
            return bool(self.fs.ls(self._path(folder), detail=False))

    def entry(self, name: str) -> Entry | None:
        """One file; None when it is not there."""
        with self._in_words():
            self.fs.invalidate_cache()
            try:
                return _entry(self.fs.info(self._path(name)))
            except FileNotFoundError:
                return None

    def chunks(self, name: str) -> Iterator[bytes]:
        """A file's bytes, piece by piece.

        Raises:
            GoneError: when it is not there any more; ``move`` the same.
        """
        with self._in_words(), self._still_there(name), self.fs.open(self._path(name), "rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk

    def put(self, name: str, content: bytes) -> None:
        """Write a file so that it is there whole or not at all."""
        path = self._path(name)
        with self._in_words():
            self._make(posixpath.dirname(path))
            if self._is_object_store:
                self.fs.pipe_file(path, content)
                return
            beside = f"{posixpath.dirname(path)}/.partial-{token_hex(8)}"
            self.fs.pipe_file(beside, content)
            self.fs.mv(beside, path)

    def move(self, name: str, target: str) -> None:
        """Rename within the folder and its subfolders (an object store copies, then deletes)."""
        with self._in_words():
            self._make(posixpath.dirname(self._path(target)))
        with self._in_words(), self._still_there(name):
            self.fs.mv(self._path(name), self._path(target))

    def make(self, *folders: str) -> None:
        """Make the folder itself and subfolders that are not there."""
        with self._in_words():
            for folder in ("", *folders):
                self._make(self._path(folder))

    def close(self) -> None:
        """Let go of the connection."""
        close_files(self.fs)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}".rstrip("/")

    def _make(self, folder: str) -> None:
        if not self._is_object_store:
            self.fs.makedirs(folder, exist_ok=True)

    @contextmanager
    def _still_there(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise GoneError(f"{self.where}：{name} 已经不在了。") from error

    def _in_words(self) -> AbstractContextManager[None]:
        return in_words(self.where, self._secrets, told)


def _entry(info: Mapping[str, Any]) -> Entry | None:
    # A link may point anywhere; nobody hands in a link.
    if info.get("type") != "file" or info.get("islink"):
        return None
    modified = next((info[key] for key in ("mtime", "LastModified", "modified", "created") if info.get(key)), "")
    said = modified.isoformat() if hasattr(modified, "isoformat") else str(modified)
    return Entry(posixpath.basename(str(info["name"])), int(info["size"] or 0), said)
