"""What governments really published: legitimate oddities are not called errors, printed slips are found."""

import csv
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest

from data_checks import run_audit
from data_checks.tables import Tables
from disclosure.calendar.periods import Period
from disclosure.catalog import Region, load_catalog
from disclosure.figures.figures import Figure
from tests.support.one_rule import check_alone

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
WHOLE = CATALOG.prefecture.code
DATA = Path(__file__).parents[1] / "data" / "audit"


def rows(name):
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def figures(name, names, *, year=None, region=None):
    """Figures of one place under the catalogue's ids; ``names`` maps printed names to ids."""
    return [
        Figure(
            region or WHOLE,
            names[row["indicator"]],
            Period(int(row["period"][:4]), "annual"),
            row["unit"],
            Decimal(row["value"]),
        )
        for row in rows(name)
        if row["indicator"] in names and (year is None or row["period"].startswith(str(year)))
    ]


def fund(insurance, income, expenditure, balance, surplus=""):
    named = {income: "income", expenditure: "expenditure", balance: "accumulated_balance", surplus: "current_surplus"}
    return {name: f"{insurance}.{indicator}" for name, indicator in named.items() if name}


FUJIAN = fund("employee_pension", "基金收入", "基金支出", "累计结余")
CHONGQING = {
    **fund("unemployment", "本年实际收入", "当年支出额", "当年末结余额"),
    "年末参保人数": "unemployment.participants",
}


def test_fujian_2021_opening_balance_is_a_warning_that_names_the_gap():
    now = figures("fujian_pension_2020_2021.csv", FUJIAN, year=2021)
    before = figures("fujian_pension_2020_2021.csv", FUJIAN, year=2020)
    result = run_audit(CATALOG, Period(2021, "annual"), now, before, excused_centres=[c.id for c in CATALOG.centres])
    (found,) = [f for f in result.findings if f.rule == "R25"]
    assert found.severity == "warning"
    assert found.difference == "-1,408,200.00 万元"  # 140.82亿元
    assert "中央调剂" in found.cause
    assert not [f for f in result.findings if f.rule in {"R70", "R71"}]


def test_growth_asks_about_fujian_2021_but_not_about_chongqing_2007():
    fired = {}
    for name, names, year in (
        ("fujian_pension_2020_2021.csv", FUJIAN, 2021),
        ("chongqing_unemployment_2006_2007.csv", CHONGQING, 2007),
    ):
        tables = Tables.of(
            CATALOG, Period(year, "annual"), figures(name, names, year=year), figures(name, names, year=year - 1)
        )
        growth = check_alone(tables, CATALOG.rules["R52"])
        fired[year] = [v.row.indicator_id for v in growth.violations]
        assert growth.compared == len(names)
    assert fired == {2021: ["employee_pension.income"], 2007: []}


def test_national_final_accounts_balance_within_rounding_but_carry_over_with_a_gap():
    names = fund("employee_pension", "收入", "支出", "年末滚存结余", "本年收支结余")
    pension = [row for row in rows("national_accounts_2012_2013.csv") if row["insurance"] == "企业职工基本养老保险"]
    made = [
        Figure(
            WHOLE, names[row["indicator"]], Period(int(row["period"][:4]), "annual"), row["unit"], Decimal(row["value"])
        )
        for row in pension
        if row["indicator"] in names
    ]
    now = [f for f in made if f.period.year == 2013]
    before = [f for f in made if f.period.year == 2012]
    tables = Tables.of(CATALOG, Period(2013, "annual"), now, before)
    # 18300 - 13948 = 4352 was printed as 4351: within the rounding of three figures.
    year_before = Tables.of(CATALOG, Period(2012, "annual"), before)
    surplus = check_alone(year_before, CATALOG.identities["R20"])
    assert (surplus.compared, surplus.violations) == (1, [])
    (gap,) = check_alone(tables, CATALOG.identities["R25"]).violations
    assert gap.difference == "1,150,000 万元"


def test_shenzhen_2015_without_its_wan_is_a_unit_slip():
    printed = {row["indicator"]: Decimal(row["value"]) for row in rows("shenzhen_unemployment_2015_03.csv")}
    month = printed["参保人数(原文单位漏“万”)"]
    month_before = month - printed["环比增加"]  # the notice gives the change in 万人
    now = Figure(WHOLE, "unemployment.participants", Period(2015, "q1"), "人", month, centre="employment_centre")
    before = Figure(WHOLE, "unemployment.participants", Period(2014, "annual"), "万人", month_before)
    result = run_audit(CATALOG, Period(2015, "q1"), [now], [before], excused_centres=[c.id for c in CATALOG.centres])
    found = {f.rule: f for f in result.findings if f.severity == "critical"}
    assert set(found) == {"R12", "R70"}
    for finding in found.values():
        assert "应为人，填成了万人" in finding.cause
    assert "8,782,200 人" in found["R70"].message


def zhangjiagang():
    parts = {
        "基金收入": "income",
        "医疗保险费收入": "income.contributions",
        "财政补贴收入": "income.fiscal_subsidy",
        "利息收入": "income.interest",
        "转移收入": "income.transfers",
        "其他收入": "income.other",
        "上级补助收入": "income.from_upper_level",
        "基金支出": "expenditure",
        "医疗保险待遇支出": "expenditure.benefits",
        "转移支出": "expenditure.transfers",
        "其他支出": "expenditure.other",
        "上解上级支出": "expenditure.to_upper_level",
        "参保人数": "participants",
        "在职职工": "in_service",
        "退休人员": "retired",
    }
    names = {name: f"employee_medical.{part}" for name, part in parts.items()}
    return figures("zhangjiagang_medical_2023_12.csv", names)


def with_all_items():
    selection = CATALOG.profile.indicators.model_copy(update={"also": ("employee_medical.*",)})
    return replace(CATALOG, profile=CATALOG.profile.model_copy(update={"indicators": selection}))


def lacking(made, indicator):
    state = {"value": None, "state": "not_provided", "text": "待省级下达"}
    return [replace(f, **state) if f.indicator == f"employee_medical.{indicator}" else f for f in made]


def test_zhangjiagang_composition_holds_with_its_negative_subsidy():
    catalog = with_all_items()
    tables = Tables.of(catalog, Period(2023, "annual"), zhangjiagang())
    for identity in ("R21", "R23", "R24"):
        done = check_alone(tables, catalog.identities[identity])
        assert (done.compared, done.violations) == (1, []), identity
    assert check_alone(tables, catalog.rules["R11"]).violations == []


def test_zhangjiagang_without_its_negative_subsidy_is_a_question_not_an_error():
    catalog = with_all_items()
    tables = Tables.of(catalog, Period(2023, "annual"), lacking(zhangjiagang(), "income.from_upper_level"))
    (found,) = check_alone(tables, catalog.identities["R21"]).violations
    assert found.severity == "warning"
    assert found.words_key == "identity.perhaps_negative"


def nation():
    """(catalogue of the nation and its 31 provinces, figures of 2008)."""
    table = rows("nbs_unemployment_2008.csv")
    places = list(dict.fromkeys(row["region"] for row in table))
    codes = {place: f"{100000 + 10000 * number}" for number, place in enumerate(places)}
    regions = {
        code: Region(code=code, name=place, level="county" if place != "National Total" else "prefecture")
        for place, code in codes.items()
    }
    ids = {
        "年末参保人数": "participants",
        "年末领取失业保险金人数": "beneficiaries",
        "基金收入": "income",
        "基金支出": "expenditure",
        "累计结余": "accumulated_balance",
    }
    indicators = {
        i.id: i.model_copy(update={"by_county": True}) if i.insurance == "unemployment" else i
        for i in CATALOG.indicators.values()
    }
    catalog = replace(CATALOG, regions=MappingProxyType(regions), indicators=MappingProxyType(indicators))
    made = [
        Figure(
            codes[row["region"]],
            f"unemployment.{ids[row['indicator']]}",
            Period(2008, "annual"),
            row["unit"],
            Decimal(row["value"]),
        )
        for row in table
    ]
    return catalog, made


def test_thirty_one_provinces_add_up_to_the_nation_within_rounding():
    catalog, made = nation()
    done = check_alone(Tables.of(catalog, Period(2008, "annual"), made), catalog.rules["R40"])
    assert done.violations == []
    assert done.compared == 5


def test_one_province_off_by_more_than_rounding_is_found_in_the_national_sum():
    catalog, made = nation()
    target = next(f for f in made if f.indicator == "unemployment.participants" and f.region != catalog.prefecture.code)
    bad = [replace(f, value=f.value + 4) if f is target else f for f in made]
    (found,) = check_alone(Tables.of(catalog, Period(2008, "annual"), bad), catalog.rules["R40"]).violations
    assert found.row.indicator_id == "unemployment.participants"


def test_yunnan_2020_person_times_are_the_sum_of_its_insurances():
    """3957.72万 = 企业 519.55 + 机关 181.79 + 居民 2450.18 + 失业 307.39 + 工伤 498.81; one tenth more is critical."""
    selection = CATALOG.profile.indicators.model_copy(update={"also": ("all_insurances.person_times",)})
    catalog = replace(CATALOG, profile=CATALOG.profile.model_copy(update={"indicators": selection}))
    period = Period(2020, "annual")
    printed = {
        "employee_pension": "519.55",
        "institution_pension": "181.79",
        "resident_pension": "2450.18",
        "unemployment": "307.39",
        "work_injury": "498.81",
    }
    made = [Figure(WHOLE, f"{i}.participants", period, "万人", Decimal(value)) for i, value in printed.items()]
    # The three that were not disclosed do not exist in that notice.
    made += [
        Figure(WHOLE, f"{i}.participants", period, "人", text="未纳入", state="not_applicable")
        for i in ("employee_medical", "resident_medical", "maternity")
    ]

    def broken(total):
        whole = Figure(WHOLE, "all_insurances.person_times", period, "万人次", Decimal(total))
        return check_alone(Tables.of(catalog, period, [*made, whole]), catalog.identities["R29"]).violations

    assert broken("3957.72") == []
    assert len(broken("3957.82")) == 1
