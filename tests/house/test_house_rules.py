"""Protects the rules for every file: nothing of one machine, nothing fetched, complete locks, one-way Prefect."""

from __future__ import annotations

import ast
import fnmatch
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from disclosure.catalog import PROFILES, load_catalog

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = ("requirements.lock", "requirements-test.lock")
LOCK_ENTRY = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?P<rest>.*\n(?:[ \t].*\n)*)", re.MULTILINE)

#: Written so that they do not find themselves.
REGISTRY = re.compile(r"pypi\.org|python[h]osted|registry\.npmjs|mirrors\.[a-z]+\.(?:com|cn)|/simple/[a-z]")
OF_A_MACHINE = re.compile(
    r"(?<![\w.*}-])/(?:[w]ork|[f]arm|[r]oot|[U]sers|[h]ome/[a-z]+|tmp/[a-z])(?!_pools|_queues)[/\w]"
)
#: Addresses that name something and are never fetched.
NAMESPACES = {"www.w3.org", "www.adobe.com", "scripts.sil.org", "schemas.openxmlformats.org"}
OUTSIDE = re.compile(r"""https?://(?P<host>[^\s/"'{}<>:)]+)|(?:src|href)=["']//(?P<bare>[^/"']+)|@preview/""")


def _ignored() -> list[str]:
    lines = (ROOT / ".gitignore").read_text().splitlines()
    return [".git", *(line.strip().rstrip("/") for line in lines if line.strip() and not line.startswith("#"))]


def _files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file that belongs to the repository, by what ``.gitignore`` leaves."""
    patterns = _ignored()
    for path in sorted(folder.iterdir()):
        if any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns):
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


def _texts(*suffixes: str, folder: Path = ROOT) -> Iterator[tuple[str, str]]:
    for path in _files(folder):
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a workbook or a picture


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in _texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_search_sees_the_whole_tree() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in _files()}
    assert {"pyproject.toml", ".ci/run", "disclosure/platform/errors.py", "tests/house/test_house_rules.py"} <= names
    assert not any(name.startswith((".venv/", ".git/")) for name in names)


def test_the_patterns_find_what_they_are_for() -> None:
    assert REGISTRY.search("https://" + "pypi" + ".org/simple")
    assert all(OF_A_MACHINE.search(f'open("/{folder}/x")') for folder in ("w" + "ork", "h" + "ome/li", "r" + "oot"))
    assert OUTSIDE.search('<script src="https://cdn.example/x.js">')
    assert OUTSIDE.search('<img src="//cdn.example/x.png">')


def test_no_file_holds_a_registry_address() -> None:
    assert _lines_with(REGISTRY) == []


def test_no_file_holds_a_path_of_one_machine() -> None:
    assert _lines_with(OF_A_MACHINE) == []


def test_templates_fetch_nothing_from_outside() -> None:
    named = [
        f"{name}: {match[0]}"
        for name, text in _texts(folder=ROOT / "templates")
        for match in OUTSIDE.finditer(text)
        if (match["host"] or match["bare"]) not in NAMESPACES
    ]
    assert named == []


def test_every_yaml_file_loads() -> None:
    loaded = [name for name, text in _texts(".yaml", ".yml") if list(yaml.safe_load_all(text))]
    assert len(loaded) > 10


@pytest.mark.parametrize("profile", sorted(path.parent.name for path in PROFILES.glob("*/profile.yaml")))
def test_every_profile_loads(profile: str) -> None:
    assert load_catalog(profile).reported


def test_prefect_is_imported_only_where_the_clockwork_is() -> None:
    allowed = ("flows/", "tasks/", "deployments/", "tests/", "benchmarks/", "deployments/cli/")
    elsewhere = []
    for name, text in _texts(".py"):
        for node in ast.walk(ast.parse(text)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module or ""]
            if any(module.split(".")[0] == "prefect" for module in modules) and not name.startswith(allowed):
                elsewhere.append(f"{name}:{node.lineno}")
    assert elsewhere == []


def test_the_time_is_asked_in_one_place() -> None:
    asks = re.compile(r"\b(?:datetime\.now|datetime\.utcnow|date\.today)\(")
    folders = ("disclosure", "data_checks", "tasks", "flows", "deployments")
    asking = {name for folder in folders for name, text in _texts(".py", folder=ROOT / folder) if asks.search(text)}
    assert asking == {"disclosure/platform/clock.py"}


def test_every_test_file_says_what_it_protects() -> None:
    silent = [
        name
        for name, text in _texts(".py", folder=ROOT / "tests")
        if Path(name).name.startswith("test_") and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_tests_on_servers_lie_where_the_suite_looks_for_them() -> None:
    """Each part of ``tools/test.sh`` reads its own folders only: what lay elsewhere would run in none."""
    alone = {"flows", "faults", "browser"}
    for file in (ROOT / "tests").rglob("test_*.py"):
        room = file.relative_to(ROOT / "tests").parts[0]
        marks = set(
            re.findall(r"pytest\.mark\.(unit|records|flows|faults|browser)\b", file.read_text(encoding="utf-8"))
        )
        if room in alone:
            assert not marks & {"unit", "records"}, file
        elif room != "deployments":
            assert not marks & alone, file


def test_decision_records_are_numbered_and_of_readable_length() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert records
    lengths = {record.name: len(record.read_text(encoding="utf-8").splitlines()) for record in records}
    assert {name: length for name, length in lengths.items() if not 20 <= length <= 60} == {}
    numbers = [record.name[:4] for record in records]
    assert all(re.fullmatch(r"\d{3}-", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


def _locked(lock: str) -> dict[str, str]:
    return {m["name"]: m["version"] for m in LOCK_ENTRY.finditer((ROOT / lock).read_text(encoding="utf-8"))}


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_names_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = list(LOCK_ENTRY.finditer(text))
    assert len(entries) > 15
    assert [entry["name"] for entry in entries if "--hash=sha256:" not in entry["rest"]] == []
    stripped = LOCK_ENTRY.sub("", text)
    assert [line for line in stripped.splitlines() if line and not line.startswith("#")] == []
    assert not re.search(r"://|^-|@ ", text, re.MULTILINE)


def test_the_locks_answer_pyproject() -> None:
    run, test = _locked("requirements.lock"), _locked("requirements-test.lock")
    assert set(run) & set(test) == set()
    assert "setuptools" in run  # builds the product without asking an index
    wanted = [(run, PROJECT["dependencies"]), (run | test, PROJECT["optional-dependencies"]["test"])]
    for locked, requirements in wanted:
        for requirement in map(Requirement, requirements):
            version = locked.get(canonicalize_name(requirement.name), "0")
            assert requirement.specifier.contains(version), f"{requirement}: locked is {version}; run make lock"


def test_every_direct_dependency_has_its_reason_beside_it() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    declared = [line for line in lines if any(f'"{dependency}"' in line for dependency in PROJECT["dependencies"])]
    assert len(declared) == len(PROJECT["dependencies"])
    assert [line.strip() for line in declared if "# " not in line] == []
