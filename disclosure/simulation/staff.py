"""The people of a rehearsal: one for each role of each office, and what they do when it is time for it.

Whoever owes something does it in the way the behaviour says; whoever is away has somebody to stand in.
"""

from __future__ import annotations

import datetime as dt
import re
from itertools import count

from sqlalchemy.orm import Session

from disclosure.catalog import GateId, Messenger, Office, RoleId
from disclosure.collection.workbook.read.result import Problem
from disclosure.collection.workbook.write.writer import WorkbookContents
from disclosure.cycle import deadlines, queries
from disclosure.cycle.view import MILESTONE_OF_GATE
from disclosure.monitoring.reminders import Duty
from disclosure.monitoring.reminders.duties import load_cycle_duties
from disclosure.platform.clock import format_day
from disclosure.platform.settings import SHANGHAI
from disclosure.records.states import Outcome
from disclosure.review import people
from disclosure.review.authority import Answer
from disclosure.review.identify import Proof
from disclosure.simulation.actors import go_on_without
from disclosure.simulation.behaviour import Away, day_in
from disclosure.simulation.demo_figures import demo_figures
from disclosure.simulation.demo_text import demo_text
from disclosure.simulation.simulation import CycleRun, Simulation

#: Explains every warning, however many: figures of a rehearsal are nobody's.
_OPINION = "同意。\n1-999：预演数据，已核对。"
_RETURN = "预演：有数据须核实，请核对后重报。"
_GO_ON = "预演：到期未交，先行汇总。"
_NOT_IN_NAMES = re.compile(r"[^\w·.\- ]")


class Staff:
    """One person for each role of each office, made by ``enrol``; they work by ``work_on``."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.registered: set[Away] = set()

    def enrol(self) -> None:
        """Enrol everybody, with an address each."""
        simulation, catalog = self.simulation, self.simulation.catalog
        numbers = count(1)
        for role in catalog.roles.values():
            for office in (catalog.offices[each] for each in role.offices):
                name = simulation.actors.enrol(self.name(role.id, office), office.id, role.id)
                simulation.offices[name] = office.name
                messenger = self._messenger(office)
                with simulation.installation.records.write() as session:
                    people.set_contact(session, catalog, name, messenger.id, _address(messenger, next(numbers)))

    def name(self, role: RoleId, office: Office) -> str:
        """Name the person in this role there: ``规划财务科数据审核人``."""
        return _NOT_IN_NAMES.sub("", f"{office.name}{self.simulation.catalog.roles[role].name}")[:30]

    def reviewer(self, gate: GateId) -> str:
        """Name who decides at ``gate`` ordinarily."""
        return self.name(self.simulation.catalog.gates[gate].role, self.simulation.catalog.gate_office(gate))

    def deputy(self, gate: GateId) -> str:
        """Name who stands in at ``gate``: the office's head; for the leader the head of the office that supervises."""
        catalog = self.simulation.catalog
        office = catalog.gate_office(gate)
        if office.id not in catalog.roles["head"].offices:
            office = catalog.offices[catalog.roles["supervisor"].offices[0]]
        return self.name("head", office)

    def absence(self, name: str, day: dt.date) -> Away | None:
        """Tell why ``name`` is not there on ``day``, if so."""
        away = self.simulation.behaviour.away
        return next((each for each in away if each.covers(day) and self.reviewer(each.gate) == name), None)

    def register_substitutes(self) -> None:
        """Enter who stands in, as the operator does on the first day of an absence or once the machine is on."""
        simulation, day = self.simulation, self.simulation.clock.today
        for away in simulation.behaviour.away:
            first, last = day_in(day.year, away.first), day_in(day.year, away.last)
            if not away.covers(day) or away in self.registered:
                continue
            self.registered.add(away)
            absent, deputy = self.reviewer(away.gate), self.deputy(away.gate)
            until = f"{absent}{format_day(first)}至{format_day(last)}不在"
            if not away.substitute:
                simulation.note(f"{until}，没有人代理", delays=False)
                continue
            with simulation.installation.records.write() as session:
                people.substitute(session, deputy, absent, day, last)
            simulation.note(f"{until}，由{deputy}代理", delays=False)

    def work_on(self, run: CycleRun) -> None:
        """Do everything that people do today in one cycle, one after the other."""
        tried: set[tuple[str, str, int]] = set()
        while not run.is_over:
            ready = [duty for duty in self._duties(run) if _identity(duty) not in tried]
            duty = next((each for each in ready if self._is_time(run, each)), None)
            if duty is None:
                return
            tried.add(_identity(duty))
            self._do(run, duty)

    def _duties(self, run: CycleRun) -> list[Duty]:
        """Return what somebody can do now; publishing is the run's to do."""
        with self.simulation.installation.records.read() as session:
            owed = load_cycle_duties(session, self.simulation.catalog, run.period, self.simulation.clock.moment)
        return [duty for duty in owed if duty.since is not None and duty.deadline.milestone != "publish"]

    def _is_time(self, run: CycleRun, duty: Duty) -> bool:
        behaviour, milestone = self.simulation.behaviour, duty.deadline.milestone
        assert duty.since is not None  # noqa: S101 - the others are not looked at
        wanted = max(duty.since, self._planned(duty))
        if duty.round > 1:
            wanted = self.simulation.workday_after(duty.since, behaviour.hurry)
        elif milestone == "compile":
            wanted = self.simulation.workday_after(wanted, behaviour.waits)
        elif milestone == "draft":
            late = (e for e in behaviour.late if (e.cycle, e.office) == (run.period.kind, duty.office.id))
            for each in late:
                if each.never:
                    return False
                wanted = self.simulation.workday_after(wanted, each.days)
        return self.simulation.clock.today >= wanted

    def _planned(self, duty: Duty) -> dt.date:
        """Return its planned day; where that is a day off because holidays are unknown, the working day before."""
        day = duty.deadline.planned
        while not self.simulation.is_working_day(day):
            day -= dt.timedelta(days=1)
        return day

    def _do(self, run: CycleRun, duty: Duty) -> None:
        if duty.deadline.milestone == "draft":
            self._draft(run, duty)
        elif duty.deadline.milestone == "compile":
            self._go_on_without(run, duty.office)
        else:
            self._decide(run, next(gate for gate in MILESTONE_OF_GATE if self._is_at(gate, duty)))

    def _is_at(self, gate: GateId, duty: Duty) -> bool:
        return self.simulation.catalog.gates[gate].name == duty.name

    def _draft(self, run: CycleRun, duty: Duty) -> None:
        """Fill in what was handed out, hand it in, and the run that waits for it wakes."""
        hand_in = self._text if duty.office.writes_text else self._workbook
        if problems := hand_in(run, duty):
            why = "；".join(problem.sentence for problem in problems[:3])
            self.simulation.note(f"{duty.office.name}交来的没有收下：{why}", run.period)
            return
        today = self.simulation.clock.today
        if duty.round > 1:
            self.simulation.note(f"{duty.office.name}第{duty.round}轮于{format_day(today)}交来", run.period)
        elif today > duty.deadline.planned:
            self.simulation.note(f"{duty.office.name}于{format_day(today)}才交来", run.period)
        run.advance()

    def _workbook(self, run: CycleRun, duty: Duty) -> tuple[Problem, ...]:
        simulation, office = self.simulation, duty.office
        with simulation.installation.records.read() as session:
            only = tuple(queries.get_cycle(session, run.cycle_id).only)
        filled = simulation.actors.fill_in_workbook(
            WorkbookContents(
                run.period,
                office.id,
                round_number=duty.round,
                only=only,
                filled=demo_figures(simulation.catalog, run.period, only),
            ),
            folder=simulation.installation.settings.home / "filled",
            signers=(self.name("drafter", office), self.name("head", office)),
            signed_on=simulation.clock.today,
        )
        return simulation.actors.submit(filled).problems

    def _text(self, run: CycleRun, duty: Duty) -> tuple[Problem, ...]:
        simulation, office = self.simulation, duty.office
        written = simulation.actors.write_text(
            run.period,
            office.id,
            demo_text(simulation.catalog, run.period),
            folder=simulation.installation.settings.home / "filled",
            author=self.name("author", office),
            round_number=duty.round,
        )
        return simulation.actors.submit(written).problems

    def _go_on_without(self, run: CycleRun, office: Office) -> None:
        """Wait no more, as the compiler."""
        simulation, name = self.simulation, self.name("compiler", office)
        with simulation.installation.records.read() as session:
            cycle = queries.get_cycle(session, run.cycle_id)
            missing = "、".join(o.name for o in queries.missing_centres(session, simulation.catalog, cycle))
        answer = go_on_without(name, simulation.actors.code(name), _GO_ON)
        refusal = simulation.actors.fill_in(run.cycle_id, answer)
        went_on = f"{name}不再等{missing}，{format_day(simulation.clock.today)}先行汇总"
        simulation.note(f"{name}的答复没有被接受：{refusal}" if refusal else went_on, run.period)
        run.advance()

    def _decide(self, run: CycleRun, gate: GateId) -> None:
        """Answer the open ask, as the gate's reviewer or who stands in."""
        simulation, today = self.simulation, self.simulation.clock.today
        name = self.reviewer(gate)
        if away := self.absence(name, today):
            if not away.substitute:
                simulation.note(f"{name}不在，没有人代理", run.period)
                return
            name = self.deputy(gate)
        code = simulation.actors.code(name)
        with simulation.installation.records.read() as session:
            round_number = queries.get_cycle(session, run.cycle_id).round
            to = self._returns_to(session, run, gate)
            publish_at = self._hour_wanted(session, run) if gate == "leader" and not to else None
        outcome: Outcome = "returned" if to else "approved"
        proof = Proof(name, code, simulation.clock.moment, _RETURN if to else _OPINION)
        refusal = simulation.actors.decide(run.cycle_id, Answer(gate, outcome, proof, to, publish_at))
        title = simulation.catalog.gates[gate].name
        if refusal:
            simulation.note(f"{name}的{title}没有被接受：{refusal}", run.period)
        elif to:
            offices = "、".join(simulation.catalog.offices[each].name for each in to)
            simulation.note(f"{title}第{round_number}轮于{format_day(today)}退回{offices}", run.period)
        elif away:
            simulation.note(f"{title}由{name}代为作出", run.period, delays=False)
        run.advance()

    def _returns_to(self, session: Session, run: CycleRun, gate: GateId) -> tuple[str, ...]:
        """Tell to whom this gate returns now; to nobody once it has done so often enough."""
        wanted = next(
            (e for e in self.simulation.behaviour.returned if (e.cycle, e.gate) == (run.period.kind, gate)), None
        )
        if wanted is None:
            return ()
        cycle = queries.get_cycle(session, run.cycle_id)
        rounds = (queries.decisions(session, cycle, number).get(gate) for number in range(1, cycle.round))
        returned = sum(made is not None and made.outcome == "returned" for made in rounds)
        returnable = {office.id for office in queries.returnable_offices(session, self.simulation.catalog, cycle)}
        return tuple(each for each in wanted.to if each in returnable) if returned < wanted.times else ()

    def _hour_wanted(self, session: Session, run: CycleRun) -> dt.datetime | None:
        """Return the hour of publication that the leader signs: on the planned day, or at once when that is past."""
        deadline = deadlines.find_deadline(session, self.simulation.catalog, run.period, "publish")
        if deadline is None:
            return None
        hour = dt.datetime.combine(deadline.planned, self.simulation.behaviour.hours.publish, SHANGHAI)
        return hour if hour > self.simulation.clock.moment else None

    def _messenger(self, office: Office) -> Messenger:
        known = self.simulation.catalog.messengers
        chosen = self.simulation.behaviour.messengers.get(office.id)
        return known[chosen] if chosen else next(iter(known.values()))


def _address(messenger: Messenger, number: int) -> str:
    """Make up an address of the right shape that is nobody's."""
    return f"r{number}@example.cn" if messenger.kind == "email" else f"1{number:010d}"


def _identity(duty: Duty) -> tuple[str, str, int]:
    return duty.name, duty.office.id, duty.round
