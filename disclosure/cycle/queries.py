"""Opening cycles and asking where one stands: who must hand in, who has, who is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.calendar.periods import CycleKind, Period, parse_period
from disclosure.catalog import Catalog, GateId, Milestone, Office
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.states import PUBLISHED, CycleStep
from disclosure.records.subjects import decisions_of
from disclosure.records.tables import (
    Compilation,
    Correction,
    Cycle,
    Decision,
    Excuse,
    Narrative,
    Release,
    Submission,
    Withdrawal,
)

#: The six milestones in the order of the work.
MILESTONES: tuple[Milestone, ...] = get_args(Milestone)


def is_audit_ahead(session: Session, profile: str) -> bool:
    """Tell whether some round is collected or compiled now, and audited next."""
    ahead = Cycle.step.in_([CycleStep.COLLECT, CycleStep.AUDIT])
    return session.scalars(select(Cycle.id).where(Cycle.profile == profile, ahead).limit(1)).first() is not None


def open_cycle(
    session: Session,
    catalog: Catalog,
    period: Period,
    *,
    only: Iterable[str] = (),
    milestones: Mapping[Milestone, dt.date] | None = None,
    is_demo: bool = False,
    actor: str = "系统",
) -> Cycle:
    """Return the cycle of ``period``, opened now if it was not: opening twice changes nothing.

    ``only`` and ``milestones`` are for special cycles, whose content and dates are given when they open.

    Raises:
        DisclosureError: for a kind this profile does not disclose, ``only`` that fits no indicator, or dates
            that are out of order or of a dated cycle; and for a cycle that a person closed.
    """
    if period.kind not in catalog.profile.cycles:
        raise DisclosureError(f"“{catalog.profile.title}”不作{catalog.cycles[period.kind].name}披露，请核对周期。")
    patterns = list(only)
    if not catalog.indicators_for(period, only=patterns):
        raise DisclosureError(f"{period.label}没有要报送的指标（{'、'.join(patterns) or '全部'}），请核对。")
    dates = check_milestones(period, milestones or {})
    if cycle := find_cycle(session, catalog, period):
        if cycle.step is CycleStep.CLOSED:
            raise DisclosureError(f"{period.label}已关闭，不再办理；要重新办理，请运行 disclosure reopen {period.id}。")
        if (patterns and patterns != cycle.only) or (dates and dates != cycle.milestones):
            raise DisclosureError(
                f"{period.label}已经开启，报送指标（{'、'.join(cycle.only) or '全部'}）和节点日期不能再改。"
                "内容不同的专项请另取名称开启。"
            )
        return cycle
    cycle = Cycle(
        profile=catalog.profile.id,
        period_id=period.id,
        only=patterns,
        milestones=dates,
        is_demo=is_demo,
        opened_at=utc_now(),
    )
    session.add(cycle)
    session.flush()
    ledger.append(session, "cycle.opened", actor=actor, cycle_id=cycle.id, period=period.id)
    return cycle


def check_milestones(period: Period, milestones: Mapping[Milestone, dt.date]) -> dict[str, str]:
    """Return the dates of a special cycle as they are recorded (ISO), in the order of the work."""
    if milestones and period.kind != "special":
        raise DisclosureError(f"{period.label}的各节点日期由目录规定，不能在开启时另定；只有专项披露可以。")
    given = [(step, milestones[step]) for step in MILESTONES if step in milestones]
    for (_, earlier), (step, later) in pairwise(given):
        if later < earlier:
            raise DisclosureError(f"节点日期先后不对：{step} {later} 早于前一节点的 {earlier}，请核对。")
    return {step: day.isoformat() for step, day in given}


def find_cycle(session: Session, catalog: Catalog, period: Period) -> Cycle | None:
    """Return the cycle of ``period`` of this profile, or None."""
    return session.scalars(
        select(Cycle).where(Cycle.profile == catalog.profile.id, Cycle.period_id == period.id)
    ).one_or_none()


def get_cycle(session: Session, cycle_id: int) -> Cycle:
    """Return the cycle with this id, as this transaction sees it."""
    return session.get_one(Cycle, cycle_id)


def lock(session: Session, cycle: Cycle) -> None:
    """Wait until no other transaction changes this cycle, and see it as it is then; held until the end of ours."""
    session.refresh(cycle, with_for_update=True)


def due_period(catalog: Catalog, kind: CycleKind, moment: dt.datetime) -> Period:
    """Return the period that a run of a dated cycle at ``moment`` (aware) is about, by the Shanghai calendar.

    Raises:
        DisclosureError: for a special cycle, which no date implies.
    """
    if kind == "special":
        raise DisclosureError("专项披露没有固定日期，必须写明数据所属年份和专项名称。")
    return Period(shanghai(moment).year - catalog.cycles[kind].years_later, kind)


def period_of(cycle: Cycle) -> Period:
    """Return the period ``cycle`` is about."""
    return parse_period(cycle.period_id)


def expected_centres(catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Return the centres that owe figures in this cycle, in catalogue order."""
    asked = {i.centre for i in catalog.indicators_for(period_of(cycle), only=cycle.only)}
    return tuple(office for office in catalog.offices.values() if office.id in asked)


def centres_to_hand_in(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Return the centres that must hand in in the current round: all in the first, later those returned to."""
    return _asked_again(session, cycle, expected_centres(catalog, cycle))


def sections_to_write(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Return the offices that may hand in text in the current round: all writers at first, later those returned to."""
    return _asked_again(session, cycle, catalog.writers)


def _asked_again(session: Session, cycle: Cycle, offices: tuple[Office, ...]) -> tuple[Office, ...]:
    returned = returned_centres(session, cycle, cycle.round - 1) if cycle.round > 1 else {}
    return offices if cycle.round == 1 else tuple(office for office in offices if office.id in returned)


def returnable_offices(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Return whom reviewers may send the round back to: the centres, and offices that wrote or should have written."""
    written = set(standing_narratives(session, cycle))
    required = catalog.text_demand(period_of(cycle)) == "required"
    sections = tuple(office for office in catalog.writers if required or office.id in written)
    return (*expected_centres(catalog, cycle), *sections)


def returned_centres(session: Session, cycle: Cycle, round_number: int) -> dict[str, str]:
    """Centres and sections that a round's decisions, or the correction of it, sent back, with the words."""
    made = decisions(session, cycle, round_number).values()
    return returned_words(correction_of(session, cycle, round_number + 1), made, round_number)


def returned_words(correction: Correction | None, made: Iterable[Decision], round_number: int) -> dict[str, str]:
    """Return the offices that ``made`` in a round, or the ``correction`` that begins after it, sent back, with why."""
    if correction is not None and correction.round == round_number + 1:
        return dict.fromkeys(correction.offices, f"{correction.person.name}：{correction.reason}")
    found: dict[str, str] = {}
    for decision in made:
        for centre in decision.returned_to:
            words = f"{decision.person.name}：{decision.opinion}"
            found[centre] = f"{found[centre]}\n{words}" if centre in found else words
    return found


def standing_submissions(session: Session, cycle: Cycle, until_round: int | None = None) -> dict[str, Submission]:
    """Return per centre the accepted submission that counts: the newest of the latest round (or of ``until_round``)."""
    rows = session.scalars(
        select(Submission)
        .where(
            Submission.cycle_id == cycle.id, Submission.is_accepted, Submission.round <= (until_round or cycle.round)
        )
        .order_by(Submission.round, Submission.received_at, Submission.id)
    )
    return {submission.centre: submission for submission in rows}


def standing_narratives(session: Session, cycle: Cycle, until_round: int | None = None) -> dict[str, Narrative]:
    """Return per office the accepted text that counts: the newest of the latest round (or of ``until_round``)."""
    rows = session.scalars(
        select(Narrative)
        .where(Narrative.cycle_id == cycle.id, Narrative.is_accepted, Narrative.round <= (until_round or cycle.round))
        .order_by(Narrative.round, Narrative.received_at, Narrative.id)
    )
    return {narrative.office: narrative for narrative in rows}


def excuses(session: Session, cycle: Cycle, until_round: int | None = None) -> dict[str, Excuse]:
    """Return the centres and sections the compiler goes on without, in any round so far (or up to ``until_round``)."""
    rows = session.scalars(
        select(Excuse)
        .where(Excuse.cycle_id == cycle.id, Excuse.round <= (until_round or cycle.round))
        .order_by(Excuse.round)
    )
    return {excuse.centre: excuse for excuse in rows}


def missing_centres(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Centres, and sections with their text, that the current round still waits for."""
    return still_missing(
        catalog,
        cycle,
        returned_centres(session, cycle, cycle.round - 1) if cycle.round > 1 else {},
        {**standing_submissions(session, cycle), **standing_narratives(session, cycle)},
        excuses(session, cycle).values(),
    )


def still_missing(
    catalog: Catalog,
    cycle: Cycle,
    returned: Collection[str],
    standing: Mapping[str, Submission | Narrative],
    excused: Iterable[Excuse],
) -> tuple[Office, ...]:
    """Return whom the current round waits for: in the first all centres and required texts, later what was returned."""
    offices: tuple[Office, ...] = (*expected_centres(catalog, cycle), *catalog.writers)
    if cycle.round > 1:
        offices = tuple(office for office in offices if office.id in returned)
    elif catalog.text_demand(period_of(cycle)) != "required":
        offices = expected_centres(catalog, cycle)
    done = {excuse.centre for excuse in excused if excuse.round == cycle.round}
    done |= {office for office, row in standing.items() if cycle.round in (1, row.round)}
    return tuple(office for office in offices if office.id not in done)


def decisions(session: Session, cycle: Cycle, round_number: int) -> dict[GateId, Decision]:
    """Return the decisions of one round, by gate."""
    return decisions_of(session, cycle, round_number)


def compilation_of(session: Session, cycle: Cycle) -> Compilation | None:
    """Return the compilation of the current round, once it exists."""
    return session.scalars(
        select(Compilation).where(Compilation.cycle_id == cycle.id, Compilation.round == cycle.round)
    ).one_or_none()


def release_of(session: Session, cycle: Cycle) -> Release | None:
    """Return the rendered release of the current round, once it exists."""
    return session.scalars(
        select(Release).where(Release.cycle_id == cycle.id, Release.round == cycle.round)
    ).one_or_none()


def published_release(session: Session, cycle: Cycle) -> Release | None:
    """Return the newest version that was published, withdrawn or not; the current round may be correcting it."""
    return session.scalars(
        select(Release)
        .where(Release.cycle_id == cycle.id, Release.state.in_(PUBLISHED))
        .order_by(Release.version.desc())
        .limit(1)
    ).first()


def correction_of(session: Session, cycle: Cycle, round_number: int | None = None) -> Correction | None:
    """Return the correction that this round (or ``round_number``) belongs to; None in rounds of the first version."""
    return session.scalars(
        select(Correction)
        .where(Correction.cycle_id == cycle.id, Correction.round <= (round_number or cycle.round))
        .order_by(Correction.round.desc())
        .limit(1)
    ).first()


def withdrawal_of(session: Session, cycle: Cycle) -> Withdrawal | None:
    """Return the latest withdrawal, whatever became of it."""
    return session.scalars(
        select(Withdrawal).where(Withdrawal.cycle_id == cycle.id).order_by(Withdrawal.number.desc()).limit(1)
    ).first()
