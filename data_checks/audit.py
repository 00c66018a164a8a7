"""The audit: every rule of the catalogue over one period's figures, and the gate on the result.

Our own checks name the figures; Great Expectations judges the same tables by the same rules. A rule on
whose number of violations the two do not agree, or which either could not run, is critical whatever
its configured severity.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from data_checks import causes, changes, copies, identities, ratios, rules, suites
from data_checks.checking import CHECKS, Checked, Violation
from data_checks.findings import SEVERITIES, AuditResult, Finding, RuleOutcome, messages
from data_checks.grouping import cause_groups
from data_checks.identities import WideChecked, check_identity
from data_checks.ratios import check_ratio
from data_checks.suites import Judged
from data_checks.tables import Tables
from data_checks.texts import TEXT_CHECK, without_texts
from disclosure.catalog import Catalog, Identity, Ratio, Rule
from disclosure.figures import Figure, Source
from disclosure.periods import Period

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

__all__ = ["AuditResult", "Finding", "RuleOutcome", "figures_digest", "find", "run_audit", "suite_version"]

FactT = TypeVar("FactT", Identity, Ratio)

#: The modules whose checks rules may name.
CHECKING = (rules, changes, copies)


@dataclass
class _Run:
    rule: Rule | Identity | Ratio
    done: Checked | WideChecked
    error: str = ""
    columns: Sequence[str] = ()
    findings: list[Finding] = field(default_factory=list)

    @property
    def wrong_rows(self) -> int:
        """Rows (or the table) that our own check found wrong; one row may be wrong for several reasons."""
        if isinstance(self.done, WideChecked):
            return len(self.done.violations)
        return len({violation.row.index if violation.row else None for violation in self.done.violations})

    @property
    def measured(self) -> int:
        """Values of its own that it handed Great Expectations."""
        if isinstance(self.done, WideChecked):
            return sum(len(of_column) for of_column in self.done.measures.values())
        return len(self.done.measures)


def run_audit(
    catalog: Catalog,
    period: Period,
    figures: Sequence[Figure],
    history: Sequence[Figure],
    *,
    only: Collection[str] = (),
    excused_centres: Collection[str] = (),
    seen: list[ExpectationSuiteValidationResult] | None = None,
) -> AuditResult:
    """Audit one period.

    ``figures`` are all centres' figures of ``period``; ``history`` those of any other periods, of which
    the comparable ones are used. ``only`` narrows a special cycle to the indicators it was opened for.
    Missing figures of ``excused_centres``, which the compiler went on without, are info, not critical.
    What text sections say of the figures is compared beside this (``texts.with_texts``). ``seen`` receives Great
    Expectations' own results, for its Data Docs. Never raises for what is in the figures: a check that fails is
    reported as not run.
    """
    tables = Tables.of(catalog, period, figures, history, only=only, excused_centres=excused_centres)
    runs = _runs(tables)
    _judge_long(tables, [run for run in runs if isinstance(run.rule, Rule)], seen)
    _judge_wide(tables, [run for run in runs if not isinstance(run.rule, Rule)], seen)
    return _result(tables, runs)


def find(tables: Tables) -> AuditResult:
    """The findings of our own checks alone, which Great Expectations has not judged: for back-tests only."""
    return _result(tables, _runs(tables))


def _runs(tables: Tables) -> list[_Run]:
    catalog = tables.catalog
    return [
        *(_run(tables, rule, _check_named(rule.check)) for rule in catalog.rules.values() if rule.check != TEXT_CHECK),
        *(
            _run_wide(tables, identity, check_identity, identities.columns(tables, identity))
            for identity in catalog.identities.values()
        ),
        *(_run_wide(tables, ratio, check_ratio, ratios.columns(tables, ratio)) for ratio in catalog.ratios.values()),
    ]


def _result(tables: Tables, runs: list[_Run]) -> AuditResult:
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
        data_digest=figures_digest((*tables.figures, *tables.history)),
        suite_version=suite_version(catalog),
        findings=tuple(sorted(grouped, key=_order(catalog, place))),
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
        for group in (catalog.audited, catalog.reported, catalog.units, catalog.regions)
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


def _run_wide(
    tables: Tables, fact: FactT, check: Callable[[Tables, FactT], WideChecked], columns: Sequence[str]
) -> _Run:
    try:
        run = _Run(fact, check(tables, fact), columns=columns)
        run.findings = [_finding(tables, fact, violation) for violation in run.done.violations]
    except Exception as error:
        return _Run(fact, WideChecked(), error=_error("check", error=_describe(error)))
    return run


def _judge_long(tables: Tables, runs: list[_Run], seen: list[ExpectationSuiteValidationResult] | None) -> None:
    able = [run for run in runs if not run.error and (run.done.compared or not run.done.skipped)]

    def judge() -> dict[str, Judged]:
        frame = tables.long_frame({run.rule.id: run.done.measures for run in able if isinstance(run.done, Checked)})
        named = [run.rule for run in able if isinstance(run.rule, Rule)]
        return suites.judge(frame, "long", suites.long_suite(tables.catalog, named), seen)

    _compare(able, judge)


def _judge_wide(tables: Tables, runs: list[_Run], seen: list[ExpectationSuiteValidationResult] | None) -> None:
    able = [run for run in runs if not run.error and run.columns]

    def judge() -> dict[str, Judged]:
        measures: dict[str, dict[str, Any]] = {}
        planned: list[tuple[Identity | Ratio, Sequence[str]]] = []
        for run in able:
            if isinstance(run.done, WideChecked) and not isinstance(run.rule, Rule):
                measures.update(run.done.measures)
                planned.append((run.rule, run.columns))
        return suites.judge(tables.wide_frame(measures), "wide", suites.wide_suite(planned), seen)

    _compare(able, judge)


def _compare(runs: list[_Run], judge: Callable[[], dict[str, Judged]]) -> None:
    """Hold each run's own findings against Great Expectations' count; any difference is an error.

    So is a column of our measures of which Great Expectations saw other than all: on nulls every check passes.
    """
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
        is_plain = isinstance(run.rule, Rule) and run.rule.check in suites.PLAIN
        if found.error:
            run.error = _error("engine", error=found.error)
        elif found.expectations != (len(run.columns) or 1):
            run.error = _error("no_result")
        elif not is_plain and found.values != run.measured:
            run.error = _error("unseen", engine=found.values, own=run.measured)
        elif found.unexpected != run.wrong_rows:
            run.error = _error("disagree", engine=found.unexpected, own=run.wrong_rows)


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


def _finding(tables: Tables, rule: Rule | Identity | Ratio, violation: Violation) -> Finding:
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
        involved=violation.involved,
        band=violation.band,
    )


def _printed(figure: Figure) -> str:
    return causes.with_unit(figure.printed, figure.unit) if figure.value is not None else figure.printed


def _error(kind: str, **words: object) -> str:
    return str(messages()["errors"][kind]).format(**words)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


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
