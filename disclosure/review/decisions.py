"""Recording decisions, carrying them over, and asking what a round has come to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, GateId
from disclosure.confidentiality.cells.withholding import Withholding
from disclosure.cycle import deadlines, queries
from disclosure.cycle.states import enter
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.states import CycleStep
from disclosure.records.subjects import Subject, decisions_of
from disclosure.records.tables import Ask, AuditRun, Compilation, Cycle, Decision, Excuse, Finding, Person
from disclosure.review.answering import ask_for_decision, carry_over_approvals, people_able_to_decide
from disclosure.review.asks import Question
from disclosure.review.authority import REVIEW_GATES, Answer, RoundState
from disclosure.review.explanations import read_explanations
from disclosure.review.forms import parse_review
from disclosure.review.names import people_named, spell
from disclosure.review.people import names_of_enrolled
from disclosure.review.refusals import Refusal, RefusalCode


@dataclass(frozen=True)
class GateStatus:
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


def gate_status(session: Session, subject: Subject, gates: tuple[GateId, ...], digest: str) -> GateStatus:
    """Return what the current round's decisions on ``digest`` at ``gates`` have come to.

    A decision made on another digest does not count. What a later review finds returns nothing: it is public.
    """
    return judge_gates(decisions_of(session, subject, subject.round), gates, digest)


def judge_gates(made: Mapping[GateId, Decision], gates: tuple[GateId, ...], digest: str) -> GateStatus:
    """Tell what a round's decisions (by gate) on ``digest`` have come to at ``gates``."""
    counted = {gate: decision for gate, decision in made.items() if decision.digest == digest}
    is_waived = "emergency" in counted
    return GateStatus(
        open_gates=tuple(gate for gate in gates if gate not in counted),
        is_returned=not is_waived and any(counted[gate].outcome == "returned" for gate in gates if gate in counted),
        is_waived=is_waived,
    )


def gates_of(step: str) -> tuple[GateId, ...]:
    """Return the gates that an ask of this step is about."""
    return ("leader",) if step == "sign_off" else REVIEW_GATES


def ask_reviewers(work: Work, cycle: Cycle, ask: Ask, form: object) -> Question[Answer]:
    """Return how ``form`` is judged as an answer to a review, the sign-off or a later review of ``cycle``."""
    session = work.session

    def then(decision: Decision, answer: Answer) -> None:
        if decision.gate == "finance":
            _explain(session, cycle, decision.opinion, decision.person.name)
        if decision.gate == "leader" and (release := queries.release_of(session, cycle)):
            release.planned_for = answer.publish_at
        if ask.step == "later_review":
            _clear(session, cycle, ask.digest)

    return ask_for_decision(
        work,
        cycle,
        ask,
        lambda: parse_review(form, work.catalog, ask.step, work.now),
        look=lambda: _out_of_date(session, cycle, ask) or round_state(work, cycle, ask),
        then=then,
    )


def _clear(session: Session, cycle: Cycle, digest: str) -> None:
    """Take the flag off a release once every gate that was passed over has approved it."""
    release = queries.release_of(session, cycle)
    made = queries.decisions(session, cycle, cycle.round)
    if release is None or any(
        gate not in made or (made[gate].digest, made[gate].outcome) != (digest, "approved")
        for gate in release.waived or ()
    ):
        return
    release.cleared_at = utc_now()
    ledger.append(session, "release.cleared", actor="系统", cycle_id=cycle.id, digest=release.digest)


def _out_of_date(session: Session, cycle: Cycle, ask: Ask) -> Refusal | None:
    """Return why the ask is not about what stands now."""
    if ask.round != cycle.round:
        return Refusal(RefusalCode.OUT_OF_DATE, "这一问属于已结束的一轮，请按新的一轮审核。")
    asked = queries.release_of(session, cycle) if ask.step == "sign_off" else queries.compilation_of(session, cycle)
    if asked is None or asked.digest != ask.digest:
        return Refusal(RefusalCode.OUT_OF_DATE, "这一问所附的内容已不是现在的内容，请按重新提出的一问审核。")
    return None


def round_state(work: Work, cycle: Cycle, ask: Ask) -> RoundState:
    """Return what the rules must know of the round that ``ask`` is about."""
    session, catalog = work.session, work.catalog
    made = queries.decisions(session, cycle, cycle.round)
    audit = audit_of(session, cycle)
    round_standing = gate_status(session, cycle, gates_of(ask.step), ask.digest)
    can_be_urgent = ask.step == "review" and not round_standing.is_waived and not round_standing.is_returned
    return RoundState(
        open_gates=(*round_standing.open_gates, *(("emergency",) if can_be_urgent else ())),
        acted={decision.person.name: gate for gate, decision in made.items()},
        drafters=_drafters(session, cycle),
        unreviewed=_unreviewed(session, cycle) if ask.step == "sign_off" else (),
        audit_blocks=audit is None or audit.is_blocking,
        unexplained=range(1, len(unexplained_findings(audit)) + 1) if audit else (),
        returnable={office.id for office in queries.returnable_offices(session, catalog, cycle)},
        latest_publication=latest_hour(session, catalog, cycle),
        is_later_review=ask.step == "later_review",
        gives_away=(compiled := queries.compilation_of(session, cycle)) is not None
        and not Withholding.of_record(compiled.withheld).is_safe,
    )


def latest_hour(session: Session, catalog: Catalog, cycle: Cycle) -> dt.datetime | None:
    """Return the last moment that the leader may sign for; None where there is none.

    The statutory day was kept, or missed, by the first version: a correction has no such moment.
    """
    if queries.correction_of(session, cycle):
        return None
    return deadlines.latest_publication(session, catalog, cycle)


def _drafters(session: Session, cycle: Cycle) -> frozenset[str]:
    """Return who filled in or checked a workbook that counts, wrote its text, or went on without one."""
    written = [name for s in queries.standing_submissions(session, cycle).values() for name in (s.filler, s.checker)]
    written += [narrative.author for narrative in queries.standing_narratives(session, cycle).values()]
    compilers = session.scalars(select(Excuse).where(Excuse.cycle_id == cycle.id))
    written += [session.get_one(Person, excuse.person_id).name for excuse in compilers]
    enrolled = names_of_enrolled(session)
    return frozenset().union(*(people_named(each, enrolled) for each in written))


def _unreviewed(session: Session, cycle: Cycle) -> tuple[GateId, ...]:
    """Return the reviews that have not approved what the leader is asked to sign; none in an emergency."""
    compilation = queries.compilation_of(session, cycle)
    digest = compilation.digest if compilation else ""
    if gate_status(session, cycle, REVIEW_GATES, digest).is_approved:
        return ()
    made = queries.decisions(session, cycle, cycle.round)
    return tuple(
        gate
        for gate in REVIEW_GATES
        if gate not in made or (made[gate].digest, made[gate].outcome) != (digest, "approved")
    )


def who_may_decide(session: Session, catalog: Catalog, cycle: Cycle, gate: GateId, now: dt.datetime) -> list[Person]:
    """Return everybody whose answer at ``gate`` would be taken in this round of a cycle."""
    return people_able_to_decide(session, catalog, cycle, gate, now, drafters=_drafters(session, cycle))


def unexplained_findings(audit: AuditRun) -> list[Finding]:
    """Return the warnings that nobody has explained yet, in the order the form numbers them from 1."""
    return [finding for finding in audit.findings if finding.severity == "warning" and not finding.explanation]


def _explain(session: Session, cycle: Cycle, opinion: str, name: str) -> None:
    """Put finance's words beside the findings they explain."""
    audit = audit_of(session, cycle)
    given = read_explanations(opinion)
    for number, finding in enumerate(unexplained_findings(audit) if audit else (), 1):
        if words := given.get(number):
            finding.explanation, finding.explained_by = words, name


def audit_of(session: Session, cycle: Cycle) -> AuditRun | None:
    """Return the audit of the current round's compilation, once it ran."""
    compilation = queries.compilation_of(session, cycle)
    if compilation is None:
        return None
    return session.scalars(select(AuditRun).where(AuditRun.compilation_id == compilation.id)).one_or_none()


def carry_over(session: Session, catalog: Catalog, cycle: Cycle, compilation: Compilation) -> None:
    """Let earlier approvals stand where the rules allow it; done once a round, before anyone is asked.

    What a gate decided last on exactly this digest, in whatever round, comes first: an approval stands, a return
    does not. Of another digest only the round before counts, at a gate marked ``first_review_only`` in a dated
    cycle, with narrative text and tables unchanged (附件2：虚框程序只在首次审核中进行). Where an approval does
    not stand although it might, the gate opens again and the ledger says why. A correction begins with every gate
    open: what was approved of the version before is another content.
    """
    correction = queries.correction_of(session, cycle)
    if cycle.round == (correction.round if correction else 1):
        return
    for gate in REVIEW_GATES:
        decision = _earlier_decision(session, cycle, gate, compilation)
        if decision is None or decision.outcome != "approved":
            continue
        is_same = decision.digest == compilation.digest
        if not is_same and not catalog.gates[gate].first_review_only:
            continue
        if (why := _why_not_carried(session, cycle, decision, compilation)) is not None:
            ledger.append(
                session, "gate.reopened", actor="系统", cycle_id=cycle.id, gate=gate, round=cycle.round, why=why
            )
            continue
        why = "content unchanged" if is_same else "first review only, text and tables unchanged"
        carry_over_approvals(session, cycle, decision, compilation.digest, why)
    session.flush()


def _earlier_decision(session: Session, cycle: Cycle, gate: GateId, compilation: Compilation) -> Decision | None:
    """Return what this gate decided last on this content, or else in the round before; None once it decided anew."""
    if gate in queries.decisions(session, cycle, cycle.round):
        return None
    on_this = session.scalars(
        select(Decision)
        .where(
            Decision.cycle_id == cycle.id,
            Decision.gate == gate,
            Decision.round < cycle.round,
            Decision.digest == compilation.digest,
        )
        .order_by(Decision.round.desc())
        .limit(1)
    ).first()
    return on_this or queries.decisions(session, cycle, cycle.round - 1).get(gate)


def _why_not_carried(session: Session, cycle: Cycle, decision: Decision, compilation: Compilation) -> str | None:
    """Return why an approval that might stand does not; None where it stands."""
    if spell(decision.person.name) in _drafters(session, cycle):
        return "the reviewer drafted since"
    if decision.person_id in {made.person_id for made in queries.decisions(session, cycle, cycle.round).values()}:
        return "the reviewer acts at another gate"
    earlier = session.scalars(
        select(Compilation).where(Compilation.cycle_id == cycle.id, Compilation.round == decision.round)
    ).one()
    if decision.digest == compilation.digest:
        return _why_finance_is_asked(session, cycle, earlier) if decision.gate == "finance" else None
    if queries.period_of(cycle).kind == "special":
        return "special cycle"
    return None if earlier.text_digest == compilation.text_digest else "text or tables changed"


def _why_finance_is_asked(session: Session, cycle: Cycle, earlier: Compilation) -> str | None:
    """Put finance's words of before beside the same findings; return why it must see what they leave open."""
    audit = audit_of(session, cycle)
    if audit is None or audit.is_blocking:
        return "the audit blocks"
    before = session.scalars(select(AuditRun).where(AuditRun.compilation_id == earlier.id)).one_or_none()
    explained = {_key(finding): finding for finding in (before.findings if before else ()) if finding.explanation}
    for finding in unexplained_findings(audit):
        if said := explained.get(_key(finding)):
            finding.explanation, finding.explained_by = said.explanation, said.explained_by
    return "warnings not explained before" if unexplained_findings(audit) else None


def _key(finding: Finding) -> tuple[str, str, str, str]:
    return finding.rule, finding.region, finding.indicator, finding.message


def begin_next_round(session: Session, cycle: Cycle) -> None:
    """Open round n+1 for just what was returned; the rest stands."""
    queries.lock(session, cycle)
    returned = queries.returned_centres(session, cycle, cycle.round)
    if not returned:
        raise DisclosureError(f"{queries.period_of(cycle).label}第 {cycle.round} 轮没有被退回，不能开始下一轮。")
    cycle.round += 1
    enter(session, cycle, CycleStep.COLLECT)
    ledger.append(
        session, "round.begun", actor="系统", cycle_id=cycle.id, round=cycle.round, returned_to=sorted(returned)
    )
