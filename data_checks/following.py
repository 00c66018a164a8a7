"""A finding through rounds and years: kept explanations, what was said before, and where each one stands.

The state of a finding is worked out from the records rather than stored: an explanation, a decision of finance and a
next round's audit each change it, and none of them can be forgotten this way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_checks.findings import AuditFinding, messages
from disclosure.calendar.periods import Period
from disclosure.cycle import queries
from disclosure.records.tables import AuditRun, Compilation, Cycle, Finding

State = Literal["open", "explained", "corrected", "accepted"]
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


@dataclass(frozen=True)
class Thread:
    """One finding through the rounds of a cycle, the oldest first.

    ``by`` is who explained or accepted it, ``rounds`` the round of each of ``findings``; a corrected one was gone
    in the audit after the last of them.
    """

    findings: tuple[Finding, ...]
    rounds: tuple[int, ...]
    state: State
    by: str

    @property
    def label(self) -> str:
        """The state in Chinese."""
        return str(messages()["words"]["state"][self.state])


def found_in_round_before(session: Session, cycle: Cycle) -> tuple[int, tuple[Finding, ...] | None]:
    """Return the round of the last audit of an earlier round of this cycle and its findings; (0, None) in the first."""
    earlier = [(number, audit) for number, audit in _audits(session, cycle) if number < cycle.round]
    return (earlier[-1][0], tuple(earlier[-1][1].findings)) if earlier else (0, None)


def accepted_by(session: Session, cycle: Cycle) -> str:
    """Who in finance let the findings of the current round stand; empty before that."""
    return _accepted_by(session, cycle, cycle.round)


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


def threads(session: Session, cycle: Cycle) -> tuple[Thread, ...]:
    """Every finding of the cycle through its rounds, with where it stands now."""
    audits = _audits(session, cycle)
    open_threads: dict[int, list[tuple[int, Finding]]] = {}
    closed: list[list[tuple[int, Finding]]] = []
    for number, audit in audits:
        going_on: dict[int, list[tuple[int, Finding]]] = {}
        for finding in audit.findings:
            earlier = open_threads.pop(finding.follows_id, []) if finding.follows_id is not None else []
            going_on[finding.id] = [*earlier, (number, finding)]
        closed += open_threads.values()
        open_threads = going_on
    accepted_by = _accepted_by(session, cycle, audits[-1][0]) if audits else ""
    return tuple(
        _thread(members, *stands)
        for group, is_last in ((closed, False), (open_threads.values(), True))
        for members in group
        for stands in [_stands(members[-1][1], accepted_by) if is_last else ("corrected", members[-1][1].centre)]
    )


def same(finding: AuditFinding | Finding) -> Same:
    """Return what a finding shares with the same one in another round or year."""
    return finding.rule, finding.region, finding.indicator


def _thread(members: Sequence[tuple[int, Finding]], state: State, by: str) -> Thread:
    return Thread(tuple(finding for _, finding in members), tuple(number for number, _ in members), state, by)


def _stands(finding: Finding, accepted_by: str) -> tuple[State, str]:
    if accepted_by:
        return "accepted", accepted_by
    return ("explained", finding.explained_by) if finding.explanation else ("open", "")


def _accepted_by(session: Session, cycle: Cycle, round_number: int) -> str:
    """Who approved at finance's gate in the round of the last audit; an approval lets what was found stand."""
    decision = queries.decisions(session, cycle, round_number).get("finance")
    return decision.person.name if decision is not None and decision.outcome == "approved" else ""


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
