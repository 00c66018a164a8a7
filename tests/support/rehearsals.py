"""Rehearsals in miniature: 楚雄's calendar, offices and rules with three indicators of three centres."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml

from deployments.rehearsal import rehearse
from disclosure.catalog import load_catalog
from disclosure.catalog.catalog import PROFILES
from disclosure.simulation import RehearsalReport, load_behaviour

INDICATORS = (
    "work_injury.participants",
    "unemployment.participants",
    "maternity.participants",
)


def small_profile(folder: Path, indicators: Sequence[str] = INDICATORS) -> str:
    """The profile's folder, made there."""
    shutil.copytree(
        PROFILES / "chuxiong", folder, ignore=shutil.ignore_patterns("seeded_errors.yaml", "sample_text.md")
    )
    facts = folder / "profile.yaml"
    only = "indicators:\n  only:\n" + "".join(f"    - {each}\n" for each in indicators)
    text = re.sub(r"^indicators:\n(?:[ ].*\n)+", only, facts.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = text.replace("narratives: optional", "narratives: none")
    facts.write_text(text + "not_everything: 测试只用几个指标。\n", encoding="utf-8")
    return str(folder)


def rehearsed(profile: str, folder: Path, year: int, *kinds: str, **behaviour: object) -> RehearsalReport:
    """A rehearsal with this behaviour, by the names of ``rehearsal.yaml``."""
    file = folder / "behaviour.yaml"
    file.write_text(yaml.safe_dump(behaviour, allow_unicode=True), encoding="utf-8")
    how = load_behaviour(load_catalog(profile), file)
    return rehearse(year, profile, how, kinds)  # type: ignore[arg-type]  # a list is a collection of kinds
