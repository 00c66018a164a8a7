"""Reading a workbook handed in: every figure by its address, every mistake by its cell, nothing by guess."""

from __future__ import annotations

import gc
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

import python_calamine as calamine

from disclosure.catalog import Catalog, Indicator, Region
from disclosure.catalog.catalog import normalise
from disclosure.collection.workbook_cells import (
    CellReading,
    Complaint,
    NumberForm,
    clean,
    quoted,
    read_number,
    read_text,
    rules,
)
from disclosure.collection.workbook_layout import (
    CODE_ROW,
    COVER_FACTS,
    COVER_LABEL_COLUMN,
    COVER_MESSAGE_ROW,
    COVER_ROWS,
    COVER_VALUE_COLUMN,
    FIRST_INPUT_COLUMN,
    FIRST_LINE_ROW,
    HEADING_ROW,
    ID_COLUMN,
    LABEL_COLUMN,
    LAST_COLUMN,
    NOTES_HEADING_ROW,
    SCHEMA_VERSION,
    SUBTITLE_ROW,
    TEXT_LIMIT,
    UNIT_COLUMN,
    YEAR_BEFORE_COLUMN,
    SheetLayout,
    WorkbookLayout,
    address,
    lay_out,
    texts,
)
from disclosure.collection.workbook_package import Package, SheetScan, UnreadableError, open_package, unreadable
from disclosure.collection.workbook_reading import (
    CellValue,
    Cover,
    Explanation,
    Problem,
    Typed,
    TypedCell,
    WorkbookReading,
)
from disclosure.errors import DisclosureError
from disclosure.figures import Figure, Source
from disclosure.periods import Period, parse_period

__all__ = ["Cover", "Explanation", "Problem", "WorkbookReading", "examine", "read_workbook", "unsigned"]

Values = Mapping[tuple[int, int], CellValue]
_RESEND = "请用本系统为本单位下发的工作簿重新填报"
_REFILL = "请用原工作簿重新填报"
_FAULTY = ("有错误的内容", "文件内部结构不正确，请在 Excel 或 WPS 中打开原文件，另存为 .xlsx 后再交", "完好的工作簿")
#: Longest text that is taken for 填报人 or 审核人, in characters.
LONGEST_NAME = 60
#: Sheets of this name are WPS's own; nobody types into them.
_OF_THE_PROGRAM = "WpsReserved_"


def examine(content: bytes, file_name: str, catalog: Catalog) -> WorkbookReading:
    """Read a workbook as it is handed in: like ``read_workbook``, and signed by those who answer for it."""
    with _no_collection():
        reading = read_workbook(content, file_name, catalog)
    return reading if reading.gather is None else unsigned(reading)


def unsigned(reading: WorkbookReading) -> WorkbookReading:
    """``reading`` with a problem for each name on its cover that is missing or no name. Who drafted may not review."""
    return (
        reading if reading.cover is None else replace(reading, problems=(*reading.problems, *_unsigned(reading.cover)))
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Reading makes many small objects and no cycles: looking for garbage meanwhile takes a third of its time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_workbook(content: bytes, file_name: str, catalog: Catalog) -> WorkbookReading:
    """Read ``content`` (the bytes of a file known to people as ``file_name``).

    A bad file is a reading with problems; nothing a file holds makes this raise. Figures have their
    centre, unit and source cell; values are exact decimals with the printed decimals of their indicator.
    """
    cover: Cover | None = None
    try:
        package = open_package(content, file_name)
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            metadata = _metadata(book, package)
            cover = _cover(metadata, book, package, catalog)
            layout = _layout(metadata, cover, catalog)
            _check_properties(metadata, package)
            return _Reader(
                book=book,
                package=package,
                catalog=catalog,
                cover=cover,
                layout=layout,
                file=Source(hashlib.sha256(content).hexdigest(), file_name),
            ).read()
    except UnreadableError as error:
        return WorkbookReading(cover, (), (error.problem,), ())
    except BaseException as error:
        if not _is_parser_failure(error):
            raise
        return WorkbookReading(cover, (), (unreadable(*_FAULTY).problem,), ())


def _is_parser_failure(error: BaseException) -> bool:
    """calamine's own errors, and a panic in its Rust code, which is no ``Exception``."""
    return isinstance(error, calamine.CalamineError) or type(error).__name__ == "PanicException"


def _unsigned(cover: Cover) -> Iterator[Problem]:
    words = texts()
    for key, written in (("filler", cover.filler), ("checker", cover.checker)):
        where = (words["sheets"]["cover"], address(COVER_ROWS[key], COVER_VALUE_COLUMN))
        if not written.strip():
            why = "填报和审核须有人负责，请填写姓名后再交"
            yield Problem(*where, "空白", f"{words['cover'][key]}的姓名", why)
        elif len(written) > LONGEST_NAME:
            expected = f"不超过 {LONGEST_NAME} 个字的姓名"
            yield Problem(*where, f"{len(written)} 个字", expected, f"{words['cover'][key]}一栏请只写姓名")


def _values(
    book: calamine.CalamineWorkbook, package: Package, name: str
) -> tuple[dict[tuple[int, int], CellValue], SheetScan]:
    """The sheet's filled cells, once its extent is known to be bounded."""
    try:
        scan = package.scan(name)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except calamine.CalamineError as error:
        raise unreadable(*_FAULTY, sheet=_seen(name)) from error
    except UnreadableError as error:
        raise UnreadableError(replace(error.problem, sheet=_seen(error.problem.sheet))) from error
    filled = {(r, c): value for r, row in enumerate(rows) for c, value in enumerate(row) if value != ""}
    return filled, scan


def _seen(name: str) -> str:
    """A sheet that people see; of the one they do not, the whole file is spoken of."""
    return "" if name == texts()["sheets"]["meta"] else name


def _at(values: Values, row: int, column: int) -> str:
    return clean(values.get((row, column), ""))


def _metadata(book: calamine.CalamineWorkbook, package: Package) -> dict[str, str]:
    """The hidden sheet that says what the workbook is; custom properties tell people the same."""
    name = texts()["sheets"]["meta"]
    if name not in package.sheet_names:
        raise unreadable("不是本系统下发的工作簿", _RESEND)
    values, _ = _values(book, package, name)
    return {_at(values, row, 0): _at(values, row, 1) for row, column in values if column == 0}


def _cover(metadata: dict[str, str], book: calamine.CalamineWorkbook, package: Package, catalog: Catalog) -> Cover:
    version = metadata.get("schema_version", "")
    if version != str(SCHEMA_VERSION):
        found = f"第 {version} 版工作簿" if version else "没有版本号的工作簿"
        raise unreadable(found, f"工作簿的版式已更新，{_RESEND}", f"第 {SCHEMA_VERSION} 版工作簿")
    name = texts()["sheets"]["cover"]
    profile = metadata.get("profile", "")
    if profile != catalog.profile.id:
        raise unreadable(f"地区配置“{profile}”的工作簿", _RESEND, f"“{catalog.profile.id}”的工作簿", name)
    try:
        period = parse_period(metadata.get("period", ""))
    except DisclosureError as error:
        raise unreadable(f"期间{quoted(metadata.get('period', ''))}", _RESEND, "已开启的披露周期", name) from error
    centre = metadata.get("centre", "")
    if centre not in {office.id for office in catalog.centres}:
        raise unreadable(f"填报单位{quoted(centre)}", _RESEND, "本地区负责报数的单位", name)
    if not re.fullmatch(r"[1-9][0-9]{0,3}", metadata.get("round", ""), re.ASCII):
        raise unreadable(f"轮次{quoted(metadata.get('round', ''))}", _RESEND, "从 1 开始的轮次", name)
    only = tuple(metadata.get("only", "").split())
    round_number = int(metadata["round"])
    filled = _cover_fields(book, package, name)
    return Cover(profile, period, centre, round_number, only, SCHEMA_VERSION, **filled)


def _cover_fields(book: calamine.CalamineWorkbook, package: Package, name: str) -> dict[str, str]:
    if name not in package.sheet_names:
        raise unreadable("没有这张工作表", f"封面被改名或删除，{_REFILL}", "原来的封面", name)
    values, _ = _values(book, package, name)
    for key, row in (COVER_FACTS | COVER_ROWS).items():
        label, wanted = _at(values, row, COVER_LABEL_COLUMN), texts()["cover"][key]
        if label != wanted:
            cell = address(row, COVER_LABEL_COLUMN)
            why = f"封面的行列被移动过，{_REFILL}"
            raise unreadable(_shown(label), why, quoted(wanted), name, cell)
    return {key: _at(values, row, COVER_VALUE_COLUMN) for key, row in COVER_ROWS.items()}


def _layout(metadata: dict[str, str], cover: Cover, catalog: Catalog) -> WorkbookLayout:
    try:
        layout = lay_out(catalog, cover.period, cover.centre, cover.only)
    except DisclosureError as error:
        raise unreadable(
            f"{cover.period.label}的工作簿", f"{str(error).rstrip('。')}；{_RESEND}", "应报期间的工作簿"
        ) from error
    if metadata.get("layout") != layout.digest:
        why = f"下发之后指标目录有变动，{_RESEND}"
        raise unreadable("指标与现行目录不一致的工作簿", why, "按现行指标目录下发的工作簿")
    return layout


def _check_properties(metadata: dict[str, str], package: Package) -> None:
    """Custom properties, which some programs drop, may not say otherwise: sheets of two workbooks are no workbook."""
    said = package.properties
    if any(said.get(f"disclosure_{key}", value) != value for key, value in metadata.items() if value):
        raise unreadable("文件属性与内容不一致的工作簿", f"它可能由几个工作簿拼成，{_RESEND}")


def _shown(text: str) -> str:
    return quoted(text) if text else "空白"


@dataclass(frozen=True)
class _Table:
    """One insurance's sheet as found.

    ``rows`` and ``columns`` tell where each line and region really stands; ``is_read`` is false where
    cells may have moved, so that no address can be trusted.
    """

    layout: SheetLayout
    values: Values
    scan: SheetScan
    rows: Mapping[str, int]
    columns: Mapping[str, int]
    is_read: bool


class _Reader:
    """One pass over a workbook whose cover and layout are known."""

    def __init__(
        self,
        *,
        book: calamine.CalamineWorkbook,
        package: Package,
        catalog: Catalog,
        cover: Cover,
        layout: WorkbookLayout,
        file: Source,
    ) -> None:
        self.book, self.package, self.catalog = book, package, catalog
        self.cover, self.layout, self.file = cover, layout, file
        self.problems: list[Problem] = []
        self.explanations: tuple[Explanation, ...] = ()
        self.notes: dict[int, tuple[str, ...]] = {}
        self.notes_are_read = True

    def read(self) -> WorkbookReading:
        message = self._read_cover()
        self._check_sheets()
        tables = [table for sheet in self.layout.sheets if (table := self._table(sheet))]
        stands_as_sent = not self.problems
        self.explanations = tuple(self._read_notes())
        figures = [figure for table in tables if table.is_read for figure in self._figures(table)]
        if not figures and not self.problems:
            why = "整本工作簿没有填任何数据，请填好黄色单元格后再交"
            self.problems.append(Problem("", "", "空白的工作簿", "填好数据的工作簿", why))
        kept = tuple(figures) if stands_as_sent else ()

        def gather() -> Typed:
            return Typed(
                cells={place: cell for table in tables for place, cell in self._typed(table)},
                past=tuple(figure for table in tables for figure in self._past(table)),
                notes=self.notes,
                message=message,
            )

        return WorkbookReading(self.cover, kept, tuple(self.problems), self.explanations, gather)

    # -- 封面与工作表 ------------------------------------------------------------------------------------

    def _read_cover(self) -> str:
        """What the cover says the workbook is must be what it is; returns the reviewer's words on it."""
        words, name = texts()["cover"], texts()["sheets"]["cover"]
        values, _ = _values(self.book, self.package, name)
        told = {
            "period": self.cover.period.label,
            "centre": self.catalog.offices[self.cover.centre].name,
            "round": words["round_text"].format(round=self.cover.round),
        }
        for key, wanted in told.items():
            if (found := _at(values, COVER_FACTS[key], COVER_VALUE_COLUMN)) != wanted:
                cell = address(COVER_FACTS[key], COVER_VALUE_COLUMN)
                why = f"封面上的“{words[key]}”被改动，不能用别的工作簿改成本期的；{_RESEND}"
                self.problems.append(Problem(name, cell, _shown(found), quoted(wanted), why))
        has_message = _at(values, COVER_MESSAGE_ROW, COVER_LABEL_COLUMN) == words["message"]
        return _at(values, COVER_MESSAGE_ROW + 1, COVER_LABEL_COLUMN) if has_message else ""

    def _check_sheets(self) -> None:
        """No figure may stand where nobody reads it, or be read where nobody saw it."""
        names = texts()["sheets"]
        unseen = {names["meta"], names["guide"], names["errors"]}
        for name in self.package.sheet_names:
            if name in self.layout.own_sheets() - unseen and not self.package.is_visible(name):
                why = "隐藏的工作表没有人核对过，请取消隐藏，核对后再交"
                self.problems.append(Problem(name, "", "隐藏的工作表", "可见的工作表", why))
        for name in self._foreign_sheets():
            why = "本系统不读自己添加的工作表，请把要报的数填入原来的表中，并删除这张工作表"
            self.problems.append(Problem(name, "", "多出的工作表", "原有的工作表", why))

    def _foreign_sheets(self) -> list[str]:
        """Sheets that are none of ours and hold something."""
        return [
            name
            for name in self.package.sheet_names
            if name not in self.layout.own_sheets()
            and not name.startswith(_OF_THE_PROGRAM)
            and self.package.scan(name).styles
        ]

    def _replace_extra(self, name: str, wanted: str) -> None:
        """A sheet under another name is told of once: as renamed."""
        self.problems = [problem for problem in self.problems if problem.sheet != name]
        why = f"工作表被改名，请改回“{wanted}”"
        self.problems.append(Problem(wanted, "", f"工作表“{name}”", f"工作表“{wanted}”", why))

    # -- 位置 -------------------------------------------------------------------------------------------

    def _table(self, sheet: SheetLayout) -> _Table | None:
        """The sheet as found; whatever does not stand as it was sent out is a problem. None: there is no such sheet."""
        try:
            name = self._name_of(sheet)
            values, scan = _values(self.book, self.package, name)
        except UnreadableError as error:
            self.problems.append(error.problem)
            return None
        moved = next(self._moved(sheet, values), None)
        if moved is None:
            overwritten = next(self._overwritten(sheet, values, scan), None)
            self.problems += [overwritten] if overwritten else []
            self.problems += self._changed_units(sheet, values)
            self.problems += self._merged(sheet, name)
            rows = {line.id: line.row for line in sheet.lines}
            return _Table(sheet, values, scan, rows, sheet.columns, overwritten is None)
        self.problems.append(moved)
        ids = [(clean(value), row) for (row, column), value in values.items() if column == ID_COLUMN]
        codes = [(clean(value), column) for (row, column), value in values.items() if row == CODE_ROW]
        return _Table(sheet, values, scan, _once(ids), _once(codes), is_read=False)

    def _name_of(self, sheet: SheetLayout) -> str:
        """The name under which the sheet is found: its own, or with a problem that which carries its lines."""
        if sheet.name not in self.package.sheet_names:
            for name in self._foreign_sheets():
                values, _ = _values(self.book, self.package, name)
                if next(self._moved(sheet, values), None) is None:
                    self._replace_extra(name, sheet.name)
                    return name
        self._require(sheet.name)
        return sheet.name

    def _require(self, name: str) -> None:
        if name not in self.package.sheet_names:
            raise unreadable("没有这张工作表", f"工作表被改名或删除，{_REFILL}", "原来的工作表名称", name)

    def _moved(self, sheet: SheetLayout, values: Values) -> Iterator[Problem]:
        """Columns and rows that are not where they were sent out."""
        for region in sheet.regions:
            column = sheet.columns[region.code]
            if (found := _at(values, CODE_ROW, column)) != region.code:
                other = self.catalog.regions.get(found)
                yield Problem(
                    sheet.name,
                    address(HEADING_ROW, column),
                    f"“{other.name}”列" if other else "不明的列",
                    f"“{region.name}”列",
                    f"有列被插入、删除或移动，{_REFILL}",
                )
        for line in sheet.lines:
            if _at(values, line.row, ID_COLUMN) != line.id:
                wanted = line.indicator.name if line.indicator else line.section.name
                label = _at(values, line.row, LABEL_COLUMN)
                yield Problem(
                    sheet.name,
                    address(line.row, LABEL_COLUMN),
                    f"{quoted(label)}行" if label else "空行",
                    f"“{wanted}”行",
                    f"有行被插入、删除或移动，{_REFILL}",
                )

    def _overwritten(self, sheet: SheetLayout, values: Values, scan: SheetScan) -> Iterator[Problem]:
        """Checks that are no longer formulas: with them cells of their row or column may have moved."""
        for row, column in sheet.certain_formulas():
            if (row, column) not in scan.formulas:
                why = f"核对公式被覆盖，或有单元格被插入、删除，{_REFILL}"
                found = _shown(_at(values, row, column))
                yield Problem(sheet.name, address(row, column), found, "自动核对的公式", why)

    def _changed_units(self, sheet: SheetLayout, values: Values) -> Iterator[Problem]:
        """Who changes the unit means the figures beside it in that unit."""
        for line in sheet.lines:
            if line.indicator and (found := _at(values, line.row, UNIT_COLUMN)) != line.indicator.unit:
                why = "计量单位被改动，请改回原来的单位，并核对这一行的数据是否按它填写"
                wanted = _shown(line.indicator.unit)
                yield Problem(sheet.name, address(line.row, UNIT_COLUMN), _shown(found), wanted, why)

    def _merged(self, sheet: SheetLayout, name: str) -> Iterator[Problem]:
        for (top, left), (bottom, right) in self.book.get_sheet_by_name(name).merged_cell_ranges or []:
            if (
                top <= sheet.last_line_row
                and bottom >= FIRST_LINE_ROW
                and left <= sheet.last_input_column
                and right >= FIRST_INPUT_COLUMN
            ):
                found = f"合并的单元格 {address(top, left)}:{address(bottom, right)}"
                cell = address(max(top, FIRST_LINE_ROW), max(left, FIRST_INPUT_COLUMN))
                yield Problem(sheet.name, cell, found, "未合并的单元格", "请取消合并后逐格填写")

    # -- 填的内容 ----------------------------------------------------------------------------------------

    def _typed(self, table: _Table) -> Iterator[tuple[tuple[str, int, int], TypedCell]]:
        """What stands in the inputs and the grey cells between them, wherever they are now."""
        for line in table.layout.lines:
            for region in table.layout.regions:
                row, column = table.rows.get(line.id, -1), table.columns.get(region.code, -1)
                if (cell := self._typed_cell(table, row, column)) is not None:
                    yield (table.layout.name, line.row, table.layout.columns[region.code]), cell

    def _typed_cell(self, table: _Table, row: int, column: int) -> TypedCell | None:
        scan, place = table.scan, (row, column)
        number_format = self.package.number_format(scan.styles.get(place, 0))
        if place in scan.formulas:
            formula = scan.formulas[place]
            return TypedCell(f"={formula}" if formula else _at(table.values, row, column))
        if place in scan.errors:
            return TypedCell(scan.errors[place])
        raw = table.values.get(place, "")
        return None if clean(raw) == "" else TypedCell(raw, number_format)

    def _past(self, table: _Table) -> Iterator[Figure]:
        """The earlier figures beside the inputs, as they are shown: in the present unit, or as a text."""
        layout, period, words = table.layout, self.cover.period, texts()["data"]
        if table.columns != layout.columns:
            return
        blocks: list[tuple[int, Period | None, tuple[Region, ...]]] = [
            (LAST_COLUMN, period.previous(), (layout.prefecture,)),
            (YEAR_BEFORE_COLUMN, period.year_before(), (layout.prefecture,)),
        ]
        parts = tuple(region for region in layout.regions if region != layout.prefecture)
        for (row, column), value in table.values.items():
            if row == SUBTITLE_ROW and column > layout.last_input_column:
                for key, earlier in (("last_parts", period.previous()), ("year_before_parts", period.year_before())):
                    if earlier and clean(value) == words[key].format(period=earlier.label):
                        blocks.append((column, earlier, parts))
        for first, earlier, regions in blocks:
            for indicator in layout.indicators:
                for column, region in enumerate(regions, first):
                    place = (table.rows.get(indicator.id, -1), column)
                    if earlier is not None and (value := table.values.get(place, "")) != "":
                        code = self.package.number_format(table.scan.styles.get(place, 0))
                        yield _past_figure(indicator, region, earlier, value, code)

    def _figures(self, table: _Table) -> Iterator[Figure]:
        sheet = table.layout
        inputs = {(row, column): (indicator, region) for indicator, region, row, column in sheet.inputs()}
        forms = {i.id: NumberForm(i.unit, self.catalog.decimals(i), i.may_be_negative) for i in sheet.indicators}
        for line in sheet.lines:
            for column in range(FIRST_INPUT_COLUMN, sheet.last_input_column + 1):
                place = (line.row, column)
                if place not in inputs:
                    if (grey := self._typed_cell(table, *place)) is not None:
                        why = "这一格不需要填，请清除内容并核对是否填错了位置"
                        self._complain(sheet, place, Complaint(quoted(clean(grey.value)), "空白", why))
                    continue
                indicator, region = inputs[place]
                reading = self._cell(table, place, indicator, forms[indicator.id])
                if isinstance(reading, Complaint):
                    self._complain(sheet, place, reading)
                elif reading.is_blank:
                    continue
                elif table.scan.is_hidden(*place):
                    why = "隐藏的数没有人核对过，请取消隐藏，核对后再交"
                    found = f"隐藏的行或列里的{quoted(_at(table.values, *place))}"
                    self._complain(sheet, place, Complaint(found, "看得见的数据", why))
                elif figure := self._figure(sheet, place, indicator, region, reading):
                    yield figure

    def _cell(
        self, table: _Table, place: tuple[int, int], indicator: Indicator, form: NumberForm
    ) -> CellReading | Complaint:
        is_text, scan = indicator.kind == "text", table.scan
        if place in scan.formulas or place in scan.errors:
            expected = texts()["validation"]["text"] if is_text else form.expected
            return self._not_typed(table, place, expected)
        raw = table.values.get(place, "")
        if is_text:
            return read_text(raw)
        return read_number(raw, form, self.package.number_format(scan.styles.get(place, 0)))

    @staticmethod
    def _not_typed(table: _Table, place: tuple[int, int], expected: str) -> Complaint:
        """What a formula gave, or an error value, is no figure that somebody stands for."""
        scan, words = table.scan, rules()["cells"]
        if place not in scan.formulas:
            words = words["error"]
            return Complaint(words["found"].format(shown=_shown(scan.errors[place])), expected, words["why"])
        words, result = words["formula"], scan.errors.get(place) or _at(table.values, *place)
        formula = quoted(f"={scan.formulas[place]}")
        return Complaint(words["found"].format(formula=formula, shown=_shown(result)), expected, words["why"])

    def _figure(
        self, sheet: SheetLayout, place: tuple[int, int], indicator: Indicator, region: Region, reading: CellReading
    ) -> Figure | None:
        text = reading.text
        if reading.state != "reported":
            text = self._reason(indicator, region)
            if not text:
                state, notes = texts()["states"][reading.state], texts()["sheets"]["notes"]
                where = f"“{sheet.name}—{sheet.labels[indicator.id]}—{region.name}”"
                why = f"填“{state}”须说明原因，请在工作表“{notes}”中加一行{where}并写明"
                if self.notes_are_read:
                    expected = f"数据，或写明原因的“{state}”"
                    self._complain(sheet, place, Complaint(f"“{state}”但没有原因", expected, why))
                return None
        return Figure(
            region=region.code,
            indicator=indicator.id,
            period=self.cover.period,
            unit=indicator.unit,
            value=reading.value,
            text=text,
            state=reading.state,
            centre=self.cover.centre,
            source=Source(self.file.document, self.file.file_name, sheet.name, address(*place)),
        )

    def _complain(self, sheet: SheetLayout, place: tuple[int, int], complaint: Complaint) -> None:
        cell = address(*place)
        self.problems.append(Problem(sheet.name, cell, complaint.found, complaint.expected, complaint.why))

    # -- 说明 -------------------------------------------------------------------------------------------

    def _reason(self, indicator: Indicator, region: Region) -> str:
        """What 说明 says about the cell; the rows that name it most exactly count."""
        covering = [e for e in self.explanations if e.covers(indicator.insurance, indicator.id, region.code)]
        if not covering:
            return ""

        def exactness(explanation: Explanation) -> tuple[bool, bool]:
            return (bool(explanation.indicator), bool(explanation.region))

        best = max(map(exactness, covering))
        return "；".join(e.text for e in covering if exactness(e) == best)

    def _read_notes(self) -> Iterator[Explanation]:
        name, headings = texts()["sheets"]["notes"], texts()["notes"]["columns"]
        try:
            self._require(name)
            values, _ = _values(self.book, self.package, name)
            found = [_at(values, NOTES_HEADING_ROW, column) for column in range(len(headings))]
            if found != headings:
                cell = address(NOTES_HEADING_ROW, 0)
                why = f"行列被移动过，{_REFILL}"
                raise unreadable(quoted("、".join(found)), why, f"表头“{'、'.join(headings)}”", name, cell)
        except UnreadableError as error:
            self.notes_are_read = False
            self.problems.append(error.problem)
            return
        for row in sorted({row for row, column in values if row > NOTES_HEADING_ROW and column < len(headings)}):
            cells = [_at(values, row, column) for column in range(len(headings))]
            if any(cells):
                self.notes[row] = tuple(cells)
                note = self._note(row, *cells)
                if isinstance(note, Problem):
                    self.problems.append(note)
                else:
                    yield note

    def _note(
        self, row: int, insurance_name: str, indicator_name: str, region_name: str, text: str
    ) -> Explanation | Problem:
        name = texts()["sheets"]["notes"]
        insurance = self.catalog.find_insurance(insurance_name) if insurance_name else None
        sheet = next((s for s in self.layout.sheets if insurance and s.insurance.id == insurance.id), None)
        if sheet is None:
            names = "、".join(quoted(s.name) for s in self.layout.sheets)
            expected = f"{names}之一" if len(self.layout.sheets) > 1 else names
            return Problem(
                name, address(row, 0), _shown(insurance_name), expected, "不知道说明的是哪个险种，请从下拉列表中选"
            )
        indicator = self._indicator_named(sheet, indicator_name) if indicator_name else ""
        if indicator is None:
            why = f"本单位的“{sheet.name}”里没有这个指标，请从下拉列表中选，或留空表示全部指标"
            return Problem(name, address(row, 1), quoted(indicator_name), f"“{sheet.name}”表中的指标", why)
        region = self.catalog.find_region(region_name) if region_name else None
        if region_name and region is None:
            why = "没有这个地区，请从下拉列表中选，或留空表示各地"
            return Problem(name, address(row, 2), quoted(region_name), "本地区的名称", why)
        if not text:
            return Problem(name, address(row, 3), "空白", "说明的内容", "选了指标而没有写说明，请写明或清除这一行")
        if len(text) > TEXT_LIMIT:
            return Problem(
                name, address(row, 3), f"{len(text)} 个字", f"不超过 {TEXT_LIMIT} 字的说明", "文字太长，请精简"
            )
        return Explanation(sheet.insurance.id, indicator, region.code if region else "", text, name, address(row, 3))

    def _indicator_named(self, sheet: SheetLayout, text: str) -> str | None:
        for id_, label in sheet.labels.items():
            if normalise(label) == normalise(text):
                return id_
        known = self.catalog.find_indicator(sheet.insurance.id, text)
        return known.id if known and known.id in sheet.rows else None


def _once(found: list[tuple[str, int]]) -> dict[str, int]:
    """Name -> place for the names that stand in one place only."""
    times = Counter(name for name, _ in found)
    return {name: place for name, place in found if times[name] == 1}


def _past_figure(indicator: Indicator, region: Region, period: Period, value: CellValue, code: str) -> Figure:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return Figure(region.code, indicator.id, period, indicator.unit, text=clean(value))
    shown = re.search(r"\.(0+)", code)
    exact = Decimal(f"{value:.{len(shown[1]) if shown else 0}f}")
    return Figure(region.code, indicator.id, period, indicator.unit, exact)
