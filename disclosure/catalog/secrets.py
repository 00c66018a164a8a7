"""That no secret is written out in YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

#: Names under which libraries take what nobody else may know.
_SECRET_NAME = re.compile(
    r"passw|pwd|secret|token|passphrase|pkey|credential|^key$|account_key|口令|密码", re.IGNORECASE
)


def written_secret(fields: Mapping[str, Any]) -> str:
    """Where a secret stands written out; empty when nowhere."""
    for name, value in fields.items():
        if name == "secrets":
            given = value.items() if isinstance(value, dict) else [("", value)]
            for key, reference in given:
                if not isinstance(reference, dict):
                    return f"secrets.{key}".rstrip(".")
        elif _SECRET_NAME.search(str(name)):
            return str(name)
        elif name == "url" and _has_password(str(value)):
            return "url"
        elif isinstance(value, dict) and (inner := written_secret(value)):
            return f"{name}.{inner}"
    return ""


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return parts.password is not None or any(_SECRET_NAME.search(name) for name, _ in parse_qsl(parts.query))
