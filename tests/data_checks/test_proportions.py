"""What a first report can be held against: bounds that follow the average wage of the year, and exact differences."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from data_checks.measures.arguments import arguments_of_ratio, limits_in
from data_checks.tables import Tables
from data_checks.wording.causes import apart
from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.figures import Figure
from tests.support.one_rule import check_alone

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
WHOLE = CATALOG.prefecture.code


def told(ratio: str, period: Period, **values: str) -> list[str]:
    """What a ratio says of one insurance's figures and nothing else."""
    (insurance, *_) = CATALOG.ratios[ratio].for_each
    figures = [
        Figure(WHOLE, f"{insurance}.{name}", period, CATALOG.indicators[f"{insurance}.{name}"].unit, Decimal(value))
        for name, value in values.items()
    ]
    tables = Tables.of(CATALOG, period, figures, only=[f.indicator for f in figures])
    return [str(v.words) + v.cause for v in check_alone(tables, CATALOG.ratios[ratio]).violations]


@pytest.mark.parametrize(
    ("year", "low"),
    [(2008, "28898"), (2024, "124110"), (2031, "124110"), (2001, "18200")],
)
def test_bounds_are_multiples_of_the_wage_of_the_year_or_of_the_nearest_known(year, low):
    arguments = arguments_of_ratio(CATALOG.ratios["R33"])
    assert limits_in(year, arguments) == (Fraction("0.045") * int(low), Fraction("0.6") * int(low))


def test_bounds_without_a_wage_are_as_written_and_one_where_there_are_none():
    assert limits_in(2024, arguments_of_ratio(CATALOG.ratios["R309"])) == (Fraction("0.05"), Fraction("1.4"))
    assert limits_in(2024, arguments_of_ratio(CATALOG.ratios["R30"])) == (1, 1)


def test_what_was_plausible_then_is_not_now():
    """江西 2008: 2,937 元 a head; in 2024 that is a digit too few."""
    figures = {"income": "293700.00", "participants": "1000000"}
    assert told("R33", Period(2008, "annual"), **figures) == []
    (said,) = told("R33", Period(2024, "annual"), **figures)
    assert "5,585" in said
    assert "74,466 元/人" in said


@pytest.mark.parametrize(("income", "power"), [("90000.00", ""), ("900000.00", "十倍"), ("9000.00", "十倍")])
def test_a_zero_too_many_or_too_few_is_seen_in_a_first_report(income, power):
    found = told("R37", Period(2024, "annual"), income=income, participants="1000000")
    assert bool(found) == bool(power)
    assert all(power in said for said in found)


def test_every_wage_is_a_year_after_the_other():
    years = list(CATALOG.ratios["R33"].per)
    assert years == list(range(years[0], years[-1] + 1))


@pytest.mark.parametrize(
    ("off", "halves", "said"),
    [
        ("402", ("0", "0"), "402 人"),
        ("402", ("0", "50"), "约 400 人"),
        ("1200", ("50", "50"), "1,200 人"),
        ("-1250", ("50", "0"), "约 -1,300 人"),
    ],
)
def test_a_difference_is_as_exact_as_its_numbers(off, halves, said):
    assert apart(Decimal(off), map(Decimal, halves), CATALOG.units["人"]) == said
