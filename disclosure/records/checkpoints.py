"""Signed checkpoints of the ledger: what makes a rewritten or shortened ledger show.

A hash chain alone proves nothing against somebody who can rewrite all of it. A checkpoint says how long the
ledger was and what its head hash was at a time, signed with Ed25519 (RFC 8032). Checkpoints are kept in the
database and, one JSON line each, in ``home/checkpoints.jsonl``, which can be copied out of reach.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.clock import utc_now
from disclosure.errors import DisclosureError
from disclosure.records.ledger import GENESIS, broken_at
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


@dataclass(frozen=True)
class Verdict:
    """What verification found. ``problem`` is one Chinese sentence, empty when the ledger is whole."""

    entry_count: int
    checkpoint_count: int
    problem: str = ""


def open_signing_key(file: Path) -> Ed25519PrivateKey:
    """The installation's signing key, made on first use, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise DisclosureError(f"{file} 不是 Ed25519 私钥，请恢复原来的文件。") from None
        return key
    key = Ed25519PrivateKey.generate()
    with os.fdopen(handle, "wb") as stream:
        stream.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return key


def make_checkpoint(session: Session, key: Ed25519PrivateKey) -> Checkpoint:
    """Sign the ledger as this transaction sees it; the row is written here, the line by ``keep_line``."""
    head = session.scalars(select(LedgerEntry).order_by(LedgerEntry.number.desc()).limit(1)).first()
    bare = Checkpoint(head.number if head else 0, head.hash if head else GENESIS, utc_now().isoformat())
    signed = Checkpoint(bare.length, bare.head_hash, bare.at, key.sign(bare.signed_bytes).hex())
    session.add(LedgerCheckpoint(**asdict(signed)))
    return signed


def keep_line(file: Path, checkpoint: Checkpoint) -> None:
    """Append the checkpoint to the file that can be copied out of reach."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(checkpoint)) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def verify(session: Session, public_key: Ed25519PublicKey, file: Path | None = None) -> Verdict:
    """Check the chain, every signature, and every checkpoint against the chain.

    An edit, an insertion, a removal or a reordering breaks the chain; rewriting the chain contradicts a
    checkpoint; cutting its end leaves a checkpoint longer than the ledger. The first bad entry is named.
    """
    entries = list(session.scalars(select(LedgerEntry).order_by(LedgerEntry.number)))
    rows = session.scalars(select(LedgerCheckpoint).order_by(LedgerCheckpoint.id))
    kept = [Checkpoint(row.length, row.head_hash, row.at, row.signature) for row in rows]
    checkpoints = list(dict.fromkeys([*kept, *(_lines(file) if file and file.is_file() else [])]))
    problem = _chain_problem(entries) or _checkpoint_problem(entries, checkpoints, public_key)
    return Verdict(len(entries), len(checkpoints), problem)


def _chain_problem(entries: list[LedgerEntry]) -> str:
    place = broken_at(entries)
    if place is None:
        return ""
    entry = entries[place]
    return (
        f"台账从第 {place + 1} 条起不可信：记录号 {entry.number}（{entry.event}，"
        f"{entry.at:%Y-%m-%d %H:%M:%S} UTC）与前一条接不上，可能被改动、插入、删去或调换过。"
    )


def _checkpoint_problem(
    entries: list[LedgerEntry], checkpoints: Iterable[Checkpoint], public_key: Ed25519PublicKey
) -> str:
    for checkpoint in sorted(checkpoints, key=lambda found: (found.length, found.at)):
        when = f"{dt.datetime.fromisoformat(checkpoint.at):%Y-%m-%d %H:%M:%S} UTC"
        try:
            public_key.verify(bytes.fromhex(checkpoint.signature), checkpoint.signed_bytes)
        except (InvalidSignature, ValueError):
            return f"{when} 的检查点（第 {checkpoint.length} 条）签名不对，检查点被改动过，或不是用本机的钥匙签的。"
        if checkpoint.length > len(entries):
            return f"台账被截短：{when} 的检查点有 {checkpoint.length} 条，现在从第 {len(entries) + 1} 条起缺失。"
        if checkpoint.length and entries[checkpoint.length - 1].hash != checkpoint.head_hash:
            return f"台账被整体改写：第 {checkpoint.length} 条或更早的记录与 {when} 的检查点不符。"
    return ""


def _lines(file: Path) -> list[Checkpoint]:
    try:
        return [Checkpoint(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines() if line]
    except (ValueError, TypeError) as error:
        raise DisclosureError(f"{file} 里有看不懂的行，可能被改动过：{error}。请与另存的副本核对。") from error
