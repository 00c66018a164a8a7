"""What a round's reviewers look at before they answer, on one page: verdict, changes, preview, warnings to explain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.access.embargo import Viewer
from disclosure.catalog import Catalog
from disclosure.cycle import queries
from disclosure.cycle.release_paths import PACKAGES_OVERVIEW
from disclosure.cycle.view import CycleView, load_view
from disclosure.records.installation import Installation, Work
from disclosure.records.states import Severity
from disclosure.records.tables import AuditRun, Compilation, Cycle, ExplanationDraft, Finding
from disclosure.review import decisions
from disclosure.review.briefing import (
    GateLine,
    KeyFigure,
    compare_periods,
    gate_line,
    list_gates,
    list_key_figures,
    read_review_material,
)
from disclosure.review.forms import LONGEST_OPINION
from disclosure.workspace.answered import OwnAnswer, list_own_answers, say_next
from disclosure.workspace.confidentiality_proof import ConfidentialityProof, load_proof

#: Canonical content as it was parsed.
Content = Mapping[str, list[list[str]]]
#: An explanation is a line of the opinion.
LONGEST_DRAFT = 300
#: What a leader reads: so many causes, and so many figures.
_CAUSES_SHOWN, _FIGURES_SHOWN = 3, 3


@dataclass(frozen=True)
class WarningLine:
    """A warning to explain, by the ``number`` that the form gives it; ``draft`` is what this person wrote so far."""

    number: int
    digest: str
    message: str
    where: str
    suggestion: str
    draft: str


@dataclass(frozen=True)
class RoundChange:
    """What differs from the round before; an empty text where there was, or is, nothing."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ReadText:
    """A section of text as it was handed in, in whole: who approves it must have read it."""

    name: str
    office: str
    author: str
    lines: Sequence[str]


@dataclass(frozen=True)
class ReviewPage:
    """Everything on the page of a round.

    ``causes`` are the first of what was found, one for a mistake; ``comparisons`` are rows by their headings;
    ``round_changes`` is None in the first round. ``preview`` is the release's folder, empty until it is
    rendered. ``answered_in`` is the run that asks, empty while none does. ``is_drafting``: this person may explain.
    ``own_answers`` are what this person answered, ``happens_next`` what comes after it, in words.
    """

    label: str
    round: int
    digest: str
    critical: int
    warnings: int
    causes: Sequence[str]
    gates: Sequence[GateLine]
    report: str
    preview: str
    has_packages: bool
    file_count: int
    key_figures: Sequence[KeyFigure]
    comparisons: Sequence[Mapping[str, str]]
    texts: Sequence[ReadText]
    proof: ConfidentialityProof
    round_changes: Sequence[RoundChange] | None
    to_explain: Sequence[WarningLine]
    explained: Sequence[Finding]
    answered_in: str
    is_drafting: bool
    own_answers: Sequence[OwnAnswer]
    happens_next: str

    @property
    def opinion(self) -> str:
        """The drafts as the form's opinion takes them."""
        return "\n".join(f"{line.number}：{line.draft}" for line in self.to_explain if line.draft)

    @property
    def is_opinion_too_long(self) -> bool:
        """Whether the form would not take it."""
        return len(self.opinion) > LONGEST_OPINION

    @property
    def undrafted(self) -> Sequence[int]:
        """The numbers of the warnings that this person has written nothing on."""
        return [line.number for line in self.to_explain if not line.draft]


def load_review_page(installation: Installation, viewer: Viewer, person_id: int, cycle_id: int) -> ReviewPage | None:
    """Return the page of the cycle's round for one person; None before the round is audited."""
    catalog = installation.catalog
    with installation.read() as work:
        session, cycle = work.session, queries.get_cycle(work.session, cycle_id)
        audit = decisions.audit_of(session, cycle)
        if audit is None:
            return None
        material = read_review_material(session, catalog, cycle)
        view, release = load_view(session, catalog, queries.period_of(cycle)), queries.release_of(session, cycle)
        gates = list_gates(session, catalog, view)
        return ReviewPage(
            label=view.period.label,
            round=view.round,
            digest=material.digest,
            critical=audit.critical_count,
            warnings=audit.warning_count,
            causes=_causes(audit),
            gates=[*gates, gate_line(session, catalog, view, "leader")],
            report=audit.report,
            preview=release.digest[:16] if release else "",
            has_packages=release is not None and PACKAGES_OVERVIEW in release.files,
            file_count=len(release.files) if release else 0,
            key_figures=list_key_figures(material, catalog, _FIGURES_SHOWN),
            comparisons=compare_periods(material, catalog),
            texts=[
                ReadText(
                    catalog.sections[section].name,
                    catalog.offices[narrative.office].name,
                    narrative.author,
                    [line for block in blocks for line in block.lines],
                )
                for narrative in material.content.narratives
                for section, blocks in narrative.blocks.items()
            ],
            proof=load_proof(session, installation, cycle, material.content),
            round_changes=_compare_rounds(session, catalog, cycle),
            to_explain=_to_explain(session, audit, person_id, cycle_id),
            explained=[finding for finding in audit.findings if finding.severity == "warning" and finding.explanation],
            answered_in=_answered_in(view),
            is_drafting=catalog.gates["finance"].role in viewer.roles and "finance" not in view.made,
            own_answers=list_own_answers(session, catalog, view, person_id),
            happens_next=say_next(catalog, view),
        )


def save_drafts(work: Work, person_id: int, cycle_id: int, given: Mapping[str, str]) -> int:
    """Keep what somebody has written so far, by the digest of each warning; return how many are kept now.

    What is not among ``given`` stays as it is, and an empty text takes a draft away. Warnings of another round, or
    none at all, are left out.
    """
    session = work.session
    audit = decisions.audit_of(session, queries.get_cycle(session, cycle_id))
    kept = _drafts(session, person_id, cycle_id)
    known = {digest_of_finding(finding) for finding in decisions.unexplained_findings(audit)} if audit else set()
    for digest in known & given.keys():
        text, draft = " ".join(given[digest].split())[:LONGEST_DRAFT], kept.get(digest)
        if draft is None and text:
            row = ExplanationDraft(
                person_id=person_id, cycle_id=cycle_id, finding_digest=digest, text=text, saved_at=work.now
            )
            session.add(row)
            kept[digest] = row
        elif draft is not None and not text:
            session.delete(draft)
            del kept[digest]
        elif draft is not None and draft.text != text:
            draft.text, draft.saved_at = text, work.now
    return len(known & kept.keys())


def digest_of_finding(finding: Finding) -> str:
    """Return what knows a finding again when the audit runs anew."""
    said = (finding.rule, finding.region, finding.indicator, finding.period_id, finding.message)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _drafts(session: Session, person_id: int, cycle_id: int) -> dict[str, ExplanationDraft]:
    wanted = select(ExplanationDraft).where(
        ExplanationDraft.person_id == person_id, ExplanationDraft.cycle_id == cycle_id
    )
    return {draft.finding_digest: draft for draft in session.scalars(wanted)}


def _to_explain(session: Session, audit: AuditRun, person_id: int, cycle_id: int) -> list[WarningLine]:
    drafts = _drafts(session, person_id, cycle_id)
    found = []
    for number, finding in enumerate(decisions.unexplained_findings(audit), 1):
        digest = digest_of_finding(finding)
        where = "　".join(filter(None, (finding.sheet, finding.cell)))
        draft = drafts[digest].text if digest in drafts else ""
        found.append(WarningLine(number, digest, finding.message, where, finding.suggestion, draft))
    return found


def _causes(audit: AuditRun) -> list[str]:
    """Return the first findings that weigh, one for each mistake."""
    first: dict[str, str] = {}
    weighty: tuple[Severity, ...] = ("critical", "warning")
    for severity in weighty:
        for finding in audit.findings:
            if finding.severity == severity:
                first.setdefault(finding.cause_group or str(finding.id), finding.message)
    return list(first.values())[:_CAUSES_SHOWN]


def _answered_in(view: CycleView) -> str:
    """Return the run whose form asks the reviewers."""
    return view.answerable_run_id if view.ask is not None and view.ask.step != "collect" else ""


def _compare_rounds(session: Session, catalog: Catalog, cycle: Cycle) -> list[RoundChange] | None:
    """Return what differs from the round before, None when there was none."""
    wanted = select(Compilation).where(Compilation.cycle_id == cycle.id, Compilation.round < cycle.round)
    compiled = queries.compilation_of(session, cycle)
    before = session.scalars(wanted.order_by(Compilation.round.desc()).limit(1)).one_or_none()
    if before is None or compiled is None:
        return None
    return list(list_changes(catalog, json.loads(before.content), json.loads(compiled.content)))


def list_changes(catalog: Catalog, before: Content, after: Content) -> Iterator[RoundChange]:
    """Yield what differs between two canonical contents: figures in the new order, then those gone, then texts."""
    old, new = ({(row[0], row[1]): _printed(row) for row in content["figures"]} for content in (before, after))
    for key in dict.fromkeys((*new, *old)):
        if (was := old.get(key, "")) != (now := new.get(key, "")):
            yield RoundChange(_figure_name(catalog, *key), was, now)
    old_texts, new_texts = (
        {(office, section): text for office, section, text in content.get("narratives", ())}
        for content in (before, after)
    )
    for office, section in dict.fromkeys((*new_texts, *old_texts)):
        if (was := old_texts.get((office, section), "")) != (now := new_texts.get((office, section), "")):
            name = catalog.sections[section].name if section in catalog.sections else section
            yield RoundChange(f"“{name}”部分的文字", "有" if was else "", ("有改动" if was else "有") if now else "")


def _figure_name(catalog: Catalog, region: str, indicator: str) -> str:
    known, place = catalog.indicators.get(indicator), catalog.regions.get(region)
    name = f"{catalog.insurances[known.insurance].short_name} {known.name}" if known else indicator
    return f"{place.name if place else region}　{name}"


def _printed(row: Sequence[str | None]) -> str:
    """Return the value of a row of canonical content as people read it: region, indicator, unit, value, text, state."""
    _, _, unit, value, text, state, *_ = row
    return f"{Decimal(value):,f} {unit or ''}".strip() if value is not None else text or state or ""
