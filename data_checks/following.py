"""A finding through rounds and years: kept explanations, what was said before, and which row each one follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_checks.findings import AuditFinding, messages
from disclosure.calendar.periods import Period
from disclosure.cycle import queries
from disclosure.records.tables import AuditRun, Compilation, Cycle, Finding

#: What makes two findings the same one: rule, region and indicator.
Same = tuple[str, str, str]


@dataclass(frozen=True)
class Said:
    """A finding of an earlier audit as far as it matters to a later one; ``id`` is its row."""

    id: int
    same: Same
    value: str
    expected: str
    difference: str
    explanation: str
    explained_by: str

    def is_unchanged(self, finding: AuditFinding) -> bool:
        """Whether ``finding`` is about the very same numbers, so that what was said still holds."""
        now = (finding.value, finding.expected, finding.difference)
        return (self.value, self.expected, self.difference) == now


def found_in_round_before(session: Session, cycle: Cycle) -> tuple[int, tuple[Finding, ...] | None]:
    """Return the round of the last audit of an earlier round of this cycle and its findings; (0, None) in the first."""
    earlier = [(number, audit) for number, audit in _audits(session, cycle) if number < cycle.round]
    return (earlier[-1][0], tuple(earlier[-1][1].findings)) if earlier else (0, None)


def accepted_by(session: Session, cycle: Cycle) -> str:
    """Who in finance let the findings of the current round stand; empty before that."""
    decision = queries.decisions(session, cycle, cycle.round).get("finance")
    return decision.person.name if decision is not None and decision.outcome == "approved" else ""


def said_in_round_before(session: Session, cycle: Cycle) -> tuple[Said, ...]:
    """Return the findings of the last audit of an earlier round of this cycle."""
    earlier = [audit for number, audit in _audits(session, cycle) if number < cycle.round]
    return _said(earlier[-1].findings) if earlier else ()


def follow(
    findings: Sequence[AuditFinding], before: Sequence[Said]
) -> tuple[tuple[AuditFinding, ...], tuple[int | None, ...]]:
    """Return ``findings`` with the explanations that still hold, and the row that each follows.

    Of several at one figure those with the same numbers belong together first, the others in their order.
    """
    left: dict[Same, list[Said]] = defaultdict(list)
    for said in before:
        left[said.same].append(said)
    matched: dict[int, Said] = {}
    for exactly in (True, False):
        for place, finding in enumerate(findings):
            candidates = left[same(finding)] if place not in matched else []
            found = next((said for said in candidates if not exactly or said.is_unchanged(finding)), None)
            if found is not None:
                matched[place] = found
                candidates.remove(found)
    kept = []
    for place, finding in enumerate(findings):
        earlier = matched.get(place)
        if earlier and earlier.explanation and not finding.explanation and earlier.is_unchanged(finding):
            kept.append(replace(finding, explanation=earlier.explanation, explained_by=earlier.explained_by))
        else:
            kept.append(finding)
    return tuple(kept), tuple(matched[place].id if place in matched else None for place in range(len(findings)))


def said_before(session: Session, cycle: Cycle) -> dict[Same, str]:
    """Return what was said of each finding a year ago (``去年同期同样说明：…``), or else a period ago."""
    period = queries.period_of(cycle)
    words = messages()["words"]
    found: dict[Same, str] = {}
    for earlier, when in ((period.year_before(), words["year_before"]), (period.previous(), words["previous"])):
        for said in _last_said(session, cycle, earlier):
            if said.explanation:
                found.setdefault(said.same, words["suggestion"].format(when=when, text=said.explanation))
    return found


def with_suggestions(findings: Iterable[AuditFinding], said: Mapping[Same, str]) -> tuple[AuditFinding, ...]:
    """Warnings with what was said of the same finding before, as a suggestion and never as an explanation."""
    return tuple(
        replace(finding, suggestion=said.get(same(finding), "")) if finding.severity == "warning" else finding
        for finding in findings
    )


def same(finding: AuditFinding | Finding) -> Same:
    """Return what a finding shares with the same one in another round or year."""
    return finding.rule, finding.region, finding.indicator


def _audits(session: Session, cycle: Cycle) -> list[tuple[int, AuditRun]]:
    rows = session.execute(
        select(Compilation.round, AuditRun)
        .join(AuditRun, AuditRun.compilation_id == Compilation.id)
        .where(Compilation.cycle_id == cycle.id)
        .order_by(Compilation.round)
    )
    return [(number, audit) for number, audit in rows]


def _last_said(session: Session, cycle: Cycle, period: Period | None) -> tuple[Said, ...]:
    if period is None:
        return ()
    other = session.scalars(
        select(Cycle).where(Cycle.profile == cycle.profile, Cycle.period_id == period.id)
    ).one_or_none()
    audits = _audits(session, other) if other is not None else []
    return _said(audits[-1][1].findings) if audits else ()


def _said(findings: Iterable[Finding]) -> tuple[Said, ...]:
    return tuple(
        Said(f.id, same(f), f.value, f.expected, f.difference, f.explanation, f.explained_by) for f in findings
    )
