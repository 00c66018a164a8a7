"""The quality report: what the finance reviewer decides by, and a centre understands without a phone call.

One model of the report, made from the audit's result and the figures, and two renderings of it: a page that needs
no other file (``render_quality_report``) and A4 sheets (``render_quality_sheets``). Neither judges anything.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, Protocol

from markupsafe import Markup

from data_checks import causes
from data_checks.findings import SEVERITIES, AuditResult, Finding, RuleOutcome
from data_checks.sparklines import sparkline
from disclosure.catalog import Catalog, Indicator, Rule, Severity
from disclosure.catalog.yaml_source import load_document
from disclosure.clock import shanghai
from disclosure.collection.workbook_layout import address, lay_out
from disclosure.errors import DisclosureError
from disclosure.figures import Figure, Source
from disclosure.periods import Period
from disclosure.rendering.typesetting import set_sheet
from disclosure.review.explanations import printed_numbers
from disclosure.templating import TEMPLATES, render_text

Verdict = Literal["return", "explain", "explained", "pass"]
Key = tuple[str, str]

#: Figures named in a group's head, causes named beside the verdict, points of a series told in words.
_NAMED, _CAUSES_SHOWN, _POINTS = 6, 5, 6
#: From how many findings of one cause on only the first few are unfolded.
_UNFOLDED = 4


class Earlier(Protocol):
    """A finding of the round before: one of an ``AuditResult`` or of our records."""

    rule: str
    severity: str
    region: str
    indicator: str
    centre: str
    value: str
    message: str


@dataclass(frozen=True)
class Context:
    """What the report shows around the findings, beyond the audit's result.

    ``figures`` are those audited, ``history`` the earlier ones, ``only`` what a special cycle was opened for.
    ``before`` are the findings of the round before (None in the first round), ``accepted_by`` is who in finance let
    the findings stand. ``data_docs`` is the address of Great Expectations' own pages beside the report and
    ``sheets`` that of its PDF, empty without.
    """

    figures: Sequence[Figure] = ()
    history: Sequence[Figure] = ()
    only: Sequence[str] = ()
    before: Sequence[Earlier] | None = None
    before_round: int = 0
    accepted_by: str = ""
    data_docs: str = ""
    sheets: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of the workbook's row. ``mark``: ``this`` is the figure found, ``involved`` one it was compared with."""

    heading: str
    text: str
    mark: str = ""


@dataclass(frozen=True)
class Involved:
    """A figure that a finding was compared with."""

    name: str
    value: str
    where: str


@dataclass(frozen=True)
class Line:
    """One finding, all in words. ``number`` is the line it has in finance's form, 0 when it needs none."""

    id: str
    number: int
    rule: str
    rule_name: str
    severity: Severity
    period: str
    value: str
    expected: str
    difference: str
    message: str
    cause: str
    state: str
    state_text: str
    change: str
    explanation: str
    explained_by: str
    suggestion: str
    involved: tuple[Involved, ...]


@dataclass(frozen=True)
class Subject:
    """One figure (or the whole table) with the findings of one cause at it, and what stands around it.

    ``name`` is ``楚雄市 · 失业保险 · 基金收入``, ``where`` ``工作表“失业保险”单元格 D7``; ``severity`` the worst.
    """

    id: str
    name: str
    severity: Severity
    centre: str
    centre_name: str
    value: str
    where: str
    file_name: str
    lines: tuple[Line, ...]
    row_caption: str
    row: tuple[Cell, ...]
    series: str
    chart: str
    next_steps: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Findings of one cause; ``severity`` is the worst of theirs."""

    id: str
    severity: Severity
    cause: str
    count: str
    figures: str
    subjects: tuple[Subject, ...]

    @property
    def findings(self) -> int:
        """How many findings the cause has."""
        return sum(len(subject.lines) for subject in self.subjects)

    @property
    def unfolded(self) -> int:
        """How many of the figures are shown unfolded at first."""
        return len(self.subjects) if len(self.subjects) <= _UNFOLDED else _UNFOLDED - 1


@dataclass(frozen=True)
class Section:
    """The causes whose worst finding is of one severity; ``heading_count`` says how many, and what they led to."""

    severity: Severity
    name: str
    meaning: str
    heading_count: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class CentreLine:
    """A centre's counts by severity, each with the id of the first finding it counts (empty for none)."""

    id: str
    name: str
    counts: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class CoverageLine:
    """How a rule fared; the shares (per cent) of what it compared that held, did not, and could not be compared."""

    rule: str
    name: str
    description: str
    basis: str
    thresholds: str
    severity: Severity
    checked: int
    skipped: int
    failed: int
    status: str
    status_text: str
    error: str
    shares: tuple[float, float, float]


@dataclass(frozen=True)
class ChangeLine:
    """A finding of this or the last round in the list of changes; ``target`` is empty when it is gone."""

    kind: str
    severity: str
    rule: str
    name: str
    value: str
    message: str
    target: str


@dataclass(frozen=True)
class Report:
    """The report, all text ready to be shown."""

    title: str
    publisher: str
    profile: str
    period: str
    round_number: int
    made_at: str
    made_on: str
    demo: bool
    verdict: Verdict
    verdict_text: str
    why: tuple[str, ...]
    main_causes: tuple[tuple[str, Severity, str, str], ...]
    more_causes: str
    tally: tuple[tuple[Severity, str, int], ...]
    centres: tuple[CentreLine, ...]
    sections: tuple[Section, ...]
    not_run: tuple[CoverageLine, ...]
    changes_lead: str
    changes: tuple[ChangeLine, ...]
    coverage_lead: str
    coverage_legend: str
    coverage: tuple[CoverageLine, ...]
    signature: tuple[tuple[str, str, bool], ...]
    words: Mapping[str, Any]
    data_docs: str
    sheets: str


def build_report(
    catalog: Catalog,
    period: Period,
    result: AuditResult,
    *,
    round_number: int,
    made_at: dt.datetime,
    demo: bool,
    context: Context | None = None,
) -> Report:
    """The report on ``result``.

    ``round_number`` is the review round; ``made_at`` an aware time, shown in Asia/Shanghai; ``demo`` labels it 演示.

    Raises:
        DisclosureError: when ``made_at`` has no time zone or ``result`` is of another period.
    """
    if made_at.tzinfo is None:
        raise DisclosureError("数据质量报告的生成时间没有时区，请给出带时区的时间。")
    if result.period != period:
        raise DisclosureError(f"审核结果是{result.period.label}的，不能用于{period.label}的数据质量报告。")
    return _Builder(catalog, period, result, context or Context()).report(round_number, shanghai(made_at), demo=demo)


def render_quality_report(report: Report) -> str:
    """``report`` as one Chinese page that needs no other file, no other host and no script to be read."""
    style = (TEMPLATES / "report" / "quality.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "report" / "quality.js").read_text(encoding="utf-8")
    return render_text(
        "report/quality.html.j2",
        report=report,
        words=report.words,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        safe=Markup,
    )


def render_quality_sheets(report: Report) -> bytes:
    """``report`` as A4 sheets: a tagged PDF (PDF/UA-1) with a title and page numbers."""
    told = asdict(report)
    day = dt.date.fromisoformat(report.made_on)
    return set_sheet("report/quality.typ", {"report": json.dumps(told, ensure_ascii=False)}, day)


@cache
def _words() -> dict[str, Any]:
    return load_document(Path(__file__).with_name("report_words.yaml")).data


class _Builder:
    """Turns ids into words and puts the figures' surroundings beside each finding."""

    def __init__(self, catalog: Catalog, period: Period, result: AuditResult, context: Context) -> None:
        self.catalog, self.period, self.result, self.context = catalog, period, result, context
        self.words = _words()
        self.now: dict[Key, Figure] = {}
        for figure in context.figures:
            self.now.setdefault((figure.region, figure.indicator), figure)
        self.past: dict[Key, dict[Period, Figure]] = defaultdict(dict)
        for figure in context.history:
            self.past[figure.region, figure.indicator][figure.period] = figure
        self.places = {id(finding): place for place, finding in enumerate(result.findings, 1)}
        unexplained = [f for f in result.findings if f.severity == "warning" and not f.explanation]
        self.numbers = {id(finding): number for number, finding in enumerate(unexplained, 1)}
        self.open = 0 if context.accepted_by else len(unexplained)
        self.new = _new(result.findings, context.before)

    def report(self, round_number: int, made_at: dt.datetime, *, demo: bool) -> Report:
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
        return Report(
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
            why=tuple(self.why(verdict, groups, checked)),
            main_causes=tuple(self.main_cause(group) for group in weighty[:_CAUSES_SHOWN]),
            more_causes=words["why"]["more"].format(count=len(weighty) - _CAUSES_SHOWN)
            if len(weighty) > _CAUSES_SHOWN
            else "",
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
                errors=status["error"],
            ),
            coverage_legend=words["coverage"]["legend"],
            coverage=coverage,
            signature=tuple((label, signed[key], key in ("data", "suite")) for key, label in words["signature"]),
            words=words,
            data_docs=self.context.data_docs,
            sheets=self.context.sheets,
        )

    def main_cause(self, group: Group) -> tuple[str, Severity, str, str]:
        """(id, severity, where it is, cause) of a group, for the list beside the verdict."""
        names = [subject.name for subject in group.subjects if subject.name]
        where = names[0] if names else self.words["whole_table"]
        if len(names) > 1:
            where += self.words["group"]["others"].format(count=len(names))
        return group.id, group.severity, where, group.cause

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

    def centres(self) -> list[CentreLine]:
        """Every centre, those without findings too, and whatever belongs to no centre that has some."""
        found: dict[str, dict[Severity, list[Finding]]] = {centre.id: {} for centre in self.catalog.centres}
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

    def sections(self) -> list[Section]:
        centres = {line.name: line.id for line in self.centres()}
        by_cause: dict[str, list[Finding]] = {}
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
                told.append(Section(severity, name, meaning, count, within))
        return told

    def group(self, place: int, findings: Sequence[Finding], centres: Mapping[str, str]) -> Group:
        # The figure that the group is named after first, and its cause before those of figures it upset.
        ordered = sorted(findings, key=lambda f: (not _is_blamed(f), SEVERITIES.index(f.severity)))
        severity = min((f.severity for f in ordered), key=SEVERITIES.index)
        named = Counter(finding.cause for finding in ordered if finding.cause)
        telling = min(
            ordered,
            key=lambda f: (not _is_suspicion(f), not _is_blamed(f), bool(f.involved), -named[f.cause]),
        )
        by_figure: dict[Key, list[Finding]] = {}
        for finding in ordered:
            by_figure.setdefault((finding.region, finding.indicator), []).append(finding)
        subjects = tuple(self.subject(of_one, severity, telling, centres) for of_one in by_figure.values())
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
        self, findings: Sequence[Finding], of_group: Severity, telling: Finding, centres: Mapping[str, str]
    ) -> Subject:
        first = min(findings, key=lambda finding: SEVERITIES.index(finding.severity))
        indicator = self.catalog.indicators.get(first.indicator)
        figure = self.now.get((first.region, first.indicator))
        centre = self.centre_name(first.centre)
        row_caption, row = self.row(findings, indicator)
        series, chart = self.series(findings, first.severity, indicator)
        return Subject(
            id=f"s{self.places[id(findings[0])]}",
            name=self.name(first),
            severity=first.severity,
            centre=centres[centre],
            centre_name=centre,
            value=_with_unit(figure) if figure else first.value,
            where=self.where(first),
            file_name=first.source.file_name,
            lines=tuple(self.line(finding, telling) for finding in findings),
            row_caption=row_caption,
            row=row,
            series=series,
            chart=chart,
            next_steps=tuple(self.next_steps(findings, of_group, centre)),
        )

    def where(self, finding: Finding) -> str:
        """The cell it stands in; for what was not handed in, the cell of the workbook where it belongs."""
        belongs = self.cells.get((finding.region, finding.indicator), Source())
        return finding.source.label or belongs.label

    @cached_property
    def cells(self) -> dict[Key, Source]:
        """Every input cell of the workbooks that this period's centres are sent."""
        centres = {i.centre for i in self.catalog.indicators_for(self.period, only=self.context.only)}
        return {
            (region.code, indicator.id): Source(sheet=sheet.name, cell=address(row, column))
            for centre in centres
            for sheet in lay_out(self.catalog, self.period, centre, self.context.only).sheets
            for indicator, region, row, column in sheet.inputs()
        }

    def line(self, finding: Finding, telling: Finding) -> Line:
        state, state_text = self.state(finding)
        change = "new" if id(finding) in self.new else "remaining"
        return Line(
            id=self.id_of(finding),
            number=0 if self.context.accepted_by else self.numbers.get(id(finding), 0),
            rule=finding.rule,
            rule_name=finding.rule_name,
            severity=finding.severity,
            period=self.period.label,
            value=finding.value,
            expected=finding.expected,
            difference=finding.difference,
            message=finding.message,
            cause=finding.cause if _adds(finding, telling) else "",
            state=state,
            state_text=state_text,
            change="" if self.context.before is None else self.words["changes"][change],
            explanation=finding.explanation,
            explained_by=finding.explained_by,
            suggestion=finding.suggestion,
            involved=self.involved(finding),
        )

    def name(self, finding: Earlier | Finding) -> str:
        """``楚雄市 · 失业保险 · 基金收入``, with ids where the catalogue knows none; empty for the whole table."""
        indicator = self.catalog.indicators.get(finding.indicator)
        insurance = self.catalog.insurances[indicator.insurance].short_name if indicator else ""
        names = (self.region_name(finding.region), insurance, indicator.name if indicator else finding.indicator)
        return " · ".join(filter(None, names))

    def region_name(self, code: str) -> str:
        """The short name that people use for the prefecture, else the name."""
        region = self.catalog.regions.get(code)
        if region is None:
            return code
        return region.aliases[0] if region.level == "prefecture" and region.aliases else region.name

    def id_of(self, finding: Finding) -> str:
        return f"f{self.places[id(finding)]}"

    def centre_name(self, centre: str) -> str:
        office = self.catalog.offices.get(centre)
        return (office.name if office else centre) or self.words["whole_table"]

    def state(self, finding: Finding) -> tuple[str, str]:
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

    def next_steps(self, findings: Sequence[Finding], of_group: Severity, centre: str) -> Iterator[str]:
        """What is to be done about a figure, once, however many findings say so."""
        words = self.words["next"]
        where = self.where(findings[0]) or words["this_figure"]
        by_state: dict[str, list[Finding]] = defaultdict(list)
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

    def row(self, findings: Sequence[Finding], indicator: Indicator | None) -> tuple[str, tuple[Cell, ...]]:
        """The indicator's row as the workbook has it: last period, the year before, then every region."""
        if indicator is None or indicator.kind == "text" or not self.now:
            return "", ()
        words = self.words["row"]
        whole = self.catalog.prefecture.code
        earlier = self.past.get((whole, indicator.id), {})
        cells = [
            Cell(when.label, earlier[when].printed)
            for when in dict.fromkeys(filter(None, (self.period.previous(), self.period.year_before())))
            if when in earlier
        ]
        involved = {key for finding in findings for key in finding.involved}
        for region in self.catalog.regions_for(indicator):
            figure = self.now.get((region.code, indicator.id))
            mark = "this" if region.code == findings[0].region else ""
            mark = mark or ("involved" if (region.code, indicator.id) in involved else "")
            cells.append(Cell(self.region_name(region.code), figure.printed if figure else words["unsaid"], mark))
        caption = words["caption"].format(
            insurance=self.catalog.insurances[indicator.insurance].short_name,
            indicator=indicator.name,
            unit=words["unit"].format(unit=indicator.unit) if indicator.unit else "",
        )
        return caption, tuple(cells)

    def involved(self, finding: Finding) -> tuple[Involved, ...]:
        """The figures of other rows that took part; those of the same row are marked in it."""
        told = []
        for region_code, indicator_id in finding.involved:
            figure = self.now.get((region_code, indicator_id))
            indicator, region = self.catalog.indicators.get(indicator_id), self.catalog.regions.get(region_code)
            if figure is None or indicator is None or region is None or indicator_id == finding.indicator:
                continue
            insurance = self.catalog.insurances[indicator.insurance].short_name
            name = " · ".join((self.region_name(region_code), insurance, indicator.name))
            told.append(Involved(name, _with_unit(figure), figure.source.label))
        return tuple(told)

    def series(self, findings: Sequence[Finding], severity: Severity, indicator: Indicator | None) -> tuple[str, str]:
        """The figure's series in words and drawn: for a year-to-date figure the same period of other years."""
        figure = self.now.get((findings[0].region, findings[0].indicator))
        if indicator is None or indicator.kind == "text" or figure is None or figure.value is None:
            return "", ""
        words = self.words["series"]
        unit = self.catalog.units[indicator.unit]
        earlier = [
            (when, self.in_unit(old, indicator))
            for when, old in sorted(
                self.past.get(figure.key[:2], {}).items(), key=lambda pair: (pair[0].year, pair[0].end_month)
            )
            if (indicator.kind != "flow" or when.kind == self.period.kind) and _month(when) < _month(self.period)
        ]
        known = [(when, value) for when, value in earlier if value is not None]
        now = self.in_unit(figure, indicator)
        if not known or now is None:
            return str(words["none"]), ""
        points = [*known[-_POINTS + 1 :], (self.period, now)]
        told = "；".join(
            words["point"].format(period=when.label, value=causes.printed(value * unit.factor, unit))
            for when, value in points
        )
        description = words["label"].format(name=indicator.name, points=told)
        band = next((finding.band for finding in findings if finding.band), None)
        if band is not None:
            low, high = band
            band = (low / unit.factor, high / unit.factor)
            key = "line" if low == high else "band"
            shown = {
                side: causes.printed(amount.quantize(unit.factor / 10**unit.decimals), unit)
                for side, amount in (("low", low), ("high", high))
            }
            description += words[key].format(**shown)
        return description, sparkline([value for _, value in points], severity, description, band)

    def in_unit(self, figure: Figure, indicator: Indicator) -> Decimal | None:
        """A figure's value in its indicator's unit; None when it has none or is measured in something else."""
        unit, own = self.catalog.units.get(figure.unit), self.catalog.units[indicator.unit]
        if figure.value is None or not figure.value.is_finite() or unit is None or unit.base != own.base:
            return None
        return figure.value * unit.factor / own.factor

    def coverage_line(self, rule: RuleOutcome) -> CoverageLine:
        words = self.words["coverage"]
        if rule.error:
            status, text = "error", words["error"]
        elif rule.failed:
            status, text = "found", words[rule.severity]
        elif rule.checked:
            status, text = "ok", words["ok"]
        else:
            status, text = "nothing", words["nothing"]
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
        """What the round before had that is gone, what is new, what is still there."""
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

    def change_line(self, kind: str, finding: Earlier | Finding, target: str) -> ChangeLine:
        name = self.name(finding) or self.words["whole_table"]
        return ChangeLine(kind, finding.severity, finding.rule, name, finding.value, finding.message, target)


def _with_unit(figure: Figure) -> str:
    return causes.with_unit(figure.printed, figure.unit) if figure.value is not None else figure.printed


def _is_blamed(finding: Finding) -> bool:
    """Whether its figure is the one that the audit named its group after."""
    return finding.cause_group.endswith(f"{finding.region}/{finding.indicator}")


def _is_suspicion(finding: Finding) -> bool:
    """Whether its cause says what was done wrong, rather than asking to check or explain."""
    return finding.cause.startswith(str(_words()["suspicion"]))


def _adds(finding: Finding, telling: Finding) -> bool:
    """Whether a finding's cause says more than the one in the head of its group."""
    return finding.cause != telling.cause and (_is_suspicion(finding) or not _is_suspicion(telling))


def _same(finding: Earlier | Finding) -> tuple[str, str, str]:
    return finding.rule, finding.region, finding.indicator


def _new(findings: Sequence[Finding], before: Sequence[Earlier] | None) -> set[int]:
    """``id()`` of the findings that the round before did not have."""
    left = Counter(_same(finding) for finding in before or ())
    new = set()
    for finding in findings:
        if left[_same(finding)]:
            left[_same(finding)] -= 1
        else:
            new.add(id(finding))
    return new


def _month(period: Period) -> tuple[int, int]:
    return period.year, period.end_month
