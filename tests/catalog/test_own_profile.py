"""Protects a bureau's own facts: they lie in its own folder, above what is shipped, and outlive an upgrade."""

from __future__ import annotations

from pathlib import Path

import pytest

from disclosure.catalog import BASE, PROFILES, load_catalog
from disclosure.catalog.own_profile import make_own_profile
from disclosure.collection.sources import load_sources
from disclosure.openness.guides import load_guides
from disclosure.platform.errors import DisclosureError
from disclosure.rendering.document.phrases import load_phrases
from disclosure.simulation.demo_errors import FILE

pytestmark = pytest.mark.unit

SHIPPED = load_catalog("chuxiong")
CENTRE = SHIPPED.centres[0].id


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "profile"
    make_own_profile(folder, "chuxiong")
    return folder


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_new_one_changes_nothing(own: Path) -> None:
    catalog = load_catalog(own)
    assert catalog.layers == (BASE, PROFILES / "chuxiong", own)
    assert catalog.profile.model_copy(update={"extends": ""}) == SHIPPED.profile
    assert dict(catalog.holidays) == dict(SHIPPED.holidays)
    assert catalog.offices == SHIPPED.offices
    assert catalog.indicators == SHIPPED.indicators
    assert load_guides(catalog) == load_guides(SHIPPED)
    assert load_phrases(catalog) == load_phrases(SHIPPED)
    assert load_sources(catalog) == load_sources(SHIPPED)
    assert catalog.file(FILE) == PROFILES / "chuxiong" / FILE


def test_what_is_written_there_lies_above_what_is_shipped(own: Path) -> None:
    write(own, "holidays.yaml", 'holidays:\n  "2027-07-26": {kind: off, name: 火把节, source: 通知}\n')
    write(own, "organisation.yaml", f"offices:\n  {CENTRE}: {{name: 改名后的中心}}\n")
    write(own, "phrases.yaml", "no_comparison: 无可比数\n")
    write(own, "sources.yaml", f"sources:\n  theirs: {{centre: {CENTRE}, kind: inbox, url: centres/theirs}}\n")
    guide = SHIPPED.files("openness", "*.md")[0]
    write(own, f"openness/{guide.name}", guide.read_text(encoding="utf-8").replace("# ", "# 本单位的", 1))
    catalog = load_catalog(own)
    assert "2027-07-26" in catalog.holidays
    assert set(SHIPPED.holidays) < set(catalog.holidays)
    assert catalog.offices[CENTRE].name == "改名后的中心"
    assert len(catalog.offices) == len(SHIPPED.offices)
    assert load_phrases(catalog).no_comparison == "无可比数"
    assert "theirs" in {source.id for source in load_sources(catalog)}
    number = guide.name.partition("-")[0]
    assert load_guides(catalog)[number].title.startswith("本单位的")
    assert load_guides(catalog).keys() == load_guides(SHIPPED).keys()


def test_a_mistake_there_is_told_by_file_and_line(own: Path) -> None:
    write(own, "holidays.yaml", 'holidays:\n  "2027-07-26": {kind: rest, name: 火把节}\n')
    with pytest.raises(DisclosureError, match=r"holidays\.yaml 第 2 行"):
        load_catalog(own)


def test_what_is_no_shipped_profile_is_not_extended(own: Path) -> None:
    write(own, "profile.yaml", "extends: elsewhere\n")
    with pytest.raises(DisclosureError, match=r"profile\.yaml 第 1 行.*extends.*chuxiong"):
        load_catalog(own)


def test_nothing_is_overwritten_and_nothing_made_in_the_program(own: Path) -> None:
    with pytest.raises(DisclosureError, match="已经有东西"):
        make_own_profile(own, "chuxiong")
    with pytest.raises(DisclosureError, match="在程序的文件夹里"):
        make_own_profile(PROFILES / "mine", "chuxiong")
    with pytest.raises(DisclosureError, match="不是随软件的"):
        make_own_profile(own.parent / "other", str(own))
