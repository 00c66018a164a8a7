"""Stores without links: versions under a prefix each, and one small file, ``current.json``, that names the live one.

An object store cannot rename, and WebDAV has no links, so the switch is one write of that file. Whoever serves the
store (a gateway, a content network, the site that takes the package over) reads ``current.json`` and serves what lies
under its ``path``; nothing else may be listed or guessed.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from disclosure.platform.errors import DisclosureError
from disclosure.platform.remote_files import close_files
from disclosure.publication.channels.versions import VersionStore
from disclosure.publication.proof.manifest import sha256

POINTER = "current.json"
_LISTING = ".files.json"
_FORMAT = "disclosure-current/1"
_TOGETHER = 32


class ObjectVersions(VersionStore):
    """Versions below ``root`` in any fsspec file system ``fs`` that writes a file whole or not at all."""

    def __init__(self, fs: Any, root: str) -> None:
        self._fs, self.root = fs, root
        self._versions = f"{root}/versions"

    @abstractmethod
    def put(self, path: str, content: bytes) -> None:
        """Write a file whole or not at all, over what may be there."""

    @abstractmethod
    def copy(self, source: str, target: str) -> None:
        """Have the server copy a file.

        Raises:
            FileNotFoundError: when ``source`` is gone.
        """

    def versions(self) -> Iterable[str]:
        """See ``VersionStore``."""
        return sorted({self._name(path).removesuffix(_LISTING) for path in self._list(self._versions)})

    def listing(self, name: str) -> str | None:
        """See ``VersionStore``."""
        content = self._cat(f"{self._versions}/{name}{_LISTING}")
        return None if content is None else content.decode()

    def write(self, name: str, path: str, content: bytes) -> None:
        """See ``VersionStore``."""
        self.put(f"{self._versions}/{name}/{path}", content)

    def link(self, name: str, path: str, older: str, older_path: str) -> bool:
        """See ``VersionStore``: copied by the server."""
        try:
            self.copy(f"{self._versions}/{older}/{older_path}", f"{self._versions}/{name}/{path}")
        except FileNotFoundError:
            return False
        return True

    def finish(self, name: str, listing: str) -> None:
        """See ``VersionStore``."""
        self.put(f"{self._versions}/{name}{_LISTING}", listing.encode())

    def hashes(self, name: str) -> Mapping[str, str]:
        """See ``VersionStore``."""
        root = f"{self._versions}/{name}"
        self._fs.invalidate_cache()
        paths = self._fs.find(root)
        found = {}
        for first in range(0, len(paths), _TOGETHER):
            # Many at a time, where the file system can: most of the time goes into waiting for answers.
            for path, content in self._fs.cat(paths[first : first + _TOGETHER]).items():
                found[str(path).partition(f"{name}/")[2]] = sha256(content)
        return found

    def remove(self, name: str) -> None:
        """See ``VersionStore``."""
        self._fs.invalidate_cache()
        for path, whole in ((f"{self._versions}/{name}{_LISTING}", False), (f"{self._versions}/{name}", True)):
            if self._fs.exists(path):
                self._fs.rm(path, recursive=whole)

    def current(self) -> str:
        """See ``VersionStore``.

        Raises:
            DisclosureError: when ``current.json`` is not ours.
        """
        content = self._cat(f"{self.root}/{POINTER}")
        if content is None:
            return ""
        try:
            said = json.loads(content)
            version, known = str(said["version"]), said["format"] == _FORMAT
        except (ValueError, TypeError, KeyError):
            known = False
        if not known:
            raise DisclosureError(f"对方的 {POINTER} 不是由本系统写的，请先把它移走，再重新发布。")
        return version

    def set_current(self, name: str) -> None:
        """See ``VersionStore``."""
        said = {"format": _FORMAT, "version": name, "path": f"versions/{name}/" if name else ""}
        self.put(f"{self.root}/{POINTER}", (json.dumps(said, indent=1) + "\n").encode())

    def close(self) -> None:
        """Let go of the connection."""
        close_files(self._fs)

    def _cat(self, path: str) -> bytes | None:
        self._fs.invalidate_cache()
        try:
            content: bytes = self._fs.cat_file(path)
        except FileNotFoundError:
            return None
        return content

    def _list(self, folder: str) -> list[str]:
        self._fs.invalidate_cache()
        try:
            return [str(path) for path in self._fs.ls(folder, detail=False)]
        except FileNotFoundError:
            return []

    @staticmethod
    def _name(path: str) -> str:
        return path.rstrip("/").rpartition("/")[2]
