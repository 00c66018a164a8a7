"""Files by fsspec URL: on this machine, over SFTP, in S3, or wherever else an fsspec file system reaches."""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from disclosure.collection.sources.base import GoneError
from disclosure.platform.remote_files import close_files, in_words, is_object_store, open_files, told

_CHUNK_BYTES = 1 << 20
#: What file systems call what is no file -> what we do.
_OTHERS = {"directory": "folder", "link": "link", "file": "hard link"}


@dataclass(frozen=True)
class Entry:
    """A file as its folder lists it; ``modified`` is comparable only within one store."""

    name: str
    size: int
    modified: str


class Store:
    """One folder. Every error is one Chinese sentence that begins with ``where``; secrets never show.

    ``url`` is an fsspec URL or a plain path; ``options`` go to its file system, ``secrets`` as well. With
    ``refuses_links`` a file that has another name besides, a hard link, is none of its files either: who may write in
    an inbox must not get a file of ours into the records that way.
    """

    def __init__(
        self,
        url: str,
        options: Mapping[str, Any],
        secrets: Mapping[str, str],
        where: str,
        *,
        refuses_links: bool = False,
    ) -> None:
        self.where, self._secrets, self._refuses_links = where, tuple(secrets.values()), refuses_links
        self._is_object_store = is_object_store(url)
        self.fs, self.root = open_files(url, options, secrets, where)

    def entries(self) -> list[Entry]:
        """Return the files right in the folder, without links and folders."""
        with self._in_words():
            self.fs.invalidate_cache()
            found = [entry for info in self.fs.ls(self.root, detail=True) if (entry := self._entry(info))]
        # An object store may list the folder itself.
        return [entry for entry in found if entry.name]

    def others(self) -> dict[str, str]:
        """List what else lies right in the folder: ``link``, ``hard link``, ``folder``, ``other`` (pipe, device)."""
        with self._in_words():
            self.fs.invalidate_cache()
            found = {
                posixpath.basename(str(info["name"]).rstrip("/")): info for info in self.fs.ls(self.root, detail=True)
            }
        return {
            name: "link" if info.get("islink") else _OTHERS.get(str(info.get("type")), "other")
            for name, info in found.items()
            if name and self._entry(info) is None
        }

    def holds_any(self, folder: str) -> bool:
        """Whether anything lies in a subfolder."""
        with self._in_words():
            return bool(self.fs.ls(self._path(folder), detail=False))

    def files_in(self, folder: str) -> list[str]:
        """Return the names of the files right in a subfolder; none where it is not there."""
        with self._in_words():
            self.fs.invalidate_cache()
            try:
                found = [self._entry(info) for info in self.fs.ls(self._path(folder), detail=True)]
            except FileNotFoundError:
                return []
        return [entry.name for entry in found if entry is not None and entry.name]

    def entry(self, name: str) -> Entry | None:
        """One file; None when it is not there."""
        with self._in_words():
            self.fs.invalidate_cache()
            try:
                return self._entry(self.fs.info(self._path(name)))
            except FileNotFoundError:
                return None

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes, piece by piece.

        Raises:
            GoneError: when it is not there any more; ``move`` the same.
        """
        with self._in_words(), self._still_there(name), self._open(name) as stream:
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

    def remove(self, name: str) -> None:
        """Delete a file.

        Raises:
            GoneError: when it is not there any more.
        """
        with self._in_words(), self._still_there(name):
            self.fs.rm_file(self._path(name))

    def make(self, *folders: str) -> None:
        """Make the folder itself and subfolders that are not there."""
        with self._in_words():
            for folder in ("", *folders):
                self._make(self._path(folder))

    def close(self) -> None:
        """Let go of the connection."""
        close_files(self.fs)

    def _open(self, name: str) -> Any:
        """Open a file; one of this machine must still be what was listed: a link could have taken its place."""
        if not (self._refuses_links and getattr(self.fs, "local_file", False)):
            return self.fs.open(self._path(name), "rb")
        try:
            handle = os.open(self._path(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            raise GoneError(f"{self.where}：{name} 变成了链接。") from error
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            os.close(handle)
            raise GoneError(f"{self.where}：{name} 变成了链接。")
        return os.fdopen(handle, "rb")

    def _entry(self, info: Mapping[str, Any]) -> Entry | None:
        # A link may point anywhere; nobody hands in a link.
        if info.get("type") != "file" or info.get("islink"):
            return None
        if self._refuses_links and int(info.get("nlink") or 1) > 1:
            return None
        modified = next((info[key] for key in ("mtime", "LastModified", "modified", "created") if info.get(key)), "")
        said = modified.isoformat() if hasattr(modified, "isoformat") else str(modified)
        return Entry(posixpath.basename(str(info["name"])), int(info["size"] or 0), said)

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
