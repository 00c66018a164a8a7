"""Sealed archives: a gzipped tar in an age file (https://age-encryption.org/v1), opened by whoever holds the key.

This machine seals with the public half alone; ``age -d -i KEY FILE | tar xz`` opens one without this software.
"""

from __future__ import annotations

import gzip
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

import pyrage

from disclosure.platform.errors import DisclosureError

#: Records shrink to a tenth at the fastest level already; what takes most space is packed anyway.
_GZIP_LEVEL = 1
#: How long the reason may be waited for after the stream broke off.
_DECRYPTER_SECONDS = 5.0


def make_key(file: Path) -> str:
    """Write a new secret key to ``file``, for its owner alone; return its public half.

    Raises:
        DisclosureError: when something is there already.
    """
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise DisclosureError(f"{file} 已经存在，没有覆盖：里面可能是别的备份的私钥。请换一个文件名。") from error
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(f"# 备份的私钥，公钥是 {public}\n{identity}\n")
    return public


def read_key(file: Path) -> pyrage.x25519.Identity:
    """Return the secret key that a file of ours, or of ``age-keygen``, holds.

    Raises:
        DisclosureError: when it holds none.
    """
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
        return pyrage.x25519.Identity.from_str(next(line.strip() for line in lines if line.startswith("AGE-SECRET")))
    except (StopIteration, UnicodeDecodeError, pyrage.IdentityError) as error:
        raise DisclosureError(
            f"{file} 里没有备份的私钥（AGE-SECRET-KEY-1 开头的一行）。请用 disclosure backup key 生成的那个文件。"
        ) from error


def read_recipients(said: str) -> list[pyrage.x25519.Recipient]:
    """Return the public keys of a setting, at least one.

    Raises:
        DisclosureError: when there is none, or one is mistyped.
    """
    words = said.replace(",", " ").split()
    if not words:
        raise DisclosureError(
            "还没有备份的公钥，没有备份。请运行 disclosure backup key 文件，把私钥移到别的机器保管，"
            "把印出的公钥设为 DISCLOSURE_BACKUP_RECIPIENTS。"
        )
    try:
        return [pyrage.x25519.Recipient.from_str(word) for word in words]
    except pyrage.RecipientError as error:
        raise DisclosureError(
            "DISCLOSURE_BACKUP_RECIPIENTS 里有写错的公钥（应为 age1 开头的一串字符），没有备份。请照原样抄写。"
        ) from error


def seal(file: BinaryIO, recipients: list[pyrage.x25519.Recipient], fill: Callable[[tarfile.TarFile], None]) -> None:
    """Write a sealed archive to ``file``; ``fill`` adds its members, and nothing of them is on disk in between."""
    reading, writing = (os.fdopen(end, mode) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))
    failed: list[BaseException] = []

    def pack() -> None:
        try:
            with (
                writing,
                gzip.GzipFile(fileobj=writing, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0) as packed,
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
            ):
                fill(tar)
        except BaseException as error:
            failed.append(error)

    packer = threading.Thread(target=pack, name="packer")
    packer.start()
    try:
        with reading:
            pyrage.encrypt_io(reading, file, recipients)
    finally:
        packer.join()
    if failed:
        raise failed[0]


@contextmanager
def unseal(file: BinaryIO, name: str, identity: pyrage.x25519.Identity) -> Iterator[tarfile.TarFile]:
    """Open a sealed archive for reading once, in order. What was read counts only when this ends without an error.

    Raises:
        DisclosureError: when the key is another, or a single byte is missing or different.
    """
    reading, writing = (os.fdopen(end, mode) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))
    failed: list[Exception] = []

    def decrypt() -> None:
        try:
            with writing:
                pyrage.decrypt_io(file, writing, [identity])
        except Exception as error:
            failed.append(error)

    decrypter = threading.Thread(target=decrypt, name="decrypter")
    decrypter.start()
    try:
        with reading:
            try:
                with gzip.GzipFile(fileobj=reading) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
                    yield tar
                    _read_out(packed)
            except (tarfile.TarError, gzip.BadGzipFile, EOFError, OSError, ValueError) as error:
                decrypter.join(_DECRYPTER_SECONDS)
                # Ours, such as a full disk; what is wrong with the stream has no number.
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                raise _unreadable(name, failed) from error
            _read_out(reading)
    finally:
        decrypter.join()
    if failed:
        raise _unreadable(name, failed)


def _read_out(stream: IO[bytes] | gzip.GzipFile) -> None:
    """Read to the end: only there is it known that nothing was cut off."""
    with suppress(EOFError):
        while stream.read(1 << 16):
            pass


def _unreadable(name: str, failed: list[Exception]) -> DisclosureError:
    why = str(failed[0]) if failed else ""
    if "No matching keys" in why:
        return DisclosureError(f"这把私钥打不开 {name}：它是用另一把公钥加密的。请换用做这份备份时的私钥。没有恢复。")
    return DisclosureError(f"备份 {name} 已损坏或不完整，没有恢复。请重新拷贝一次，或换用另一份备份。")
