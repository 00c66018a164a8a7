"""Families of checks at their edges: what is one cause is told once, and a legitimate oddity is left alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from decimal import Decimal

import pytest

from data_checks import run_audit
from data_checks.audit import audit_tables
from data_checks.tables import Tables
from disclosure.calendar.periods import Period
from disclosure.catalog import PROFILES, load_catalog
from disclosure.figures.figures import Figure
from disclosure.simulation.demo_figures import demo_figures, demo_history
from tests.support.one_rule import check_alone

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
WHOLE = CATALOG.prefecture.code
ANNUAL = Period(2025, "annual")
FIGURES = demo_figures(CATALOG, ANNUAL)
HISTORY = demo_history(CATALOG, ANNUAL)


def figure(indicator, value, period=ANNUAL, region=WHOLE):
    return Figure(region, indicator, period, CATALOG.indicators[indicator].unit, Decimal(value))


def violations(check, now, before=()):
    period = now[0].period
    rule = next(rule for rule in CATALOG.rules.values() if rule.check == check)
    return check_alone(Tables.of(CATALOG, period, now, before), rule).violations


# --- between periods ----------------------------------------------------------------------------------

INCOME = "unemployment.income"


def test_year_to_date_is_held_against_the_nearest_known_period_even_when_one_is_missing():
    q3 = figure(INCOME, "300.00", Period(2025, "q3"))
    assert not violations("never_falls", [q3], [figure(INCOME, "300.00", Period(2025, "q1"))])
    (fell,) = violations("never_falls", [q3], [figure(INCOME, "301.00", Period(2025, "q1"))])
    assert fell.words["before_period"] == "2025年1季度"


def test_a_corrected_quarter_is_held_against_what_came_later():
    half = figure(INCOME, "301.00", Period(2025, "h1"))
    (more,) = violations("never_falls", [half], [figure(INCOME, "300.00", Period(2025, "q3"))])
    assert more.words_key == "never_falls.later"


@pytest.mark.parametrize(("past", "now", "fires"), [((4, 5, 4, 6), "30", True), ((4, 40, -20, 35), "30", False)])
def test_growth_is_held_against_the_series_own_history(past, now, fires):
    """A fund that grew by 4 to 6 % a year must explain 45 %; one that swings by 40 % need not."""
    value, series = Decimal(100000), []
    for place, percent in enumerate(past):
        series.append(figure(INCOME, value.quantize(Decimal("0.01")), Period(2020 + place, "annual")))
        value *= 1 + Decimal(percent) / 100
    series.append(figure(INCOME, value.quantize(Decimal("0.01")), Period(2024, "annual")))
    latest = figure(INCOME, (value * (1 + Decimal(now) / 100 + Decimal("0.15"))).quantize(Decimal("0.01")))
    assert bool(violations("unusual_growth", [latest], series)) == fires


def test_a_difference_is_what_was_reported_less_what_it_should_be():
    """A card shows several: all with the same sign, whichever rule tells them."""
    quarter, half = Period(2025, "q1"), Period(2025, "h1")
    (fell,) = violations("never_falls", [figure(INCOME, "200.00", half)], [figure(INCOME, "301.25", quarter)])
    assert (fell.difference, fell.words["apart"]) == ("-101.25 万元", "101.25 万元")
    (above,) = violations("never_falls", [figure(INCOME, "301.25", quarter)], [figure(INCOME, "200.00", half)])
    assert (above.difference, above.words["apart"]) == ("101.25 万元", "101.25 万元")
    (short,) = violations("within_limits", [figure("unemployment.benefit_standard", "0.45")])
    assert short.difference.startswith("-")
    parts = ("unemployment.income", "unemployment.income.contributions", "unemployment.income.interest")
    now = [figure(name, value) for name, value in zip(parts, ("100.00", "150.00", "0.50"), strict=True)]
    beyond = [
        v for f in CATALOG.identities.values() for v in check_alone(Tables.of(CATALOG, ANNUAL, now), f).violations
    ]
    assert [(v.difference, v.words["apart"]) for v in beyond] == [("-50.50 万元", "50.50 万元")]


@pytest.mark.parametrize(
    ("typed", "last_year", "cause"),
    [
        ("11980", "1242", "多写了 1 位，若为 1,198 人次，则与可比数 1,242 人次（2024年度）相近"),
        ("11985", "1242", "若为约 1,199 人次，"),
        ("125", "1242", "少写了 1 位，若为 1,250 人次，"),
    ],
)
def test_a_shifted_point_is_put_right_in_the_figure_itself_not_by_last_year_s(typed, last_year, cause):
    name = "work_injury.disability_benefits.person_times"
    tables = Tables.of(CATALOG, ANNUAL, [figure(name, typed)], [figure(name, last_year, Period(2024, "annual"))])
    (found,) = check_alone(tables, CATALOG.rules["R71"]).violations
    assert cause in found.cause
    assert "应为 1,242" not in found.cause


def test_an_amount_put_right_is_told_as_finely_as_it_is_printed():
    before = [figure("unemployment.income.interest", "229.92", Period(2024, "annual"))]
    tables = Tables.of(CATALOG, ANNUAL, [figure("unemployment.income.interest", "2226.42")], before)
    (found,) = check_alone(tables, CATALOG.rules["R71"]).violations
    assert "若为约 222.64 万元，" in found.cause


def test_what_it_is_compared_with_is_not_rounded_before_the_difference():
    name = "work_injury.hospital_meals.amount"
    before = [figure(name, "9837669.13", Period(2024, "annual"))]
    (found,) = violations("unit_slip", [figure(name, "1030.31")], before)
    assert (found.words["before"], found.difference) == ("9,837,669.13 元", "-9,836,638.82 元")


def test_a_standard_that_sometimes_stays_may_stay():
    standard = "unemployment.benefit_standard"
    rising = [figure(standard, value, Period(2022 + n, "annual")) for n, value in enumerate(("1500", "1600", "1700"))]
    assert violations("unchanged_standard", [figure(standard, "1700")], rising)
    staying = [replace(f, value=Decimal(1600)) if f.value == 1500 else f for f in rising]
    assert not violations("unchanged_standard", [figure(standard, "1700")], staying)


# --- copies -------------------------------------------------------------------------------------------

PENSION = ("income", "expenditure", "accumulated_balance")


def fund(values, period=ANNUAL):
    return [figure(f"unemployment.{name}", value, period) for name, value in zip(PENSION, values, strict=True)]


def test_two_columns_exchanged_are_found_by_what_they_were_last_year():
    before = fund(("9000.00", "5000.00", "23000.00"), Period(2024, "annual"))
    (found,) = violations("swapped", fund(("5100.00", "9100.00", "24000.00")), before)
    assert found.words["count"] == 2
    assert "基金收入的像是基金支出的" in found.words["pairs"]


def test_a_row_that_slid_by_one_cell_is_found_although_no_two_changed_places():
    before = fund(("9000.00", "5000.00", "23000.00"), Period(2024, "annual"))
    shifted = violations("swapped", fund(("23500.00", "9100.00", "5100.00")), before)
    assert [v.words["count"] for v in shifted] == [3]


def test_two_figures_that_really_changed_are_no_exchange():
    before = fund(("9000.00", "5000.00", "23000.00"), Period(2024, "annual"))
    assert not violations("swapped", fund(("14000.00", "2500.00", "34000.00")), before)


MEDICAL = [i.id for i in CATALOG.indicators_for(ANNUAL) if i.insurance == "resident_medical" and i.kind == "flow"]


@pytest.mark.parametrize(("equal", "like"), [(5, "8123.{}7"), (4, "8123.{}7"), (5, "{}.00"), (5, "12{}.00")])
def test_a_fund_pasted_from_last_year_is_a_copy_although_other_figures_are_new(equal, like):
    """Five equal figures of four digits do; four, or small ones that stay the same by chance, do not."""
    before = [figure(name, like.format(n), Period(2024, "annual")) for n, name in enumerate(MEDICAL[:7], 1)]
    now = [
        replace(f, period=ANNUAL, value=f.value if n < equal else f.value + Decimal("1.01"))
        for n, f in enumerate(before)
    ]
    found = violations("copied", now, before)
    assert [v.words["count"] for v in found] == ([5] if (equal, like) == (5, "8123.{}7") else [])
    assert [v.words_key for v in found] == ["copied.mostly"] * len(found)


def test_one_equal_number_in_two_counties_is_no_copy():
    one, other = (region.code for region in CATALOG.parts_of_prefecture[2:4])
    names = ("participants", "in_service", "retired", "contributors")

    def of(region, *values):
        rows = zip(names, values, strict=True)
        return [figure(f"employee_pension.{n}", v, region=region) for n, v in rows]

    same = of(one, "30", "20", "10", "19")
    assert not violations("same_regions", [*same, *of(other, "30", "21", "9", "19")])
    (found,) = violations("same_regions", [*same, *of(other, "30", "20", "10", "19")])
    assert (found.row.region, found.words["count"], found.words["also"]) == (other, 4, "")


def test_a_column_pasted_over_every_county_is_told_once():
    regions = CATALOG.parts_of_prefecture
    names = ("participants", "in_service", "retired", "contributors")
    pasted = [
        figure(f"employee_pension.{name}", value, region=region.code)
        for region in regions
        for name, value in zip(names, ("30", "20", "10", "19"), strict=True)
    ]
    (found,) = violations("same_regions", pasted)
    assert (found.row.region, found.words["other"]) == (regions[1].code, regions[0].name)
    assert all(region.name in found.words["also"] for region in regions[2:])
    assert len({region for region, _ in found.involved}) == len(regions) - 1


# --- likely causes ------------------------------------------------------------------------------------


def of_pensioners(*regions):
    """(region, participants, in service, retired) as figures."""
    names = ("participants", "in_service", "retired")
    return [
        figure(f"employee_pension.{name}", value, region=region)
        for region, *values in regions
        for name, value in zip(names, values, strict=True)
    ]


ONE, OTHER = (region.code for region in CATALOG.parts_of_prefecture[:2])


def pensioners(**changed):
    """The prefecture and its regions, all in balance but for what is ``changed`` in the first region or the whole."""
    rest = [region.code for region in CATALOG.parts_of_prefecture[1:]]
    sums = [[35000, 24000, 11000], *([3000, 2000, 1000] for _ in rest)]
    whole = (WHOLE, *(sum(column) for column in zip(*sums, strict=True)))
    figures = of_pensioners(whole, *((code, *values) for code, values in zip((ONE, *rest), sums, strict=True)))
    names = {"here": ONE, "whole": WHOLE}
    for place, (name, value) in ((key.split("_", 1)[0], (key.split("_", 1)[1], v)) for key, v in changed.items()):
        at = (names[place], f"employee_pension.{name}")
        figures = [replace(f, value=f.value + value) if f.key[:2] == at else f for f in figures]
    return figures


def test_digits_are_not_called_exchanged_where_they_balance_with_others_as_they_are():
    """42,000 for 24,000 balances the row; where the regions add up to the whole with it, it is not what is wrong."""
    alone = audit_tables(Tables.of(CATALOG, ANNUAL, pensioners(here_in_service=18000), ()))
    blamed = [f for f in alone.findings if "数字颠倒：在职" in f.cause]
    assert {f.region for f in blamed} == {ONE}
    added_up = pensioners(here_in_service=18000, whole_in_service=18000)
    both = audit_tables(Tables.of(CATALOG, ANNUAL, added_up, ()))
    broken = [f for f in both.findings if f.region == ONE and f.rule.startswith("R2")]
    assert broken
    assert not [f for f in broken if "数字颠倒：在职" in f.cause]
    # And a region whose row balances is not to blame for the sum of the regions.
    moved = pensioners(here_in_service=-18000, here_participants=-18000)
    sums = [f for f in audit_tables(Tables.of(CATALOG, ANNUAL, moved, ())).findings if f.rule == "R40"]
    assert sums


# --- ratios -------------------------------------------------------------------------------------------


def dependency(stated, **parts):
    now = [figure(f"employee_pension.{name}", value) for name, value in parts.items()]
    tables = Tables.of(CATALOG, ANNUAL, [*now, figure("employee_pension.dependency_ratio", stated)])
    return check_alone(tables, CATALOG.ratios["R30"])


@pytest.mark.parametrize(
    ("stated", "parts", "holds"),
    [
        ("4.21", {"in_service": "484774", "retired": "115173"}, True),  # 曲靖 2025 Q1-3
        ("2.41", {"in_service": "44680", "contributors": "33649", "beneficiaries": "13956"}, True),  # 屯溪 2022 H1
        ("2.34", {"in_service": "44008", "contributors": "34181", "beneficiaries": "14518"}, False),  # 屯溪 2023 Q1
        ("4.22", {"in_service": "484774", "retired": "115173"}, False),
    ],
)
def test_a_dependency_ratio_may_be_any_of_the_definitions_in_use(stated, parts, holds):
    done = dependency(stated, **parts)
    assert done.compared == 1
    assert (done.violations == []) == holds


def test_a_first_report_in_the_wrong_unit_is_seen_by_its_sister():
    """No history, no parts: 10^4 times the income per person of any province."""
    now = [figure("unemployment.income", "86000000.00"), figure("unemployment.participants", "138000")]
    (found,) = check_alone(Tables.of(CATALOG, ANNUAL, now), CATALOG.ratios["R37"]).violations
    assert "大了一万倍左右" in found.cause
    # A quarter's income is a quarter of the year's, and no quarter is too little while the year goes on.
    quarter = [replace(f, period=Period(2025, "q1")) for f in now]
    small = [replace(f, value=Decimal("800.00")) if f.indicator == INCOME else f for f in quarter]
    assert not check_alone(Tables.of(CATALOG, Period(2025, "q1"), small), CATALOG.ratios["R37"]).violations


# --- wholes and limits --------------------------------------------------------------------------------


def test_a_standard_typed_in_ten_thousands_is_below_its_minimum_even_in_a_first_report():
    (found,) = violations("within_limits", [figure("employee_pension.monthly_average_pension", "0.31")])
    assert found.words_key == "below_minimum"


def test_numbers_printed_in_ten_thousands_keep_their_rounding_when_converted():
    """东安县 2022: 4.02 = 2.69 + 1.34 万人 within rounding; the same numbers counted one by one are wrong."""
    parts = {"participants": "4.02", "in_service": "2.69", "retired": "1.34"}

    def broken(convert):
        now = [figure(f"employee_pension.{name}", convert(Decimal(value))) for name, value in parts.items()]
        return [f.rule for f in audit_tables(Tables.of(CATALOG, ANNUAL, now, only=["employee_pension.*"])).findings]

    assert "R24" not in broken(lambda value: value.scaleb(4))
    assert "R24" in broken(lambda value: (value * 10000).quantize(Decimal(1)))


# --- one cause, told once -----------------------------------------------------------------------------


def groups(changed):
    figures = [replace(f, value=changed[f.key[:2]]) if f.key[:2] in changed else f for f in FIGURES]
    return audit_tables(Tables.of(CATALOG, ANNUAL, figures, HISTORY)).causes


def test_one_wrong_county_is_one_cause_although_its_sum_and_its_parts_break_too():
    county = CATALOG.parts_of_prefecture[2].code
    value = next(f.value for f in FIGURES if f.key[:2] == (county, "employee_pension.in_service"))
    found = groups({(county, "employee_pension.in_service"): value * 10000})
    assert list(found) == [f"{county}/employee_pension.in_service"]
    assert {"R24", "R40", "R70"} <= {f.rule for members in found.values() for f in members}


def test_a_whole_fund_in_another_unit_is_one_cause():
    fund_of = {
        f.key[:2]: f.value * 10000 for f in FIGURES if f.indicator.startswith("unemployment.") and f.unit == "万元"
    }
    assert len(fund_of) > 10
    found = groups(fund_of)
    assert f"slip+4/{WHOLE}/unemployment" in found
    assert sum(len(members) for members in found.values()) > 3 * len(found)


def test_two_mistakes_in_different_places_are_two_causes():
    county = CATALOG.parts_of_prefecture[2].code
    values = {f.key[:2]: f.value for f in FIGURES}
    keys = [(county, "resident_pension.participants"), (WHOLE, "work_injury.income.interest")]
    found = groups({keys[0]: values[keys[0]] * 10, keys[1]: -values[keys[1]]})
    assert {f"{county}/resident_pension.participants", f"{WHOLE}/work_injury.income.interest"} == set(found)


def test_a_centre_that_handed_nothing_in_is_one_cause():
    rest = [f for f in FIGURES if f.centre != "medical_centre"]
    found = audit_tables(Tables.of(CATALOG, ANNUAL, rest, HISTORY)).causes
    assert list(found) == ["missing/medical_centre"]
    assert len(found["missing/medical_centre"]) > 50


# --- a check is YAML ----------------------------------------------------------------------------------

ADDED = {
    "identities.yaml": """
identities:
  R699:
    {name: 居民养老个人账户, for_each: [resident_pension], total: income, parts: [income.contributions],
     relation: at_most, severity: critical, description: 征缴收入不超过基金收入。, reason: 部分。, source: 本州}
""",
    "ratios.yaml": """
ratios:
  R698:
    name: 领取人月次与领取人数
    for_each: [unemployment]
    quotients: [{name: 领取人月次÷领取人数, numerator: [benefit_person_months], denominator: [beneficiaries]}]
    low: 20
    high: 30
    severity: warning
    description: 每人每年领取二十至三十个月。
    reason: 试验。
    source: 本州
""",
    "rules.yaml": """
rules:
  R52: {parameters: {people: 0.001}}
""",
}


def test_a_profile_adds_an_identity_and_a_ratio_and_moves_a_threshold_without_python(tmp_path):
    folder = tmp_path / "profile"
    shutil.copytree(PROFILES / "chuxiong", folder)
    for name, text in ADDED.items():
        (folder / name).write_text(text, encoding="utf-8")
    catalog = load_catalog(folder)
    assert {"R699", "R698"} <= set(catalog.audited)
    result = run_audit(catalog, ANNUAL, demo_figures(catalog, ANNUAL), demo_history(catalog, ANNUAL))
    assert [rule.error for rule in result.rules if rule.error] == []
    told = {rule.rule: (rule.checked, rule.failed) for rule in result.rules}
    assert told["R699"] == (1, 0)
    assert told["R698"] == (1, 1)
    assert told["R52"][1] > 50
