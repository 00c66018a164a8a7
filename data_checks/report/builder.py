"""The quality report made from the audit's result and the figures: verdict, findings, coverage, changes, signature."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from data_checks.findings import SEVERITIES, AuditFinding, AuditResult, RuleOutcome
from data_checks.report.groups import Groups
from data_checks.report.lead import WIDTH, causes_shown, next_lead, shortened
from data_checks.report.model import ChangeLine, CoverageLine, Earlier, Group, QualityReport, ReportContext, Verdict
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Rule, Severity
from disclosure.platform.clock import shanghai
from disclosure.platform.errors import DisclosureError


def build_report(
    catalog: Catalog,
    period: Period,
    result: AuditResult,
    *,
    round_number: int,
    made_at: dt.datetime,
    demo: bool,
    context: ReportContext | None = None,
) -> QualityReport:
    """Return the report on ``result``.

    ``round_number`` is the review round; ``made_at`` an aware time, shown in Asia/Shanghai; ``demo`` labels it 演示.

    Raises:
        DisclosureError: when ``made_at`` has no time zone or ``result`` is of another period.
    """
    if made_at.tzinfo is None:
        raise DisclosureError("数据质量报告的生成时间没有时区，请给出带时区的时间。")
    if result.period != period:
        raise DisclosureError(f"审核结果是{result.period.label}的，不能用于{period.label}的数据质量报告。")
    return _ReportBuilder(catalog, period, result, context or ReportContext()).report(
        round_number, shanghai(made_at), demo=demo
    )


class _ReportBuilder(Groups):
    """The whole report."""

    def __init__(self, catalog: Catalog, period: Period, result: AuditResult, context: ReportContext) -> None:
        super().__init__(catalog, period, result, context)
        self.new = _new(result.findings, context.before)

    def report(self, round_number: int, made_at: dt.datetime, *, demo: bool) -> QualityReport:
        result, words, profile = self.result, self.words, self.catalog.profile
        verdict = self.verdict()
        sections = tuple(self.sections())
        groups = [group for section in sections for group in section.groups]
        coverage = tuple(self.coverage_line(rule) for rule in result.rules)
        status = Counter(line.status for line in coverage)
        checked = f"{sum(rule.checked for rule in result.rules):,}"
        signed = {
            "round": f"{self.period.label}，第{round_number}轮{'，演示' if demo else ''}",
            "made": f"{made_at:%Y-%m-%d %H:%M:%S}（Asia/Shanghai）",
            "rules": f"{len(result.rules)} 条，比对 {checked} 次",
            "data": result.data_digest,
            "suite": result.suite_version,
        }
        weighty = [group for group in groups if group.severity != "info"]
        why = tuple(self.why(verdict, groups, checked))
        shown = causes_shown(len(weighty), len(why))
        return QualityReport(
            title=f"{self.period.label}数据质量报告（第{round_number}轮）{' · 演示' if demo else ''}",
            publisher=profile.publisher,
            profile=profile.title,
            period=self.period.label,
            round_number=round_number,
            made_at=f"{made_at:%Y-%m-%d %H:%M}",
            made_on=f"{made_at:%Y-%m-%d}",
            demo=demo,
            verdict=verdict,
            verdict_text=words["verdict"][verdict].format(open=self.open, warnings=result.count("warning")),
            why=why,
            main_causes=tuple(self.main_cause(group) for group in weighty[:shown]),
            more_causes=words["why"]["more"].format(count=len(weighty) - shown) if len(weighty) > shown else "",
            next_lead=next_lead(words, verdict, self.concerned(verdict)),
            tally=tuple((severity, words["severity"][severity], result.count(severity)) for severity in SEVERITIES),
            centres=tuple(self.centres()),
            sections=sections,
            not_run=tuple(line for line in coverage if line.error),
            changes_lead=self.changes_lead(),
            changes=tuple(self.changes()),
            coverage_lead=words["coverage"]["lead"].format(
                rules=len(coverage),
                checked=checked,
                ok=status["ok"],
                found=status["found"],
                nothing=status["nothing"],
                unasked=status["unasked"],
                errors=status["error"],
            ),
            coverage_legend=words["coverage"]["legend"],
            coverage=coverage,
            signature=tuple((label, signed[key], key in ("data", "suite")) for key, label in words["signature"]),
            words=words,
            data_docs=self.context.data_docs,
            sheets=self.context.sheets,
            revisions=tuple(self.context.revisions),
        )

    def main_cause(self, group: Group) -> tuple[str, Severity, str, str]:
        """(id, severity, where it is, cause) of a group, for the list beside the verdict."""
        names = [subject.name for subject in group.subjects if subject.name]
        where = names[0] if names else self.words["whole_table"]
        if len(names) > 1:
            where += self.words["group"]["others"].format(count=len(names))
        width = max(WIDTH - len(where), WIDTH // 3)
        return group.id, group.severity, where, shortened(group.cause, width, self.words["lead"]["clip"])

    def concerned(self, verdict: Verdict) -> list[tuple[str, int]]:
        """Return the centres that have something to see to, with how many findings, the most first."""
        severity = "critical" if verdict == "return" else "warning"
        found = Counter(
            self.centre_name(finding.centre)
            for finding in self.result.findings
            if finding.severity == severity and not finding.explanation
        )
        return found.most_common()

    def verdict(self) -> Verdict:
        if self.result.is_blocking:
            return "return"
        if not self.result.count("warning"):
            return "pass"
        return "explain" if self.open else "explained"

    def why(self, verdict: Verdict, groups: Sequence[Group], checked: str) -> list[str]:
        why, result = self.words["why"], self.result
        critical = sum(finding.severity == "critical" for finding in result.findings)
        counts = {"warnings": result.count("warning"), "open": self.open}
        told = []
        if critical:
            told.append(why["critical"].format(count=critical, causes=sum(g.severity == "critical" for g in groups)))
        if result.not_run:
            told.append(why["not_run"].format(count=len(result.not_run)))
        if verdict == "return" and counts["warnings"]:
            told.append(why["open_too"].format(**counts))
        elif verdict in ("explain", "explained"):
            told.append(why["open" if verdict == "explain" else "explained"].format(**counts))
        elif verdict == "pass":
            told.append(why["pass"].format(rules=len(result.rules), checked=checked))
        if infos := result.count("info"):
            told.append(why["info"].format(count=infos))
        return told

    def coverage_line(self, rule: RuleOutcome) -> CoverageLine:
        words = self.words["coverage"]
        if rule.error:
            status, text = "error", words["error"]
        elif rule.failed:
            status, text = "found", words[rule.severity]
        elif rule.checked:
            status, text = "ok", words["ok"]
        else:
            # Where no comparison was lacking its other side either, there is nothing of the kind in these figures.
            status = "nothing" if rule.skipped else "unasked"
            text = words[status]
        total = rule.checked + rule.skipped or 1
        failed = min(rule.failed, rule.checked)
        shares = tuple(round(100 * count / total, 2) for count in (rule.checked - failed, failed, rule.skipped))
        return CoverageLine(
            rule=rule.rule,
            name=rule.name,
            description=rule.description,
            basis=f"{rule.reason}依据：{rule.source}",
            thresholds=self.thresholds(self.catalog.audited.get(rule.rule)),
            severity=rule.severity,
            checked=rule.checked,
            skipped=rule.skipped,
            failed=rule.failed,
            status=status,
            status_text=text,
            error=rule.error,
            shares=(shares[0], shares[1], shares[2]),
        )

    def thresholds(self, rule: object) -> str:
        if not isinstance(rule, Rule):
            return ""
        words = self.words["threshold"]
        return "，".join(
            words[name].format(value=int(value) if value == value.to_integral_value() and value > 1 else value)
            for name, value in rule.parameters.items()
            if name in words and not isinstance(value, list) and value
        )

    def changes_lead(self) -> str:
        words, before = self.words["changes"], self.context.before
        if before is None:
            return str(words["first"])
        kinds = Counter(line.kind for line in self.changes())
        counts = {kind: kinds[words[kind]] for kind in ("corrected", "new", "remaining")}
        return str(words["lead"]).format(before=self.context.before_round, **counts)

    def changes(self) -> list[ChangeLine]:
        """Return what the round before had that is gone, what is new, what is still there."""
        before, words = self.context.before, self.words["changes"]
        if before is None:
            return []
        left = Counter(_same(finding) for finding in self.result.findings)
        gone = []
        for finding in before:
            if left[_same(finding)]:
                left[_same(finding)] -= 1
            else:
                gone.append(finding)
        ordered = sorted(self.result.findings, key=lambda finding: id(finding) not in self.new)
        return [
            *(self.change_line(words["corrected"], finding, "") for finding in gone),
            *(
                self.change_line(words[kind], finding, self.id_of(finding))
                for kind, of_kind in groupby(ordered, key=lambda f: "new" if id(f) in self.new else "remaining")
                for finding in of_kind
            ),
        ]

    def change_line(self, kind: str, finding: Earlier | AuditFinding, target: str) -> ChangeLine:
        name = self.name(finding) or self.words["whole_table"]
        return ChangeLine(kind, finding.severity, finding.rule, name, finding.value, finding.message, target)


def _same(finding: Earlier | AuditFinding) -> tuple[str, str, str]:
    return finding.rule, finding.region, finding.indicator


def _new(findings: Sequence[AuditFinding], before: Sequence[Earlier] | None) -> set[int]:
    """``id()`` of the findings that the round before did not have."""
    left = Counter(_same(finding) for finding in before or ())
    new = set()
    for finding in findings:
        if left[_same(finding)]:
            left[_same(finding)] -= 1
        else:
            new.add(id(finding))
    return new
