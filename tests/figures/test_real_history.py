"""Protects that every figure governments really published can be read, and that what is wrong in them is known.

Figures: ``tests/data/real`` and the ``figures.csv`` of the two profiles, unchanged as published.
"""

import csv
import hashlib
import io
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest
from pydantic import ValidationError

from disclosure.calendar.periods import Period
from disclosure.catalog import KnownError, Region, load_catalog
from disclosure.collection.history.importer import grouped, import_table, read_history
from disclosure.figures.figures import Figure
from disclosure.figures.known_errors import KnownErrors

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
REAL = Path(__file__).parents[1] / "data" / "real"
FILES = {path.name: path.read_bytes() for path in sorted(REAL.glob("*.csv"))}
FILES |= {
    f"{name}.csv": (load_catalog(name).folder / "figures.csv").read_bytes() for name in ("gaogang-2016", "kunming-2017")
}
HISTORY = read_history(FILES, CATALOG)
SHENZHEN = "guangdong-shenzhen-monthly.csv"


def printed_rows(name):
    return list(csv.DictReader(io.StringIO(FILES[name].decode())))


def bureau_of(name, code="990000"):
    """The base catalogue for a place that has no profile of its own."""
    place = Region(code=code, name=name, level="prefecture")
    return replace(CATALOG, regions=MappingProxyType({code: place}))


def of_series(region, indicator):
    return {figure.printed_period: figure for figure in HISTORY if figure.series == (region, indicator)}


def test_the_files_are_as_they_were_published():
    sums = dict(reversed(line.split()) for line in (REAL / "SHA256SUMS").read_text().splitlines())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in REAL.glob("*.csv")}
    assert sums == found
    assert len(FILES) == 24


def test_every_printed_number_is_read_with_its_words_and_digits():
    seen = [(f.source.file_name, int(f.source.cell), f.printed_period, f.value, str(f.value), f.unit) for f in HISTORY]
    expected = [
        (name, line, row["period"], Decimal(row["value"]), row["value"], row["unit"])
        for name in FILES
        for line, row in enumerate(printed_rows(name), 2)
    ]
    assert seen == expected
    assert len(seen) == 1347


def test_no_series_mixes_two_quantities():
    """Names that were matched to one indicator never give two values for one place and period."""
    values: dict[tuple[str, str, str], set[tuple[Decimal, str]]] = {}
    for f in HISTORY:
        if f.reading:
            values.setdefault((*f.series, f.printed_period), set()).add((f.value, f.unit))
    assert len(values) > 500
    assert [key for key, each in values.items() if len(each) > 1] == []


@pytest.mark.parametrize(
    ("region", "indicator", "values"),
    [
        ("重庆市", "unemployment.accumulated_balance", {"2006": "71536.90", "2007": "113545.66"}),
        ("福建省", "employee_pension.in_service", {"2005": "267.25", "2021": "1011.11", "2022-09(快报)": "1301.48"}),
        ("昆明市", "失业保险/参保人数", {}),
        ("深圳市", "work_injury.participants", {"2015-03": "981.48", "2020": "1241.74", "2022": "1276.20"}),
        ("宁夏回族自治区", "resident_pension.income", {"2017": "12.41"}),
        ("beijing", "unemployment.beneficiaries", {"2008": "2.6"}),
        ("张家港市", "employee_medical.income.from_upper_level", {"2023-12(当月)": "-25301", "2024-01(当月)": "65791"}),
    ],
)  # fmt: skip
def test_a_series_is_found_under_whatever_name_it_was_printed(region, indicator, values):
    found = {period: str(figure.value) for period, figure in of_series(region, indicator).items()}
    assert {period: found.get(period) for period in values} == values


def test_a_label_that_contradicts_the_kind_makes_another_series():
    # 国家统计局印的是“年末享受待遇人数”，目录中的工伤享受待遇人数是从年初累计的。
    beijing = of_series("beijing", "工伤保险/年末享受待遇人数")["2008"]
    assert beijing.mistake.cause == "kind"
    assert of_series("beijing", "work_injury.beneficiaries") == {}


def test_periods_are_what_they_name():
    ends = {f.printed_period: f.end and f.end.isoformat() for f in HISTORY}
    assert ends["2021M01-M04"] == "2021-04-30"
    assert ends["2017Q2"] == "2017-06-30"
    assert ends["2023-12(当月)"] == "2023-12-31"
    assert ends["2016(统计公报)"] == "2016-12-31"
    assert ends["undated(post_6908874)"] is None
    assert sum(end is None for end in ends.values()) == 1
    assert of_series("青岛市", "work_injury.participants")["2022-09"].period == Period(2022, "q3")
    assert of_series("青岛市", "work_injury.beneficiaries")["2022-09"].period is None


@pytest.mark.parametrize(
    ("place", "file_name", "counts"),
    [
        ("曲靖市", "yunnan-qujing-2025q1-q3.csv", {"": 11, "insurance": 1, "indicator": 2}),
        ("盘锦市", "liaoning-panjin-2017q2.csv", {"": 11, "insurance": 10, "period": 7, "indicator": 1}),
        ("湛江市", "guangdong-zhanjiang-2023.csv", {"": 25, "insurance": 2, "indicator": 2}),
        ("东安县", "hunan-dongan-2022.csv", {"": 9, "indicator": 1}),
        ("云南省", "yunnan-province-2020.csv", {"": 15, "insurance": 4, "indicator": 6}),
        ("重庆市", "chongqing-unemployment-2006-2007.csv", {"": 8, "indicator": 10, "unit": 2}),
        ("深圳市", SHENZHEN, {"": 2, "insurance": 39, "period": 5, "indicator": 19, "error": 2}),
        ("Beijing", "nbs-2008-workinjury-by-region.csv", {"": 4, "kind": 1, "elsewhere": 155}),
    ],
)
def test_a_bureaus_own_file_goes_in_and_the_rest_is_told_in_a_few_groups(place, file_name, counts):
    catalog = bureau_of(place)
    report = import_table(FILES[file_name], file_name, catalog)
    found = Counter(row.cause for row in report.unmatched)
    found[""] = len(report.figures)
    found["error"] = len(report.erroneous)
    found["elsewhere"] = sum(report.elsewhere.values())
    assert +found == counts
    assert sum(group.count for group in grouped(catalog, report.unmatched)) == len(report.unmatched)


def test_the_register_is_proven_by_the_files_themselves():
    """Each entry is shown where it says, and the print itself gives the value away."""
    shown = {f.known_error.id: f for f in HISTORY if f.known_error}
    assert set(shown) == set(CATALOG.known_errors) >= {"E01", "E02", "E03", "E04"}
    for error_id, figure in shown.items():
        assert figure.source.file_name == CATALOG.known_errors[error_id].where.file
    for name, content in FILES.items():
        assert import_table(content, name, CATALOG).unexpected == ()

    march = {
        (row["insurance"], row["indicator"]): Decimal(row["value"])
        for row in printed_rows(SHENZHEN)
        if row["period"] == "2015-03"
    }
    total, more = march["五大险种合计", "总参保人次"], march["五大险种合计", "环比增加"]
    others = [march[i, "参保人数"] for i in ("基本养老保险", "基本医疗保险", "工伤保险")]
    assert abs(total - sum(others) - march["生育保险", "参保人数(含生育医疗)"] - Decimal("921.23")) <= Decimal("0.03")
    assert CATALOG.known_errors["E01"].corrected.value == "921.23"
    increases = [march[i, "环比增加"] for i in ("基本养老保险", "失业保险", "生育保险", "工伤保险")]
    assert abs(more - sum(increases) - Decimal("46.08")) <= Decimal("0.03")
    twice = {f.value for f in (shown["E03"], shown["E04"])}
    assert twice == {Decimal(20335), Decimal(20235)}


MENDED = FILES[SHENZHEN].replace("参保人数(原文单位漏“万”),人,921.23".encode(), "参保人数,万人,921.23".encode())


def test_a_mended_source_breaks_its_expectation_in_a_clear_sentence():
    assert FILES[SHENZHEN] != MENDED
    report = import_table(MENDED, SHENZHEN, bureau_of("深圳市"))
    assert {f.key for f in report.figures if f.indicator == "unemployment.participants" and f.period.year == 2015}
    (sentence,) = report.unexpected
    assert all(words in sentence for words in ("E01", "921.23 人", "现在印的是 921.23 万人", "mended", "gone"))
    without = b"\n".join(line for line in MENDED.splitlines() if "失业保险".encode() not in line)
    (sentence,) = import_table(without, SHENZHEN, CATALOG).unexpected
    assert "不在文件中" in sentence
    # Another document may print the right value any time: that mends nothing.
    assert import_table(MENDED, "年鉴.csv", CATALOG).unexpected == ()


def with_entry(error_id, **changes):
    entry = CATALOG.known_errors[error_id].model_copy(update=changes)
    return replace(CATALOG, known_errors=MappingProxyType({error_id: entry}))


def test_an_entry_marked_mended_expects_the_wrong_value_to_be_gone():
    mended = with_entry("E01", status="mended", expect="gone")
    assert import_table(MENDED, SHENZHEN, mended).unexpected == ()
    (sentence,) = import_table(FILES[SHENZHEN], SHENZHEN, mended).unexpected
    assert "旧文件" in sentence
    fields = CATALOG.known_errors["E01"].model_dump()
    with pytest.raises(ValidationError, match="expect"):
        KnownError.model_validate({**fields, "status": "mended"})


@pytest.mark.parametrize(
    ("value", "unit", "is_wrong"),
    [("921.23", "人", True), ("0.092123", "万人", True), ("921.23", "万人", False), ("9212300", "人", False)],
)
def test_a_wrong_value_is_wrong_in_every_file_and_unit_and_only_it(value, unit, is_wrong):
    catalog = bureau_of("深圳市", "440300")
    figure = Figure("440300", "unemployment.participants", Period(2015, "q1"), unit, Decimal(value))
    assert (KnownErrors(catalog).of_figure(figure) is not None) is is_wrong
    cells = {
        "region": "深圳市",
        "period": "2015Q1",
        "insurance": "失业",
        "indicator": "参保人数",
        "value": value,
        "unit": unit,
    }
    assert (KnownErrors(catalog).of_row(cells) is not None) is is_wrong
    assert KnownErrors(catalog).of_row({**cells, "period": "2016Q1"}) is None
    assert KnownErrors(catalog).of_row({**cells, "region": "广州市"}) is None
