"""What people do in a rehearsal: whoever owes something does it when it is time, in the way the behaviour says."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from disclosure import cycles, deadlines
from disclosure.catalog import GateId, Office
from disclosure.clock import said_day
from disclosure.collection.answers import record_collect_answer
from disclosure.collection.narrative_texts import Head, document_name
from disclosure.collection.narrative_writer import Template, write_docx
from disclosure.collection.narratives import hand_in_narrative
from disclosure.collection.submissions import hand_in
from disclosure.collection.workbook_writer import write_workbook
from disclosure.collection.workbooks import workbook_name
from disclosure.demo_figures import demo_figures
from disclosure.demo_text import demo_text
from disclosure.rehearsal.cast import Cast
from disclosure.rehearsal.drive import Drive
from disclosure.rehearsal.stage import Stage
from disclosure.reminders import Duty
from disclosure.reminders.duties import MILESTONE_OF_GATE, duties_of
from disclosure.review import asks, decisions
from disclosure.review.authority import Answer
from disclosure.review.forms import GO_ON_WITHOUT
from disclosure.settings import SHANGHAI

#: Explains every warning, however many: figures of a rehearsal are nobody's.
_OPINION = "同意。\n1-999：预演数据，已核对。"
_RETURN = "预演：有数据须核实，请核对后重报。"
_GO_ON = "预演：到期未交，先行汇总。"


class Acting:
    """The people of a rehearsal at work."""

    def __init__(self, stage: Stage, cast: Cast) -> None:
        self.stage, self.cast = stage, cast

    def work_on(self, drive: Drive) -> None:
        """Everything that people do today in one cycle, one after the other."""
        tried: set[tuple[str, str, int]] = set()
        while not drive.is_over:
            ready = [duty for duty in self._duties(drive) if _identity(duty) not in tried]
            duty = next((each for each in ready if self._is_time(drive, each)), None)
            if duty is None:
                return
            tried.add(_identity(duty))
            self._do(drive, duty)

    def _duties(self, drive: Drive) -> list[Duty]:
        """What somebody can do now; publishing is the run's to do."""
        with self.stage.place.records.read() as session:
            own = deadlines.cycle_plan(session, self.stage.catalog, drive.period)
            owed = duties_of(session, self.stage.catalog, own, self.stage.clock.moment)
        return [duty for duty in owed if duty.since is not None and duty.deadline.milestone != "publish"]

    def _is_time(self, drive: Drive, duty: Duty) -> bool:
        behaviour, milestone = self.stage.behaviour, duty.deadline.milestone
        assert duty.since is not None  # noqa: S101 - the others are not looked at
        wanted = max(duty.since, self._planned(duty))
        if duty.round > 1:
            wanted = self.stage.workday_after(duty.since, behaviour.hurry)
        elif milestone == "compile":
            wanted = self.stage.workday_after(wanted, behaviour.waits)
        elif milestone == "draft":
            late = (e for e in behaviour.late if (e.cycle, e.office) == (drive.period.kind, duty.office.id))
            for each in late:
                if each.never:
                    return False
                wanted = self.stage.workday_after(wanted, each.days)
        return self.stage.clock.today >= wanted

    def _planned(self, duty: Duty) -> dt.date:
        """Its planned day; where that is a day off because holidays are unknown, the working day before."""
        day = duty.deadline.planned
        while not self.stage.is_working_day(day):
            day -= dt.timedelta(days=1)
        return day

    def _do(self, drive: Drive, duty: Duty) -> None:
        if duty.deadline.milestone == "draft":
            self._draft(drive, duty)
        elif duty.deadline.milestone == "compile":
            self._go_on_without(drive, duty.office)
        else:
            self._decide(drive, next(gate for gate in MILESTONE_OF_GATE if self._is_at(gate, duty)))

    def _is_at(self, gate: GateId, duty: Duty) -> bool:
        return self.stage.catalog.gates[gate].name == duty.name

    def _draft(self, drive: Drive, duty: Duty) -> None:
        """Fill in what was handed out, hand it in, and the run that waits for it wakes."""
        fill = self._text if duty.office.writes_text else self._workbook
        why = fill(drive, duty)
        if why:
            self.stage.note(f"{duty.office.name}交来的没有收下：{why}", drive.period)
            return
        today = self.stage.clock.today
        if duty.round > 1:
            self.stage.note(f"{duty.office.name}第{duty.round}轮于{said_day(today)}交来", drive.period)
        elif today > duty.deadline.planned:
            self.stage.note(f"{duty.office.name}于{said_day(today)}才交来", drive.period)
        drive.advance()

    def _workbook(self, drive: Drive, duty: Duty) -> str:
        stage, office = self.stage, duty.office
        with stage.place.records.read() as session:
            only = tuple(cycles.get_cycle(session, drive.cycle_id).only)
        figures = demo_figures(stage.catalog, drive.period, only)
        path = stage.place.settings.home / "filled" / workbook_name(drive.period.label, office.name, duty.round)
        write_workbook(
            path,
            stage.catalog,
            drive.period,
            office.id,
            round_number=duty.round,
            only=only,
            filled=[f for f in figures if stage.catalog.indicators[f.indicator].centre == office.id],
            cover=(
                self.cast.name("drafter", office),
                self.cast.name("head", office),
                stage.clock.today.isoformat(),
            ),
        )
        place = stage.place
        receipt = hand_in(place.records, place.settings.files, stage.catalog, path.read_bytes(), path.name)
        return "；".join(problem.sentence for problem in receipt.problems[:3])

    def _text(self, drive: Drive, duty: Duty) -> str:
        stage, office = self.stage, duty.office
        name = document_name(drive.period.label, office.name, duty.round, ".docx")
        path = stage.place.settings.home / "filled" / name
        head = Head(stage.catalog.profile.id, drive.period, duty.round, office.id, self.cast.name("author", office))
        write_docx(path, stage.catalog, Template(head, demo_text(stage.catalog, drive.period), {}))
        place = stage.place
        receipt = hand_in_narrative(place.records, place.settings.files, stage.catalog, path.read_bytes(), name)
        return "；".join(problem.sentence for problem in receipt.problems[:3])

    def _go_on_without(self, drive: Drive, office: Office) -> None:
        """The compiler waits no more."""
        stage, name = self.stage, self.cast.name("compiler", office)
        answer = {"action": GO_ON_WITHOUT, "name": name, "code": self.cast.code(name), "reason": _GO_ON}
        with stage.place.records.write() as session:
            cycle = cycles.get_cycle(session, drive.cycle_id)
            missing = "、".join(o.name for o in cycles.missing_centres(session, stage.catalog, cycle))
            ask = asks.open_ask_of(session, cycle)
            assert ask is not None  # noqa: S101 - the duty is there because it is open
            refusal = record_collect_answer(
                session, stage.catalog, stage.place.cipher, ask, answer, answered_at=stage.clock.moment
            )
        went_on = f"{name}不再等{missing}，{said_day(stage.clock.today)}先行汇总"
        stage.note(f"{name}的答复没有被接受：{refusal}" if refusal else went_on, drive.period)
        drive.advance()

    def _decide(self, drive: Drive, gate: GateId) -> None:
        """The gate's reviewer, or who stands in, answers the open ask."""
        stage, today = self.stage, self.stage.clock.today
        name = self.cast.reviewer(gate)
        if away := self.cast.absence(name, today):
            if not away.substitute:
                stage.note(f"{name}不在，没有人代理", drive.period)
                return
            name = self.cast.deputy(gate)
        code = self.cast.code(name)
        with stage.place.records.write() as session:
            cycle = cycles.get_cycle(session, drive.cycle_id)
            ask = asks.open_ask_of(session, cycle)
            assert ask is not None  # noqa: S101 - the duty is there because it is open
            to = self._returns_to(session, drive, gate)
            answer = Answer(
                gate=gate,
                outcome="returned" if to else "approved",
                name=name,
                code=code,
                opinion=_RETURN if to else _OPINION,
                returned_to=to,
                publish_at=self._hour_wanted(session, drive) if gate == "leader" and not to else None,
            )
            refusal = decisions.record_answer(
                session, stage.catalog, stage.place.cipher, cycle, ask, answer=answer, now=stage.clock.moment
            )
            round_number = cycle.round
        title = stage.catalog.gates[gate].name
        if refusal:
            stage.note(f"{name}的{title}没有被接受：{refusal}", drive.period)
        elif to:
            offices = "、".join(stage.catalog.offices[each].name for each in to)
            stage.note(f"{title}第{round_number}轮于{said_day(today)}退回{offices}", drive.period)
        elif away:
            stage.note(f"{title}由{name}代为作出", drive.period, delays=False)
        drive.advance()

    def _returns_to(self, session: Session, drive: Drive, gate: GateId) -> tuple[str, ...]:
        """To whom this gate returns now; to nobody once it has done so often enough."""
        wanted = next(
            (e for e in self.stage.behaviour.returned if (e.cycle, e.gate) == (drive.period.kind, gate)), None
        )
        if wanted is None:
            return ()
        cycle = cycles.get_cycle(session, drive.cycle_id)
        rounds = (cycles.decisions(session, cycle, number).get(gate) for number in range(1, cycle.round))
        returned = sum(made is not None and made.outcome == "returned" for made in rounds)
        returnable = {office.id for office in cycles.returnable_offices(session, self.stage.catalog, cycle)}
        return tuple(each for each in wanted.to if each in returnable) if returned < wanted.times else ()

    def _hour_wanted(self, session: Session, drive: Drive) -> dt.datetime | None:
        """The hour of publication that the leader signs: on the planned day, or at once when that is past."""
        deadline = deadlines.find_deadline(session, self.stage.catalog, drive.period, "publish")
        if deadline is None:
            return None
        hour = dt.datetime.combine(deadline.planned, self.stage.behaviour.hours.publish, SHANGHAI)
        return hour if hour > self.stage.clock.moment else None


def _identity(duty: Duty) -> tuple[str, str, int]:
    return duty.name, duty.office.id, duty.round
