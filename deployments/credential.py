"""The credential of Prefect's server: made anew at each start, handed to our own processes, never on disk.

A command in another shell of the same user reads it from the environment of a process that the live ``up`` of this
home has started; another user of the machine cannot (Linux).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from disclosure.platform.settings import Settings

_PROC = Path("/proc")
_USER = "disclosure"


def with_new_credential(settings: Settings) -> Settings:
    """Return ``settings`` with a credential that nobody had before."""
    return settings.model_copy(update={"prefect_auth": SecretStr(f"{_USER}:{secrets.token_urlsafe(32)}")})


def with_live_credential(settings: Settings) -> Settings:
    """Return ``settings`` with the credential of the server that runs for this home, if one does."""
    if settings.prefect_auth is not None:
        return settings
    return settings.model_copy(update={"prefect_auth": find_credential(settings)})


def find_credential(settings: Settings) -> SecretStr | None:
    """Return the credential that the children of the live ``up`` of this home were given; None when none lives."""
    try:
        holder = int((settings.home / "up.lock").read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return None
    home = f"DISCLOSURE_HOME={settings.home}"
    for child in _children(holder):
        words = _environment(child)
        if home in words:
            found = next((word for word in words if word.startswith("DISCLOSURE_PREFECT_AUTH=")), None)
            if found is not None:
                return SecretStr(found.partition("=")[2])
    return None


def _children(pid: int) -> Iterator[int]:
    for listing in (_PROC / str(pid) / "task").glob("*/children"):
        try:
            yield from map(int, listing.read_text().split())
        except OSError:
            continue


def _environment(pid: int) -> list[str]:
    try:
        return os.fsdecode((_PROC / str(pid) / "environ").read_bytes()).split("\0")
    except OSError:
        return []
