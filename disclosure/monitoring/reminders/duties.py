"""Who owes what by when: a rule over where a cycle stands, the catalogue and who may act today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy.orm import Session

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Milestone, Office, RoleId
from disclosure.collection.handout import workbook_name
from disclosure.collection.narrative.texts import document_name
from disclosure.cycle import deadlines
from disclosure.cycle.deadlines import CyclePlan, Deadline
from disclosure.cycle.view import MILESTONE_OF_GATE, CycleView, load_view, load_views
from disclosure.platform.clock import shanghai
from disclosure.records.states import PUBLISHED, UNDER_WAY
from disclosure.review import decisions, people


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


#: Who may act in a role today, for one office (an id) or ("") for all.
Holders = Callable[[RoleId, str], tuple[Recipient, ...]]


def load_duties(session: Session, catalog: Catalog, now: dt.datetime) -> list[Duty]:
    """Return everything owed in this profile's cycles (demonstrations apart); ``now`` is an aware time."""
    today = shanghai(now).date()
    plans = deadlines.year_plan(session, catalog, today.year - 1, today.year, today.year + 1)
    views = load_views(session, catalog, [own for own in plans if not _is_over(own, today)])
    holders = load_holders(session, catalog, now)
    return [duty for view in views for duty in list_duties(catalog, view, holders, now)]


def _is_over(own: CyclePlan, today: dt.date) -> bool:
    cycle = own.cycle
    return own.deadlines[-1].due < today if cycle is None else cycle.step not in UNDER_WAY or cycle.is_demo


def load_cycle_duties(session: Session, catalog: Catalog, period: Period, now: dt.datetime) -> list[Duty]:
    """Return everything owed in one cycle by its dates."""
    holders = load_holders(session, catalog, now)
    return list_dated_duties(catalog, load_view(session, catalog, period), holders, now)


def list_dated_duties(catalog: Catalog, view: CycleView, holders: Holders, now: dt.datetime) -> list[Duty]:
    """Return everything owed in one cycle by its dates; nothing once a version is published.

    A correction has no dates; a release that was signed ahead of its reviews still owes them.
    """
    if (view.is_opened and not view.is_under_way) or view.correction:
        return []
    return list_duties(catalog, view, holders, now)


def list_duties(catalog: Catalog, view: CycleView, holders: Holders, now: dt.datetime) -> list[Duty]:
    """Return everything owed in one cycle, in the order of the work."""
    return [*_DutyReader(catalog, view, holders, now).read()]


def load_holders(session: Session, catalog: Catalog, now: dt.datetime) -> Holders:
    """Return who may act today; the records are asked once, as the same people owe most of what is owed."""
    acting = people.acting(session, catalog, now)

    @cache
    def find(role: RoleId, office: str) -> tuple[Recipient, ...]:
        able = people.able(acting, role, office)
        return tuple(Recipient(person.id, person.name) for person in able)

    return find


@dataclass(frozen=True)
class _DutyReader:
    """Reads the duties of one cycle."""

    catalog: Catalog
    view: CycleView
    holders: Holders
    now: dt.datetime

    def read(self) -> Iterator[Duty]:
        """In the order of the work."""
        if not self.view.compilation:
            yield from self._drafts()
            yield from self._compilation()
        yield from self._gates()
        if not (self.view.release and self.view.release.state in PUBLISHED):
            yield from self._publication()

    @property
    def _round(self) -> int:
        return self.view.round or 1

    def _drafts(self) -> Iterator[Duty]:
        label = self.view.period.label
        for office in self.view.missing if self.view.is_opened else self.view.centres:
            yield from self._duty(
                "draft",
                "author" if office.writes_text else "drafter",
                office,
                since=self.view.begun_on,
                workbook=document_name(label, office.name, self._round, ".docx")
                if office.writes_text
                else workbook_name(label, office.name, self._round),
                returned=self.view.returned.get(office.id, ""),
            )

    def _compilation(self) -> Iterator[Duty]:
        is_asked = self.view.ask is not None and self.view.ask.step == "collect"
        since = self.view.first_asked_on("collect") if is_asked else None
        for office in self._offices("compiler"):
            yield from self._duty("compile", "compiler", office, since=since, is_asked=is_asked)
        if self._round == 1:
            # Policy texts come with the workbooks' round; whether they are all in cannot be seen here.
            for office in self._offices("author"):
                yield from self._duty("compile", "author", office, since=None, chases=False)

    def _gates(self) -> Iterator[Duty]:
        made, ask = self.view.made, self.view.ask
        asked = ask.step if ask else ""
        reviews = ask is not None and asked != "collect"
        turns = decisions.judge_gates(made, decisions.gates_of(asked), ask.digest).open_gates if ask and reviews else ()
        for gate, milestone in MILESTONE_OF_GATE.items():
            if gate in made or (gate == "leader" and asked == "later_review"):
                continue
            yield from self._duty(
                milestone,
                self.catalog.gates[gate].role,
                self.catalog.gate_office(gate),
                since=self.view.first_asked_on(asked) if gate in turns else None,
                is_asked=gate in turns,
                gate=self.catalog.gates[gate].name,
            )

    def _publication(self) -> Iterator[Duty]:
        since = None
        release, signed = self.view.release, self.view.made.get("leader")
        if release is not None and signed is not None and signed.outcome == "approved":
            hour = release.planned_for or signed.decided_at
            if release.planned_for is None or hour <= self.now:
                since = shanghai(max(signed.decided_at, hour)).date()
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
        """Yield the duty, where the cycle has a date for it (a special one may not)."""
        deadline = next((each for each in self.view.deadlines if each.milestone == milestone), None)
        if deadline is None:
            return
        yield Duty(
            profile=self.catalog.profile.id,
            deadline=deadline,
            office=office,
            name=gate or deadline.name,
            task=gate or self.catalog.milestone_facts[milestone].duty,
            round=self._round,
            since=since,
            stands_at=self.view.state,
            people=self.holders(role, office.id),
            heads=self.holders("head", office.id),
            leaders=self.holders("leader", ""),
            supervisors=self.holders("supervisor", ""),
            run_id=self.view.answerable_run_id if is_asked else "",
            workbook=workbook,
            returned=returned,
            chases=chases,
        )

    def _offices(self, role: RoleId) -> list[Office]:
        return [self.catalog.offices[office] for office in self.catalog.roles[role].offices]
