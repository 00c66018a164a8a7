"""Protects that the number taken from a cell is the one its format shows; LibreOffice is asked too."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import Workbook
from openpyxl.formatting.rule import Rule
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.worksheet.merge import MergedCellRange

from disclosure.catalog import load_catalog
from disclosure.collection import read_workbook
from disclosure.collection.workbook.ooxml.number_formats import show_number
from tests.support.gauntlet import workbook

DATA = Path(__file__).parents[1] / "data" / "faults"
CODES = (
    *("0", "0.0", "0.00", "#,##0", "#,##0.00", "0.00E+00", "##0.0E+0", "#", "#.##", "00000", "0.00%", "0.00;0.00"),
    *("0.00;-0.00", "0.00;[Red]0.00", "#,##0.00_);(#,##0.00)", "#,##0.00_);[Red](#,##0.00)", '0.00;"△"0.00', "0.00;;"),
    *('_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', '0;-0;"-"', "[>=1000]0.0;[<0]-0;0.00", "[<0](0.00);0.00"),
    *(
        "#,##0,",
        "0.0,,",
        '"约"0.00',
        "-0.00",
        "+0.00;-0.00",
        "[$-804]0.00",
        "[Blue]0.0",
        "\\-0",
        "000-000",
        "0.00 ",
        "??0.0",
    ),
    *("0.00;@", "0;@", "0_00", "0.00_ ;-0.00_ ;@", "?.0?"),
    *("# ?/?", "# ??/??", '0"万"', '0"."00', "[=0]0.0;0", "0.000", "#,###", "[<>5]0;0.0"),
)
VALUES = (0.0, 5.0, 12.5, -12.5, 9415.54, -141.17, 0.4, -0.4, 1234567.891, 0.0049, 999.995, -1000000.0)


@pytest.mark.unit
@pytest.mark.slow
def test_what_is_said_to_be_shown_is_what_libreoffice_shows(tmp_path: Path) -> None:
    program = shutil.which("soffice")
    assert program is not None, "no LibreOffice: apt-get install libreoffice-calc-nogui"
    book = xlsxwriter.Workbook(str(tmp_path / "formats.xlsx"))
    sheet = book.add_worksheet()
    sheet.set_column(0, len(VALUES), 60)
    for row, code in enumerate(CODES):
        for column, value in enumerate(VALUES):
            sheet.write_number(row, column, value, book.add_format({"num_format": code}))
    book.close()
    command = [program, "--headless", f"-env:UserInstallation={(tmp_path / 'own').as_uri()}"]
    # Tab, quotes, UTF-8, and the cells as they are shown.
    command += ["--convert-to", "csv:Text - txt - csv (StarCalc):9,34,76,1,,0,false,true", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "formats.xlsx")], capture_output=True, check=True, timeout=120)
    with (tmp_path / "formats.csv").open(encoding="utf-8", newline="") as lines:
        seen = list(csv.reader(lines, delimiter="\t"))
    told = 0
    for row, code in enumerate(CODES):
        for column, value in enumerate(VALUES):
            shown = show_number(code, Decimal(repr(value)))
            text = seen[row][column].strip()
            if shown is None or shown.is_blank:
                continue
            told += 1
            assert shown.value == read_by_eye(text), (code, value, text)
    assert told > 350


def read_by_eye(text: str) -> Decimal | None:
    """The number in a text, as a person reads it; brackets, a minus and △ stand for below zero."""
    digits = re.search(r"\d[\d,]*(?:\.\d*)?(?:E[+-]\d+)?|\.\d+", text)
    if digits is None:
        return Decimal(0) if text.strip() == "-" else None
    if fraction := re.fullmatch(r"(-?) ?(?:(\d+) +)?(\d+)/(\d+)", " ".join(text.split())):
        size = Decimal(fraction[2] or 0) + Decimal(fraction[3]) / Decimal(fraction[4])
        return -size if fraction[1] else size
    size = Decimal(digits[0].replace(",", ""))
    return -size if re.search(r"[-△(]", text[: digits.start()]) else size


@pytest.mark.unit
def test_a_last_section_of_texts_leaves_a_number_its_sign_and_a_gap_within_digits_tells_nothing() -> None:
    shown = [show_number(code, Decimal("-12.5")) for code in ("0.00;@", "0.00;-0.00;@", '0.0;"@"0.0', "0_00")]
    values = [None if each is None else each.value for each in shown]
    assert values == [Decimal("-12.50"), Decimal("-12.50"), Decimal("12.5"), None]
    assert show_number('_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', Decimal(0)).value == 0


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "shown", "stored"),
    [("decimals-hidden", "9416", "9415.54"), ("fmt08", "141.17", "-141.17"), ("fmt16", "141.17", "-141.17")],
)
def test_a_workbook_whose_format_hides_what_is_stored_is_refused(name: str, shown: str, stored: str) -> None:
    content = (DATA / f"{name}.xlsx").read_bytes()
    reading = read_workbook(content, f"{name}.xlsx", load_catalog("chuxiong"))
    assert [problem.sheet for problem in reading.problems] == ["失业"]
    assert f"显示为“{shown}”、存的却是“{stored}”的数" in reading.problems[0].sentence
    assert "设置单元格格式" in reading.problems[0].sentence


@pytest.fixture(scope="module")
def _good(tmp_path_factory: pytest.TempPathFactory) -> None:
    workbook.start(tmp_path_factory.mktemp("good"))


def _zero_not_shown(book: Workbook) -> None:
    book[workbook.SHEET].sheet_view.showZeros = False
    book[workbook.SHEET][workbook.CITY] = 0


def _merged_over(book: Workbook) -> None:
    book[workbook.SHEET].merged_cells.ranges.add(MergedCellRange(book[workbook.SHEET], "F6:H6"))


def _otherwise_on_condition(book: Workbook) -> None:
    changed = DifferentialStyle(numFmt=NumberFormat(numFmtId=901, formatCode="#,##0,"))
    rule = Rule(type="expression", dxf=changed, formula=["TRUE"])
    book[workbook.SHEET].conditional_formatting.add(workbook.CITY, rule)


def _zero_without_digits(book: Workbook) -> None:
    book[workbook.SHEET][workbook.CITY] = 0
    book[workbook.SHEET][workbook.CITY].number_format = "#"


@pytest.mark.unit
@pytest.mark.usefixtures("_good")
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_zero_not_shown, "工作表不显示的零值“0”"),
        (_merged_over, "隐藏的行或列里的"),
        (_otherwise_on_condition, "会被条件格式显示成别的数的"),
        (_zero_without_digits, "数字格式“#”不显示的“0”"),
    ],
)
def test_what_the_sheet_shows_otherwise_is_refused(change: Callable[[Workbook], None], says: str) -> None:
    reading = read_workbook(workbook.edited(change), "报表.xlsx", load_catalog("chuxiong"))
    assert any(says in problem.sentence for problem in reading.problems), reading.problems
