"""The form in which an office writes an element: its fields from the content model, and back to the content.

What was typed is kept flat, by the names of the form's fields (``rows-2-phone``), finished or not; reading it gives the
same canonical text as the file of ``openness changed`` would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from disclosure.catalog import OpennessElement, OpennessItem
from disclosure.catalog.models.openness import (
    CONTENT_OF_KIND,
    Calculation,
    Content,
    ElementKind,
    Step,
)
from disclosure.openness.contents import Filled, canonical_content, restore, take_content, take_guide
from disclosure.openness.guides import SECTIONS, parse_guide
from disclosure.openness.words import words
from disclosure.platform.errors import DisclosureError
from disclosure.platform.fact import expected_of

FieldKind = Literal["line", "words", "day", "number", "choice", "hidden"]
#: What was typed, by the field's name.
Typed = Mapping[str, str]

#: Empty rows at the end of every table of the form, and the most rows that are read.
SPARE_ROWS, MOST_ROWS = 3, 150
#: Where in the form the rows of a table are, by their keys in the content.
RowPlaces = dict[str, dict[object, int]]
_SECTION = "section"
_DAYS, _NUMBERS = frozenset({"effective"}), frozenset({"value", "decimals"})
#: Besides what the models need in any case: a level without its day is not finished.
_ALSO_NEEDED = {"rates": ("value", "effective"), "steps": ("way", "parts", "decimals")}
_NEEDED = {
    "forms": ("name",),
    "contacts": ("office", "phone"),
    "places": ("name", "address"),
    "rates": ("name", "unit"),
    "documents": ("title",),
    "website": ("name", "address"),
    "quantities": ("name", "value", "unit"),
    "steps": ("name", "unit"),
}


@dataclass(frozen=True)
class FormField:
    """One box: ``hint`` says what to write there, ``needed`` that it cannot stay empty."""

    name: str
    label: str
    value: str
    kind: FieldKind = "line"
    hint: str = ""
    needed: bool = False
    options: Sequence[str] = ()


@dataclass(frozen=True)
class FormTable:
    """Rows of boxes under one name."""

    name: str
    rows: Sequence[Sequence[FormField]]


@dataclass(frozen=True)
class ElementForm:
    """The boxes of an element, from top to bottom."""

    fields: Sequence[FormField]
    tables: Sequence[FormTable] = ()
    last: Sequence[FormField] = ()


def fields_of_content(element: OpennessElement, filled: Filled) -> dict[str, str]:
    """Return what stands in an element as somebody would have typed it."""
    if filled.guide is not None:
        sections = {f"{_SECTION}-{place}": filled.guide.sections.get(s, "") for place, s in enumerate(SECTIONS)}
        return {"title": filled.guide.title, **sections}
    content = filled.content
    if content is None:
        return {}
    found = {"note": content.note}
    if isinstance(content, Calculation):
        found["method"] = content.method
        found |= _typed_rows("quantities", [{"id": id_, **_told(q)} for id_, q in content.quantities.items()])
        names = {id_: quantity.name for id_, quantity in content.quantities.items()}
        names |= {id_: step.name for id_, step in content.steps.items()}
        found |= _typed_rows("steps", [_typed_step(id_, step, names) for id_, step in content.steps.items()])
    elif element.kind == "text":
        found["text"] = getattr(content, "text", "")
    else:
        found |= _typed_rows("rows", [_told(row) for row in getattr(content, "rows", ())])
    return {name: value for name, value in found.items() if value}


def blanks_of_content(filled: Filled) -> dict[str, str]:
    """Return what a sample says is to be written in which box, by the name of the field."""
    content = filled.content
    if content is None:
        return {}
    told = {f"rows-{place}-value": row.to_fill for place, row in enumerate(getattr(content, "rows", ())) if _open(row)}
    return {**told, "": content.to_fill} if content.to_fill else told


def make_form(element: OpennessElement, typed: Typed, blanks: Typed) -> ElementForm:
    """Return the form with what was typed in it, and a few empty rows in each table."""
    said = words()["editing"]
    hints = said["hints"]
    if element.kind == "guide":
        sections = [
            FormField(f"{_SECTION}-{place}", head, typed.get(f"{_SECTION}-{place}", ""), "words", needed=True)
            for place, head in enumerate(SECTIONS)
        ]
        return ElementForm([FormField("title", said["title"], typed.get("title", ""), needed=True), *sections])
    note = FormField("note", said["note"], typed.get("note", ""))
    if element.kind == "text":
        text = FormField("text", said["text"], typed.get("text", ""), "words", hints["text"], needed=True)
        return ElementForm([text], last=[note])
    if element.kind == "calculation":
        method = FormField("method", said["method"], typed.get("method", ""), "words", needed=True)
        tables = [_table(table, table, typed, blanks) for table in ("quantities", "steps")]
        return ElementForm([method], tables, [note])
    return ElementForm([], [_table("rows", element.kind, typed, blanks)], [note])


def read_form(element: OpennessElement, typed: Typed) -> str:
    """Return the canonical text of what was typed, finished or not.

    Raises:
        DisclosureError: with every mistake in it, a sentence a line, by the names that the form shows.
    """
    if element.kind == "guide":
        text = _guide_text(typed)
        parse_guide(text, element.name)
        return text
    return canonical_content(_content(element.kind, typed))


def read_finished_form(item: OpennessItem, name: str, typed: Typed, standing: str = "") -> str:
    """Return likewise what can be handed in for element ``name``; where nothing was changed, the ``standing`` text.

    Raises:
        DisclosureError: as ``read_form``, and while something is left to be filled in.
    """
    element = item.elements[name]
    if standing and tidy_fields(fields_of_content(element, restore(item, name, standing))) == typed:
        return standing
    where = f"“{element.name}”"
    if element.kind == "guide":
        return take_guide(read_form(element, typed), where)
    return take_content(_content(element.kind, typed), where)


def tidy_fields(typed: Typed) -> dict[str, str]:
    """Return what of a form belongs to an element: no other fields, no empty ones, no line ends of the browser's."""
    pattern = re.compile(rf"title|text|method|note|{_SECTION}-\d|(?:rows|quantities|steps)-\d{{1,3}}-[a-z_]+")
    tidy = {
        name: value.replace("\r\n", "\n").replace("\x00", "").strip()
        for name, value in typed.items()
        if pattern.fullmatch(name)
    }
    rows = {table: _rows(tidy, table) for table in ("rows", "quantities", "steps")}
    # A box of choices says something in an empty row, too.
    return {
        name: value
        for name, value in tidy.items()
        if value and ((table := name.partition("-")[0]) not in rows or int(name.split("-")[1]) in rows[table])
    }


def _guide_text(typed: Typed) -> str:
    mistakes = [f"“{head}”是空的。" for place, head in enumerate(SECTIONS) if not typed.get(f"{_SECTION}-{place}")]
    if not typed.get("title"):
        mistakes.insert(0, "“标题”是空的。")
    for place, head in enumerate(SECTIONS):
        if re.search(r"^ {0,3}#{1,2}(?:\s|$)|^ {0,3}(?:=+|-+)\s*$", typed.get(f"{_SECTION}-{place}", ""), re.MULTILINE):
            mistakes.append(f"“{head}”里有一行以 # 开头，或只有 = 或 -，会被当成标题，请改写。")
    if "\n" in typed.get("title", ""):
        mistakes.append("“标题”只能有一行。")
    if mistakes:
        raise DisclosureError("\n".join(mistakes))
    parts = [f"# {typed['title']}"]
    for place, head in enumerate(SECTIONS):
        body = "\n".join(line.rstrip() for line in typed[f"{_SECTION}-{place}"].splitlines())
        parts.append(f"## {head}\n\n{body}")
    return "\n\n".join(parts) + "\n"


def _content(kind: ElementKind, typed: Typed) -> Content:
    said, model = words()["editing"], CONTENT_OF_KIND[kind]
    data: dict[str, Any] = {"note": typed["note"]} if typed.get("note") else {}
    mistakes: list[str] = []
    places: RowPlaces = {}
    if kind == "text":
        data["text"] = f"{typed['text']}\n" if typed.get("text") else ""
        mistakes += [] if data["text"] else [f"“{said['text']}”是空的。"]
    elif kind == "calculation":
        data |= _calculation(typed, places, mistakes)
    else:
        rows = _rows(typed, "rows")
        places["rows"] = dict(enumerate(rows))
        mistakes += [] if rows else [f"“{said['groups'][kind]}”还没有写。"]
        mistakes += _missing(kind, rows)
        data["rows"] = [_plain(row) for row in rows.values()]
    if not mistakes:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            mistakes = [_explain(kind, places, detail["loc"], expected_of(detail)) for detail in error.errors()]
    raise DisclosureError("\n".join(dict.fromkeys(mistakes)))


def _calculation(typed: Typed, places: RowPlaces, mistakes: list[str]) -> dict[str, Any]:
    """Return a calculation; names are put back into the ids that the records use."""
    said = words()["editing"]
    if not typed.get("method"):
        mistakes.append(f"“{said['method']}”是空的。")
    quantities, steps = _rows(typed, "quantities"), _rows(typed, "steps")
    mistakes += [*_missing("quantities", quantities), *_missing("steps", steps)]
    if not steps:
        mistakes.append(f"“{said['groups']['steps']}”还没有写。")
    known: dict[str, str] = {}
    made: dict[str, dict[str, Any]] = {"quantities": {}, "steps": {}}
    taken = {row["id"] for rows in (quantities, steps) for row in rows.values() if row.get("id")}
    for table, rows in (("quantities", quantities), ("steps", steps)):
        for number, row in rows.items():
            where = f"“{said['groups'][table]}”{said['line'].format(number=number + 1)}"
            id_ = row.get("id") or next(free for n in range(1, 1000) if (free := f"{table[0]}{n}") not in taken)
            taken.add(id_)
            entry = _plain({name: value for name, value in row.items() if name not in {"id", "way", "parts"}})
            if table == "steps":
                entry |= _operation(row, known, where, mistakes)
            if row.get("name", "") in known:
                mistakes.append(f"{where}的名称“{row['name']}”写了两次。")
            known[row.get("name", "")] = id_
            made[table][id_] = entry
            places.setdefault(table, {})[id_] = number
    return {"method": typed.get("method", ""), **made}


def _operation(row: Typed, known: Mapping[str, str], where: str, mistakes: list[str]) -> dict[str, Any]:
    parts = [part.strip() for part in re.split(r"[、，,×+＋]", row.get("parts", "")) if part.strip()]
    if unknown := [part for part in parts if part not in known]:
        mistakes.append(f"{where}用到了前面没有的“{'、'.join(unknown)}”，请照上面的名称写。")
    elif len(parts) < 2:
        mistakes.append(f"{where}至少要用到两项，用“、”隔开。")
    ways = {name: way for way, name in words()["editing"]["ways"].items()}
    return {ways.get(row.get("way", ""), "product_of"): [known[part] for part in parts if part in known]}


def _rows(typed: Typed, table: str) -> dict[int, dict[str, str]]:
    """Return the rows that have anything in them, by their place in the form."""
    found: dict[int, dict[str, str]] = {}
    for name, value in typed.items():
        parts = name.split("-", 2)
        if len(parts) == 3 and parts[0] == table and parts[1].isdecimal() and value and int(parts[1]) < MOST_ROWS:
            found.setdefault(int(parts[1]), {})[parts[2]] = value
    # What a row has of its own accord does not make it one.
    return {place: row for place, row in sorted(found.items()) if row.keys() - {"id", "way"}}


def _missing(table: str, rows: Mapping[int, Typed]) -> Iterator[str]:
    said = words()["editing"]
    for place, row in rows.items():
        for name in (*_NEEDED[table], *_ALSO_NEEDED.get(table, ())):
            if not row.get(name):
                line = said["line"].format(number=place + 1)
                yield f"“{said['groups'][table]}”{line}没有写“{said['fields'][table][name]}”。"


def _explain(kind: str, places: RowPlaces, location: Sequence[object], expected: str) -> str:
    """Say where in the form a value is that the model does not take."""
    said = words()["editing"]
    table = str(location[0]) if location else ""
    if table not in places or len(location) < 2:
        return f"“{said[table]}”{expected}。" if isinstance(said.get(table), str) else f"{expected}。"
    group, place = kind if table == "rows" else table, places[table].get(location[1])
    line = "" if place is None else said["line"].format(number=place + 1)
    label = said["fields"][group].get(str(location[-1]), "")
    return f"“{said['groups'][group]}”{line}{f'“{label}”' if label else ''}{expected}。"


def _plain(row: Typed) -> dict[str, str]:
    """Return a row with its numbers as numbers are written: without separators."""
    return {name: re.sub(r"[\s,，]", "", value) if name in _NUMBERS else value for name, value in row.items()}


def _table(prefix: str, group: str, typed: Typed, blanks: Typed) -> FormTable:
    said = words()["editing"]
    last = max((place for place in _rows(typed, prefix)), default=-1)
    rows = []
    for place in range(min(last + 1 + SPARE_ROWS, MOST_ROWS)):
        row = [
            _field(prefix, place, group, name, label, typed, blanks) for name, label in said["fields"][group].items()
        ]
        if group in {"quantities", "steps"}:
            hidden = f"{prefix}-{place}-id"
            row.append(FormField(hidden, "", typed.get(hidden, ""), "hidden"))
        rows.append(row)
    return FormTable(said["groups"][group], rows)


def _field(  # noqa: PLR0917 - a cell of the table
    prefix: str, place: int, group: str, name: str, label: str, typed: Typed, blanks: Typed
) -> FormField:
    said, full = words()["editing"], f"{prefix}-{place}-{name}"
    kinds: dict[bool, FieldKind] = {name in _DAYS: "day", name in _NUMBERS: "number", name == "way": "choice"}
    return FormField(
        full,
        label,
        typed.get(full, ""),
        kinds.get(True, "line"),
        blanks.get(full, said["hints"].get(name, "")),
        needed=name in (*_NEEDED[group], *_ALSO_NEEDED.get(group, ())),
        options=tuple(said["ways"].values()) if name == "way" else (),
    )


def _typed_rows(table: str, rows: Sequence[Typed]) -> dict[str, str]:
    return {f"{table}-{place}-{name}": value for place, row in enumerate(rows) for name, value in row.items() if value}


def _typed_step(id_: str, step: Step, names: Mapping[str, str]) -> dict[str, str]:
    said = words()["editing"]
    way: Literal["product_of", "sum_of"] = "product_of" if step.product_of else "sum_of"
    parts = said["between"].join(names[part] for part in getattr(step, way))
    told = _told(step)
    return {"id": id_, "name": told["name"], "way": said["ways"][way], "parts": parts} | {
        name: told[name] for name in ("decimals", "unit")
    }


def _told(row: Any) -> dict[str, str]:
    data = row.model_dump(mode="json", exclude={"to_fill", "product_of", "sum_of"})
    return {name: "" if value is None else str(value) for name, value in data.items()}


def _open(row: Any) -> bool:
    return bool(getattr(row, "to_fill", ""))
