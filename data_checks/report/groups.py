"""Findings in the order people work on them: by severity, one cause told once, each figure with its next step."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from data_checks.findings import SEVERITIES, AuditFinding
from data_checks.report.model import CentreLine, Group, Key, ReportFinding, ReportSection, Subject
from data_checks.report.surroundings import Surroundings, with_its_unit, words_of_report
from disclosure.catalog import Severity
from disclosure.review.explanations import printed_numbers

#: Figures named in a group's head.
_NAMED = 6


class Groups(Surroundings):
    """Sections, groups, figures and lines of the report; ``new`` are the findings the round before did not have."""

    new: set[int]

    def centres(self) -> list[CentreLine]:
        """Every centre, those without findings too, and whatever belongs to no centre that has some."""
        found: dict[str, dict[Severity, list[AuditFinding]]] = {centre.id: {} for centre in self.catalog.centres}
        for finding in self.result.findings:
            found.setdefault(finding.centre, {}).setdefault(finding.severity, []).append(finding)
        return [
            CentreLine(
                f"c{place}",
                self.centre_name(centre),
                tuple(
                    (len(of), self.id_of(of[0]) if of else "")
                    for of in (by_severity.get(severity, []) for severity in SEVERITIES)
                ),
            )
            for place, (centre, by_severity) in enumerate(found.items(), 1)
        ]

    def sections(self) -> list[ReportSection]:
        """Return the causes by the worst severity of their findings."""
        centres = {line.name: line.id for line in self.centres()}
        by_cause: dict[str, list[AuditFinding]] = {}
        for place, finding in enumerate(self.result.findings):
            by_cause.setdefault(finding.cause_group or f"alone-{place}", []).append(finding)
        groups = [self.group(place, members, centres) for place, members in enumerate(by_cause.values(), 1)]
        told = []
        for severity in SEVERITIES:
            within = tuple(group for group in groups if group.severity == severity)
            if within:
                total = sum(group.findings for group in within)
                own = sum(line.severity == severity for group in within for s in group.subjects for line in s.lines)
                key = "count_with_others" if total > own else "count_alone"
                count = self.words["section"][key].format(causes=len(within), own=own, others=total - own)
                name, meaning = self.words["severity"][severity], self.words["severity_meaning"][severity]
                told.append(ReportSection(severity, name, meaning, count, within))
        return told

    def group(self, place: int, findings: Sequence[AuditFinding], centres: Mapping[str, str]) -> Group:
        """Return the findings of one cause, the ``place``-th."""
        # The figure that the group is named after first, and its cause before those of figures it upset.
        ordered = sorted(findings, key=lambda f: (not _is_blamed(f), SEVERITIES.index(f.severity)))
        severity = min((f.severity for f in ordered), key=SEVERITIES.index)
        named = Counter(finding.cause for finding in ordered if finding.cause)
        telling = min(
            ordered,
            # What the numbers show comes before what a rule always says, and at its own figure before others.
            key=lambda f: (
                not _is_suspicion(f),
                not (f.read_off and _is_blamed(f)),
                not f.read_off,
                not _is_blamed(f),
                bool(f.involved),
                -named[f.cause],
            ),
        )
        by_figure: dict[Key, list[AuditFinding]] = {}
        for finding in ordered:
            by_figure.setdefault((finding.region, finding.indicator), []).append(finding)
        found = [self.subject(of_one, severity, telling, centres) for of_one in by_figure.values()]
        has_own = any(map(_is_blamed, ordered))
        marked = [
            replace(subject, follows=has_own and not any(map(_is_blamed, of_one)) and _follow(of_one))
            for subject, of_one in zip(found, by_figure.values(), strict=True)
        ]
        subjects = tuple(sorted(marked, key=lambda subject: subject.follows))
        names = [subject.name for subject in subjects if subject.name]
        told = "；".join(names[:_NAMED])
        if len(names) > _NAMED:
            told += self.words["group"]["others"].format(count=len(names))
        count = self.words["group"]["count" if names else "count_table"]
        return Group(
            f"g{place}",
            severity,
            telling.cause or self.words["no_cause"],
            count.format(count=len(ordered), figures=len(names)),
            told,
            subjects,
        )

    def subject(
        self, findings: Sequence[AuditFinding], of_group: Severity, telling: AuditFinding, centres: Mapping[str, str]
    ) -> Subject:
        """One figure with its findings; ``telling`` is the finding whose cause heads the group."""
        first = min(findings, key=lambda finding: SEVERITIES.index(finding.severity))
        indicator = self.catalog.indicators.get(first.indicator)
        figure = self.now.get((first.region, first.indicator))
        centre = self.centre_name(first.centre)
        row_caption, row = self.row(findings, indicator)
        row_file = figure.source.file_name if figure else first.source.file_name
        series, chart = self.series(findings, first.severity, indicator)
        return Subject(
            id=f"s{self.places[id(findings[0])]}",
            name=self.name(first),
            severity=first.severity,
            centre=centres[centre],
            centre_name=centre,
            value=with_its_unit(figure) if figure else first.value,
            where=self.where(first),
            file_name=first.source.file_name,
            lines=tuple(self.line(finding, telling, row_file) for finding in findings),
            row_caption=row_caption,
            row=row,
            row_file=row_file,
            series=series,
            chart=chart,
            next_steps=tuple(self.next_steps(findings, of_group, centre)),
        )

    def line(self, finding: AuditFinding, telling: AuditFinding, row_file: str) -> ReportFinding:
        """One finding in words; ``row_file`` is the file of its figure."""
        state, state_text = self.state(finding)
        change = "new" if id(finding) in self.new else "remaining"
        return ReportFinding(
            id=self.id_of(finding),
            number=0 if self.context.accepted_by else self.numbers.get(id(finding), 0),
            rule=finding.rule,
            rule_name=finding.rule_name,
            severity=finding.severity,
            period=self.period.label,
            value=finding.value,
            expected=finding.expected,
            compared=finding.compared,
            difference=finding.difference,
            message=finding.message,
            file_name="" if finding.source.file_name == row_file else finding.source.file_name,
            cause=finding.cause if _adds(finding, telling) else "",
            state=state,
            state_text=state_text,
            change="" if self.context.before is None else self.words["changes"][change],
            explanation=finding.explanation,
            explained_by=finding.explained_by,
            suggestion=finding.suggestion,
            involved=self.involved(finding),
        )

    def state(self, finding: AuditFinding) -> tuple[str, str]:
        """Return the state of a finding and what it is called: open, explained (by whom), accepted (by whom), known."""
        words = self.words["state"]
        if finding.severity == "info":
            return "known", words["known"]
        if self.context.accepted_by:
            return "accepted", f"{words['accepted']}（{self.context.accepted_by}）"
        if finding.severity == "critical":
            return "open", words["must_correct"]
        if finding.explanation:
            return "explained", f"{words['explained']}（{finding.explained_by}）"
        return "open", words["open"]

    def next_steps(self, findings: Sequence[AuditFinding], of_group: Severity, centre: str) -> Iterator[str]:
        """Yield what is to be done about a figure, once, however many findings say so."""
        words = self.words["next"]
        where = self.where(findings[0]) or words["this_figure"]
        by_state: dict[str, list[AuditFinding]] = defaultdict(list)
        for finding in findings:
            state, _ = self.state(finding)
            by_state["critical" if state == "open" and finding.severity == "critical" else state].append(finding)
        for state, members in by_state.items():
            if state == "critical":
                key = "critical" if members[0].indicator else "critical_table"
                yield words[key].format(centre=centre, where=where)
            elif state != "open":
                yield words[state]
            elif of_group == "critical":
                yield words["follows"]
            else:
                answer = words["answer"].format(
                    numbers=printed_numbers([self.numbers[id(finding)] for finding in members])
                )
                yield words["warning"].format(centre=centre, where=where, answer=answer)


def _is_blamed(finding: AuditFinding) -> bool:
    """Whether its figure is the one that the audit named its group after."""
    return finding.cause_group.endswith(f"{finding.region}/{finding.indicator}")


def _follow(findings: Sequence[AuditFinding]) -> bool:
    """Whether all of them only say that figures do not agree, and not what should stand there."""
    return all(not finding.expected for finding in findings)


def _is_suspicion(finding: AuditFinding) -> bool:
    """Whether its cause says what was done wrong, rather than asking to check or explain."""
    return finding.cause.startswith(str(words_of_report()["suspicion"]))


def _adds(finding: AuditFinding, telling: AuditFinding) -> bool:
    """Whether a finding's cause says more than the one in the head of its group.

    A rule's general suspicion says nothing beside what was read off the numbers of the same figure.
    """
    is_same_figure = (finding.region, finding.indicator) == (telling.region, telling.indicator)
    if is_same_figure and telling.read_off and _is_suspicion(telling) and not finding.read_off:
        return False
    return finding.cause != telling.cause and (_is_suspicion(finding) or not _is_suspicion(telling))
