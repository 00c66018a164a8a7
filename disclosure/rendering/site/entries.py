"""A published release as the site's own pages speak of it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from disclosure.calendar.periods import Period
from disclosure.platform.clock import shanghai
from disclosure.rendering.templates import chinese_date


@dataclass(frozen=True)
class FileLink:
    """A download of a release, and what people call it."""

    path: str
    label: str
    media_type: str


#: The downloads the site names, in printed order, by file name; a release need not have them all.
_DOWNLOADS = {
    "disclosure.pdf": ("印刷版 PDF", "application/pdf"),
    "tables.xlsx": ("各表 XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "figures.csv": ("数据表 CSV", "text/csv"),
    "document.json": ("结构化数据 JSON", "application/json"),
}


@dataclass(frozen=True)
class SiteEntry:
    """A release on the site; ``path`` is its folder, relative to the site's root; ``published_at`` is aware.

    ``earlier`` are the versions it replaced, newest first. Since ``withdrawn_at`` an explanation stands in its place.
    """

    period: Period
    version: int
    title: str
    summary: str
    published_at: dt.datetime
    demo: bool
    path: str
    hashes: Mapping[str, str]
    digest: str
    earlier: tuple[SiteEntry, ...] = ()
    withdrawn_at: dt.datetime | None = None

    @property
    def files(self) -> tuple[FileLink, ...]:
        """The downloads it has."""
        found = {path.rpartition("/")[2]: path for path in self.hashes}
        return tuple(FileLink(found[name], *words) for name, words in _DOWNLOADS.items() if name in found)

    @property
    def document(self) -> str | None:
        """The path of its structured data, relative to its folder."""
        return next((path for path in self.hashes if path.rpartition("/")[2] == "document.json"), None)

    @property
    def published(self) -> str:
        """When, in Shanghai, as ISO text."""
        return shanghai(self.published_at).isoformat(timespec="seconds")

    @property
    def no_longer_true(self) -> tuple[SiteEntry, ...]:
        """What of it no search should find any more: versions that were replaced, and itself once withdrawn."""
        return (self, *self.earlier) if self.withdrawn_at else self.earlier

    @property
    def changed(self) -> str:
        """When it was published or withdrawn last, in Shanghai, as ISO text."""
        return shanghai(self.changed_at).isoformat(timespec="seconds")

    @property
    def changed_at(self) -> dt.datetime:
        """When it was published or withdrawn last, aware."""
        return self.withdrawn_at or self.published_at

    @property
    def published_text(self) -> str:
        """``2026年3月15日``."""
        return chinese_date(shanghai(self.published_at).date())

    @property
    def address(self) -> str:
        """Its page, relative to the site's root and ready for a link."""
        return quote(f"{self.path}index.html")

    def permanent_id(self, profile: str) -> str:
        """Return a URN that no change of address changes."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{profile}/{self.period.id}/{self.version}").urn
