"""Protects the rule of rules: whatever people do in whatever order, only what all gates approved is published.

A machine walks one bureau through decisions, edits, retries, power cuts and restarts. After every step: what is
public has every approval of exactly its digest, or names the gates an emergency went ahead of; nobody is asked
again for content they approved; and whoever is awaited is named and could answer. At the end every walk is
finished by the people it names.
"""

from __future__ import annotations

import datetime as dt
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from data_checks import recording
from disclosure.catalog import GateId
from disclosure.collection import kinds
from disclosure.confidentiality.public_text import Acceptances
from disclosure.cycle import queries
from disclosure.cycle.states import enter
from disclosure.publication import publish
from disclosure.publication.publish import awaits_later_review, release_digest
from disclosure.records.states import PUBLISHED, AskStep, CycleStep
from disclosure.records.tables import Ask, AuditRun, Decision, LedgerEntry, Release
from disclosure.review import asks, briefing, decisions
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.preparation import prepare_review, prepare_sign_off
from tests.support.bureau import Bureau, bureau_at
from tests.support.ledgers import first_broken
from tests.support.power_cuts import Fragile, PowerCutError

pytestmark = [pytest.mark.records, pytest.mark.full]

T = TypeVar("T")
CENTRE, OTHER = "social_insurance_centre", "medical_centre"
CENTRES = (CENTRE, OTHER)
#: Right figures; right but other figures; a figure less, which is another table; a wrong total, which blocks.
VERSIONS: tuple[dict[str, str | None], ...] = (
    {},
    {"employee_pension.participants": "52003"},
    {"employee_pension.participants": None},
    {"employee_pension.socialised_payment": "13645"},
)
#: Before the legal date of 2016's disclosure, so that an hour may be signed for.
MORNING = dt.datetime(2017, 3, 1, 1, tzinfo=dt.UTC)
REASON = "暴雨救助资金须当日公开，三位审核人均在抢险现场。"
#: Two for each gate, so that one may draft or be disabled.
SECOND = {"policy": "郑二", "finance": "钱二", "confidentiality": "孙二", "leader": "李二"}
PEOPLE = ("郑法规", "钱财务", "孙保密", "李局长", *SECOND.values(), "何汇总", "吴填报")
STEPS_TO_FINISH = 60
#: What happens to the run's process after an answer: nothing, the answer comes again, or it dies at its n-th write.
THEN = st.tuples(st.sampled_from(["", "", "again", "die before", "die after"]), st.integers(1, 8))


def remembered(function: Callable[..., T]) -> Callable[..., T]:
    """A pure function that works once for the same arguments.

    The catalogue, always the same one, is no key; nor is what of persons is accepted: nothing is in these walks.
    """
    known: dict[bytes, T] = {}

    def call(*given: Any, **named: Any) -> T:
        telling = [part for part in given if not (hasattr(part, "indicators") or isinstance(part, Acceptances))]
        key = pickle.dumps((telling, sorted(named.items())))
        if key not in known:
            known[key] = function(*given, **named)
        return known[key]

    return call


class Walk(RuleBasedStateMachine):
    """One bureau; ``prepared`` and ``workbooks`` are shared by all examples."""

    prepared: Bureau
    workbooks: dict[tuple[str, int, int, str], bytes]
    clock: list[dt.datetime]

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory(prefix="walk-")
        self.bureau = self.prepared.copy_to(Path(self.folder.name) / "home")
        self.bureau.now = MORNING
        records = self.bureau.installation.records
        self.life, self.after = [0], [False]
        self.bureau.installation.__dict__["records"] = Fragile(records.engine, self.life, self.after)
        self.ask: tuple[int, AskStep] | None = None
        self.answered: list[int] = []
        self.disabled: set[str] = set()
        self.is_done = False

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            self.bureau.installation.records.engine.dispose()
            self.folder.cleanup()

    # --- what a run does by itself

    def go_on(self) -> None:
        """One process of the run, from its start to the next question; flows/cycle.py, without Prefect."""
        installation, cycle_id = self.bureau.installation, self.bureau.cycle_id
        self.ask = None
        while True:
            with installation.records.write() as session:
                cycle = queries.get_cycle(session, cycle_id)
                is_missing = bool(queries.missing_centres(session, installation.catalog, cycle))
                if not is_missing:
                    asks.give_up(session, cycle, "collect")
            if is_missing:
                return self.put("collect", "")
            compiled = self.bureau.compile()
            self.bureau.audit()
            with installation.records.write() as session:
                _, standing = prepare_review(session, installation.catalog, queries.get_cycle(session, cycle_id))
            if not (standing.is_returned or standing.is_approved):
                return self.put("review", compiled.digest)
            if standing.is_approved:
                release = self.bureau.render()
                with installation.records.write() as session:
                    signed = prepare_sign_off(session, queries.get_cycle(session, cycle_id), release.digest)
                if not (signed.is_returned or signed.is_approved):
                    return self.put("sign_off", release.digest)
                if signed.is_approved:
                    break
            self.bureau.begin_next_round()
        with installation.records.read() as session:
            planned = queries.release_of(session, queries.get_cycle(session, cycle_id)).planned_for  # type: ignore[union-attr]
        if planned is not None and planned > self.bureau.now:
            return None
        self.clock[0] = self.bureau.now
        self.bureau.publish()
        with installation.records.write() as session:
            cycle = queries.get_cycle(session, cycle_id)
            release = queries.release_of(session, cycle)  # type: ignore[assignment]
            owed = decisions.gate_status(session, cycle, REVIEW_GATES, compiled.digest).open_gates
            if not (release.waived and owed):
                enter(session, cycle, CycleStep.ARCHIVE)
                self.is_done = True
                return None
        return self.put("later_review", compiled.digest)

    def put(self, step: AskStep, digest: str) -> None:
        self.nobody_is_asked_twice(step, digest)
        self.ask = (self.bureau.ask(step, digest), step)

    # --- what people do

    @initialize(version=st.sampled_from([0, 0, 0, 1, 2, 3]))
    def hand_in_all(self, version: int) -> None:
        for centre in CENTRES:
            self.bureau.hand_in(self.workbook(centre, version, "吴填报"))
        self.go_on()

    @precondition(lambda self: self.asks_for("collect"))
    @rule(
        centre=st.sampled_from(CENTRES),
        version=st.integers(0, len(VERSIONS) - 1),
        filler=st.sampled_from(["吴填报", "吴填报", "吴填报", "郑法规"]),
    )
    def hand_in(self, centre: str, version: int, filler: str) -> None:
        if centre in {office.id for office in self.missing()}:
            assert self.bureau.hand_in(self.workbook(centre, version, filler)).is_accepted
            self.go_on()

    @precondition(lambda self: self.asks_for("collect"))
    @rule(name=st.sampled_from(["何汇总", "吴填报"]))
    def go_on_without(self, name: str) -> None:
        refusal = self.bureau.reply_collect(self.asked()[0], name)
        assert bool(refusal) == (name != "何汇总" or (len(self.missing()) == len(CENTRES) and not self.standing())), (
            refusal
        )
        self.go_on()

    @precondition(lambda self: self.asks_for("review", "sign_off", "later_review"))
    @rule(
        gate=st.sampled_from([*REVIEW_GATES, *REVIEW_GATES, "leader", "leader", "emergency"]),
        outcome=st.sampled_from(["approved", "approved", "approved", "returned"]),
        name=st.sampled_from([None, None, None, *PEOPLE]),
        centres=st.sampled_from([(CENTRE,), (OTHER,), CENTRES]),
        extra=st.sampled_from(["", "", "", "wrong code", "later hour"]),
        then=THEN,
    )
    def answer(
        self,
        *,
        gate: GateId,
        outcome: str,
        name: str | None,
        centres: tuple[str, ...],
        extra: str,
        then: tuple[str, int],
    ) -> None:
        """Answer the open ask in whatever way; it may be refused."""
        open_gates = self.open_gates()
        gate = gate if gate in (*open_gates, "emergency") or name else open_gates[0]
        able = self.able(gate)
        who = name or (able[0] if able else "李局长")
        later = self.bureau.now + dt.timedelta(hours=2)
        self.reply(
            then,
            gate=gate,
            outcome=outcome,
            name=who,
            code=self.bureau.wrong_code(who) if extra == "wrong code" else None,
            opinion=REASON if gate == "emergency" else "1-99：已与业务系统核对，请再看。",
            returned_to=centres if outcome == "returned" and not self.asks_for("later_review") else (),
            publish_at=later if extra == "later hour" and gate == "leader" else None,
        )

    @precondition(lambda self: self.asks_for("review", "sign_off", "later_review"))
    @rule(number=st.integers(0, 2), then=THEN)
    def approve(self, number: int, then: tuple[str, int]) -> None:
        """Somebody who may approves one of the open gates."""
        gates = self.open_gates()
        gate = gates[number % len(gates)]
        if able := self.able(gate):
            opinion = "1-99：已与业务系统核对一致。"
            self.reply(then, gate=gate, outcome="approved", name=able[-1], opinion=opinion)

    def reply(self, then: tuple[str, int], **given: Any) -> None:
        """Answer; then the run is resumed, and perhaps dies on the way at one of its writes and is started again."""
        ask_id, step = self.asked()
        refusal = self.bureau.reply(ask_id, **given)
        note(f"{step} {given['gate']} {given['outcome']} {given['name']}: {refusal or 'taken'}")
        self.answered.append(ask_id)
        what, writes = then
        if what == "again":
            self.answer_again(0)
        elif what:
            self.die_at(writes, after=what == "die after")
        self.go_on()

    @precondition(lambda self: self.answered)
    @rule(back=st.integers(0, 5))
    def answer_again(self, back: int) -> None:
        """Whatever is sent once more to a question that is closed changes nothing."""
        before = self.rows(Decision)
        self.bureau.reply_raw(self.answered[-1 - back % len(self.answered)], {"gate": "政策审核"})
        assert self.rows(Decision) == before

    @precondition(lambda self: self.ask is None or self.asks_for("review", "sign_off", "later_review"))
    @rule(gate=st.sampled_from([*REVIEW_GATES, "leader", "emergency"]))
    def answer_about_other_content(self, gate: GateId) -> None:
        self.ask = None
        before = self.rows(Decision)
        step: AskStep = "sign_off" if gate == "leader" else "review"
        assert self.bureau.reply(self.bureau.ask(step, "f" * 64), gate, opinion=REASON)
        assert self.rows(Decision) == before
        self.go_on()

    @rule()
    def restart(self) -> None:
        """Retry, a fresh run, or a Prefect that lost everything: our records are all there is."""
        self.go_on()

    @precondition(lambda self: not self.is_done and len(self.disabled) < 2)
    @rule(name=st.sampled_from(PEOPLE[:8]))
    def disable(self, name: str) -> None:
        self.disabled.add(name)
        self.bureau.disable(name)

    @precondition(lambda self: self.ask is None and not self.is_done)
    @rule()
    def wait_for_the_hour(self) -> None:
        self.bureau.now += dt.timedelta(hours=2)
        self.go_on()

    # --- what must hold

    @invariant()
    def only_what_was_approved_is_public(self) -> None:
        """From the raw rows, for every release whose publication has so much as begun."""
        with self.bureau.installation.records.read() as session:
            assert first_broken(session) is None
            public = session.scalars(select(Release).where(Release.published_at.is_not(None))).all()
            assert len(public) <= 1
            assert not self.bureau.site.exists() or public
            for release in public:
                compiled = release.compilation
                made = {d.gate: d for d in session.scalars(select(Decision).where(Decision.round == release.round))}
                leader = made["leader"]
                assert (leader.outcome, leader.digest) == ("approved", release.digest)
                assert release.digest == release_digest(compiled.digest, release.title, release.summary, release.files)
                assert (
                    not session.scalars(select(AuditRun).where(AuditRun.compilation_id == compiled.id))
                    .one()
                    .is_blocking
                )
                asked_for = session.get_one(Ask, leader.ask_id)
                assert release.planned_for is None or release.published_at >= release.planned_for
                for gate in REVIEW_GATES:
                    if gate in release.waived:
                        # Made up for later, or still owed: never before the leader went ahead.
                        assert gate not in made or (made[gate].ask_id or 0) > asked_for.id
                        assert "emergency" in made
                    else:
                        assert (made[gate].outcome, made[gate].digest) == ("approved", compiled.digest)
                people = [d.person_id for gate, d in made.items() if gate != "emergency"]
                assert len(people) == len(set(people)), "somebody wore two hats"
                cleared = all(gate in made and made[gate].outcome == "approved" for gate in release.waived)
                assert awaits_later_review(release) == (bool(release.waived) and not cleared)
                if release.state in PUBLISHED:
                    manifest = self.bureau.site / "releases" / self.bureau.period.id / "manifest.json"
                    flag = json.loads(manifest.read_text())["release"].get("signed_ahead_of", "")
                    assert flag == "、".join(release.waived)

    @invariant()
    def somebody_is_named_who_could_answer(self) -> None:
        if self.is_done:
            return
        if self.ask is None:
            with self.bureau.installation.records.read() as session:
                release = queries.release_of(session, queries.get_cycle(session, self.bureau.cycle_id))
            assert release is None or release.planned_for is None or release.planned_for > self.bureau.now
        elif self.asks_for("collect"):
            assert self.missing()
        else:
            assert self.open_gates()
            if any(not self.able(gate) for gate in self.open_gates() if gate != "emergency"):
                assert "请联系管理员登记" in self.briefing()

    def nobody_is_asked_twice(self, step: AskStep, digest: str) -> None:
        """No gate is offered that approved exactly this, unless this round's ledger says why it is open again."""
        with self.bureau.installation.records.read() as session:
            cycle = queries.get_cycle(session, self.bureau.cycle_id)
            gates = decisions.gates_of(step) if step != "collect" else ()
            for gate in decisions.gate_status(session, cycle, gates, digest).open_gates:
                last = session.scalars(
                    select(Decision)
                    .where(Decision.gate == gate, Decision.digest == digest)
                    .order_by(Decision.round.desc())
                ).first()
                if last is None or last.outcome == "returned":
                    continue
                told = session.scalars(select(LedgerEntry.details).where(LedgerEntry.event == "gate.reopened"))
                reopened = [json.loads(details) for details in told]
                assert (gate, cycle.round) in [(r["gate"], r["round"]) for r in reopened], f"{gate} is asked again"

    def finish(self) -> None:
        """Everybody who is named does what they are asked for; the walk ends within a few steps."""
        self.life[0] = 0
        for _ in range(STEPS_TO_FINISH):
            if self.is_done:
                break
            if self.ask is None:
                self.bureau.now += dt.timedelta(hours=2)
            elif self.asks_for("collect"):
                for office in self.missing():
                    self.bureau.hand_in(self.workbook(office.id, 0, "吴填报"))
            else:
                self.decide_next()
            self.go_on()
            self.only_what_was_approved_is_public()
            self.somebody_is_named_who_could_answer()
        assert self.is_done, "the walk does not end"
        assert self.bureau.site.exists()

    def decide_next(self) -> None:
        """The first who may approves the first open gate; with an audit that blocks, finance returns."""
        with self.bureau.installation.records.read() as session:
            cycle = queries.get_cycle(session, self.bureau.cycle_id)
            audit = decisions.audit_of(session, cycle)
        gates = [gate for gate in self.open_gates() if gate != "emergency"]
        gate = "finance" if audit.is_blocking and "finance" in gates else gates[0]  # type: ignore[union-attr]
        if not self.able(gate):
            self.bureau.enrol(f"新人{len(self.bureau.secrets)}", self.bureau.catalog.gate_office(gate).id)
        # A lock ends by itself.
        self.bureau.now += dt.timedelta(minutes=16)
        is_return = gate == "finance" and audit.is_blocking and self.asks_for("review")  # type: ignore[union-attr]
        refusal = self.bureau.reply(
            self.asked()[0],
            gate,
            "returned" if is_return else "approved",
            name=self.able(gate)[0],
            opinion="1-99：已与业务系统核对一致，请核。",
            returned_to=CENTRES if is_return else (),
        )
        assert refusal == ""

    # --- looking

    def asks_for(self, *steps: str) -> bool:
        return self.ask is not None and self.ask[1] in steps

    def asked(self) -> tuple[int, AskStep]:
        assert self.ask is not None
        return self.ask

    def missing(self) -> list[Any]:
        with self.bureau.installation.records.read() as session:
            cycle = queries.get_cycle(session, self.bureau.cycle_id)
            return list(queries.missing_centres(session, self.bureau.catalog, cycle))

    def open_gates(self) -> list[GateId]:
        ask_id, step = self.asked()
        with self.bureau.installation.records.read() as session:
            cycle, ask = queries.get_cycle(session, self.bureau.cycle_id), session.get_one(Ask, ask_id)
            return list(decisions.gate_status(session, cycle, decisions.gates_of(step), ask.digest).open_gates)

    def able(self, gate: GateId) -> list[str]:
        with self.bureau.installation.records.read() as session:
            cycle = queries.get_cycle(session, self.bureau.cycle_id)
            found = decisions.who_may_decide(session, self.bureau.catalog, cycle, gate, self.bureau.now)
            return [person.name for person in found]

    def briefing(self) -> str:
        shown = {
            "review": briefing.of_review,
            "sign_off": briefing.of_sign_off,
            "later_review": briefing.of_later_review,
        }
        return shown[self.asked()[1]](self.bureau.installation, self.bureau.cycle_id)

    def rows(self, table: type[Any]) -> int:
        with self.bureau.installation.records.read() as session:
            return len(session.scalars(select(table.id)).all())

    def workbook(self, centre: str, version: int, filler: str) -> bytes:
        key = (centre, version, self.bureau.round, filler)
        if key not in self.workbooks:
            self.workbooks[key] = self.bureau.workbook(centre, changed=VERSIONS[version], filler=filler)
        return self.workbooks[key]

    def die_at(self, writes: int, *, after: bool) -> None:
        """A process of the run that dies at one of its commits."""
        self.life[0], self.after[0] = writes, after
        try:
            self.go_on()
        except PowerCutError:
            note(f"died {'after' if after else 'before'} write {writes}")
        self.life[0] = 0


@pytest.fixture
def walks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Walk]]:
    """The machine with its shared parts: pure functions work once for the same arguments, the clock is the bureau's."""
    for module, name in (
        (recording, "run_audit"),
        (publish, "render_release"),
        (kinds, "examine"),
    ):
        monkeypatch.setattr(module, name, remembered(getattr(module, name)))
    clock = [MORNING]
    monkeypatch.setattr(publish, "utc_now", lambda: clock[0])
    prepared = bureau_at(tmp_path / "prepared", f"sqlite:///{tmp_path / 'prepared' / 'records.db'}")
    for gate, name in SECOND.items():
        prepared.enrol(name, prepared.catalog.gate_office(gate).id)  # type: ignore[arg-type]
    prepared.enrol("何汇总", "publicity_section")
    prepared.enrol("吴填报", CENTRE)

    class Here(Walk):
        pass

    Here.prepared, Here.workbooks, Here.clock = prepared, {}, clock
    yield Here
    prepared.installation.records.engine.dispose()


def test_no_sequence_publishes_what_was_not_approved(walks: type[Walk]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        walks,
        settings=settings(
            max_examples=14,
            stateful_step_count=15,
            derandomize=True,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
