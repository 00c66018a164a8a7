"""Protects the tables of threats: each names a test that exists, and no part or kind of threat is without one."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "threats.md"
_ROW = re.compile(r"^\| ([STRIDE]) \| (.+?) \| (.+?) \| (.+?) \|$")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def names_in(file: str) -> frozenset[str]:
    """The tests of a file that pytest would collect."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def missing_tests(text: str) -> list[str]:
    return [f"{file}::{name}" for file, name in _NAMED.findall(text) if name not in names_in(file)]


def test_every_test_that_a_page_names_exists() -> None:
    named = {page.name: len(_NAMED.findall(page.read_text(encoding="utf-8"))) for page in (ROOT / "docs").glob("*.md")}
    assert named["threats.md"] > 50
    for page in (ROOT / "docs").glob("*.md"):
        assert missing_tests(page.read_text(encoding="utf-8")) == [], page.name


def test_a_test_that_is_gone_is_missed() -> None:
    gone = "`tests/house/test_threats.py::test_of_nothing`, `tests/house/test_nothing.py::test_x`"
    assert len(missing_tests(gone)) == 2
    assert missing_tests("`tests/house/test_threats.py::test_a_test_that_is_gone_is_missed`") == []


def test_every_row_says_what_holds_and_which_test_tries_it() -> None:
    parts: dict[str, set[str]] = {}
    part = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            part = line.removeprefix("## ")
        if line.startswith("| ") and not line.startswith(("| |", "| ---")):
            row = _ROW.match(line)
            assert row is not None, line
            assert _NAMED.search(row[4]), line
            parts.setdefault(part, set()).add(row[1])
    assert len(parts) == 6
    assert set().union(*parts.values()) == set("STRIDE")
    # Every part has been looked at for tampering and for what is disclosed or denied.
    assert [name for name, kinds in parts.items() if "T" not in kinds or not kinds & set("ID")] == []
