"""A bureau in a folder of its own: what people do in a cycle, one call each, through the product's own functions.

Figures are those of the profile's demonstration: 高港区 2016 and 昆明市 2017 as they were published.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pyotp
import pytest
from sqlalchemy.orm import Session

from data_checks.recording import audit_round
from disclosure import cycles
from disclosure.catalog import Catalog, GateId
from disclosure.collection import write_workbook
from disclosure.collection.submissions import Receipt, hand_in
from disclosure.compilation import compile_round
from disclosure.demo_figures import demo_figures
from disclosure.figures import Figure
from disclosure.periods import Period, parse_period
from disclosure.publication.publish import Published, publish_round, render_round
from disclosure.records.tables import AuditRun, Compilation, Release
from disclosure.review import asks, decisions, people
from disclosure.review.authority import REVIEW_GATES, Answer, Outcome
from disclosure.settings import Settings
from disclosure.workplace import Workplace

#: One person for each gate, by the office that decides there.
REVIEWERS: Mapping[GateId, str] = {
    "policy": "郑法规",
    "finance": "钱财务",
    "confidentiality": "孙保密",
    "leader": "李局长",
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
            cover=(filler, checker, "2026-02-20"),
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
        return audit_round(self.place, self.cycle_id)

    def carry_over(self) -> dict[str, int | None]:
        """Carry over what the rules allow; gate -> id of the decision it was carried from, for the current round."""
        with self.place.records.write() as session:
            cycle = cycles.get_cycle(session, self.cycle_id)
            compiled = cycles.compilation_of(session, cycle)
            assert compiled is not None
            decisions.carry_over(session, self.catalog, cycle, compiled)
            return {g: d.carried_from_id for g, d in cycles.decisions(session, cycle, cycle.round).items()}

    def enrol(self, name: str, office: str) -> str:
        self.enrol_all({name: office})
        return name

    def enrol_all(self, offices: Mapping[str, str]) -> None:
        with self.place.records.write() as session:
            for name, office in offices.items():
                self.secrets[name] = people.enrol(session, self.catalog, self.place.cipher, name, office).secret

    def code(self, name: str) -> str:
        """The code that this person's authenticator shows, on a clock that has gone on to the next one."""
        self.now += dt.timedelta(seconds=people.STEP_SECONDS)
        return pyotp.TOTP(self.secrets[name]).at(self.now) if name in self.secrets else "000000"

    def answer(
        self,
        gate: GateId,
        outcome: Outcome = "approved",
        *,
        name: str = "",
        code: str | None = None,
        opinion: str = "1-99：已与业务系统核对一致。",
        returned_to: tuple[str, ...] = (),
        digest: str | None = None,
    ) -> str:
        """Put the ask this gate belongs to and answer it; what the answer was refused with, or an empty text."""
        name = name or REVIEWERS[gate]
        step: asks.AskStep = "sign_off" if gate == "leader" else "review"
        given = Answer(gate, outcome, name, self.code(name) if code is None else code, opinion, returned_to)
        with self.place.records.write() as session:
            cycle = cycles.get_cycle(session, self.cycle_id)
            if digest is None:
                asked = cycles.release_of(session, cycle) if gate == "leader" else cycles.compilation_of(session, cycle)
                assert asked is not None
                digest = asked.digest
            ask = asks.put(session, cycle, step, digest, CYCLE_OF_ASK)
            cipher = self.place.cipher
            reason = decisions.record_answer(session, self.catalog, cipher, cycle, ask, answer=given, now=self.now)
            assert ask.state == ("refused" if reason else "answered")
            return reason

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

    def publish(self) -> Published:
        return publish_round(self.place, self.cycle_id)


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
    place = Workplace(Settings(home=home, profile=profile, database_url=database_url))
    with place.records.write() as session:
        cycle = cycles.open_cycle(session, place.catalog, parse_period(period), only=only)
    bureau = Bureau(place, parse_period(period), cycle.id, tuple(only))
    if enrolled:
        bureau.enrol_all({name: place.catalog.gate_office(gate).id for gate, name in REVIEWERS.items()})
    return bureau


@pytest.fixture
def open_bureau(tmp_path: Path, database_url: str) -> Iterator[Callable[..., Bureau]]:
    """Opens a bureau (arguments of ``bureau_at``) on SQLite and once more on PostgreSQL."""
    opened: list[Bureau] = []

    def open_one(**chosen: object) -> Bureau:
        opened.append(bureau_at(tmp_path, database_url, **chosen))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for bureau in opened:
        bureau.place.records.engine.dispose()


@pytest.fixture
def bureau(open_bureau: Callable[..., Bureau]) -> Bureau:
    """高港区 2016 with nothing handed in yet."""
    return open_bureau()


@pytest.fixture
def new_bureau(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Bureau]:
    """A fresh bureau on SQLite each time it is called, for tests that need many."""

    def make(**chosen: object) -> Bureau:
        home = tmp_path_factory.mktemp("bureau")
        return bureau_at(home, f"sqlite:///{home / 'records.db'}", **chosen)  # type: ignore[arg-type]

    return make


@pytest.fixture
def run_and_die() -> Callable[[Bureau, str], None]:
    """Run Python in a process of its own that must kill itself by ``die()`` (SIGKILL: nothing is tidied up)."""

    def run(bureau: Bureau, program: str) -> None:
        start = (
            "import os, signal\nfrom disclosure.workplace import open_workplace\n"
            "def die(*_, **__):\n    os.kill(os.getpid(), signal.SIGKILL)\nplace = open_workplace()\n"
        )
        environment = {**os.environ, **bureau.place.settings.own_environment}
        command = [sys.executable, "-c", start + program]
        ended = subprocess.run(command, check=False, env=environment, capture_output=True, encoding="utf-8")
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    return run
