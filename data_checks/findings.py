"""What an audit says: findings, the outcome of each rule, and the gate's facts about the whole run."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from disclosure.calendar.periods import Period
from disclosure.catalog import Identity, Ratio, Rule, Severity
from disclosure.figures.figures import FigureSource
from disclosure.platform.wording import words_beside

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

#: The wording of findings.
messages = words_beside(__file__)
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")


@dataclass(frozen=True)
class AuditFinding:
    """One thing found at one figure, in words a statistician understands without asking.

    ``rule`` is the rule's id (``R20``); ``region``, ``indicator`` and ``centre`` are catalogue ids (as
    handed in when the catalogue does not know them) and empty for a finding about the whole table;
    ``period`` is a period id. ``value``, ``expected`` and ``difference`` are printed with their unit. ``expected`` is
    what should stand there, and empty where that cannot be told: where another figure is the wrong one, or where it
    is only out of line with what it was ``compared`` with.
    ``message`` is a complete sentence with region, indicator, period and place. ``cause_group`` is the same for
    findings that one mistake explains; ``involved`` are the (region, indicator) it was compared with in the same
    period. ``explanation`` is what the centre wrote about it in its workbook,
    ``explained_by`` the centre's name; ``suggestion`` what was said of the same finding a year or a period ago.
    ``read_off`` says that ``cause`` was read off the numbers (of one figure, or of several together) and is not
    the rule's general one.
    ``band`` are the bounds it was expected in by its own series, in base units (人, 元); equal where it is one number.
    ``doubted`` are the periods whose figure may be the wrong one, where that is not this one alone.
    """

    rule: str
    rule_name: str
    severity: Severity
    region: str
    indicator: str
    period: str
    centre: str
    value: str
    expected: str
    difference: str
    message: str
    cause: str
    source: FigureSource
    cause_group: str = ""
    involved: tuple[tuple[str, str], ...] = ()
    explanation: str = ""
    explained_by: str = ""
    suggestion: str = ""
    read_off: bool = False
    band: tuple[Decimal, Decimal] | None = None
    doubted: tuple[str, ...] = ()
    compared: str = ""


@dataclass(frozen=True)
class RuleOutcome:
    """How a rule fared.

    ``checked`` counts the comparisons it made, ``skipped`` those for which there was nothing to compare
    with, ``failed`` its findings. A non-empty ``error`` says that it could not run, which counts as critical.
    """

    rule: str
    name: str
    description: str
    reason: str
    source: str
    severity: Severity
    checked: int
    failed: int
    error: str
    skipped: int = 0

    @classmethod
    def of(
        cls, fact: Rule | Identity | Ratio, *, checked: int = 0, failed: int = 0, skipped: int = 0, error: str = ""
    ) -> RuleOutcome:
        """Return how ``fact`` fared, with what the catalogue says of it."""
        said = (fact.id, fact.name, fact.description, fact.reason, fact.source, fact.severity)
        return cls(*said, checked=checked, failed=failed, error=error, skipped=skipped)


@dataclass(frozen=True)
class AuditResult:
    """One run of the audit.

    ``data_digest`` is the SHA-256 of the figures audited and of the earlier ones they were compared
    with, ``suite_version`` the SHA-256 of every rule, threshold and wording: equal digests give equal
    findings. ``judged`` is Great Expectations' own account, for its Data Docs.
    """

    period: Period
    data_digest: str
    suite_version: str
    findings: tuple[AuditFinding, ...]
    rules: tuple[RuleOutcome, ...]
    judged: tuple[ExpectationSuiteValidationResult, ...] = field(default=(), compare=False, repr=False)

    @property
    def not_run(self) -> tuple[RuleOutcome, ...]:
        """Rules that could not run."""
        return tuple(rule for rule in self.rules if rule.error)

    def count(self, severity: Severity) -> int:
        """Return findings of ``severity``; a rule that could not run counts as one critical finding."""
        found = sum(finding.severity == severity for finding in self.findings)
        return found + (len(self.not_run) if severity == "critical" else 0)

    @property
    def causes(self) -> dict[str, tuple[AuditFinding, ...]]:
        """Findings by ``cause_group``, in the order of each group's first."""
        groups: dict[str, list[AuditFinding]] = {}
        for finding in self.findings:
            groups.setdefault(finding.cause_group, []).append(finding)
        return {name: tuple(members) for name, members in groups.items()}

    @property
    def is_blocking(self) -> bool:
        """Whether the only possible decision is 退回."""
        return self.count("critical") > 0
