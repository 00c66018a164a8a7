"""A WebDAV folder (see ``objects`` for how it switches)."""

from __future__ import annotations

import posixpath
from secrets import token_hex

from disclosure.publication.channels.objects import ObjectVersions

_BESIDE = "partial-"


class WebdavVersions(ObjectVersions):
    """A PUT may be cut off: a file is written beside and moved over, which the server does in one step."""

    def put(self, path: str, content: bytes) -> None:
        """See ``ObjectVersions``."""
        self._fs.makedirs(posixpath.dirname(path), exist_ok=True)
        beside = f"{posixpath.dirname(path)}/{_BESIDE}{token_hex(8)}"
        self._fs.pipe_file(beside, content)
        self._fs.client.move(beside, path, overwrite=True)

    def write(self, name: str, path: str, content: bytes) -> None:
        """See ``VersionStore``: nobody reads it before it is finished, so it needs no move."""
        target = f"{self._versions}/{name}/{path}"
        self._fs.makedirs(posixpath.dirname(target), exist_ok=True)
        self._fs.pipe_file(target, content)

    def copy(self, source: str, target: str) -> None:
        """See ``ObjectVersions``."""
        self._fs.makedirs(posixpath.dirname(target), exist_ok=True)
        self._fs.cp_file(source, target)

    def remove(self, name: str) -> None:
        """See ``VersionStore``; with what was left by those who were killed between writing beside and moving over."""
        super().remove(name)
        for folder in (self.root, self._versions):
            for path in self._list(folder):
                if self._name(path).startswith(_BESIDE):
                    self._fs.rm_file(path)
