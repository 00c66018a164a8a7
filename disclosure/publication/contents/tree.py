"""Trees of files that are read only when they are asked for: a thousand releases need not stand in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from disclosure.platform.errors import DisclosureError

_GONE = "缺少文件 {path}，不能发布。请重试以重新生成，仍不行请从备份恢复。"


def check_path(path: str) -> str:
    """Return ``path`` when it is a plain relative POSIX path that stays below its folder.

    Raises:
        DisclosureError: otherwise.
    """
    parts = PurePosixPath(path).parts
    plain = path and path == "/".join(parts) and not path.startswith("/") and not {"..", "."} & set(parts)
    if not plain or "\\" in path or any(ord(letter) < 32 for letter in path):
        raise DisclosureError(f"发布文件的路径“{path}”不合规定，应为发布文件夹内的相对路径。")
    return path


@dataclass(frozen=True)
class _TreeFile:
    sha256: str
    read: Callable[[], bytes]
    measure: Callable[[], int]


class Tree(Mapping[str, bytes]):
    """Relative path -> bytes, sorted by path; ``hashes`` (path -> SHA-256) are known without reading.

    A file that does not have its hash when it is read is an error: bytes that were not signed leave no tree.
    """

    def __init__(self, files: Mapping[str, _TreeFile] | None = None) -> None:
        self._files = dict(sorted((files or {}).items()))

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> Tree:
        """Return ``files`` as they are; a tree stays what it is."""
        if isinstance(files, Tree):
            return files
        return cls({path: _held(content) for path, content in files.items()})

    @classmethod
    def of_folder(cls, folder: Path, hashes: Mapping[str, str]) -> Tree:
        """Return the files below ``folder`` that ``hashes`` names."""
        return cls({path: _on_disk(folder / path, sha256) for path, sha256 in hashes.items()})

    @classmethod
    def joined(cls, trees: Mapping[str, Mapping[str, bytes]]) -> Tree:
        """Join the files of several trees, each at its folder (ending in ``/``, empty for the root) + its path."""
        return cls({
            folder + path: file for folder, files in trees.items() for path, file in cls.of(files)._files.items()
        })  # fmt: skip

    def renamed(self, names: Mapping[str, str]) -> Tree:
        """Return the files that ``names`` (path -> new path) speaks of, under their new paths."""
        return Tree({new: self._files[path] for path, new in names.items()})

    @property
    def hashes(self) -> Mapping[str, str]:
        """Path -> SHA-256 of every file."""
        return MappingProxyType({path: file.sha256 for path, file in self._files.items()})

    @cached_property
    def digest(self) -> str:
        """One SHA-256 over all paths and bytes.

        Raises:
            DisclosureError: for a path that leaves the folder the tree is put into.
        """
        return digest_of({check_path(path): file.sha256 for path, file in self._files.items()})

    def __or__(self, other: Mapping[str, bytes]) -> Tree:
        """Return the files of both; of two at one path that of ``other``."""
        return Tree(self._files | Tree.of(other)._files)

    def __getitem__(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            DisclosureError: when it is gone or its bytes are not those it should have.
        """
        file = self._files[path]
        try:
            content = file.read()
        except OSError as error:
            raise DisclosureError(_GONE.format(path=path)) from error
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise DisclosureError(f"文件 {path} 的内容与签发的不符，不能发布。请从备份恢复后重试。")
        return content

    def size(self, path: str) -> int:
        """Return how many bytes a file has; its bytes are not read.

        Raises:
            DisclosureError: when it is gone.
        """
        try:
            return self._files[path].measure()
        except OSError as error:
            raise DisclosureError(_GONE.format(path=path)) from error

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def digest_of(hashes: Mapping[str, str]) -> str:
    """Return one SHA-256 over ``hashes`` (path -> SHA-256)."""
    return hashlib.sha256(json.dumps(sorted(hashes.items()), ensure_ascii=False).encode()).hexdigest()


def _held(content: bytes) -> _TreeFile:
    return _TreeFile(hashlib.sha256(content).hexdigest(), lambda: content, lambda: len(content))


def _on_disk(path: Path, sha256: str) -> _TreeFile:
    return _TreeFile(sha256, path.read_bytes, lambda: path.stat().st_size)
