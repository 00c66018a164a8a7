"""One slip is one event: what follows from it hangs under it, and never says what should stand at another figure."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from data_checks.audit import audit_tables
from data_checks.findings import AuditFinding, AuditResult
from data_checks.measures.peers import _medians
from data_checks.report.lead import LINES, WIDTH, causes_shown, next_lead, shortened
from data_checks.tables import Tables
from data_checks.wording import single
from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.simulation.demo_figures import demo_figures, demo_history
from tests.support.audit_cases import in_many_regions

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
WHOLE = CATALOG.prefecture.code
ANNUAL = Period(2025, "annual")
ONLY = ("unemployment.*",)


@cache
def given() -> Tables:
    names = {i.id for i in CATALOG.indicators_for(ANNUAL, only=ONLY)}
    history = [f for f in demo_history(CATALOG, ANNUAL) if f.indicator in names]
    return Tables.of(CATALOG, ANNUAL, demo_figures(CATALOG, ANNUAL, ONLY), history, only=ONLY)


def audited(changes: dict[str, Decimal], region: str = WHOLE) -> AuditResult:
    """The year's figures with some times a factor."""
    figures = [
        replace(f, value=f.value * changes[f.indicator]) if f.region == region and f.indicator in changes else f
        for f in given().figures
    ]
    return audit_tables(replace(given(), figures=figures))


def of_rule(result: AuditResult, rule: str, indicator: str) -> AuditFinding:
    (found,) = [f for f in result.findings if (f.rule, f.indicator, f.region) == (rule, indicator, WHOLE)]
    return found


def test_only_the_figure_that_is_wrong_says_what_it_should_be():
    result = audited({"unemployment.income": Decimal(10_000)})
    own = of_rule(result, "R21", "unemployment.income")
    follows = of_rule(result, "R20", "unemployment.current_surplus")
    assert own.cause_group == follows.cause_group == f"{WHOLE}/unemployment.income"
    assert own.expected
    assert not own.compared
    assert not follows.expected
    assert follows.compared
    assert "应为" not in follows.message


def test_what_a_figure_is_compared_with_is_not_what_it_should_be():
    found = of_rule(audited({"unemployment.beneficiaries": Decimal("1.9")}), "R52", "unemployment.beneficiaries")
    assert not found.expected
    assert "上下 40% 以内" in found.compared


def test_one_slip_makes_one_event():
    assert len(audited({"unemployment.income": Decimal(10_000)}).causes) == 1
    assert not audited({}).findings


def test_a_whole_that_moved_with_its_part_is_told_with_the_part():
    """Benefits twice as much are most of the expenditure, which therefore is out of line with its past too."""
    part, whole = "unemployment.expenditure.benefits", "unemployment.expenditure"
    values = {f.indicator: f.value for f in given().figures if f.region == WHOLE}
    more = values[part] * 4
    figures = [
        replace(f, value=f.value + more) if f.region == WHOLE and f.indicator in (part, whole) else f
        for f in given().figures
    ]
    found = [f for f in audit_tables(replace(given(), figures=figures)).findings if f.rule in ("R52", "R53")]
    moved = {f.indicator: f.cause_group for f in found}
    assert moved[part] == moved[whole] == f"{WHOLE}/{part}"


# --- sums of very many regions ----------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["power", "digits", "sign", "twice", "past", "several"])
def test_of_many_regions_the_same_one_is_blamed_as_if_each_had_been_tried(monkeypatch, change):
    tables = in_many_regions(3)
    catalog, period = tables.catalog, tables.period
    name = tables.only[0]
    figures = [f for f in tables.figures if f.indicator == name]
    total = sum((f.value for f in figures), Decimal(0))
    at = figures[57]
    value = {
        "power": at.value * 10_000,
        "digits": Decimal(str(at.value)[1::-1] + str(at.value)[2:]),
        "sign": -at.value,
        "twice": at.value * 2,
        "past": at.value + 1_234_567,
        "several": at.value + 77,
    }[change]
    spoiled = [replace(f, value=value) if f is at else f for f in figures]
    whole = replace(at, region=catalog.prefecture.code, value=total)
    spoiled_tables = Tables.of(catalog, period, [whole, *spoiled], tables.history, only=[name])
    found = [f for f in audit_tables(spoiled_tables).findings if f.rule == "R40"]
    assert len(found) == 1
    monkeypatch.setattr(single, "FEW", 10**9)
    assert [f for f in audit_tables(spoiled_tables).findings if f.rule == "R40"] == found


@pytest.mark.parametrize("axis", [0, 1])
def test_medians_leave_out_what_is_not_known(axis):
    table = np.random.default_rng(5).normal(size=(40, 7))
    table[np.random.default_rng(6).random(table.shape) < 0.3] = np.nan
    table[3] = np.nan
    with np.errstate(all="ignore"):
        expected = [np.nan if np.isnan(each).all() else np.nanmedian(each) for each in np.moveaxis(table, axis, -1)]
    assert np.array_equal(_medians(table, axis), expected, equal_nan=True)


# --- ten lines for leaders ----------------------------------------------------------------------------------


@pytest.mark.parametrize("causes", [0, 1, 4, 5, 6, 40])
@pytest.mark.parametrize("why", [1, 2, 4])
def test_verdict_reasons_causes_and_the_next_step_fit_ten_lines(causes, why):
    shown = causes_shown(causes, why)
    assert 1 + why + shown + (shown < causes) + 1 <= LINES
    assert shown == causes or shown >= 3


def test_a_long_line_is_cut_at_a_break_and_says_so():
    text = "疑似单位误填：参保人数应为人，填成了万人；" * 4
    cut = shortened(text, WIDTH, "…")
    assert len(cut) <= WIDTH
    assert cut.endswith("…")
    assert text.startswith(cut[:-1])
    assert text[len(cut) - 1] in "；。，：、）"
    assert shortened("短", WIDTH, "…") == "短"


def test_the_last_line_says_who_has_to_do_what():
    words = {
        "lead": {
            "return": "退回{centres}更正",
            "pass": "可以通过",
            "centre": "{name}（{count} 个）",
            "others": " 等 {count} 个部门",
        }
    }
    assert next_lead(words, "pass", []) == "可以通过"
    assert next_lead(words, "return", [("甲", 3), ("乙", 1)]) == "退回甲（3 个）、乙（1 个）更正"
    assert next_lead(words, "return", [("甲", 1)] * 5).endswith(" 等 5 个部门更正")
