"""Importing published figures: nothing is guessed, nothing is lost, no digit changes."""

import csv
import hashlib
import io
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.collection.history.importer import ImportReport, grouped, import_table
from disclosure.collection.history.long_table import REQUIRED

pytestmark = pytest.mark.unit

KUNMING = load_catalog("kunming-2017")
CHUXIONG = load_catalog("chuxiong")
PUBLISHED = (KUNMING.folder / "figures.csv").read_bytes()
PARTICIPANTS = ("昆明市", "2017Q1", "工伤保险", "68 参加工伤保险人数", "万人", "107.85")


def as_csv(*rows, columns=REQUIRED):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()


def changed(**cells):
    return tuple(cells.get(column, cell) for column, cell in zip(REQUIRED, PARTICIPANTS, strict=True))


def imported(*rows, catalog=KUNMING, **options) -> ImportReport:
    return import_table(as_csv(*rows), "表.csv", catalog, **options)


def test_a_figure_carries_period_unit_centre_and_where_it_stands():
    report = import_table(PUBLISHED, "昆明.csv", KUNMING)
    figure = next(f for f in report.figures if f.source.cell == "2")
    assert figure.key == ("530100", "work_injury.participants", "2016-annual")
    assert (figure.value, figure.unit, figure.centre) == (Decimal("107.27"), "万人", "social_insurance_centre")
    assert figure.source.document == report.sha256 == hashlib.sha256(PUBLISHED).hexdigest()
    assert (figure.source.file_name, figure.source.label) == ("昆明.csv", "第 2 行")
    assert figure.source.printed == "107.27 万人"
    assert (report.rows, len(report.figures), report.unmatched, report.repeated) == (55, 55, (), 0)


def test_a_source_that_tells_of_a_person_is_told_by_its_line_before_the_site_shows_it():
    columns = (*REQUIRED, "来源")
    rows = [(*PARTICIPANTS, "问张三要的，13800001234"), (*changed(period="2017"), "昆人社发〔2017〕9号")]
    report = import_table(as_csv(*rows, columns=columns), "表.csv", KUNMING)
    (bad,) = report.unmatched
    assert (bad.line, bad.cause, bad.what) == (2, "personal", "手机号码（138****1234）")
    assert [figure.source.origin for figure in report.figures] == ["昆人社发〔2017〕9号"]
    assert len(imported(PARTICIPANTS, origin="13800001234").unmatched) == 1


def test_what_the_table_says_of_its_source_is_kept_and_the_options_fill_what_it_leaves_out():
    columns = (*REQUIRED, "来源", "取得日期", "备注")
    rows = [
        (*PARTICIPANTS, "昆人社发〔2017〕9号", "2018-02-01", "初步数"),
        (*changed(period="2017"), "", "", ""),
    ]
    report = import_table(as_csv(*rows, columns=columns), "表.csv", KUNMING, origin="公报", retrieved="2026-01-05")
    said = [(f.source.origin, f.source.retrieved, f.source.note) for f in report.figures]
    assert said == [("昆人社发〔2017〕9号", "2018-02-01", "初步数"), ("公报", "2026-01-05", "")]


@pytest.mark.parametrize(
    ("cells", "cause", "names"),
    [
        ({"region": "昆明"}, "region", ["昆明"]),
        ({"region": "昆明市全市"}, "region", ["昆明市全市"]),
        ({"region": ""}, "region", ["空白"]),
        ({"period": "2017Q2", "indicator": "享受工伤待遇人数", "unit": "万人次"}, "period", ["2017Q2"]),
        ({"period": "2017-10"}, "period", ["2017-10"]),
        ({"period": "2017(未审)"}, "period", ["2017(未审)"]),
        ({"period": "2099"}, "future", ["2099年度"]),
        ({"insurance": "意外保险"}, "insurance", ["意外保险"]),
        ({"indicator": "参加工伤保险的人数"}, "indicator", ["工伤", "参加工伤保险的人数"]),
        ({"unit": "百人"}, "unit", ["百人"]),
        ({"unit": ""}, "unit", ["空白"]),
        ({"unit": "万人次"}, "unit", ["万人次", "目录为“万人”"]),
        ({"unit": "万人", "value": "107.85人"}, "unit", ["万人", "人"]),
        ({"value": "107.85万"}, "value", ["107.85万"]),
        ({"value": ""}, "value", ["空白"]),
        ({"value": "1,07.85"}, "value", ["1,07.85"]),
        ({"value": "nan"}, "value", ["nan"]),
        ({"value": "1e3"}, "value", ["1e3"]),
        ({"unit": "人", "value": "107.85"}, "value", ["107.85", "不是整数"]),
        ({"indicator": "参加工伤保险人数(从年初累计)"}, "kind", ["从年初累计", "期末数"]),
        ({"indicator": "工伤保险基金支出(期末时点数)", "unit": "亿元"}, "kind", ["期末时点数", "从年初累计"]),
        ({"indicator": "年末参加工伤保险人数"}, "kind", ["年末", "2017年1季度"]),
        ({"indicator": "工伤保险基金支出(当月)", "unit": "亿元"}, "kind", ["当月"]),
    ],
)
def test_a_row_that_does_not_match_is_told_by_its_cause(cells, cause, names):
    report = imported(changed(**cells))
    assert (report.rows, report.figures) == (1, ())
    (bad,) = report.unmatched
    assert (bad.line, bad.cause, bad.place) == (2, cause, "表.csv 第 2 行")
    assert all(name in bad.what + bad.why for name in names)
    (group,) = grouped(KUNMING, report.unmatched)
    assert group.title in bad.sentence(KUNMING)
    assert all(name in bad.sentence(KUNMING) for name in names)
    assert "{" not in group.advice


@pytest.mark.parametrize(
    ("cells", "key"),
    [
        ({"insurance": "工伤"}, ("work_injury.participants", "2017-q1")),
        ({"period": "2017-09"}, ("work_injury.participants", "2017-q3")),
        ({"period": "截至2017年6月底"}, ("work_injury.participants", "2017-h1")),
        ({"period": "2017Q2"}, ("work_injury.participants", "2017-h1")),
        ({"period": "2017(决算)", "indicator": "年末参加工伤保险人数"}, ("work_injury.participants", "2017-annual")),
        ({"indicator": "期末参加工伤保险人数"}, ("work_injury.participants", "2017-q1")),
        ({"indicator": "其中：参保农民工"}, ("work_injury.migrant_workers", "2017-q1")),
        ({"indicator": "参加工伤保险人数（期末时点数）"}, ("work_injury.participants", "2017-q1")),
        ({"unit": "", "value": "107.85万人"}, ("work_injury.participants", "2017-q1")),
        ({"value": "１０７．８５"}, ("work_injury.participants", "2017-q1")),
    ],
)
def test_what_a_name_or_period_carries_besides_is_read_as_what_it_is(cells, key):
    (figure,) = imported(changed(**cells)).figures
    assert (figure.indicator, figure.period.id, figure.value) == (*key, Decimal("107.85"))


def test_a_column_of_kinds_is_checked_like_a_label_in_the_name():
    columns = (*REQUIRED, "性质")
    rows = [(*PARTICIPANTS, "期末数"), (*changed(period="2017Q1-Q2"), "累计数"), (*changed(period="2017"), "大约")]
    report = import_table(as_csv(*rows, columns=columns), "表.csv", KUNMING)
    assert [f.period.id for f in report.figures] == ["2017-q1"]
    assert [(bad.line, bad.cause) for bad in report.unmatched] == [(3, "kind"), (4, "kind")]


def test_only_a_part_may_be_called_one():
    report = imported(changed(indicator="其中：参加工伤保险人数"))
    assert report.unmatched[0].cause == "indicator"


def test_a_note_on_the_period_is_kept():
    (figure,) = imported(changed(period="2017(决算)")).figures
    assert figure.source.note == "决算"


def test_a_name_that_two_indicators_share_matches_neither_and_both_are_named():
    # “离退休人数”是 chuxiong 目录中企业养老两个指标共有的叫法。
    report = imported(("楚雄州", "2025", "企业职工基本养老保险", "离退休人数", "人", "5"), catalog=CHUXIONG)
    assert report.figures == ()
    (bad,) = report.unmatched
    assert bad.cause == "shared"
    assert "employee_pension.retired" in bad.why
    assert "employee_pension.beneficiaries" in bad.why


def test_rows_of_other_places_are_counted_not_told_one_by_one():
    report = imported(
        PARTICIPANTS, changed(region="玉溪市"), changed(region="玉溪市", value="约"), changed(region="大理州")
    )
    assert report.elsewhere == {"玉溪市": 2, "大理州": 1}
    assert (len(report.figures), report.unmatched, report.repeated) == (1, (), 0)


def test_groups_hold_every_row_once_the_most_frequent_trouble_first():
    rows = [changed(indicator=name) for name in ("甲", "乙", "乙", "丙")] + [changed(value="多"), changed(unit="百人")]
    report = imported(*rows)
    groups = grouped(KUNMING, report.unmatched)
    assert [(g.cause, g.count) for g in groups] == [("indicator", 4), ("unit", 1), ("value", 1)]
    assert [len(same) for same in groups[0].by_what.values()] == [2, 1, 1]
    assert KUNMING.place_of("indicators.yaml") in groups[0].advice


def test_text_indicators_are_taken_as_text():
    row = ("楚雄州", "2025", "各险种", "缴费比例", "", "单位16%，个人8%")
    (figure,) = imported(row, catalog=CHUXIONG).figures
    assert (figure.value, figure.text, figure.unit) == (None, "单位16%，个人8%", "")
    (bad,) = imported((*row[:5], ""), catalog=CHUXIONG).unmatched
    assert bad.cause == "value"


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


def test_contradicting_repetitions_are_all_reported_and_none_taken():
    report = imported(PARTICIPANTS, changed(period="2017"), changed(value="108"), PARTICIPANTS)
    assert [f.period for f in report.figures] == [Period(2017, "annual")]
    assert [bad.line for bad in report.unmatched] == [2, 4, 5]
    (group,) = grouped(KUNMING, report.unmatched)
    ((what, rows),) = group.by_what.items()
    assert (group.cause, len(rows)) == ("duplicate", 3)
    assert "第 2 行 107.85 万人、第 4 行 108 万人" in what


@settings(deadline=None)
@given(st.lists(st.sampled_from([PARTICIPANTS, changed(value="1"), changed(region="玉溪市"), changed(period="2017")])))
def test_every_row_is_accounted_for(rows):
    report = imported(*rows)
    told = len(report.figures) + len(report.unmatched) + sum(report.elsewhere.values())
    assert report.rows == len(rows) == told + report.repeated
    assert report.repeated >= 0
    assert len({f.key for f in report.figures}) == len(report.figures)
