"""YAML that remembers where each value stands, so that an error can name file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from disclosure.platform.errors import DisclosureError

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class SourceMark:
    """A place in a file; ``line`` counts from 1."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file} 第 {self.line} 行"


@dataclass
class Document:
    """Plain data with the place of every key and item in it."""

    data: dict[str, Any] = field(default_factory=dict)
    marks: dict[Location, SourceMark] = field(default_factory=dict)

    def locate(self, location: Location) -> SourceMark | None:
        """Return the place of ``location`` or of its nearest parent."""
        for length in range(len(location), -1, -1):
            if mark := self.marks.get(location[:length]):
                return mark
        return None

    def overlay(self, upper: Document) -> Document:
        """Return this document with ``upper`` laid over it.

        Mappings are merged key by key, anything else is replaced whole, and a key set to null in
        ``upper`` is removed.
        """
        merged = Document(dict(self.data), dict(self.marks))
        _merge(merged.data, upper.data, (), merged.marks, upper.marks)
        if () not in merged.marks and () in upper.marks:
            # What is missing altogether is told of the lowest file there is.
            merged.marks[()] = upper.marks[()]
        return merged


def _merge(
    lower: dict[str, Any],
    upper: dict[str, Any],
    at: Location,
    lower_marks: dict[Location, SourceMark],
    upper_marks: dict[Location, SourceMark],
) -> None:
    for key, value in upper.items():
        here = (*at, key)
        if isinstance(value, dict) and isinstance(lower.get(key), dict):
            lower[key] = dict(lower[key])
            _merge(lower[key], value, here, lower_marks, upper_marks)
            continue
        if key in lower:
            for location in [place for place in lower_marks if place[: len(here)] == here]:
                del lower_marks[location]
        if value is None:
            lower.pop(key, None)
            continue
        lower[key] = value
        lower_marks.update({p: m for p, m in upper_marks.items() if p[: len(here)] == here})


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    """Safe loader with YAML 1.2's booleans: only ``true`` and ``false``, so that ``off`` stays a word.

    Dates stay text too; the models read them. It is libyaml's where there is one, because every resumed run
    reads the whole catalogue.
    """


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def load_document(path: Path) -> Document:
    """Read one YAML file whose top is a mapping.

    Raises:
        DisclosureError: naming file and line, for a syntax error, a repeated key or another shape.
    """
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        if node is None:
            return Document(marks={(): SourceMark(path, 1)})
        if not isinstance(node, yaml.MappingNode):
            raise DisclosureError(f"{path} 第 1 行：文件最上层应为“键: 值”的映射。")
        marks = dict(_marks(node, (), path))
        return Document(loader.construct_document(node), marks)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DisclosureError(f"{path} 第 {line} 行：YAML 写法有误（{error.problem}），请改正后重试。") from error
    except UnicodeDecodeError as error:
        raise DisclosureError(f"{path} 不是 UTF-8 编码，请用文本编辑器另存为 UTF-8 后重试。") from error
    except OSError as error:
        raise DisclosureError(f"读不了 {path}（{error.strerror}），请核对文件和权限。") from error


def _marks(node: yaml.Node, at: Location, path: Path) -> Iterator[tuple[Location, SourceMark]]:
    yield at, SourceMark(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise DisclosureError(
                    f"{path} 第 {key.start_mark.line + 1} 行：“{key.value}”在同一处写了两次，请删去一个。"
                )
            seen.add(key.value)
            yield from _marks(value, (*at, key.value), path)
            yield (*at, key.value), SourceMark(path, key.start_mark.line + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _marks(item, (*at, index), path)
