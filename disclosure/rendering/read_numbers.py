"""Reading figures back out of what was published, from the bytes alone, for comparison with the compilation.

Every function gives observation id -> the value as a plain text (``-1234.50``: no separators, the printed decimals;
a text or a state as it stands). Where a channel prints no ids, the document tells which labels to look for and in
what order, never which values. A page, a sheet or an article may show one figure several times: all must agree, or
the id is given with every reading, so that it equals nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from html.parser import HTMLParser

import pypdfium2
import python_calamine

from disclosure.platform.errors import DisclosureError
from disclosure.rendering.document.document import DisclosureDocument, Table, TableRow

#: A printed number, with separators and sign, that no digit or point goes on.
_NUMBER = r"(?<![\d.,])[+-]?\d[\d,]*(?:\.\d+)?(?![\d.,]*\d)"


def figures_of(document: DisclosureDocument) -> dict[str, str]:
    """Return what every channel should give back: the figures of the period itself."""
    return {seen.key: seen.state or seen.value for seen in document.observations}


def differences(
    expected: Mapping[str, str], found: Mapping[str, str], *, whole: bool = True, printed: bool = True
) -> tuple[str, ...]:
    """How ``found`` differs, a Chinese sentence each.

    ``whole``: everything expected has to be there; ``printed``: to the printed decimals, else as numbers.
    """
    missing = sorted(expected.keys() - found.keys()) if whole else []
    read = str if printed else _number
    wrong = sorted(key for key in expected.keys() & found.keys() if read(expected[key]) != read(found[key]))
    surplus = sorted(found.keys() - expected.keys())
    return (
        *(f"缺少 {key}，应为 {expected[key]}。" for key in missing),
        *(f"{key} 是 {found[key]}，应为 {expected[key]}。" for key in wrong),
        *(f"多出 {key}（{found[key]}）。" for key in surplus),
    )


def figures_in_page(page: bytes, period: str) -> dict[str, str]:
    """Return the figures of ``period`` on a release page: elements that carry ``data-figure``."""
    reader = _Marked()
    reader.feed(page.decode())
    return {key: value for key, value in _agreed(reader.found).items() if key.endswith(f"/{period}")}


def figures_in_csv(content: bytes) -> dict[str, str]:
    """Return the figures of one CSV of the open data."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return _agreed((row["id"], row["state"] or row["value"] or row["text"].removeprefix("'")) for row in rows)


def figures_in_workbook(content: bytes, sheet: str) -> dict[str, str]:
    """Return the figures of the sheet of all figures, as numbers: a cell does not hold the printed decimals."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    _head, *rows = book.get_sheet_by_name(sheet).to_python()
    # Columns: id … value (5), text (6), state (7).
    return _agreed((str(row[0]), str(row[7] or (row[6] if row[5] == "" else row[5]))) for row in rows)


def figures_in_pdf(content: bytes, document: DisclosureDocument) -> dict[str, str]:
    """Return the figures of a printed notice's tables."""
    return _figures_in_rows(pdf_text(content), _tables(document), document)


def figures_in_poster(content: bytes, document: DisclosureDocument) -> dict[str, str]:
    """Return the head figures of a poster; a document without cards has none."""
    return _figures_on_cards(pdf_text(content), document)


def figures_in_fragment(html: bytes, document: DisclosureDocument) -> dict[str, str]:
    """Return the figures of the tables in a hand-over package's body."""
    return _figures_in_rows(html_text(html.decode()), _tables(document), document)


def figures_in_article(html: str, document: DisclosureDocument) -> dict[str, str]:
    """Return the figures of a WeChat article: its cards, and its tables where it has room for them."""
    text = html_text(html)
    narrow = [table for table in _tables(document) if not table.columns[1].numeric and table.caption in text]
    return _agreed(
        [
            *_figures_on_cards(text, document).items(),
            *_figures_in_rows(text, narrow, document, label="{label}（{unit}）", values=1).items(),
        ]
    )


def missing_texts(text: str, document: DisclosureDocument, *, tables: bool = True) -> tuple[str, ...]:
    """Sentences, notes and (with ``tables``) text figures of ``document`` that ``text`` does not hold to the letter.

    Blanks and line breaks do not count, nor do a printed page's head and foot in the middle of a sentence.
    """
    lines = (line for line in text.splitlines() if not _is_head_or_foot(line, document))
    read = re.sub(r"\s", "", "".join(lines))
    told = [paragraph.text for section in document.sections for paragraph in section.paragraphs]
    told += document.notes
    if tables:
        told += [seen.value for seen in document.observations if seen.value and not seen.is_number]
    return tuple(each for each in told if re.sub(r"\s", "", each) not in read)


def pdf_text(content: bytes) -> str:
    """Return the words of a PDF in reading order, a form feed between pages.

    Raises:
        DisclosureError: when the file is no sound PDF.
    """
    try:
        with pypdfium2.PdfDocument(content) as pdf:
            return "\f".join(page.get_textpage().get_text_range() for page in pdf)
    except pypdfium2.PdfiumError:
        raise DisclosureError("读不了印刷版 PDF，文件可能已损坏，请重新生成。") from None


def html_text(html: str) -> str:
    """Return the words of an HTML fragment, a line for each block, cell and row."""
    reader = _PageWords()
    reader.feed(html)
    return reader.text


@dataclass(frozen=True)
class _Expected:
    """A row to look for: its label and unit as printed, the ids of its figures in order."""

    label: str
    unit: str
    keys: tuple[str, ...]


def _is_head_or_foot(line: str, document: DisclosureDocument) -> bool:
    bare = re.sub(r"\s|【.*】", "", line)
    return bool(re.fullmatch(r"第\d+页共\d+页", bare)) or bare in {document.title, document.title + document.publisher}


def _tables(document: DisclosureDocument) -> list[Table]:
    return [table for block in document.blocks for table in block.tables]


def _rows(table: Table, own: set[str], values: int | None) -> Iterator[_Expected]:
    for row in (row for group in table.groups for row in group.rows):
        cells = row.cells[1:] if _has_unit(row, table) else row.cells
        if row.cells[0].span > 1:
            continue
        keys = tuple(cell.key if cell.key in own else "" for cell in cells[:values])
        yield _Expected(row.label, row.cells[0].text if _has_unit(row, table) else "", keys)


def _has_unit(row: TableRow, table: Table) -> bool:
    return not table.columns[1].numeric and row.cells[0].span == 1


def _figures_in_rows(
    text: str,
    tables: Iterable[Table],
    document: DisclosureDocument,
    *,
    label: str = "{label} {unit}",
    values: int | None = None,
) -> dict[str, str]:
    """Walk through ``text`` table by table, row by row, and read what stands behind each label."""
    from_here = 0
    found: list[tuple[str, str]] = []
    own = {seen.key for seen in document.observations}
    for table in tables:
        heading = re.compile(_spaced(table.caption)).search(text, from_here)
        if heading is None:
            continue
        place = heading.end()
        for row in _rows(table, own, values):
            words = label.format(label=row.label, unit=row.unit).strip()
            pattern = re.compile(_spaced(words) + "".join(r"\s+(\S+)" for _ in row.keys))
            line = pattern.search(text, place)
            if line is None:
                continue
            place = line.end()
            found += [(key, _plain(value)) for key, value in zip(row.keys, line.groups(), strict=True) if key]
        from_here = place
    return _agreed(found)


def _figures_on_cards(text: str, document: DisclosureDocument) -> dict[str, str]:
    found: list[tuple[str, str]] = []
    place = 0
    for card in document.cards:
        title = re.compile(_spaced(card.title)).search(text, place)
        if title is None:
            continue
        place = title.end()
        for line in (card.lead, *card.lines):
            # The label stands before its figure, or on the head figure of an article behind it.
            value = rf"({_NUMBER}|{_states(document)})"
            unit = _spaced(line.unit)
            before = re.compile(rf"{_spaced(line.label)}\s*：?\s*{value}\s*{unit}")
            behind = re.compile(rf"{value}\s*{unit}\s*{_spaced(line.label)}")
            hits = [hit for hit in (before.search(text, place), behind.search(text, place)) if hit]
            if hits:
                hit = min(hits, key=lambda each: each.start())
                place = hit.end()
                found.append((line.cell.key, _plain(hit[1])))
    return _agreed(found)


def _states(document: DisclosureDocument) -> str:
    return "|".join(sorted({re.escape(seen.state) for seen in document.observations if seen.state})) or "(?!)"


def _spaced(words: str) -> str:
    """Return a pattern for ``words`` wherever lines were broken or blanks put between Chinese and digits."""
    return r"\s*".join(re.escape(letter) for letter in words if not letter.isspace())


def _plain(value: str) -> str:
    return value.replace(",", "").removeprefix("+") if re.fullmatch(_NUMBER, value) else value


def _number(value: str) -> Decimal | str:
    try:
        return Decimal(value)
    except InvalidOperation:
        return value


def _agreed(readings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One value for each id; where readings differ, all of them, which is the value of nothing."""
    of_key: dict[str, list[str]] = {}
    for key, value in readings:
        of_key.setdefault(key, []).append(_plain(value.strip()))
    return {key: "、".join(dict.fromkeys(values)) for key, values in of_key.items()}


class _Marked(HTMLParser):
    """The text of every element with ``data-figure``."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        key = dict(attrs).get("data-figure")
        if key and not self._open:
            self._text = []
            self._open = [(tag, key)]
        elif self._open and tag == self._open[0][0]:
            self._open.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag == self._open[0][0] and (ended := self._open.pop())[1]:
            self.found.append((ended[1], "".join(self._text)))

    def handle_data(self, data: str) -> None:
        if self._open:
            self._text.append(data)


class _PageWords(HTMLParser):
    _INLINE = frozenset({"span", "strong", "em", "a", "b", "i"})

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - tags alone
        if tag not in self._INLINE:
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data
