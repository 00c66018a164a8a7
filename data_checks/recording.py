"""From a compilation in our records to an audit in our records, with its quality report on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from data_checks import following
from data_checks.audit import AuditResult, Engine, run_audit
from data_checks.data_docs import write_data_docs
from data_checks.findings import Finding as AuditFinding
from data_checks.quality_report import render_quality_report, render_quality_sheets
from data_checks.report_builder import build_report
from data_checks.report_model import Context, Report
from data_checks.texts import with_texts
from disclosure import compilation, cycles, revisions
from disclosure.catalog import Catalog
from disclosure.clock import utc_now
from disclosure.collection.files import write_whole
from disclosure.collection.workbook_reading import Explanation
from disclosure.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.tables import AuditRun, Finding
from disclosure.review.decisions import audit_of
from disclosure.workplace import Workplace

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult


def audit_round(place: Workplace, cycle_id: int, *, engine: Engine | None = None) -> AuditRun:
    """The audit of the current round's compilation, run now if it was not, by an ``engine`` chosen by size or given.

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
        round_before, earlier = following.found_in_round_before(session, cycle)
        suggested = following.said_before(session, cycle)
        revised = revisions.waiting(session, catalog)
    result = run_audit(
        catalog,
        content.period,
        content.figures,
        history,
        only=cycle.only,
        excused_centres=content.excused,
        engine=engine,
    )
    result = with_texts(catalog, content, history, result)
    result = with_explanations(catalog, result, given)
    findings, followed = following.follow(result.findings, before)
    result = replace(result, findings=following.with_suggestions(findings, suggested))
    made_at = utc_now()
    report = f"{content.period.id}/round-{cycle.round}-{compiled.digest[:12]}.html"
    shown = build_report(
        catalog,
        content.period,
        result,
        round_number=cycle.round,
        made_at=made_at,
        demo=cycle.is_demo,
        context=Context(
            content.figures,
            history,
            cycle.only,
            earlier,
            round_before,
            sheets=_sheets(report).name,
            revisions=revised,
        ),
    )
    _write(place, report, shown)
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


def renew_report(place: Workplace, cycle_id: int, *, data_docs: bool = False) -> Path:
    """Write the current round's report anew, with explanations and decisions made since; the page's path.

    The audit is run again on what our records hold and must find the same. ``data_docs`` writes Great Expectations'
    own pages beside it and links them: that takes as long again as the report, so the audit itself does not.

    Raises:
        DisclosureError: when the round has no audit yet, or rules or earlier figures changed since it ran.
    """
    catalog = place.catalog
    seen: list[ExpectationSuiteValidationResult] = []
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        label, audit, compiled = (
            cycles.period_of(cycle).label,
            audit_of(session, cycle),
            cycles.compilation_of(session, cycle),
        )
        if audit is None or compiled is None:
            raise DisclosureError(f"{label}第 {cycle.round} 轮还没有检查数据；汇总后会自动检查。")
        content = compilation.content_of(session, catalog, cycle, compiled)
        history = compilation.history(session, catalog, content.period)
        round_before, earlier = following.found_in_round_before(session, cycle)
        accepted_by = following.accepted_by(session, cycle)
        revised = revisions.waiting(session, catalog)
        result = run_audit(
            catalog,
            content.period,
            content.figures,
            history,
            only=cycle.only,
            excused_centres=content.excused,
            seen=seen,
        )
        if (result.data_digest, result.suite_version) != (audit.data_digest, audit.suite_version):
            raise DisclosureError(
                f"{label}第 {cycle.round} 轮检查之后，规则或往期数据有改动，不能重做当时的报告；原报告没有改动。"
            )
        result = with_texts(catalog, content, history, result)
        said = [
            replace(finding, explanation=row.explanation, explained_by=row.explained_by, suggestion=row.suggestion)
            for finding, row in zip(result.findings, sorted(audit.findings, key=lambda row: row.id), strict=True)
        ]
    page = place.settings.reports / audit.report
    docs = page.with_suffix("") / "index.html"
    if data_docs:
        title = f"{label}数据检查（第{cycle.round}轮）"
        write_data_docs(docs.parent, seen, title=title, report=f"../{page.name}")
    context = Context(
        content.figures,
        history,
        cycle.only,
        earlier,
        round_before,
        accepted_by=accepted_by,
        revisions=revised,
        sheets=_sheets(audit.report).name,
        data_docs=f"{docs.parent.name}/{docs.name}" if docs.is_file() else "",
    )
    shown = build_report(
        catalog,
        content.period,
        replace(result, findings=tuple(said)),
        round_number=cycle.round,
        made_at=audit.finished_at,
        demo=cycle.is_demo,
        context=context,
    )
    _write(place, audit.report, shown)
    return page


def _sheets(report: str) -> PurePosixPath:
    """Where the sheets of a report lie: beside its page."""
    return PurePosixPath(report).with_suffix(".pdf")


def _write(place: Workplace, report: str, shown: Report) -> None:
    write_whole(place.settings.reports / _sheets(report), render_quality_sheets(shown))
    write_whole(place.settings.reports / report, render_quality_report(shown).encode())


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
