"""One reading of a path: what the permission table is asked about is, byte for byte, what Prefect is asked for."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

#: Encoded, these would mean one thing to us and another to whoever decodes once more: ``. / \ % ? # ;`` and controls.
_HIDDEN = re.compile(rb"%(?:2[eEfF53]|3[bBfF]|5[cC]|[01][0-9a-fA-F]|7[fF])")
_PLAIN = re.compile(r"[^\x00-\x20\x7f\\%?#;]+")
_LONGEST_PATH, _LONGEST_QUERY = 1000, 2000


def read_path(raw: bytes) -> str | None:
    """Decode a request's path; None for one that could be read in two ways (``..``, ``//``, ``%2f``, controls)."""
    if len(raw) > _LONGEST_PATH or not raw.startswith(b"/") or _HIDDEN.search(raw):
        return None
    try:
        path = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        return None
    segments = path[1:].split("/")
    inner = segments[:-1] if len(segments) > 1 else []
    if not _PLAIN.fullmatch(path) or "" in inner or {".", ".."} & set(segments):
        return None
    return path


def write_path(path: str) -> str:
    """Encode a path that ``read_path`` has read, in one way only."""
    return quote(path, safe="/-._~!$&'()*+,=:@")


def read_query(raw: bytes) -> list[tuple[str, str]] | None:
    """Decode a query; None for one that is too long or no query at all."""
    if len(raw) > _LONGEST_QUERY:
        return None
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, strict_parsing=bool(raw), errors="strict")
    except ValueError:
        return None


def write_query(pairs: list[tuple[str, str]]) -> str:
    """Encode what ``read_query`` has read."""
    return urlencode(pairs)
