"""A channel that is a folder a web server serves: staged out of sight, made visible by one rename.

``root`` (``var/site``) is a symbolic link to a version folder in ``site.versions`` beside it. A version is
written under a name nobody can guess, read back, and only then linked; whoever reads meanwhile sees the whole
old site or the whole new one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from disclosure.errors import DisclosureError
from disclosure.publication.manifest import Manifest, check_path, compare_hashes, sha256

_VERSION = re.compile(r"(?P<digest>[0-9a-f]{64})-[0-9a-f]{32}")
_PARTIAL = ".partial"
_PREVIOUS = "previous"


@dataclass(frozen=True)
class Staged:
    """A tree written out of sight and read back; ``digest`` is that of all its paths and bytes."""

    folder: Path
    digest: str


class FolderChannel:
    """Publishes trees of files under ``root``. One publisher at a time; a lock makes a second one wait."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._versions = self.root.with_name(f"{self.root.name}.versions")

    def stage(self, tree: Mapping[str, bytes]) -> Staged:
        """Write ``tree`` (relative path -> bytes) where no reader finds it, and read every byte back.

        Staging what is staged or live already writes nothing.

        Raises:
            DisclosureError: for a path that leaves the folder, or when the disk gives back other bytes.
        """
        expected = {check_path(path): sha256(content) for path, content in tree.items()}
        digest = _digest(expected)
        with self._locked():
            for folder in self._complete():
                if folder.name.startswith(digest) and not compare_hashes(expected, _hashes(folder)):
                    return Staged(folder, digest)
            folder = self._versions / f"{digest}-{secrets.token_hex(16)}"
            partial = folder.with_name(folder.name + _PARTIAL)
            try:
                _write(partial, tree)
            except OSError as error:
                shutil.rmtree(partial, ignore_errors=True)
                raise DisclosureError(
                    f"写不进暂存文件夹 {self._versions}（{error.strerror}），请检查磁盘空间和权限。"
                ) from error
            if wrong := compare_hashes(expected, _hashes(partial)):
                shutil.rmtree(partial)
                raise DisclosureError(f"暂存后读回的内容不对，没有发布，请检查磁盘：{''.join(wrong)}")
            partial.rename(folder)
            _sync_folder(self._versions)
            return Staged(folder, digest)

    def switch(self, staged: Staged) -> None:
        """Make ``staged`` visible in one atomic rename; nothing happens when it is live already.

        The version that was live is kept for ``rollback``; all others are removed.

        Raises:
            DisclosureError: when the staged tree is gone or ``root`` is a folder of somebody else's.
        """
        with self._locked():
            if not staged.folder.is_dir():
                raise DisclosureError("暂存的内容已不在（可能被另一次发布清理），请重新暂存后再发布。")
            before = self._live_folder()
            if before != staged.folder:
                if before is not None:
                    self._link(self._versions / _PREVIOUS, before)
                self._link(self.root, staged.folder)
            self._clean()

    def rollback(self) -> None:
        """Bring back the version that was live before the last switch; a second rollback undoes the first.

        Raises:
            DisclosureError: when there is none.
        """
        with self._locked():
            live, previous = self._live_folder(), self._target(self._versions / _PREVIOUS)
            if live is None or previous is None or previous == live:
                raise DisclosureError(f"{self.root} 没有可退回的上一版。")
            self._link(self.root, previous)
            self._link(self._versions / _PREVIOUS, live)

    def live(self) -> Staged | None:
        """What the public sees now; None before the first switch."""
        folder = self._live_folder()
        return None if folder is None else Staged(folder, _digest_in_name(folder))

    def read_back(self, expected: Manifest | Mapping[str, bytes]) -> tuple[str, ...]:
        """How the live files differ from ``expected``, a Chinese sentence each; empty when they are the same.

        A manifest is of all files under ``root``; use a tree to check a whole site.
        """
        found = self.live_files()
        hashes = expected.files if isinstance(expected, Manifest) else {p: sha256(c) for p, c in expected.items()}
        if found is None:
            return (f"{self.root} 还没有发布任何内容。",)
        return compare_hashes(hashes, found)

    def live_files(self) -> dict[str, str] | None:
        """SHA-256 of every live file by its path; None before the first switch."""
        folder = self._live_folder()
        return None if folder is None else _hashes(folder)

    def is_as_switched(self) -> bool:
        """Whether the live files are still those that were switched to, whatever they should be by now."""
        live, found = self.live(), self.live_files()
        return live is not None and found is not None and live.digest == _digest(found)

    def discard(self, staged: Staged) -> None:
        """Remove a staged tree that will not be published; what is live or kept for rollback stays."""
        with self._locked():
            kept = {self._live_folder(), self._target(self._versions / _PREVIOUS)}
            if staged.folder.parent == self._versions and staged.folder not in kept:
                shutil.rmtree(staged.folder, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._versions.mkdir(parents=True, exist_ok=True)
        # The server may enter a version it knows the name of; nobody else may list them.
        self._versions.chmod(0o711)
        with (self._versions / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _live_folder(self) -> Path | None:
        if not self.root.is_symlink():
            if self.root.exists():
                raise DisclosureError(f"{self.root} 不是由本系统发布的文件夹，请先把它移走，再重新发布。")
            return None
        return self._target(self.root)

    def _target(self, link: Path) -> Path | None:
        """The version folder that ``link`` leads to; None when there is no link or no such folder."""
        if not link.is_symlink():
            return None
        folder = self._versions / link.readlink().name
        return folder if folder.is_dir() else None

    def _link(self, link: Path, folder: Path) -> None:
        """Point ``link`` at ``folder`` in one rename, by a relative path so that the whole may be moved."""
        beside = self._versions / f".link-{secrets.token_hex(16)}"
        beside.symlink_to(os.path.relpath(folder, link.parent))
        beside.replace(link)
        _sync_folder(link.parent)

    def _complete(self) -> Iterator[Path]:
        return (p for p in sorted(self._versions.iterdir()) if _VERSION.fullmatch(p.name) and p.is_dir())

    def _clean(self) -> None:
        kept = {self._live_folder(), self._target(self._versions / _PREVIOUS)}
        for path in self._versions.iterdir():
            if path.name.startswith(".link-"):
                path.unlink()
            elif path not in kept and (path.name.endswith(_PARTIAL) or _VERSION.fullmatch(path.name)):
                shutil.rmtree(path)


def _digest(hashes: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(hashes.items()), ensure_ascii=False).encode()).hexdigest()


def _digest_in_name(folder: Path) -> str:
    match = _VERSION.fullmatch(folder.name)
    if match is None:
        raise DisclosureError(f"{folder} 不是由本系统发布的版本，请检查发布文件夹。")
    return match["digest"]


def _write(folder: Path, tree: Mapping[str, bytes]) -> None:
    """Write and fsync every file, then every folder."""
    folder.mkdir()
    for path, content in tree.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
    for place, _, _ in os.walk(folder):
        _sync_folder(Path(place))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below ``folder``; what is no plain file counts with its kind instead of a hash."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = "link"
        elif path.is_file():
            found[name] = sha256(path.read_bytes())
        elif not path.is_dir():
            found[name] = "special"
    return found
