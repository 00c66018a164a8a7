"""Offices that keep the openness catalogue, on a clock of their own: what they and the reviewers do, one call each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import time_machine

from disclosure.answers.taking import answer_ask
from disclosure.catalog import Catalog, GateId
from disclosure.openness import changes, confirming, review
from disclosure.openness.clocks import ElementClock, all_clocks
from disclosure.openness.contents import read_content
from disclosure.openness.duties import OpenClock, open_clocks
from disclosure.openness.words import words
from disclosure.platform.settings import SHANGHAI
from disclosure.publication.openness import publish_openness
from disclosure.records.states import AskStep, Outcome
from disclosure.records.tables import LedgerEntry, OpennessChange
from disclosure.review import asks
from disclosure.review.authority import Answer
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal
from disclosure.simulation.actors import form_of
from tests.support.bureau import CYCLE_OF_ASK, REVIEWERS, Bureau, bureau_at

#: Somebody of each office that keeps items.
KEEPERS = {
    "social_insurance_centre": "吴社保",
    "employment_centre": "周就业",
    "institution_pension_centre": "韩机关",
}


@dataclass
class Keepers:
    """A bureau with its keepers enrolled; its clock stands still until it is moved."""

    bureau: Bureau
    clock: time_machine.Traveller

    @property
    def catalog(self) -> Catalog:
        return self.bureau.catalog

    @property
    def now(self) -> dt.datetime:
        return self.bureau.now

    def at(self, day: str | dt.date) -> None:
        """Go on to nine o'clock in Shanghai of ``day``; where it is later that day already, nothing moves."""
        date = dt.date.fromisoformat(day) if isinstance(day, str) else day
        self.bureau.now = max(self.bureau.now, dt.datetime.combine(date, dt.time(9), SHANGHAI))
        self.clock.move_to(self.bureau.now)

    def code(self, name: str) -> str:
        """The next code of ``name``; the clock goes on with it."""
        made = self.bureau.code(name)
        self.clock.move_to(self.bureau.now)
        return made

    def guide(self, item: str, phone: str = "0878-0000000") -> str:
        """The profile's sample of an item as an office would finish it, as canonical text."""
        sample = next((self.catalog.folder / "openness").glob(f"{item}-*.md")).read_text(encoding="utf-8")
        path = self.bureau.installation.settings.home / "guide.md"
        path.write_text(finished(sample, phone), encoding="utf-8")
        return read_content(self.catalog.openness_items[item], "guide", path)

    def new(self, item: str, element: str, content: str, what: str = "更新", on: str = "") -> changes.NewContent:
        day = dt.date.fromisoformat(on) if on else self.now.astimezone(SHANGHAI).date()
        return changes.NewContent(item, element, content, what, day)

    def hand_in(self, new: changes.NewContent, *, by: str = "", code: str | None = None) -> OpennessChange | Refusal:
        """What the owning office's ``openness changed`` does."""
        name = by or KEEPERS[self.catalog.openness_items[new.item].owner]
        code = self.code(name) if code is None else code
        with self.bureau.installation.begin(self.now) as work:
            return changes.hand_in(work, new, Proof(name, code, self.now))

    def start(self, new: changes.NewContent) -> int:
        """Hand in and go to review; the change's id."""
        change = self.hand_in(new)
        assert isinstance(change, OpennessChange)
        self.enter_review(change.id)
        return change.id

    def enter_review(self, change_id: int) -> None:
        with self.bureau.installation.records.write() as session:
            change = changes.get_change(session, change_id)
            assert change.person_id is not None
            review.enter_review(session, self.catalog, change)

    def put(self, change_id: int, step: AskStep) -> int:
        """Put an ask about the change as the flow does; its id."""
        with self.bureau.installation.records.write() as session:
            change = changes.get_change(session, change_id)
            return asks.put(session, change, step, change.digest, CYCLE_OF_ASK).id

    def decide(
        self,
        change_id: int,
        gate: GateId,
        outcome: Outcome = "approved",
        *,
        name: str = "",
        ask_id: int = 0,
        opinion: str = "同意公开。",
    ) -> str:
        """Put the review's ask and answer it; why the answer was not taken, or an empty text."""
        ask_id = ask_id or self.put(change_id, "review")
        name = name or REVIEWERS[gate]
        code = self.code(name)
        with self.bureau.installation.records.read() as session:
            returned = (changes.get_change(session, change_id).office,) if outcome == "returned" else ()
        answer = Answer(gate, outcome, Proof(name, code, self.now, opinion), returned)
        return self._fill_in(ask_id, form_of(self.catalog, "review", answer))

    def approve(self, change_id: int) -> None:
        """Every gate that is open approves."""
        with self.bureau.installation.records.read() as session:
            gates = review.standing_of(session, self.catalog, changes.get_change(session, change_id)).open_gates
        for gate in gates:
            assert self.decide(change_id, gate) == ""

    def answer_office(self, change_id: int, action: str, *, by: str = "", ask_id: int = 0, **given: str) -> str:
        """The office's answer about content; why it was not taken."""
        ask_id = ask_id or self.put(change_id, "office")
        installation = self.bureau.installation
        with installation.records.read() as session:
            name = by or KEEPERS[changes.get_change(session, change_id).office]
        raw = {"action": words()["answers"][action], "name": name, "code": self.code(name), "opinion": "无", **given}
        return self._fill_in(ask_id, raw)

    def confirm(self, change_id: int, *changed: str) -> str:
        """The office's yearly answer: ``changed`` are labels, none for none."""
        ask_id = self.put(change_id, "confirmation")
        installation = self.bureau.installation
        with installation.records.read() as session:
            name = KEEPERS[changes.get_change(session, change_id).office]
        none = words()["answers"]["none_changed"]
        raw = {"changed": list(changed) or [none], "name": name, "code": self.code(name)}
        return self._fill_in(ask_id, raw)

    def _fill_in(self, ask_id: int, raw: object) -> str:
        """Answer an ask with ``raw``; why it was refused, or an empty text."""
        with self.bureau.installation.begin(self.now) as work:
            return answer_ask(work, asks.get(work.session, ask_id), raw).refusal

    def notice(self) -> tuple[list[int], list[int]]:
        """The morning's look: changes of statistics, and confirmations due."""
        with self.bureau.installation.begin(self.now) as work:
            return changes.note_statistics(work), confirming.note_confirmations(work)

    def publish(self) -> list[int]:
        return publish_openness(self.bureau.installation)

    def page(self, name: str) -> str:
        """A live page."""
        return (self.bureau.site / "openness" / f"{name}.html").read_text(encoding="utf-8")

    def clocks(self, day: str = "") -> list[ElementClock]:
        seen_on = dt.date.fromisoformat(day) if day else self.now.astimezone(SHANGHAI).date()
        with self.bureau.installation.records.read() as session:
            return all_clocks(session, self.catalog, seen_on)

    def owed(self) -> list[OpenClock]:
        with self.bureau.installation.records.read() as session:
            return open_clocks(session, self.catalog, self.now)

    def ledger(self, event: str) -> list[LedgerEntry]:
        with self.bureau.installation.records.read() as session:
            return [e for e in session.query(LedgerEntry).order_by(LedgerEntry.number) if e.event == event]


def finished(sample: str, phone: str) -> str:
    """A sample guide as an office finishes it: the mark gone, every blank filled in."""
    lines = [line for line in sample.splitlines() if not line.startswith(">")]
    text = "\n".join(lines)
    while "〔由" in text:
        before, _, rest = text.partition("〔由")
        text = before + phone + rest.partition("〕")[2]
    return text


@contextmanager
def keepers_at(home: Path, database_url: str, day: str = "2025-03-03", **chosen: Any) -> Iterator[Keepers]:
    """A new bureau of 楚雄州 with keepers and reviewers, on the morning of ``day``."""
    settings = {"profile": "chuxiong", "period": "2025-special-工伤", "only": ("work_injury.*",), **chosen}
    with time_machine.travel(
        dt.datetime.combine(dt.date.fromisoformat(day), dt.time(9), SHANGHAI), tick=False
    ) as clock:
        bureau = bureau_at(home, database_url, **settings)
        bureau.enrol_all({name: office for office, name in KEEPERS.items()})
        bureau.now = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(9), SHANGHAI)
        made = Keepers(bureau, clock)
        yield made
        bureau.installation.records.engine.dispose()


def copied(keepers: Keepers, home: Path) -> Keepers:
    """The same on a copy, for a test that goes its own way."""
    return replace(keepers, bureau=keepers.bureau.copy_to(home))
