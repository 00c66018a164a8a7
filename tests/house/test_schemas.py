"""Protects the JSON Schemas of the YAML files: made from the models, true of every file, named at its head."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from disclosure.platform.yaml_source import load_document
from tools.schemas import FOLDER, HEAD, as_text, head_of, schemas, yaml_files

pytestmark = pytest.mark.unit


def test_the_schemas_are_those_of_the_models() -> None:
    made = {f"{name}.json": as_text(schema) for name, schema in schemas().items()}
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == made, "make schemas"


@pytest.mark.parametrize(("path", "schema"), list(yaml_files()), ids=lambda path: os.fspath(path)[-40:])
def test_every_yaml_file_names_its_schema_and_fits_it(path: Path, schema: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first == head_of(path, schema), "make schemas"
    assert (path.parent / first.removeprefix(HEAD)).resolve() == schema
    validator = jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(load_document(path).data)] == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("regions", {"regions": {"532300": {"name": "楚雄州", "levle": "prefecture"}}}),
        ("organisation", {"gates": {"policy": {"role": "nobody"}}}),
        ("sources", {"sources": {"a": {"kind": "pigeon"}}}),
        ("openness", {"openness_contents": {"01": {"contacts": {"rows": 1}}}}),
        ("rehearsal", {"hurry": 11}),
        ("words", [1]),
    ],
)
def test_a_schema_finds_mistakes(name: str, wrong: object) -> None:
    validator = jsonschema.Draft202012Validator(schemas()[name])
    assert list(validator.iter_errors(wrong))
