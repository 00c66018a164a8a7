"""The audit: every rule of the catalogue over one period's figures, and the gate on the result.

Great Expectations judges one table of figures by an expectation a rule; its evidence is put into words here. A rule
that could not run is critical whatever its configured severity.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_checks.digest import compared_digest, figures_digest
from data_checks.figure_table.frame import audit_frame
from data_checks.findings import SEVERITIES, AuditFinding, AuditResult, RuleOutcome, messages
from data_checks.measures.arguments import arguments_of_identity, arguments_of_ratio
from data_checks.tables import Tables
from data_checks.texts import without_texts
from data_checks.wording.grouping import Grouped, cause_groups
from data_checks.wording.telling import tell
from data_checks.wording.violations import Violation
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Identity, Ratio, Rule
from disclosure.figures.figures import Figure

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

    from data_checks.expectations.judging import Judged

__all__ = ["AuditFinding", "AuditResult", "RuleOutcome", "audit_tables", "figures_digest", "run_audit", "suite_version"]

Fact = Rule | Identity | Ratio


def run_audit(
    catalog: Catalog,
    period: Period,
    figures: Sequence[Figure],
    history: Sequence[Figure],
    *,
    only: Collection[str] = (),
    excused_centres: Collection[str] = (),
    home: Path | None = None,
) -> AuditResult:
    """Audit one period.

    ``figures`` are all centres' figures of ``period``; ``history`` those of any other periods, of which
    the comparable ones are used. ``only`` narrows a special cycle to the indicators it was opened for.
    Missing figures of ``excused_centres``, which the compiler went on without, are info, not critical.
    Great Expectations' project is kept under ``home``, and nowhere without it. What text sections say of the figures
    is compared beside this (``texts.with_texts``). Never raises for what is in the figures: a check that fails is
    reported as not run.
    """
    tables = Tables.of(catalog, period, figures, history, only=only, excused_centres=excused_centres)
    return audit_tables(tables, home=home)


def audit_tables(tables: Tables, *, home: Path | None = None) -> AuditResult:
    """Audit ``tables``; see ``run_audit``."""
    from data_checks.expectations import context, judging, suite  # noqa: PLC0415 - Great Expectations takes two seconds

    catalog = tables.catalog
    facts = suite.ruled(catalog)
    judged: dict[str, Judged] = {}
    expectations = []
    for fact in facts:
        if getattr(fact, "check", "") == "has_numbers" and all(i.kind == "text" for i in tables.asked.values()):
            judged[fact.id] = judging.Judged(skipped=1)
        try:
            expectations.append(suite.expectation_of(catalog, fact))
        except Exception as error:
            judged[fact.id] = judging.Judged(error=_describe(error))
    validated: list[ExpectationSuiteValidationResult] = []
    reason = ""
    try:
        frame = audit_frame(tables.columns)
        if home is None:
            validated.append(judging.validate(frame, expectations))
        else:
            validated.append(context.validate_in_project(home, suite_version(catalog), frame, expectations))
        judged = judging.judged_by_rule(validated[0]) | judged
    except Exception as error:
        reason = _describe(error)
    told = [_told(tables, fact, judged.get(fact.id), reason) for fact in facts]
    violations = [violation for _, pairs in told for violation, _ in pairs]
    findings = [finding for _, pairs in told for _, finding in pairs]
    groups = cause_groups(tables, violations)
    grouped = [_in_group(finding, group) for finding, group in zip(findings, groups, strict=True)]
    place = {name: number for number, name in enumerate(catalog.audited)}
    return AuditResult(
        period=tables.period,
        data_digest=compared_digest(tables.columns.figures, tables.columns.history),
        suite_version=suite_version(catalog),
        findings=tuple(sorted(grouped, key=_order(catalog, place))),
        rules=(*(outcome for outcome, _ in told), *without_texts(catalog)),
        judged=tuple(validated),
    )


def _in_group(finding: AuditFinding, group: Grouped) -> AuditFinding:
    """Return a finding with its group; what follows from another figure does not say what should stand at its own."""
    if not group.follows:
        return replace(finding, cause_group=group.name)
    return replace(finding, cause_group=group.name, expected="", compared=finding.expected or finding.compared)


def _told(
    tables: Tables, fact: Fact, judged: Judged | None, reason: str
) -> tuple[RuleOutcome, list[tuple[Violation, AuditFinding]]]:
    """How a rule fared, and what it found, in words."""
    error = reason or ("" if judged is None else judged.error)
    if error:
        return RuleOutcome.of(fact, error=_not_run("engine", error=error)), []
    if judged is None:
        return RuleOutcome.of(fact, error=_not_run("no_result")), []
    if judged.rows is not None and judged.rows != len(tables.columns.region):
        # Great Expectations passes what it does not see.
        unseen = _not_run("unseen", engine=judged.rows, own=len(tables.columns.region))
        return RuleOutcome.of(fact, error=unseen), []
    try:
        pairs = [tell(tables, fact, arguments_of(fact), each) for each in judged.found]
    except Exception as failure:
        return RuleOutcome.of(fact, error=_not_run("check", error=_describe(failure))), []
    found = len(judged.found)
    return RuleOutcome.of(fact, checked=judged.compared, failed=found, skipped=judged.skipped), pairs


def arguments_of(fact: Fact) -> Mapping[str, Any]:
    """Return the arguments of a rule, as what is said of it needs them."""
    if isinstance(fact, Identity):
        return {**arguments_of_identity(fact), "severity": fact.severity}
    if isinstance(fact, Ratio):
        return arguments_of_ratio(fact)
    return {"thresholds_by": fact.parameters}


def _not_run(kind: str, **words: object) -> str:
    return str(messages()["errors"][kind]).format(**words)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def suite_version(catalog: Catalog) -> str:
    """SHA-256 of the rules, identities, indicators, units, regions and wording that the audit runs by."""
    facts = [
        {key: fact.model_dump(mode="json") for key, fact in group.items()}
        for group in (catalog.audited, catalog.reported, catalog.units, catalog.regions)
    ]
    text = json.dumps([facts, messages()], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _order(catalog: Catalog, rule_places: Mapping[str, int]) -> Callable[[AuditFinding], tuple[object, ...]]:
    """By severity, centre, indicator and region in the catalogue's order, then rule."""
    places = [
        {name: number for number, name in enumerate(names)}
        for names in (catalog.offices, catalog.indicators, catalog.regions)
    ]

    def key(finding: AuditFinding) -> tuple[object, ...]:
        return (
            SEVERITIES.index(finding.severity),
            places[0].get(finding.centre, -1),
            places[1].get(finding.indicator, -1),
            places[2].get(finding.region, -1),
            rule_places[finding.rule],
        )

    return key
