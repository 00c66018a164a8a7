"""A long table, one figure a row, as it comes out of Excel, WPS or a statistics system: CSV or .xlsx.

Only the shape is read here; what the words mean is ``disclosure.figures.printed``'s matter.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import python_calamine

from disclosure.catalog import ImportWords
from disclosure.collection.workbook.ooxml.package import FILE_LIMIT, open_package
from disclosure.collection.workbook.ooxml.xml import UnreadableError
from disclosure.platform.errors import DisclosureError

REQUIRED = ("region", "period", "insurance", "indicator", "unit", "value")
#: May be given once for the whole table, in a line before the heading (``来源：…``).
FOR_ALL = ("origin", "retrieved", "note")
#: The heading is one of the first rows.
_HEADING_WITHIN = 15
#: A row with fewer of its words is no heading with something missing.
_LIKE_A_HEADING = 3
_SEPARATORS = (",", "\t", ";")
_STATED = re.compile(r"#?\s*([^:：]{1,12})[:：]\s*(.+)", re.DOTALL)


@dataclass(frozen=True)
class LongTableRow:
    """One row: ``line`` counts from 1 in the file (or ``sheet``), ``cells`` maps the columns' ids to their text."""

    line: int
    cells: Mapping[str, str]
    sheet: str = ""


#: (line, cells) of every row, blank ones included.
_Lines = Sequence[tuple[int, Sequence[str]]]


def read_table(content: bytes, file_name: str, words: ImportWords) -> list[LongTableRow]:
    """Every row that is not blank, with its columns under their ids (``imports.yaml``), in the file's order.

    Reads UTF-8 (with or without BOM), UTF-16 with BOM and GB18030; commas, tabs and semicolons; headings in
    Chinese or English in any order; every sheet of an .xlsx that has the heading. Optional columns that are
    missing are left out of ``cells``. A number cell of an .xlsx says what was typed but for zeros at its end.

    Raises:
        DisclosureError: when this is no such table (encoding, heading, quoting, a damaged .xlsx).
    """
    if len(content) > FILE_LIMIT:
        size = f"{len(content) / 1024 / 1024:.0f} MB"
        raise DisclosureError(f"{file_name}：文件有 {size}，超过 {FILE_LIMIT // 1024 // 1024} MB，请分成几个再导入。")
    if content.startswith(b"PK\x03\x04"):
        return _from_workbook(content, file_name, words)
    text = _decoded(content, file_name)
    separator = _separator(text, words)
    rows = _rows(_csv_lines(text, separator, file_name), words)
    if rows is None:
        raise DisclosureError(f"{file_name}：{_no_heading(_csv_lines(text, separator, file_name), words)}")
    return rows


def _from_workbook(content: bytes, file_name: str, words: ImportWords) -> list[LongTableRow]:
    try:
        package = open_package(content, file_name)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            package.scan(name)  # refuses one that reaches out of all bounds, before it is laid out
        sheets = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
    except UnreadableError as error:
        raise DisclosureError(f"{file_name}：{error.problem.found}，{error.problem.why}。") from error
    except python_calamine.CalamineError as error:
        raise DisclosureError(f"{file_name}：工作簿已损坏，读不出来，请在 Excel 或 WPS 中重新保存后再试。") from error
    found: list[LongTableRow] = []
    has_heading = False
    said = ""
    for name, sheet in sheets.items():
        lines = [
            (number, [_cell_text(cell) for cell in cells])
            for number, cells in enumerate(sheet.to_python(skip_empty_area=False), 1)
        ]
        rows = _rows(lines, words, name)
        has_heading = has_heading or rows is not None
        found += rows or []
        said = said or _no_heading(lines, words)
    if not has_heading:
        raise DisclosureError(f"{file_name}：{said}")
    return found


def _cell_text(cell: object) -> str:
    """Return what a cell says; a float by its shortest decimal form, which is what was typed."""
    if isinstance(cell, float):
        # Decimal's own notation would be 1E+2 for what the cell shows as 100.
        return f"{int(cell)}" if cell.is_integer() else f"{Decimal(repr(cell)):f}"
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return str(cell)


def _decoded(content: bytes, file_name: str) -> str:
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise DisclosureError(f"{file_name}：不是 UTF-8 或 GB18030 编码的文本，请另存为 CSV（UTF-8）后重试。")


def _separator(text: str, words: ImportWords) -> str:
    """Return the one that yields most of the headings."""
    head = text.splitlines()[:_HEADING_WITHIN]
    return max(_SEPARATORS, key=lambda mark: max((len(_columns(line.split(mark), words)) for line in head), default=0))


def _csv_lines(text: str, separator: str, file_name: str) -> _Lines:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise DisclosureError(
            f"{file_name} 第 {reader.line_num} 行：不是正确的 CSV（{error}），请用表格软件另存为 CSV 后重试。"
        ) from error


def _rows(lines: _Lines, words: ImportWords, sheet: str = "") -> list[LongTableRow] | None:
    """Return the rows below the heading; None where there is no heading."""
    stated: dict[str, str] = {}
    for place, (_, cells) in enumerate(lines[:_HEADING_WITHIN]):
        columns = _columns(cells, words)
        if all(len(columns.get(column, ())) == 1 for column in REQUIRED):
            return list(_body(lines[place + 1 :], columns, stated, sheet))
        stated.update(_stated(cells, words))
    return None


def _body(
    lines: _Lines, columns: Mapping[str, list[int]], stated: Mapping[str, str], sheet: str
) -> Iterator[LongTableRow]:
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        read = {
            column: "；".join(filter(None, (cells[n].strip() if n < len(cells) else "" for n in places)))
            for column, places in columns.items()
        }
        yield LongTableRow(line, read | {column: read.get(column) or said for column, said in stated.items()}, sheet)


def _columns(cells: Sequence[str], words: ImportWords) -> dict[str, list[int]]:
    """Column id -> the places where its heading stands."""
    ids = {_folded(name): column for column, names in words.columns.items() for name in names}
    found: dict[str, list[int]] = {}
    for place, cell in enumerate(cells):
        if column := ids.get(_folded(cell)):
            found.setdefault(column, []).append(place)
    return found


def _stated(cells: Sequence[str], words: ImportWords) -> dict[str, str]:
    """``来源：…`` and the like, said once for all rows."""
    ids = {_folded(name): column for column in FOR_ALL for name in words.columns.get(column, ())}
    match = _STATED.fullmatch("".join(cells).strip())
    column = ids.get(_folded(match[1])) if match else None
    return {column: match[2].strip()} if match and column else {}


def _folded(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def _no_heading(lines: _Lines, words: ImportWords) -> str:
    """Which columns are missing or stand there twice, by the row that comes nearest to a heading."""
    line, columns = max(
        ((line, _columns(cells, words)) for line, cells in lines[:_HEADING_WITHIN]),
        key=lambda each: len(each[1]),
        default=(1, {}),
    )
    wanted = "、".join(words.columns[column][1] for column in REQUIRED)
    if len(columns) < _LIKE_A_HEADING:
        example = "、".join(words.example)
        return (
            f"没有找到表头。请在数据上面加一行表头，写明 {wanted} 六列（次序不限），每行一个数，如“{example}”；"
            "一行里有几个地区或几个期间的数的，请先拆成一行一个数。"
        )
    missing = [words.columns[column][1] for column in REQUIRED if len(columns.get(column, ())) != 1]
    return (
        f"第 {line if columns else 1} 行缺少（或重复了）列 {'、'.join(missing)}；"
        f"表头应写明 {wanted} 六列，次序不限，再重试。"
    )
