"""What our records themselves tell somebody to look at: reminders that do not arrive, emergencies not settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles, revisions
from disclosure.catalog import Catalog
from disclosure.deadlines import CyclePlan
from disclosure.overview.facts import Concern
from disclosure.records.tables import Cycle, Person, Release
from disclosure.reminders.duties import Duty
from disclosure.reminders.outbox import uncertain
from disclosure.reminders.sending import failing
from disclosure.supervision.book import line_of, open_findings
from disclosure.supervision.mornings import absence
from disclosure.workplace import Workplace

#: A letter that is under way for longer than this will not be heard of any more.
_UNDER_WAY = dt.timedelta(minutes=15)
#: Whoever was not reached by then has been reminded by the next letter.
_UNCERTAIN_DAYS = dt.timedelta(days=7)


def concerns(
    session: Session, catalog: Catalog, plans: Sequence[CyclePlan], owed: Iterable[Duty], now: dt.datetime
) -> Iterator[Concern]:
    """Each as one sentence, those that keep most people from hearing anything first."""
    for state in failing(session, catalog):
        name = catalog.messengers[state.messenger].name if state.messenger in catalog.messengers else state.messenger
        yield Concern(f"{name}发不出提醒：{state.failure.rstrip('。')}。", state.failing_since)
    demos = {own.period for own in plans if own.cycle is not None and own.cycle.is_demo}
    waited_for = {p.id for d in owed if d.since and d.deadline.period not in demos for p in d.people}
    names = session.scalars(
        select(Person.name)
        .where(Person.id.in_(waited_for), Person.messenger.not_in(list(catalog.messengers)))
        .order_by(Person.id)
    ).all()
    if names:
        yield Concern(f"有事待办而没有登记联系方式，提醒不到：{'、'.join(names)}。")
    lost: dict[str, dt.datetime] = {}
    for row in uncertain(session, catalog, now - _UNDER_WAY):
        if row.updated_at > now - _UNCERTAIN_DAYS:
            lost[row.person.name] = row.updated_at
    if lost:
        yield Concern(f"不能确定提醒是否送到，请问一下：{'、'.join(lost)}。", min(lost.values()))


def doubts(session: Session, catalog: Catalog) -> Iterator[Concern]:
    """Corrections under way, withdrawals that are not seen on every channel yet, and revisions nobody answered."""
    for cycle in session.scalars(select(Cycle).where(Cycle.profile == catalog.profile.id).order_by(Cycle.id)):
        label, withdrawal = cycles.period_of(cycle).label, cycles.withdrawal_of(session, cycle)
        if withdrawal is not None and withdrawal.state == "withdrawing":
            what = f"{label}的撤回还没有在全部渠道办完，请再运行一次 disclosure withdraw。"
            yield Concern(what, withdrawal.withdrawn_at)
        elif withdrawal is not None and withdrawal.state == "restoring":
            what = f"{label}恢复公开还没有在全部渠道办完，请再运行一次 disclosure restore。"
            yield Concern(what, withdrawal.restored_at)
        correction = cycles.correction_of(session, cycle)
        release = cycles.published_release(session, cycle)
        if correction is not None and release is not None and correction.version > release.version:
            what = f"{label}正在更正，将发布第 {correction.version} 版。原因：{correction.reason}"
            yield Concern(what, correction.begun_at)
    for row in revisions.unanswered(session, catalog):
        yield Concern(revisions.sentence(catalog, row), row.found_at)


def supervised(session: Session, place: Workplace, now: dt.datetime) -> Iterator[Concern]:
    """What supervision found and what is still open, oldest first; and that it has not looked, when it should have."""
    if told := absence(session, place.settings, place.catalog, now):
        yield Concern(told)
    for row in open_findings(session, place.catalog.profile.id):
        line = line_of(row)
        yield Concern(f"{line.name}：{line.found}{line.mended}{line.todo}", row.first_seen)


def emergencies(session: Session, catalog: Catalog) -> str:
    """How often the leader signed ahead of the reviews, and for which periods reviews are still owed; often empty."""
    rows = session.execute(
        select(Release, Cycle)
        .join(Cycle, Release.cycle_id == Cycle.id)
        .where(Cycle.profile == catalog.profile.id, Release.published_at.is_not(None))
        .order_by(Release.published_at)
    ).all()
    urgent = [(release, cycle) for release, cycle in rows if release.waived]
    if not urgent:
        return ""
    flagged = [(c, cycles.decisions(session, c, r.round)) for r, c in urgent if r.cleared_at is None]
    disputed = [cycle for cycle, made in flagged if any(d.outcome == "returned" for d in made.values())]
    sentence = f"紧急签发共 {len(urgent)} 次"
    if flagged:
        sentence += f"，尚待补审：{'、'.join(cycles.period_of(cycle).label for cycle, _ in flagged)}"
    if disputed:
        sentence += f"，补审发现问题、须更正：{'、'.join(cycles.period_of(cycle).label for cycle in disputed)}"
    return f"{sentence}。"
