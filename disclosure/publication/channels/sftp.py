"""A folder of another machine over SFTP: a symbolic link there, switched by one POSIX rename.

The same shape as a folder of this machine. OpenSSH's server renames over what is there and makes hard links; a server
that cannot do the first is told in words, one that cannot do the second is sent every file.
"""

from __future__ import annotations

import io
import posixpath
import secrets
import stat
from collections.abc import Iterable, Mapping
from typing import Any

from disclosure.platform.errors import DisclosureError
from disclosure.platform.remote_files import close_files
from disclosure.publication.channels.versions import VersionStore
from disclosure.publication.proof.manifest import sha256

_LISTING = ".files.json"
_LINK = ".link-"


class SftpVersions(VersionStore):
    """Versions beside ``root``; ``fs`` is fsspec's SFTP file system."""

    def __init__(self, fs: Any, root: str) -> None:
        self._fs, self._sftp, self.root = fs, fs.ftp, root
        self._versions = f"{root}.versions"
        self._made: set[str] = set()

    def versions(self) -> Iterable[str]:
        """See ``VersionStore``."""
        return sorted(entry.filename for entry in self._entries(self._versions) if stat.S_ISDIR(entry.st_mode))

    def listing(self, name: str) -> str | None:
        """See ``VersionStore``."""
        try:
            return self._read(f"{self._versions}/{name}{_LISTING}").decode()
        except FileNotFoundError:
            return None

    def write(self, name: str, path: str, content: bytes) -> None:
        """See ``VersionStore``; the size is asked for afterwards."""
        self._sftp.putfo(io.BytesIO(content), self._place(name, path), file_size=len(content))

    def link(self, name: str, path: str, older: str, older_path: str) -> bool:
        """See ``VersionStore``: OpenSSH's extension, which paramiko has no name for."""
        from paramiko.sftp import CMD_EXTENDED  # noqa: PLC0415 - 0.3 s, for those who use it

        source, target = f"{self._versions}/{older}/{older_path}", self._place(name, path)
        try:
            self._sftp._request(CMD_EXTENDED, "hardlink@openssh.com", source.encode(), target.encode())
        except OSError:
            return False
        return True

    def finish(self, name: str, listing: str) -> None:
        """See ``VersionStore``."""
        self._make(f"{self._versions}/{name}")
        beside = f"{self._versions}/{_LINK}{secrets.token_hex(16)}"
        self._sftp.putfo(io.BytesIO(listing.encode()), beside)
        self._rename_over(beside, f"{self._versions}/{name}{_LISTING}")

    def hashes(self, name: str) -> Mapping[str, str]:
        """See ``VersionStore``; what is no plain file counts with its kind instead of a hash."""
        found: dict[str, str] = {}
        root = f"{self._versions}/{name}"
        for path, mode in self._walk(root):
            if not stat.S_ISDIR(mode):
                key = posixpath.relpath(path, root)
                found[key] = sha256(self._read(path)) if stat.S_ISREG(mode) else "link"
        return found

    def remove(self, name: str) -> None:
        """See ``VersionStore``."""
        for entry in self._entries(self._versions):
            if entry.filename == f"{name}{_LISTING}" or entry.filename.startswith(_LINK):
                self._sftp.remove(f"{self._versions}/{entry.filename}")
        folder = f"{self._versions}/{name}"
        for path, mode in self._walk(folder):
            if stat.S_ISDIR(mode):
                self._sftp.rmdir(path)
            else:
                self._sftp.remove(path)
        self._made = {made for made in self._made if not f"{made}/".startswith(f"{folder}/")}

    def current(self) -> str:
        """See ``VersionStore``.

        Raises:
            DisclosureError: when somebody else's folder is there.
        """
        try:
            mode = self._sftp.lstat(self.root).st_mode
        except FileNotFoundError:
            return ""
        if not stat.S_ISLNK(mode):
            raise DisclosureError(f"对方的 {self.root} 不是由本系统发布的文件夹，请先把它移走，再重新发布。")
        return posixpath.basename(str(self._sftp.readlink(self.root)))

    def set_current(self, name: str) -> None:
        """See ``VersionStore``; by a relative path, so that the whole may be moved."""
        if not name:
            self._sftp.remove(self.root)
            return
        beside = f"{self._versions}/{_LINK}{secrets.token_hex(16)}"
        self._sftp.symlink(f"{posixpath.basename(self._versions)}/{name}", beside)
        self._rename_over(beside, self.root)

    def close(self) -> None:
        """Let go of the connection."""
        close_files(self._fs)

    def _rename_over(self, beside: str, target: str) -> None:
        try:
            self._sftp.posix_rename(beside, target)
        except OSError as error:
            if "unsupported" not in str(error).lower():
                raise
            raise DisclosureError(
                "对方的 SFTP 服务不支持 posix-rename，不能一次切换，请对方改用 OpenSSH，或换一种渠道。"
            ) from error

    def _entries(self, folder: str) -> list[Any]:
        try:
            return sorted(self._sftp.listdir_attr(folder), key=lambda entry: str(entry.filename))
        except FileNotFoundError:
            return []

    def _walk(self, folder: str) -> Iterable[tuple[str, int]]:
        """Yield (path, mode) of all that lies below ``folder``, folders after what is in them, itself last."""
        entries = self._entries(folder)
        for entry in entries:
            path = f"{folder}/{entry.filename}"
            if stat.S_ISDIR(entry.st_mode):
                yield from self._walk(path)
            else:
                yield path, entry.st_mode
        try:
            yield folder, self._sftp.lstat(folder).st_mode
        except FileNotFoundError:
            return

    def _read(self, path: str) -> bytes:
        with self._sftp.open(path, "rb") as stream:
            stream.prefetch()
            content: bytes = stream.read()
        return content

    def _place(self, name: str, path: str) -> str:
        file = f"{self._versions}/{name}/{path}"
        self._make(posixpath.dirname(file))
        return file

    def _make(self, folder: str) -> None:
        if folder in self._made or folder in ("", "/"):
            return
        try:
            self._sftp.stat(folder)
        except FileNotFoundError:
            self._make(posixpath.dirname(folder))
            self._sftp.mkdir(folder)
            if folder == self._versions:
                # The server may enter a version it knows the name of; nobody else may list them.
                self._sftp.chmod(folder, 0o711)
        self._made.add(folder)
