"""The data audit: rules from the catalogue, judged with Great Expectations, told as findings.

``run_audit`` gives an ``AuditResult``; ``build_report`` what the finance reviewer reads, as page or sheets.
"""

from data_checks.audit import figures_digest, run_audit, suite_version
from data_checks.findings import AuditFinding, AuditResult, RuleOutcome
from data_checks.report.builder import build_report
from data_checks.report.model import ReportContext
from data_checks.report.quality_report import render_quality_report, render_quality_sheets

__all__ = [
    "AuditFinding",
    "AuditResult",
    "ReportContext",
    "RuleOutcome",
    "build_report",
    "figures_digest",
    "render_quality_report",
    "render_quality_sheets",
    "run_audit",
    "suite_version",
]
