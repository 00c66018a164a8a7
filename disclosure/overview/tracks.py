"""One cycle against its milestones: what is done, what was handed in, found and published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog, GateId, Milestone
from disclosure.clock import said, shanghai
from disclosure.deadlines import CyclePlan, Deadline
from disclosure.overview.facts import (
    Audited,
    ChannelState,
    Handed,
    ReadBackSummary,
    Released,
    Station,
    StationState,
    Track,
)
from disclosure.records.proof_tables import ReadBack
from disclosure.records.tables import AuditRun, ChannelDelivery, Cycle, Decision, Narrative, Release, Submission
from disclosure.reminders.duties import MILESTONE_OF_GATE, Duty
from disclosure.review import asks, decisions
from disclosure.workdays import probable_workdays

_OUTCOMES = {"approved": "通过", "returned": "退回"}


def track(session: Session, catalog: Catalog, own: CyclePlan, owed: Sequence[Duty], today: dt.date) -> Track:
    """The cycle of ``own`` as it stands on ``today`` (Shanghai); ``owed`` are its duties."""
    cycle = own.cycle
    if cycle is None:
        stations = tuple(_not_opened(catalog, own, today))
        return Track(own.period.label, own.state, 0, False, False, False, stations)
    release = cycles.release_of(session, cycle)
    ask = asks.open_ask_of(session, cycle)
    made = cycles.decisions(session, cycle, cycle.round)
    under_way = cycle.step != "archive"
    return Track(
        label=own.period.label,
        step=own.state,
        round=cycle.round,
        is_opened=True,
        is_published=cycles.published_release(session, cycle) is not None,
        is_demo=cycle.is_demo,
        stations=tuple(_stations(catalog, own, owed, _done_on(session, cycle), today)),
        waits=_waits(session, catalog, cycle, release) if under_way else "",
        decided="、".join(f"{catalog.gates[gate].name}{_OUTCOMES[d.outcome]}" for gate, d in made.items()),
        run_id=ask.flow_run_id if ask else "",
        handed=tuple(_handed(session, catalog, cycle)) if under_way else (),
        audited=_audited(decisions.audit_of(session, cycle)),
        released=_released(session, catalog, cycle, release),
    )


def _not_opened(catalog: Catalog, own: CyclePlan, today: dt.date) -> Iterator[Station]:
    is_over = own.deadlines[-1].due < today
    for deadline in own.deadlines:
        state: StationState = "unknown" if is_over else "late" if deadline.planned < today else "ahead"
        yield _station(catalog, deadline, state, today)


def _stations(
    catalog: Catalog, own: CyclePlan, owed: Sequence[Duty], done: Mapping[Milestone, dt.date], today: dt.date
) -> Iterator[Station]:
    for deadline in own.deadlines:
        mine = [duty for duty in owed if duty.deadline.milestone == deadline.milestone and duty.chases]
        if not mine:
            yield _station(catalog, deadline, "done", today, done.get(deadline.milestone))
            continue
        can_be_done = any(duty.since is not None for duty in mine)
        state: StationState = "late" if deadline.planned < today else "now" if can_be_done else "ahead"
        yield _station(catalog, deadline, state, today)


def _station(
    catalog: Catalog, deadline: Deadline, state: StationState, today: dt.date, done_on: dt.date | None = None
) -> Station:
    return Station(
        name=deadline.name,
        planned=deadline.planned,
        due=deadline.due,
        why=deadline.why,
        is_provisional=deadline.is_provisional,
        state=state,
        left=probable_workdays(today, deadline.planned, catalog.holidays),
        done_on=done_on,
    )


def _done_on(session: Session, cycle: Cycle) -> dict[Milestone, dt.date]:
    """The Shanghai day on which each milestone of the current round was done, where our records say."""
    moments: dict[Milestone, dt.datetime] = {}
    standing = [*cycles.standing_submissions(session, cycle).values()]
    if standing:
        moments["draft"] = max(submission.received_at for submission in standing)
    if compiled := cycles.compilation_of(session, cycle):
        moments["compile"] = compiled.compiled_at
    made: Mapping[str, Decision] = cycles.decisions(session, cycle, cycle.round)
    gates: Mapping[GateId, Milestone] = MILESTONE_OF_GATE
    for gate, milestone in gates.items():
        if gate in made:
            moments[milestone] = max(made[gate].decided_at, moments.get(milestone, made[gate].decided_at))
    release = cycles.release_of(session, cycle)
    if release is not None and release.is_live and release.published_at:
        moments["publish"] = release.published_at
    return {milestone: shanghai(moment).date() for milestone, moment in moments.items()}


def _waits(session: Session, catalog: Catalog, cycle: Cycle, release: Release | None) -> str:
    """Whom or what it waits for, in one text."""
    if cycle.step == "collect":
        return "、".join(office.name for office in cycles.missing_centres(session, catalog, cycle)) or "系统"
    ask = asks.open_ask_of(session, cycle)
    if ask is None:
        return _planned(session, cycle, release) or "系统"
    open_gates = decisions.standing(session, cycle, decisions.gates_of(ask.step), ask.digest).open_gates
    refused = asks.last_refusal(session, cycle, asks.step_of(ask))
    offices = "、".join(catalog.gate_office(gate).name for gate in open_gates)
    return offices + (f"（上次答复未被接受：{refused.rstrip('。')}）" if refused else "")


def _planned(session: Session, cycle: Cycle, release: Release | None) -> str:
    """When it will be published, while it is signed and waits for its hour."""
    if release is None or release.planned_for is None or release.published_at is not None:
        return ""
    is_signed = decisions.standing(session, cycle, ("leader",), release.digest).is_approved
    return f"{said(release.planned_for)}自动发布" if is_signed else ""


def _handed(session: Session, catalog: Catalog, cycle: Cycle) -> Iterator[Handed]:
    """Every office that owes figures or text in this cycle, with what counts of it now."""
    standing: dict[str, Submission | Narrative] = {
        **cycles.standing_submissions(session, cycle),
        **cycles.standing_narratives(session, cycle),
    }
    missing = {office.id for office in cycles.missing_centres(session, catalog, cycle)}
    excused = cycles.excuses(session, cycle)
    latest = _latest(session, cycle)
    texts = [o for o in catalog.writers if o.id in standing or o.id in missing or o.id in excused]
    for office in (*cycles.expected_centres(catalog, cycle), *texts):
        received = latest.get(office.id)
        if office.id in missing and received is not None and not received.is_accepted:
            count = f"{len(received.problems)} 处须改"
            yield Handed(office.name, "refused", shanghai(received.received_at).date(), count)
        elif office.id in missing:
            yield Handed(office.name, "missing", note="退回后未重报" if office.id in standing else "")
        elif office.id in standing:
            yield Handed(office.name, "accepted", shanghai(standing[office.id].received_at).date())
        elif office.id in excused:
            yield Handed(office.name, "excused", note=excused[office.id].reason)


def _latest(session: Session, cycle: Cycle) -> dict[str, Submission | Narrative]:
    """Per office what it handed in last in this round, accepted or not."""
    found: dict[str, Submission | Narrative] = {}
    of_round = (Submission.cycle_id == cycle.id, Submission.round == cycle.round)
    for submission in session.scalars(select(Submission).where(*of_round).order_by(Submission.id)):
        found[submission.centre] = submission
    texts = (Narrative.cycle_id == cycle.id, Narrative.round == cycle.round)
    for narrative in session.scalars(select(Narrative).where(*texts).order_by(Narrative.id)):
        found[narrative.office] = narrative
    return found


def _audited(run: AuditRun | None) -> Audited | None:
    if run is None:
        return None
    unexplained = sum(f.severity == "warning" and not f.explanation for f in run.findings)
    return Audited(run.critical_count, run.warning_count, unexplained, run.report)


def _read_back(session: Session, release_id: int) -> ReadBackSummary | None:
    rows = list(session.scalars(select(ReadBack).where(ReadBack.release_id == release_id).order_by(ReadBack.id)))
    if not rows:
        return None
    return ReadBackSummary(
        figures=sum(row.figures for row in rows),
        files=sum(row.figures > 0 for row in rows),
        problems=tuple(problem for row in rows for problem in row.problems),
        at=max(row.checked_at for row in rows),
    )


def _released(session: Session, catalog: Catalog, cycle: Cycle, release: Release | None) -> Released | None:
    """The release, once it is signed for an hour or its publication has begun."""
    if release is None or (release.planned_for is None and release.published_at is None):
        return None
    rows = session.scalars(
        select(ChannelDelivery).where(ChannelDelivery.release_id == release.id, ChannelDelivery.action == "switch")
    )
    return Released(
        version=release.version,
        planned_for=release.planned_for,
        published_at=release.published_at,
        is_live=release.is_live,
        is_partial=release.is_partial,
        is_withdrawn=cycles.is_withdrawn(session, cycle, release),
        channels=tuple(
            ChannelState(catalog.channels[row.channel].name, row.state == "done", row.updated_at)
            for row in rows
            if row.channel in catalog.channels
        ),
        address=f"releases/{cycle.period_id}/index.html",
        read=_read_back(session, release.id),
    )
