"""Files handed in are kept for good, valid or not, under their SHA-256."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from disclosure.platform.clock import utc_now
from disclosure.records.tables import StoredFile


class TooLargeError(Exception):
    """A file of ``size`` bytes, more than was to be read; nothing of it was."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def read_upload(path: Path, limit: int) -> bytes:
    """Return the bytes of a file somebody hands in, never more than ``limit``.

    Raises:
        TooLargeError: when it has more.
        OSError: when it cannot be read; EINVAL for what is neither a file nor a folder, such as a pipe.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        code = errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.EINVAL
        raise OSError(code, os.strerror(code), str(path))
    if status.st_size > limit:
        raise TooLargeError(status.st_size)
    with path.open("rb") as stream:
        # It may have grown since.
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise TooLargeError(len(content))
    return content


def keep_file(session: Session, folder: Path, content: bytes) -> str:
    """Keep ``content`` below ``folder`` and note it; returns its SHA-256 in hex.

    The bytes are on disk before the row is committed: a crash between the two leaves a file nobody
    points to, never a row without its file.
    """
    return keep_chunks(session, folder, (content,))


def keep_chunks(session: Session, folder: Path, chunks: Iterable[bytes]) -> str:
    """Keep as ``keep_file`` does, for a file that need not fit into memory."""
    digest, size = hashlib.sha256(), 0
    with _partial(folder) as (stream, beside):
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            stream.write(chunk)
        sha256 = digest.hexdigest()
        _finish(stream, beside, file_path(folder, sha256))
    if session.get(StoredFile, sha256) is None:
        # Somebody else may hand in the same file this very moment.
        with suppress(IntegrityError), session.begin_nested():
            session.add(StoredFile(sha256=sha256, size=size, stored_at=utc_now()))
    return sha256


def file_path(folder: Path, sha256: str) -> Path:
    """Return where the bytes of ``sha256`` lie."""
    return folder / sha256[:2] / sha256


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` so that it is there whole or not at all."""
    with _partial(path.parent) as (stream, beside):
        stream.write(content)
        _finish(stream, beside, path)


def place_new(path: Path, content: bytes) -> bool:
    """Write ``content`` to ``path`` whole, unless something is there already; tell whether it was written."""
    with _partial(path.parent) as (stream, beside):
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
        beside.chmod(0o600)
        with suppress(FileExistsError):
            path.hardlink_to(beside)
            return True
    return False


@contextmanager
def _partial(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a file beside its place, to be finished; gone when it is not."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=folder, prefix=".partial-")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream, Path(beside)
    finally:
        Path(beside).unlink(missing_ok=True)


def _finish(stream: BinaryIO, beside: Path, path: Path) -> None:
    stream.flush()
    os.fsync(stream.fileno())
    beside.chmod(0o600)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.replace(path)
