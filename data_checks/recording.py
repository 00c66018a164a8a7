"""From a compilation in our records to an audit in our records, with its quality report on disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

from sqlalchemy.orm import Session

from data_checks import following
from data_checks.audit import AuditResult, run_audit
from data_checks.findings import AuditFinding
from data_checks.report.builder import build_report
from data_checks.report.data_docs import write_data_docs
from data_checks.report.model import ReportContext
from data_checks.report.quality_report import render_quality_report, render_quality_sheets
from data_checks.texts import with_texts
from disclosure.catalog import Catalog
from disclosure.collection.workbook.read.result import Explanation
from disclosure.cycle import compilation, queries, revisions
from disclosure.cycle.compilation import CompiledContent
from disclosure.figures.figures import Figure
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.file_store import write_whole
from disclosure.records.installation import Installation
from disclosure.records.tables import AuditRun, Compilation, Cycle, Finding
from disclosure.review.decisions import audit_of


@dataclass(frozen=True)
class _Basis:
    """What the audit of one round rests on and its report shows around it, as our records have it."""

    catalog: Catalog
    compiled: Compilation
    content: CompiledContent
    history: Sequence[Figure]
    only: tuple[str, ...]
    round: int
    is_demo: bool
    round_before: int
    earlier: Sequence[Finding] | None
    revised: Sequence[str]

    @classmethod
    def of(cls, session: Session, catalog: Catalog, cycle: Cycle, compiled: Compilation) -> _Basis:
        """Read it from the records."""
        content = compilation.content_of(session, catalog, cycle, compiled)
        return cls(
            catalog,
            compiled,
            content,
            compilation.history(session, catalog, content.period),
            tuple(cycle.only),
            cycle.round,
            cycle.is_demo,
            *following.found_in_round_before(session, cycle),
            revisions.waiting(session, catalog),
        )

    def run(self, home: Path) -> AuditResult:
        """Audit the figures, by Great Expectations' project under ``home``."""
        content = self.content
        return run_audit(
            self.catalog,
            content.period,
            content.figures,
            self.history,
            only=self.only,
            excused_centres=content.excused,
            home=home,
        )

    def write_report(
        self, installation: Installation, path: str, result: AuditResult, made_at: dt.datetime, **shown: str
    ) -> None:
        """Write page and sheets; ``shown`` is what else of ``ReportContext`` there is."""
        sheets = PurePosixPath(path).with_suffix(".pdf")
        context = ReportContext(
            self.content.figures,
            self.history,
            self.only,
            self.earlier,
            self.round_before,
            sheets=sheets.name,
            revisions=self.revised,
            **shown,
        )
        report = build_report(
            self.catalog,
            self.content.period,
            result,
            round_number=self.round,
            made_at=made_at,
            demo=self.is_demo,
            context=context,
        )
        write_whole(installation.settings.reports / sheets, render_quality_sheets(report))
        write_whole(installation.settings.reports / path, render_quality_report(report).encode())


def audit_round(installation: Installation, cycle_id: int) -> AuditRun:
    """Audit the current round's compilation unless it was.

    The report is on disk before the row that points to it is committed.
    """
    catalog = installation.catalog
    with installation.records.read() as session:
        cycle = queries.get_cycle(session, cycle_id)
        if existing := audit_of(session, cycle):
            return existing
        compiled = queries.compilation_of(session, cycle)
        if compiled is None:
            raise DisclosureError(f"{queries.period_of(cycle).label}第 {cycle.round} 轮还没有汇总，不能检查数据。")
        basis = _Basis.of(session, catalog, cycle, compiled)
        given = {centre: s.explanations for centre, s in queries.standing_submissions(session, cycle).items()}
        before = following.said_in_round_before(session, cycle)
        suggested = following.said_before(session, cycle)
    result = with_texts(catalog, basis.content, basis.history, basis.run(installation.settings.home))
    result = with_explanations(catalog, result, given)
    findings, followed = following.follow(result.findings, before)
    result = replace(result, findings=following.with_suggestions(findings, suggested))
    made_at = utc_now()
    report = f"{result.period.id}/round-{basis.round}-{compiled.digest[:12]}.html"
    basis.write_report(installation, report, result, made_at)
    with installation.records.write() as session:
        cycle = queries.get_cycle(session, cycle_id)
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
            findings=[_row(each, follows) for each, follows in zip(result.findings, followed, strict=True)],
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


def renew_report(installation: Installation, cycle_id: int, *, data_docs: bool = False) -> Path:
    """Write the current round's report anew, with explanations and decisions made since; the page's path.

    The audit is run again on what our records hold and must find the same. ``data_docs`` writes Great Expectations'
    own pages beside it and links them: that takes as long again as the report, so the audit itself does not.

    Raises:
        DisclosureError: when the round has no audit yet, or rules or earlier figures changed since it ran.
    """
    with installation.records.read() as session:
        cycle = queries.get_cycle(session, cycle_id)
        label = f"{queries.period_of(cycle).label}第 {cycle.round} 轮"
        audit, compiled = audit_of(session, cycle), queries.compilation_of(session, cycle)
        if audit is None or compiled is None:
            raise DisclosureError(f"{label}还没有检查数据；汇总后会自动检查。")
        basis = _Basis.of(session, installation.catalog, cycle, compiled)
        accepted_by = following.accepted_by(session, cycle)
        result = basis.run(installation.settings.home)
        if (result.data_digest, result.suite_version) != (audit.data_digest, audit.suite_version):
            raise DisclosureError(f"{label}检查之后，规则或往期数据有改动，不能重做当时的报告；原报告没有改动。")
        result = with_texts(installation.catalog, basis.content, basis.history, result)
        said = [
            replace(finding, explanation=row.explanation, explained_by=row.explained_by, suggestion=row.suggestion)
            for finding, row in zip(result.findings, sorted(audit.findings, key=lambda row: row.id), strict=True)
        ]
    page = installation.settings.reports / audit.report
    docs = page.with_suffix("") / "index.html"
    if data_docs:
        title = f"{result.period.label}数据检查（第{basis.round}轮）"
        write_data_docs(docs.parent, result.judged, title=title, report=f"../{page.name}")
    shown = f"{docs.parent.name}/{docs.name}" if docs.is_file() else ""
    result = replace(result, findings=tuple(said))
    basis.write_report(installation, audit.report, result, audit.finished_at, accepted_by=accepted_by, data_docs=shown)
    return page


def with_explanations(
    catalog: Catalog, result: AuditResult, given: Mapping[str, Sequence[Mapping[str, str]]]
) -> AuditResult:
    """Return ``result`` with each warning's explanation from its centre's workbook; ``given`` is by centre id."""

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


#: What a finding's row has under the same names.
_KEPT = (
    *("rule", "severity", "centre", "region", "indicator", "value", "expected", "difference", "message", "cause"),
    *("explanation", "explained_by", "suggestion", "cause_group"),
)


def _row(finding: AuditFinding, follows: int | None) -> Finding:
    source = finding.source
    return Finding(
        **{name: getattr(finding, name) for name in _KEPT},
        period_id=finding.period,
        file_name=source.file_name,
        sheet=source.sheet,
        cell=source.cell,
        involved=["/".join(key) for key in finding.involved],
        follows_id=follows,
    )
