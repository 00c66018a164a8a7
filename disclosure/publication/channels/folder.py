"""A folder of this machine that a web server serves: a symbolic link, switched by one rename.

``root`` (``var/site``) links to a version in ``site.versions`` beside it; whoever reads meanwhile sees the whole old
site or the whole new one. What did not change is a hard link: a thousand releases are not copied a thousand times.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from disclosure.platform.errors import DisclosureError
from disclosure.publication.channels.versions import VersionStore
from disclosure.publication.proof.manifest import sha256

_LISTING = ".files.json"
_LINK = ".link-"
#: What is published may be read by everybody.
_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


def versions_of(root: Path) -> Path:
    """Return the folder beside a published ``root`` that holds its versions."""
    return root.with_name(f"{root.name}.versions")


class FolderVersions(VersionStore):
    """Versions in a folder beside ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._versions = versions_of(self.root)

    def versions(self) -> Iterable[str]:
        """See ``VersionStore``."""
        return sorted(path.name for path in self._versions.iterdir() if path.is_dir()) if self._is_made() else []

    def listing(self, name: str) -> str | None:
        """See ``VersionStore``."""
        try:
            return self._listing(name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, name: str, path: str, content: bytes) -> None:
        """See ``VersionStore``; flushed to disk."""
        with self._place(name, path).open("xb") as out:
            os.fchmod(out.fileno(), _FILE_MODE)
            out.write(content)
            out.flush()
            os.fsync(out.fileno())

    def link(self, name: str, path: str, older: str, older_path: str) -> bool:
        """See ``VersionStore``."""
        try:
            os.link(self._versions / older / older_path, self._place(name, path), follow_symlinks=False)
        except OSError:  # no hard links here, too many of one file, or somebody has removed it
            return False
        return True

    def finish(self, name: str, listing: str) -> None:
        """See ``VersionStore``."""
        for place, _, _ in os.walk(self._versions / name):
            _sync_folder(Path(place))
        beside = self._versions / f"{_LINK}{secrets.token_hex(16)}"
        with beside.open("x", encoding="utf-8") as out:
            out.write(listing)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(self._listing(name))
        _sync_folder(self._versions)

    def hashes(self, name: str) -> Mapping[str, str]:
        """See ``VersionStore``; what is no plain file counts with its kind instead of a hash."""
        folder = self._versions / name
        found = {}
        for place, folders, files in os.walk(folder):
            for entry in (*folders, *files):
                path = Path(place) / entry
                key = path.relative_to(folder).as_posix()
                if path.is_symlink():
                    found[key] = "link"
                elif path.is_file():
                    found[key] = sha256(path.read_bytes())
                elif not path.is_dir():
                    found[key] = "special"
        return found

    def remove(self, name: str) -> None:
        """See ``VersionStore``."""
        self._listing(name).unlink(missing_ok=True)
        shutil.rmtree(self._versions / name, ignore_errors=True)
        # Whoever was killed between making a link and renaming it left this.
        for rubbish in self._versions.glob(f"{_LINK}*"):
            rubbish.unlink()

    def current(self) -> str:
        """See ``VersionStore``.

        Raises:
            DisclosureError: when somebody else's folder is there.
        """
        if not self.root.is_symlink():
            if self.root.exists():
                raise DisclosureError(f"{self.root} 不是由本系统发布的文件夹，请先把它移走，再重新发布。")
            return ""
        name = self.root.readlink().name
        return name if (self._versions / name).is_dir() else ""

    def set_current(self, name: str) -> None:
        """See ``VersionStore``; by a relative path, so that the whole may be moved."""
        if not name:
            self.root.unlink(missing_ok=True)
        else:
            beside = self._versions / f"{_LINK}{secrets.token_hex(16)}"
            beside.symlink_to(os.path.relpath(self._versions / name, self.root.parent))
            beside.replace(self.root)
        _sync_folder(self.root.parent)

    def _is_made(self) -> bool:
        return self._versions.is_dir()

    def _listing(self, name: str) -> Path:
        return self._versions / f"{name}{_LISTING}"

    def _place(self, name: str, path: str) -> Path:
        if not self._is_made():
            self._versions.mkdir(parents=True)
            # The server may enter a version it knows the name of; nobody else may list them.
            self._versions.chmod(0o711)
        file = self._versions / name / path
        # The web server is another user, and what this process makes is its owner's alone otherwise.
        for folder in reversed([file.parent, *file.parent.parents]):
            if folder.is_relative_to(self._versions / name) and not folder.is_dir():
                folder.mkdir()
                folder.chmod(_FOLDER_MODE)
        return file


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
