"""Opening cycles and asking where one stands: who must hand in, who has, who is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, Milestone, Office
from disclosure.clock import shanghai, utc_now
from disclosure.errors import DisclosureError
from disclosure.periods import CycleKind, Period, parse_period
from disclosure.records import ledger
from disclosure.records.correction_tables import Correction, Withdrawal
from disclosure.records.subjects import decisions_of
from disclosure.records.tables import Compilation, Cycle, Decision, Excuse, Narrative, Release, Submission

#: The steps of a cycle in order, with what people read in ``status``.
STEPS: Mapping[str, str] = {
    "collect": "报送",
    "compile": "汇总",
    "audit": "数据检查",
    "review": "审核",
    "sign_off": "局领导审核",
    "publish": "发布",
    "later_review": "补审",
    "archive": "已发布",
}


#: The six milestones in the order of the work.
MILESTONES: tuple[Milestone, ...] = get_args(Milestone)


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
    """The cycle of ``period``, opened now if it was not: opening twice changes nothing.

    ``only`` and ``milestones`` are for special cycles, whose content and dates are given when they open.

    Raises:
        DisclosureError: for a kind this profile does not disclose, ``only`` that fits no indicator, or dates
            that are out of order or of a dated cycle.
    """
    if period.kind not in catalog.profile.cycles:
        raise DisclosureError(f"“{catalog.profile.title}”不作{catalog.cycles[period.kind].name}披露，请核对周期。")
    patterns = list(only)
    if not catalog.indicators_for(period, only=patterns):
        raise DisclosureError(f"{period.label}没有要报送的指标（{'、'.join(patterns) or '全部'}），请核对。")
    dates = check_milestones(period, milestones or {})
    if cycle := find_cycle(session, catalog, period):
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
    """The dates of a special cycle as they are recorded (ISO), in the order of the work."""
    if milestones and period.kind != "special":
        raise DisclosureError(f"{period.label}的各节点日期由目录规定，不能在开启时另定；只有专项披露可以。")
    given = [(step, milestones[step]) for step in MILESTONES if step in milestones]
    for (_, earlier), (step, later) in pairwise(given):
        if later < earlier:
            raise DisclosureError(f"节点日期先后不对：{step} {later} 早于前一节点的 {earlier}，请核对。")
    return {step: day.isoformat() for step, day in given}


def find_cycle(session: Session, catalog: Catalog, period: Period) -> Cycle | None:
    """The cycle of ``period`` of this profile, or None."""
    return session.scalars(
        select(Cycle).where(Cycle.profile == catalog.profile.id, Cycle.period_id == period.id)
    ).one_or_none()


def get_cycle(session: Session, cycle_id: int) -> Cycle:
    """The cycle with this id, as this transaction sees it."""
    return session.get_one(Cycle, cycle_id)


def lock(session: Session, cycle: Cycle) -> None:
    """Wait until no other transaction changes this cycle, and see it as it is then; held until the end of ours."""
    session.refresh(cycle, with_for_update=True)


def due_period(catalog: Catalog, kind: CycleKind, moment: dt.datetime) -> Period:
    """The period that a run of a dated cycle at ``moment`` (aware) is about, by the Shanghai calendar.

    Raises:
        DisclosureError: for a special cycle, which no date implies.
    """
    if kind == "special":
        raise DisclosureError("专项披露没有固定日期，必须写明数据所属年份和专项名称。")
    return Period(shanghai(moment).year - catalog.cycles[kind].years_later, kind)


def period_of(cycle: Cycle) -> Period:
    """The period ``cycle`` is about."""
    return parse_period(cycle.period_id)


def enter(session: Session, cycle: Cycle, step: str) -> bool:
    """Note where the cycle stands, for people to read; whether it stood elsewhere before."""
    if cycle.step == step:
        return False
    cycle.step = step
    ledger.append(session, "cycle.entered", actor="系统", cycle_id=cycle.id, step=step, round=cycle.round)
    return True


def expected_centres(catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Centres that owe figures in this cycle, in catalogue order."""
    asked = {i.centre for i in catalog.indicators_for(period_of(cycle), only=cycle.only)}
    return tuple(office for office in catalog.offices.values() if office.id in asked)


def centres_to_hand_in(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Centres that must hand in in the current round: all in the first, later those returned to."""
    expected = expected_centres(catalog, cycle)
    if cycle.round == 1:
        return expected
    returned = returned_centres(session, cycle, cycle.round - 1)
    return tuple(office for office in expected if office.id in returned)


def sections_to_write(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Offices that may hand in text in the current round: all writers in the first, later those returned to."""
    if cycle.round == 1:
        return catalog.writers
    returned = returned_centres(session, cycle, cycle.round - 1)
    return tuple(office for office in catalog.writers if office.id in returned)


def awaited_sections(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Offices whose text the current round waits for: where it is required, and whatever was returned."""
    waits = cycle.round > 1 or catalog.text_demand(period_of(cycle)) == "required"
    return sections_to_write(session, catalog, cycle) if waits else ()


def returnable_offices(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Whom reviewers may send the round back to: the centres, and offices that wrote or should have written."""
    written = set(standing_narratives(session, cycle))
    required = catalog.text_demand(period_of(cycle)) == "required"
    sections = tuple(office for office in catalog.writers if required or office.id in written)
    return (*expected_centres(catalog, cycle), *sections)


def returned_centres(session: Session, cycle: Cycle, round_number: int) -> dict[str, str]:
    """Centres and sections that a round's decisions, or the correction of it, sent back, with the words."""
    found: dict[str, str] = {}
    correction = correction_of(session, cycle, round_number + 1)
    if correction is not None and correction.round == round_number + 1:
        return dict.fromkeys(correction.offices, f"{correction.person.name}：{correction.reason}")
    for decision in decisions(session, cycle, round_number).values():
        for centre in decision.returned_to:
            words = f"{decision.person.name}：{decision.opinion}"
            found[centre] = f"{found[centre]}\n{words}" if centre in found else words
    return found


def standing_submissions(session: Session, cycle: Cycle, until_round: int | None = None) -> dict[str, Submission]:
    """Per centre the accepted submission that counts: the newest of the latest round (or of ``until_round``)."""
    rows = session.scalars(
        select(Submission)
        .where(
            Submission.cycle_id == cycle.id, Submission.is_accepted, Submission.round <= (until_round or cycle.round)
        )
        .order_by(Submission.round, Submission.received_at, Submission.id)
    )
    return {submission.centre: submission for submission in rows}


def standing_narratives(session: Session, cycle: Cycle, until_round: int | None = None) -> dict[str, Narrative]:
    """Per office the accepted text that counts: the newest of the latest round (or of ``until_round``)."""
    rows = session.scalars(
        select(Narrative)
        .where(Narrative.cycle_id == cycle.id, Narrative.is_accepted, Narrative.round <= (until_round or cycle.round))
        .order_by(Narrative.round, Narrative.received_at, Narrative.id)
    )
    return {narrative.office: narrative for narrative in rows}


def excuses(session: Session, cycle: Cycle, until_round: int | None = None) -> dict[str, Excuse]:
    """Centres and sections the compiler goes on without, in any round so far (or up to ``until_round``)."""
    rows = session.scalars(
        select(Excuse)
        .where(Excuse.cycle_id == cycle.id, Excuse.round <= (until_round or cycle.round))
        .order_by(Excuse.round)
    )
    return {excuse.centre: excuse for excuse in rows}


def missing_centres(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Office, ...]:
    """Centres, and sections with their text, that the current round still waits for."""
    standing: dict[str, Submission | Narrative] = {
        **standing_submissions(session, cycle),
        **standing_narratives(session, cycle),
    }
    excused = {centre for centre, excuse in excuses(session, cycle).items() if excuse.round == cycle.round}
    return tuple(
        office
        for office in (
            *centres_to_hand_in(session, catalog, cycle),
            *awaited_sections(session, catalog, cycle),
        )
        if office.id not in excused
        and (office.id not in standing or (cycle.round > 1 and standing[office.id].round < cycle.round))
    )


def decisions(session: Session, cycle: Cycle, round_number: int) -> dict[str, Decision]:
    """The decisions of one round, by gate."""
    return decisions_of(session, cycle, round_number)


def compilation_of(session: Session, cycle: Cycle) -> Compilation | None:
    """The compilation of the current round, once it exists."""
    return session.scalars(
        select(Compilation).where(Compilation.cycle_id == cycle.id, Compilation.round == cycle.round)
    ).one_or_none()


def release_of(session: Session, cycle: Cycle) -> Release | None:
    """The rendered release of the current round, once it exists."""
    return session.scalars(
        select(Release).where(Release.cycle_id == cycle.id, Release.round == cycle.round)
    ).one_or_none()


def published_release(session: Session, cycle: Cycle) -> Release | None:
    """The newest version that was published, withdrawn or not; the current round may be correcting it."""
    return session.scalars(
        select(Release).where(Release.cycle_id == cycle.id, Release.is_live).order_by(Release.version.desc()).limit(1)
    ).first()


def correction_of(session: Session, cycle: Cycle, round_number: int | None = None) -> Correction | None:
    """The correction that the current round (or ``round_number``) belongs to; None in rounds of the first version."""
    return session.scalars(
        select(Correction)
        .where(Correction.cycle_id == cycle.id, Correction.round <= (round_number or cycle.round))
        .order_by(Correction.round.desc())
        .limit(1)
    ).first()


def withdrawal_of(session: Session, cycle: Cycle) -> Withdrawal | None:
    """The latest withdrawal, whatever became of it."""
    return session.scalars(
        select(Withdrawal).where(Withdrawal.cycle_id == cycle.id).order_by(Withdrawal.number.desc()).limit(1)
    ).first()


def is_withdrawn(session: Session, cycle: Cycle, release: Release) -> bool:
    """Whether the public is not to see ``release``."""
    withdrawal = withdrawal_of(session, cycle)
    return withdrawal is not None and withdrawal.is_effective and release.version <= withdrawal.version
