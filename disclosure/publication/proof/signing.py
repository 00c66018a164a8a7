"""Signing what is published so that anybody can check it: detached JWS (RFC 7515, appendix F) with Ed25519 (RFC 8037).

A key is known by its RFC 7638 thumbprint. The list of public keys is a JWK set (RFC 7517) that says for each key since
when and until when it signs (``nbf``, ``exp``: seconds). Nothing here reads records or files: the same rules hold for
whoever publishes and for whoever checks a download.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from disclosure.platform.clock import format_moment
from disclosure.platform.errors import DisclosureError

Use = Literal["publication", "ledger"]
_SIGNATURE_BYTES = 64


@dataclass(frozen=True)
class PublicKey:
    """A published key: ``x`` is the raw key in base64url, ``until`` (aware, like ``since``) None while it is in use.

    A ``publication`` key signs manifests and the list of keys, a ``ledger`` key the ledger's checkpoints.
    """

    x: str
    use: Use
    since: dt.datetime
    until: dt.datetime | None = None

    @property
    def id(self) -> str:
        """RFC 7638 thumbprint: SHA-256 of the key itself, in base64url."""
        canonical = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": self.x}, separators=(",", ":"))
        return encode(hashlib.sha256(canonical.encode()).digest())

    def verify(self, signature: bytes, content: bytes) -> bool:
        """Whether ``signature`` is this key's over ``content``."""
        try:
            Ed25519PublicKey.from_public_bytes(decode(self.x)).verify(signature, content)
        except (InvalidSignature, ValueError):
            return False
        return True

    def signs_at(self, moment: dt.datetime) -> bool:
        """Tell whether it may have signed at ``moment``."""
        return self.since <= moment and (self.until is None or moment <= self.until)


@dataclass(frozen=True)
class Signature:
    """A signature that holds: whose, and when it was made by its own account."""

    key: PublicKey
    at: dt.datetime


def public_key_of(key: Ed25519PrivateKey) -> str:
    """Return the raw public key in base64url."""
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return encode(raw)


def sign(content: bytes, private: Ed25519PrivateKey, key_id: str, at: dt.datetime) -> str:
    """Sign ``content`` with a detached JWS; the same arguments give the same text."""
    header = {"alg": "EdDSA", "iat": int(at.timestamp()), "kid": key_id}
    head = encode(json.dumps(header, separators=(",", ":")).encode())
    return f"{head}..{encode(private.sign(_signed(head, content)))}"


def verify(jws: bytes, content: bytes, keys: Iterable[PublicKey], what: str) -> Signature:
    """Verify that ``content`` was signed by one of ``keys`` while that one was in use; return the signature.

    Raises:
        DisclosureError: otherwise; ``what`` names the signed file.
    """
    known = {key.id: key for key in keys if key.use == "publication"}
    broken = DisclosureError(f"{what} 的签名文件已损坏或被改动过，请重新下载；仍是这样，请向发布机构反映。")
    try:
        head, middle, tail = jws.decode("ascii").split(".")
        header: dict[str, Any] = json.loads(decode(head))
        signature, kid, at = decode(tail), header["kid"], dt.datetime.fromtimestamp(int(header["iat"]), dt.UTC)
        if middle or header["alg"] != "EdDSA" or len(signature) != _SIGNATURE_BYTES:
            raise broken
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise broken from error
    if kid not in known:
        raise DisclosureError(f"{what} 是用不认识的钥匙（{kid}）签的，不能相信；请核对网址和公钥。")
    if not known[kid].verify(signature, _signed(head, content)):
        raise DisclosureError(f"{what} 的签名不对：文件或签名被改动过，不能相信；请从官方网站重新下载。")
    if not known[kid].signs_at(at):
        raise DisclosureError(f"{what} 签于 {format_moment(at)}，当时这把钥匙（{kid}）不在有效期内，不能相信。")
    return Signature(known[kid], at)


def keys_json(keys: Iterable[PublicKey]) -> bytes:
    """Return the list of keys as a JWK set, the newest first."""
    listed = sorted(keys, key=lambda key: (key.since, key.id), reverse=True)
    return (json.dumps({"keys": [_jwk(key) for key in listed]}, indent=1) + "\n").encode()


def read_keys(content: bytes, what: str) -> tuple[PublicKey, ...]:
    """Return the keys of a JWK set that ``keys_json`` wrote.

    Raises:
        DisclosureError: when it is none.
    """
    try:
        return tuple(_public_key(jwk) for jwk in json.loads(content)["keys"])
    except (ValueError, KeyError, TypeError, OverflowError, OSError) as error:
        raise DisclosureError(f"{what} 不是公钥列表，或已损坏，请重新下载。") from error


def given_key(text: str) -> PublicKey:
    """Return a key that somebody got in another way: 43 characters of base64url, taken to be valid at any time.

    Raises:
        DisclosureError: when it is none.
    """
    try:
        Ed25519PublicKey.from_public_bytes(decode(text))
    except ValueError as error:
        raise DisclosureError(
            f"“{text}”不是公钥：应为公钥列表里 x 后面的 43 个字符，或者一个公钥列表文件 keys.json。"
        ) from error
    return PublicKey(text, "publication", dt.datetime.min.replace(tzinfo=dt.UTC))


def encode(raw: bytes) -> str:
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Decode ``encode``'s text.

    Raises:
        ValueError: for any other text, also one that a lenient reader would take for the same bytes.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if encode(raw) != text:
        raise ValueError("not canonical")
    return raw


def _signed(head: str, content: bytes) -> bytes:
    return f"{head}.{encode(content)}".encode()


def _jwk(key: PublicKey) -> Mapping[str, object]:
    until = {} if key.until is None else {"exp": int(key.until.timestamp())}
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": key.id,
        "x": key.x,
        "purpose": key.use,
        "nbf": int(key.since.timestamp()),
        **until,
    }


def _public_key(jwk: Mapping[str, Any]) -> PublicKey:
    until = dt.datetime.fromtimestamp(jwk["exp"], dt.UTC) if "exp" in jwk else None
    if jwk["purpose"] not in {"publication", "ledger"}:
        raise ValueError(jwk["purpose"])
    key = PublicKey(str(jwk["x"]), jwk["purpose"], dt.datetime.fromtimestamp(jwk["nbf"], dt.UTC), until)
    Ed25519PublicKey.from_public_bytes(decode(key.x))
    if key.id != jwk["kid"]:
        raise ValueError(jwk["kid"])
    return key
