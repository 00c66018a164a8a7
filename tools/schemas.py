"""Write the JSON Schema of every YAML file from the models that check it, and name it at the file's head.

An editor with a YAML language server then completes and explains; ``make schemas`` runs this. A profile may give
just a part of an entry, and null to take one away: what must be there in the end, the loader says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from deployments.door.prefect.permissions import PermissionTable
from disclosure.catalog.loading import CONTENTS, FACT_FILES, HOLIDAY_FILES, FactFile
from disclosure.catalog.models.openness import CONTENT_OF_KIND
from disclosure.collection.sources import kinds
from disclosure.monitoring.announcements import AnnouncementTable
from disclosure.platform.fact import Fact
from disclosure.rendering.document.phrases import Phrases
from disclosure.simulation.behaviour import Behaviour
from disclosure.simulation.demo_errors import SeededErrors
from disclosure.simulation.demo_figures import Samples

Schema = dict[str, Any]

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "disclosure" / "catalog" / "schemas"
PACKAGES = ("disclosure", "data_checks", "tasks", "deployments")
HEAD = "# yaml-language-server: $schema="
#: Files that are one entry of a model; in a profile they are whole or laid over the base likewise.
_WHOLE: Mapping[str, type[Fact]] = {
    "announcements": AnnouncementTable,
    "permissions": PermissionTable,
    "phrases": Phrases,
    "rehearsal": Behaviour,
    "samples": Samples,
    "seeded_errors": SeededErrors,
}
#: Files whose form is not ours.
_OF_OTHERS = frozenset({"compose.yaml"})
_WORDS = "words"
_NULL = {"type": "null"}


def schemas() -> dict[str, Schema]:
    """Return the schema of every kind of file by its name."""
    made = {name: _of_model(model) for name, model in _WHOLE.items()}
    files: dict[str, list[FactFile]] = {}
    for file in (*FACT_FILES.values(), *HOLIDAY_FILES):
        files.setdefault(file.file, []).append(file)
    for name, parts in files.items():
        made[name] = _of_parts(parts) if parts[0].top else _of_model(parts[0].model)
    contents = _definitions(*CONTENT_OF_KIND.values())
    made["openness"]["properties"][CONTENTS] = _mapping(_mapping(_any_of(*CONTENT_OF_KIND.values())))
    made["openness"]["$defs"] |= contents
    sources = _of_parts([FactFile("sources", kind, "sources", "id") for kind in kinds().values()])
    sources["properties"]["sources"] = _mapping(_any_of(*kinds().values()))
    made["sources"] = sources
    made[_WORDS] = _of_words()
    return {name: {"title": f"{name}.yaml", **made[name]} for name in sorted(made)}


def _of_model(model: type[Fact]) -> Schema:
    return {"$ref": f"#/$defs/{model.__name__}", "$defs": _definitions(model)}


def _of_parts(parts: list[FactFile]) -> Schema:
    definitions = _definitions(*(part.model for part in parts))
    properties = {}
    for part in parts:
        entry: Schema = {"$ref": f"#/$defs/{part.model.__name__}"}
        properties[part.top] = _mapping(entry) if part.key else entry
        if part.key:
            # The key says it.
            definitions[part.model.__name__]["properties"].pop(part.key)
    return {"type": "object", "additionalProperties": False, "properties": properties, "$defs": definitions}


def _definitions(*models: type[Fact]) -> dict[str, Schema]:
    _, made = models_json_schema([(model, "validation") for model in models])
    definitions: dict[str, Schema] = made.get("$defs", {})
    for definition in definitions.values():
        definition.pop("required", None)
    return definitions


def _mapping(of: Schema) -> Schema:
    return {"anyOf": [{"type": "object", "additionalProperties": {"anyOf": [of, _NULL]}}, _NULL]}


def _any_of(*models: type[Fact]) -> Schema:
    return {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in dict.fromkeys(model.__name__ for model in models)]}


def _of_words() -> Schema:
    """Words may be nested as they like; a list or a number among them is a rule of reading or of counting."""
    word = TypeAdapter(str | int | float | bool | None).json_schema()["anyOf"]
    nested = {"anyOf": [*word, {"type": "array", "items": {"$ref": "#/$defs/word"}}, {"$ref": "#/$defs/words"}]}
    words = {"type": "object", "additionalProperties": {"$ref": "#/$defs/word"}}
    return {"$ref": "#/$defs/words", "$defs": {"word": nested, "words": words}}


def yaml_files() -> Iterator[tuple[Path, Path]]:
    """Yield every YAML file of the product, and the schema it goes by."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.yaml")):
            if path.name in _OF_OTHERS:
                continue
            is_fact = path.stem != _WORDS and not path.is_relative_to(FOLDER)
            # A folder named after a kind of file holds several of it; a room of the core may bear the same name.
            folder = "" if path.parent.parent == ROOT / "disclosure" else path.parent.name
            known = [name for name in (path.stem, folder) if is_fact and name in _fact_files()]
            yield path, FOLDER / f"{known[0] if known else _WORDS}.json"


def _fact_files() -> frozenset[str]:
    return frozenset(file.file for file in (*FACT_FILES.values(), *HOLIDAY_FILES)) | {*_WHOLE, "sources"}


def head_of(path: Path, schema: Path) -> str:
    """Return the line that names the schema, at the head of the file."""
    return HEAD + Path(os.path.relpath(schema, path.parent)).as_posix()


def write_out() -> None:
    """Write all schemas, and name each at the head of its files."""
    FOLDER.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        (FOLDER / f"{name}.json").write_text(as_text(schema), encoding="utf-8")
    for path, schema_path in yaml_files():
        text = path.read_text(encoding="utf-8")
        body = text.partition("\n")[2] if text.startswith(HEAD) else text
        path.write_text(f"{head_of(path, schema_path)}\n{body}", encoding="utf-8")


def as_text(schema: Schema) -> str:
    """Return a schema as its file holds it."""
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    write_out()
