"""A rule may name any expectation of Great Expectations, and its project opens without us.

A profile's rules in YAML are told in the report's words like ours; what is misspelt or raises is critical.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from data_checks import run_audit, suite_version
from data_checks.expectations import great_expectations as gx
from data_checks.expectations.suite import PLAIN
from data_checks.figure_table.frame import audit_frame
from data_checks.tables import Tables
from disclosure.calendar.periods import Period
from disclosure.catalog import PROFILES, Catalog, load_catalog
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = [pytest.mark.unit, pytest.mark.slow]

YEAR = Period(2025, "annual")
RULES = """
rules:
  R610:
    name: 数值不超过一千万
    check: expect_column_values_to_be_between
    arguments: {column: value, max_value: 10000000}
    severity: warning
    description: 本州任何数都不应超过一千万。
    reason: 试验。
    source: 本州
  R611:
    name: 数据不超过一百行
    check: expect_table_row_count_to_be_between
    arguments: {max_value: 100}
    severity: info
    description: 表不应超过一百行。
    reason: 试验。
    source: 本州
  R612: {name: 写错, check: expect_column_valeus, severity: info, description: 错。, reason: 错。, source: 本州}
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("profiles") / "profile"
    shutil.copytree(PROFILES / "chuxiong", folder)
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    return load_catalog(folder)


def test_an_expectation_named_in_yaml_is_told_like_ours(catalog):
    figures = demo_figures(catalog, YEAR)
    large = next(f for f in figures if f.indicator == "unemployment.income")
    given = [replace(f, value=Decimal("10000001.00")) if f is large else f for f in figures]
    result = run_audit(catalog, YEAR, given, [])
    found = [f for f in result.findings if f.rule == "R610" and f.indicator == large.indicator]
    assert [(f.severity, f.centre, f.region) for f in found] == [("warning", large.centre, large.region)]
    assert "10,000,001.00 万元，不符合“数值不超过一千万”：本州任何数都不应超过一千万。" in found[0].message
    (whole,) = [f for f in result.findings if f.rule == "R611"]
    assert (whole.severity, whole.region) == ("info", "")
    assert f"实际为 {len(figures)}" in whole.message
    assert [rule.rule for rule in result.not_run] == ["R612"]
    assert result.is_blocking


def test_the_project_opens_and_runs_without_us(catalog, tmp_path):
    figures, history = demo_figures(catalog, YEAR), demo_history(catalog, YEAR)
    for _ in range(2):
        result = run_audit(catalog, YEAR, figures, history, home=tmp_path)
        assert [rule.rule for rule in result.not_run] == ["R612"]
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    assert (Path(context.plugins_directory) / "audit_expectations.py").is_file()
    assert context.plugins_directory in sys.path
    suite = context.suites.get("figures")
    assert suite.meta["version"] == suite_version(catalog)
    frame = audit_frame(Tables.of(catalog, YEAR, figures, history).columns)
    again = context.checkpoints.get("audit").run(batch_parameters={"dataframe": frame})
    (validated,) = again.run_results.values()
    wrong = {r.expectation_config.meta["rule"] for r in validated.results if not r.success}
    assert wrong == {f.rule for f in result.findings}
    sys.path.remove(context.plugins_directory)


def test_another_threshold_writes_the_project_anew(catalog, tmp_path):
    figures = demo_figures(catalog, YEAR)
    run_audit(catalog, YEAR, figures, [], home=tmp_path)
    run_audit(load_catalog("chuxiong"), YEAR, figures, [], home=tmp_path)
    suite = gx.get_context(mode="file", project_root_dir=tmp_path).suites.get("figures")
    assert "R610" not in {each.meta["rule"] for each in suite.expectations}


def test_software_that_asks_otherwise_for_the_same_rules_writes_the_project_anew(catalog, tmp_path, monkeypatch):
    figures = demo_figures(catalog, YEAR)
    run_audit(catalog, YEAR, figures, [], home=tmp_path)
    monkeypatch.setitem(PLAIN, "not_empty", lambda _: ("expect_table_row_count_to_be_between", {"min_value": 10**6}))
    result = run_audit(catalog, YEAR, figures, [], home=tmp_path)
    assert "R07" in {f.rule for f in result.findings}
    suite = gx.get_context(mode="file", project_root_dir=tmp_path).suites.get("figures")
    (asked,) = (each for each in suite.expectations if each.meta["rule"] == "R07")
    assert (asked.min_value, suite.meta["version"]) == (10**6, suite_version(catalog))
