"""Protects what a statistician sees and may touch, looked at with another library than the one that writes."""

from __future__ import annotations

import datetime as dt
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.collection import WorkbookContents, write_workbook
from disclosure.collection.workbook.layout import address, lay_out
from disclosure.figures.figures import Figure
from disclosure.platform.errors import DisclosureError

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
PERIOD = Period(2025, "annual")
CENTRE = "social_insurance_centre"
LAYOUT = lay_out(CATALOG, PERIOD, CENTRE)
FILLED = Figure("532300", "employee_pension.participants", PERIOD, "人", Decimal(301234))
MISSING = Figure("532300", "work_injury.referrals", PERIOD, "人次", state="not_applicable", text="本州不开展")


def figure(region: str, name: str, period: Period, unit: str, value: str) -> Figure:
    return Figure(region, name, period, unit, Decimal(value))


LAST, BEFORE = Period(2025, "q3"), Period(2024, "annual")
PAST = [
    figure("532300", "employee_pension.participants", LAST, "万人", "29.87"),
    figure("532301", "employee_pension.participants", LAST, "人", "80123"),
    figure("532300", "employee_pension.accumulated_balance", BEFORE, "万元", "512345.67"),
    figure("532300", "employee_pension.income", Period(2023, "annual"), "万元", "1.00"),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_workbook(
        tmp_path_factory.mktemp("sheets") / "报表.xlsx",
        CATALOG,
        WorkbookContents(
            PERIOD,
            CENTRE,
            round_number=2,
            earlier=PAST,
            filled=[FILLED, MISSING],
            message="基金支出与决算不一致，请核对。",
            cover=("张三", "李四", ""),
        ),
    )


@pytest.fixture(scope="module")
def book(path: Path) -> Workbook:
    return openpyxl.load_workbook(path)


def texts_of(sheet: Worksheet) -> list[str]:
    return [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]


def cell_of(book: Workbook, indicator: str, region: str) -> tuple[Worksheet, str]:
    sheet = next(s for s in LAYOUT.sheets if indicator in s.rows)
    return book[sheet.name], address(sheet.rows[indicator], sheet.columns[region])


def test_sheets_stand_in_the_order_people_work(book: Workbook) -> None:
    assert book.sheetnames == ["封面", "企业养老", "居民养老", "工伤", "各险种", "说明", "填报须知", "元数据"]
    assert book["元数据"].sheet_state == "veryHidden"


def test_inputs_and_only_inputs_can_be_changed(book: Workbook) -> None:
    for layout in LAYOUT.sheets:
        sheet = book[layout.name]
        assert sheet.protection.sheet
        assert not sheet.protection.password
        unlocked = {c.coordinate for row in sheet.iter_rows() for c in row if not c.protection.locked}
        assert unlocked == {address(row, column) for _, _, row, column in layout.inputs()}
    cover = {c.coordinate for row in book["封面"].iter_rows() for c in row if not c.protection.locked}
    assert {"C9", "C10", "C11"} <= cover
    assert {cell[1:] for cell in cover} == {"9", "10", "11"}
    assert book["说明"].protection.sheet
    assert not book["说明"]["D4"].protection.locked
    assert book["说明"]["D3"].protection.locked


def test_every_input_offers_the_two_states_and_says_what_is_asked(book: Workbook) -> None:
    for layout in LAYOUT.sheets:
        rules = {str(cell): rule for rule in book[layout.name].data_validations.dataValidation for cell in rule.cells}
        inputs = {address(row, column): indicator for indicator, _, row, column in layout.inputs()}
        assert {cell for area in rules for cell in expanded(area)} == set(inputs)
        for area, rule in rules.items():
            indicator = inputs[next(iter(expanded(area)))]
            assert (rule.type, rule.formula1, rule.showErrorMessage) == ("list", '"未提供,不适用"', False)
            assert "说明" in rule.prompt
            if indicator.kind != "text":
                assert indicator.unit in rule.promptTitle
                assert ("整数" in rule.promptTitle) == (CATALOG.decimals(indicator) == 0)


def test_every_input_turns_red_when_it_does_not_fit(book: Workbook) -> None:
    for layout in LAYOUT.sheets:
        formulas = {
            str(area.sqref): rule.formula[0]
            for area in book[layout.name].conditional_formatting
            for rule in area.rules
            if rule.formula and rule.formula[0].startswith(("NOT(IFERROR", "LEN("))
        }
        inputs = {address(row, column): indicator for indicator, _, row, column in layout.inputs()}
        assert {cell for area in formulas for cell in expanded(area)} == set(inputs)
        for area, formula in formulas.items():
            indicator = inputs[next(iter(expanded(area)))]
            if indicator.kind != "text":
                assert (">=0" in formula) == (not indicator.may_be_negative)


def expanded(area: str) -> set[str]:
    top, _, bottom = area.partition(":")
    if not bottom:
        return {top}
    left, first, right, last = openpyxl.utils.range_boundaries(area)
    return {address(r - 1, c - 1) for r in range(first, last + 1) for c in range(left, right + 1)}


def test_what_was_known_before_stands_beside_the_input_in_its_unit(book: Workbook) -> None:
    sheet, cell = cell_of(book, "employee_pension.participants", "532300")
    row = cell[1:]
    assert sheet[f"D{row}"].value == 298700, "29.87 万人 shown in 人"
    assert sheet[f"E{row}"].value is None
    balance = cell_of(book, "employee_pension.accumulated_balance", "532300")[1][1:]
    assert sheet[f"E{balance}"].value == 512345.67
    income = cell_of(book, "employee_pension.income", "532300")[1][1:]
    assert (sheet[f"D{income}"].value, sheet[f"E{income}"].value) == (None, None), "a figure of another period"
    assert "上期各地（2025年1-3季度）" in texts_of(sheet)
    assert 80123 in [c.value for c in sheet[int(row)]]


def test_a_returned_round_is_filled_and_says_why(book: Workbook) -> None:
    sheet, cell = cell_of(book, FILLED.indicator, "532300")
    assert sheet[cell].value == 301234
    sheet, cell = cell_of(book, MISSING.indicator, "532300")
    assert sheet[cell].value == "不适用"
    assert [c.value for c in book["说明"][4]][:4] == ["工伤", "转诊人次", "楚雄彝族自治州", "本州不开展"]
    shown = texts_of(book["封面"])
    assert {"基金支出与决算不一致，请核对。", "第 2 轮", "州社保中心", "2025年度", "张三", "李四"} <= set(shown)
    assert "楚雄州人力资源和社会保障局" in shown


def test_identities_are_formulas_that_turn_red(book: Workbook) -> None:
    sheet = book["企业养老"]
    layout = LAYOUT.sheets[0]
    rows = {check.identity.id: check.row for check in layout.checks}
    assert {"R20", "R21", "R23", "R24", "R25", "R26"} <= set(rows)
    surplus = sheet[address(rows["R20"], 5)].value
    for name in ("current_surplus", "income", "expenditure"):
        assert cell_of(book, f"employee_pension.{name}", "532300")[1] in surplus
    assert "512345.67" in sheet[address(rows["R25"], 5)].value, "opening balance of last year's end"
    assert sheet[address(rows["R24"], 6)].value.startswith("=IF("), "participants are by county"
    assert sheet[address(rows["R20"], 6)].value is None, "funds are not"
    marked = {expanded_cell for area in sheet.conditional_formatting for expanded_cell in expanded(str(area.sqref))}
    for row, column in layout.certain_formulas():
        assert str(sheet[address(row, column)].value).startswith("=IF(")
        assert address(row, column) in marked


def test_rows_are_grouped_by_section_with_parts_below_their_whole(book: Workbook) -> None:
    labels = [book["企业养老"].cell(row, 2).value for row in range(5, 13)]
    assert labels[:4] == ["参保情况", "参保人数", "其中：在职职工", "其中：离退休人员"]
    assert book["企业养老"]["B7"].alignment.indent > book["企业养老"]["B6"].alignment.indent


def test_optional_indicators_are_marked(tmp_path: Path) -> None:
    quarterly = write_workbook(tmp_path / "季度.xlsx", CATALOG, WorkbookContents(Period(2026, "q1"), CENTRE))
    labels = [c.value for c in openpyxl.load_workbook(quarterly)["企业养老"]["B"]]
    assert "缴费人数（选填）" in labels
    assert "参保人数" in labels


def test_it_prints_on_a4_with_its_headings(book: Workbook) -> None:
    for layout in LAYOUT.sheets:
        sheet = book[layout.name]
        assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.print_title_rows == "$4:$4"
        assert sheet.freeze_panes
        assert sheet.column_dimensions["A"].hidden
        assert sheet.row_dimensions[3].hidden
        assert sheet.oddHeader.right.text.strip() == "2025年度", "a digit after the font size would change it"


def test_it_tells_what_it_is_to_people_and_programs(book: Workbook, path: Path) -> None:
    properties = {p.name: p.value for p in book.custom_doc_props.props}
    assert properties["disclosure_period"] == "2025-annual"
    assert properties["disclosure_round"] == "2"
    assert properties["disclosure_layout"] == LAYOUT.digest
    assert book.properties.created == dt.datetime(2025, 12, 31)  # noqa: DTZ001 - as openpyxl gives it
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "externalLink" in name or "vba" in name]


def test_the_guide_tells_unit_decimals_and_source_of_every_indicator(book: Workbook) -> None:
    rows = [[cell.value or "" for cell in row] for row in book["填报须知"].iter_rows(min_row=4)]
    assert len(rows) == sum(len(sheet.indicators) for sheet in LAYOUT.sheets)
    assert ["企业养老", "参保人数", "人", "0", "全州及各地", "必填", "", "人社部发〔2014〕82号"] in rows


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    shady = '=HYPERLINK("x","y")'
    path = write_workbook(
        tmp_path / "报表.xlsx",
        CATALOG,
        WorkbookContents(
            PERIOD,
            CENTRE,
            filled=[Figure("532300", "all_insurances.contribution_rates", PERIOD, "", text=shady)],
            message=shady,
            cover=(shady, shady, shady),
        ),
    )
    found = [c for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for c in row if c.value == shady]
    assert len(found) == 5
    assert {cell.data_type for cell in found} == {"s"}


def test_who_has_nothing_to_fill_in_gets_no_workbook(tmp_path: Path) -> None:
    for centre, says in (("tax_office", "tax_office"), ("policy_section", "政策法规科")):
        with pytest.raises(DisclosureError, match=says):
            write_workbook(tmp_path / "报表.xlsx", CATALOG, WorkbookContents(PERIOD, centre))
    assert list(tmp_path.iterdir()) == []


def test_a_message_too_long_for_a_cell_is_refused_not_lost(tmp_path: Path) -> None:
    with pytest.raises(DisclosureError, match="32768 个字"):
        write_workbook(tmp_path / "报表.xlsx", CATALOG, WorkbookContents(PERIOD, CENTRE, message="长" * 32768))
