"""Make the generated pages of ``docs/`` anew out of the code: architecture, states, records. Run ``make docs``.

``pages()`` gives the text of each; a test compares it with what lies there.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from sqlalchemy import CheckConstraint, Column, Enum, Table, UniqueConstraint

from disclosure.records import states, tables
from disclosure.records.tables import Base
from tools import architecture

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
_BEGIN, _END = "<!-- generated: house -->", "<!-- end -->"
_MADE = "<!-- Made by `make docs`. -->"


def pages() -> dict[Path, str]:
    """Return the text of every generated page."""
    house = DOCS / "architecture.md"
    return {house: _house(house), DOCS / "states.md": states_page(), DOCS / "records.md": records_page()}


def _house(page: Path) -> str:
    """Return the page with the picture between its marks drawn anew."""
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{_mermaid(architecture.picture())}{_END}{after}"


def states_page() -> str:
    """Return the page of state diagrams, and of the groups of states that rules ask about."""
    parts = [
        f"# States\n\n{_MADE}\n",
        "What is in a state enters another only by an arrow drawn here: the code refuses any other way as the state\n"
        "is assigned, and the database any value that is none of these. The tables: `disclosure/records/states.py`.\n",
    ]
    for kind, ways in states.WAYS.items():
        held = ", ".join(f"`{table.name}.{column.name}`" for table, column in _columns_of(kind))
        parts.append(f"## {kind.__name__}\n\n{_doc(kind)}\n\nKept in {held}.\n")
        parts.append(_mermaid(_diagram(ways)))
        groups = [(name, own, why) for name, own, why in _groups() if all(isinstance(state, kind) for state in own)]
        if groups:
            rows = [f"| `{name}` | {', '.join(_in_order(kind, own))} | {why} |" for name, own, why in groups]
            parts.append("\n".join(["| group | states | which are |", "| --- | --- | --- |", *rows]) + "\n")
    return "\n".join(parts)


def _diagram(ways: Mapping[StrEnum | None, frozenset[StrEnum]]) -> str:
    lines = ["stateDiagram-v2"]
    for before, following in ways.items():
        lines += [f"    {before or '[*]'} --> {after}" for after in sorted(following)]
        if before is not None and not following:
            lines.append(f"    {before} --> [*]")
    return "\n".join(lines) + "\n"


def _in_order(kind: type[StrEnum], own: frozenset[StrEnum]) -> list[str]:
    return [state for state in kind if state in own]


def _groups() -> Iterator[tuple[str, frozenset[StrEnum], str]]:
    """Each group with its name and the comment above it."""
    source = inspect.getsource(states)
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = getattr(states, node.targets[0].id)
            if isinstance(value, frozenset):
                above = lines[node.lineno - 2].removeprefix("#: ")
                yield node.targets[0].id, value, above.rstrip(".")


def _columns_of(kind: type[StrEnum]) -> Iterator[tuple[Table, Column[object]]]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Enum) and column.type.enum_class is kind:
                yield table, column


def records_page() -> str:
    """Return the page of tables: by room a diagram of what refers to what, then each table as its docstring has it."""
    parts = [f"# Records\n\n{_MADE}\n", "Every table, by the module of `disclosure/records/tables/` that has it.\n"]
    rooms: dict[str, list[type[Base]]] = {}
    for name in tables.__all__:
        table = getattr(tables, name)
        if table is not Base:
            rooms.setdefault(table.__module__.rpartition(".")[2], []).append(table)
    for room, own in sorted(rooms.items()):
        module = sys.modules[own[0].__module__]
        parts.append(f"## {room}\n\n{_doc(module)}\n")
        parts.append(_mermaid(_entities(own)))
        parts += [_table(table) for table in own]
    return "\n".join(parts)


def _entities(own: list[type[Base]]) -> str:
    lines = ["erDiagram"]
    for table in (each.__table__ for each in own):
        lines.append(f"    {table.name} {{")
        lines += [f"        {_kind(column)} {column.name}{_key(column)}" for column in table.columns]
        lines.append("    }")
    for table in (each.__table__ for each in own):
        for column in table.columns:
            for key in column.foreign_keys:
                at_least = "o|" if column.nullable else "||"
                lines.append(f"    {key.column.table.name} {at_least}--o{{ {table.name} : {column.name}")
    return "\n".join(lines) + "\n"


def _kind(column: Column[object]) -> str:
    if isinstance(column.type, Enum):
        return column.type.enum_class.__name__ if column.type.enum_class else "choice"
    return type(column.type).__name__


def _key(column: Column[object]) -> str:
    return " PK" if column.primary_key else " FK" if column.foreign_keys else ""


def _table(table: type[Base]) -> str:
    own = table.__table__
    assert isinstance(own, Table)  # noqa: S101 - none of ours is a join
    lines = [f"### {own.name}\n", f"`{table.__name__}`. {_doc(table)}\n"]
    for column in own.columns:
        if isinstance(column.type, Enum) and column.type.enum_class is None:
            lines.append(f"- `{column.name}` is one of {', '.join(f'`{value}`' for value in column.type.enums)}.")
    named = sorted(own.constraints, key=lambda constraint: str(constraint.name))
    for constraint in named:
        if isinstance(constraint, UniqueConstraint):
            lines.append(f"- Unique: {', '.join(f'`{column.name}`' for column in constraint.columns)}.")
        elif isinstance(constraint, CheckConstraint) and not constraint._type_bound:
            lines.append(f"- Checked: `{constraint.sqltext}`.")
    return "\n".join(lines).rstrip() + "\n"


def _doc(described: object) -> str:
    return inspect.cleandoc(getattr(described, "__doc__", None) or "").replace("``", "`")


def _mermaid(text: str) -> str:
    return f"```mermaid\n{text}```\n"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
