"""Protects the rule of rules: whatever people do in whatever order, only what all gates approved is published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, currently_in_test_context, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import select

from disclosure import cycles
from disclosure.errors import DisclosureError
from disclosure.publication.publish import release_digest
from disclosure.records import ledger
from disclosure.records.tables import AuditRun, Decision, Release
from disclosure.review.authority import REVIEW_GATES

pytestmark = pytest.mark.records

Bureau = Any
CENTRE, OTHER = "social_insurance_centre", "medical_centre"
GATES = (*REVIEW_GATES, "leader")
#: Right figures; right but other figures; figures whose total is wrong, which blocks.
VERSIONS: tuple[dict[str, str | None], ...] = (
    {},
    {"employee_pension.participants": "52003"},
    {"employee_pension.socialised_payment": "13645"},
)

APPROVE = st.tuples(st.just("approve"), st.sampled_from(GATES), st.sampled_from(["", "", "", "other", "last"]))
RETURN = st.tuples(st.just("return"), st.sampled_from(GATES), st.sampled_from([(CENTRE,), (OTHER,), (CENTRE, OTHER)]))
HAND_IN = st.tuples(st.just("hand in"), st.integers(0, 2), st.just(""))
GO_ON = st.tuples(st.just("go on"), st.just(0), st.just(""))
#: Anything at all, then every gate in some order: sequences that get somewhere.
STEPS = st.builds(
    lambda some, order: [*some, *(("approve", gate, "") for gate in order)],
    st.lists(st.one_of(APPROVE, APPROVE, HAND_IN, GO_ON, GO_ON, RETURN), max_size=12),
    st.permutations(GATES),
)


class Walk:
    """One bureau walked through a sequence; every act may be refused, and whatever happens the rule must hold."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.digests = ["f" * 64]

    @staticmethod
    def told(words: str) -> None:
        if currently_in_test_context():
            note(words)

    def act(self, what: str, chosen: Any, detail: Any) -> None:
        try:
            getattr(self, what.replace(" ", "_"))(chosen, detail)
        except DisclosureError as refusal:
            self.told(f"{what} {chosen}: {refusal}")

    def hand_in(self, version: int, _: str) -> None:
        for centre in (CENTRE, OTHER):
            self.bureau.hand_in(self.bureau.workbook(centre, changed=VERSIONS[version], filler=f"吴填报{version}"))

    def go_on(self, *_: object) -> None:
        """What the flow does by itself between two answers."""
        with self.bureau.place.records.read() as session:
            made = cycles.decisions(session, cycles.get_cycle(session, self.bureau.cycle_id), self.bureau.round)
        if any(d.outcome == "returned" for d in made.values()):
            self.bureau.begin_next_round()
            return
        self.digests.append(self.bureau.compile().digest)
        self.bureau.audit()
        self.bureau.carry_over()
        self.digests.append(self.bureau.render().digest)

    def approve(self, gate: str, digest: str) -> None:
        asked = {"other": "f" * 64, "last": self.digests[-1], "": None}[digest]
        if self.is_rendered():
            self.told(f"{gate}: {self.bureau.answer(gate, digest=asked)}")

    def return_(self, gate: str, centres: tuple[str, ...]) -> None:
        if self.is_rendered():
            self.told(self.bureau.answer(gate, "returned", opinion="请核对后重报", returned_to=centres))

    def publish(self, *_: object) -> None:
        try:
            self.bureau.publish()
        finally:
            self.check()

    def is_rendered(self) -> bool:
        with self.bureau.place.records.read() as session:
            return cycles.release_of(session, cycles.get_cycle(session, self.bureau.cycle_id)) is not None

    def check(self) -> bool:
        """Whether something is public; if so, that every gate approved exactly that. From the raw rows."""
        with self.bureau.place.records.read() as session:
            assert ledger.first_broken(session) is None
            live = session.scalars(select(Release).where(Release.is_live)).all()
            assert self.bureau.site.exists() == bool(live)
            for release in live:
                compiled = release.compilation
                decided = {
                    d.gate: (d.outcome, d.digest)
                    for d in session.scalars(select(Decision).where(Decision.round == release.round))
                }
                assert decided == {
                    **dict.fromkeys(REVIEW_GATES, ("approved", compiled.digest)),
                    "leader": ("approved", release.digest),
                }
                assert release.digest == release_digest(compiled.digest, release.title, release.summary, release.files)
                audit = session.scalars(select(AuditRun).where(AuditRun.compilation_id == compiled.id)).one()
                assert not audit.is_blocking
            return bool(live)


setattr(Walk, "return", Walk.return_)


@settings(
    max_examples=8,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_no_sequence_publishes_what_was_not_approved(
    new_bureau: Callable[..., Bureau], steps: list[tuple[str, Any, Any]]
) -> None:
    walk = Walk(new_bureau())
    try:
        for step in [("hand in", 0, ""), ("go on", 0, ""), *steps]:
            walk.act(*step)
            walk.act("publish", 0, "")
    finally:
        walk.bureau.place.records.engine.dispose()


def test_the_walk_can_publish(new_bureau: Callable[..., Bureau]) -> None:
    """Otherwise the test above would hold of a product that never publishes anything."""
    walk = Walk(new_bureau())
    wrong: list[tuple[str, Any, Any]] = [("hand in", 2, ""), ("go on", 0, "")]
    wrong += [("approve", gate, "") for gate in GATES] + [("publish", 0, ""), ("return", "finance", (CENTRE,))]
    right = [("go on", 0, ""), ("hand in", 0, ""), ("publish", 0, ""), ("go on", 0, "")]
    right += [("approve", gate, "other") for gate in GATES] + [("publish", 0, "")]
    for step in [*wrong, *right]:
        walk.act(*step)
        assert not walk.check()
    for gate in GATES:
        walk.act("approve", gate, "")
    walk.act("publish", 0, "")
    assert walk.check()
    walk.bureau.place.records.engine.dispose()
