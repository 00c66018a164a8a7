"""Importing figures that were published elsewhere, from a CSV with one figure in each row.

Names are matched through the catalogue alone; a row that does not match is reported with what to do
about it and is never guessed at.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, Inexact, InvalidOperation, localcontext

from disclosure.catalog import Catalog, Unit
from disclosure.errors import DisclosureError
from disclosure.figures import Figure, Source
from disclosure.periods import Period, parse_period

COLUMNS = ("region", "period", "insurance", "indicator", "unit", "value")

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")


@dataclass(frozen=True)
class UnmatchedRow:
    """A row that yielded no figure.

    ``line`` counts from 1 with the heading, ``row`` maps the six columns to what stands there, ``reason``
    says in Chinese which of them was not understood and what to do.
    """

    line: int
    row: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class ImportReport:
    """What an import yielded: ``rows`` = figures + unmatched rows + repetitions of the same value."""

    file_name: str
    figures: tuple[Figure, ...]
    unmatched: tuple[UnmatchedRow, ...]
    rows: int

    @property
    def repeated(self) -> int:
        """Rows left out because an earlier one gave the same value."""
        return self.rows - len(self.figures) - len(self.unmatched)

    @property
    def summary(self) -> tuple[str, ...]:
        """Chinese lines for the terminal: one of totals, then one for each unmatched row."""
        repeated = f"，{self.repeated} 行重复（数值相同，只留一次）" if self.repeated else ""
        total = f"{self.file_name}：共 {self.rows} 行，导入 {len(self.figures)} 个数据{repeated}"
        return (
            f"{total}，{len(self.unmatched)} 行未导入。",
            *(f"第 {bad.line} 行（{'，'.join(bad.row.values())}）：{bad.reason}" for bad in self.unmatched),
        )


def import_long_csv(content: bytes, file_name: str, catalog: Catalog) -> ImportReport:
    """Read figures from a CSV with the columns region, period, insurance, indicator, unit, value.

    Columns may stand in any order and others are passed over; UTF-8 (with or without BOM) and GB18030
    are read. Values keep their printed decimals and are converted exactly to the catalogue's unit.

    Raises:
        DisclosureError: when the file is no such CSV at all (encoding, missing columns, broken quoting).
    """
    document = hashlib.sha256(content).hexdigest()
    matched: list[tuple[Mapping[str, str], Figure]] = []
    unmatched: list[UnmatchedRow] = []
    rows = 0
    for line, row in _rows(content, file_name):
        rows += 1
        figure, mistakes = _match(row, Source(document=document, file_name=file_name, cell=str(line)), catalog)
        if figure is None:
            unmatched.append(UnmatchedRow(line, row, "；".join(mistakes) + "。"))
        else:
            matched.append((row, figure))
    figures, contradictions = _without_repetitions(matched)
    unmatched = sorted((*unmatched, *contradictions), key=lambda bad: bad.line)
    return ImportReport(file_name, figures, tuple(unmatched), rows)


def _rows(content: bytes, file_name: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line number and the six columns of every row that is not blank."""
    reader = csv.reader(io.StringIO(_decoded(content, file_name), newline=""), strict=True)
    try:
        heading = [cell.strip().lower() for cell in next(reader, [])]
        if missing := [column for column in COLUMNS if heading.count(column) != 1]:
            raise DisclosureError(
                f"{file_name} 第 1 行：缺少（或重复了）列 {'、'.join(missing)}，"
                f"首行应写明 {'、'.join(COLUMNS)} 六列，次序不限。"
            )
        places = {column: heading.index(column) for column in COLUMNS}
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield (
                    reader.line_num,
                    {column: cells[n].strip() if n < len(cells) else "" for column, n in places.items()},
                )
    except csv.Error as error:
        raise DisclosureError(
            f"{file_name} 第 {reader.line_num} 行：不是正确的 CSV（{error}），请用表格软件另存为 CSV 后重试。"
        ) from error


def _decoded(content: bytes, file_name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DisclosureError(f"{file_name}：文字编码既不是 UTF-8 也不是 GB18030，请另存为 UTF-8 编码的 CSV 后重试。")


def _match(row: Mapping[str, str], source: Source, catalog: Catalog) -> tuple[Figure | None, list[str]]:
    """The figure of ``row``, or None and all that was not understood in it."""
    mistakes: list[str] = []
    region = catalog.find_region(row["region"])
    if region is None:
        mistakes.append(f"region：目录中没有地区“{row['region']}”，请核对，或在地区配置的 regions.yaml 中补上别名")
    period = _period(row["period"], mistakes)
    insurance = catalog.find_insurance(row["insurance"])
    indicator = catalog.find_indicator(insurance.id, row["indicator"]) if insurance else None
    if insurance is None:
        mistakes.append(
            f"insurance：目录中没有险种“{row['insurance']}”，请核对，或在地区配置的 insurances.yaml 中补上别名"
        )
    elif indicator is None:
        mistakes.append(
            f"indicator：“{insurance.name}”没有（或不止一个）叫“{row['indicator']}”的指标，"
            "请核对，或在地区配置的 indicators.yaml 中补上别名"
        )
    value: Decimal | None = None
    text = ""
    if indicator is not None and indicator.kind == "text":
        text = row["value"]
        if not text:
            mistakes.append("value：没有填写内容，请补上文字")
    else:
        value = _number(row["value"], mistakes)
        unit = catalog.find_unit(row["unit"])
        if unit is None:
            mistakes.append(f"unit：目录中没有计量单位“{row['unit']}”，请核对，或在 units.yaml 中补上")
        elif indicator is not None and value is not None:
            value = _converted(value, unit, catalog.units[indicator.unit], mistakes)
    if mistakes or region is None or period is None or indicator is None:
        return None, mistakes
    return (
        Figure(
            region=region.code,
            indicator=indicator.id,
            period=period,
            unit=indicator.unit,
            value=value,
            text=text,
            centre=indicator.centre,
            source=source,
        ),
        [],
    )


def _period(text: str, mistakes: list[str]) -> Period | None:
    try:
        return parse_period(text)
    except DisclosureError as error:
        mistakes.append(f"period：{str(error).removesuffix('。')}")
        return None


def _number(text: str, mistakes: list[str]) -> Decimal | None:
    folded = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    if _NUMBER.fullmatch(folded):
        return Decimal(folded.replace(",", ""))
    mistakes.append(f"value：“{text}”不是数字，请只填数字，单位写在 unit 列")
    return None


def _converted(value: Decimal, unit: Unit, wanted: Unit, mistakes: list[str]) -> Decimal | None:
    """``value`` in ``wanted``, exactly.

    A normalised factor keeps the printed precision in the exponent: 107.27 万人 become 1.0727E+6 人.
    """
    if unit.base != wanted.base:
        mistakes.append(f"unit：单位“{unit.id}”不能换算成该指标的单位“{wanted.id}”，请核对单位；若口径不同，应另设指标")
        return None
    with localcontext(prec=60) as context:
        context.traps[Inexact] = True
        try:
            return value * (unit.factor / wanted.factor).normalize()
        except (Inexact, InvalidOperation):
            mistakes.append(f"unit：“{unit.id}”换算成“{wanted.id}”时除不尽，请按“{wanted.id}”填写")
            return None


def _without_repetitions(
    matched: Iterable[tuple[Mapping[str, str], Figure]],
) -> tuple[tuple[Figure, ...], tuple[UnmatchedRow, ...]]:
    """One figure for each key; where one key has different values, none of them is taken."""
    by_key: dict[tuple[str, str, str], list[tuple[Mapping[str, str], Figure]]] = {}
    for row, figure in matched:
        by_key.setdefault(figure.key, []).append((row, figure))
    kept: list[Figure] = []
    contradictions: list[UnmatchedRow] = []
    for same in by_key.values():
        if len({(figure.value, figure.text) for _, figure in same}) == 1:
            kept.append(same[0][1])
            continue
        lines = "、".join(figure.source.cell for _, figure in same)
        contradictions += [
            UnmatchedRow(
                int(figure.source.cell),
                row,
                f"value：第 {lines} 行是同一个数据，数值却不同，都没有导入，请核对后只留正确的一行。",
            )
            for row, figure in same
        ]
    return tuple(kept), tuple(contradictions)
