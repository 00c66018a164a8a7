"""From a compilation in our records to an audit in our records, with its quality report on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from data_checks import following
from data_checks.audit import AuditResult, run_audit
from data_checks.findings import Finding as AuditFinding
from data_checks.quality_report import render_quality_report
from disclosure import compilation, cycles
from disclosure.catalog import Catalog
from disclosure.clock import utc_now
from disclosure.collection.files import write_whole
from disclosure.collection.workbook_reading import Explanation
from disclosure.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.tables import AuditRun, Finding
from disclosure.review.decisions import audit_of
from disclosure.workplace import Workplace


def audit_round(place: Workplace, cycle_id: int) -> AuditRun:
    """The audit of the current round's compilation, run now if it was not.

    The report is on disk before the row that points to it is committed.
    """
    catalog = place.catalog
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        if existing := audit_of(session, cycle):
            return existing
        compiled = cycles.compilation_of(session, cycle)
        if compiled is None:
            raise DisclosureError(f"{cycles.period_of(cycle).label}第 {cycle.round} 轮还没有汇总，不能检查数据。")
        content = compilation.content_of(session, catalog, cycle, compiled)
        history = compilation.history(session, catalog, content.period)
        given = {centre: s.explanations for centre, s in cycles.standing_submissions(session, cycle).items()}
        before = following.said_in_round_before(session, cycle)
        suggested = following.said_before(session, cycle)
    result = run_audit(
        catalog, content.period, content.figures, history, only=cycle.only, excused_centres=content.excused
    )
    result = with_explanations(catalog, result, given)
    findings, followed = following.follow(result.findings, before)
    result = replace(result, findings=following.with_suggestions(findings, suggested))
    made_at = utc_now()
    report = f"{content.period.id}/round-{cycle.round}-{compiled.digest[:12]}.html"
    page = render_quality_report(
        catalog, content.period, result, round_number=cycle.round, made_at=made_at, demo=cycle.is_demo
    )
    write_whole(place.settings.reports / report, page.encode())
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        if existing := audit_of(session, cycle):
            return existing
        audit = AuditRun(
            compilation_id=compiled.id,
            data_digest=result.data_digest,
            suite_version=result.suite_version,
            is_blocking=result.is_blocking,
            critical_count=result.count("critical"),
            warning_count=result.count("warning"),
            rules=[asdict(rule) for rule in result.rules],
            report=report,
            finished_at=made_at,
            findings=_rows(result, followed),
        )
        session.add(audit)
        session.flush()
        ledger.append(
            session,
            "audit.finished",
            actor="系统",
            cycle_id=cycle.id,
            round=cycle.round,
            digest=compiled.digest,
            critical=audit.critical_count,
            warnings=audit.warning_count,
        )
        return audit


def with_explanations(
    catalog: Catalog, result: AuditResult, given: Mapping[str, Sequence[Mapping[str, str]]]
) -> AuditResult:
    """``result`` with each warning's explanation from its centre's workbook; ``given`` is by centre id."""

    def explained(finding: AuditFinding) -> AuditFinding:
        if finding.severity != "warning":
            return finding
        for row in given.get(finding.centre, ()):
            indicator = catalog.indicators.get(finding.indicator)
            said = Explanation(**row)
            if indicator is not None and said.covers(indicator.insurance, indicator.id, finding.region):
                return replace(finding, explanation=said.text, explained_by=catalog.offices[finding.centre].name)
        return finding

    return replace(result, findings=tuple(explained(finding) for finding in result.findings))


def _rows(result: AuditResult, followed: Sequence[int | None]) -> list[Finding]:
    return [
        Finding(
            rule=finding.rule,
            severity=finding.severity,
            centre=finding.centre,
            region=finding.region,
            indicator=finding.indicator,
            period_id=finding.period,
            value=finding.value,
            expected=finding.expected,
            difference=finding.difference,
            message=finding.message,
            cause=finding.cause,
            file_name=finding.source.file_name,
            sheet=finding.source.sheet,
            cell=finding.source.cell,
            explanation=finding.explanation,
            explained_by=finding.explained_by,
            suggestion=finding.suggestion,
            cause_group=finding.cause_group,
            involved=["/".join(key) for key in finding.involved],
            follows_id=follows,
        )
        for finding, follows in zip(result.findings, followed, strict=True)
    ]
