"""Reviewers' one-time-code secrets are stored encrypted under a key that is not in the database."""

from __future__ import annotations

import hashlib
import hmac
import os
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings


class Cipher:
    """Encrypts and decrypts short secrets (Fernet: AES-128-CBC with HMAC-SHA-256), and authenticates texts."""

    def __init__(self, key: str) -> None:
        # A key of its own for another use of it (RFC 5869 without salt; its output is one block).
        self._mac_key = HKDF(hashes.SHA256(), 32, salt=None, info=b"disclosure answers").derive(key.encode())
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise DisclosureError(
                "DISCLOSURE_SECRET_KEY 不是有效的钥匙：应为 32 字节的 URL 安全 Base64 文字，"
                "可用 python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())' 生成。"
            ) from error

    def encrypt(self, secret: str) -> str:
        """Return the secret as stored."""
        return self._fernet.encrypt(secret.encode()).decode()

    def authenticate(self, text: str) -> str:
        """Return the code, in hex, that only who holds the key can make for ``text`` (HMAC-SHA-256)."""
        return hmac.new(self._mac_key, text.encode(), hashlib.sha256).hexdigest()

    def is_authentic(self, text: str, mac: str) -> bool:
        """Tell whether ``mac`` is what ``authenticate`` makes of ``text``."""
        return hmac.compare_digest(self.authenticate(text), mac)

    def decrypt(self, stored: str) -> str:
        """Return the secret itself.

        Raises:
            DisclosureError: when it was stored under another key.
        """
        try:
            return self._fernet.decrypt(stored.encode()).decode()
        except InvalidToken as error:
            raise DisclosureError(
                "审核人的密钥不是用现在的钥匙加密的：请恢复原来的 secret.key（或 DISCLOSURE_SECRET_KEY），"
                "或重新登记审核人。"
            ) from error


def open_cipher(settings: Settings, *, is_new: bool) -> Cipher:
    """Return the cipher of this installation; ``is_new``: its key file may be made, readable by its owner alone.

    Raises:
        DisclosureError: when the key file is gone though it must be there.
    """
    if is_new and settings.secret_key is None:
        _make_key(settings.secret_key_file)
    return Cipher(read_key(settings))


def read_key(settings: Settings) -> str:
    """Return the key as it is set, or as its file has it.

    Raises:
        DisclosureError: when there is none.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    try:
        return settings.secret_key_file.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise DisclosureError(
            f"加密人员密钥的钥匙 {settings.secret_key_file} 不在了，没有另造：换一把打不开已登记人员的密钥。"
            "请从备份恢复原来的文件。"
        ) from error
    except UnicodeDecodeError as error:
        raise DisclosureError(f"{settings.secret_key_file} 已损坏，请从备份恢复原来的文件。") from error


def _make_key(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(Fernet.generate_key())
