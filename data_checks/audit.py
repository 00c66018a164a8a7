"""The audit: every rule of the catalogue over one period's figures, and the gate on the result.

Our own checks name the figures; Great Expectations judges the same tables by the same rules. A rule on
whose number of violations the two do not agree, or which either could not run, is critical whatever
its configured severity.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from data_checks import causes, suites
from data_checks.findings import SEVERITIES, AuditResult, Finding, RuleOutcome, messages
from data_checks.identities import IdentityChecked, check_identity, columns
from data_checks.rules import CHECKS, Checked, Violation
from data_checks.suites import Judged
from data_checks.tables import Tables
from data_checks.texts import TEXT_CHECK, without_texts
from disclosure.catalog import Catalog, Identity, Rule
from disclosure.figures import Figure, Source
from disclosure.periods import Period

__all__ = ["AuditResult", "Finding", "RuleOutcome", "figures_digest", "run_audit", "suite_version"]


@dataclass
class _Run:
    rule: Rule | Identity
    done: Checked | IdentityChecked
    error: str = ""
    expectations: int = 1
    findings: list[Finding] = field(default_factory=list)


def run_audit(
    catalog: Catalog,
    period: Period,
    figures: Sequence[Figure],
    history: Sequence[Figure],
    *,
    only: Collection[str] = (),
    excused_centres: Collection[str] = (),
) -> AuditResult:
    """Audit one period.

    ``figures`` are all centres' figures of ``period``; ``history`` those of any earlier periods, of which
    the comparable ones are used. ``only`` narrows a special cycle to the indicators it was opened for.
    Missing figures of ``excused_centres``, which the compiler went on without, are info, not critical.
    Never raises for what is in the figures: a check that fails is reported as not run.
    """
    tables = Tables.of(catalog, period, figures, history, only=only, excused_centres=excused_centres)
    about_figures = [rule for rule in catalog.rules.values() if rule.check != TEXT_CHECK]
    row_rules = [_run(tables, rule, _check_named(rule.check)) for rule in about_figures]
    identities = [_run_identity(tables, identity) for identity in catalog.identities.values()]
    _judge_long(tables, row_rules)
    _judge_wide(tables, identities)
    runs = sorted((*row_rules, *identities), key=lambda run: _number(run.rule.id))
    findings = [finding for run in runs for finding in run.findings if not run.error]
    return AuditResult(
        period=period,
        data_digest=figures_digest((*figures, *history)),
        suite_version=suite_version(catalog),
        findings=tuple(sorted(findings, key=_order(catalog))),
        rules=(*(_outcome(run) for run in runs), *without_texts(catalog)),
    )


def figures_digest(figures: Iterable[Figure]) -> str:
    """SHA-256 of what figures say (not of where they stood), whatever their order."""
    lines = sorted(
        json.dumps(
            [*f.key, f.unit, None if f.value is None else str(f.value), f.text, f.state, f.centre],
            ensure_ascii=False,
        )
        for f in figures
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def suite_version(catalog: Catalog) -> str:
    """SHA-256 of the rules, identities, indicators, units, regions and wording that the audit runs by."""
    facts = [
        {key: fact.model_dump(mode="json") for key, fact in group.items()}
        for group in (catalog.rules, catalog.identities, catalog.reported, catalog.units, catalog.regions)
    ]
    text = json.dumps([facts, messages()], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _check_named(name: str) -> Callable[[Tables, Rule], Checked]:
    def unknown(_tables: Tables, _rule: Rule) -> Checked:
        raise LookupError(name)

    return CHECKS.get(name, unknown)


def _run(tables: Tables, rule: Rule, check: Callable[[Tables, Rule], Checked]) -> _Run:
    if rule.check not in CHECKS:
        return _Run(rule, Checked(), error=_error("unknown_check", check=rule.check))
    try:
        run = _Run(rule, check(tables, rule))
        run.findings = [_finding(tables, rule, violation) for violation in run.done.violations]
    except Exception as error:
        return _Run(rule, Checked(), error=_error("check", error=_describe(error)))
    return run


def _run_identity(tables: Tables, identity: Identity) -> _Run:
    try:
        run = _Run(identity, check_identity(tables, identity), expectations=len(columns(tables, identity)))
        run.findings = [_finding(tables, identity, violation) for violation in run.done.violations]
    except Exception as error:
        return _Run(identity, IdentityChecked(), error=_error("check", error=_describe(error)))
    return run


def _judge_long(tables: Tables, runs: list[_Run]) -> None:
    able = [run for run in runs if not run.error and (run.done.compared or not run.done.skipped)]

    def judge() -> dict[str, Judged]:
        frame = tables.long_frame({run.rule.id: run.done.measures for run in able if isinstance(run.done, Checked)})
        rules = [run.rule for run in able if isinstance(run.rule, Rule)]
        return suites.judge(frame, "long", suites.long_suite(tables.catalog, rules))

    _compare(able, judge)


def _judge_wide(tables: Tables, runs: list[_Run]) -> None:
    able = [run for run in runs if not run.error and run.expectations]

    def judge() -> dict[str, Judged]:
        measures: dict[str, dict[str, Any]] = {}
        planned: list[tuple[Identity, Sequence[str]]] = []
        for run in able:
            if isinstance(run.done, IdentityChecked) and isinstance(run.rule, Identity):
                measures.update(run.done.measures)
                planned.append((run.rule, columns(tables, run.rule)))
        return suites.judge(tables.wide_frame(measures), "wide", suites.wide_suite(planned))

    _compare(able, judge)


def _compare(runs: list[_Run], judge: Callable[[], dict[str, Judged]]) -> None:
    """Hold each run's own findings against Great Expectations' count; any difference is an error."""
    if not runs:
        return
    try:
        judged = judge()
    except Exception as error:
        for run in runs:
            run.error = _error("engine", error=_describe(error))
        return
    for run in runs:
        found = judged.get(run.rule.id, Judged())
        own = len(run.done.violations)
        if found.error:
            run.error = _error("engine", error=found.error)
        elif found.expectations != run.expectations:
            run.error = _error("no_result")
        elif found.unexpected != own:
            run.error = _error("disagree", engine=found.unexpected, own=own)


def _outcome(run: _Run) -> RuleOutcome:
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


def _finding(tables: Tables, rule: Rule | Identity, violation: Violation) -> Finding:
    catalog, row = tables.catalog, violation.row
    wording = messages()
    words = wording["checks"][violation.words_key]
    figure = row.figure if row else None
    source = figure.source if figure else Source()
    value = violation.value or (_printed(figure) if figure else wording["nothing"] if row else "")
    filled: dict[str, object] = {"value": value, "difference": violation.difference, **violation.words}
    subject = ""
    if row is not None:
        region = catalog.regions.get(row.region)
        where = source.label
        of_subject = {
            "region": region.name if region else row.region,
            "period": tables.period.label,
            "where": wording["subject_where"].format(where=where) if where else "",
        }
        if row.indicator is not None:
            insurance = catalog.insurances[row.indicator.insurance].short_name
            subject = wording["subject"].format(insurance=insurance, indicator=row.indicator.name, **of_subject)
        else:
            subject = wording["subject_unknown"].format(indicator=row.indicator_id, **of_subject)
    return Finding(
        rule=rule.id,
        rule_name=rule.name,
        severity=violation.severity or rule.severity,
        region=row.region if row else "",
        indicator=row.indicator_id if row else "",
        period=tables.period.id,
        centre=tables.centre(row) if row else "",
        value=value,
        expected=words["expected"].format(**filled),
        difference=violation.difference,
        message=subject + words["sentence"].format(**filled),
        cause=violation.cause or words["cause"].format(**filled),
        source=source,
    )


def _printed(figure: Figure) -> str:
    return causes.with_unit(figure.printed, figure.unit) if figure.value is not None else figure.printed


def _error(kind: str, **words: object) -> str:
    return str(messages()["errors"][kind]).format(**words)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _number(rule_id: str) -> tuple[int, str]:
    """R6xx rules of a profile stand among the R60s."""
    return int(rule_id[1:3]), rule_id


def _order(catalog: Catalog) -> Callable[[Finding], tuple[object, ...]]:
    """By severity, centre, indicator and region in the catalogue's order, then rule."""
    places = [list(catalog.offices), list(catalog.indicators), list(catalog.regions)]

    def place(names: list[str], name: str) -> int:
        return names.index(name) if name in names else -1

    def key(finding: Finding) -> tuple[object, ...]:
        return (
            SEVERITIES.index(finding.severity),
            place(places[0], finding.centre),
            place(places[1], finding.indicator),
            place(places[2], finding.region),
            _number(finding.rule),
        )

    return key
