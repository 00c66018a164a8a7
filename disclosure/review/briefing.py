"""What a person sees before answering: where the cycle stands, what to look at, why an answer was not taken.

The briefing stands above the form; the exhibits (tables and links) hang on the run beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from disclosure import compilation, cycles, deadlines, revisions
from disclosure.catalog import Catalog, GateId, Milestone
from disclosure.clock import said, utc_now
from disclosure.comparison import compare
from disclosure.figures import Figure
from disclosure.narrative import Narrative, as_markdown
from disclosure.periods import Period
from disclosure.records.tables import AuditRun, Cycle, Decision, Release, Submission
from disclosure.records.tables import Narrative as NarrativeRow
from disclosure.rendering.release import OVERVIEW
from disclosure.review import asks, decisions
from disclosure.review.asks import AskStep
from disclosure.review.authority import REVIEW_GATES
from disclosure.templating import render_text
from disclosure.workplace import Workplace

#: How many critical findings stand above the form; the report has them all.
_FINDINGS_SHOWN = 12
_OUTCOME = {"approved": "通过", "returned": "退回"}
_SEVERITY = {"critical": "严重", "warning": "须说明", "info": "提示"}


@dataclass(frozen=True)
class GateLine:
    """One gate as the briefing lists it; ``people``: those whose answer would be taken there, empty for nobody."""

    name: str
    office: str
    question: str
    status: str
    is_open: bool
    people: str

    @property
    def awaited(self) -> str:
        """What stands after the status of an open gate: who is waited for."""
        if not self.is_open:
            return ""
        return f"，可由 {self.people} 作出" if self.people else "，现在没有人可以审核，请联系管理员登记"


@dataclass(frozen=True)
class Exhibits:
    """What hangs on the run beside the form: Markdown, and tables as rows of column -> text."""

    summary: str
    changes: list[dict[str, str]]
    findings: list[dict[str, str]]


@dataclass(frozen=True)
class Seen:
    """What was compiled, and what was published of other periods, by (region, indicator, period id)."""

    content: compilation.CompiledContent
    digest: str
    round: int
    known: Mapping[tuple[str, str, str], Figure]

    def earlier(self, figure: Figure, base: Period | None) -> Figure | None:
        """The same figure of another period."""
        return self.known.get((figure.region, figure.indicator, base.id)) if base else None


def look(place: Workplace, cycle_id: int) -> Seen:
    """Gather what the current round's reviewers look at; once, for the form and for the exhibits beside it."""
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        compiled = cycles.compilation_of(session, cycle)
        assert compiled is not None  # noqa: S101 - the flow compiles before it asks
        content = compilation.content_of(session, place.catalog, cycle, compiled)
        known = {figure.key: figure for figure in compilation.history(session, place.catalog, content.period)}
        return Seen(content, compiled.digest, cycle.round, known)


def of_collect(place: Workplace, cycle_id: int, missing: Sequence[str]) -> str:
    """Markdown for the compiler while ``missing`` (names) have not handed in."""
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        handed_in: list[tuple[str, Submission | NarrativeRow]] = [
            *cycles.standing_submissions(session, cycle).items(),
            *cycles.standing_narratives(session, cycle).items(),
        ]
        arrived = [
            {"centre": place.catalog.offices[centre].name, "file_name": s.file_name, "at": said(s.received_at)}
            for centre, s in handed_in
            if place.catalog.offices[centre].name not in missing
        ]
        return render_text(
            "review/collect.md.j2",
            refusal=asks.last_refusal(session, cycle, "collect"),
            period=cycles.period_of(cycle).label,
            round=cycle.round,
            missing=missing,
            arrived=arrived,
            deadline=_said_deadline(session, place.catalog, cycle, "draft"),
        )


def of_review(place: Workplace, cycle_id: int, seen: Seen | None = None) -> str:
    """Markdown for the three reviewers; ``seen`` is what ``look`` gathered, where somebody did already."""
    seen = seen or look(place, cycle_id)
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        return render_text(
            "review/review.md.j2",
            refusal=asks.last_refusal(session, cycle, "review"),
            gates=_gates(session, place.catalog, cycle),
            emergency=place.catalog.gates["emergency"],
            revisions=revisions.waiting(session, place.catalog),
            correction=_correction(session, cycle),
            **_audit(session, place, cycle),
            **_content(seen, place.catalog),
        )


def of_sign_off(place: Workplace, cycle_id: int) -> str:
    """Markdown for the leader, with a link to every file that will be published."""
    catalog = place.catalog
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        return render_text(
            "review/sign_off.md.j2",
            refusal=asks.last_refusal(session, cycle, "sign_off"),
            gates=_gates(session, catalog, cycle),
            emergency=_emergency(session, cycle),
            leader=_gate_line(session, catalog, cycle, "leader"),
            publish_by=""
            if cycles.correction_of(session, cycle)
            else _said_deadline(session, catalog, cycle, "publish"),
            correction=_correction(session, cycle),
            **_audit(session, place, cycle),
            **_release(session, place, cycle),
        )


def of_later_review(place: Workplace, cycle_id: int) -> str:
    """Markdown for those who review what the leader signed ahead of them, and the public reads already."""
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        return render_text(
            "review/later_review.md.j2",
            refusal=asks.last_refusal(session, cycle, "later_review"),
            gates=_gates(session, place.catalog, cycle),
            emergency=_emergency(session, cycle),
            site_url=f"{place.settings.desk_url}/site/releases/{cycle.period_id}/index.html",
            **_audit(session, place, cycle),
            **_release(session, place, cycle),
        )


def exhibits(place: Workplace, cycle_id: int, step: AskStep, seen: Seen) -> Exhibits:
    """What the reviewers of ``step`` find on the run: summary with links, changes, findings."""
    catalog = place.catalog
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        audit = decisions.audit_of(session, cycle)
        assert audit is not None  # noqa: S101 - the flow audits before it asks
        leader = _gate_line(session, catalog, cycle, "leader")
        return Exhibits(
            summary=render_text(
                "review/summary.md.j2",
                gates=[*_gates(session, catalog, cycle), leader],
                emergency=_emergency(session, cycle),
                step=cycles.STEPS[step],
                release=_release(session, place, cycle) if cycles.release_of(session, cycle) else None,
                **_audit(session, place, cycle),
                **_content(seen, catalog),
            ),
            changes=_changes(seen, catalog),
            findings=[
                {
                    "级别": _SEVERITY[finding.severity],
                    "规则": finding.rule,
                    "问题": finding.message,
                    "位置": " ".join(filter(None, (finding.file_name, finding.sheet, finding.cell))),
                    "说明": f"{finding.explanation}（{finding.explained_by}）" if finding.explanation else "",
                }
                for finding in audit.findings
            ],
        )


def returnable(place: Workplace, cycle_id: int) -> list[str]:
    """Names of the centres and sections a reviewer may send the cycle back to."""
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        return [office.name for office in cycles.returnable_offices(session, place.catalog, cycle)]


def _gates(session: Session, catalog: Catalog, cycle: Cycle) -> list[GateLine]:
    return [_gate_line(session, catalog, cycle, gate) for gate in REVIEW_GATES]


def _gate_line(session: Session, catalog: Catalog, cycle: Cycle, gate_id: GateId) -> GateLine:
    gate = catalog.gates[gate_id]
    decision = cycles.decisions(session, cycle, cycle.round).get(gate_id)
    if decision is not None:
        carried = "，沿用首次审核结论" if decision.carried_from_id else ""
        status = f"{decision.person.name} {_OUTCOME[decision.outcome]}（{said(decision.decided_at)}{carried}）"
    elif cycle.round > 1 and gate.first_review_only and _was_approved(session, cycle, gate_id):
        status = "待审核（上一轮已通过，之后文字或表格有改动，须重新审核）"
    else:
        status = "待审核"
    able = decisions.who_may_decide(session, catalog, cycle, gate_id, utc_now())
    names = "、".join(person.name for person in able)
    return GateLine(gate.name, catalog.gate_office(gate_id).name, gate.question, status, decision is None, names)


def _was_approved(session: Session, cycle: Cycle, gate: GateId) -> bool:
    before = cycles.decisions(session, cycle, cycle.round - 1).get(gate)
    return before is not None and before.outcome == "approved"


def _correction(session: Session, cycle: Cycle) -> dict[str, str] | None:
    """Which version the round makes, who asked for it and why; None in rounds of the first version."""
    correction = cycles.correction_of(session, cycle)
    if correction is None:
        return None
    return {"version": str(correction.version), "name": correction.person.name, "reason": correction.reason}


def _emergency(session: Session, cycle: Cycle) -> dict[str, str] | None:
    """Who signed ahead of the reviews and why; None in an ordinary round."""
    decision: Decision | None = cycles.decisions(session, cycle, cycle.round).get("emergency")
    if decision is None:
        return None
    return {"name": decision.person.name, "at": said(decision.decided_at), "reason": decision.opinion}


def _audit(session: Session, place: Workplace, cycle: Cycle) -> dict[str, Any]:
    audit: AuditRun | None = decisions.audit_of(session, cycle)
    assert audit is not None  # noqa: S101 - the flow audits before it asks
    critical = [finding.message for finding in audit.findings if finding.severity == "critical"]
    open_warnings = decisions.unexplained_findings(audit)
    return {
        "is_blocking": audit.is_blocking,
        "critical": audit.critical_count,
        "warnings": audit.warning_count,
        "report_url": f"{place.settings.desk_url}/reports/{audit.report}",
        "findings": critical[:_FINDINGS_SHOWN],
        "more_findings": max(0, len(critical) - _FINDINGS_SHOWN),
        "to_explain": [finding.message for finding in open_warnings],
        "explained": audit.warning_count - len(open_warnings),
    }


def _release(session: Session, place: Workplace, cycle: Cycle) -> dict[str, Any]:
    release: Release | None = cycles.release_of(session, cycle)
    assert release is not None  # noqa: S101 - the flow renders before it asks the leader
    return {
        "period": cycles.period_of(cycle).label,
        "round": cycle.round,
        "preview_url": f"{place.settings.desk_url}/preview/{release.digest[:16]}",
        "has_packages": OVERVIEW in release.files,
        "channels": [channel.name for channel in place.catalog.publishes_to],
        "digest": release.digest,
    }


def _content(seen: Seen, catalog: Catalog) -> dict[str, Any]:
    content, base = seen.content, seen.content.period.last_year_end()
    rows = [(figure, seen.earlier(figure, base)) for figure in _heads(catalog, content.figures)]
    return {
        "period": content.period.label,
        "round": seen.round,
        "figure_count": len(content.figures),
        "centres": [catalog.offices[c].name for c in sorted({f.centre for f in content.figures})],
        "footnotes": content.footnotes,
        "texts": [_text(catalog, narrative) for narrative in content.narratives],
        "base_label": base.label if base else "",
        "changes": [
            {
                "name": _name(catalog, figure),
                "value": figure.printed,
                "base": before.printed,
                "change": _change(catalog, figure, before),
            }
            for figure, before in rows
            if before is not None
        ],
        "digest": seen.digest,
    }


def _text(catalog: Catalog, narrative: Narrative) -> dict[str, Any]:
    """A section's whole text as lines: who approves it must have read it."""
    return {
        "office": catalog.offices[narrative.office].name,
        "author": narrative.author,
        "sections": [
            {
                "name": catalog.sections[section].name,
                "lines": [as_markdown(line) for block in blocks for line in block.lines],
            }
            for section, blocks in narrative.blocks.items()
        ],
    }


def _changes(seen: Seen, catalog: Catalog) -> list[dict[str, str]]:
    """Every figure of the whole prefecture against last period and the same period of last year."""
    period = seen.content.period
    bases = list(dict.fromkeys(filter(None, (period.previous(), period.year_before()))))
    return [
        {
            "指标": _name(catalog, figure),
            period.label: figure.printed,
            **{
                heading: text
                for base in bases
                for before in [seen.earlier(figure, base)]
                for heading, text in (
                    (base.label, before.printed if before else "—"),
                    (f"比{base.label}", _change(catalog, figure, before) or "—"),
                )
            },
        }
        for figure in seen.content.figures
        if figure.region == catalog.prefecture.code and figure.value is not None
    ]


def _heads(catalog: Catalog, figures: Sequence[Figure]) -> list[Figure]:
    """The figures of the whole prefecture that are not parts of another."""
    return [
        figure
        for figure in figures
        if figure.region == catalog.prefecture.code
        and figure.value is not None
        and catalog.indicators[figure.indicator].part_of is None
    ]


def _name(catalog: Catalog, figure: Figure) -> str:
    indicator = catalog.indicators[figure.indicator]
    return f"{catalog.insurances[indicator.insurance].short_name} {indicator.name}（{figure.unit}）"


def _change(catalog: Catalog, figure: Figure, before: Figure | None) -> str:
    """``+1,200（+3.20%）``; an empty text where the two cannot be compared."""
    is_rate = catalog.indicators[figure.indicator].kind == "ratio"
    made = compare(catalog, figure, before, is_rate=is_rate)
    if made is None:
        return ""
    return f"{made.difference:+,f}" + (f"（{made.percent:+,f}%）" if made.percent is not None else "")


def _said_deadline(session: Session, catalog: Catalog, cycle: Cycle, milestone: Milestone) -> str:
    """A deadline with its weekday and the working day that keeps it; empty where there is none."""
    deadline = deadlines.find_deadline(session, catalog, cycles.period_of(cycle), milestone)
    return deadline.sentence if deadline else ""
