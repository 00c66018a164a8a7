"""The figures of all releases side by side, as each of them printed them; nothing is computed here.

A period without a release of its own is known by the figures later releases compare themselves with, or by what was
published before there was this site, and imported.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from disclosure.calendar.periods import Period, parse_period
from disclosure.figures.figures import Figure
from disclosure.platform.errors import DisclosureError
from disclosure.rendering.site.entries import SiteEntry


def chronological(period: Period) -> tuple[int, int, str]:
    """Return what periods are sorted by: their end, then their name."""
    return (period.year, period.end_month, period.id)


@dataclass(frozen=True)
class Point:
    """A figure as printed; ``value`` is the plain number, empty for 未提供 and its like.

    ``path`` is the folder of the release that printed it, ``own`` whether that release is of the figure's period. What
    was imported has no release; ``origin`` is the address or notice its table names.
    """

    key: str
    printed: str
    value: str
    unit: str
    path: str
    own: bool
    origin: str = ""

    @property
    def is_imported(self) -> bool:
        """Whether no release of this site printed it."""
        return not self.path


@dataclass(frozen=True)
class Collected:
    """(region, indicator) -> period -> point, and the releases' entries by period, newest version of each."""

    points: Mapping[tuple[str, str], Mapping[Period, Point]]
    entries: Mapping[Period, SiteEntry]

    def of(self, region: str, indicator: str) -> Mapping[Period, Point]:
        """All periods of one figure."""
        return self.points.get((region, indicator), {})


def latest_own(points: Mapping[Period, Point]) -> tuple[Period, Point] | None:
    """Return the newest figure that its own release gave, a special disclosure's only where there is no other."""
    own = [period for period, point in points.items() if point.own]
    dated = [period for period in own if period.kind != "special"]
    newest = max(dated or own, key=chronological, default=None)
    return None if newest is None else (newest, points[newest])


def printed_figures(document: bytes) -> bytes:
    """Return what a release's ``document.json`` prints: a JSON list of ``[key, printed, value, unit]``, each key once.

    Raises:
        DisclosureError: when it is no document.
    """
    try:
        content = json.loads(document)
        seen = {each["key"]: each for each in content["observations"]}
        found: dict[str, list[str]] = {}
        for key, printed, unit in _cells(content):
            observation = seen.get(key)
            if observation is not None and not observation["is_number"] and not observation["state"]:
                continue
            value = observation["value"] if observation else printed.replace(",", "")
            found.setdefault(key, [key, printed, value, observation["unit"] if observation else unit])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DisclosureError("发布件里的 document.json 不是本系统的披露文稿，不能汇入网站，请从备份恢复。") from error
    return json.dumps(list(found.values()), ensure_ascii=False, separators=(",", ":")).encode()


def _cells(content: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Key, text and unit (of a row that begins with one) of every cell that stands for a figure."""
    for block in content["blocks"]:
        for table in block["tables"]:
            for group in table["groups"]:
                for row in group["rows"]:
                    for cell in row["cells"]:
                        if cell["key"]:
                            yield cell["key"], cell["text"], row["cells"][0]["text"]


def collect(
    releases: Iterable[tuple[SiteEntry, bytes]], imported: Iterable[Figure] = (), known: Collection[Period] = ()
) -> Collected:
    """``printed_figures`` of each release put side by side: a period's own figures over those it is compared with.

    ``imported`` figures are shown where no release printed one. Of the periods that are ``known`` by releases of their
    own, withdrawn ones too, none is: a release that was corrected or withdrawn does not come back by this door.
    """
    points: dict[tuple[str, str], dict[Period, Point]] = {}
    entries: dict[Period, SiteEntry] = {}
    periods: dict[str, Period] = {}
    for entry, figures in sorted(releases, key=lambda release: chronological(release[0].period)):
        entries[entry.period], periods[entry.period.id] = entry, entry.period
        for key, printed, value, unit in json.loads(figures):
            region, indicator, name = key.split("/", 2)
            if name not in periods:
                periods[name] = parse_period(name)
            period = periods[name]
            found = points.setdefault((region, indicator), {})
            own = period == entry.period
            if own or period not in found or not found[period].own:
                found[period] = Point(key, printed, value, unit, entry.path, own)
    for figure in imported:
        found = points.setdefault((figure.region, figure.indicator), {})
        if figure.value is not None and figure.period not in known and figure.period not in found:
            key, value = "/".join(figure.key), f"{figure.value:f}"
            found[figure.period] = Point(key, figure.printed, value, figure.unit, "", False, figure.source.origin)
    return Collected(points, entries)
