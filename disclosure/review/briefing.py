"""What a person reads above the form: where the cycle stands, what to look at, why an answer was not taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from disclosure import compilation, cycles
from disclosure.catalog import Catalog, GateId, Milestone
from disclosure.clock import said
from disclosure.figures import Figure
from disclosure.narrative import Narrative, as_markdown
from disclosure.records.tables import Cycle, Decision, Submission
from disclosure.records.tables import Narrative as NarrativeRow
from disclosure.review import asks, decisions
from disclosure.review.authority import REVIEW_GATES
from disclosure.templating import render_text
from disclosure.workplace import Workplace

#: How many critical findings stand above the form; the report has them all.
_FINDINGS_SHOWN = 12
_OUTCOME = {"approved": "通过", "returned": "退回"}


@dataclass(frozen=True)
class GateLine:
    """One gate as the briefing lists it."""

    name: str
    office: str
    question: str
    status: str
    is_open: bool


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
            deadline=_date(place.catalog, cycle, "draft"),
        )


def of_review(place: Workplace, cycle_id: int) -> str:
    """Markdown for the three reviewers."""
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        return render_text(
            "review/review.md.j2",
            refusal=asks.last_refusal(session, cycle, "review"),
            gates=_gates(session, place.catalog, cycle),
            **_audit(session, place, cycle),
            **_content(session, place.catalog, cycle),
        )


def of_sign_off(place: Workplace, cycle_id: int) -> str:
    """Markdown for the leader, with a link to every file that will be published."""
    catalog = place.catalog
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        release = cycles.release_of(session, cycle)
        assert release is not None  # noqa: S101 - the flow renders before it asks the leader
        return render_text(
            "review/sign_off.md.j2",
            refusal=asks.last_refusal(session, cycle, "sign_off"),
            period=cycles.period_of(cycle).label,
            round=cycle.round,
            gates=_gates(session, catalog, cycle),
            question=catalog.gates["leader"].question,
            preview_url=f"{place.settings.desk_url}/preview/{release.digest[:16]}",
            files=sorted(path for path in release.files if path != "index.html"),
            channels=[channel.name for channel in catalog.channels.values()],
            publish_by=_date(catalog, cycle, "publish"),
            digest=release.digest,
            **_audit(session, place, cycle),
        )


def returnable(place: Workplace, cycle_id: int) -> list[str]:
    """Names of the centres and sections a reviewer may send the cycle back to."""
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        return [office.name for office in cycles.returnable_offices(session, place.catalog, cycle)]


def _gates(session: Session, catalog: Catalog, cycle: Cycle) -> list[GateLine]:
    made = cycles.decisions(session, cycle, cycle.round)
    return [_gate_line(catalog, gate, made.get(gate)) for gate in REVIEW_GATES]


def _gate_line(catalog: Catalog, gate_id: GateId, decision: Decision | None) -> GateLine:
    gate = catalog.gates[gate_id]
    status = "待审核"
    if decision is not None:
        carried = "，沿用首次审核结论" if decision.carried_from_id else ""
        status = f"{decision.person.name} {_OUTCOME[decision.outcome]}（{said(decision.decided_at)}{carried}）"
    return GateLine(gate.name, catalog.offices[gate.office].name, gate.question, status, decision is None)


def _audit(session: Session, place: Workplace, cycle: Cycle) -> dict[str, Any]:
    audit = decisions.audit_of(session, cycle)
    assert audit is not None  # noqa: S101 - the flow audits before it asks
    critical = [finding.message for finding in audit.findings if finding.severity == "critical"]
    open_warnings = decisions.unexplained_findings(audit)
    return {
        "critical": audit.critical_count,
        "warnings": audit.warning_count,
        "report_url": f"{place.settings.desk_url}/reports/{audit.report}",
        "findings": critical[:_FINDINGS_SHOWN],
        "more_findings": max(0, len(critical) - _FINDINGS_SHOWN),
        "to_explain": [finding.message for finding in open_warnings],
        "explained": audit.warning_count - len(open_warnings),
    }


def _content(session: Session, catalog: Catalog, cycle: Cycle) -> dict[str, Any]:
    compiled = cycles.compilation_of(session, cycle)
    assert compiled is not None  # noqa: S101 - the flow compiles before it asks
    content = compilation.content_of(session, catalog, cycle, compiled)
    period = content.period
    known = compilation.history(session, catalog, period)
    base_period = period.last_year_end() if period.kind != "special" else None
    base = {f.key[:2]: f for f in compilation.figures_of_period(known, base_period)}
    whole = catalog.prefecture.code
    heads = [
        figure
        for figure in content.figures
        if figure.region == whole and figure.value is not None and catalog.indicators[figure.indicator].part_of is None
    ]
    return {
        "period": period.label,
        "round": cycle.round,
        "figure_count": len(content.figures),
        "centres": [catalog.offices[c].name for c in sorted({f.centre for f in content.figures})],
        "footnotes": content.footnotes,
        "texts": [_text(catalog, narrative) for narrative in content.narratives],
        "base_label": base_period.label if base_period else "",
        "changes": [_change(catalog, f, base[f.key[:2]]) for f in heads if f.key[:2] in base],
        "digest": compiled.digest,
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


def _change(catalog: Catalog, figure: Figure, before: Figure) -> dict[str, str]:
    indicator = catalog.indicators[figure.indicator]
    change = figure.value - before.value if figure.value is not None and before.value is not None else None
    return {
        "name": f"{catalog.insurances[indicator.insurance].short_name} {indicator.name}（{figure.unit}）",
        "value": figure.printed,
        "base": before.printed,
        "change": "" if change is None or before.unit != figure.unit else f"{change:+,f}",
    }


def _date(catalog: Catalog, cycle: Cycle, milestone: Milestone) -> str:
    given = cycle.milestones.get(milestone)
    day = dt.date.fromisoformat(given) if given else catalog.milestones(cycles.period_of(cycle)).get(milestone)
    return f"{day.year}年{day.month}月{day.day}日" if day else ""
