"""Where files to check are read from: a folder of this machine, or a site by its address."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Protocol
from urllib.parse import quote, urljoin

import httpx

from disclosure.platform.errors import DisclosureError

_SECONDS = 30.0


class PublishedFiles(Protocol):
    """Files by relative path; ``name`` is where from, for people."""

    name: str

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, None when there is none; ``../`` leads above the folder."""

    def paths(self) -> Collection[str] | None:
        """Return every file there is; None where they cannot be listed."""


class FolderFiles:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self.name, self._folder = str(folder), folder.resolve()

    def read(self, path: str) -> bytes | None:
        """See ``PublishedFiles``.

        Raises:
            OSError: when it is there and cannot be read.
        """
        file = self._folder / path
        return file.read_bytes() if file.is_file() else None

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(
            path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*") if not path.is_dir()
        )

    def paths(self) -> Collection[str]:
        """See ``PublishedFiles``: everything that is no folder."""
        return self._paths


class SiteFiles:
    """A site, or one release's folder on it, by HTTP."""

    def __init__(self, address: str) -> None:
        # A page's own name does not belong to the folder it stands in.
        is_page = PurePosixPath(address).suffix in {".html", ".json"}
        self.name = address
        self._root = address.rsplit("/", 1)[0] + "/" if is_page else address.rstrip("/") + "/"
        self._client = httpx.Client(timeout=_SECONDS, follow_redirects=True)

    def read(self, path: str) -> bytes | None:
        """See ``PublishedFiles``; a page that says 404 or 410 is not there.

        Raises:
            DisclosureError: when the site cannot be reached or answers something else.
        """
        url = self._root + quote(path)
        try:
            url = urljoin(self._root, quote(path))
            answer = self._client.get(url)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise DisclosureError(f"读不到 {url}（{error}），请核对地址和网络后重试。") from error
        if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
            return None
        if answer.status_code != httpx.codes.OK:
            raise DisclosureError(f"读不到 {url}：网站答复 {answer.status_code}，请稍后重试。")
        return answer.content

    def paths(self) -> None:
        """See ``PublishedFiles``: a site does not list its files."""

    def __enter__(self) -> SiteFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
