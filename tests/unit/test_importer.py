"""Importing published figures: nothing is guessed, nothing is lost, no digit changes."""

import csv
import hashlib
import io
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.catalog import load_catalog
from disclosure.collection.importer import COLUMNS, ImportReport, import_long_csv
from disclosure.errors import DisclosureError
from disclosure.periods import Period

pytestmark = pytest.mark.unit

KUNMING = load_catalog("kunming-2017")
CHUXIONG = load_catalog("chuxiong")
PUBLISHED = (KUNMING.folder / "figures.csv").read_bytes()
PARTICIPANTS = ("昆明市", "2017Q1", "工伤保险", "68 参加工伤保险人数", "万人", "107.85")


def as_csv(*rows, columns=COLUMNS, encoding="utf-8"):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        by_column = dict(zip(COLUMNS, row, strict=True))
        writer.writerow([by_column.get(column, "别的") for column in columns])
    return out.getvalue().encode(encoding)


def changed(**cells):
    return tuple(cells.get(column, cell) for column, cell in zip(COLUMNS, PARTICIPANTS, strict=True))


def imported(*rows, catalog=KUNMING) -> ImportReport:
    return import_long_csv(as_csv(*rows), "表.csv", catalog)


def test_a_figure_carries_period_unit_centre_and_where_it_stands():
    report = import_long_csv(PUBLISHED, "昆明.csv", KUNMING)
    figure = next(f for f in report.figures if f.source.cell == "2")
    assert figure.key == ("530100", "work_injury.participants", "2016-annual")
    assert (figure.value, figure.unit, figure.centre) == (Decimal("107.27"), "万人", "social_insurance_centre")
    assert figure.source.document == hashlib.sha256(PUBLISHED).hexdigest()
    assert (figure.source.file_name, figure.source.label) == ("昆明.csv", "第 2 行")
    assert report.summary == ("昆明.csv：共 55 行，导入 55 个数据，0 行未导入。",)


@settings(deadline=None)
@given(st.permutations([*COLUMNS, "备注"]), st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))
def test_columns_in_any_order_and_three_encodings_read_alike(columns, encoding):
    report = import_long_csv(as_csv(PARTICIPANTS, columns=columns, encoding=encoding), "表.csv", KUNMING)
    assert [(f.period, f.value) for f in report.figures] == [(Period(2017, "q1"), Decimal("107.85"))]


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        ({"region": "昆明"}, ["region", "昆明", "regions.yaml"]),
        ({"period": "2017Q2"}, ["period", "2017Q2"]),
        ({"insurance": "工伤"}, []),
        ({"insurance": "意外保险"}, ["insurance", "意外保险"]),
        ({"indicator": "参加工伤保险的人数"}, ["indicator", "参加工伤保险的人数", "别名"]),
        ({"unit": "百人"}, ["unit", "百人", "units.yaml"]),
        ({"unit": "万人次"}, ["unit", "万人次", "万人", "口径"]),
        ({"value": "107.85万"}, ["value", "107.85万"]),
        ({"value": ""}, ["value", "数字"]),
        ({"value": "1,07.85"}, ["value", "1,07.85"]),
        ({"value": "nan"}, ["value", "nan"]),
        ({"value": "1e3"}, ["value", "1e3"]),
        ({"region": "玉溪市", "value": "约百人"}, ["region", "玉溪市", "value", "约百人"]),
    ],
)
def test_a_row_that_does_not_match_is_reported_with_line_and_reason(cells, names):
    report = imported(changed(**cells))
    assert report.rows == 1
    if not names:
        assert len(report.figures) == 1
        return
    assert report.figures == ()
    (bad,) = report.unmatched
    assert bad.line == 2
    assert bad.row == dict(zip(COLUMNS, changed(**cells), strict=True))
    assert all(name in bad.reason for name in names)
    assert len(report.summary) == 2
    assert report.summary[1].startswith("第 2 行（")


def test_a_name_that_two_indicators_share_matches_neither():
    # “离退休人数”是 chuxiong 目录中企业养老两个指标共有的叫法。
    report = imported(("楚雄州", "2025", "企业职工基本养老保险", "离退休人数", "人", "5"), catalog=CHUXIONG)
    assert report.figures == ()
    assert "不止一个" in report.unmatched[0].reason


def test_text_indicators_are_taken_as_text():
    row = ("楚雄州", "2025", "各险种", "缴费比例", "", "单位16%，个人8%")
    (figure,) = imported(row, catalog=CHUXIONG).figures
    assert (figure.value, figure.text, figure.unit) == (None, "单位16%，个人8%", "")
    (bad,) = imported((*row[:5], ""), catalog=CHUXIONG).unmatched
    assert "value" in bad.reason


numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=3) | st.integers(-(10**9), 10**9).map(Decimal)


@settings(deadline=None)
@given(numbers, st.sampled_from(["元", "万元", "亿元"]), st.booleans())
def test_conversion_is_exact_and_keeps_the_printed_precision(number, unit, grouped):
    printed = f"{number:,f}" if grouped else f"{number:f}"
    row = ("楚雄州", "2025", "失业保险", "基金收入", unit, printed)
    (figure,) = imported(row, catalog=CHUXIONG).figures
    factor = CHUXIONG.units[unit].factor
    assert figure.unit == "万元"
    assert figure.value * 10000 == number * factor
    shift = {"元": -4, "万元": 0, "亿元": 4}[unit]
    assert figure.value.as_tuple().exponent == number.as_tuple().exponent + shift


def test_printed_decimals_stay_where_the_unit_is_the_catalogues():
    report = imported(changed(value="100.50"), changed(period="2017", value="100.5"))
    assert [str(f.value) for f in report.figures] == ["100.50", "100.5"]


def test_equal_repetitions_are_kept_once():
    report = imported(PARTICIPANTS, changed(unit="人", value="1078500"))
    assert [f.source.cell for f in report.figures] == ["2"]
    assert (report.rows, report.repeated, report.unmatched) == (2, 1, ())
    assert "1 行重复" in report.summary[0]


def test_contradicting_repetitions_are_all_reported_and_none_taken():
    report = imported(PARTICIPANTS, changed(period="2017"), changed(value="108"), PARTICIPANTS)
    assert [f.period for f in report.figures] == [Period(2017, "annual")]
    assert [bad.line for bad in report.unmatched] == [2, 4, 5]
    assert all("2、4、5" in bad.reason for bad in report.unmatched)


@settings(deadline=None)
@given(st.lists(st.sampled_from([PARTICIPANTS, changed(value="1"), changed(region="玉溪市"), changed(period="2017")])))
def test_every_row_is_accounted_for(rows):
    report = imported(*rows)
    assert report.rows == len(rows) == len(report.figures) + len(report.unmatched) + report.repeated
    assert report.repeated >= 0
    assert len({f.key for f in report.figures}) == len(report.figures)


def test_blank_lines_are_skipped_and_line_numbers_are_the_files():
    heading, *lines = PUBLISHED.decode().splitlines()
    content = "\r\n".join([heading, "", ",,,,,", lines[0].replace("万人", "百人")]).encode()
    report = import_long_csv(content, "表.csv", KUNMING)
    assert [(bad.line, report.rows) for bad in report.unmatched] == [(4, 1)]


def test_a_short_row_is_reported():
    report = import_long_csv(",".join(COLUMNS).encode() + b"\n" + "昆明市,2017".encode(), "表.csv", KUNMING)
    assert "value" in report.unmatched[0].reason


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "region、period、insurance、indicator、unit、value"),
        (b"region,period,insurance,indicator,value\n", "unit"),
        (b"region,region,period,insurance,indicator,unit,value\n", "region"),
        (b"\xff\xfe\xff\xff", "UTF-8"),
        (",".join(COLUMNS).encode() + b'\n"a"b,c\n', "第 2 行"),
    ],
)
def test_what_is_no_such_csv_is_refused_in_a_sentence(content, told):
    with pytest.raises(DisclosureError, match=r"表\.csv") as refused:
        import_long_csv(content, "表.csv", KUNMING)
    assert told in str(refused.value)
