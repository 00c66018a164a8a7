"""Where a cycle stands: what the plan wants of it beside all that our records have of it.

``load_views`` reads any number of cycles with the same few statements; a ``CycleView`` itself asks the records nothing.
Who may decide is a rule of the review and not told here, only who did.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, defer, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, DatedGate, GateId, Milestone, Office
from disclosure.cycle import queries
from disclosure.cycle.deadlines import CyclePlan, cycle_plan
from disclosure.platform.clock import shanghai
from disclosure.records.states import COMPILED, PUBLIC, PUBLISHED, REVIEWED, SIGNED, UNDER_WAY, AskState, ReleaseState
from disclosure.records.tables import (
    Ask,
    AuditRun,
    ChannelDelivery,
    Compilation,
    Correction,
    Cycle,
    Decision,
    Excuse,
    Finding,
    Narrative,
    ReadBack,
    Release,
    Submission,
    Withdrawal,
)

DeliveryState = Literal["accepted", "refused", "missing", "excused"]
HandIn = Submission | Narrative
_Row = TypeVar("_Row", Submission, Narrative, Excuse, Ask, Decision, Release, Correction, Withdrawal)
_T = TypeVar("_T")
_OfRelease = TypeVar("_OfRelease", ChannelDelivery, ReadBack)
_ByCycle = dict[int | None, list[_T]]

#: The milestone by which each gate should have decided.
MILESTONE_OF_GATE: Mapping[DatedGate, Milestone] = {
    "policy": "review",
    "finance": "review",
    "confidentiality": "confidentiality",
    "leader": "sign_off",
}


@dataclass(frozen=True)
class OfficeDelivery:
    """What one office has handed in for the round at hand; ``on`` is the Shanghai day, ``note`` a reason or a count."""

    office: str
    state: DeliveryState
    on: dt.date | None = None
    note: str = ""


@dataclass(frozen=True)
class AuditSummary:
    """What the data audit of a round found, in findings; ``report``: its path below ``/reports``."""

    critical: int
    warnings: int
    unexplained: int
    report: str


@dataclass(frozen=True)
class CompiledRound:
    """One round's compilation, and its audit once it ran."""

    round: int
    compiled_at: dt.datetime
    audit: AuditSummary | None = None


@dataclass(frozen=True)
class ReadBackSummary:
    """The latest reading back of a release: ``figures`` read out of ``files``, what was wrong, and when."""

    figures: int
    files: int
    problems: tuple[str, ...]
    at: dt.datetime


@dataclass(frozen=True)
class CycleView(CyclePlan):
    """One cycle of the plan as it stood in one transaction; nothing but the plan while it is not opened.

    Rows of all rounds are in the order in which they were made. ``missing``: offices that the current round waits for;
    ``returned``: those it was sent back to, with the words; ``writers``: those that write texts; ``standing``: the
    newest accepted workbook or text of each. ``ask`` is open; ``made`` are the current round's decisions by gate,
    ``compilation`` and ``release`` its own, with ``switches`` and ``read_back`` of that release. ``published`` is the
    newest version that the public read, withdrawn or not; ``correction`` the one that the current round belongs to;
    ``withdrawal`` the latest, whatever became of it; ``is_withdrawn``: the public is not to see ``release``.
    """

    id: int = 0
    step: str = ""
    round: int = 0
    opened_at: dt.datetime | None = None
    is_demo: bool = False
    driver_run_id: str = ""
    returned: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[Office, ...] = ()
    writers: tuple[Office, ...] = ()
    hand_ins: tuple[HandIn, ...] = ()
    standing: Mapping[str, HandIn] = field(default_factory=dict)
    excuses: tuple[Excuse, ...] = ()
    compiled: tuple[CompiledRound, ...] = ()
    compilation: CompiledRound | None = None
    asks: tuple[Ask, ...] = ()
    ask: Ask | None = None
    decisions: tuple[Decision, ...] = ()
    made: Mapping[GateId, Decision] = field(default_factory=dict)
    releases: tuple[Release, ...] = ()
    release: Release | None = None
    published: Release | None = None
    switches: tuple[ChannelDelivery, ...] = ()
    read_back: ReadBackSummary | None = None
    correction: Correction | None = None
    withdrawal: Withdrawal | None = None
    is_withdrawn: bool = False

    @property
    def is_opened(self) -> bool:
        """Whether our records have it."""
        return self.cycle is not None

    @property
    def is_run_replaced(self) -> bool:
        """Whether another run than the one that put the open question drives the cycle now, and will put it again."""
        return self.ask is not None and self.driver_run_id not in {"", self.ask.flow_run_id}

    @property
    def answerable_run_id(self) -> str:
        """The run whose form can be answered; empty for none."""
        return "" if self.ask is None or self.is_run_replaced else self.ask.flow_run_id

    @property
    def is_under_way(self) -> bool:
        """Whether it is opened, and neither archived nor closed."""
        return self.step in UNDER_WAY

    @property
    def audit(self) -> AuditSummary | None:
        """What the audit of the current round found."""
        return self.compilation.audit if self.compilation else None

    @property
    def planned_for(self) -> dt.datetime | None:
        """The hour signed for a publication that is still to come."""
        waits = self.step == "publish" and self.release is not None and self.release.published_at is None
        return self.release.planned_for if waits and self.release else None

    def made_in(self, round_number: int) -> dict[str, Decision]:
        """Return the decisions of one round, by gate."""
        return {decision.gate: decision for decision in self.decisions if decision.round == round_number}

    @property
    def begun_on(self) -> dt.date | None:
        """The Shanghai day on which the current round began: the cycle was opened, or sent back."""
        before = [decision.decided_at for decision in self.made_in(self.round - 1).values()]
        begun_at = max(before) if before else self.opened_at
        return shanghai(begun_at).date() if begun_at else None

    def first_asked_on(self, step: str) -> dt.date | None:
        """Return the Shanghai day on which the current round first asked; asking again does not begin the time anew."""
        moments = [ask.asked_at for ask in self.asks if (ask.round, ask.step) == (self.round, step)]
        return shanghai(min(moments)).date() if moments else None

    def last_refusal(self, step: str) -> str:
        """Return why the latest answer at ``step`` was not taken; empty when it was, or nobody has answered yet."""
        asked = [ask for ask in self.asks if (ask.round, ask.step) == (self.round, step)]
        answers = [answer for ask in asked for answer in ask.answers]
        return answers[-1].refusal if answers else ""

    @property
    def deliveries(self) -> Iterator[OfficeDelivery]:
        """Every office that owes figures or text, with what counts of it now."""
        standing, missing = self.standing, {office.id for office in self.missing}
        excused = {excuse.centre: excuse for excuse in self.excuses}
        of_round = sorted((row for row in self.hand_ins if row.round == self.round), key=lambda row: row.id)
        latest = {_office_of(row): row for row in of_round}
        for office in (*self.centres, *self.writers):
            received = latest.get(office.id)
            if office.id in missing and received is not None and not received.is_accepted:
                on = shanghai(received.received_at).date()
                yield OfficeDelivery(office.name, "refused", on, f"{len(received.problems)} 处须改")
            elif office.id in missing:
                yield OfficeDelivery(office.name, "missing", note="退回后未重报" if office.id in standing else "")
            elif office.id in standing:
                yield OfficeDelivery(office.name, "accepted", shanghai(standing[office.id].received_at).date())
            elif office.id in excused:
                yield OfficeDelivery(office.name, "excused", note=excused[office.id].reason)

    @property
    def done_on(self) -> dict[Milestone, dt.date]:
        """The Shanghai day on which each milestone of the current round was done, where our records say."""
        moments: dict[Milestone, list[dt.datetime]] = defaultdict(list)
        moments["draft"] = [row.received_at for row in self.standing.values() if isinstance(row, Submission)]
        moments["compile"] = [self.compilation.compiled_at] if self.compilation else []
        for gate, milestone in MILESTONE_OF_GATE.items():
            moments[milestone] += [self.made[gate].decided_at] if gate in self.made else []
        if self.release and self.release.state in PUBLISHED and self.release.published_at:
            moments["publish"] = [self.release.published_at]
        return {milestone: shanghai(max(done)).date() for milestone, done in moments.items() if done}

    @property
    def milestones_done(self) -> frozenset[Milestone]:
        """What the current round has behind it: what was returned is to be done again. A correction has no dates."""
        if self.correction:
            return frozenset(queries.MILESTONES)
        is_reviewed = self.step in REVIEWED
        approved = {gate for gate, decision in self.made.items() if decision.outcome == "approved"}
        waiting = {of for gate, of in MILESTONE_OF_GATE.items() if gate not in approved}
        done: dict[Milestone, bool] = {
            "draft": self.step in COMPILED or not self.missing,
            "compile": self.step in COMPILED,
            "review": is_reviewed or "review" not in waiting,
            "confidentiality": is_reviewed or "confidentiality" not in waiting,
            "sign_off": self.step in SIGNED,
            "publish": self.step in PUBLIC,
        }
        return frozenset(milestone for milestone, is_done in done.items() if is_done)


def load_view(session: Session, catalog: Catalog, period: Period) -> CycleView:
    """Read where the cycle of ``period`` stands."""
    return load_views(session, catalog, [cycle_plan(session, catalog, period)])[0]


def load_views(session: Session, catalog: Catalog, plans: Sequence[CyclePlan]) -> list[CycleView]:
    """Read where the cycles of ``plans`` stand, in their order; the number of statements does not grow with them."""
    ids = [plan.cycle.id for plan in plans if plan.cycle is not None]
    by_round, texts_by_round = ((table.round, table.received_at, table.id) for table in (Submission, Narrative))
    submissions = _read(session, Submission, ids, *by_round)
    narratives = _read(session, Narrative, ids, *texts_by_round, options=[defer(Narrative.sections)])
    excuses = _read(session, Excuse, ids, Excuse.round, Excuse.id, options=[joinedload(Excuse.person)])
    compiled = _read_compiled(session, ids)
    asks = _read(session, Ask, ids, Ask.round, Ask.number)
    by_time = (Decision.decided_at, Decision.id)
    decisions = _read(session, Decision, ids, *by_time, options=[joinedload(Decision.person)])
    releases = _read(session, Release, ids, Release.round, options=[defer(Release.files), defer(Release.proof)])
    switches = _read_of_release(session, ChannelDelivery, ids, ChannelDelivery.action == "switch")
    read_backs = _read_of_release(session, ReadBack, ids)
    corrections = _read(session, Correction, ids, Correction.round, options=[joinedload(Correction.person)])
    withdrawals = _read(session, Withdrawal, ids, Withdrawal.number)

    def view(plan: CyclePlan) -> CycleView:
        own, cycle = (plan.period, plan.deadlines, plan.cycle, plan.centres), plan.cycle
        if cycle is None:
            return CycleView(*own)
        of, now = cycle.id, cycle.round
        hand_ins: tuple[HandIn, ...] = (*submissions[of], *narratives[of])
        standing = {_office_of(row): row for row in hand_ins if row.is_accepted}
        correction = _last(corrections[of])
        release = _last(one for one in releases[of] if one.round == now)
        public = [one for one in releases[of] if one.state in PUBLISHED]
        before = [decision for decision in decisions[of] if decision.round == now - 1]
        returned = queries.returned_words(correction, before, now - 1) if now > 1 else {}
        return CycleView(
            *own,
            id=of,
            step=cycle.step,
            round=now,
            opened_at=cycle.opened_at,
            is_demo=cycle.is_demo,
            driver_run_id=cycle.driver_run_id or "",
            returned=returned,
            missing=queries.still_missing(catalog, cycle, returned, standing, excuses[of]),
            writers=catalog.writers,
            hand_ins=hand_ins,
            standing=standing,
            excuses=tuple(excuses[of]),
            compiled=tuple(compiled[of]),
            compilation=_last(one for one in compiled[of] if one.round == now),
            asks=tuple(asks[of]),
            ask=_last(ask for ask in asks[of] if ask.state is AskState.OPEN),
            decisions=tuple(decisions[of]),
            made={decision.gate: decision for decision in decisions[of] if decision.round == now},
            releases=tuple(releases[of]),
            release=release,
            published=max(public, key=lambda one: one.version, default=None),
            switches=tuple(switches[of]),
            read_back=_summarise(read_backs[of]),
            correction=correction,
            withdrawal=_last(withdrawals[of]),
            is_withdrawn=release is not None and release.state is ReleaseState.WITHDRAWN,
        )

    return [view(plan) for plan in plans]


def _read(
    session: Session, table: type[_Row], ids: Collection[int], *order: Any, options: Iterable[ORMOption] = ()
) -> _ByCycle[_Row]:
    """Read the rows of ``table`` about the cycles with these ids."""
    rows = session.scalars(select(table).where(table.cycle_id.in_(ids)).order_by(*order).options(*options))
    return _group((row.cycle_id, row) for row in rows)


def _read_compiled(session: Session, ids: Collection[int]) -> _ByCycle[CompiledRound]:
    """Read every round's compilation with its audit, without their contents."""
    unexplained = (
        select(func.count())
        .where(Finding.audit_run_id == AuditRun.id, Finding.severity == "warning", Finding.explanation == "")
        .correlate(AuditRun)
        .scalar_subquery()
    )
    of_audit = (AuditRun.critical_count, AuditRun.warning_count, unexplained, AuditRun.report)
    rows = session.execute(
        select(Compilation.cycle_id, Compilation.round, Compilation.compiled_at, AuditRun.id, *of_audit)
        .outerjoin(AuditRun, AuditRun.compilation_id == Compilation.id)
        .where(Compilation.cycle_id.in_(ids))
        .order_by(Compilation.round)
    )
    return _group(
        (cycle_id, CompiledRound(number, compiled_at, AuditSummary(*counts) if audit_id is not None else None))
        for cycle_id, number, compiled_at, audit_id, *counts in rows
    )


def _read_of_release(
    session: Session, table: type[_OfRelease], ids: Collection[int], *conditions: ColumnElement[bool]
) -> _ByCycle[_OfRelease]:
    """Read the rows of ``table`` about the current rounds' releases."""
    rows = session.execute(
        select(Cycle.id, table)
        .join(Release, (Release.cycle_id == Cycle.id) & (Release.round == Cycle.round))
        .join(table, table.release_id == Release.id)
        .where(Cycle.id.in_(ids), *conditions)
        .order_by(table.id)
    )
    return _group((cycle_id, row) for cycle_id, row in rows)


def _group(rows: Iterable[tuple[int | None, _T]]) -> _ByCycle[_T]:
    found: _ByCycle[_T] = defaultdict(list)
    for cycle_id, row in rows:
        found[cycle_id].append(row)
    return found


def _last(rows: Iterable[_T]) -> _T | None:
    return next(reversed([*rows]), None)


def _summarise(rows: Sequence[ReadBack]) -> ReadBackSummary | None:
    if not rows:
        return None
    return ReadBackSummary(
        figures=sum(row.figures for row in rows),
        files=sum(row.figures > 0 for row in rows),
        problems=tuple(problem for row in rows for problem in row.problems),
        at=max(row.checked_at for row in rows),
    )


def _office_of(row: HandIn) -> str:
    return row.centre if isinstance(row, Submission) else row.office
