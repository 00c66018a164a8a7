"""Who owes what by when, out of the plan and our records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure import cycles, deadlines
from disclosure.catalog import Catalog, GateId, Milestone, Office, RoleId
from disclosure.clock import shanghai
from disclosure.collection.narrative_texts import document_name
from disclosure.collection.workbooks import workbook_name
from disclosure.deadlines import CyclePlan, Deadline
from disclosure.records.tables import Ask, Cycle
from disclosure.review import asks, decisions, people

#: The milestone by which each gate should have decided.
MILESTONE_OF_GATE: dict[GateId, Milestone] = {
    "policy": "review",
    "finance": "review",
    "confidentiality": "confidentiality",
    "leader": "sign_off",
}


@dataclass(frozen=True, order=True)
class Recipient:
    """A person as reminders know one."""

    id: int
    name: str


@dataclass(frozen=True)
class Duty:
    """One thing that one office owes by one milestone, not done yet; ``name`` is the gate's or the milestone's.

    ``since``: the Shanghai day since which it can be done; None while it is not this office's turn, and
    ``stands_at`` says what the cycle does meanwhile. ``run_id``: the run whose form is open for it, if any;
    ``workbook``: the file to fill in or write, if it is one. ``people`` owe it; where nobody is enrolled it is empty.
    ``heads``, ``leaders`` and ``supervisors`` are told when it is overdue. ``chases`` is false for what we
    cannot see done: it is announced, never chased.
    """

    profile: str
    deadline: Deadline
    office: Office
    name: str
    task: str
    round: int
    since: dt.date | None
    stands_at: str
    people: tuple[Recipient, ...]
    heads: tuple[Recipient, ...] = ()
    leaders: tuple[Recipient, ...] = ()
    supervisors: tuple[Recipient, ...] = ()
    run_id: str = ""
    workbook: str = ""
    chases: bool = True
    returned: str = field(default="", compare=False)


def duties(session: Session, catalog: Catalog, now: dt.datetime) -> list[Duty]:
    """Everything owed in this profile's cycles (demonstrations apart); ``now`` is an aware time."""
    today = shanghai(now).date()
    owed: list[Duty] = []
    holders = _holders(session, catalog, now)
    for own in deadlines.year_plan(session, catalog, today.year - 1, today.year, today.year + 1):
        cycle = own.cycle
        is_over = own.deadlines[-1].due < today if cycle is None else cycle.step == "archive" or cycle.is_demo
        if not is_over:
            owed += _Reader(session, catalog, own, now, holders).duties()
    return owed


def duties_of(session: Session, catalog: Catalog, own: CyclePlan, now: dt.datetime) -> list[Duty]:
    """Everything owed in one cycle by its dates, in the order of the work; nothing once a version is published.

    A correction has no dates; a release that was signed ahead of its reviews still owes them.
    """
    if own.cycle is not None and (own.cycle.step == "archive" or cycles.correction_of(session, own.cycle)):
        return []
    return _Reader(session, catalog, own, now, _holders(session, catalog, now)).duties()


#: Who may act in a role today, for one office or ("") for all.
_Holders = Callable[[RoleId, str], tuple[Recipient, ...]]


def _holders(session: Session, catalog: Catalog, now: dt.datetime) -> _Holders:
    """The records are asked once: the same people owe most of what is owed."""
    acting = people.acting(session, catalog, now)

    @cache
    def of(role: RoleId, office: str) -> tuple[Recipient, ...]:
        able = people.able(acting, role, office)
        return tuple(Recipient(person.id, person.name) for person in able)

    return of


class _Reader:
    """Reads the duties of one cycle."""

    def __init__(self, session: Session, catalog: Catalog, own: CyclePlan, now: dt.datetime, holders: _Holders) -> None:
        self.session, self.catalog, self.own, self.now, self.holders = session, catalog, own, now, holders
        self.cycle = own.cycle
        self.deadlines = {deadline.milestone: deadline for deadline in own.deadlines}
        self.round = own.cycle.round if own.cycle else 1
        self.ask = asks.open_ask_of(session, own.cycle) if own.cycle else None

    def duties(self) -> list[Duty]:
        """In the order of the work."""
        return [*self._drafts(), *self._compilation(), *self._gates(), *self._publication()]

    def _drafts(self) -> Iterator[Duty]:
        if self.cycle is not None and self._is_compiled():
            return
        owing = self.own.centres
        returned: dict[str, str] = {}
        since = None
        if self.cycle is not None:
            owing = cycles.missing_centres(self.session, self.catalog, self.cycle)
            since = shanghai(self.cycle.opened_at).date()
            if self.round > 1:
                before = cycles.decisions(self.session, self.cycle, self.round - 1)
                since = shanghai(max(decision.decided_at for decision in before.values())).date()
                returned = cycles.returned_centres(self.session, self.cycle, self.round - 1)
        for office in owing:
            label = self.own.period.label
            yield from self._duty(
                "draft",
                "author" if office.writes_text else "drafter",
                office,
                since=since,
                workbook=document_name(label, office.name, self.round, ".docx")
                if office.writes_text
                else workbook_name(label, office.name, self.round),
                returned=returned.get(office.id, ""),
            )

    def _compilation(self) -> Iterator[Duty]:
        if self.cycle is not None and self._is_compiled():
            return
        is_asked = self.ask is not None and self.ask.step == "collect"
        since = self._first_asked("collect") if is_asked else None
        for office in self._offices("compiler"):
            yield from self._duty("compile", "compiler", office, since=since, is_asked=is_asked)
        if self.round == 1:
            # Policy texts come with the workbooks' round; whether they are all in cannot be seen here.
            for office in self._offices("author"):
                yield from self._duty("compile", "author", office, since=None, chases=False)

    def _gates(self) -> Iterator[Duty]:
        made = cycles.decisions(self.session, self.cycle, self.round) if self.cycle else {}
        asked = asks.step_of(self.ask) if self.ask is not None else ""
        for gate, milestone in MILESTONE_OF_GATE.items():
            if gate in made or (gate == "leader" and asked == "later_review"):
                continue
            is_turn = self.ask is not None and asked != "collect" and gate in self._open_gates()
            yield from self._duty(
                milestone,
                self.catalog.gates[gate].role,
                self.catalog.gate_office(gate),
                since=self._first_asked(asked) if is_turn else None,
                is_asked=is_turn,
                gate=self.catalog.gates[gate].name,
            )

    def _publication(self) -> Iterator[Duty]:
        release = cycles.release_of(self.session, self.cycle) if self.cycle else None
        if release is not None and release.is_live:
            return
        since = None
        if self.cycle is not None and release is not None:
            signed = cycles.decisions(self.session, self.cycle, self.round).get("leader")
            waits = release.planned_for is not None and release.planned_for > self.now
            if signed is not None and signed.outcome == "approved" and not waits:
                since = shanghai(max(signed.decided_at, release.planned_for or signed.decided_at)).date()
        for office in self._offices("compiler"):
            yield from self._duty("publish", "compiler", office, since=since)

    def _duty(
        self,
        milestone: Milestone,
        role: RoleId,
        office: Office,
        *,
        since: dt.date | None,
        is_asked: bool = False,
        gate: str = "",
        workbook: str = "",
        returned: str = "",
        chases: bool = True,
    ) -> Iterator[Duty]:
        """The duty, where the cycle has a date for it (a special one may not)."""
        deadline = self.deadlines.get(milestone)
        if deadline is None:
            return
        yield Duty(
            profile=self.catalog.profile.id,
            deadline=deadline,
            office=office,
            name=gate or deadline.name,
            task=gate or self.catalog.milestone_facts[milestone].duty,
            round=self.round,
            since=since,
            stands_at=self.own.state,
            people=self._people(role, office),
            heads=self._people("head", office),
            leaders=self._people("leader"),
            supervisors=self._people("supervisor"),
            run_id=self.ask.flow_run_id if is_asked and self.ask else "",
            workbook=workbook,
            returned=returned,
            chases=chases,
        )

    def _people(self, role: RoleId, office: Office | None = None) -> tuple[Recipient, ...]:
        return self.holders(role, office.id if office else "")

    def _offices(self, role: RoleId) -> list[Office]:
        return [self.catalog.offices[office] for office in self.catalog.roles[role].offices]

    def _open_gates(self) -> tuple[GateId, ...]:
        ask, cycle = cast(Ask, self.ask), cast(Cycle, self.cycle)
        return decisions.standing(self.session, cycle, decisions.gates_of(ask.step), ask.digest).open_gates

    def _first_asked(self, step: str) -> dt.date | None:
        """The day on which this round first asked; a question put again does not begin the time anew."""
        cycle = cast(Cycle, self.cycle)
        first = self.session.scalar(
            select(func.min(Ask.asked_at)).where(Ask.cycle_id == cycle.id, Ask.round == self.round, Ask.step == step)
        )
        return shanghai(first).date() if first else None

    def _is_compiled(self) -> bool:
        return cycles.compilation_of(self.session, cast(Cycle, self.cycle)) is not None
