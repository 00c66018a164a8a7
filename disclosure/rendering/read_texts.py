"""Every word that a published file holds, seen or hidden: pages with their attributes and scripts, tables, data,
workbooks with comments and properties, printed sheets and pictures with their metadata, and the file's own name."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any

import pypdfium2

from disclosure.platform.errors import DisclosureError
from disclosure.rendering.picture_words import picture_words
from disclosure.rendering.read_numbers import pdf_text

#: A plain number where figures stand: it has less digits than any card or identity number.
_FIGURE = re.compile(r"[+-]?[\d,]{1,14}(?:\.\d+)?%?")
_DIGEST = re.compile(r"[0-9a-f]{40,}")
#: Whatever a style sheet or a font holds is made from our own templates.
_WITHOUT_WORDS = {".css", ".js", ".woff2", ".ico"}


def figures_alone_in(files: Mapping[str, bytes]) -> frozenset[str]:
    """Return every figure that stands alone in a cell or a label of the pages among ``files``, as it is printed."""
    found: set[str] = set()
    for path, content in files.items():
        if path.endswith((".html", ".svg")):
            reader = _Words()
            reader.feed(content.decode("utf-8", "replace"))
            reader.close()
            found |= reader.figures
    return frozenset(found)


def texts_in(path: str, content: bytes, figures: Collection[str] = ()) -> Iterator[str]:
    """Yield every text in the file, its name first.

    A printed sheet knows no cells: a row of a table is one line there, and its figures beside each other would read as
    one long number. ``figures`` are those that the pages of the same release show alone (:func:`figures_alone_in`).

    Raises:
        DisclosureError: when it cannot be read as what its name says it is.
    """
    yield PurePosixPath(path).name
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in _WITHOUT_WORDS:
        return
    try:
        texts = _of_pdf(content, figures) if suffix == ".pdf" else _READERS.get(suffix, _lines)(content)
        for text in texts:
            if (words := text.strip()) and not _DIGEST.fullmatch(words):
                yield words
    except (ValueError, csv.Error, zipfile.BadZipFile, pypdfium2.PdfiumError) as error:
        raise DisclosureError(f"{path} 读不出来，不能查找其中的个人信息：{error}") from error


class _Words(HTMLParser):
    """Text, comments and attributes of a page; scripts and styles as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.figures: set[str] = set()
        self._block: list[str] = []
        self._is_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self._end_block()
            self._is_cell = tag in _CELLS
        # Paths of drawings are numbers beside each other.
        self.found += [value for name, value in attrs if value and name not in {"d", "points", "viewbox", "transform"}]

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self._end_block()

    def handle_data(self, data: str) -> None:
        self._block.append(data)

    def handle_comment(self, data: str) -> None:
        self.found.append(data)

    def close(self) -> None:
        super().close()
        self._end_block()

    def _end_block(self) -> None:
        # A number may be partly in bold: what stands in one block is one text.
        words = "".join(self._block).strip()
        is_figure = _FIGURE.fullmatch(words) is not None
        if is_figure:
            self.figures.add(words)
        if not (self._is_cell and is_figure):
            self.found.append(words)
        self._block.clear()
        self._is_cell = False


#: Where figures stand: cells of a page, values of a sheet.
_CELLS = {"td", "v", "data"}
_INLINE = {"a", "abbr", "b", "bdi", "code", "em", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u", "wbr"}


def _of_markup(content: bytes) -> Iterator[str]:
    reader = _Words()
    reader.feed(content.decode("utf-8", "replace"))
    reader.close()
    yield from reader.found


def _of_json(content: bytes) -> Iterator[str]:
    yield from _strings(json.loads(content))


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        if not _FIGURE.fullmatch(data):
            yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield str(key)
            yield from _strings(value)
    elif isinstance(data, list):
        for value in data:
            yield from _strings(value)


def _of_csv(content: bytes) -> Iterator[str]:
    for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))):
        yield from (cell for cell in row if not _FIGURE.fullmatch(cell))


def _of_archive(content: bytes) -> Iterator[str]:
    """Yield the texts of every XML part: sheets, shared words, comments, properties."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            yield name
            if name.endswith((".xml", ".rels", ".vml")):
                yield from _of_markup(archive.read(name))
            elif name.endswith((".png", ".jpg", ".jpeg")):
                yield from picture_words(archive.read(name))


def _of_pdf(content: bytes, figures: Collection[str]) -> Iterator[str]:
    for line in pdf_text(content).splitlines():
        yield " ".join(";" if word in figures else word for word in line.split())
    with pypdfium2.PdfDocument(content) as pdf:
        yield from pdf.get_metadata_dict().values()


def _lines(content: bytes) -> Iterator[str]:
    yield from content.decode("utf-8", "replace").splitlines()


_READERS: Mapping[str, Callable[[bytes], Iterator[str]]] = {
    ".html": _of_markup,
    ".svg": _of_markup,
    ".xml": _of_markup,
    ".json": _of_json,
    ".csv": _of_csv,
    ".xlsx": _of_archive,
    ".docx": _of_archive,
    ".png": picture_words,
    ".jpg": picture_words,
    ".jpeg": picture_words,
    ".zip": _of_archive,
}
