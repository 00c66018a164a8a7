"""The keys of this installation: which one signs, which ones signed before, and the list that is published.

A private key is a file of its own below ``home/keys``, named after the key; which one is in use stands in our records.
A key that was replaced is removed: what it signed is kept with its signature and stays valid by its public key.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.publication.contents.site import KEYS, KEYS_SIGNATURE
from disclosure.publication.proof.signing import PublicKey, Use, keys_json, public_key_of, sign
from disclosure.records import ledger
from disclosure.records.checkpoints import Checkpoint, make_checkpoint, open_signing_key
from disclosure.records.file_store import write_whole
from disclosure.records.installation import Installation
from disclosure.records.tables import SigningKey


def signing_key(session: Session, installation: Installation) -> tuple[PublicKey, Ed25519PrivateKey]:
    """Return the key that signs now; made when there is none yet (``session`` must be one that writes).

    Raises:
        DisclosureError: when its private half is lost or is another key's.
    """
    row = _in_use(session, installation, "publication")
    if row is None:
        row = _make(session, installation)
    file = _file(installation, row.key_id)
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise DisclosureError(
            f"签名用的钥匙 {file} 不在或已损坏，请从备份恢复；没有备份的，运行 disclosure keys rotate 换一把。"
        ) from error
    if not isinstance(key, Ed25519PrivateKey) or public_key_of(key) != row.public_key:
        raise DisclosureError(f"{file} 不是记录里的那把钥匙，不能签名。请从备份恢复原来的文件。")
    return _key(row), key


def rotate(installation: Installation, actor: str = "系统") -> PublicKey:
    """Put a new key in use; the old one's public half stays in the list, its private half is removed."""
    with installation.records.write() as session:
        old = _in_use(session, installation, "publication")
        if old is not None:
            old.valid_until = _second(utc_now())
        made = _key(_make(session, installation, actor))
    if old is not None:
        _file(installation, old.key_id).unlink(missing_ok=True)
    return made


def checkpoint_of_ledger(session: Session, installation: Installation) -> tuple[Checkpoint, str]:
    """Return a signed checkpoint of the ledger as ``session`` sees it, and the id of the key that signed it."""
    private = open_signing_key(installation.settings.ledger_key_file)
    public = public_key_of(private)
    row = _in_use(session, installation, "ledger")
    if row is None or row.public_key != public:
        now = _second(utc_now())
        if row is not None:
            row.valid_until = now
            session.flush()
        row = _add(session, installation, PublicKey(public, "ledger", now))
    return make_checkpoint(session, private), row.key_id


def published_keys(session: Session, installation: Installation) -> tuple[PublicKey, ...]:
    """Return every key that ever signed here."""
    rows = session.scalars(select(SigningKey).where(SigningKey.profile == installation.catalog.profile.id))
    return tuple(map(_key, rows))


def key_files(session: Session, installation: Installation) -> dict[str, bytes]:
    """Return the list of keys and its signature, by path on the site; nothing before a key was made.

    It is signed as of its last change, so the same keys give the same bytes.
    """
    keys = published_keys(session, installation)
    if not any(key.use == "publication" for key in keys):
        return {}
    public, private = signing_key(session, installation)
    changed = max(moment for key in keys for moment in (key.since, key.until or key.since))
    content = keys_json(keys)
    return {KEYS: content, KEYS_SIGNATURE: sign(content, private, public.id, changed).encode()}


def _make(session: Session, installation: Installation, actor: str = "系统") -> SigningKey:
    private = Ed25519PrivateKey.generate()
    made = PublicKey(public_key_of(private), "publication", _second(utc_now()))
    content = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = _file(installation, made.id)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    # The file first: a row without its file could sign nothing, a file without a row is only litter.
    write_whole(file, content)
    file.chmod(0o600)
    return _add(session, installation, made, actor)


def _add(session: Session, installation: Installation, key: PublicKey, actor: str = "系统") -> SigningKey:
    row = SigningKey(
        profile=installation.catalog.profile.id, key_id=key.id, use=key.use, public_key=key.x, valid_from=key.since
    )
    session.add(row)
    ledger.append(session, "key.made", actor=actor, key=key.id, use=key.use)
    return row


def _in_use(session: Session, installation: Installation, use: Use) -> SigningKey | None:
    return session.scalars(
        select(SigningKey).where(
            SigningKey.profile == installation.catalog.profile.id,
            SigningKey.use == use,
            SigningKey.valid_until.is_(None),
        )
    ).one_or_none()


def _key(row: SigningKey) -> PublicKey:
    use: Use = "ledger" if row.use == "ledger" else "publication"
    return PublicKey(row.public_key, use, row.valid_from, row.valid_until)


def _file(installation: Installation, key_id: str) -> Path:
    return installation.settings.home / "keys" / f"{key_id}.pem"


def _second(moment: dt.datetime) -> dt.datetime:
    return moment.replace(microsecond=0)
