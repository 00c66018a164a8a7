"""The gate fails closed: a check that raised, an empty table or one not wholly seen can never pass for good."""

import shutil
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType, SimpleNamespace

import pandas as pd
import pytest

from data_checks import audit, figures_digest, run_audit, suite_version
from data_checks.expectations import judging
from data_checks.expectations.suite import PLAIN, get_expectation_impl
from data_checks.measures.evidence import MEASURES
from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.figures import Figure, FigureSource
from disclosure.simulation.demo_figures import demo_figures

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
Q1 = Period(2025, "q1")
FIGURES = demo_figures(CATALOG, Q1)
WHOLE = CATALOG.prefecture.code


def with_rules(**rules):
    return replace(CATALOG, rules=MappingProxyType(rules), identities=MappingProxyType({}), ratios=MappingProxyType({}))


def outcome(result, rule):
    return next(each for each in result.rules if each.rule == rule)


def test_a_check_that_raises_is_critical_whatever_its_severity(monkeypatch):
    def broken(_columns):
        raise ZeroDivisionError("x")

    monkeypatch.setitem(MEASURES, "decimals", broken)
    result = run_audit(with_rules(R14=CATALOG.rules["R14"], R07=CATALOG.rules["R07"]), Q1, FIGURES, [])
    assert CATALOG.rules["R14"].severity == "warning"
    assert "没有运行成功" in outcome(result, "R14").error
    assert result.is_blocking
    assert result.count("critical") == 1
    assert result.count("warning") == 0
    assert outcome(result, "R07").error == ""


def test_a_rule_naming_no_check_or_lacking_a_threshold_is_critical():
    typo = CATALOG.rules["R51"].model_copy(update={"check": "jmup"})
    bare = CATALOG.rules["R52"].model_copy(update={"parameters": {}})
    history = [replace(f, period=Period(2024, "q1")) for f in FIGURES]
    result = run_audit(with_rules(R51=typo, R52=bare), Q1, FIGURES, history)
    assert "jmup" in outcome(result, "R51").error
    assert "people" in outcome(result, "R52").error or "level" in outcome(result, "R52").error
    assert result.is_blocking


@pytest.mark.parametrize(("part", "rule"), [("region", "R03"), ("indicator", "R04")])
@pytest.mark.parametrize("name", ["/none", f"{WHOLE}/whole", "nan", "", "上海"])
def test_whatever_a_region_or_an_indicator_is_called_it_is_told_as_unknown(part, rule, name):
    """A name of somebody's may not be one that the audit uses for itself: every rule would stop."""
    figures = [replace(FIGURES[0], **{part: name}), *FIGURES[1:]]
    rules = with_rules(R03=CATALOG.rules["R03"], R04=CATALOG.rules["R04"])
    result = run_audit(rules, Q1, figures, [])
    assert [each.rule for each in result.not_run] == []
    assert [(f.rule, getattr(f, part)) for f in result.findings] == [(rule, name)]


def test_an_exception_inside_great_expectations_is_critical(monkeypatch):
    """A column that is missing raises in the engine, in the shape of one record per metric."""
    original = audit.audit_frame
    monkeypatch.setattr(audit, "audit_frame", lambda columns: original(columns).drop(columns="place"))
    result = run_audit(with_rules(R03=CATALOG.rules["R03"], R07=CATALOG.rules["R07"]), Q1, FIGURES, [])
    assert "审核引擎没有运行成功" in outcome(result, "R03").error
    assert outcome(result, "R07").error == ""
    assert result.is_blocking


def test_words_that_cannot_be_found_are_critical(monkeypatch):
    """What was found and cannot be told must not be lost."""
    monkeypatch.setattr(audit, "tell", lambda *_: {}["no such words"])
    bad = [replace(f, centre="") for f in FIGURES]
    result = run_audit(with_rules(R06=CATALOG.rules["R06"]), Q1, bad, [])
    assert "KeyError" in outcome(result, "R06").error
    assert result.is_blocking


@pytest.mark.parametrize(
    ("info", "raised"),
    [
        ({"raised_exception": False, "exception_message": None, "exception_traceback": None}, ""),
        ({"raised_exception": True, "exception_message": "甲", "exception_traceback": ""}, "甲"),
        ({"metric a": {"raised_exception": True, "exception_message": "乙"}}, "乙"),
        ({}, ""),
    ],
)
def test_both_shapes_of_exception_info_are_read(info, raised):
    assert judging.exception_of(SimpleNamespace(exception_info=info)) == raised


def test_the_engine_failing_altogether_fails_every_rule(monkeypatch):
    def no_engine(*_):
        raise RuntimeError("engine")

    monkeypatch.setattr(judging, "validate", no_engine)
    result = run_audit(CATALOG, Q1, FIGURES, [])
    assert result.findings == ()
    assert all("engine" in rule.error for rule in result.rules if rule.rule != "R80")
    assert result.is_blocking


def test_a_result_that_is_missing_is_critical(monkeypatch):
    monkeypatch.setattr(judging, "judged_by_rule", lambda _validated: {})
    result = run_audit(with_rules(R01=CATALOG.rules["R01"]), Q1, FIGURES, [])
    assert "没有给出" in outcome(result, "R01").error
    assert result.is_blocking


@pytest.mark.parametrize("number", ["R01", "R02", "R03", "R04", "R05", "R06", "R10", "R11", "R52"])
def test_rows_that_the_engine_did_not_see_are_critical(monkeypatch, number):
    """What expects nothing wrong passes on nothing: as many rows as there are figures must have been seen."""
    original = audit.audit_frame
    monkeypatch.setattr(audit, "audit_frame", lambda columns: original(columns).iloc[5:])
    history = [replace(f, period=Period(2024, "q1")) for f in FIGURES]
    result = run_audit(with_rules(**{number: CATALOG.rules[number]}), Q1, FIGURES, history)
    assert outcome(result, number).error
    assert result.is_blocking


def test_results_are_mapped_by_rule_whatever_their_order():
    """Two faults of different rules; the engine returns results in an order of its own."""
    first = next(f for f in FIGURES if f.indicator == "unemployment.benefit_standard")
    bad = [replace(f, value=-f.value) if f is first else f for f in FIGURES if f.indicator != "unemployment.income"]
    for rules in (("R01", "R11"), ("R11", "R01")):
        result = run_audit(with_rules(**{r: CATALOG.rules[r] for r in rules}), Q1, bad, [])
        assert [(f.rule, f.indicator) for f in result.findings] == [
            ("R01", "unemployment.income"),
            ("R11", "unemployment.benefit_standard"),
        ]
        assert not result.not_run


def test_an_empty_table_is_critical():
    result = run_audit(CATALOG, Q1, [], [])
    assert outcome(result, "R07").failed == 1
    assert outcome(result, "R08").failed == 1
    assert not result.not_run
    assert result.is_blocking


def test_an_empty_table_is_critical_even_when_every_centre_is_excused():
    result = run_audit(CATALOG, Q1, [], [], excused_centres=[centre.id for centre in CATALOG.centres])
    assert {f.rule for f in result.findings if f.severity == "critical"} == {"R07", "R08"}


def test_an_all_null_value_column_is_critical():
    empty = [replace(f, value=None, text="待补", state="not_provided") for f in FIGURES]
    result = run_audit(CATALOG, Q1, empty, [])
    assert [f.rule for f in result.findings if f.severity == "critical"] == ["R08"]
    assert not result.not_run


def test_what_an_excused_centre_did_not_hand_in_is_info():
    medical = "medical_centre"
    rest = [f for f in FIGURES if f.centre != medical]
    late = run_audit(CATALOG, Q1, rest, [])
    assert late.is_blocking
    excused = run_audit(CATALOG, Q1, rest, [], excused_centres={medical})
    assert not excused.is_blocking
    assert {(f.rule, f.severity, f.centre) for f in excused.findings} == {("R01", "info", medical)}
    assert excused.count("info") == late.count("critical") > 50


def test_more_than_two_hundred_bad_rows_are_all_found():
    bad = [replace(f, value=f.value + Decimal("0.5")) if f.unit == "人" and f.value else f for f in FIGURES]
    number = sum(f.unit == "人" and bool(f.value) for f in FIGURES)
    result = run_audit(with_rules(R12=CATALOG.rules["R12"]), Q1, bad, [])
    assert number > 200
    assert outcome(result, "R12").failed == number
    assert len({(f.region, f.indicator) for f in result.findings}) == number


@pytest.mark.parametrize(("number", "wrong"), [("R04", {"indicator": "unheard.of"}), ("R06", {"centre": ""})])
def test_great_expectations_own_evidence_is_not_cut_off_either(number, wrong):
    """Values are capped at 200, rows are not."""
    bad = [replace(f, **wrong) for f in FIGURES]
    result = run_audit(with_rules(**{number: CATALOG.rules[number]}), Q1, bad, [])
    assert CATALOG.rules[number].check in PLAIN
    assert outcome(result, number).failed == len(FIGURES) > 300


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_found_and_stops_nothing(value):
    bad = [replace(f, value=Decimal(value)) if f.indicator == "unemployment.income" else f for f in FIGURES]
    result = run_audit(CATALOG, Q1, bad, [])
    assert [(f.rule, f.indicator) for f in result.findings if f.severity == "critical"] == [
        ("R10", "unemployment.income")
    ]
    assert not result.not_run


def test_unknown_ids_units_and_odd_texts_stop_nothing():
    odd = [
        Figure("", "", Q1, "", None),
        Figure("x{region}", "y.{value}", Q1, "斤", Decimal(1), text="{0}"),
        Figure(WHOLE, "unemployment.income", Q1, "人", Decimal("1E+40"), centre="无此科室"),
    ]
    result = run_audit(CATALOG, Q1, [*FIGURES, *odd], odd)
    assert not result.not_run
    assert {"R02", "R03", "R04", "R05", "R06"} <= {f.rule for f in result.findings}


def test_only_narrows_what_must_be_there():
    only = ["unemployment.*"]
    some = [f for f in FIGURES if f.indicator.startswith("unemployment.")]
    assert run_audit(CATALOG, Q1, some, []).is_blocking
    assert run_audit(CATALOG, Q1, some, [], only=only).findings == ()


def test_a_finding_names_region_indicator_period_value_place_and_cause():
    where = FigureSource(document="0" * 64, file_name="就业中心.xlsx", sheet="失业", cell="D7")
    bad = [
        replace(f, value=f.value + 8, source=where) if f.indicator == "unemployment.current_surplus" else f
        for f in FIGURES
    ]
    (found,) = run_audit(CATALOG, Q1, bad, []).findings
    assert (found.rule, found.severity, found.region, found.indicator) == (
        "R20",
        "critical",
        WHOLE,
        "unemployment.current_surplus",
    )
    assert (found.period, found.centre, found.source) == ("2025-q1", "employment_centre", where)
    assert found.difference == "8.00 万元"
    assert found.value in found.message
    assert found.expected in found.message
    for words in ("楚雄彝族自治州", "失业“当期结余”", "2025年1季度", "工作表“失业”单元格 D7", "基金收入", "基金支出"):
        assert words in found.message
    assert found.cause


def test_the_data_digest_is_of_what_figures_say_in_any_order():
    assert figures_digest(FIGURES) == figures_digest(reversed(FIGURES))
    moved = [replace(f, source=FigureSource(sheet="甲", cell="A1")) for f in FIGURES]
    assert figures_digest(moved) == figures_digest(FIGURES)
    first = next(f for f in FIGURES if f.value and not f.decimals)
    reprinted = [replace(f, value=Decimal(f"{f.value}.00")) if f is first else f for f in FIGURES]
    assert figures_digest(reprinted) != figures_digest(FIGURES)  # printed precision is part of a figure
    changed = [replace(f, value=f.value + 1) if f is first else f for f in FIGURES]
    assert figures_digest(changed) != figures_digest(FIGURES)


def test_the_suite_version_changes_with_a_threshold():
    looser = CATALOG.rules["R51"].model_copy(update={"parameters": {"people": Decimal(9)}})
    other = replace(CATALOG, rules=MappingProxyType({**CATALOG.rules, "R51": looser}))
    assert suite_version(CATALOG) == suite_version(load_catalog("chuxiong"))
    assert suite_version(other) != suite_version(CATALOG)


# --- traps of the engine, each as it really behaves ---------------------------------------------------


def judged_by_the_engine(frame, *expectations):
    built = [
        get_expectation_impl(name)(**arguments, severity=severity, meta={"rule": rule})
        for rule, severity, name, arguments in expectations
    ]
    return judging.judged_by_rule(judging.validate(pd.DataFrame(frame), built))


BETWEEN = "expect_column_values_to_be_between"
PROPORTION = "expect_column_proportion_of_non_null_values_to_be_between"


def test_a_range_check_passes_on_nulls_and_on_nothing_and_says_how_much_it_saw():
    arguments = {"column": "x", "min_value": 0, "max_value": 0}
    for column in ([None, None], []):
        found = judged_by_the_engine({"x": pd.Series(column, dtype=object)}, ("R11", "critical", BETWEEN, arguments))
        assert (found["R11"].found, found["R11"].error, found["R11"].compared) == ((), "", 0)


def test_both_shapes_of_a_raised_check_come_from_the_engine_and_are_critical():
    found = judged_by_the_engine(
        {"x": [1]},
        ("R11", "info", BETWEEN, {"column": "gone", "min_value": 0}),
        ("R02", "warning", "expect_compound_columns_to_be_unique", {"column_list": ["x", "gone"]}),
        ("R12", "info", PROPORTION, {"column": "gone", "min_value": 0}),
        ("R13", "info", BETWEEN, {"column": "x", "min_value": 0}),
    )
    assert all(found[rule].error for rule in ("R11", "R02", "R12"))
    assert found["R13"].error == ""


def test_a_failing_warning_makes_the_suite_unsuccessful_but_does_not_block():
    half = next(f for f in FIGURES if f.indicator == "resident_pension.monthly_average_benefit")
    longer = [replace(f, value=f.value + Decimal("0.001")) if f is half else f for f in FIGURES]
    result = run_audit(CATALOG, Q1, longer, [])
    assert [(f.rule, f.severity) for f in result.findings] == [("R14", "warning")]
    assert outcome(result, "R14").error == ""
    assert not result.is_blocking


# --- what is kept exactly ------------------------------------------------------------------------------


def test_a_number_too_large_to_be_kept_exactly_is_refused_and_said_so():
    income = next(f for f in FIGURES if f.indicator == "unemployment.income")
    bad = [replace(f, value=Decimal("4E+12")) if f is income else f for f in FIGURES]
    result = run_audit(CATALOG, Q1, bad, [])
    (found,) = [f for f in result.findings if f.rule == "R10"]
    assert (found.indicator, found.severity) == ("unemployment.income", "critical")
    assert "不能精确核对" in found.message
    assert not result.not_run


def test_the_largest_number_that_is_kept_is_exact_to_its_last_decimal():
    """Ten amounts of 4,000 万亿 元 add up, and one 0.01 万元 too many is seen."""
    largest = {"unemployment.income": "399999999999.99", "unemployment.expenditure": "399999999999.98"}
    values = {**largest, "unemployment.current_surplus": "0.01"}
    figures = [replace(f, value=Decimal(values.get(f.indicator, f.value))) for f in FIGURES if f.indicator in values]
    catalog = replace(CATALOG, rules=MappingProxyType({}), ratios=MappingProxyType({}))
    only = list(values)
    assert run_audit(catalog, Q1, figures, [], only=only).findings == ()
    off = [replace(f, value=Decimal("0.06")) if f.indicator.endswith("surplus") else f for f in figures]
    (found,) = run_audit(catalog, Q1, off, [], only=only).findings
    assert (found.rule, found.difference) == ("R20", "0.05 万元")


@pytest.fixture(scope="module")
def audited_home(tmp_path_factory):
    """A home whose project of Great Expectations is whole."""
    home = tmp_path_factory.mktemp("home")
    run_audit(with_rules(R14=CATALOG.rules["R14"], R07=CATALOG.rules["R07"]), Q1, FIGURES, [], home=home)
    return home


@pytest.mark.filterwarnings("ignore:.*config_variables.yml")
@pytest.mark.parametrize("damage", ["gone", "half written"])
@pytest.mark.parametrize(
    "file",
    [
        "checkpoints/audit.json",
        "validation_definitions/figures.json",
        "expectations/figures.json",
        "great_expectations.yml",
    ],
)
def test_a_project_that_a_killed_process_left_half_written_is_made_anew(audited_home, tmp_path, file, damage):
    """Great Expectations writes in place; what it writes comes from the rules, so it may not stop an audit."""
    shutil.copytree(audited_home, tmp_path / "home")
    damaged = tmp_path / "home" / "gx" / file
    whole = damaged.read_bytes()
    damaged.unlink()
    if damage == "half written":
        damaged.write_bytes(whole[: len(whole) // 2])
    for _ in range(2):
        rules = with_rules(R14=CATALOG.rules["R14"], R07=CATALOG.rules["R07"])
        result = run_audit(rules, Q1, FIGURES, [], home=tmp_path / "home")
        assert [rule.error for rule in result.rules if rule.error] == []
        assert len(result.judged) == 1
