"""Open data explains itself: a valid data package, the id on every row, the same figures in CSV, workbook and page.

Figures: the sample figures of 楚雄州; 高港区 2016 and 昆明市 2017 as their governments published them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import frictionless
import openpyxl
import pytest

from disclosure.rendering.open_data.open_workbook import render_workbook
from disclosure.rendering.read_numbers import (
    differences,
    figures_in_csv,
    figures_in_workbook,
    figures_of,
)
from tests.support.rendered import example, rendered

pytestmark = [pytest.mark.unit, pytest.mark.slow]

PROFILES = [("chuxiong", "2025-annual"), ("gaogang-2016", "2016-annual"), ("kunming-2017", "2017-q3")]


@pytest.mark.parametrize(("profile", "period"), PROFILES)
def test_data_package_is_valid_by_its_standard(profile: str, period: str, tmp_path: Path) -> None:
    for path, content in rendered(profile, period).site.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    report = frictionless.validate(tmp_path / "datapackage.json")
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])
    assert report.stats["tasks"] == 1 + sum(len(block.tables) for block in example(profile, period).document.blocks)
    # It would notice: a number that is none, an id that comes twice, a byte that changed.
    content = (tmp_path / "figures.csv").read_bytes()
    rows = content.splitlines(keepends=True)
    for wrong in (rows[:2] + rows[1:], [*rows[:-1], rows[-1].replace(b"/", b"-", 1)]):
        (tmp_path / "figures.csv").write_bytes(b"".join(wrong))
        assert not frictionless.validate(tmp_path / "datapackage.json").valid


def test_package_tells_titles_units_licence_and_source() -> None:
    package = json.loads(rendered().site["datapackage.json"])
    assert package["title"] == "2025年度楚雄州社会保险信息披露"
    assert package["licenses"] == [{"name": "other-at", "title": "无条件开放，使用时注明出处"}]
    assert "不是楚雄州的真实数据" in package["description"]
    assert "请注明出处（楚雄州人力资源和社会保障局）" in package["description"]
    assert package["sources"][0]["path"] == example().outlets.page
    for resource in package["resources"]:
        content = rendered().site[resource["path"]]
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        head = content.decode("utf-8-sig").splitlines()[0].split(",")
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == head
        assert all(field["title"] and field["description"] for field in fields)
        assert {"id", "unit", "value"} <= set(head)


@pytest.mark.parametrize(("profile", "period"), PROFILES)
def test_every_file_gives_back_the_figures(profile: str, period: str) -> None:
    site, document = rendered(profile, period).site, example(profile, period).document
    expected = figures_of(document)
    assert differences(expected, figures_in_csv(site["figures.csv"])) == ()
    sheet = example(profile, period).outlets.facts.open_data.sheet_all
    assert differences(expected, figures_in_workbook(site["data/tables.xlsx"], sheet), printed=False) == ()
    of_tables: dict[str, str] = {}
    for table in (table for block in document.blocks for table in block.tables):
        found = figures_in_csv(site[f"data/{table.id}.csv"])
        assert differences(expected, found, whole=False) == ()
        of_tables |= found
    assert of_tables.keys() == expected.keys()


def test_table_says_what_its_figures_are_compared_with() -> None:
    content = rendered().site["data/employee_pension-indicators.csv"].decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(content, newline="")))
    assert row["id"] == "532300/employee_pension.participants/2025-annual"
    assert row["base_id"] == "532300/employee_pension.participants/2024-annual"
    assert int(row["base_value"]) + int(row["difference"]) == int(row["value"])
    assert row["percent"] == "0.79"


def test_workbook_looks_like_the_tables() -> None:
    book = openpyxl.load_workbook(io.BytesIO(rendered().site["data/tables.xlsx"]))
    blocks = example().document.blocks
    assert len(book.sheetnames) == len(blocks) + 2
    for block, name in zip(blocks, book.sheetnames[1:], strict=False):
        shown = {str(cell.value) for row in book[name].iter_rows() for cell in row if cell.value is not None}
        assert {table.caption for table in block.tables} <= shown
    figure = next(cell for row in book[book.sheetnames[1]].iter_rows() for cell in row if cell.value == 340846.73)
    assert figure.number_format == "#,##0.00"
    about = {cell.value for row in book["说明"].iter_rows() for cell in row}
    assert example().outlets.licence_line in about
    assert example().document.demo in about


def test_text_in_the_workbook_is_never_a_formula() -> None:
    document = example("gaogang-2016", "2016-annual").document
    hostile = replace(document, notes=("=1+1", "@x"), summary="=cmd|'/c calc'!A1")
    book = openpyxl.load_workbook(io.BytesIO(render_workbook(hostile, example().outlets)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {"=1+1", "@x", "=cmd|'/c calc'!A1"} <= {cell.value for cell in cells}
    assert all(cell.data_type != "f" for cell in cells)
