"""A bureau in a folder of its own: what people do in a cycle, one call each, through the product's own functions.

Figures are those of the profile's demonstration: 高港区 2016 and 昆明市 2017 as they were published.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from data_checks.recording import audit_round
from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import GateId
from disclosure.collection.answers import Receipt
from disclosure.collection.submit import submit_file
from disclosure.collection.workbook.write.writer import WorkbookContents
from disclosure.cycle import queries
from disclosure.cycle.compilation import compile_round
from disclosure.cycle.states import enter
from disclosure.figures.figures import Figure
from disclosure.platform.clock import shanghai
from disclosure.platform.settings import Settings
from disclosure.publication.publish import Published, publish_round, render_round
from disclosure.records.installation import Installation
from disclosure.records.states import AskStep, CycleStep, Outcome
from disclosure.records.tables import AuditRun, Compilation, Release
from disclosure.review import asks, decisions, people
from disclosure.review.authority import REVIEW_GATES, Answer
from disclosure.review.identify import Proof
from disclosure.simulation.actors import Actors, SimulatedClock, go_on_without
from disclosure.simulation.demo_figures import demo_figures
from tests.support.empty_records import lay_sqlite

#: One person for each gate, by the office that decides there.
REVIEWERS: Mapping[GateId, str] = {
    "policy": "郑法规",
    "finance": "钱财务",
    "confidentiality": "孙保密",
    "leader": "李局长",
    "emergency": "李局长",
}
#: When workbooks are signed.
SIGNED_ON = dt.date(2026, 2, 20)
CYCLE_OF_ASK = "00000000-0000-0000-0000-000000000000"


@dataclass(kw_only=True)
class Bureau(Actors):
    """One installation with one cycle open; its clock goes on by half a minute for each code."""

    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)))
    period: Period
    cycle_id: int
    only: tuple[str, ...] = ()

    @property
    def now(self) -> dt.datetime:
        return self.clock.moment

    @now.setter
    def now(self, moment: dt.datetime) -> None:
        self.clock.moment = moment

    @property
    def centres(self) -> list[str]:
        with self.installation.records.read() as session:
            return [o.id for o in queries.expected_centres(self.catalog, queries.get_cycle(session, self.cycle_id))]

    @property
    def round(self) -> int:
        with self.installation.records.read() as session:
            return queries.get_cycle(session, self.cycle_id).round

    @property
    def site(self) -> Path:
        return self.installation.settings.home / "site"

    def another(self, period: str) -> Bureau:
        """The same bureau at work on another period."""
        with self.installation.records.write() as session:
            cycle = queries.open_cycle(session, self.catalog, parse_period(period))
        return replace(self, period=parse_period(period), cycle_id=cycle.id)

    def figures(self, centre: str) -> tuple[Figure, ...]:
        found = demo_figures(self.catalog, self.period, self.only)
        return tuple(f for f in found if self.catalog.indicators[f.indicator].centre == centre)

    def workbook(
        self,
        centre: str,
        *,
        changed: Mapping[str, str | None] | None = None,
        filler: str = "吴填报",
        checker: str = "冯复核",
        round_number: int | None = None,
    ) -> bytes:
        """The centre's workbook; ``changed`` replaces a value or text by indicator id, None leaves the cell blank."""
        changed = changed or {}
        filled = [
            self._changed(figure, changed.get(figure.indicator, ""))
            for figure in self.figures(centre)
            if changed.get(figure.indicator, "") is not None
        ]
        path = self.fill_in_workbook(
            WorkbookContents(
                self.period, centre, round_number=round_number or self.round, only=self.only, filled=filled
            ),
            folder=self.installation.settings.home,
            signers=(filler, checker),
            signed_on=SIGNED_ON,
        )
        return path.read_bytes()

    @staticmethod
    def _changed(figure: Figure, said: str | None) -> Figure:
        if not said:
            return figure
        return replace(figure, text=said) if figure.value is None else replace(figure, value=Decimal(said))

    def hand_in(self, content: bytes, name: str = "报表.xlsx") -> Receipt:
        return submit_file(self.installation, content, name)

    def hand_in_all(
        self, changed: Mapping[str, str | None] | None = None, centres: Iterable[str] | None = None
    ) -> None:
        for centre in self.centres if centres is None else centres:
            receipt = self.hand_in(self.workbook(centre, changed=changed), f"{centre}.xlsx")
            assert receipt.is_accepted, receipt.problems

    def compile(self) -> Compilation:
        with self.installation.records.write() as session:
            return compile_round(session, self.catalog, queries.get_cycle(session, self.cycle_id))

    def compile_digest(self, session: Session) -> str:
        """The digest of the current round's compilation."""
        compiled = queries.compilation_of(session, queries.get_cycle(session, self.cycle_id))
        assert compiled is not None
        return compiled.digest

    def audit(self) -> AuditRun:
        return audit_round(self.installation, self.cycle_id)

    def carry_over(self) -> dict[str, int | None]:
        """Carry over what the rules allow; gate -> id of the decision it was carried from, for the current round."""
        with self.installation.records.write() as session:
            cycle = queries.get_cycle(session, self.cycle_id)
            compiled = queries.compilation_of(session, cycle)
            assert compiled is not None
            decisions.carry_over(session, self.catalog, cycle, compiled)
            return {g: d.carried_from_id for g, d in queries.decisions(session, cycle, cycle.round).items()}

    def enrol_all(self, offices: Mapping[str, str]) -> None:
        for name, office in offices.items():
            self.enrol(name, office)

    def code(self, name: str) -> str:
        """The code that this person's authenticator shows; the clock goes on for a stranger, too."""
        if name in self.secrets:
            return super().code(name)
        self.clock.pass_(people.STEP_SECONDS)
        return "000000"

    def ask(self, step: AskStep, digest: str | None = None) -> int:
        """Put an ask of this step, about what the round has come to unless told otherwise; its id."""
        with self.installation.records.write() as session:
            cycle = queries.get_cycle(session, self.cycle_id)
            if step in ("review", "sign_off") and cycle.step is CycleStep.AUDIT:
                enter(session, cycle, CycleStep.REVIEW)
            if step == "sign_off" and cycle.step is CycleStep.REVIEW:
                enter(session, cycle, CycleStep.SIGN_OFF)
            if digest is None:
                asked = (
                    queries.release_of(session, cycle) if step == "sign_off" else queries.compilation_of(session, cycle)
                )
                digest = asked.digest if asked else ""
            return asks.put(session, cycle, step, digest, CYCLE_OF_ASK).id

    def reply(
        self,
        ask_id: int,
        gate: GateId,
        outcome: Outcome = "approved",
        *,
        name: str = "",
        code: str | None = None,
        opinion: str = "1-99：已与业务系统核对一致。",
        returned_to: tuple[str, ...] = (),
        publish_at: dt.datetime | None = None,
    ) -> str:
        """Answer an ask; what the answer was refused with, or an empty text."""
        name = name or REVIEWERS[gate]
        code = self.code(name) if code is None else code
        given = Answer(gate, outcome, Proof(name, code, self.now, opinion), returned_to, publish_at)
        with self.installation.records.read() as session:
            before = self.state_of(session, ask_id)
        reason = self.decide(self.cycle_id, given, ask_id)
        with self.installation.records.read() as session:
            assert self.state_of(session, ask_id) == (before if reason else "answered")
        return reason

    def reply_raw(self, ask_id: int, raw: object) -> str:
        """Answer an ask with whatever somebody sends; why it was refused."""
        return self.fill_in(self.cycle_id, raw, ask_id)

    def reply_collect(
        self, ask_id: int, name: str, *, code: str | None = None, reason: str = "医保中心系统升级，推迟报送。"
    ) -> str:
        """The compiler's answer to go on without who is missing; why it was refused, or an empty text."""
        code = self.code(name) if code is None else code
        return self.fill_in(self.cycle_id, go_on_without(name, code, reason), ask_id)

    def state_of(self, session: Session, ask_id: int) -> str:
        """Where this ask stands."""
        return asks.get(session, ask_id).state

    def use_up(self, name: str, code: str) -> None:
        """Use a code for something else."""
        with self.installation.records.write() as session:
            person = people.find_person(session, name)
            assert person is not None
            use = people.CodeUse("something else")
            assert people.check_code(session, self.installation.cipher, person, code, self.now, use=use) is None

    def disable(self, name: str) -> None:
        """What ``disclosure people disable`` does."""
        with self.installation.records.write() as session:
            people.disable(session, name)

    def substitute(
        self, name: str, absent: str, first_day: dt.date | None = None, last_day: dt.date | None = None
    ) -> None:
        """Let ``name`` act for ``absent``, today and for three more days unless told otherwise."""
        first_day = first_day or shanghai(self.now).date()
        with self.installation.records.write() as session:
            people.substitute(session, name, absent, first_day, last_day or first_day + dt.timedelta(days=3))

    def answer(self, gate: GateId, outcome: Outcome = "approved", *, step: AskStep | None = None, **given: Any) -> str:
        """Put the ask this gate belongs to and answer it; what the answer was refused with, or an empty text."""
        step = step or ("sign_off" if gate == "leader" else "review")
        return self.reply(self.ask(step, given.pop("digest", None)), gate, outcome, **given)

    def approve(self, *gates: GateId) -> None:
        for gate in gates:
            assert self.answer(gate) == ""

    def send_back(self, gate: GateId, *centres: str, opinion: str = "参保人数与上年差距过大，请核对。") -> None:
        assert self.answer(gate, "returned", opinion=opinion, returned_to=centres) == ""

    def begin_next_round(self) -> None:
        with self.installation.records.write() as session:
            decisions.begin_next_round(session, queries.get_cycle(session, self.cycle_id))

    def render(self) -> Release:
        return render_round(self.installation, self.cycle_id)

    def sign_all(self) -> Release:
        """From workbooks to a release that every gate has approved."""
        self.hand_in_all()
        self.compile()
        assert not self.audit().is_blocking
        self.approve(*REVIEW_GATES)
        release = self.render()
        self.approve("leader")
        return release

    def rest(self) -> None:
        """Close every connection; with SQLite's last one all of the write-ahead log is put into the file."""
        self.installation.records.engine.dispose()

    def publish(self) -> Published:
        return publish_round(self.installation, self.cycle_id)

    def copy_to(self, home: Path, database_url: str = "") -> Bureau:
        """The same bureau in another folder, on a copy of its SQLite file or on ``database_url``, its copy.

        This one must be at rest.
        """
        self.rest()
        shutil.copytree(self.installation.settings.home, home, symlinks=True, dirs_exist_ok=True)
        moved = {"home": home, "database_url": database_url or f"sqlite:///{home / 'records.db'}"}
        installation = Installation(self.installation.settings.model_copy(update=moved))
        return replace(self, installation=installation, clock=SimulatedClock(self.now), secrets=dict(self.secrets))


def bureau_at(
    home: Path,
    database_url: str,
    *,
    profile: str = "gaogang-2016",
    period: str = "2016-annual",
    only: Iterable[str] = (),
    enrolled: bool = True,
) -> Bureau:
    """A new bureau with its cycle open and, if wanted, its reviewers enrolled."""
    installation = Installation(Settings(home=home, profile=profile, database_url=lay_sqlite(database_url)))
    with installation.records.write() as session:
        cycle = queries.open_cycle(session, installation.catalog, parse_period(period), only=only)
    bureau = Bureau(installation, period=parse_period(period), cycle_id=cycle.id, only=tuple(only))
    if enrolled:
        bureau.enrol_all({name: installation.catalog.gate_office(gate).id for gate, name in REVIEWERS.items()})
    return bureau
