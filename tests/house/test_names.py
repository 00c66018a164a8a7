"""Protects the grammar of docs/naming.md where a machine can: one class for a name, small files, small packages."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("disclosure", "data_checks", "tasks", "flows", "deployments")
MOST_LINES = 400
MOST_TEST_LINES = 500
#: About a dozen files at one level, ``__init__`` apart; a package with more is two packages.
MOST_FILES = 14


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def test_a_class_name_stands_for_one_class() -> None:
    found = defaultdict(list)
    for path, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(f"{path}:{node.lineno}")
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_nothing_lies_loose_at_the_cores_root() -> None:
    assert [path.name for path in (ROOT / "disclosure").glob("*.py")] == ["__init__.py"]


def test_no_file_is_longer_than_one_thing() -> None:
    lengths = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path, _ in _modules()}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


def test_no_test_file_is_longer_than_a_reader_follows() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "tests").rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > MOST_TEST_LINES} == {}


def test_no_package_holds_more_than_a_reader_keeps_in_mind() -> None:
    held: defaultdict[str, int] = defaultdict(int)
    for path, _ in _modules():
        held[str(path.parent)] += path.name != "__init__.py"
    assert {folder: count for folder, count in held.items() if count > MOST_FILES} == {}


def test_a_function_that_answers_yes_or_no_is_named_so() -> None:
    """``is_``, ``has_``, ``can_`` …, or a verb in the third person that reads as a question."""
    unclear = []
    for path, tree in _modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            is_property = any(isinstance(each, ast.Name) and "property" in each.id for each in node.decorator_list)
            if is_property and ast.unparse(node.returns or ast.Constant(None)) == "bool":
                first = node.name.partition("_")[0]
                if first not in {"is", "has", "can", "must", "may", "was", "needs", "keeps"}:
                    unclear.append(f"{path}:{node.lineno} {node.name}")
    assert unclear == []


#: Parameters that a public function may take; whatever needs more is given as one value or a unit of work.
MOST_PARAMETERS = 7
#: Still to be given fewer; the list may only shrink.
TRAINS = {"disclosure/publication/deliveries.py note"}


def test_no_public_function_takes_a_train_of_arguments() -> None:
    trains = set()
    for path, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                own = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                if sum(each.arg not in {"self", "cls"} for each in own) > MOST_PARAMETERS:
                    trains.add(f"{path} {node.name}")
    assert trains == TRAINS
