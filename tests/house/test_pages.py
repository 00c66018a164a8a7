"""Protects who follows README, CONTRIBUTING or docs: whatever file, test or name they send a reader to is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from disclosure.catalog.models import channels, organisation
from disclosure.cycle.view import MILESTONE_OF_GATE
from disclosure.publication import switch
from disclosure.publication.channels import _REMOTE_STORES

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_OURS = "benchmarks|data_checks|deployments|disclosure|docs|flows|tasks|templates|tests|tools"
_PATH = re.compile(rf"`((?:{_OURS})/[\w./-]*)(?:::\w+)?`")
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
#: ``NAME`` in the constant's or function's file: `_ORDER` in `disclosure/publication/switch.py`.
_NAMED = re.compile(rf"`(\w+)`\s+(?:in|\()\s*`((?:{_OURS})/[\w./]+\.py)`")


def gone(page: Path, text: str) -> list[str]:
    """Return what a page names and the repository has not; decisions may speak of what was."""
    paths = [] if page.parent.name == "decisions" else _PATH.findall(text)
    missing = [path for path in paths if "NNN" not in path and not (ROOT / path).exists()]
    missing += [link for link in _LINK.findall(text) if not (page.parent / link).exists()]
    for name, path in [] if page.parent.name == "decisions" else _NAMED.findall(text):
        file = ROOT / path
        if file.is_file() and not re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")):
            missing.append(f"{name} in {path}")
    return missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_sends_a_reader_to_is_there(page: Path) -> None:
    assert gone(page, page.read_text(encoding="utf-8")) == []


def test_what_is_gone_is_missed() -> None:
    text = "`tests/house/test_nothing.py`, [x](docs/none.md), `_NONE` in `disclosure/publication/switch.py`, `docs/`"
    assert gone(ROOT / "README.md", text) == [
        "tests/house/test_nothing.py",
        "docs/none.md",
        "_NONE in disclosure/publication/switch.py",
    ]


def test_a_kind_of_channel_is_registered_everywhere_the_recipe_says() -> None:
    kinds = set(get_args(channels.ChannelKind))
    assert kinds == set(switch._ORDER) == set(channels._SCHEMES)
    assert set(_REMOTE_STORES) == kinds - {"folder", "wechat"}


def test_a_gate_is_registered_everywhere_the_recipe_says() -> None:
    assert set(get_args(organisation.DatedGate)) == set(MILESTONE_OF_GATE)
    assert list(MILESTONE_OF_GATE)[-1] == "leader"
