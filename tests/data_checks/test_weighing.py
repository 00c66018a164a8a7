"""Which of two figures far from each other is doubted: this period's, the earlier one, or either."""

from dataclasses import replace
from decimal import Decimal

import pytest

from data_checks.audit import run_audit
from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.figures import Figure
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
WHOLE = CATALOG.prefecture.code
ANNUAL, BEFORE = Period(2025, "annual"), Period(2024, "annual")
NAME = "unemployment.accumulated_balance"
INCOME = "unemployment.income"


def figure(value, period, indicator=NAME):
    return Figure(WHOLE, indicator, period, CATALOG.indicators[indicator].unit, Decimal(value))


def series(*values, indicator=NAME, last=2025):
    """Figures of years up to ``last``, the last given one the newest."""
    years = range(last - len(values) + 1, last + 1)
    return [figure(v, Period(y, "annual"), indicator) for y, v in zip(years, values, strict=True)]


def found(values, rules=("R70", "R71", "R51", "R52", "R53"), indicator=NAME):
    *past, now = series(*values, indicator=indicator)
    result = run_audit(CATALOG, ANNUAL, [now], past, only=(indicator,))
    return [f for f in result.findings if f.rule in rules]


def test_a_past_written_in_another_unit_is_doubted_not_the_right_present():
    (finding,) = found(["21036.40", "22418.73", "235000000.00", "24691.08"])
    assert finding.rule == "R70"
    assert finding.severity == "warning"
    assert finding.doubted == ("2024-annual",)
    assert "疑似往期数有误" in finding.cause
    assert "应为万元" not in finding.cause
    assert "本期数不要因此改动" in finding.cause
    assert "24,691.08" not in finding.expected


def test_a_slipped_present_is_blamed_by_three_years_that_agree():
    (finding,) = found(["21036.40", "22418.73", "23500.00", "246910800.00"])
    assert (finding.rule, finding.severity, finding.doubted) == ("R70", "critical", ())
    assert "应为万元" in finding.cause


def test_nothing_to_weigh_by_names_both():
    (finding,) = found(["235000000.00", "24691.08"])
    assert finding.rule == "R70"
    assert finding.doubted == ("2025-annual", "2024-annual")
    assert "不要只改本期" in finding.cause


def test_growth_from_a_past_out_of_line_doubts_the_past():
    told = found(["21036.40", "22418.73", "11350.00", "24691.08"], rules=("R52",))
    assert [(f.severity, f.doubted) for f in told] == [("warning", ("2024-annual",))]


def test_growth_of_a_present_out_of_line_doubts_the_present():
    told = found(["21036.40", "22418.73", "23500.00", "54691.08"], rules=("R52",))
    assert [f.doubted for f in told] == [()]


def with_slip(figures, indicator, factor):
    return [replace(f, value=f.value * factor) if (f.region, f.indicator) == (WHOLE, indicator) else f for f in figures]


def test_sums_that_hold_now_and_did_not_then_doubt_the_past():
    now = demo_figures(CATALOG, ANNUAL)
    past = [f for f in demo_history(CATALOG, ANNUAL) if f.period == BEFORE]
    clean = {f for f in run_audit(CATALOG, ANNUAL, now, past).findings if f.severity == "critical"}
    result = run_audit(CATALOG, ANNUAL, now, with_slip(past, INCOME, Decimal(10000)))
    (finding,) = [f for f in result.findings if f.rule == "R70"]
    assert (finding.indicator, finding.severity, finding.doubted) == (INCOME, "warning", ("2024-annual",))
    assert "合计" in finding.message
    assert not {f for f in result.findings if f.severity == "critical"} - clean


def test_sums_that_held_then_and_do_not_now_blame_the_present():
    now = with_slip(demo_figures(CATALOG, ANNUAL), INCOME, Decimal(10000))
    past = [f for f in demo_history(CATALOG, ANNUAL) if f.period == BEFORE]
    (finding,) = [f for f in run_audit(CATALOG, ANNUAL, now, past).findings if f.rule == "R70"]
    assert (finding.severity, finding.doubted) == ("critical", ())


def test_an_earlier_year_to_date_figure_too_large_is_doubted():
    quarter = Period(2025, "q3")
    name = INCOME
    past = [figure("52000.00", Period(2025, "h1"), name), figure("6100.00", Period(2025, "q1"), name)]
    past += [figure("12000.00", Period(2024, "h1"), name), figure("18000.00", Period(2024, "q3"), name)]
    result = run_audit(CATALOG, quarter, [figure("19000.00", quarter, name)], past, only=(name,))
    (finding,) = [f for f in result.findings if f.rule == "R50"]
    assert (finding.severity, finding.doubted) == ("warning", ("2025-h1",))
