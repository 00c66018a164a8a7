"""What our records themselves tell somebody to look at: reminders that do not arrive, emergencies not settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.cycle import revisions
from disclosure.cycle.view import CycleView
from disclosure.monitoring.board.facts import Concern
from disclosure.monitoring.board.standing import standing_findings
from disclosure.monitoring.reminders.duties import Duty
from disclosure.monitoring.reminders.outbox import uncertain
from disclosure.monitoring.reminders.sending import failing
from disclosure.monitoring.supervision.findings_repository import line_of
from disclosure.monitoring.supervision.schedule import absence
from disclosure.publication.closing import closure_of
from disclosure.records.installation import Installation
from disclosure.records.states import CycleStep, WithdrawalState
from disclosure.records.tables import Person

#: A letter that is under way for longer than this will not be heard of any more.
_UNDER_WAY = dt.timedelta(minutes=15)
#: Whoever was not reached by then has been reminded by the next letter.
_UNCERTAIN_DAYS = dt.timedelta(days=7)


def list_unreached(
    session: Session, catalog: Catalog, shown: Iterable[CycleView], owed: Iterable[Duty], now: dt.datetime
) -> Iterator[Concern]:
    """Yield what keeps people from hearing anything, as one sentence each, what keeps most of them from it first."""
    for state in failing(session, catalog):
        name = catalog.messengers[state.messenger].name if state.messenger in catalog.messengers else state.messenger
        yield Concern(f"{name}发不出提醒：{state.failure.rstrip('。')}。", state.failing_since)
    demos = {view.period for view in shown if view.is_demo}
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


def list_open_issues(session: Session, catalog: Catalog, opened: Iterable[CycleView]) -> Iterator[Concern]:
    """Yield closed cycles, corrections under way, withdrawals some channel does not show, revisions nobody answered."""
    for view in opened:
        if view.step is CycleStep.CLOSED and (closure := closure_of(session, view.id)):
            what = f"{view.period.label}已由{closure.person.name}关闭，不再办理。理由：{closure.reason}"
            yield Concern(what, closure.closed_at)
        label, withdrawal, correction, release = view.period.label, view.withdrawal, view.correction, view.published
        if withdrawal is not None and withdrawal.state is WithdrawalState.WITHDRAWING:
            what = f"{label}的撤回还没有在全部渠道办完，请再运行一次 disclosure withdraw。"
            yield Concern(what, withdrawal.withdrawn_at)
        elif withdrawal is not None and withdrawal.state is WithdrawalState.RESTORING:
            what = f"{label}恢复公开还没有在全部渠道办完，请再运行一次 disclosure restore。"
            yield Concern(what, withdrawal.restored_at)
        if correction is not None and release is not None and correction.version > release.version:
            what = f"{label}正在更正，将发布第 {correction.version} 版。原因：{correction.reason}"
            yield Concern(what, correction.begun_at)
    for row in revisions.unanswered(session, catalog):
        yield Concern(revisions.sentence(catalog, row), row.found_at)


def list_findings(session: Session, installation: Installation, now: dt.datetime) -> Iterator[Concern]:
    """Yield that supervision has not looked when it should have, and what it found that still holds, oldest first."""
    if told := absence(session, installation.settings, installation.catalog, now):
        yield Concern(told)
    for row in standing_findings(session, installation, now):
        line = line_of(row)
        yield Concern(f"{line.name}：{line.found}{line.mended}{line.todo}", row.first_seen)


def describe_emergencies(opened: Iterable[CycleView]) -> str:
    """Say how often the leader signed ahead of the reviews, and for which periods reviews are still owed."""
    urgent = [(one.published_at, view, one) for view in opened for one in view.releases if one.waived]
    published = sorted(((at, view, one) for at, view, one in urgent if at is not None), key=lambda each: each[0])
    if not published:
        return ""
    flagged = [(view, release) for _, view, release in published if release.cleared_at is None]
    sentence = f"紧急签发共 {len(published)} 次"
    if flagged:
        sentence += f"，尚待补审：{'、'.join(view.period.label for view, _ in flagged)}"
    disputed = [
        view.period.label
        for view, release in flagged
        if any(decision.outcome == "returned" for decision in view.made_in(release.round).values())
    ]
    if disputed:
        sentence += f"，补审发现问题、须更正：{'、'.join(disputed)}"
    return f"{sentence}。"
