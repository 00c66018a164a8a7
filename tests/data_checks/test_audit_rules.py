"""Good figures pass, and each family of checks tells a fault from a legitimate oddity (see also the mutations)."""

from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_checks import run_audit
from data_checks.measures.arguments import arguments_of_identity
from data_checks.tables import Tables
from data_checks.wording.balances import balance_of
from data_checks.wording.causes import of_difference, swaps
from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.figures import Figure, rounding_half_unit
from disclosure.simulation.demo_figures import demo_figures, demo_history
from tests.support.one_rule import check_alone

pytestmark = [pytest.mark.unit, pytest.mark.slow]

BASE = load_catalog("chuxiong")
#: With the optional indicators that an identity needs, so that every identity has figures.
WIDER = replace(
    BASE,
    profile=BASE.profile.model_copy(
        update={
            "indicators": BASE.profile.indicators.model_copy(
                update={
                    "also": (
                        *BASE.profile.indicators.also,
                        "unemployment.migrant_workers",
                        "work_injury.migrant_workers",
                    )
                }
            )
        }
    ),
)
CATALOGS = {
    "chuxiong": WIDER,
    "kunming-2017": load_catalog("kunming-2017"),
    "gaogang-2016": load_catalog("gaogang-2016"),
}
ANNUAL = Period(2025, "annual")
WHOLE, CHUXIONG_CITY, NANHUA = "532300", "532301", "532324"


@cache
def good(profile="chuxiong"):
    """(period, figures, history) of a profile's demonstration, without a fault."""
    catalog = CATALOGS[profile]
    period = {"kunming-2017": Period(2017, "annual"), "gaogang-2016": Period(2016, "annual")}.get(profile, ANNUAL)
    return period, demo_figures(catalog, period), demo_history(catalog, period)


def value_of(figures, region, indicator):
    return next(f.value for f in figures if (f.region, f.indicator) == (region, indicator))


def changed(region, indicator, **fields):
    """A corruption: the one figure gets other fields; a callable is given the figure."""

    def corrupt(figures):
        return [
            replace(f, **{k: v(f) if callable(v) else v for k, v in fields.items()})
            if (f.region, f.indicator) == (region, indicator)
            else f
            for f in figures
        ]

    return corrupt


def copied_from_autumn(figures):
    autumn = {(f.region, f.indicator): f for f in demo_figures(WIDER, Period(2025, "q3"))}
    return [
        replace(f, value=autumn[f.region, f.indicator].value)
        if f.region == "532329" and f.indicator.startswith("employee_pension.")
        else f
        for f in figures
    ]


def check(catalog, rule, period, figures, history):
    return check_alone(Tables.of(catalog, period, figures, history), rule)


def places(violations):
    return [(v.row.region, v.row.indicator_id) if v.row else ("", "") for v in violations]


@pytest.mark.parametrize("profile", CATALOGS)
def test_good_figures_give_no_critical_finding_and_no_check_fails_to_run(profile):
    period, figures, history = good(profile)
    result = run_audit(CATALOGS[profile], period, figures, history)
    assert [f.message for f in result.findings if f.severity == "critical"] == []
    assert [rule.error for rule in result.rules if rule.error] == []
    assert [rule.rule for rule in result.rules] == sorted(CATALOGS[profile].audited, key=lambda rule: (rule[:3], rule))
    assert not result.is_blocking


@pytest.mark.parametrize("kind", ["q1", "h1", "q3", "annual"])
def test_sample_figures_give_neither_critical_nor_warning(kind):
    period = Period(2025, kind)
    result = run_audit(BASE, period, demo_figures(BASE, period), demo_history(BASE, period))
    assert [f.message for f in result.findings if f.severity != "info"] == []
    assert result.count("critical") == result.count("warning") == 0


def test_people_counted_one_by_one_must_agree_to_the_last_person():
    period, figures, history = good()
    bad = changed(WHOLE, "employee_pension.participants", value=lambda f: f.value + 1)(figures)
    tables = Tables.of(WIDER, period, bad, history)
    assert len(check_alone(tables, WIDER.rules["R40"]).violations) == 1
    assert len(check_alone(tables, WIDER.identities["R24"]).violations) == 1


# --- identities --------------------------------------------------------------------------------------

numbers = st.decimals(min_value=0, max_value=10**9, places=4)


def fund(income, expenditure, surplus):
    made = {"income": income, "expenditure": expenditure, "current_surplus": surplus}
    return [
        Figure(WHOLE, f"unemployment.{name}", ANNUAL, "万元", value, centre="employment_centre")
        for name, value in made.items()
    ]


@settings(max_examples=40)
@given(income=numbers, expenditure=numbers, places=st.integers(0, 3))
def test_rounding_alone_never_breaks_an_identity_and_more_always_does(income, expenditure, places):
    step = Decimal(1).scaleb(-places)
    exact = (income, expenditure, income - expenditure)
    printed = [amount.quantize(step) for amount in exact]
    identity = BASE.identities["R20"]
    assert check_alone(Tables.of(BASE, ANNUAL, fund(*printed)), identity).violations == []
    printed[2] += 4 * step
    assert len(check_alone(Tables.of(BASE, ANNUAL, fund(*printed)), identity).violations) == 1


def test_amounts_that_floats_cannot_add_balance_exactly():
    figures = fund(Decimal("0.3000"), Decimal("0.1000"), Decimal("0.2000"))
    balance = balance_of(
        Tables.of(BASE, ANNUAL, figures), arguments_of_identity(BASE.identities["R20"]), "unemployment", WHOLE
    )
    assert balance is not None
    assert balance.excess == 0
    assert balance.tolerance == 3 * rounding_half_unit(Decimal("0.0000")) * 10000


def without(figures, *indicators, state=None):
    kept = [f for f in figures if f.indicator not in indicators]
    if state is None:
        return kept
    return [*kept, *(Figure(WHOLE, i, ANNUAL, "万元", text="尚未结账", state=state) for i in indicators)]


def income_of(figures, shift):
    return changed(WHOLE, "unemployment.income", value=lambda f: f.value + shift)(figures)


@pytest.mark.parametrize(
    ("state", "shift", "severities"),
    [
        (None, 1, [None]),  # every part at hand: any difference counts
        ("not_provided", 1, []),  # a part is missing: the others may be less than the whole
        ("not_provided", -(10**8), ["warning"]),  # and more only if a missing part is negative
        ("not_applicable", 0, [None]),  # a part that does not exist is a zero, and the rest falls short
    ],
)
def test_income_items_by_what_is_at_hand(state, shift, severities):
    figures = list(good()[1])
    name = "unemployment.income.from_upper_level"
    assert value_of(figures, WHOLE, name)
    if state:
        figures = without(figures, name, state=state)
    found = check_alone(Tables.of(WIDER, ANNUAL, income_of(figures, shift)), BASE.identities["R21"])
    assert [v.severity for v in found.violations] == severities


def test_parts_beyond_the_whole_are_critical_when_no_missing_part_can_be_negative():
    figures = without(list(good()[1]), "unemployment.income.interest", state="not_provided")
    bad = changed(WHOLE, "unemployment.income", value=Decimal("1.00"))(figures)
    (found,) = check_alone(Tables.of(WIDER, ANNUAL, bad), BASE.identities["R21"]).violations
    assert found.severity is None


def test_opening_balance_without_last_year_has_nothing_to_compare_with():
    done = check_alone(Tables.of(BASE, ANNUAL, good()[1]), BASE.identities["R25"])
    assert (done.compared, done.violations) == (0, [])
    assert done.skipped == 7


# --- between periods and units -----------------------------------------------------------------------


def series(indicator, unit, now, before, *, period=ANNUAL, earlier=None):
    earlier = earlier or period.year_before()

    def made(when, value):
        return Figure(WHOLE, indicator, when, unit, Decimal(value))

    return Tables.of(BASE, period, [made(period, now)], [made(earlier, before)])


@pytest.mark.parametrize(
    ("now", "before", "rules"),
    [
        ("68123", "67000", set()),
        ("6.81", "67000", {"R70"}),
        ("681230000", "67000", {"R70"}),
        ("681230", "67000", {"R71"}),
        ("670", "67000", {"R71"}),
        ("400000", "67000", set()),  # sixfold is growth to explain, not a slip
        ("9000", "900", set()),  # small numbers do change tenfold
        ("0", "67000", set()),
    ],
)
def test_unit_slips_only_of_large_numbers_and_near_a_power_of_ten(now, before, rules):
    tables = series("unemployment.participants", "人", now, before)
    fired = {rule for rule in ("R70", "R71") if check_alone(tables, BASE.rules[rule]).violations}
    assert fired == rules


@pytest.mark.parametrize(
    ("indicator", "unit", "now", "before", "cause"),
    [
        ("unemployment.participants", "人", "7", "68123", "应为人，填成了万人"),
        ("unemployment.income", "万元", "94155400.00", "9018.66", "应为万元，填成了元"),
        ("unemployment.income", "万元", "0.94", "9018.66", "应为万元，填成了亿元"),
        ("work_injury.hospital_meals.amount", "元", "123.45", "1200000.00", "应为元，填成了万元"),
    ],
)
def test_a_slip_names_the_unit_that_was_filled_in(indicator, unit, now, before, cause):
    (found,) = check_alone(series(indicator, unit, now, before), BASE.rules["R70"]).violations
    assert cause in found.cause


def test_a_flow_is_compared_in_proportion_when_only_the_year_so_far_is_known():
    half, quarter = Period(2025, "h1"), Period(2025, "q1")
    tables = series("unemployment.income", "万元", "20000000.00", "1000.00", period=half, earlier=quarter)
    (found,) = check_alone(tables, BASE.rules["R70"]).violations
    assert found.words["before"] == "2,000 万元"


def test_year_to_date_may_stay_and_items_that_can_be_negative_may_fall():
    half, quarter = Period(2025, "h1"), Period(2025, "q1")

    def fell(indicator, now, before):
        tables = series(indicator, "万元", now, before, period=half, earlier=quarter)
        return bool(check_alone(tables, BASE.rules["R50"]).violations)

    assert not fell("unemployment.income", "3.09", "3.09")
    assert fell("unemployment.income", "3.07", "3.09")
    assert not fell("unemployment.income", "3.08", "3.09")  # may be 3.085 both times
    assert not fell("unemployment.income.from_upper_level", "-5.00", "3.09")


def test_an_unchanged_figure_is_no_copy_but_a_whole_insurance_is():
    period, figures, history = good()
    autumn = {(f.region, f.indicator): f.value for f in history if f.period == Period(2025, "q3")}
    one = changed(WHOLE, "maternity.participants", value=autumn[WHOLE, "maternity.participants"])(figures)
    assert check(WIDER, WIDER.rules["R72"], period, one, history).violations == []
    (found,) = check(WIDER, WIDER.rules["R72"], period, copied_from_autumn(figures), history).violations
    assert found.words["before_period"] == "2025年1-3季度"


# --- likely causes -----------------------------------------------------------------------------------


def cause(total, *parts):
    yuan = BASE.units["万元"]
    named = [(name, Decimal(value) * 10000, yuan) for name, value in (("合计", total), *parts)]
    expected = sum(amount for _, amount, _ in named[1:])
    return of_difference(BASE, named[0], named[1:], expected, Decimal(100))


@pytest.mark.parametrize(
    ("total", "parts", "words"),
    [
        ("3048.46", (("甲", "1408.46"), ("乙", "2000.00")), "数字颠倒：合计若为 3,408.46 万元"),
        ("3408.46", (("甲", "1408.46"), ("乙", "200000000.00")), ""),
        ("3408.46", (("甲", "1408.46"), ("乙", "20000000.00")), "乙应为万元，填成了元"),
        ("34084.60", (("甲", "1408.46"), ("乙", "2000.00")), "合计应为 3,408.46 万元，多写了 1 位"),
        ("1408.46", (("甲", "1408.46"), ("乙", "2000.00")), "漏加：差额正好等于乙"),
        ("5408.46", (("甲", "1408.46"), ("乙", "2000.00")), "重复计算：差额正好等于乙"),
        ("3408.46", (("甲", "1408.46"), ("乙", "-2000.00")), "乙改变符号后即相符"),
        ("3333.33", (("甲", "1408.46"), ("乙", "2000.00")), ""),
        ("3408.47", (("甲", "1408.46"), ("乙", "2000.00")), ""),
    ],
)
def test_a_likely_cause_is_named_only_when_undoing_it_balances(total, parts, words):
    found = cause(total, *parts)
    assert words in (found.text if found else "")
    assert bool(found) == bool(words)


def test_what_cannot_be_negative_was_added_instead_of_subtracted():
    yuan = BASE.units["万元"]
    income, paid = ("基金收入", Decimal(30), yuan), ("待遇支出", Decimal(-20), yuan)
    total = ("结余", Decimal(50), yuan)
    found = of_difference(BASE, total, [income, paid], Decimal(10), Decimal(0), never_negative=[1, 2])
    assert (found.text, found.place) == ("疑似加减弄反：算结余时，待遇支出应当减去，差额正好是它的两倍。", 0)
    free = of_difference(BASE, total, [income, paid], Decimal(10), Decimal(0))
    assert (free.text, free.place) == ("疑似正负号写反：待遇支出改变符号后即相符。", 2)


@given(st.decimals(min_value=0, max_value=10**6, places=2))
def test_swapped_digits_are_the_same_digits(value):
    for other in swaps(value):
        assert other != value
        assert sorted(str(other).zfill(12)) == sorted(str(value).zfill(12))
        assert other.as_tuple().exponent == value.as_tuple().exponent
