"""What is told without a past, or of few figures: copies of two, rows typed over others, counties out of line."""

from dataclasses import replace
from decimal import Decimal

import pytest

from data_checks.audit import audit_tables, run_audit
from data_checks.backtest import periods
from data_checks.tables import Tables
from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.figures import Figure
from disclosure.simulation.demo_figures import demo_figures, demo_history
from tests.support.one_rule import check_alone
from tests.support.real_history import real_series

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
WHOLE = CATALOG.prefecture.code
ANNUAL = Period(2025, "annual")
FIGURES = demo_figures(CATALOG, ANNUAL)
HISTORY = demo_history(CATALOG, ANNUAL)
PROVINCES = next((catalog, figures) for name, catalog, figures in real_series() if name == "全国分省")


def figure(indicator, value, period=ANNUAL):
    return Figure(WHOLE, indicator, period, CATALOG.indicators[indicator].unit, Decimal(value))


def told(tables: Tables, rule: str) -> list[tuple[str, str]]:
    found = check_alone(tables, tables.catalog.rules[rule]).violations
    return [(v.row.region, v.row.indicator_id) for v in found]


# --- two figures left as they were --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "is_told"), [(("226103", "3704"), True), (("226103", "3705"), False), (("226104", "3704"), False)]
)
def test_two_figures_that_are_all_of_their_group_and_repeat_are_told(now, is_told):
    names = ("work_injury.participants", "work_injury.beneficiaries")
    before = [figure(n, v, Period(2024, "annual")) for n, v in zip(names, ("226103", "3704"), strict=True)]
    tables = Tables.of(CATALOG, ANNUAL, [figure(n, v) for n, v in zip(names, now, strict=True)], before, only=names)
    assert told(tables, "R72") == ([(WHOLE, names[0])] if is_told else [])


def test_two_small_figures_may_repeat_by_chance():
    names = ("work_injury.beneficiaries", "work_injury.participants")
    before = [figure(n, v, Period(2024, "annual")) for n, v in zip(names, ("12", "903"), strict=True)]
    now = [replace(f, period=ANNUAL) for f in before]
    assert told(Tables.of(CATALOG, ANNUAL, now, before, only=names), "R72") == []


# --- a row typed over another -------------------------------------------------------------------------


def typed_over(figures, target, source):
    values = {f.region: f.value for f in figures if f.indicator == source}
    return [replace(f, value=values[f.region]) if f.indicator == target else f for f in figures]


@pytest.mark.parametrize("history", [HISTORY, ()])
def test_a_row_typed_over_another_in_every_region_is_told_once_as_a_warning(history):
    figures = typed_over(FIGURES, "unemployment.contributors", "unemployment.participants")
    found = [f for f in run_audit(CATALOG, ANNUAL, figures, history).findings if f.rule == "R75"]
    assert [(f.region, f.indicator, f.severity) for f in found] == [(WHOLE, "unemployment.contributors", "warning")]
    assert "与“参保人数”的完全相同" in found[0].message
    assert "一行的数填到了这里" in found[0].cause


def test_rows_that_were_the_same_last_year_too_are_not_told():
    past = []
    for period in {f.period for f in HISTORY}:
        of_period = [f for f in HISTORY if f.period == period]
        past += typed_over(of_period, "unemployment.contributors", "unemployment.participants")
    figures = typed_over(FIGURES, "unemployment.contributors", "unemployment.participants")
    assert told(Tables.of(CATALOG, ANNUAL, figures, past), "R75") == []


def test_everybody_who_takes_part_may_pay_where_only_the_total_is_known():
    now = [figure("unemployment.participants", "159400"), figure("unemployment.contributors", "159400")]
    tables = Tables.of(CATALOG, ANNUAL, now, only=("unemployment.participants", "unemployment.contributors"))
    assert told(tables, "R75") == []


# --- counties beside each other -----------------------------------------------------------------------


def provinces(change) -> Tables:
    tables = next(iter(periods(*PROVINCES)))
    of = {f.key[:2]: f.value for f in tables.figures}
    figures = tuple(replace(f, value=change(f.key[:2], f.value, of)) for f in tables.figures)
    return Tables.of(tables.catalog, tables.period, figures, (), only=tables.only)


def code(name: str) -> str:
    return next(code for code, region in PROVINCES[0].regions.items() if region.name == name)


def test_provinces_as_printed_are_in_proportion_and_in_their_places():
    for tables in periods(*PROVINCES):
        assert told(tables, "R76") == []
        assert told(tables, "R77") == []


def test_a_province_ten_times_too_large_is_told_without_any_past_at_its_own_cell():
    where = (code("Hebei"), "employee_pension.income")
    tables = provinces(lambda key, value, _of: value * 10 if key == where else value)
    assert told(tables, "R76") == [where]
    (found,) = [f for f in audit_tables(tables).findings if f.rule == "R76"]
    assert found.severity == "warning"
    assert "约为通常的" in found.message


def test_two_provinces_cells_exchanged_are_told_without_any_past():
    one, other = code("Tianjin"), code("Shandong")
    there = {one: other, other: one}
    name = "employee_pension.retired"
    tables = provinces(lambda key, value, of: of[there[key[0]], name] if key[1] == name and key[0] in there else value)
    (found,) = [f for f in audit_tables(tables).findings if f.rule == "R77"]
    assert {(found.region, found.indicator), *found.involved} == {(one, name), (other, name)}
    assert "Tianjin与Shandong互换之后都相称" in found.message


def test_two_provinces_columns_exchanged_are_told_without_any_past():
    one, other = code("Tianjin"), code("Shandong")
    there = {one: other, other: one}
    tables = provinces(
        lambda key, value, of: (
            of[there[key[0]], key[1]] if key[1].startswith("unemployment.") and key[0] in there else value
        )
    )
    (found,) = [f for f in audit_tables(tables).findings if f.rule == "R77"]
    assert len({(found.region, found.indicator), *found.involved}) == 8
