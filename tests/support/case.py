"""One cycle on a running installation, and the run that drives it: what people do in Prefect's UI, one call each."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import select, update

from disclosure.answers.taking import TakenAnswer, take_answer
from disclosure.calendar.periods import CycleKind, Period
from disclosure.catalog import GateId
from disclosure.collection.answers import Receipt
from disclosure.records.tables import Ask, AuditRun, Compilation, Cycle, Decision, Finding, GivenAnswer, LedgerEntry
from disclosure.review.forms import AT_ONCE
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal
from disclosure.simulation.actors import fill_in_review

if TYPE_CHECKING:
    from tests.support.office import Office

FLOW = "社会保险信息披露"
EMERGENCY = "局领导紧急签发"


@dataclass(frozen=True)
class Form:
    """The form a run waits on."""

    key: str
    schema: Mapping[str, Any]

    @property
    def description(self) -> str:
        """What a person reads first: it stands at the first field."""
        return str(next(iter(self.schema["properties"].values()))["description"])

    @property
    def gates(self) -> list[str]:
        """Gates that may be answered here in the ordinary way."""
        return [gate for gate in self._options("gate") if gate != EMERGENCY]

    @property
    def offers_emergency(self) -> bool:
        """Whether the leader may sign ahead of the reviews here."""
        return EMERGENCY in self._options("gate")

    @property
    def is_about_submissions(self) -> bool:
        """Whether the compiler is asked, not a reviewer."""
        return "action" in self.schema["properties"]

    def _options(self, name: str) -> list[str]:
        return list(self.schema["properties"][name]["enum"])


#: An opinion of finance that is taken whatever the audit asks, for tests of what comes after it.
EXPLAINING = "已核对，数据与原表一致，同意。\n1-20：已与各中心原表核对，情况属实。"


@dataclass
class Case:
    """One cycle and the run that drives it.

    ``was_killed``: its process was; the watcher may be quicker than whoever presses Retry, and give it another run.
    """

    office: Office
    period: Period
    cycle_id: int
    run_id: str = ""
    was_killed: bool = False
    seen: set[str] = field(default_factory=set)
    form: Form | None = None

    def hand_in(self, *centres: str, filler: str = "甲填报") -> list[Receipt]:
        """Hand in real figures of ``centres``, or of all."""
        receipts = []
        for centre in centres or self.office.centres(self.period):
            filled = self.office.filled_workbook(self.period, centre, filler=filler)
            receipts.append(self.office.submit(filled))
            assert receipts[-1].is_accepted, receipts[-1].problems
        return receipts

    def start(self) -> str:
        """Start a run of the cycle's deployment, as the UI's Run does."""
        kind: CycleKind = self.period.kind
        deployment = self.office._good(self.office.api("GET", f"/deployments/name/{FLOW}/{kind}"))
        body = {
            "parameters": {"kind": kind, "year": self.period.year, "name": self.period.name},
            "state": {"type": "SCHEDULED"},
        }
        run = self.office._good(self.office.api("POST", f"/deployments/{deployment['id']}/create_flow_run", body))
        self.run_id = run["id"]
        return self.run_id

    def driver(self) -> str:
        """The run that drives the cycle by our records."""
        with self.office.installation.records.read() as session:
            return str(session.get_one(Cycle, self.cycle_id).driver_run_id or self.run_id)

    def state(self) -> str:
        """The run's state by name."""
        return str(self.office.state_of(self.run_id)["name"])

    def next_form(self) -> Form:
        """The form the run asks with next; fails when the run ends instead, and nobody had killed it."""

        def look() -> Form | None:
            state = self.office.state_of(self.run_id)
            ended = state["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
            if ended and self.was_killed and (state["type"] == "CRASHED" or self.driver() != self.run_id):
                # The runner may hear of a death only after Retry, whose run is then Crashed once more.
                self.run_id = self.driver()
                return None
            assert not ended, f"{state['name']}: {state['message']}\n{self.office.last_words()}"
            keys = state["state_details"].get("run_input_keyset") if state["type"] == "PAUSED" else None
            if not keys or keys["response"] in self.seen:
                return None
            schema = self._input(keys["schema"])
            return Form(keys["response"], schema) if schema else None

        self.form = self.office.wait_for(look, f"the next form of {self.period.id}")
        self.seen.add(self.form.key)
        return self.form

    def give(self, answer: Mapping[str, Any]) -> TakenAnswer | Refusal:
        """Give ``answer`` to our records, as the door does, and wake the run if it was taken."""
        outcome = self.record(answer)
        if isinstance(outcome, TakenAnswer):
            self.wake(outcome.pause_key)
        return outcome

    def record(self, answer: Mapping[str, Any]) -> TakenAnswer | Refusal:
        """Give ``answer`` to our records and wake nobody."""
        now = self.office.clock()
        return take_answer(self.office.installation, self.run_id, dict(answer), by=None, now=now, source="测试")

    def wake(self, pause_key: str) -> None:
        """Wake the run as ``tasks.orchestration.resume`` does, which needs Prefect in its process; or it is."""
        form = f"/flow_runs/{self.run_id}/input"
        body = {"key": f"suspended-{pause_key}-schema", "value": '{"type": "object", "properties": {}}'}

        def is_awake() -> bool:
            # The office's own waker may exchange the form at the same moment: then neither has resumed the run yet.
            self.office.api("DELETE", f"{form}/suspended-{pause_key}-schema")
            self.office.api("POST", form, body)
            if self.resume_in_prefect({}).json().get("status") == "ACCEPT":
                return True
            state = self.office.state_of(self.run_id)
            return not (state["type"] == "PAUSED" and state["state_details"]["pause_key"] == pause_key)

        self.office.wait_for(is_awake, f"{self.period.id} to wake")

    def resume_in_prefect(self, answer: Mapping[str, Any]) -> httpx.Response:
        """Press Resume past the door, as whoever reaches Prefect can."""
        return self.office.api("POST", f"/flow_runs/{self.run_id}/resume", {"run_input": dict(answer)})

    def filled(
        self,
        gate: GateId,
        outcome: str = "通过",
        *,
        who: str = "",
        code: str = "",
        opinion: str = "已核对，数据与原表一致，同意。",
        returned_to: Iterable[str] = (),
        publish_at: str = AT_ONCE,
    ) -> dict[str, Any]:
        """The form filled in as far as it asks; by the right office with a good code, if nothing is said."""
        who = who or self.office.reviewer(gate)
        assert self.form is not None, "look at the form first"
        return fill_in_review(
            self.form.schema["properties"],
            self.office.catalog.gates[gate].name,
            outcome,
            Proof(who, code or self.office.code(who), self.office.clock(), opinion),
            returned_to=returned_to,
            publish_at=publish_at,
        )

    def answer(self, gate: GateId, outcome: str = "通过", **filled: Any) -> None:
        """Fill in the form at hand and give it; it must be taken."""
        given = self.give(self.filled(gate, outcome, **filled))
        assert isinstance(given, TakenAnswer), (given, self.found())

    def refusal(self, gate: GateId, outcome: str = "通过", **filled: Any) -> str:
        """Fill in the form at hand and give it; it must be refused: why. The question stays."""
        refused = self.give(self.filled(gate, outcome, **filled))
        assert isinstance(refused, Refusal), refused
        assert self.asks()[-1][1] == "open"
        return refused.sentence

    def retry(self, *, force: bool) -> None:
        """Press Retry."""
        status = self.office.set_state(self.run_id, "SCHEDULED", "AwaitingRetry", force=force)
        assert status == "ACCEPT", status
        self.was_killed |= force

    def fail(self) -> None:
        """What a lost process leaves."""
        assert self.office.set_state(self.run_id, "FAILED", "Failed", force=True) == "ACCEPT"

    def stopped_at(self, event: str, start: Callable[[], object], *, with_signal: int = signal.SIGSTOP) -> int:
        """Signal the process that ``start`` starts as soon as the ledger has one more ``event``; its process id."""
        before = len(self.ledger(event))
        pid = self.process_started_by(start)
        with closing(sqlite3.connect(self.office.settings.home / "records.db", timeout=30)) as records:
            wanted = "SELECT count(*) FROM ledger WHERE cycle_id = ? AND event = ?"
            self.office.wait_for(
                lambda: records.execute(wanted, (self.cycle_id, event)).fetchone()[0] > before, event, every=0.001
            )
        if with_signal == signal.SIGSTOP:
            self.office.put_to_sleep(pid)
        else:
            os.kill(pid, with_signal)
        return pid

    def process_started_by(self, start: Callable[[], object]) -> int:
        """The process id of the process that ``start`` makes the runner start; an earlier one has ended before."""
        self.office.wait_for(lambda: self.office.process_of(self.run_id) is None, "the process before to end")
        start()
        return self.office.wait_for(lambda: self.office.process_of(self.run_id), "a process of the run", every=0.02)

    def finish(self) -> str:
        """Wait for the run's end; its state."""
        ended = {"Completed", "Failed", "Crashed", "Cancelled"}
        return self.office.wait_for(
            lambda: state if (state := self.state()) in ended else None, f"the end of {self.period.id}"
        )

    def write_input(self, key: str, value: str) -> None:
        """Write a run input behind everybody's back."""
        body = {"key": key, "value": value}
        assert self.office.api("POST", f"/flow_runs/{self.run_id}/input", body).is_success

    def ledger(self, event: str = "") -> list[dict[str, Any]]:
        """The cycle's ledger entries, or those of one event."""
        wanted = select(LedgerEntry).where(LedgerEntry.cycle_id == self.cycle_id).order_by(LedgerEntry.number)
        with self.office.installation.records.read() as session:
            rows = [
                {"event": row.event, "actor": row.actor, **json.loads(row.details)} for row in session.scalars(wanted)
            ]
        return [row for row in rows if event in ("", row["event"])]

    def decisions(self) -> list[tuple[int, str, str]]:
        """(round, gate, outcome) of every decision, in the order made."""
        wanted = select(Decision).where(Decision.cycle_id == self.cycle_id).order_by(Decision.id)
        with self.office.installation.records.read() as session:
            return [(row.round, row.gate, row.outcome) for row in session.scalars(wanted)]

    def found(self) -> list[tuple[str, str, str]]:
        """(rule, severity, message) of every finding of the cycle's audits."""
        wanted = (
            select(Finding)
            .join(AuditRun, AuditRun.id == Finding.audit_run_id)
            .join(Compilation, Compilation.id == AuditRun.compilation_id)
            .where(Compilation.cycle_id == self.cycle_id)
        )
        with self.office.installation.records.read() as session:
            return [(row.rule, row.severity, row.message) for row in session.scalars(wanted)]

    def edit_decisions(self, **values: Any) -> None:
        """Write over the cycle's decisions behind everybody's back."""
        with self.office.installation.records.write() as session:
            session.execute(update(Decision).where(Decision.cycle_id == self.cycle_id).values(**values))

    def asks(self) -> list[tuple[str, str]]:
        """(key, state) of every ask, in order."""
        wanted = select(Ask).where(Ask.cycle_id == self.cycle_id).order_by(Ask.id)
        with self.office.installation.records.read() as session:
            return [(row.key, row.state) for row in session.scalars(wanted)]

    def given(self) -> list[tuple[str, str, bool]]:
        """(name, outcome, whether taken) of every answer that was given, in order."""
        wanted = select(GivenAnswer).join(Ask).where(Ask.cycle_id == self.cycle_id).order_by(GivenAnswer.id)
        with self.office.installation.records.read() as session:
            return [(row.name, row.outcome, row.is_taken) for row in session.scalars(wanted)]

    def page(self) -> str:
        """The published page as the door serves it."""
        address = f"{self.office.settings.server_url}/site/releases/{self.period.id}/index.html"
        return httpx.get(address, trust_env=False, timeout=120).raise_for_status().text

    def assert_published_once(self) -> None:
        """The page is live, and was made so by one release in one go."""
        assert len(self.ledger("release.published")) == 1
        assert len(self.ledger("release.publishing")) == 1
        assert self.period.label in self.page()

    def _input(self, key: str) -> Any:
        """A run input; None while Prefect does not have it, just after the run suspended."""
        answer = self.office.api("GET", f"/flow_runs/{self.run_id}/input/{key}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return self.office._good(answer)
