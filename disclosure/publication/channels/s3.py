"""An S3 bucket, or one of the many stores that speak its language (see ``objects`` for how it switches)."""

from __future__ import annotations

import mimetypes

from disclosure.publication.channels.objects import POINTER, ObjectVersions


class S3Versions(ObjectVersions):
    """One PUT is whole or not at all."""

    def put(self, path: str, content: bytes) -> None:
        """See ``ObjectVersions``; with the type by which browsers know what it is."""
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        fresh = {"CacheControl": "no-cache"} if path.endswith(f"/{POINTER}") else {}
        self._fs.pipe_file(path, content, ContentType=kind, **fresh)

    def copy(self, source: str, target: str) -> None:
        """See ``ObjectVersions``."""
        self._fs.cp_file(source, target)
