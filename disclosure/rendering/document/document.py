"""The disclosure document: one ordered model that every renderer prints and none adds to.

Everything a reader sees of the data is text here already; a renderer chooses type and place, never a number.
All classes are frozen and hold only text, booleans, numbers of order and tuples, so that
``document_json`` is complete and the same document always gives the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from disclosure.figures.narrative import TextBlock

#: The status of an observation that is withheld, as statistical offices flag it (SDMX; Eurostat's flag ``c``).
CONFIDENTIAL = "c"

CellKind = Literal["figure", "text", "state", "change", "blank"]


@dataclass(frozen=True)
class TextRun:
    """A piece of a sentence. ``key`` (``region/indicator/period``) marks a printed figure."""

    text: str
    key: str = ""


@dataclass(frozen=True)
class Paragraph:
    """The sentences about one insurance under one head."""

    insurance: str
    runs: tuple[TextRun, ...]

    @property
    def text(self) -> str:
        """The sentences without their keys."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class Section:
    """One head of 人社部发〔2014〕82号 that has something to say: of the figures, then what the sections wrote."""

    id: str
    number: str
    title: str
    paragraphs: tuple[Paragraph, ...]
    text: tuple[TextBlock, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column head; ``numeric`` columns are set right."""

    title: str
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """One cell as printed; ``key`` names the observation that stands in it, ``span`` is in columns."""

    text: str
    kind: CellKind
    key: str = ""
    span: int = 1


@dataclass(frozen=True)
class TableRow:
    """A row: its head, then the cells of all columns but the first. ``depth`` indents parts of a total."""

    label: str
    cells: tuple[Cell, ...]
    depth: int = 0
    is_total: bool = False


@dataclass(frozen=True)
class RowGroup:
    """Rows under one heading (the section they belong to); an empty ``title`` has no heading."""

    title: str
    rows: tuple[TableRow, ...]


@dataclass(frozen=True)
class Table:
    """A table; ``columns`` includes the one of the row heads."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    groups: tuple[RowGroup, ...]


@dataclass(frozen=True)
class Bar:
    """One bar of a chart; ``value`` is the plain number, ``printed`` what stands at its end."""

    category: str
    series: str
    value: str
    printed: str
    key: str
    unit: str


@dataclass(frozen=True)
class Chart:
    """A bar chart: categories from top to bottom, one or two series."""

    id: str
    title: str
    unit_line: str
    description: str
    series: tuple[str, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Block:
    """Everything about one insurance that is not prose; ``insurance`` is its name, ``title`` the heading."""

    id: str
    insurance: str
    title: str
    contents_title: str
    chart: Chart | None
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class CardLine:
    """A figure on a card."""

    label: str
    cell: Cell
    unit: str
    change: str = ""


@dataclass(frozen=True)
class Card:
    """The overview of one insurance."""

    insurance: str
    title: str
    lead: CardLine
    lines: tuple[CardLine, ...]


@dataclass(frozen=True)
class CorrectionNote:
    """What a new version corrects. ``lead``: what and why; ``figures``: which, old and new; ``table`` has all of them.

    ``summary`` is one sentence.
    """

    title: str
    version: int
    lead: str
    figures: str
    summary: str
    table: Table | None


@dataclass(frozen=True)
class PublishedObservation:
    """One row of the open data; ``value`` is plain (no separators) with the printed decimals, or text.

    ``state`` is for people, ``status`` for machines.
    """

    key: str
    region_code: str
    region: str
    period: str
    insurance: str
    indicator_id: str
    indicator: str
    unit: str
    value: str
    is_number: bool
    state: str
    note: str
    version: str = "1"
    status: str = ""


@dataclass(frozen=True)
class DisclosureDocument:
    """One period's disclosure. ``demo`` is empty for the real thing, else the sentence that says what it is.

    ``correction`` tells what this ``version`` changed; None for the first.
    """

    period: str
    period_label: str
    title: str
    summary: str
    site_title: str
    publisher: str
    contact: str
    compiled_on: str
    demo_label: str
    demo: str
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]
    observations: tuple[PublishedObservation, ...]
    version: int = 1
    correction: CorrectionNote | None = None


def document_json(document: DisclosureDocument) -> str:
    """Return the whole document as JSON text, keys in the order of the classes, on one line."""
    return json.dumps(asdict(document), ensure_ascii=False, separators=(",", ":")) + "\n"
