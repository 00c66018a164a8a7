"""Reading what the records are judged by: ledger, rows, checkpoints here and elsewhere, keys, files, the database."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from contextlib import suppress

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from disclosure.platform.cipher import Cipher, read_key
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records.checkpoints import Checkpoint, open_signing_key, read_lines, recorded_checkpoints
from disclosure.records.file_store import file_path
from disclosure.records.ledger_head import read_head
from disclosure.records.self_check.findings import RecordsFault, RecordsFinding
from disclosure.records.self_check.rules import LedgerEvidence
from disclosure.records.tables import LedgerEntry, Person, SigningKey, StoredFile
from disclosure.records.vouching import VOUCHED, row_digests

_PROBLEMS_SHOWN = 3
_CHUNK_BYTES = 1 << 20


def read_ledger(session: Session, settings: Settings) -> LedgerEvidence:
    """Return everything the ledger is judged by, as this transaction sees it.

    The head is read before the ledger: a transaction that commits meanwhile is in the ledger already.
    """
    head = read_head(settings.ledger_head_file)
    kept, unreadable = read_lines(settings.checkpoints_file)
    elsewhere, unreadable_elsewhere = _copied(settings)
    entries = list(session.scalars(select(LedgerEntry).order_by(LedgerEntry.number)))
    recorded = recorded_checkpoints(session)
    return LedgerEvidence(
        entries=entries,
        checkpoints=list(dict.fromkeys([*recorded, *kept, *elsewhere])),
        keys=_ledger_keys(session, settings),
        head=head,
        rows={name: row_digests(session, table) for name, table in VOUCHED.items()},
        is_headed=bool(entries) or settings.ledger_head_file.exists(),
        unreadable_lines=unreadable + unreadable_elsewhere,
        lost_lines=len(set(recorded) - set(kept)),
    )


def _copied(settings: Settings) -> tuple[list[Checkpoint], int]:
    if settings.checkpoint_copy_file is None:
        return [], 0
    try:
        return read_lines(settings.checkpoint_copy_file)
    except OSError:
        return [], 0


def _ledger_keys(session: Session, settings: Settings) -> list[Ed25519PublicKey]:
    """Return the keys that may have signed checkpoints: the one at hand, and those that were published."""
    keys = []
    for x in session.scalars(select(SigningKey.public_key).where(SigningKey.use == "ledger")):
        try:
            keys.append(Ed25519PublicKey.from_public_bytes(_raw(x)))
        except (ValueError, binascii.Error):
            continue
    with suppress(DisclosureError, OSError):
        keys.append(open_signing_key(settings.ledger_key_file).public_key())
    return keys


def check_keys(session: Session, settings: Settings, read: LedgerEvidence) -> Iterator[RecordsFinding]:
    """Yield keys that are gone, or are not those that signed and encrypted what the records hold."""
    if read.entries:
        try:
            key = open_signing_key(settings.ledger_key_file).public_key()
            signed = [*([read.head] if read.head else []), *read.checkpoints]
            if signed and not any(checkpoint.is_signed_by([key]) for checkpoint in signed):
                why = f"{settings.ledger_key_file} 不是给台账签名的那一把，它没有签过任何检查点。"
                yield RecordsFinding(RecordsFault.LEDGER_KEY, why)
        except (DisclosureError, OSError) as error:
            why = f"{settings.ledger_key_file} 读不了：{error.strerror}。" if isinstance(error, OSError) else str(error)
            yield RecordsFinding(RecordsFault.LEDGER_KEY, why)
    if names := list(_unopened(session, settings)):
        yield RecordsFinding(
            RecordsFault.SECRET_KEY,
            f"现在的钥匙（secret.key 或 DISCLOSURE_SECRET_KEY）打不开{'、'.join(names[:_PROBLEMS_SHOWN])}"
            f"等 {len(names)} 人的口令密钥：钥匙丢失或换过。",
        )
    rows = session.execute(
        select(SigningKey.key_id, SigningKey.public_key).where(
            SigningKey.use == "publication", SigningKey.valid_until.is_(None)
        )
    )
    for key_id, x in rows:
        if why := _not_ours(settings, key_id, x):
            yield RecordsFinding(RecordsFault.SIGNING_KEY, why)


def _unopened(session: Session, settings: Settings) -> Iterator[str]:
    """Yield the names of people whose secret the key at hand does not open."""
    people: list[Row[tuple[str, str]]] = list(session.execute(select(Person.name, Person.secret).order_by(Person.id)))
    if not people:
        return
    try:
        cipher = Cipher(read_key(settings))
    except (DisclosureError, OSError, ValueError):
        yield from (name for name, _ in people)
        return
    for name, secret in people:
        try:
            cipher.decrypt(secret)
        except DisclosureError:
            yield name


def _not_ours(settings: Settings, key_id: str, x: str) -> str:
    file = settings.home / "keys" / f"{key_id}.pem"
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        return f"签名用的钥匙 {file} 不在或已损坏。"
    if not isinstance(key, Ed25519PrivateKey) or key.public_key().public_bytes_raw() != _raw(x):
        return f"{file} 不是记录里的那把钥匙。"
    return ""


def _raw(x: str) -> bytes:
    return base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))


def check_files(session: Session, settings: Settings) -> Iterator[RecordsFinding]:
    """Yield the files handed in that are gone or are not the bytes they were."""
    wrong = []
    for sha256 in session.scalars(select(StoredFile.sha256).order_by(StoredFile.stored_at)):
        digest = hashlib.sha256()
        try:
            with file_path(settings.files, sha256).open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    digest.update(chunk)
        except OSError:
            wrong.append(f"{sha256[:12]}…（不在或读不了）")
            continue
        if digest.hexdigest() != sha256:
            wrong.append(f"{sha256[:12]}…（内容已变）")
    if wrong:
        shown = "、".join(wrong[:_PROBLEMS_SHOWN])
        yield RecordsFinding(
            RecordsFault.FILES_DIFFER, f"{settings.files} 里报送的原件有 {len(wrong)} 个与收到时不同：{shown}。"
        )


def check_places(settings: Settings) -> Iterator[RecordsFinding]:
    """Yield the second place for checkpoints when nothing can be written there."""
    copy = settings.checkpoint_copy
    if copy is not None and not copy.is_dir():
        yield RecordsFinding(RecordsFault.COPY_UNREACHABLE, f"另存检查点的文件夹 {copy} 不在，检查点只有本机一份。")


def check_database(session: Session) -> Iterator[RecordsFinding]:
    """Yield what the database's own check of its file finds.

    SQLite's ``integrity_check`` reads every page, index and constraint, ``foreign_key_check`` every reference.
    PostgreSQL has ``amcheck``, an extension that its administrator installs.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        told = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check(10)"))]
        problems = [] if told == ["ok"] else told
        broken = connection.execute(text("PRAGMA foreign_key_check")).fetchmany(10)
        problems += [f"{row[0]} 第 {row[1]} 行引用了 {row[2]} 里不存在的行" for row in broken]
    elif connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'")) is None:
        yield RecordsFinding(
            RecordsFault.NOT_CHECKED,
            "数据库没有装 amcheck 扩展，没有检查它的文件；台账和逐行核对不受影响。"
            "要检查的，请数据库管理员执行 CREATE EXTENSION amcheck。",
        )
        return
    else:
        connection.execute(
            text(
                "SELECT bt_index_check(index => c.oid, heapallindexed => true) FROM pg_index i"
                " JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam"
                " JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE a.amname = 'btree' AND n.nspname = current_schema() AND i.indisvalid"
            )
        ).all()
        return
    if problems:
        shown = "；".join(problems[:_PROBLEMS_SHOWN])
        yield RecordsFinding(RecordsFault.DAMAGED, f"记录库的文件已损坏（{shown}）。")
