"""Reviewers' one-time-code secrets are stored encrypted under a key that is not in the database."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from disclosure.errors import DisclosureError
from disclosure.settings import Settings


class Cipher:
    """Encrypts and decrypts short secrets (Fernet: AES-128-CBC with HMAC-SHA-256)."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise DisclosureError(
                "DISCLOSURE_SECRET_KEY 不是有效的钥匙：应为 32 字节的 URL 安全 Base64 文字，"
                "可用 python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())' 生成。"
            ) from error

    def encrypt(self, secret: str) -> str:
        """The secret as stored."""
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypt(self, stored: str) -> str:
        """The secret itself.

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


def open_cipher(settings: Settings) -> Cipher:
    """The cipher of this installation; its key file is made on first use, readable by its owner alone."""
    if settings.secret_key is not None:
        return Cipher(settings.secret_key.get_secret_value())
    return Cipher(_key_from(settings.secret_key_file))


def _key_from(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "wb") as stream:
        stream.write(Fernet.generate_key())
    return file.read_text(encoding="ascii").strip()
