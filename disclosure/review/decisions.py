"""Recording decisions, carrying them over, and asking what a round has come to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog, GateId
from disclosure.clock import end_of_day, utc_now
from disclosure.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.tables import Ask, AuditRun, Compilation, Cycle, Decision, Excuse, Finding, Person
from disclosure.review import asks, authority
from disclosure.review.authority import REVIEW_GATES, Answer, Deciding, Reviewer
from disclosure.review.explanations import read_explanations
from disclosure.review.people import check_code, find_person, own_roles, roles_of
from disclosure.review.secrets import Cipher


@dataclass(frozen=True)
class Standing:
    """What a round has come to: gates still open in order, and whether somebody returned it.

    ``is_waived``: the leader signed ahead of the gates that are open (紧急签发); they review afterwards.
    """

    open_gates: tuple[GateId, ...]
    is_returned: bool
    is_waived: bool = False

    @property
    def is_approved(self) -> bool:
        """Every gate asked about has said 通过, or the leader went ahead of those that have not."""
        return self.is_waived or (not self.open_gates and not self.is_returned)


def standing(session: Session, cycle: Cycle, gates: tuple[GateId, ...], digest: str) -> Standing:
    """What the current round's decisions on ``digest`` at ``gates`` have come to.

    A decision made on another digest does not count. What a later review finds returns nothing: it is public.
    """
    made = cycles.decisions(session, cycle, cycle.round)
    counted = {gate: decision for gate, decision in made.items() if decision.digest == digest}
    is_waived = "emergency" in counted
    return Standing(
        open_gates=tuple(gate for gate in gates if gate not in counted),
        is_returned=not is_waived and any(counted[gate].outcome == "returned" for gate in gates if gate in counted),
        is_waived=is_waived,
    )


def gates_of(step: str) -> tuple[GateId, ...]:
    """The gates that an ask of this step is about."""
    return ("leader",) if step == "sign_off" else REVIEW_GATES


def record_answer(
    session: Session, catalog: Catalog, cipher: Cipher, cycle: Cycle, ask: Ask, *, answer: Answer, now: dt.datetime
) -> str:
    """Take ``answer`` to ``ask``: a decision, or the sentence that says why not (empty when decided).

    The ask is closed either way, in this transaction; one that was closed before is not answered twice.
    """
    cycles.lock(session, cycle)
    session.refresh(ask)
    if ask.state != "open":
        return ask.refusal
    reason = _refusal(session, catalog, cipher, cycle, ask, answer=answer, now=now)
    if reason:
        asks.close(session, ask, "refused", reason, gate=answer.gate, name=answer.name)
        return reason
    person = find_person(session, answer.name)
    assert person is not None  # noqa: S101 - _refusal would have said so
    session.add(
        Decision(
            cycle_id=cycle.id,
            round=cycle.round,
            gate=answer.gate,
            outcome=answer.outcome,
            digest=ask.digest,
            person_id=person.id,
            ask_id=ask.id,
            opinion=answer.opinion.strip(),
            returned_to=list(answer.returned_to),
            decided_at=now,
        )
    )
    session.flush()
    if answer.gate == "finance":
        _explain(session, cycle, answer.opinion, person.name)
    if answer.gate == "leader" and (release := cycles.release_of(session, cycle)):
        release.planned_for = answer.publish_at
    asks.close(session, ask, "answered", gate=answer.gate, name=answer.name)
    ledger.append(
        session,
        "decision.recorded",
        actor=person.name,
        cycle_id=cycle.id,
        gate=answer.gate,
        round=cycle.round,
        outcome=answer.outcome,
        digest=ask.digest,
        opinion=answer.opinion.strip(),
        returned_to=list(answer.returned_to),
        publish_at=answer.publish_at.isoformat() if answer.publish_at else None,
    )
    if ask.step == "later_review":
        _clear(session, cycle, ask.digest)
    return ""


def _clear(session: Session, cycle: Cycle, digest: str) -> None:
    """Take the flag off a release once every gate that was passed over has approved it."""
    release = cycles.release_of(session, cycle)
    made = cycles.decisions(session, cycle, cycle.round)
    if release is None or any(
        gate not in made or (made[gate].digest, made[gate].outcome) != (digest, "approved")
        for gate in release.waived or ()
    ):
        return
    release.cleared_at = utc_now()
    ledger.append(session, "release.cleared", actor="系统", cycle_id=cycle.id, digest=release.digest)


def _refusal(
    session: Session, catalog: Catalog, cipher: Cipher, cycle: Cycle, ask: Ask, *, answer: Answer, now: dt.datetime
) -> str:
    if ask.round != cycle.round:
        return "这一问属于已结束的一轮，请按新的一轮审核。"
    asked = cycles.release_of(session, cycle) if ask.step == "sign_off" else cycles.compilation_of(session, cycle)
    if asked is None or asked.digest != ask.digest:
        return "这一问所附的内容已不是现在的内容，请按重新提出的一问审核。"
    person = find_person(session, answer.name)
    reviewer = _reviewer(session, catalog, person, now) if person else None
    reason = authority.refusal(catalog, answer, reviewer, _deciding(session, catalog, cycle, ask, now))
    if reason or person is None:
        return reason
    return check_code(session, cipher, person, answer.code, now)


def _reviewer(session: Session, catalog: Catalog, person: Person, now: dt.datetime) -> Reviewer | None:
    office = catalog.offices.get(person.office)
    if office is None:
        return None
    return Reviewer(office, person.is_active, own_roles(catalog, person), roles_of(session, catalog, person, now))


def _deciding(session: Session, catalog: Catalog, cycle: Cycle, ask: Ask, now: dt.datetime) -> Deciding:
    submissions = cycles.standing_submissions(session, cycle)
    written = [name for s in submissions.values() for name in (s.filler, s.checker)]
    written += [narrative.author for narrative in cycles.standing_narratives(session, cycle).values()]
    compilers = session.scalars(select(Excuse).where(Excuse.cycle_id == cycle.id))
    written += [session.get_one(Person, excuse.person_id).name for excuse in compilers]
    made = cycles.decisions(session, cycle, cycle.round)
    audit = audit_of(session, cycle)
    round_standing = standing(session, cycle, gates_of(ask.step), ask.digest)
    can_be_urgent = ask.step == "review" and not round_standing.is_waived
    last_day = cycles.milestone_date(catalog, cycle, "publish")
    return Deciding(
        open_gates=(*round_standing.open_gates, *(("emergency",) if can_be_urgent else ())),
        acted={decision.person.name: authority.as_gate(gate) for gate, decision in made.items()},
        drafters=set().union(*map(authority.names_in, written)),
        audit_blocks=audit is None or audit.is_blocking,
        unexplained=range(1, len(unexplained_findings(audit)) + 1) if audit else (),
        returnable={office.id for office in cycles.returnable_offices(session, catalog, cycle)},
        now=now,
        latest_publication=end_of_day(last_day) if last_day else None,
        is_later_review=ask.step == "later_review",
    )


def unexplained_findings(audit: AuditRun) -> list[Finding]:
    """Warnings that nobody has explained yet, in the order the form numbers them from 1."""
    return [finding for finding in audit.findings if finding.severity == "warning" and not finding.explanation]


def _explain(session: Session, cycle: Cycle, opinion: str, name: str) -> None:
    """Put finance's words beside the findings they explain."""
    audit = audit_of(session, cycle)
    given = read_explanations(opinion)
    for number, finding in enumerate(unexplained_findings(audit) if audit else (), 1):
        if words := given.get(number):
            finding.explanation, finding.explained_by = words, name


def audit_of(session: Session, cycle: Cycle) -> AuditRun | None:
    """The audit of the current round's compilation, once it ran."""
    compilation = cycles.compilation_of(session, cycle)
    if compilation is None:
        return None
    return session.scalars(select(AuditRun).where(AuditRun.compilation_id == compilation.id)).one_or_none()


def carry_over(session: Session, catalog: Catalog, cycle: Cycle, compilation: Compilation) -> None:
    """Let approvals of the round before stand where the rules allow it; done once, before anyone is asked.

    An approval of exactly the same digest stands at every gate (at finance's only while the audit of this round
    does not block). Another digest needs a gate marked ``first_review_only``, a dated cycle, and unchanged
    narrative text and tables (附件2：虚框程序只在首次审核中进行); where text or tables did change, the gate
    opens again, and the ledger says so.
    """
    if cycle.round == 1:
        return
    before = cycles.decisions(session, cycle, cycle.round - 1)
    made = cycles.decisions(session, cycle, cycle.round)
    earlier = session.scalars(
        select(Compilation).where(Compilation.cycle_id == cycle.id, Compilation.round == cycle.round - 1)
    ).one()
    for gate in REVIEW_GATES:
        decision = before.get(gate)
        if decision is None or decision.outcome != "approved" or gate in made:
            continue
        if gate == "finance" and ((audit := audit_of(session, cycle)) is None or audit.is_blocking):
            continue
        is_same = decision.digest == compilation.digest
        is_first_review_only = (
            catalog.gates[gate].first_review_only
            and cycles.period_of(cycle).kind != "special"
            and earlier.text_digest == compilation.text_digest
        )
        if not (is_same or is_first_review_only):
            if catalog.gates[gate].first_review_only:
                ledger.append(
                    session,
                    "gate.reopened",
                    actor="系统",
                    cycle_id=cycle.id,
                    gate=gate,
                    round=cycle.round,
                    why="text or tables changed" if earlier.text_digest != compilation.text_digest else "special cycle",
                )
            continue
        session.add(
            Decision(
                cycle_id=cycle.id,
                round=cycle.round,
                gate=gate,
                outcome="approved",
                digest=compilation.digest,
                person_id=decision.person_id,
                opinion=decision.opinion,
                carried_from_id=decision.id,
                decided_at=decision.decided_at,
            )
        )
        ledger.append(
            session,
            "decision.carried_over",
            actor=decision.person.name,
            cycle_id=cycle.id,
            gate=gate,
            round=cycle.round,
            digest=compilation.digest,
            why="content unchanged" if is_same else "first review only, text and tables unchanged",
        )
    session.flush()


def begin_next_round(session: Session, cycle: Cycle) -> None:
    """Round n+1 for just what was returned; the rest stands."""
    cycles.lock(session, cycle)
    returned = cycles.returned_centres(session, cycle, cycle.round)
    if not returned:
        raise DisclosureError(f"{cycles.period_of(cycle).label}第 {cycle.round} 轮没有被退回，不能开始下一轮。")
    cycle.round += 1
    cycles.enter(session, cycle, "collect")
    ledger.append(
        session, "round.begun", actor="系统", cycle_id=cycle.id, round=cycle.round, returned_to=sorted(returned)
    )
