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

import pyotp
from empty_records import lay_sqlite
from sqlalchemy.orm import Session

from data_checks.recording import audit_round
from disclosure import cycles
from disclosure.catalog import Catalog, GateId
from disclosure.clock import shanghai
from disclosure.collection import write_workbook
from disclosure.collection.answers import record_collect_answer
from disclosure.collection.submissions import Receipt, hand_in
from disclosure.compilation import compile_round
from disclosure.demo_figures import demo_figures
from disclosure.figures import Figure
from disclosure.periods import Period, parse_period
from disclosure.publication.publish import Published, publish_round, render_round
from disclosure.records.tables import AuditRun, Compilation, Release
from disclosure.review import asks, decisions, people
from disclosure.review.authority import REVIEW_GATES, Answer, Outcome
from disclosure.review.forms import GO_ON_WITHOUT, parse_review
from disclosure.settings import Settings
from disclosure.workplace import Workplace

#: One person for each gate, by the office that decides there.
REVIEWERS: Mapping[GateId, str] = {
    "policy": "郑法规",
    "finance": "钱财务",
    "confidentiality": "孙保密",
    "leader": "李局长",
    "emergency": "李局长",
}
CYCLE_OF_ASK = "00000000-0000-0000-0000-000000000000"


@dataclass
class Bureau:
    """One installation with one cycle open; ``now`` is the reviewers' clock, half a minute later for each code."""

    place: Workplace
    period: Period
    cycle_id: int
    only: tuple[str, ...] = ()
    secrets: dict[str, str] = field(default_factory=dict)
    now: dt.datetime = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)

    @property
    def catalog(self) -> Catalog:
        return self.place.catalog

    @property
    def centres(self) -> list[str]:
        with self.place.records.read() as session:
            return [o.id for o in cycles.expected_centres(self.catalog, cycles.get_cycle(session, self.cycle_id))]

    @property
    def round(self) -> int:
        with self.place.records.read() as session:
            return cycles.get_cycle(session, self.cycle_id).round

    @property
    def site(self) -> Path:
        return self.place.settings.home / "site"

    def another(self, period: str) -> Bureau:
        """The same bureau at work on another period."""
        with self.place.records.write() as session:
            cycle = cycles.open_cycle(session, self.catalog, parse_period(period))
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
        path = self.place.settings.home / f"{centre}.xlsx"
        write_workbook(
            path,
            self.catalog,
            self.period,
            centre,
            round_number=round_number or self.round,
            only=self.only,
            filled=filled,
            # Nobody signs before the period is over.
            cover=(filler, checker, "2026-02-20" if self.period.end < dt.date(2026, 2, 20) else ""),
        )
        return path.read_bytes()

    @staticmethod
    def _changed(figure: Figure, said: str | None) -> Figure:
        if not said:
            return figure
        return replace(figure, text=said) if figure.value is None else replace(figure, value=Decimal(said))

    def hand_in(self, content: bytes, name: str = "报表.xlsx") -> Receipt:
        place = self.place
        return hand_in(place.records, place.settings.files, self.catalog, content, name)

    def hand_in_all(
        self, changed: Mapping[str, str | None] | None = None, centres: Iterable[str] | None = None
    ) -> None:
        for centre in self.centres if centres is None else centres:
            receipt = self.hand_in(self.workbook(centre, changed=changed), f"{centre}.xlsx")
            assert receipt.is_accepted, receipt.problems

    def compile(self) -> Compilation:
        with self.place.records.write() as session:
            return compile_round(session, self.catalog, cycles.get_cycle(session, self.cycle_id))

    def compile_digest(self, session: Session) -> str:
        """The digest of the current round's compilation."""
        compiled = cycles.compilation_of(session, cycles.get_cycle(session, self.cycle_id))
        assert compiled is not None
        return compiled.digest

    def audit(self) -> AuditRun:
        # The findings are the same by both engines (tests/unit/test_audit_engines.py), and this one is sooner done.
        return audit_round(self.place, self.cycle_id, engine="columns")

    def carry_over(self) -> dict[str, int | None]:
        """Carry over what the rules allow; gate -> id of the decision it was carried from, for the current round."""
        with self.place.records.write() as session:
            cycle = cycles.get_cycle(session, self.cycle_id)
            compiled = cycles.compilation_of(session, cycle)
            assert compiled is not None
            decisions.carry_over(session, self.catalog, cycle, compiled)
            return {g: d.carried_from_id for g, d in cycles.decisions(session, cycle, cycle.round).items()}

    def enrol(self, name: str, office: str, *roles: str) -> str:
        with self.place.records.write() as session:
            made = people.enrol(session, self.catalog, self.place.cipher, name, office, roles=roles)
            self.secrets[name] = made.secret
        return name

    def enrol_all(self, offices: Mapping[str, str]) -> None:
        for name, office in offices.items():
            self.enrol(name, office)

    def code(self, name: str) -> str:
        """The code that this person's authenticator shows, on a clock that has gone on to the next one."""
        self.now += dt.timedelta(seconds=people.STEP_SECONDS)
        return pyotp.TOTP(self.secrets[name]).at(self.now) if name in self.secrets else "000000"

    def ask(self, step: asks.AskStep, digest: str | None = None) -> int:
        """Put an ask of this step, about what the round has come to unless told otherwise; its id."""
        with self.place.records.write() as session:
            cycle = cycles.get_cycle(session, self.cycle_id)
            if digest is None:
                asked = (
                    cycles.release_of(session, cycle) if step == "sign_off" else cycles.compilation_of(session, cycle)
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
        given = Answer(gate, outcome, name, code, opinion, returned_to, publish_at)
        with self.place.records.write() as session:
            ask = asks.get(session, ask_id)
            cycle, cipher = cycles.get_cycle(session, self.cycle_id), self.place.cipher
            reason = decisions.record_answer(session, self.catalog, cipher, cycle, ask, answer=given, now=self.now)
            assert ask.state == ("refused" if reason else "answered")
            return reason

    def reply_raw(self, ask_id: int, raw: object) -> str:
        """Answer an ask with whatever somebody stored in Prefect; why it was refused."""
        with self.place.records.write() as session:
            ask = asks.get(session, ask_id)
            cycle, cipher = cycles.get_cycle(session, self.cycle_id), self.place.cipher
            given = parse_review(raw, self.catalog, asks.step_of(ask))
            return decisions.record_answer(session, self.catalog, cipher, cycle, ask, answer=given, now=self.now)

    def reply_collect(
        self, ask_id: int, name: str, *, code: str | None = None, reason: str = "医保中心系统升级，推迟报送。"
    ) -> str:
        """The compiler's answer to go on without who is missing; why it was refused, or an empty text."""
        code = self.code(name) if code is None else code
        return self.reply_collect_raw(ask_id, {"action": GO_ON_WITHOUT, "name": name, "code": code, "reason": reason})

    def reply_collect_raw(self, ask_id: int, raw: object) -> str:
        """Whatever somebody stored in Prefect as an answer about missing centres; why it was refused."""
        place = self.place
        with place.records.write() as session:
            ask = asks.get(session, ask_id)
            return record_collect_answer(session, self.catalog, place.cipher, ask, raw, answered_at=self.now)

    def state_of(self, session: Session, ask_id: int) -> str:
        """Where this ask stands."""
        return asks.get(session, ask_id).state

    def wrong_code(self, name: str) -> str:
        """Six digits that are right for ``name`` at no moment near now."""
        totp = pyotp.TOTP(self.secrets[name])
        near = {totp.at(self.now + dt.timedelta(seconds=people.STEP_SECONDS * step)) for step in range(-3, 4)}
        return next(code for digit in range(10) if (code := str(digit) * 6) not in near)

    def use_up(self, name: str, code: str) -> None:
        """Use a code for something else."""
        with self.place.records.write() as session:
            person = people.find_person(session, name)
            assert person is not None
            assert people.check_code(session, self.place.cipher, person, code, self.now) == ""

    def disable(self, name: str) -> None:
        """What ``disclosure people disable`` does."""
        with self.place.records.write() as session:
            people.disable(session, name)

    def substitute(
        self, name: str, absent: str, first_day: dt.date | None = None, last_day: dt.date | None = None
    ) -> None:
        """Let ``name`` act for ``absent``, today and for three more days unless told otherwise."""
        first_day = first_day or shanghai(self.now).date()
        with self.place.records.write() as session:
            people.substitute(session, name, absent, first_day, last_day or first_day + dt.timedelta(days=3))

    def answer(
        self, gate: GateId, outcome: Outcome = "approved", *, step: asks.AskStep | None = None, **given: Any
    ) -> str:
        """Put the ask this gate belongs to and answer it; what the answer was refused with, or an empty text."""
        step = step or ("sign_off" if gate == "leader" else "review")
        return self.reply(self.ask(step, given.pop("digest", None)), gate, outcome, **given)

    def approve(self, *gates: GateId) -> None:
        for gate in gates:
            assert self.answer(gate) == ""

    def send_back(self, gate: GateId, *centres: str, opinion: str = "参保人数与上年差距过大，请核对。") -> None:
        assert self.answer(gate, "returned", opinion=opinion, returned_to=centres) == ""

    def begin_next_round(self) -> None:
        with self.place.records.write() as session:
            decisions.begin_next_round(session, cycles.get_cycle(session, self.cycle_id))

    def render(self) -> Release:
        return render_round(self.place, self.cycle_id)

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
        self.place.records.engine.dispose()

    def publish(self) -> Published:
        return publish_round(self.place, self.cycle_id)

    def copy_to(self, home: Path, database_url: str = "") -> Bureau:
        """The same bureau in another folder, on a copy of its SQLite file or on ``database_url``, its copy.

        This one must be at rest.
        """
        self.rest()
        shutil.copytree(self.place.settings.home, home, symlinks=True, dirs_exist_ok=True)
        moved = {"home": home, "database_url": database_url or f"sqlite:///{home / 'records.db'}"}
        place = Workplace(self.place.settings.model_copy(update=moved))
        return replace(self, place=place, secrets=dict(self.secrets))


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
    place = Workplace(Settings(home=home, profile=profile, database_url=lay_sqlite(database_url)))
    with place.records.write() as session:
        cycle = cycles.open_cycle(session, place.catalog, parse_period(period), only=only)
    bureau = Bureau(place, parse_period(period), cycle.id, tuple(only))
    if enrolled:
        bureau.enrol_all({name: place.catalog.gate_office(gate).id for gate, name in REVIEWERS.items()})
    return bureau
