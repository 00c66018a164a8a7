"""Addresses that always lead to the newest release of a kind of cycle, for those who fetch data by machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from disclosure.calendar.periods import CYCLE_KINDS
from disclosure.catalog import Catalog
from disclosure.rendering.site.collected import chronological
from disclosure.rendering.site.entries import FileLink, SiteEntry


@dataclass(frozen=True)
class LatestFile:
    """A file at an address that stays; ``path`` is the signed file it is a copy of, of the release ``entry``."""

    address: str
    path: str
    kind: str
    link: FileLink
    entry: SiteEntry


def latest_files(catalog: Catalog, entries: Sequence[SiteEntry]) -> list[LatestFile]:
    """Return what stands below ``latest/``: the downloads of the newest period of each kind that is not withdrawn.

    Special disclosures differ in what they are about: none of them takes the place of another.
    """
    found = []
    for kind in CYCLE_KINDS:
        of_kind = [entry for entry in entries if entry.period.kind == kind and entry.withdrawn_at is None]
        if kind == "special" or not of_kind:
            continue
        newest = max(of_kind, key=lambda entry: chronological(entry.period))
        found += [
            LatestFile(
                f"latest/{kind}/{link.path.rpartition('/')[2]}",
                newest.path + link.path,
                catalog.cycles[kind].name,
                link,
                newest,
            )
            for link in newest.files
        ]
    return found
