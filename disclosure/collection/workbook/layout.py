"""Where everything stands in a centre's workbook.

Writer and reader derive the same layout from the catalogue, so that a figure is read by its address and
the address is proven by the ids that the sheet carries in its hidden first column and hidden third row.
Rows and columns count from 0 here; people see A1 addresses.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, DisclosureSection, Identity, Indicator, Insurance, Region
from disclosure.platform.errors import DisclosureError
from disclosure.platform.wording import words_beside

#: Raised whenever addresses or metadata change meaning; older workbooks are then refused in words.
SCHEMA_VERSION = 2

ID_COLUMN, LABEL_COLUMN, UNIT_COLUMN, LAST_COLUMN, BASE_COLUMN, FIRST_INPUT_COLUMN = range(6)
TITLE_ROW, SUBTITLE_ROW, CODE_ROW, HEADING_ROW, FIRST_LINE_ROW = range(5)

COVER_LABEL_COLUMN, COVER_VALUE_COLUMN = 1, 2
#: Rows of what the cover says the workbook is, and of the three cells that people fill in on it.
COVER_FACTS = MappingProxyType({"period": 4, "as_of": 5, "centre": 6, "round": 7})
COVER_ROWS = MappingProxyType({"filler": 8, "checker": 9, "filled_on": 10})
#: The heading above the reviewer's words, where there are any; they stand in the row below.
COVER_MESSAGE_ROW = 12

NOTES_HEADING_ROW = 2
#: Where in 错误清单 people say that they have mended what cannot be seen any more.
CONFIRM_COLUMN = 6
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Longest text of a text indicator or an explanation, in characters.
TEXT_LIMIT = 2000
#: The Chinese of the workbook.
texts = words_beside(__file__)


def address(row: int, column: int) -> str:
    """``D7`` for (6, 3)."""
    return f"{_letters(column)}{row + 1}"


@cache
def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def heading_of(region: Region) -> str:
    """Return the prefecture as 全州 where it is called so; any other region by its name."""
    return next((alias for alias in region.aliases if alias.startswith("全")), region.name)


@dataclass(frozen=True)
class LayoutRow:
    """One row of the table: a section's heading (``section``) or an indicator, ``depth`` deep in its whole."""

    row: int
    section: DisclosureSection
    indicator: Indicator | None = None
    depth: int = 0

    @property
    def id(self) -> str:
        """What the hidden first column holds."""
        return self.indicator.id if self.indicator else f"section:{self.section.id}"

    @property
    def label(self) -> str:
        """The row's name as people see it; a part whose whole is not on the sheet has its plain name."""
        if self.indicator is None:
            return self.section.name
        return self.indicator.label if self.depth or not self.indicator.part_of else self.indicator.name


@dataclass(frozen=True)
class CheckLine:
    """A row under the table that recomputes one identity; ``parts`` are those the sheet has, with their sign.

    ``regions`` are those for which the total and every one of these parts are asked.
    """

    row: int
    identity: Identity
    total: Indicator
    parts: tuple[tuple[int, Indicator], ...]
    regions: tuple[Region, ...]

    @property
    def id(self) -> str:
        """What the hidden first column holds."""
        return f"check:{self.identity.id}"

    def part_rows(self, layout: SheetLayout) -> set[int]:
        """Return the rows of the parts that the sheet has."""
        return {layout.rows[part.id] for _, part in self.parts}

    def part_ids(self, catalog: Catalog) -> tuple[str, ...]:
        """Return the ids of every part that the identity knows, asked for or not."""
        return tuple(catalog.indicator_id(self.total.insurance, part) for part in self.identity.parts)


@dataclass(frozen=True)
class SheetLayout:
    """One insurance: its lines, its input columns (the prefecture first) and its checks."""

    insurance: Insurance
    prefecture: Region
    regions: tuple[Region, ...]
    lines: tuple[LayoutRow, ...]
    checks: tuple[CheckLine, ...]

    @property
    def name(self) -> str:
        """The sheet's name."""
        return self.insurance.short_name

    @cached_property
    def columns(self) -> dict[str, int]:
        """Region code -> input column."""
        return {region.code: FIRST_INPUT_COLUMN + place for place, region in enumerate(self.regions)}

    @property
    def last_input_column(self) -> int:
        """The column of the last region."""
        return FIRST_INPUT_COLUMN + len(self.regions) - 1

    @property
    def sum_column(self) -> int | None:
        """The column that compares the prefecture with the sum of its parts; None where no parts report."""
        return self.last_input_column + 1 if len(self.regions) > 1 else None

    @property
    def last_line_row(self) -> int:
        """The row of the last indicator."""
        return self.lines[-1].row

    @property
    def end_row(self) -> int:
        """The last row of the sheet."""
        return self.checks[-1].row if self.checks else self.last_line_row

    @cached_property
    def rows(self) -> dict[str, int]:
        """Indicator id -> row."""
        return {line.indicator.id: line.row for line in self.lines if line.indicator}

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """In the order of the sheet."""
        return tuple(line.indicator for line in self.lines if line.indicator)

    def regions_of(self, indicator: Indicator) -> tuple[Region, ...]:
        """Regions that have an input cell in this indicator's row."""
        return self.regions if indicator.by_county else (self.prefecture,)

    def inputs(self) -> Iterator[tuple[Indicator, Region, int, int]]:
        """Every input cell: indicator, region, row, column."""
        for line in self.lines:
            if line.indicator:
                for region in self.regions_of(line.indicator):
                    yield line.indicator, region, line.row, self.columns[region.code]

    @cached_property
    def inputs_by_place(self) -> dict[tuple[int, int], tuple[Indicator, Region]]:
        """(row, column) -> what is asked there."""
        return {(row, column): (indicator, region) for indicator, region, row, column in self.inputs()}

    def is_summed(self, indicator: Indicator) -> bool:
        """Whether the regions' values add up to the prefecture's (not so for a ratio, a level or a text)."""
        return self.sum_column is not None and indicator.by_county and indicator.kind in ("stock", "flow", "derived")

    def certain_formulas(self) -> Iterator[tuple[int, int]]:
        """Cells that hold a formula in every workbook of this layout; one without was moved or overwritten."""
        for line in self.lines:
            if line.indicator and self.sum_column is not None and self.is_summed(line.indicator):
                yield line.row, self.sum_column
        for check in self.checks:
            if not check.identity.opening:
                for region in check.regions:
                    yield check.row, self.columns[region.code]

    @cached_property
    def labels(self) -> dict[str, str]:
        """Indicator id -> the name people choose in 说明, unlike any other of the sheet."""
        alike = Counter(indicator.name for indicator in self.indicators)
        return {i.id: i.name if alike[i.name] == 1 else f"{i.name}（{i.id}）" for i in self.indicators}


@dataclass(frozen=True)
class WorkbookLayout:
    """The whole workbook of one centre and period."""

    profile: str
    period: Period
    centre: str
    sheets: tuple[SheetLayout, ...]
    digest: str

    def place_of(self, indicator: str, region: str) -> tuple[str, str]:
        """Sheet and cell where this indicator of this region is asked; empty where there is none."""
        sheet = next((sheet for sheet in self.sheets if indicator in sheet.rows), None)
        if sheet is None:
            return "", ""
        place = (sheet.rows[indicator], sheet.columns.get(region, -1))
        return sheet.name, address(*place) if place in sheet.inputs_by_place else ""

    def row_name(self, sheet_name: str, cell: str) -> str:
        """Return the name that the row of ``cell`` has in the table; empty outside of it."""
        number = cell.lstrip(_CAPITALS)
        sheet = next((sheet for sheet in self.sheets if sheet.name == sheet_name), None)
        if sheet is None or not number.isdecimal():
            return ""
        return next((line.label for line in sheet.lines if line.row == int(number) - 1), "")

    def own_sheets(self) -> frozenset[str]:
        """Return the names of every sheet that a workbook of this layout may have."""
        return frozenset({*texts()["sheets"].values(), *(sheet.name for sheet in self.sheets)})


def lay_out(catalog: Catalog, period: Period, centre_id: str, only: Iterable[str] = ()) -> WorkbookLayout:
    """Return the layout for ``centre_id`` in ``period``; ``only`` as in ``Catalog.indicators_for``.

    Raises:
        DisclosureError: when there is no such office, or nothing is asked of it in this period.
    """
    if centre_id not in catalog.offices:
        raise DisclosureError(f"没有编号为“{centre_id}”的填报单位，请核对机构配置 organisation.yaml。")
    asked = catalog.indicators_for(period, centre_id, only)
    if not asked:
        name = catalog.offices[centre_id].name
        raise DisclosureError(f"{period.label}没有要{name}填报的指标，请核对指标目录中的 centre 与本期要求。")
    sheets = tuple(
        _sheet(catalog, insurance, own)
        for insurance in catalog.insurances.values()
        if (own := tuple(i for i in asked if i.insurance == insurance.id))
    )
    return WorkbookLayout(catalog.profile.id, period, centre_id, sheets, _digest(catalog, sheets))


def _sheet(catalog: Catalog, insurance: Insurance, indicators: tuple[Indicator, ...]) -> SheetLayout:
    by_county = any(indicator.by_county for indicator in indicators)
    regions = (catalog.prefecture, *(catalog.parts_of_prefecture if by_county else ()))
    lines = tuple(_lines(catalog, indicators))
    checks = tuple(_checks(catalog, insurance, indicators, regions, first_row=lines[-1].row + 3))
    return SheetLayout(insurance, catalog.prefecture, regions, lines, checks)


def _lines(catalog: Catalog, indicators: tuple[Indicator, ...]) -> Iterator[LayoutRow]:
    """Sections in 82号's order; each whole is followed by its parts."""
    row = FIRST_LINE_ROW
    for section in sorted(catalog.sections.values(), key=lambda section: section.number):
        own = {indicator.id: indicator for indicator in indicators if indicator.section == section.id}
        if not own:
            continue
        yield LayoutRow(row, section)
        row += 1
        roots = [indicator for indicator in own.values() if indicator.part_of not in own]
        parts: dict[str | None, list[Indicator]] = defaultdict(list)
        for indicator in reversed(own.values()):
            parts[indicator.part_of].append(indicator)
        pending = [(indicator, 0) for indicator in reversed(roots)]
        while pending:
            indicator, depth = pending.pop()
            yield LayoutRow(row, section, indicator, depth)
            row += 1
            pending += [(part, depth + 1) for part in parts[indicator.id]]


def _checks(
    catalog: Catalog,
    insurance: Insurance,
    indicators: tuple[Indicator, ...],
    regions: tuple[Region, ...],
    first_row: int,
) -> Iterator[CheckLine]:
    """Yield the identities this sheet can show; ``complete_parts`` may lack parts, the others need them all."""
    own = {indicator.id: indicator for indicator in indicators}
    row = first_row
    for identity in catalog.identities.values():
        if insurance.id not in identity.for_each:
            continue
        total = own.get(f"{insurance.id}.{identity.total}")
        signed = [(-1 if part.startswith("-") else 1, part.removeprefix("-")) for part in identity.parts]
        parts = [(sign, own[f"{insurance.id}.{part}"]) for sign, part in signed if f"{insurance.id}.{part}" in own]
        complete = len(parts) == len(signed)
        if total is None or not parts or not (complete or identity.relation == "complete_parts"):
            continue
        if len({indicator.unit for indicator in (total, *(part for _, part in parts))}) > 1:
            continue
        everywhere = total.by_county and all(part.by_county for _, part in parts)
        yield CheckLine(row, identity, total, tuple(parts), regions if everywhere else regions[:1])
        row += 1


def _digest(catalog: Catalog, sheets: tuple[SheetLayout, ...]) -> str:
    """SHA-256 over everything that gives an address its meaning."""
    meaning = [
        [
            sheet.insurance.id,
            sheet.name,
            [[region.code, heading_of(region)] for region in sheet.regions],
            [
                [line.row, line.id, line.label]
                + (
                    [i.kind, i.unit, catalog.decimals(i), i.by_county, i.may_be_negative]
                    if (i := line.indicator)
                    else []
                )
                for line in sheet.lines
            ],
            [[check.row, check.id, [region.code for region in check.regions]] for check in sheet.checks],
        ]
        for sheet in sheets
    ]
    return hashlib.sha256(json.dumps(meaning, ensure_ascii=False).encode()).hexdigest()
