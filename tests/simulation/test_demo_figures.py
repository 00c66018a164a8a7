"""Sample figures: the same on every machine, whole, plausible, and every identity holds to the last digit."""

import hashlib
import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import pairwise
from types import MappingProxyType

import pytest

from data_checks.audit import run_audit
from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import load_catalog
from disclosure.confidentiality.cells.structure import PublicStatement
from disclosure.confidentiality.cells.withholding import plan_withholding
from disclosure.platform.errors import DisclosureError
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
#: The same with what it does not report by default, so that the samples of those are held to the identities too.
WIDER = replace(
    CATALOG,
    profile=CATALOG.profile.model_copy(
        update={
            "indicators": CATALOG.profile.indicators.model_copy(
                update={
                    "also": (
                        *CATALOG.profile.indicators.also,
                        "unemployment.migrant_workers",
                        "work_injury.migrant_workers",
                        "all_insurances.person_times",
                        "employee_pension.employers",
                        "work_injury.work_death_lump_sum",
                    )
                }
            )
        }
    ),
)
KINDS = ("q1", "h1", "q3", "annual")
YEARS = range(2023, 2028)
PERIODS = [Period(year, kind) for year in YEARS for kind in KINDS]


@cache
def values(period, catalog=None):
    """Values of ``period`` by region and indicator."""
    found = demo_figures(catalog or WIDER, period)
    return {(f.region, f.indicator): f.value for f in found if f.value is not None}


def whole(period, name):
    return values(period).get((CATALOG.prefecture.code, name))


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: period.id)
def test_all_that_is_asked_for_is_there_once(period):
    figures = demo_figures(CATALOG, period)
    wanted = [(r.code, i.id) for i in CATALOG.indicators_for(period) for r in CATALOG.regions_for(i)]
    assert [(f.region, f.indicator) for f in figures] == wanted
    assert all(n == 1 for n in Counter(f.key for f in figures).values())
    for figure in figures:
        indicator = CATALOG.indicators[figure.indicator]
        assert (figure.unit, figure.centre, figure.period) == (indicator.unit, indicator.centre, period)
        if indicator.kind == "text":
            assert figure.text.startswith("（示例）")
            assert figure.value is None
        else:
            assert figure.decimals == CATALOG.decimals(indicator)
            assert figure.value > 0


@pytest.mark.parametrize("period", [*PERIODS, Period(2040, "h1")], ids=lambda period: period.id)
def test_every_identity_of_the_catalogue_holds_exactly(period):
    checked = set()
    asked = {i.id for i in WIDER.indicators_for(period)}
    for identity in WIDER.identities.values():
        for insurance in identity.for_each:
            total = f"{insurance}.{identity.total}"
            parts = [(f"{insurance}.{part.removeprefix('-')}", part.startswith("-")) for part in identity.parts]
            present = [(name, minus) for name, minus in parts if name in asked]
            # Without all its parts an equation says nothing; a complete division is made of those asked for.
            if total not in asked or not present or (identity.relation == "equal" and present != parts):
                continue
            indicators = [WIDER.indicators[name] for name in (total, *(name for name, _ in present))]
            regions = set.intersection(*({r.code for r in WIDER.regions_for(i)} for i in indicators))
            for region in regions:
                known = values(period)
                summed = sum((-known[region, n] if minus else known[region, n] for n, minus in present), Decimal(0))
                if identity.opening:
                    summed += values(period.last_year_end())[region, f"{insurance}.{identity.opening}"]
                left = known[region, total]
                holds = left >= summed if identity.relation == "at_most" else left == summed
                assert holds, (identity.id, insurance, region, left, summed)
            checked.add(identity.id)
    everything = {"R20", "R21", "R22", "R23", "R24", "R25", "R26", "R27", "R28"}
    assert checked == everything


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: period.id)
def test_counties_add_up_to_the_prefecture_and_no_two_are_alike(period):
    by_county = [i for i in WIDER.indicators_for(period) if i.by_county]
    assert len(by_county) > 20
    for indicator in by_county:
        parts = [values(period)[part.code, indicator.id] for part in CATALOG.parts_of_prefecture]
        assert len(parts) == 11
        assert sum(parts) == whole(period, indicator.id)
        assert len(set(parts)) == len(parts), indicator.id
        assert max(parts) > 3 * sorted(parts)[1]


@pytest.mark.parametrize("year", YEARS)
def test_year_to_date_figures_grow_within_a_year(year):
    for (region, name), last in values(Period(year, "annual")).items():
        if WIDER.indicators[name].kind != "flow":
            continue
        path = [values(Period(year, kind)).get((region, name)) for kind in KINDS]
        known = [value for value in path if value is not None]
        assert known == sorted(known), (region, name, known)
        assert known[0] < last or len(known) == 1


def test_stocks_move_by_at_most_three_per_cent_between_periods():
    for before, after in pairwise(PERIODS):
        for key, value in values(after).items():
            if WIDER.indicators[key[1]].kind == "stock" and key in values(before):
                assert 1 <= value / values(before)[key] <= Decimal("1.03"), (key, before, after)


def test_magnitudes_are_those_of_a_prefecture_of_two_point_four_million():
    period = Period(2025, "annual")
    insured = whole(period, "employee_medical.participants") + whole(period, "resident_medical.participants")
    assert 2_160_000 < insured < 2_400_000
    assert whole(period, "resident_pension.basic_pension_minimum") == Decimal("133.00")
    assert 2500 < whole(period, "employee_pension.monthly_average_pension") < 4000
    for insurance in ("employee_pension", "institution_pension", "resident_pension"):
        level = {
            "employee_pension": whole(period, "employee_pension.monthly_average_pension"),
            "institution_pension": Decimal(5500),
            "resident_pension": whole(period, "resident_pension.monthly_average_benefit"),
        }[insurance]
        paid = whole(period, f"{insurance}.beneficiaries") * level * 12 / 10000
        assert Decimal("0.75") < paid / whole(period, f"{insurance}.expenditure.benefits") < Decimal("1.1"), insurance
    amounts = [n for _, n in values(period) if re.fullmatch(r"work_injury\.\w+\.amount", n)]
    assert sum(whole(period, n) for n in amounts) < whole(period, "work_injury.expenditure.benefits") * 10000
    ratio = whole(period, "employee_pension.in_service") / whole(period, "employee_pension.retired")
    assert abs(ratio - whole(period, "employee_pension.dependency_ratio")) <= Decimal("0.005")


def test_they_are_the_same_on_every_machine():
    figures = demo_figures(CATALOG, Period(2025, "annual"))
    printed = "\n".join(sorted(f"{f.region} {f.indicator} {f.printed}" for f in figures))
    # Changes only when samples.yaml or the way figures are drawn changes; then look at the figures and renew it.
    assert (
        hashlib.sha256(printed.encode()).hexdigest()
        == "5c79c04f641db1bf36450c13d16ea83987bfc87f1e139d853c42586c1e33cedc"
    )


def test_a_special_cycle_gets_what_it_was_opened_for():
    special = Period(2026, "special", "工伤待遇")
    figures = demo_figures(CATALOG, special, only=["work_injury.*"])
    assert {CATALOG.indicators[f.indicator].insurance for f in figures} == {"work_injury"}
    annual = {f.key[:2]: f.value for f in demo_figures(CATALOG, Period(2026, "annual"))}
    assert {f.key[:2]: f.value for f in figures} == {key: annual[key] for key in [f.key[:2] for f in figures]}
    assert demo_history(CATALOG, special) == ()


@pytest.mark.parametrize(
    ("period", "known"),
    [
        (
            Period(2025, "annual"),
            "2021-annual 2022-annual 2023-annual 2024-annual 2025-q1 2025-h1 2025-q3",
        ),
        (Period(2026, "q1"), "2022-q1 2023-q1 2024-q1 2025-q1 2025-annual"),
        (Period(2026, "q3"), "2022-q3 2023-q3 2024-q3 2025-q3 2025-annual 2026-q1 2026-h1"),
        (Period(2020, "q1"), "2019-q1 2019-annual"),
    ],
)
def test_history_is_what_comparisons_need(period, known):
    figures = demo_history(CATALOG, period)
    assert " ".join(dict.fromkeys(f.period.id for f in figures)) == known
    first = figures[0].period
    shown, drawn = [f for f in figures if f.period == first], demo_figures(CATALOG, first)
    assert shown == [f for f in drawn if f in shown]
    left_out = {f.indicator for f in drawn if f not in shown}
    assert left_out == {
        "work_injury.beneficiaries",
        *(f"work_injury.assistive_devices.{part}" for part in ("amount", "person_times")),
    }, "only what is small, or would tell it"


def test_a_year_before_the_first_is_refused():
    with pytest.raises(DisclosureError, match=r"2019.*2018年度.*base_year"):
        demo_figures(CATALOG, Period(2018, "annual"))


def test_an_indicator_without_a_sample_is_named():
    strange = CATALOG.indicators["unemployment.beneficiaries"].model_copy(update={"id": "unemployment.strange"})
    wider = replace(CATALOG, indicators=MappingProxyType({**CATALOG.indicators, strange.id: strange}))
    with pytest.raises(DisclosureError, match=r"samples\.yaml.*unemployment\.strange"):
        demo_figures(wider, Period(2025, "annual"))


def test_a_faulty_file_of_samples_is_refused_with_its_line(tmp_path):
    text = (CATALOG.folder / "samples.yaml").read_text(encoding="utf-8")
    (tmp_path / "samples.yaml").write_text(text.replace("percent: 91.5", "percent: 九成"), encoding="utf-8")
    line = next(n for n, words in enumerate(text.splitlines(), 1) if "percent: 91.5" in words)
    with pytest.raises(DisclosureError, match=rf"第 {line} 行.*employee_pension\.contributors"):
        demo_figures(replace(CATALOG, layers=(*CATALOG.layers[:-1], tmp_path)), Period(2025, "annual"))


@pytest.mark.parametrize("year", [2019, 2025, 2028, 2085, 2175, 2199])
def test_nothing_is_asked_about_the_demonstrations_figures_whatever_year_they_are_dated_to(year):
    demo = parse_period(CATALOG.profile.demo_period)
    period = replace(demo, year=year)
    figures = [replace(figure, period=period) for figure in demo_figures(CATALOG, demo)]
    found = run_audit(CATALOG, period, figures, ())
    assert [finding.message for finding in found.findings] == []


def test_they_have_small_ones_to_withhold_and_what_was_published_before_tells_none_of_them():
    period = parse_period(CATALOG.profile.demo_period)
    figures = {(f.region, f.indicator): f for f in demo_figures(CATALOG, period)}
    history = demo_history(CATALOG, period)
    quarters = [Period(period.year, kind) for kind in KINDS[:-1]]
    known = [PublicStatement(q, {(f.region, f.indicator): f for f in history if f.period == q}) for q in quarters]
    plan = plan_withholding(CATALOG, PublicStatement(period, figures), known)
    assert plan.is_safe
    assert not plan.shown_before
    assert Counter(each.cause for each in plan.figures) == {"small": 2, "few": 1, "complement": 1}
