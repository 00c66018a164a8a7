"""What a person sees before answering: where the cycle stands, what to look at, why an answer was not taken.

The briefing stands above the form; the review artifacts (tables and links) hang on the run beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, GateId, Milestone
from disclosure.cycle import compilation, queries, revisions
from disclosure.cycle.release_paths import PACKAGES_OVERVIEW
from disclosure.cycle.states import STEP_NAMES
from disclosure.cycle.view import CycleView, load_view
from disclosure.figures.comparison import compare, compared_since_last, compared_with
from disclosure.figures.figures import Figure
from disclosure.platform.clock import format_day, format_moment, shanghai, utc_now
from disclosure.platform.templating import render_text
from disclosure.records.installation import Installation
from disclosure.records.states import AskStep
from disclosure.records.tables import AuditRun, Cycle
from disclosure.review import decisions
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.forms import OUTCOME_NAMES

#: How many findings of a kind, and revisions, stand above the form: it begins within two screens, and the page of the
#: round has them all.
_FINDINGS_SHOWN = 5
#: Where that page is, below the door's address.
REVIEW_PAGE = "/review/"
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
class ReviewArtifacts:
    """What hangs on the run beside the form: Markdown, and tables as rows of column -> text."""

    summary: str
    changes: list[dict[str, str]]
    findings: list[dict[str, str]]


@dataclass(frozen=True)
class ReviewMaterial:
    """What was compiled, and what was published of other periods, by (region, indicator, period id)."""

    content: compilation.CompiledContent
    digest: str
    round: int
    known: Mapping[tuple[str, str, str], Figure]

    def base(self, catalog: Catalog, figure: Figure) -> Figure | None:
        """Return what ``figure`` is compared with, where it is known."""
        return self._of(figure, compared_with(catalog, catalog.indicators[figure.indicator], figure.period))

    def last(self, catalog: Catalog, figure: Figure) -> Figure | None:
        """Return the figure at the last end in the year, where ``figure`` may be set against it."""
        return self._of(figure, compared_since_last(catalog, catalog.indicators[figure.indicator], figure.period))

    def _of(self, figure: Figure, period: Period | None) -> Figure | None:
        return self.known.get((figure.region, figure.indicator, period.id)) if period else None


@dataclass(frozen=True)
class KeyFigure:
    """A figure as a leader reads it; ``changes`` say since when and by how much."""

    name: str
    value: str
    changes: tuple[str, ...]


def load_review_material(installation: Installation, cycle_id: int) -> ReviewMaterial:
    """Gather what the current round's reviewers look at; once, for the form and for the artifacts beside it."""
    with installation.records.read() as session:
        return read_review_material(session, installation.catalog, queries.get_cycle(session, cycle_id))


def read_review_material(session: Session, catalog: Catalog, cycle: Cycle) -> ReviewMaterial:
    """Gather the same for a cycle at hand."""
    compiled = queries.compilation_of(session, cycle)
    assert compiled is not None  # noqa: S101 - the flow compiles before it asks
    content = compilation.content_of(session, catalog, cycle, compiled)
    known = {figure.key: figure for figure in compilation.history(session, catalog, content.period)}
    return ReviewMaterial(content, compiled.digest, cycle.round, known)


def of_collect(installation: Installation, cycle_id: int, missing: Sequence[str]) -> str:
    """Write Markdown for the compiler while ``missing`` (names) have not handed in."""
    catalog = installation.catalog
    with installation.records.read() as session:
        view = _load_view(session, catalog, cycle_id)
    return render_text(
        "review/collect.md.j2",
        refusal=view.last_refusal("collect"),
        period=view.period.label,
        round=view.round,
        missing=missing,
        arrived=[
            {
                "centre": catalog.offices[office].name,
                "file_name": row.file_name,
                "at": format_moment(row.received_at),
            }
            for office, row in view.standing.items()
            if catalog.offices[office].name not in missing
        ],
        deadline=_deadline_sentence(view, "draft"),
    )


def of_review(
    installation: Installation,
    cycle_id: int,
    seen: ReviewMaterial | None = None,
    *,
    gates: Collection[GateId] | None = None,
) -> str:
    """Write Markdown for the three reviewers, or for whoever may answer at ``gates``: what only others must know is
    left out. ``seen`` is what was loaded before, where somebody did.
    """
    theirs: Collection[GateId] = (*REVIEW_GATES, "emergency") if gates is None else gates
    seen, catalog = seen or load_review_material(installation, cycle_id), installation.catalog
    with installation.records.read() as session:
        view = _load_view(session, catalog, cycle_id)
        return render_text(
            "review/review.md.j2",
            refusal=view.last_refusal("review"),
            gates=list_gates(session, catalog, view),
            asked={catalog.gates[gate].name for gate in theirs},
            must_explain="finance" in theirs,
            emergency=catalog.gates["emergency"] if "emergency" in theirs else None,
            revisions=revisions.waiting(session, catalog)[:_FINDINGS_SHOWN],
            correction=_correction(view),
            **_audit(session, installation, view),
            **_content(seen, catalog),
        )


def of_sign_off(installation: Installation, cycle_id: int) -> str:
    """Write Markdown for the leader, with a link to every file that will be published."""
    catalog = installation.catalog
    with installation.records.read() as session:
        view = _load_view(session, catalog, cycle_id)
        return render_text(
            "review/sign_off.md.j2",
            refusal=view.last_refusal("sign_off"),
            gates=list_gates(session, catalog, view),
            emergency=_emergency(view),
            leader=gate_line(session, catalog, view, "leader"),
            publish_by="" if view.correction else _deadline_sentence(view, "publish"),
            correction=_correction(view),
            **_audit(session, installation, view),
            **_release(installation, view),
        )


def of_later_review(installation: Installation, cycle_id: int) -> str:
    """Write Markdown for those who review what the leader signed ahead of them, and the public reads already."""
    with installation.records.read() as session:
        view = _load_view(session, installation.catalog, cycle_id)
        return render_text(
            "review/later_review.md.j2",
            refusal=view.last_refusal("later_review"),
            gates=list_gates(session, installation.catalog, view),
            emergency=_emergency(view),
            site_url=f"{installation.settings.server_url}/site/releases/{view.period.id}/index.html",
            **_audit(session, installation, view),
            **_release(installation, view),
        )


def review_artifacts(installation: Installation, cycle_id: int, step: AskStep, seen: ReviewMaterial) -> ReviewArtifacts:
    """Gather what the reviewers of ``step`` find on the run: summary with links, changes, findings."""
    catalog = installation.catalog
    with installation.records.read() as session:
        view = _load_view(session, catalog, cycle_id)
        audit = _audit_run(session, view)
        return ReviewArtifacts(
            summary=render_text(
                "review/summary.md.j2",
                gates=[*list_gates(session, catalog, view), gate_line(session, catalog, view, "leader")],
                emergency=_emergency(view),
                step=STEP_NAMES[step],
                release=_release(installation, view) if view.release else None,
                **_audit(session, installation, view),
                **_content(seen, catalog),
            ),
            changes=compare_periods(seen, catalog),
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


def returnable(installation: Installation, cycle_id: int) -> list[str]:
    """Return the names of the centres and sections a reviewer may send the cycle back to."""
    with installation.records.read() as session:
        cycle = queries.get_cycle(session, cycle_id)
        return [office.name for office in queries.returnable_offices(session, installation.catalog, cycle)]


def _load_view(session: Session, catalog: Catalog, cycle_id: int) -> CycleView:
    return load_view(session, catalog, queries.period_of(queries.get_cycle(session, cycle_id)))


def list_gates(session: Session, catalog: Catalog, view: CycleView) -> list[GateLine]:
    """Return how each of the three reviews stands."""
    return [gate_line(session, catalog, view, gate) for gate in REVIEW_GATES]


def gate_line(session: Session, catalog: Catalog, view: CycleView, gate_id: GateId) -> GateLine:
    """Return how one gate stands, and who may decide there."""
    gate, decision, before = catalog.gates[gate_id], view.made.get(gate_id), view.made_in(view.round - 1).get(gate_id)
    if decision is not None:
        carried = "，沿用首次审核结论" if decision.carried_from_id else ""
        status = (
            f"{decision.person.name} {OUTCOME_NAMES[decision.outcome]}（{format_moment(decision.decided_at)}{carried}）"
        )
    elif gate.first_review_only and before is not None and before.outcome == "approved":
        status = "待审核（上一轮已通过，之后文字或表格有改动，须重新审核）"
    else:
        status = "待审核"
    able = decisions.who_may_decide(session, catalog, queries.get_cycle(session, view.id), gate_id, utc_now())
    names = "、".join(person.name for person in able)
    return GateLine(gate.name, catalog.gate_office(gate_id).name, gate.question, status, decision is None, names)


def _correction(view: CycleView) -> dict[str, str] | None:
    """Tell which version the round makes, who asked for it and why; None in rounds of the first version."""
    correction = view.correction
    if correction is None:
        return None
    return {"version": str(correction.version), "name": correction.person.name, "reason": correction.reason}


def _emergency(view: CycleView) -> dict[str, str] | None:
    """Tell who signed ahead of the reviews and why; None in an ordinary round."""
    decision = view.made.get("emergency")
    if decision is None:
        return None
    return {"name": decision.person.name, "at": format_moment(decision.decided_at), "reason": decision.opinion}


def _audit_run(session: Session, view: CycleView) -> AuditRun:
    audit = decisions.audit_of(session, queries.get_cycle(session, view.id))
    assert audit is not None  # noqa: S101 - the flow audits before it asks
    return audit


def _audit(session: Session, installation: Installation, view: CycleView) -> dict[str, Any]:
    audit = _audit_run(session, view)
    critical = [finding.message for finding in audit.findings if finding.severity == "critical"]
    open_warnings = decisions.unexplained_findings(audit)
    return {
        "is_blocking": audit.is_blocking,
        "critical": audit.critical_count,
        "warnings": audit.warning_count,
        "report_url": f"{installation.settings.server_url}/reports/{audit.report}",
        "findings": critical[:_FINDINGS_SHOWN],
        "more_findings": max(0, len(critical) - _FINDINGS_SHOWN),
        "to_explain": [finding.message for finding in open_warnings[:_FINDINGS_SHOWN]],
        "more_to_explain": max(0, len(open_warnings) - _FINDINGS_SHOWN),
        "material_url": f"{installation.settings.server_url}{REVIEW_PAGE}{view.period.id}",
        "explained": audit.warning_count - len(open_warnings),
    }


def _release(installation: Installation, view: CycleView) -> dict[str, Any]:
    release = view.release
    assert release is not None  # noqa: S101 - the flow renders before it asks the leader
    return {
        "period": view.period.label,
        "round": view.round,
        "preview_url": f"{installation.settings.server_url}/preview/{release.digest[:16]}",
        "has_packages": PACKAGES_OVERVIEW in release.files,
        "channels": [channel.name for channel in installation.catalog.publishes_to],
        "digest": release.digest,
    }


def _content(seen: ReviewMaterial, catalog: Catalog) -> dict[str, Any]:
    content = seen.content
    return {
        "period": content.period.label,
        "round": seen.round,
        "figure_count": len(content.figures),
        "centres": [catalog.offices[c].name for c in sorted({f.centre for f in content.figures})],
        "footnotes": content.footnotes,
        "texts": [
            {
                "office": catalog.offices[narrative.office].name,
                "author": narrative.author,
                "sections": [catalog.sections[section].name for section in narrative.blocks],
            }
            for narrative in content.narratives
        ],
        "digest": seen.digest,
    }


def compare_periods(seen: ReviewMaterial, catalog: Catalog) -> list[dict[str, str]]:
    """Compare every figure of the whole prefecture with its base, and what is counted at an end with the last end."""
    period = seen.content.period
    return [
        {
            "指标": _name(catalog, figure),
            period.label: figure.printed,
            "比较期": base.period.label if base else "—",
            "比较期数据": base.printed if base else "—",
            "增减": _change(catalog, figure, base) or "—",
            "比上期末增减": _change(catalog, figure, last) or "—",
        }
        for figure, base, last in _compared(seen, catalog)
    ]


def list_key_figures(seen: ReviewMaterial, catalog: Catalog, most: int) -> list[KeyFigure]:
    """List the first figures of the whole prefecture with how they moved, where that is known."""
    return [
        KeyFigure(
            _name(catalog, figure),
            figure.printed,
            tuple(
                f"比{before.period.label} {change}"
                for before in (base, last)
                if before is not None and (change := _change(catalog, figure, before))
            ),
        )
        for figure, base, last in islice(_compared(seen, catalog), most)
    ]


def _compared(seen: ReviewMaterial, catalog: Catalog) -> Iterator[tuple[Figure, Figure | None, Figure | None]]:
    """Yield each figure of the whole prefecture, its base, and the last end it may be set against."""
    for figure in seen.content.figures:
        if figure.region == catalog.prefecture.code and figure.value is not None:
            yield figure, seen.base(catalog, figure), seen.last(catalog, figure)


def _name(catalog: Catalog, figure: Figure) -> str:
    indicator = catalog.indicators[figure.indicator]
    return f"{catalog.insurances[indicator.insurance].short_name} {indicator.name}（{figure.unit}）"


def _change(catalog: Catalog, figure: Figure, before: Figure | None) -> str:
    """Write ``+1,200（+3.20%）``; an empty text where the two cannot be compared."""
    made = compare(catalog, figure, before)
    if made is None:
        return ""
    return f"{made.difference:+,f}" + (f"（{made.percent:+,f}%）" if made.percent is not None else "")


def _deadline_sentence(view: CycleView, milestone: Milestone) -> str:
    """Return a deadline with its weekday and the working day that keeps it, or that it is past; empty for none."""
    deadline = next((each for each in view.deadlines if each.milestone == milestone), None)
    if deadline is None:
        return ""
    is_past = deadline.due < shanghai(utc_now()).date()
    return f"{format_day(deadline.due)}，期限已过，请尽快办理" if is_past else deadline.sentence
