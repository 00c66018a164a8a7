"""The one way in which a deadline moves: by a supervisor or the leader, proven by a one-time code, with a reason.

The publication of a statutory cycle never moves past its legal date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from disclosure.calendar.periods import Period
from disclosure.calendar.workdays import on_or_before
from disclosure.catalog import Catalog, Milestone, RoleId
from disclosure.cycle import queries
from disclosure.cycle.deadlines import Deadline, deadlines_of, find_deadline
from disclosure.platform.clock import end_of_day, format_day, format_moment, shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.tables import Cycle, DeadlineMove, Person
from disclosure.review.identify import Needs, Proof, explain_refusal, identify, need_role
from disclosure.review.refusals import Refusal, RefusalCode

#: Who may move a deadline.
MOVERS: tuple[RoleId, ...] = ("supervisor", "leader")
SHORTEST_REASON = 4


@dataclass(frozen=True)
class NewDate:
    """The day to which a milestone of a period is to move."""

    period: Period
    milestone: Milestone
    day: dt.date


def move_deadline(work: Work, wanted: NewDate, proof: Proof) -> Deadline | Refusal:
    """Set a milestone anew and return its deadline, or why it is not moved; commit either way.

    Raises:
        DisclosureError: when the day is in a year whose holidays are not known, or somebody else moves a date of
            the same period at this moment.
    """
    session, catalog = work.session, work.catalog
    cycle = queries.find_cycle(session, catalog, wanted.period)
    if cycle is not None:
        queries.lock(session, cycle)
    against = list(_object_to_move(work, wanted, proof))
    deadlines = deadlines_of(session, catalog, wanted.period)
    person = identify(work, proof, needs=_need_mover(catalog), used_for="move_deadline", against=against)
    if isinstance(person, Refusal):
        return person
    before = next(d for d in deadlines if d.milestone == wanted.milestone)
    reason = proof.reason.strip()
    _record(work, before, wanted.day, person, reason)
    ledger.append(
        session,
        "deadline.moved",
        actor=person.name,
        cycle_id=cycle.id if cycle else None,
        period=wanted.period.id,
        milestone=wanted.milestone,
        before=before.due.isoformat(),
        day=wanted.day.isoformat(),
        legal=before.legal.isoformat(),
        reason=reason,
    )
    moved = find_deadline(session, catalog, wanted.period, wanted.milestone)
    assert moved is not None  # noqa: S101 - it was there before
    return moved


def explain_immovable(work: Work, wanted: NewDate, proof: Proof) -> Refusal | None:
    """Return why this milestone cannot move so, whatever the code; None when only the code is left to be checked.

    Raises:
        DisclosureError: when the day is in a year whose holidays are not known.
    """
    against = _object_to_move(work, wanted, proof)
    return explain_refusal(work, proof, needs=_need_mover(work.catalog), against=against)


def _need_mover(catalog: Catalog) -> Needs:
    may = "、".join(catalog.roles[role].name for role in MOVERS)
    return need_role(MOVERS, f"“{{name}}”不能改期：改期须由{may}作出。")


def _object_to_move(work: Work, wanted: NewDate, proof: Proof) -> Iterator[Refusal]:
    deadlines = deadlines_of(work.session, work.catalog, wanted.period)
    yield from object_to_date(work.catalog, deadlines, wanted, proof.reason, shanghai(proof.at).date())
    cycle = queries.find_cycle(work.session, work.catalog, wanted.period)
    if cycle is not None:
        yield from _object_to_published(work.session, cycle, wanted)


def object_to_date(
    catalog: Catalog, deadlines: Sequence[Deadline], wanted: NewDate, reason: str, today: dt.date
) -> Iterator[Refusal]:
    """Give everything that stands against a new date. Pure but for the year that is not known.

    Of a period or a milestone that has no dates there is no more to say.
    """
    period = wanted.period
    if period.kind not in catalog.profile.cycles:
        sentence = f"“{catalog.profile.title}”不作{catalog.cycles[period.kind].name}披露，请核对周期。"
        yield Refusal(RefusalCode.NO_SUCH_DEADLINE, sentence)
        return
    at = next((place for place, d in enumerate(deadlines) if d.milestone == wanted.milestone), None)
    if at is None:
        name = catalog.milestone_facts[wanted.milestone].name
        sentence = f"{period.label}没有“{name}”的日期：专项的日期在开启时给出，没有给出的节点不能改期。"
        yield Refusal(RefusalCode.NO_SUCH_DEADLINE, sentence)
        return
    if len(reason.strip()) < SHORTEST_REASON:
        yield Refusal(RefusalCode.UNFIT_REASON, f"改期必须写明理由（至少 {SHORTEST_REASON} 个字）。")
    yield from (
        Refusal(RefusalCode.UNFIT_DAY, fault) for fault in _faults_of_day(catalog, deadlines, at, wanted.day, today)
    )


def _faults_of_day(
    catalog: Catalog, deadlines: Sequence[Deadline], at: int, day: dt.date, today: dt.date
) -> Iterator[str]:
    present = deadlines[at]
    period = present.period
    if day == present.due:
        yield f"{period.label}“{present.name}”的日期已经是 {format_day(day)}，不用改。"
        return
    if present.milestone == "publish" and period.kind != "special" and day > present.legal:
        yield f"{period.label}的法定披露日期是 {format_day(present.legal)}，发布不能改到它之后。"
        return
    if at and day < (before := deadlines[at - 1]).due:
        yield f"“{present.name}”不能早于前一节点“{before.name}”的 {format_day(before.due)}，请先改前一节点。"
    if at + 1 < len(deadlines) and day > (after := deadlines[at + 1]).due:
        yield f"“{present.name}”不能晚于后一节点“{after.name}”的 {format_day(after.due)}，请先改后一节点。"
    planned = on_or_before(day, catalog.holidays).binding()
    rest = f"{format_day(day)}是休息日，工作安排是 {format_day(planned)}，" if planned < day else f"{format_day(day)}"
    if planned < today:
        yield f"{rest}已经过去，请另选日期。"
    elif period.kind != "special" and planned <= period.end:
        yield f"{rest}在{period.label}结束（{format_day(period.end)}）之前，那时还没有数据，请另选日期。"


def _object_to_published(session: Session, cycle: Cycle, wanted: NewDate) -> Iterator[Refusal]:
    release = queries.release_of(session, cycle)
    label = queries.period_of(cycle).label
    if release is None:
        return
    if release.published_at is not None:
        yield Refusal(RefusalCode.PUBLISHED, f"{label}已经发布，不用再改期。")
    elif (
        wanted.milestone == "publish"
        and release.planned_for is not None
        and release.planned_for > end_of_day(wanted.day)
    ):
        hour = format_moment(release.planned_for)
        yield Refusal(RefusalCode.SIGNED, f"{label}已签发，定于 {hour} 发布，发布不能改到它之前。")


def _record(work: Work, before: Deadline, day: dt.date, person: Person, reason: str) -> None:
    of_period = (DeadlineMove.profile == work.catalog.profile.id, DeadlineMove.period_id == before.period.id)
    made = work.session.scalar(select(func.count()).select_from(DeadlineMove).where(*of_period)) or 0
    work.session.add(
        DeadlineMove(
            profile=work.catalog.profile.id,
            period_id=before.period.id,
            number=made + 1,
            milestone=before.milestone,
            before=before.due,
            day=day,
            reason=reason,
            person_id=person.id,
            moved_at=work.now,
        )
    )
    try:
        work.session.flush()
    except IntegrityError as error:
        raise DisclosureError(
            f"{before.period.label}的日期刚刚有人改过，请看过新的日期（disclosure calendar）再改。"
        ) from error
