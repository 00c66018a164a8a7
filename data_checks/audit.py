"""The audit: every rule of the catalogue over one period's figures, and the gate on the result.

Our own checks name the figures; Great Expectations judges what they measured. A rule on whose number of violations
the two do not agree, or which either could not run, is critical whatever its configured severity. Up to a size given
in ``engines.yaml`` every figure is checked one by one; from there on one pass in columns picks those worth it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from data_checks.digest import figures_digest, tables_digest
from data_checks.findings import SEVERITIES, AuditResult, Finding, RuleOutcome, messages
from data_checks.grouping import cause_groups
from data_checks.judging import judge_tables, judge_violations
from data_checks.runs import Run, run_all
from data_checks.tables import Tables
from data_checks.texts import without_texts
from disclosure.catalog import Catalog
from disclosure.catalog.yaml_source import load_document
from disclosure.figures import Figure
from disclosure.periods import Period

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

__all__ = ["AuditResult", "Finding", "RuleOutcome", "figures_digest", "find", "run_audit", "suite_version"]

#: ``rows``: every figure is checked one by one; ``columns``: those that one pass in columns picked.
Engine = Literal["rows", "columns"]


def run_audit(
    catalog: Catalog,
    period: Period,
    figures: Sequence[Figure],
    history: Sequence[Figure],
    *,
    only: Collection[str] = (),
    excused_centres: Collection[str] = (),
    engine: Engine | None = None,
    seen: list[ExpectationSuiteValidationResult] | None = None,
) -> AuditResult:
    """Audit one period.

    ``figures`` are all centres' figures of ``period``; ``history`` those of any other periods, of which
    the comparable ones are used. ``only`` narrows a special cycle to the indicators it was opened for.
    Missing figures of ``excused_centres``, which the compiler went on without, are info, not critical.
    ``engine`` is chosen by size unless it is given; the findings are the same.
    What text sections say of the figures is compared beside this (``texts.with_texts``). ``seen`` receives Great
    Expectations' own results, for its Data Docs. Never raises for what is in the figures: a check that fails is
    reported as not run.
    """
    tables = Tables.of(catalog, period, figures, history, only=only, excused_centres=excused_centres)
    engine = engine or engine_for(len(figures) + len(history))
    tables, runs = _run(tables, engine)
    judge = judge_violations if engine == "columns" else judge_tables
    judge(tables, runs, seen)
    return _result(tables, runs)


def engine_for(size: int) -> Engine:
    """How ``size`` figures, those of the period and those before it, are checked."""
    return "columns" if size >= _engines()["columns_from"] else "rows"


@cache
def _engines() -> dict[str, int]:
    return load_document(Path(__file__).with_name("engines.yaml")).data


def find(tables: Tables, *, engine: Engine = "rows") -> AuditResult:
    """The findings of our own checks alone, which Great Expectations has not judged: for back-tests only."""
    return _result(*_run(tables, engine))


def _run(tables: Tables, engine: Engine) -> tuple[Tables, list[Run]]:
    if engine == "rows":
        return tables, run_all(tables)
    # Polars takes a moment to import: only where there is much to audit.
    from data_checks.column_audit import run_focused

    return run_focused(tables)


def _result(tables: Tables, runs: list[Run]) -> AuditResult:
    catalog = tables.catalog
    place = {name: number for number, name in enumerate(catalog.audited)}
    runs = sorted(runs, key=lambda run: place[run.rule.id])
    able = [run for run in runs if not run.error]
    violations = [violation for run in able for violation in run.done.violations]
    findings = [finding for run in able for finding in run.findings]
    groups = cause_groups(tables, violations)
    grouped = [replace(finding, cause_group=group) for finding, group in zip(findings, groups, strict=True)]
    return AuditResult(
        period=tables.period,
        data_digest=tables_digest(tables.figures, tables.history),
        suite_version=suite_version(catalog),
        findings=tuple(sorted(grouped, key=_order(catalog, place))),
        rules=(*(_outcome(run) for run in runs), *without_texts(catalog)),
    )


def suite_version(catalog: Catalog) -> str:
    """SHA-256 of the rules, identities, indicators, units, regions and wording that the audit runs by."""
    facts = [
        {key: fact.model_dump(mode="json") for key, fact in group.items()}
        for group in (catalog.audited, catalog.reported, catalog.units, catalog.regions)
    ]
    text = json.dumps([facts, messages()], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _outcome(run: Run) -> RuleOutcome:
    rule = run.rule
    return RuleOutcome(
        rule=rule.id,
        name=rule.name,
        description=rule.description,
        reason=rule.reason,
        source=rule.source,
        severity=rule.severity,
        checked=run.done.compared,
        failed=0 if run.error else len(run.findings),
        error=run.error,
        skipped=run.done.skipped,
    )


def _order(catalog: Catalog, rule_places: Mapping[str, int]) -> Callable[[Finding], tuple[object, ...]]:
    """By severity, centre, indicator and region in the catalogue's order, then rule."""
    places = [
        {name: number for number, name in enumerate(names)}
        for names in (catalog.offices, catalog.indicators, catalog.regions)
    ]

    def key(finding: Finding) -> tuple[object, ...]:
        return (
            SEVERITIES.index(finding.severity),
            places[0].get(finding.centre, -1),
            places[1].get(finding.indicator, -1),
            places[2].get(finding.region, -1),
            rule_places[finding.rule],
        )

    return key
