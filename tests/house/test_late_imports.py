"""Protects the rule that a function imports only what its file can do without, and says what that saves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("deployments", "flows", "tasks", "data_checks", "disclosure")
#: Its first lines say it once for all its functions.
SAID_AT_THE_HEAD = {"tasks/orchestration/prefect_private.py"}


def late_imports(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """Yield the imports inside functions, those that stand together as one."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for block in (getattr(part, "body", None) for part in ast.walk(node)):
            if not isinstance(block, list):
                continue
            imports = [one for one in block if isinstance(one, ast.Import | ast.ImportFrom)]
            together = imports[:1]
            for before, after in pairwise(imports):
                if block.index(after) != block.index(before) + 1:
                    yield together
                    together = []
                together.append(after)
            if together:
                yield together


def unexplained(source: str) -> list[int]:
    """Return the lines of imports inside functions that have no comment, neither above nor beside them."""
    lines = source.splitlines()
    return sorted(
        {
            block[0].lineno
            for block in late_imports(ast.parse(source))
            if not lines[block[0].lineno - 2].lstrip().startswith("#") and "# " not in lines[block[0].lineno - 1]
        }
    )


def test_every_import_inside_a_function_says_what_it_saves() -> None:
    files = {path.relative_to(ROOT).as_posix(): path for name in PRODUCT for path in (ROOT / name).rglob("*.py")}
    silent = {
        name: found
        for name, path in files.items()
        if name not in SAID_AT_THE_HEAD and (found := unexplained(path.read_text(encoding="utf-8")))
    }
    assert silent == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import os\n", []),
        ("def f():\n    import os\n", [2]),
        ("def f():\n    # 0.3 s\n    import os\n    import re\n", []),
        ("def f():\n    import os  # noqa: X - 0.3 s\n\n    if os:\n        import re\n", [5]),
        ("def f():\n    # 0.3 s\n    import os\n    os.x()\n    import re\n", [5]),
    ],
)
def test_an_import_without_a_word_is_missed(source: str, lines: list[int]) -> None:
    assert unexplained(source) == lines
