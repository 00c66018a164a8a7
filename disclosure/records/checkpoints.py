"""Signed checkpoints of the ledger: what makes a rewritten or shortened ledger show.

A hash chain alone proves nothing against somebody who can rewrite all of it. A checkpoint says how long the
ledger was and what its head hash was at a time, signed with Ed25519 (RFC 8032). Checkpoints are kept in the
database, one JSON line each in ``home/checkpoints.jsonl``, and in a second place where a setting names one.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.file_store import place_new
from disclosure.records.ledger import GENESIS
from disclosure.records.tables import LedgerCheckpoint, LedgerEntry


@dataclass(frozen=True)
class Checkpoint:
    """``length`` entries ended in ``head_hash`` at ``at`` (ISO, UTC); ``signature`` is hex over the other three."""

    length: int
    head_hash: str
    at: str
    signature: str = ""

    @property
    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        return json.dumps([self.length, self.head_hash, self.at]).encode()

    @property
    def when(self) -> str:
        """When it was signed, for people."""
        return f"{dt.datetime.fromisoformat(self.at):%Y-%m-%d %H:%M:%S} UTC"

    def is_signed_by(self, keys: Iterable[Ed25519PublicKey]) -> bool:
        """Whether one of ``keys`` signed it."""
        for key in keys:
            try:
                key.verify(bytes.fromhex(self.signature), self.signed_bytes)
            except (InvalidSignature, ValueError):
                continue
            return True
        return False


def open_signing_key(file: Path) -> Ed25519PrivateKey:
    """Return the installation's signing key, made when its records began (``ledger_head``).

    Raises:
        DisclosureError: when it is gone or not a key: another one in its place would not prove what was signed before.
    """
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise DisclosureError(f"给台账签名的钥匙 {file} 不在了，请从备份恢复原来的文件。") from error
    except (ValueError, TypeError) as error:
        raise DisclosureError(f"{file} 不是 Ed25519 私钥，请恢复原来的文件。") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise DisclosureError(f"{file} 不是 Ed25519 私钥，请恢复原来的文件。")
    return key


def make_signing_key(file: Path) -> Ed25519PrivateKey:
    """Return a new signing key, readable by its owner alone; one that is there already stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        return open_signing_key(file)
    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    place_new(file, content)
    return open_signing_key(file)


def sign_checkpoint(key: Ed25519PrivateKey, length: int, head_hash: str) -> Checkpoint:
    """Return a checkpoint as of now."""
    bare = Checkpoint(length, head_hash, utc_now().isoformat())
    return replace(bare, signature=key.sign(bare.signed_bytes).hex())


def make_checkpoint(session: Session, key: Ed25519PrivateKey) -> Checkpoint:
    """Sign the ledger as this transaction sees it; the row is written here, the line by ``keep_line``."""
    head = session.scalars(select(LedgerEntry).order_by(LedgerEntry.number.desc()).limit(1)).first()
    signed = sign_checkpoint(key, head.number if head else 0, head.hash if head else GENESIS)
    session.add(LedgerCheckpoint(**asdict(signed)))
    return signed


def recorded_checkpoints(session: Session) -> list[Checkpoint]:
    """Return the checkpoints that the records have, the oldest first."""
    rows = session.scalars(select(LedgerCheckpoint).order_by(LedgerCheckpoint.id))
    return [Checkpoint(row.length, row.head_hash, row.at, row.signature) for row in rows]


def keep_lines(file: Path, checkpoints: Iterable[Checkpoint]) -> None:
    """Append what the file that can be copied out of reach lacks: the newest, and any that was lost on the way."""
    known = set(read_lines(file)[0])
    missing = [json.dumps(asdict(checkpoint)) for checkpoint in checkpoints if checkpoint not in known]
    with file.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in missing)
        stream.flush()
        os.fsync(stream.fileno())


def read_lines(file: Path) -> tuple[list[Checkpoint], int]:
    """Return the checkpoints of a file, none when it is not there, and how many of its lines cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return [], 0
    found = [parse_line(line) for line in lines if line.strip()]
    good = [one for one in found if one is not None]
    return good, len(found) - len(good)


def parse_line(line: str) -> Checkpoint | None:
    """Return the checkpoint that one line holds; None when it holds none."""
    try:
        read = Checkpoint(**json.loads(line))
        dt.datetime.fromisoformat(read.at)
    except (ValueError, TypeError):
        return None
    return read if isinstance(read.length, int) and isinstance(read.head_hash, str) else None
