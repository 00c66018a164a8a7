"""Nothing of the printed catalogue is missing from ``openness.yaml`` and nothing was added to it.

``tests/data/openness/source.txt`` is the source's text, unchanged. Every row is rebuilt from the YAML as the source
prints it and compared cell by cell, so that every character but white space is accounted for; what the source's
pages did to the table (columns shifted, cells torn, spaces in words) is written out below, by item, as in
docs/decisions/014-openness-source.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from disclosure.catalog import BASE, OpennessItem
from disclosure.platform.yaml_source import load_document

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
SOURCE = (ROOT / "tests" / "data" / "openness" / "source.txt").read_text(encoding="utf-8")
RECORD = (ROOT / "docs" / "decisions" / "014-openness-source.md").read_text(encoding="utf-8")
#: The base catalogue as it is written: 楚雄's profile lays its own names over items 13 and 26.
WRITTEN = load_document(BASE / "openness.yaml").data
ITEMS = {
    number: OpennessItem.model_validate({"number": number, **raw}) for number, raw in WRITTEN["openness_items"].items()
}
WORDS, MATTERS = WRITTEN["openness_words"], WRITTEN["openness_matters"]

#: The order of the columns; each mark has its own.
TEXTS = ("number", "matter", "name", "elements", "basis", "time_limit", "body", "channels")
MARKS = (
    ("audience", "everyone"),
    ("audience", "particular"),
    ("method", "active"),
    ("method", "on_request"),
    ("levels", "county"),
    ("levels", "township"),
)
#: Rows whose extraction moved columns: item -> where the six marks stand. Elsewhere 8 to 13.
SHIFTED_MARKS = {
    **dict.fromkeys(range(4, 10), (8, 9, 10, 11, 12, 14)),
    **dict.fromkeys(range(25, 30), (8, 9, 10, 11, 12, 13)),
    **dict.fromkeys(range(32, 35), (8, 9, 10, 11, 13, 14)),
}
#: Rows that lost the (merged, empty) column of the first-level matter.
WITHOUT_MATTER = range(25, 30)
#: Content elements printed in one bullet with 、 between them.
ONE_BULLET = range(35, 42)
#: The end of item 15's basis was printed again after the page's end.
PRINTED_TWICE = {15: ("basis", "暂行条例》")}
#: No 、 between the last two.
NO_COMMA = {34: ("basis", "》《人力资源社会保障部财政部关于印发")}
#: One page sets these in half width.
WIDTHS = str.maketrans("()<>", "（）〈〉")


def bare(cell: str) -> str:
    """The cell's characters without the extraction's list markup and without white space."""
    return re.sub(r"\s+", "", re.sub(r"</?(?:ul|li)\b[^>]*>", "", cell)).translate(WIDTHS)


def read(source: str) -> tuple[list[list[str]], dict[int, list[str]]]:
    """Lines that are no row of an item, and the cells of every item with its torn-off ends put back."""
    other: list[list[str]] = []
    rows: dict[int, list[str]] = {}
    latest = 0
    for line in source.splitlines():
        cells = [bare(cell) for cell in line.split("\t")]
        if not any(cells):
            continue
        if cells[0].isdigit():
            latest = int(cells[0])
            assert latest not in rows
            if latest in WITHOUT_MATTER:
                cells.insert(1, "")
            rows[latest] = cells
        elif latest and not cells[0]:
            rows[latest] = [before + after for before, after in zip(rows[latest], cells, strict=False)]
        else:
            other.append(cells)
    return other, rows


def printed(item: OpennessItem) -> list[str]:
    """The cells of ``item`` as the source prints them: those it inherits are empty."""
    number = int(item.number)
    names = [element.name for element in item.elements.values()]
    said = {
        "number": str(number),
        "matter": MATTERS[item.matter]["name"],
        "name": item.name,
        "elements": "●" + "、".join(names) if number in ONE_BULLET else "".join(f"●{name}" for name in names),
        "basis": "、".join(f"《{name}》" for name in item.basis),
        "time_limit": item.time_limit,
        "body": item.body,
        "channels": "".join(f"■{name}" for name in item.channels),
    }
    if number in PRINTED_TWICE:
        attribute, tail = PRINTED_TWICE[number]
        assert said[attribute].endswith(tail)
        said[attribute] += tail
    if number in NO_COMMA:
        attribute, joined = NO_COMMA[number]
        said[attribute] = said[attribute].replace(joined.replace("》《", "》、《"), joined)
    cells = ["" if name in item.inherited else said[name] for name in TEXTS] + [""] * 8
    for (attribute, value), column in zip(MARKS, SHIFTED_MARKS.get(number, range(8, 14)), strict=True):
        if attribute not in item.inherited and value in getattr(item, attribute):
            cells[column] = "√"
    return [bare(cell) for cell in cells]


def heads() -> list[list[str]]:
    """Title and the two lines of column heads."""
    words = WORDS["columns"]
    groups = [words["audience"], "", words["method"], "", words["levels"], "", ""]
    upper = [words[c] for c in ("number", "matters")] + [""]
    upper += [words[c] for c in ("elements", "basis", "time_limit", "body", "channels")] + groups
    lower = ["", words["matter"], words["name"], "", "", "", "", ""]
    lower += [WORDS[attribute][value] for attribute, value in MARKS] + [""]
    title = ["##" + WORDS["number"] + WORDS["title"]]
    return [title, upper, lower]


def differences(source: str, items: Sequence[OpennessItem]) -> list[str]:
    other, rows = read(source)
    found = [] if other == heads() else [f"heads: {other} instead of {heads()}"]
    if list(rows) != [int(item.number) for item in items]:
        found.append(f"items {list(rows)}")
    for item in items:
        cells, expected = rows.get(int(item.number), []), printed(item)
        length = max(len(cells), len(expected))
        for column in range(length):
            seen = cells[column] if column < len(cells) else ""
            wanted = expected[column] if column < len(expected) else ""
            if seen != wanted:
                found.append(f"item {item.number} column {column}: printed {seen!r}, YAML {wanted!r}")
    return found


def test_the_copy_is_the_source() -> None:
    data = (ROOT / "tests" / "data" / "openness" / "source.txt").read_bytes()
    assert hashlib.sha256(data).hexdigest() == "16dd59f92dc372743070c66de4e40be87bd1a666844535ec3fc54c835c234e31"


def test_every_character_of_the_source_is_in_the_yaml_and_no_other() -> None:
    assert differences(SOURCE, list(ITEMS.values())) == []


def test_a_character_more_or_less_in_the_source_would_be_noticed() -> None:
    places = [match.start() for match in re.finditer(r"[^\s<>/=\"\-:;a-z]", SOURCE)]
    unnoticed = []
    for place in places[::37]:
        for changed in (SOURCE[:place] + SOURCE[place + 1 :], SOURCE[:place] + "某" + SOURCE[place:]):
            try:
                if not differences(changed, list(ITEMS.values())):
                    unnoticed.append(SOURCE[place - 10 : place + 10])
            except AssertionError:
                continue
    assert len(places[::37]) > 100
    assert unnoticed == []


def test_the_catalogue_has_the_counts_of_the_source() -> None:
    assert len(ITEMS) == 50
    assert len({item.matter for item in ITEMS.values()}) == len(MATTERS) == 9
    assert (
        SOURCE.count("√")
        == 184
        == sum(
            len(getattr(item, attribute))
            for item in ITEMS.values()
            for attribute in ("audience", "method", "levels")
            if attribute not in item.inherited
        )
    )


def test_what_is_inherited_is_what_the_merged_cell_says() -> None:
    for item in ITEMS.values():
        for attribute, holder in item.inherited.items():
            assert getattr(item, attribute) == getattr(ITEMS[holder], attribute), (item.number, attribute)


def test_the_decision_record_lists_every_inherited_cell_and_every_doubt() -> None:
    heads = {**WORDS["columns"], "audience": "公开对象", "method": "公开方式", "levels": "公开层级"}
    for attribute in ("matter", "basis", "time_limit", "body", "channels", "audience", "method", "levels"):
        line = next(line for line in RECORD.splitlines() if line.startswith(f"| {heads[attribute]} |"))
        told = {}
        for group in re.findall(r"(\d+(?:[-、]\d+)*) ← (\d+)", line):
            for part in group[0].split("、"):
                first, _, last = part.partition("-")
                told.update(dict.fromkeys(range(int(first), int(last or first) + 1), group[1]))
        wanted = {
            n: str(int(item.inherited[attribute]))
            for n, item in ((int(k), v) for k, v in ITEMS.items())
            if attribute in item.inherited
        }
        assert told == wanted, attribute
    doubted = {int(number) for number, item in ITEMS.items() if item.note}
    line = next(line for line in RECORD.splitlines() if line.startswith("Doubts:"))
    assert {int(number) for number in re.findall(r"\d+", line)} == doubted
