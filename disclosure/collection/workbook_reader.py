"""Reading a workbook handed in: every figure by its address, every mistake by its cell, nothing by guess."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence

import python_calamine as calamine

from disclosure.catalog import Catalog, Indicator, Region
from disclosure.catalog.catalog import normalise
from disclosure.collection.workbook_cells import (
    CellReading,
    CellValue,
    Complaint,
    NumberForm,
    clean,
    quoted,
    read_number,
    read_text,
)
from disclosure.collection.workbook_layout import (
    CODE_ROW,
    COVER_LABEL_COLUMN,
    COVER_ROWS,
    COVER_VALUE_COLUMN,
    FIRST_INPUT_COLUMN,
    FIRST_LINE_ROW,
    ID_COLUMN,
    LABEL_COLUMN,
    NOTES_HEADING_ROW,
    SCHEMA_VERSION,
    TEXT_LIMIT,
    UNIT_COLUMN,
    SheetLayout,
    WorkbookLayout,
    address,
    lay_out,
    texts,
)
from disclosure.collection.workbook_package import Package, SheetScan, UnreadableError, open_package, unreadable
from disclosure.collection.workbook_reading import Cover, Explanation, Problem, WorkbookReading
from disclosure.errors import DisclosureError
from disclosure.figures import Figure, Source
from disclosure.periods import parse_period

__all__ = ["Cover", "Explanation", "Problem", "WorkbookReading", "read_workbook"]

Grid = Sequence[Sequence[CellValue]]
_RESEND = "请用本系统为本单位下发的工作簿重新填报"


def read_workbook(content: bytes, file_name: str, catalog: Catalog, *, only: Iterable[str] = ()) -> WorkbookReading:
    """Read ``content`` (the bytes of a file known to people as ``file_name``).

    ``only`` must be what the workbook was written with. A bad file is a reading with problems; nothing a
    file holds makes this raise. Figures have their centre, unit and source cell; values are exact decimals
    with the printed decimals of their indicator.
    """
    cover: Cover | None = None
    try:
        package = open_package(content, file_name)
        with _open(content) as book:
            metadata = _metadata(book, package)
            cover = _cover(metadata, book, package, catalog)
            layout = _layout(metadata, cover, catalog, tuple(only))
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
        problem = unreadable(
            "内容有误的工作簿", "文件内部结构不正确，请在 Excel 中打开原文件另存为 .xlsx 后再交"
        ).problem
        return WorkbookReading(cover, (), (problem,), ())


def _is_parser_failure(error: BaseException) -> bool:
    """calamine's own errors, and a panic in its Rust code, which is no ``Exception``."""
    return isinstance(error, calamine.CalamineError) or type(error).__name__ == "PanicException"


def _open(content: bytes) -> calamine.CalamineWorkbook:
    return calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))


def _grid(book: calamine.CalamineWorkbook, package: Package, name: str) -> tuple[Grid, SheetScan]:
    """The sheet's values from A1 on, after its extent is known to be bounded."""
    scan = package.scan(name)
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False), scan


def _at(grid: Grid, row: int, column: int) -> CellValue:
    return grid[row][column] if row < len(grid) and column < len(grid[row]) else ""


def _metadata(book: calamine.CalamineWorkbook, package: Package) -> dict[str, str]:
    """The hidden sheet that says what the workbook is; custom properties tell people the same."""
    name = texts()["sheets"]["meta"]
    if name not in book.sheet_names:
        raise unreadable("不是本系统下发的工作簿", _RESEND)
    grid, _ = _grid(book, package, name)
    return {clean(_at(grid, row, 0)): clean(_at(grid, row, 1)) for row in range(len(grid))}


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
    filled = _cover_fields(book, package, name)
    return Cover(profile, period, centre, int(metadata["round"]), SCHEMA_VERSION, **filled)


def _cover_fields(book: calamine.CalamineWorkbook, package: Package, name: str) -> dict[str, str]:
    if name not in book.sheet_names:
        raise unreadable("没有这张工作表", "封面被改名或删除，请用原工作簿重新填报", "原来的封面", name)
    grid, _ = _grid(book, package, name)
    for key, row in COVER_ROWS.items():
        label, wanted = clean(_at(grid, row, COVER_LABEL_COLUMN)), texts()["cover"][key]
        if label != wanted:
            cell = address(row, COVER_LABEL_COLUMN)
            why = "封面的行列被移动过，请用原工作簿重新填报"
            raise unreadable(quoted(label) if label else "空白", why, quoted(wanted), name, cell)
    return {key: clean(_at(grid, row, COVER_VALUE_COLUMN)) for key, row in COVER_ROWS.items()}


def _layout(metadata: dict[str, str], cover: Cover, catalog: Catalog, only: tuple[str, ...]) -> WorkbookLayout:
    try:
        layout = lay_out(catalog, cover.period, cover.centre, only)
    except DisclosureError as error:
        raise unreadable(
            f"{cover.period.label}的工作簿", f"{str(error).rstrip('。')}；{_RESEND}", "应报期间的工作簿"
        ) from error
    if metadata.get("layout") != layout.digest:
        why = f"下发之后指标目录有变动，{_RESEND}"
        raise unreadable("指标与现行目录不一致的工作簿", why, "按现行指标目录下发的工作簿")
    return layout


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

    def read(self) -> WorkbookReading:
        grids = {sheet.name: self._grid_of(sheet) for sheet in self.layout.sheets}
        if self.problems:
            return WorkbookReading(self.cover, (), tuple(self.problems), ())
        self.explanations = tuple(self._read_notes())
        figures: list[Figure] = []
        for sheet in self.layout.sheets:
            if (checked := grids[sheet.name]) is not None:
                figures += self._figures(sheet, *checked)
        if not figures and not self.problems:
            why = "整本工作簿没有填任何数据，请填好黄色单元格后再交"
            self.problems.append(Problem("", "", "空白的工作簿", "填好数据的工作簿", why))
        return WorkbookReading(self.cover, tuple(figures), tuple(self.problems), self.explanations)

    def _grid_of(self, sheet: SheetLayout) -> tuple[Grid, SheetScan] | None:
        """The sheet once it is proven to stand as it was sent out; its first difference is one problem."""
        try:
            if sheet.name not in self.book.sheet_names:
                why = "工作表被改名或删除，请用原工作簿重新填报"
                raise unreadable("没有这张工作表", why, "原来的工作表名称", sheet.name)
            grid, scan = _grid(self.book, self.package, sheet.name)
            self._check_places(sheet, grid, scan)
        except UnreadableError as error:
            self.problems.append(error.problem)
            return None
        return grid, scan

    def _check_places(self, sheet: SheetLayout, grid: Grid, scan: SheetScan) -> None:
        for region in sheet.regions:
            column = sheet.columns[region.code]
            if (found := clean(_at(grid, CODE_ROW, column))) != region.code:
                other = self.catalog.regions.get(found)
                raise unreadable(
                    f"“{other.name}”列" if other else "不明的列",
                    "有列被插入、删除或移动，请用原工作簿重新填报",
                    f"“{region.name}”列",
                    sheet.name,
                    address(CODE_ROW + 1, column),
                )
        for line in sheet.lines:
            if (found := clean(_at(grid, line.row, ID_COLUMN))) != line.id:
                wanted = line.indicator.name if line.indicator else line.section.name
                label = clean(_at(grid, line.row, LABEL_COLUMN))
                raise unreadable(
                    f"{quoted(label)}行" if label else "空行",
                    "有行被插入、删除或移动，请用原工作簿重新填报",
                    f"“{wanted}”行",
                    sheet.name,
                    address(line.row, LABEL_COLUMN),
                )
            if line.indicator and (found := clean(_at(grid, line.row, UNIT_COLUMN))) != line.indicator.unit:
                # Who changes the unit means the figures beside it in that unit.
                raise unreadable(
                    quoted(found) if found else "空白",
                    "计量单位被改动，请改回原来的单位，并核对这一行的数据是否按它填写",
                    f"“{line.indicator.unit}”" if line.indicator.unit else "空白",
                    sheet.name,
                    address(line.row, UNIT_COLUMN),
                )
        for (top, left), (bottom, right) in self.book.get_sheet_by_name(sheet.name).merged_cell_ranges or []:
            if (
                top <= sheet.last_line_row
                and bottom >= FIRST_LINE_ROW
                and left <= sheet.last_input_column
                and right >= FIRST_INPUT_COLUMN
            ):
                merged = f"合并的单元格 {address(top, left)}:{address(bottom, right)}"
                cell = address(max(top, FIRST_LINE_ROW), max(left, FIRST_INPUT_COLUMN))
                raise unreadable(merged, "请取消合并后逐格填写", "未合并的单元格", sheet.name, cell)
        for row, column in sheet.certain_formulas():
            if (row, column) not in scan.formulas:
                raise unreadable(
                    quoted(clean(_at(grid, row, column))) if clean(_at(grid, row, column)) else "空白",
                    "核对公式被覆盖，或有单元格被插入、删除，请用原工作簿重新填报",
                    "自动核对的公式",
                    sheet.name,
                    address(row, column),
                )

    def _figures(self, sheet: SheetLayout, grid: Grid, scan: SheetScan) -> Iterator[Figure]:
        inputs = {(row, column): (indicator, region) for indicator, region, row, column in sheet.inputs()}
        for row in range(FIRST_LINE_ROW, sheet.last_line_row + 1):
            for column in range(FIRST_INPUT_COLUMN, sheet.last_input_column + 1):
                place = (row, column)
                raw = _at(grid, row, column)
                if place not in inputs:
                    if place in scan.errors or place in scan.formulas or clean(raw):
                        found = quoted(clean(raw)) if clean(raw) else "公式或错误值"
                        self._complain(
                            sheet, place, Complaint(found, "空白", "这一格不需要填，请清除内容并核对是否填错了位置")
                        )
                    continue
                indicator, region = inputs[place]
                reading = self._cell(indicator, raw, is_error=place in scan.errors, is_formula=place in scan.formulas)
                if isinstance(reading, Complaint):
                    self._complain(sheet, place, reading)
                elif not reading.is_blank and (figure := self._figure(sheet, place, indicator, region, reading)):
                    yield figure

    def _cell(
        self, indicator: Indicator, raw: CellValue, *, is_error: bool, is_formula: bool
    ) -> CellReading | Complaint:
        is_text = indicator.kind == "text"
        form = NumberForm(indicator.unit, self.catalog.decimals(indicator), indicator.may_be_negative)
        expected = "文字" if is_text else form.expected
        if is_error:
            return Complaint("错误值（如 #REF!、#DIV/0!）", expected, "公式没有算出结果，请直接填写")
        if is_formula:
            why = "公式的结果可能不是最新的，请复制后用“选择性粘贴—数值”填入"
            return Complaint(f"公式（结果为{quoted(clean(raw))}）", expected, why)
        return read_text(raw) if is_text else read_number(raw, form)

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
                self._complain(
                    sheet, place, Complaint(f"“{state}”但没有原因", "数据，或写明原因的“" + state + "”", why)
                )
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
            if name not in self.book.sheet_names:
                raise unreadable("没有这张工作表", "工作表被改名或删除，请用原工作簿重新填报", "原来的工作表名称", name)
            grid, _ = _grid(self.book, self.package, name)
            found = [clean(_at(grid, NOTES_HEADING_ROW, column)) for column in range(len(headings))]
            if found != headings:
                cell = address(NOTES_HEADING_ROW, 0)
                why = "行列被移动过，请用原工作簿重新填报"
                raise unreadable(quoted("、".join(found)), why, f"表头“{'、'.join(headings)}”", name, cell)
        except UnreadableError as error:
            self.problems.append(error.problem)
            return
        for row in range(NOTES_HEADING_ROW + 1, len(grid)):
            cells = [clean(_at(grid, row, column)) for column in range(len(headings))]
            if any(cells):
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
            names = "、".join(s.name for s in self.layout.sheets)
            found = quoted(insurance_name) if insurance_name else "空白"
            return Problem(name, address(row, 0), found, f"{names}之一", "不知道说明的是哪个险种，请从下拉列表中选")
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
