"""The people of the openness catalogue at work in a demonstration: offices hand in, reviewers decide, a desk answers.

Each of them answers once, with a code of their own: nobody waits half a minute for the next one.
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from disclosure.answers.taking import answer_ask
from disclosure.catalog import GateId
from disclosure.openness import changes, requests, review
from disclosure.openness.words import words
from disclosure.platform.clock import shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.records.tables import OpennessChange
from disclosure.review import asks
from disclosure.review.authority import Answer
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal
from disclosure.simulation.actors import Actors, form_of

_OPINION = "同意公开。"


@dataclass
class OpennessActors:
    """Those who keep the catalogue and those who review it, enrolled as they are needed."""

    actors: Actors
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def hand_in(self, contents: Sequence[changes.NewContent]) -> int:
        """Hand in what one office has of several elements, and put it to review; the change's id."""
        office = self.actors.catalog.openness_items[contents[0].item].owner
        proof = self.proof(office)
        with self.actors.installation.begin(proof.at) as work:
            change = changes.hand_in_together(work, contents, proof)
        if isinstance(change, Refusal):
            raise DisclosureError(f"演示没有走完：{proof.name}报送的内容没有被接受：{change.sentence}")
        return change.id

    def approve(self, change_id: int) -> None:
        """Put a change to review and let every gate approve it, without a run: the same records as with one."""
        installation, catalog = self.actors.installation, self.actors.catalog
        with installation.records.write() as session:
            review.enter_review(session, catalog, changes.get_change(session, change_id))
        with installation.records.read() as session:
            gates = review.standing_of(session, catalog, changes.get_change(session, change_id)).open_gates
        for gate in gates:
            with installation.records.write() as session:
                change = changes.get_change(session, change_id)
                ask_id = asks.put(session, change, "review", change.digest, str(uuid.uuid4())).id
            answer = self.approval(gate)
            with installation.begin(answer.proof.at) as work:
                given = answer_ask(work, asks.get(work.session, ask_id), form_of(catalog, "review", answer))
            if given.refusal:
                raise DisclosureError(f"演示没有走完：{answer.proof.name}的审核没有被接受：{given.refusal}")

    def approval(self, gate: GateId) -> Answer:
        """Return the answer of somebody who approves at ``gate``."""
        return Answer(gate, "approved", self.proof(self.actors.catalog.gate_office(gate).id))

    def readiness(self, change_id: int) -> dict[str, str]:
        """Fill in the form of the office that stands for what a published cycle filled."""
        with self.actors.installation.records.read() as session:
            office = session.get_one(OpennessChange, change_id).office
        proof = self.proof(office)
        return {"action": words()["answers"]["ready"], "name": proof.name, "code": proof.code, "opinion": "核对无误。"}

    def answer_request(self, item: str) -> None:
        """Register a request that came today, and answer it."""
        name, today = (
            self.proof(self.actors.catalog.gate_office("confidentiality").id).name,
            shanghai(self.actors.clock()).date(),
        )
        number = f"{today.year}-演示-001"
        with self.actors.installation.begin(self.actors.clock()) as work:
            requests.add(work, number, today, item=item, name=name)
            requests.answer(work, number, today, outcome="disclosed", name=name)

    def proof(self, office: str) -> Proof:
        """Return the signature of somebody of ``office`` (an id), enrolled for this once."""
        name = f"演示·{self.actors.catalog.offices[office].name}·公开{next(self.numbers)}"
        self.actors.enrol(name, office)
        return Proof(name, self.actors.code(name), self.actors.clock(), _OPINION)


def new_contents(texts: dict[tuple[str, str], str], what: str, on: dt.date) -> list[changes.NewContent]:
    """Return the texts, by item and element, as content that changed on a day."""
    return [changes.NewContent(item, element, text, what, on) for (item, element), text in texts.items()]
