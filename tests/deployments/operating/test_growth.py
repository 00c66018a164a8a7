"""Protects what `doctor` says of what grows: each part with its size and its rule, links counted once."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.operating.growth import describe_growth, list_growing
from disclosure.platform.settings import Settings

pytestmark = pytest.mark.unit

MEBIBYTE = 2**20


def write(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def test_nothing_grows_in_a_new_home(tmp_path: Path) -> None:
    assert describe_growth(Settings(home=tmp_path / "new")) == "还没有什么会增长的。"


def test_each_part_is_measured_with_its_rule(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, inbox_keep=50, inbox_keep_days=30)
    write(settings.files / "ab" / "abc", 3 * MEBIBYTE)
    write(settings.logs / "door.log", MEBIBYTE)
    write(settings.inbox / "centre" / "x.xlsx", 2 * MEBIBYTE)
    write(settings.home / "records.db", MEBIBYTE)
    write(settings.home / "records.db-wal", MEBIBYTE)
    sizes = {one.name: one.size for one in list_growing(settings)}
    assert sizes["报送的原件"] == 3 * MEBIBYTE
    assert sizes["记录库"] == 2 * MEBIBYTE
    told = describe_growth(settings)
    assert told.startswith("报送的原件 3.0 MB（永久留存）。")
    assert "收件夹 2.0 MB（每个只留 50 份、30 天）" in told
    assert "运行日志 1.0 MB（每个最多 6 份、每份 20 MB）" in told
    assert "网站" not in told


def test_a_file_with_two_names_is_one_file(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    first = write(settings.home / "site.versions" / "a" / "index.html", MEBIBYTE)
    second = settings.home / "site.versions" / "b" / "index.html"
    second.parent.mkdir()
    second.hardlink_to(first)
    assert {one.name: one.size for one in list_growing(settings)}["网站"] == MEBIBYTE
