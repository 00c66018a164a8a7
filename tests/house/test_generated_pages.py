"""Protects that the generated pages of ``docs/`` say what the code says now."""

from __future__ import annotations

import pytest

from tools.docs import ROOT, pages, states_page

pytestmark = pytest.mark.unit


def test_the_generated_pages_are_what_the_code_makes_of_them() -> None:
    made = pages()
    assert {path.name for path in made} == {"architecture.md", "records.md", "states.md"}
    stale = [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], f"run make docs in {ROOT.name}"


def test_every_group_of_states_is_explained() -> None:
    told = states_page()
    for group in ("UNDER_WAY", "PUBLIC", "PUBLISHED", "SEEN", "IN_FORCE", "UNSETTLED", "OPEN_CHANGES", "JOINABLE"):
        (line,) = (line for line in told.splitlines() if line.startswith(f"| `{group}` |"))
        assert line.split("|")[3].strip()
