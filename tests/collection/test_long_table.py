"""Protects the reading of long tables: however Excel, WPS or a system writes them, the same rows come out.

Figures: 昆明市 2016-2017 as published (the profile's ``figures.csv``).
"""

import csv
import datetime as dt
import io
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.catalog import load_catalog
from disclosure.collection.history.long_table import REQUIRED, read_table
from disclosure.platform.errors import DisclosureError

pytestmark = pytest.mark.unit

CATALOG = load_catalog("kunming-2017")
WORDS = CATALOG.import_words
PUBLISHED = (CATALOG.folder / "figures.csv").read_bytes()
PRINTED = list(csv.DictReader(io.StringIO(PUBLISHED.decode())))
CHINESE = {
    "region": "地区",
    "period": "期间",
    "insurance": "险种",
    "indicator": "指标",
    "unit": "单位",
    "value": "数值",
}


def written(rows, *, names=CHINESE, order=REQUIRED, encoding="utf-8", separator=","):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow([names.get(column, column) for column in order])
    writer.writerows([row.get(column, "别的") for column in order] for row in rows)
    return out.getvalue().encode(encoding)


def read(content, name="表.csv"):
    return [{column: row.cells[column] for column in REQUIRED} for row in read_table(content, name, WORDS)]


def workbook(*sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"表{number}")
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@settings(deadline=None, max_examples=40)
@given(
    st.permutations([*REQUIRED, "序号"]),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    st.sampled_from([",", "\t", ";"]),
    st.sampled_from([CHINESE, {}]),
)
def test_encodings_separators_headings_and_orders_read_alike(order, encoding, separator, names):
    content = written(PRINTED[:7], names=names, order=order, encoding=encoding, separator=separator)
    assert read(content) == PRINTED[:7]


def test_lines_are_the_files_and_blank_ones_are_passed_over():
    heading, *lines = PUBLISHED.decode().splitlines()
    content = "\r\n".join(
        [heading, "", ",,,,,", lines[0], '"昆明市\n（全市）",2017,工伤保险,x,人,1', lines[1]]
    ).encode()
    assert [row.line for row in read_table(content, "表.csv", WORDS)] == [4, 6, 7]


def test_a_title_and_a_source_may_stand_above_the_heading():
    content = "昆明市社会保险数据\n来源：昆人社发〔2017〕9号\n# 取得日期: 2018-02-01\n\n".encode() + written(
        PRINTED[:2]
    )
    rows = read_table(content, "表.csv", WORDS)
    assert [row.line for row in rows] == [6, 7]
    assert {(row.cells["origin"], row.cells["retrieved"]) for row in rows} == {("昆人社发〔2017〕9号", "2018-02-01")}


def test_several_columns_of_one_meaning_are_read_together():
    names = [*CHINESE.values(), "来源", "网址"]
    line = ["昆明市", "2017", "工伤保险", "参保人数", "万人", "1", "公报", "https://example.invalid/1"]
    (row,) = read_table("\n".join([",".join(names), ",".join(line)]).encode(), "表.csv", WORDS)
    assert row.cells["origin"] == "公报；https://example.invalid/1"


def test_a_short_row_is_read_with_what_it_has():
    (row,) = read_table((",".join(REQUIRED) + "\n昆明市,2017").encode(), "表.csv", WORDS)
    assert (row.cells["period"], row.cells["value"]) == ("2017", "")


def test_a_workbook_reads_like_its_csv_and_knows_its_sheets():
    rows = [[row[column] for column in REQUIRED] for row in PRINTED]
    content = workbook([["说明"]], [["昆明市"], [], list(CHINESE.values()), *rows[:30]], [list(REQUIRED), *rows[30:]])
    assert read(content, "表.xlsx") == PRINTED
    table = read_table(content, "表.xlsx", WORDS)
    assert (table[0].sheet, table[0].line, table[30].sheet, table[30].line) == ("表2", 4, "表3", 2)


def test_numbers_and_days_in_a_workbook_are_what_was_typed():
    line = ["昆明市", dt.date(2016, 12, 31), "工伤保险", "参保人数", "万人"]
    values = [107.27, 0.1, 1078500, 1e15, 0.0067, -25301]
    content = workbook([list(REQUIRED), *([*line, value] for value in values)])
    rows = read_table(content, "表.xlsx", WORDS)
    assert [row.cells["value"] for row in rows] == ["107.27", "0.1", "1078500", "1000000000000000", "0.0067", "-25301"]
    assert {row.cells["period"] for row in rows} == {"2016-12-31"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ["没有找到表头", "地区、期间、险种、指标、单位、数值"]),
        (b"region,period,insurance,indicator,value\n", ["缺少", "列 单位；"]),
        ("\n标题\n地区,地区,期间,险种,指标,单位,数值\n".encode(), ["第 3 行", "列 地区；"]),
        (b"\xff\xfe\x00", ["UTF-8"]),
        (b"\x00\x01\x02" * 9, ["UTF-8"]),
        ((",".join(REQUIRED) + '\n"a"b,c\n').encode(), ["第 2 行"]),
        (b"PK\x03\x04" + b"x" * 50, ["损坏"]),
        (workbook([["甲", "乙"]]), ["没有找到表头", "地区", "一行表头"]),
        (b"x" * (20 * 1024 * 1024 + 1), ["超过 20 MB"]),
    ],
    ids=["empty", "one missing", "one twice", "cut UTF-16", "binary", "quoting", "damaged", "no heading", "too large"],
)
def test_what_is_no_such_table_is_refused_in_a_sentence(content, told):
    with pytest.raises(DisclosureError, match=r"表\.csv") as refused:
        read_table(content, "表.csv", WORDS)
    assert all(words in str(refused.value) for words in told), str(refused.value)


def test_a_workbook_that_unpacks_beyond_all_bounds_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (250 * 1024 * 1024))
    with pytest.raises(DisclosureError, match="解压后"):
        read_table(out.getvalue(), "表.xlsx", WORDS)
