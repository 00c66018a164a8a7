"""The data audit: rules from the catalogue, judged with Great Expectations, told as findings.

``run_audit`` gives an ``AuditResult``; ``render_quality_report`` the page the finance reviewer reads.
"""

from data_checks.audit import figures_digest, run_audit, suite_version
from data_checks.findings import AuditResult, Finding, RuleOutcome
from data_checks.quality_report import render_quality_report

__all__ = [
    "AuditResult",
    "Finding",
    "RuleOutcome",
    "figures_digest",
    "render_quality_report",
    "run_audit",
    "suite_version",
]
