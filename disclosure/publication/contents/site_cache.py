"""What the site was made of last time, by the digest of what went in: only what changed is made again.

The folder may be deleted at any time; what is missing or damaged is made anew.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import disclosure
from disclosure.platform.templating import TEMPLATES

_DIGEST = 64


class SiteCache:
    """Results under the digest of their inputs, of the code and of the templates; without a folder nothing is kept."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.made = 0
        self._used: set[Path] = set()

    def keep(self, what: str, inputs: bytes, make: Callable[[], bytes]) -> bytes:
        """Return what ``make`` gives for ``inputs``: read where it was made before, made and kept otherwise.

        ``what`` tells makers apart; ``make`` must depend on ``inputs`` alone.
        """
        if self.folder is None:
            return self._make(make)
        digest = hashlib.sha256(b"\0".join((_makers(), what.encode(), inputs))).hexdigest()
        path = self.folder / digest[:2] / digest
        self._used.add(path)
        try:
            kept = path.read_bytes()
        except OSError:
            kept = b""
        head, content = kept[:_DIGEST], kept[_DIGEST:]
        if head != hashlib.sha256(content).hexdigest().encode():
            content = self._make(make)
            # Half a file is told by its hash; a folder that cannot be written costs time and nothing else.
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(hashlib.sha256(content).hexdigest().encode() + content)
        return content

    def sweep(self) -> None:
        """Remove what has not been used since this object was made."""
        if self.folder is None:
            return
        for path in self.folder.glob("*/*"):
            if path not in self._used:
                path.unlink(missing_ok=True)

    def _make(self, make: Callable[[], bytes]) -> bytes:
        self.made += 1
        return make()


@cache
def _makers() -> bytes:
    """Return the digest of the code and templates that make pages, and of the library that fills these."""
    package = Path(disclosure.__file__).parent
    sources = [
        *(package / "rendering").rglob("*.py"),
        *(package / "publication" / "contents").glob("*.py"),
        *(path for path in (TEMPLATES / "site").iterdir() if path.is_file()),
    ]
    found = hashlib.sha256()
    for path in sorted(sources):
        found.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    found.update(importlib.metadata.version("jinja2").encode())
    return found.digest()
