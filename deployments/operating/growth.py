"""What grows in a home over the years, how much of it there is, and the rule that bounds it or keeps it for good."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deployments.logs import FULL_BYTES, KEPT
from disclosure.platform.settings import Settings

_MEBIBYTE = 2**20
#: Below this much room nothing that is handed in is sure of its place.
LEAST_FREE_BYTES = 200 * _MEBIBYTE


@dataclass(frozen=True)
class Growing:
    """Something that grows: what people call it, its bytes, and its rule as a clause."""

    name: str
    size: int
    rule: str


def list_growing(settings: Settings) -> list[Growing]:
    """Measure everything that grows in this home; a database elsewhere is not ours to measure."""
    logs = KEPT + 1
    parts: tuple[tuple[str, Iterator[Path], str], ...] = (
        ("报送的原件", _below(settings.files), "永久留存"),
        ("发布件", _below(settings.releases), "永久留存"),
        ("报告和答复", _all(settings.reports, settings.replies, settings.workbooks), "永久留存"),
        ("记录库", _files(settings.home, "records.db*"), "永久留存"),
        ("网站", _below(settings.home / "site.versions"), "只留正在显示的和可以退回的版本，没有变的文件不占两份"),
        ("收件夹", _below(settings.inbox), f"每个只留 {settings.inbox_keep} 份、{settings.inbox_keep_days} 天"),
        ("运行日志", _below(settings.logs), f"每个最多 {logs} 份、每份 {FULL_BYTES // _MEBIBYTE} MB"),
        ("Prefect 的数据库", _below(settings.prefect_home), "可以删：停下以后删去 prefect 文件夹，各周期照常继续"),
    )
    return [Growing(name, _size(files), rule) for name, files, rule in parts]


def describe_growth(settings: Settings) -> str:
    """Say it in one sentence a part, the largest first; what is not there yet is left out."""
    found = sorted((one for one in list_growing(settings) if one.size), key=lambda one: -one.size)
    return (
        "".join(f"{one.name} {one.size / _MEBIBYTE:.1f} MB（{one.rule}）。" for one in found) or "还没有什么会增长的。"
    )


def _size(files: Iterator[Path]) -> int:
    """Return the bytes of files that may be removed meanwhile; one with two names counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for file in files:
        try:
            status = file.lstat()
        except OSError:
            continue
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            total += status.st_size
    return total


def _below(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in names)


def _all(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from _below(folder)


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    return iter(sorted(folder.glob(pattern)))
