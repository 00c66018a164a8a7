"""A profile made from a table of published figures loads, and has what the table has as it was printed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from disclosure.calendar.periods import Period
from disclosure.catalog.profile_check import check_profile
from disclosure.collection.history.new_profile import FIGURES, NewProfile, make_profile
from disclosure.platform.errors import DisclosureError
from disclosure.simulation.demo_figures import demo_figures

pytestmark = [pytest.mark.unit, pytest.mark.slow]

#: The shape of what prefectures publish: other units, quarters beside the year, counties in some.
TABLE = """region,period,insurance,indicator,unit,value
曲靖市,2024,失业保险,参保人数,万人,34.27
麒麟区,2024,失业保险,参保人数,万人,10.05
沾益区,2024,失业保险,参保人数,万人,4.2
曲靖市,2024,失业保险,基金收入,亿元,2.113
曲靖市,2025Q1-Q3,失业保险,参保人数,万人,34.81
曲靖市,2025Q1-Q3,失业保险,基金收入,亿元,1.602
曲靖市,2024,失业保险,从未听说过的指标,人,5
昭通市,2024,失业保险,参保人数,万人,20.00
"""
PLACES = ("530300=曲靖市", "530302=麒麟区", "530303=沾益区")


def wanted(*places: str) -> NewProfile:
    return NewProfile(
        "曲靖市人力资源和社会保障局", "曲靖市社会保险信息披露", places, "QJRSJ", "https://shebao.example/"
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "公布过的.csv"
    file.write_text(TABLE, encoding="utf-8")
    return file


def test_it_says_what_the_table_says(tmp_path: Path, table: Path) -> None:
    catalog, report = make_profile(tmp_path / "qujing", wanted(*PLACES), table)
    assert catalog.profile.cycles == ("annual", "q3")
    assert catalog.profile.demo_period == "2024-annual"
    assert set(catalog.reported) == {"unemployment.participants", "unemployment.income"}
    participants, income = catalog.reported["unemployment.participants"], catalog.reported["unemployment.income"]
    assert (participants.unit, participants.by_county) == ("万人", True)
    assert (income.unit, catalog.decimals(income), income.by_county) == ("亿元", 3, False)
    assert [place.name for place in catalog.parts_of_prefecture] == ["麒麟区", "沾益区"]
    own = [figure for figure in report.figures if figure.period == Period(2024, "annual")]
    shown = {(figure.region, figure.indicator): str(figure.value) for figure in own}
    assert shown["530300", "unemployment.income"] == "2.113"
    assert shown["530302", "unemployment.participants"] == "10.05"


def test_what_is_not_understood_is_told_and_not_guessed(tmp_path: Path, table: Path) -> None:
    _, report = make_profile(tmp_path / "qujing", wanted(*PLACES), table)
    assert [row.line for row in report.unmatched] == [8]
    assert report.elsewhere == {"昭通市": 1}


def test_it_is_without_a_mistake_once_the_strange_row_is_gone(tmp_path: Path, table: Path) -> None:
    lines = [line for line in TABLE.splitlines(keepends=True) if "从未听说过" not in line]
    table.write_text("".join(lines), encoding="utf-8")
    folder = tmp_path / "qujing"
    catalog, _ = make_profile(folder, wanted(*PLACES), table)
    assert check_profile(folder).mistakes == ()
    assert len(demo_figures(catalog, Period(2024, "annual"))) == 4
    assert catalog.offices["social_insurance_centre"].name == "市社保中心"


def test_nothing_is_left_behind_where_it_cannot_be_made(tmp_path: Path, table: Path) -> None:
    folder = tmp_path / "nowhere"
    with pytest.raises(DisclosureError, match="玉溪市"):
        make_profile(folder, wanted("530400=玉溪市"), table)
    assert list(folder.iterdir()) == []
    with pytest.raises(DisclosureError, match="六位行政区划代码"):
        make_profile(folder, wanted("曲靖市"), table)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DisclosureError, match="已经有东西"):
        make_profile(folder, wanted(*PLACES), table)
    assert not (folder / FIGURES).exists()


#: A table whose insurances are called otherwise, with an indicator that we do not have.
OTHERWISE = """region,period,insurance,indicator,unit,value
曲靖市,2024,基本养老保险,参保人数,万人,401.08
曲靖市,2024,城镇职工基本养老保险,离退休人员,万人,11.5
曲靖市,2023,城镇职工基本养老保险,离退休人员,万人,11.24
曲靖市,2024,城镇职工基本养老保险,参保职工,万人,48.48
"""


def test_an_insurance_that_is_called_otherwise_is_named(tmp_path: Path) -> None:
    file = tmp_path / "公布过的.csv"
    file.write_text(OTHERWISE, encoding="utf-8")
    named = ("employee_pension=城镇职工基本养老保险", "basic_pension=基本养老保险")
    catalog, report = make_profile(tmp_path / "qujing", replace(wanted(PLACES[0]), insurances=named), file)
    assert catalog.insurances["employee_pension"].name == "城镇职工基本养老保险"
    assert catalog.find_insurance("企业职工基本养老保险") is catalog.insurances["employee_pension"]
    assert catalog.insurances["basic_pension"].name == "基本养老保险"
    # In the order of the table, each figure with the decimals it was printed with.
    assert list(catalog.reported) == ["employee_pension.retired", "employee_pension.in_service"]
    assert catalog.reported["employee_pension.retired"].least_decimals == 1
    # What we do not have is drafted, and not in force.
    assert [row.what for row in report.unmatched] == ["基本养老保险“参保人数”"]
    drafted = (tmp_path / "qujing" / "indicators.yaml").read_text(encoding="utf-8")
    assert '#    {insurance: basic_pension, section: ?, name: "参保人数", kind: ?, unit: "万人",' in drafted


def test_it_says_which_insurances_to_name_where_nothing_is_known(tmp_path: Path) -> None:
    file = tmp_path / "公布过的.csv"
    file.write_text(OTHERWISE, encoding="utf-8")
    with pytest.raises(DisclosureError, match=r"(?s)不认识的险种：“城镇职工基本养老保险”、“基本养老保险”.*--insurance"):
        make_profile(tmp_path / "qujing", wanted(PLACES[0]), file)
    with pytest.raises(DisclosureError, match="险种“养老”的写法不对"):
        make_profile(tmp_path / "qujing", replace(wanted(PLACES[0]), insurances=("养老",)), file)
