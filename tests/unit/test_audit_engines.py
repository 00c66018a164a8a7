"""Both ways of auditing, figure by figure and by one pass in columns, find the same, word for word and count for count.

Seeded faults of every rule, frames that hypothesis makes up, hundreds of regions in which figures were exchanged, and
the traps that Great Expectations sets for a table of violations.
"""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from functools import cache
from types import MappingProxyType

import numpy as np
import polars as pl
import pytest
from corruptions import BASE, WIDER, corruptions_of, good, of_ratio, side_by_side, with_figures
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from data_checks import audit, run_audit, suites
from data_checks.audit import engine_for, find
from data_checks.checking import CHECKS
from data_checks.column_audit import SCREENS
from data_checks.columns import Screened
from data_checks.figure_table import FigureTable
from data_checks.findings import AuditResult
from data_checks.tables import Tables
from disclosure.catalog import Catalog, Region
from disclosure.demo_figures import demo_figures, demo_history
from disclosure.figures import Figure, Source
from disclosure.periods import Period

pytestmark = pytest.mark.unit


#: One with many indicators by county.
INSURANCE = "employee_medical"


def told(result: AuditResult) -> tuple[object, ...]:
    """All that an audit says, but for the order of its findings."""
    findings = sorted(result.findings, key=repr)
    return findings, result.rules, result.data_digest, result.suite_version


def same_in_both(tables: Tables) -> AuditResult:
    """The result of one engine, after it was held against the other's."""
    by_rows, by_columns = find(tables), find(tables, engine="columns")
    assert told(by_columns) == told(by_rows)
    return by_rows


def test_every_check_has_a_screen():
    assert set(SCREENS) == set(CHECKS)


@pytest.mark.parametrize("skip", [0, 3])
def test_seeded_faults_of_every_rule_are_found_by_both(skip):
    tables, places = side_by_side(skip=skip)
    found = {finding.rule for finding in same_in_both(tables).findings}
    assert len(found & set(places)) >= len(places) - 5


@pytest.mark.parametrize("check", ["not_empty", "has_numbers", "complete", "same_regions"])
def test_faults_of_the_whole_table_are_found_by_both(check):
    rule = next(rule for rule in WIDER.rules.values() if rule.check == check)
    assert rule.id in {f.rule for f in same_in_both(next(corruptions_of(good(), rule)).tables).findings}


def test_every_ratio_at_its_bound_and_beyond_is_the_same_in_both():
    for ratio in WIDER.ratios.values():
        for beyond in (0, 1):
            tables = next(of_ratio(good(), ratio, beyond=beyond)).tables
            none: MappingProxyType = MappingProxyType({})
            alone = replace(WIDER, rules=none, identities=none, ratios=MappingProxyType({ratio.id: ratio}))
            assert len(same_in_both(replace(tables, catalog=alone)).findings) == beyond


@cache
def small() -> Tables:
    """A quarter's figures of two insurances with four years before it."""
    period = Period(2025, "q3")
    only = ("unemployment.*", "resident_pension.*")
    wanted = demo_figures(BASE, period, only)
    names = {figure.indicator for figure in wanted}
    history = [figure for figure in demo_history(BASE, period) if figure.indicator in names]
    return Tables.of(BASE, period, wanted, history, only=only)


def decimals() -> st.SearchStrategy[Decimal]:
    """Numbers people print, and some nobody does."""
    printed = st.decimals(min_value=-(10**6), max_value=10**9, places=2)
    odd = [Decimal(x) for x in ("0", "-0.00", "NaN", "Infinity", "1E+40", "1E-30", "1.0727E+6", "9007199254740993")]
    return st.one_of(printed, printed.map(int).map(Decimal), st.sampled_from(odd))


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[int, str, object]]:
    """Changes to a few of the figures: (place, field, value)."""
    field = st.one_of(
        st.tuples(st.just("value"), st.one_of(st.none(), decimals())),
        st.tuples(st.just("times"), st.sampled_from([-8, -4, -2, -1, 1, 2, 4, 8])),
        st.tuples(st.just("before"), st.just(0)),
        st.tuples(st.just("unit"), st.sampled_from(["人", "万人", "万元", "元", "亿元", "%", "斤"])),
        st.tuples(st.just("state"), st.sampled_from(["reported", "not_provided", "not_applicable"])),
        st.tuples(st.just("text"), st.sampled_from(["", " ", "\x1f", "系统“升级”", 'a"b\\c'])),
        st.tuples(st.just("region"), st.sampled_from(["999999", *list(BASE.regions)[:3]])),
        st.tuples(st.just("indicator"), st.sampled_from(["unheard.of", "unemployment.income"])),
        st.tuples(st.just("centre"), st.sampled_from(["medical_centre", ""])),
        st.tuples(st.just("gone"), st.just(0)),
    )
    changed = draw(st.lists(st.tuples(st.integers(0, 10**6), field), max_size=12))
    return [(place, *what) for place, what in changed]


def change(figures: list[Figure], places: list[tuple[int, str, object]], before: dict[tuple[str, str], Figure]) -> None:
    for number, field, given_value in places:
        if not figures:
            return
        place = number % len(figures)
        figure = figures[place]
        if field == "gone":
            figures.pop(place)
        elif field == "times":
            if figure.value is not None and figure.value.is_finite():
                figures[place] = replace(figure, value=figure.value.scaleb(given_value))
        elif field == "before":
            earlier = before.get(figure.key[:2])
            figures[place] = replace(figure, value=earlier.value if earlier else figure.value)
        else:
            figures[place] = replace(figure, **{field: given_value})


@settings(max_examples=20, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(now=changes(), past=changes(), thin=st.integers(1, 4))
def test_whatever_is_in_the_figures_both_find_the_same(now, past, thin):
    tables = small()
    last_year = {f.key[:2]: f for f in tables.history if f.period == tables.period.year_before()}
    figures, history = list(tables.figures), list(tables.history)[::thin]
    change(figures, now, last_year)
    change(history, past, last_year)
    same_in_both(replace(tables, figures=figures, history=history))


def with_regions(count: int) -> Catalog:
    """The catalogue with so many counties."""
    whole = BASE.prefecture
    counties = {str(540000 + n): Region(code=str(540000 + n), name=f"第{n}县", level="county") for n in range(count)}
    return replace(BASE, regions=MappingProxyType({whole.code: whole, **counties}))


def in_many_regions(seed: int, count: int = 120) -> Tables:
    """Figures of one insurance in many regions, some far from their past, some exchanged or copied."""
    catalog, chance = with_regions(count), random.Random(seed)  # noqa: S311 - a repeatable walk, no secret
    period, earlier = Period(2025, "annual"), Period(2024, "annual")
    names = [i for i in catalog.indicators_for(period) if i.insurance == INSURANCE and i.by_county and i.kind != "text"]
    now: dict[tuple[str, str], Figure] = {}
    past: list[Figure] = []
    for indicator in names:
        for place, region in enumerate(catalog.parts_of_prefecture):
            last = Decimal(1000 + chance.randrange(10**6))
            value = (last * Decimal(chance.uniform(0.85, 1.4))).quantize(Decimal(1))
            named = {"centre": indicator.centre, "source": Source(sheet="表", cell=f"D{place}")}
            figure = Figure(region.code, indicator.id, period, indicator.unit, value, **named)
            now[figure.key[:2]] = figure
            past.append(replace(figure, period=earlier, value=last))
    codes = [region.code for region in catalog.parts_of_prefecture]
    of_past = {figure.key[:2]: figure for figure in past}
    for indicator in names:
        for _ in range(2):
            one, other = chance.sample(codes, 2)
            for here, there in ((one, other), (other, one)):
                value = of_past[there, indicator.id].value * Decimal(chance.choice(["1.01", "0.99", "1.2"]))
                now[here, indicator.id] = replace(now[here, indicator.id], value=value.quantize(Decimal(1)))
    for one, other in (chance.sample(codes, 2), chance.sample(codes, 2)):
        for indicator in names:
            now[one, indicator.id] = replace(now[one, indicator.id], value=now[other, indicator.id].value)
    copied = chance.choice(codes)
    for indicator in names:
        now[copied, indicator.id] = replace(of_past[copied, indicator.id], period=period)
    return Tables.of(catalog, period, list(now.values()), past, only=[indicator.id for indicator in names])


@pytest.mark.parametrize("seed", range(3))
def test_copies_and_exchanges_among_many_regions_are_the_same_in_both(seed):
    found = {finding.rule for finding in same_in_both(in_many_regions(seed)).findings}
    assert {"R72", "R73"} <= found


def test_few_regions_far_from_their_past_are_exchanged_in_both():
    calm = in_many_regions(7, count=8)
    assert "R74" in {finding.rule for finding in same_in_both(calm).findings}


def test_figures_read_as_columns_are_the_same_figures():
    figures = [*small().figures, *(f for f in in_many_regions(1).figures[:50])]
    odd = [Decimal(x) for x in ("-0.50", "1.0727E+6", "NaN", "1E-9", "123456789012345678")]
    figures += [replace(figures[0], value=value, text='说"明\\') for value in odd]
    figures.append(replace(figures[0], value=None, state="not_provided", text="系统升级"))
    frame = pl.DataFrame(
        [
            {
                "region": f.region,
                "indicator": f.indicator,
                "period": f.period.id,
                "unit": f.unit,
                "value": None if f.value is None else str(f.value),
                "text": f.text,
                "state": f.state,
                "centre": f.centre,
                "sheet": f.source.sheet,
                "cell": f.source.cell,
            }
            for f in figures
        ]
    )
    read, of = FigureTable.read(frame), FigureTable.of(figures)
    assert [replace(f, source=Source()) for f in read if str(f.value) != "NaN"] == [
        replace(f, source=Source()) for f in figures if str(f.value) != "NaN"
    ]
    assert read[5].source.cell == figures[5].source.cell
    assert sorted(read.lines) == sorted(of.lines)
    assert read.parts.select(of.parts.columns).equals(of.parts)
    with pytest.raises(ValueError, match="centre"):
        FigureTable.read(frame.drop("centre"))


# --- Great Expectations over the table of violations --------------------------------------------------


def by_columns(tables: Tables) -> AuditResult:
    """The audit by a few of the rules."""
    few = {name: BASE.rules[name] for name in ("R05", "R11", "R12", "R14", "R50")}
    none: MappingProxyType = MappingProxyType({})
    catalog = replace(tables.catalog, rules=MappingProxyType(few), identities=none, ratios=none)
    return run_audit(catalog, tables.period, tables.figures, tables.history, only=tables.only, engine="columns")


def test_great_expectations_judges_the_violations_of_every_rule():
    tables, _ = side_by_side()
    seen = []
    result = run_audit(WIDER, tables.period, tables.figures, tables.history, engine="columns", seen=seen)
    assert result.not_run == ()
    assert told(result) == told(find(tables))
    (batch,) = seen
    by_rule = {one.expectation_config.meta["rule"]: one for one in batch.results}
    assert len(by_rule) == len(batch.results)
    for outcome in result.rules:
        if outcome.rule in by_rule:
            config = by_rule[outcome.rule].expectation_config
            assert (config.severity, config.description) == (outcome.severity, outcome.description)
            assert by_rule[outcome.rule].success == (outcome.failed == 0)


def test_a_column_of_violations_that_is_all_null_is_critical(monkeypatch):
    """What expects nothing wrong passes on nulls: the mark that a rule ran must have been seen."""
    original = suites.violations_frame
    monkeypatch.setattr(suites, "violations_frame", lambda *given: original(*given).assign(R14=np.nan))
    result = by_columns(good())
    assert [(rule.rule, "审核引擎只看到 0 个值" in rule.error) for rule in result.not_run] == [("R14", True)]
    assert result.is_blocking


def test_a_violation_kept_from_the_engine_is_critical(monkeypatch):
    original = suites.violations_frame

    def innocent(*given):
        frame = original(*given)
        return frame[frame["region"] == ""]

    monkeypatch.setattr(suites, "violations_frame", innocent)
    tables, _ = side_by_side()
    assert {"R05", "R11", "R14", "R50"} <= {rule.rule for rule in by_columns(tables).not_run}


@pytest.mark.parametrize("broken", ["screen", "check"])
def test_a_pass_or_a_check_that_raises_is_critical(monkeypatch, broken):
    def raising(*_given):
        raise ZeroDivisionError("x")

    where = SCREENS if broken == "screen" else CHECKS
    monkeypatch.setitem(where, "decimals", raising)
    result = by_columns(small())
    assert [(rule.rule, "ZeroDivisionError" in rule.error) for rule in result.not_run] == [("R14", True)]
    assert result.count("critical") == 1


def test_a_rule_without_a_screen_is_critical(monkeypatch):
    monkeypatch.delitem(SCREENS, "decimals")
    assert [rule.rule for rule in by_columns(small()).not_run] == ["R14"]


def test_evidence_has_no_cap():
    """Far more than the 200 rows that Great Expectations keeps."""
    tables = in_many_regions(0)
    bad = [replace(figure, value=-abs(figure.value)) for figure in tables.figures]
    result = by_columns(with_figures(tables, bad))
    negative = [f for f in result.findings if f.rule == "R11"]
    able = [f for f in bad if not BASE.indicators[f.indicator].may_be_negative]
    assert len(negative) == len(able) > 300


def test_the_engine_is_picked_by_size(monkeypatch):
    limit = audit._engines()["columns_from"]
    assert (engine_for(limit - 1), engine_for(limit)) == ("rows", "columns")
    tables = small()
    picked = []
    monkeypatch.setattr(audit, "_engines", lambda: {"columns_from": len(tables.figures) + len(tables.history)})
    monkeypatch.setitem(SCREENS, "decimals", lambda *_given: picked.append(1) or Screened())
    few = replace(BASE, rules=MappingProxyType({"R14": BASE.rules["R14"]}))
    run_audit(few, tables.period, tables.figures, tables.history, only=tables.only)
    run_audit(few, tables.period, tables.figures, tables.history[1:], only=tables.only)
    assert picked == [1]
