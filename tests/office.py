"""A bureau's office for tests: a real Prefect server, desk and runner, people with one-time codes, and cycles.

Tests speak to Prefect over plain HTTP, as its UI does, so the test process never imports Prefect.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pyotp
from sqlalchemy import select

from deployments.local import Child, child_environment, running
from disclosure import cycles
from disclosure.catalog import GateId
from disclosure.collection.submissions import Receipt, hand_in
from disclosure.collection.workbook_writer import write_workbook
from disclosure.collection.workbooks import workbook_name
from disclosure.demo_figures import demo_figures
from disclosure.figures import Figure
from disclosure.periods import CycleKind, Period, parse_period
from disclosure.processes import process_name
from disclosure.records.tables import Ask, Decision, LedgerEntry
from disclosure.review import people
from disclosure.review.forms import AT_ONCE, RETURN_TO_NOBODY
from disclosure.settings import Settings
from disclosure.workplace import Workplace

#: Long enough for a busy machine; nothing waits this long when it works.
PATIENCE = 60.0
STEP_SECONDS = people.STEP_SECONDS
FLOW = "社会保险信息披露"
EMERGENCY = "局领导紧急签发"

T = TypeVar("T")


@dataclass
class Member:
    """Somebody enrolled, with the authenticator."""

    name: str
    office: str
    secret: str
    used_step: int = 0

    def code(self) -> str:
        """The code the authenticator shows now; noted as used."""
        self.used_step = _step()
        return pyotp.TOTP(self.secret).at(self.used_step * STEP_SECONDS)

    def wrong_code(self) -> str:
        """Six digits that no step near now has."""
        totp = pyotp.TOTP(self.secret)
        near = {totp.at((_step() + n) * STEP_SECONDS) for n in range(-3, 4)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444") if code not in near)


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


class Office:
    """One running installation and everything tests do to it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # No connection is kept, so there is none to close.
        self._client = httpx.Client(
            base_url=f"{settings.server_url}/api",
            timeout=30,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        self.place = Workplace(settings)
        self.children: tuple[Child, ...] = ()
        self.members: list[Member] = []
        demo = parse_period(self.place.catalog.profile.demo_period)
        self._figures = demo_figures(self.place.catalog, demo)
        # Three years apart, so that no cycle is another's year before.
        self._years = itertools.count(demo.year, 3)
        self._past_years = itertools.count(demo.year - 3, -3)
        self._far_years = itertools.count(demo.year + 61, 3)

    @contextmanager
    def open(self) -> Iterator[Office]:
        """Server, desk and runner, up until the end."""
        with running(self.settings) as self.children:
            yield self

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[str]]:
        """``disclosure up`` as an operator runs it, from its start; killed at the end if the test did not stop it."""
        process = subprocess.Popen(
            [sys.executable, "-m", "disclosure.cli", "up"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env={**child_environment(self.settings), "COLUMNS": "200"},
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    # --- people

    def enrol(self, office: str, name: str = "") -> Member:
        """Enrol somebody of ``office`` (an id)."""
        name = name or f"{self.place.catalog.offices[office].name}·{len(self.members) + 1}号"
        with self.place.records.write() as session:
            made = people.enrol(session, self.place.catalog, self.place.cipher, name, office)
        member = Member(name, office, made.secret)
        self.members.append(member)
        return member

    def member(self, office: str) -> Member:
        """Somebody of ``office`` whose present code is unused, so that nobody waits for the next one."""
        free = (m for m in self.members if m.office == office and m.used_step < _step())
        return next(free, None) or self.enrol(office)

    def reviewer(self, gate: GateId) -> Member:
        """Somebody who may decide at ``gate``."""
        return self.member(self.place.catalog.gate_office(gate).id)

    # --- Prefect

    def api(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """One call of Prefect's API; its "database is locked" (503) is tried again, as any client must."""
        until = time.monotonic() + PATIENCE
        while True:
            answer = self._client.request(method, path, json=body)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > until:
                return answer
            time.sleep(0.1)

    def state_of(self, run_id: str) -> dict[str, Any]:
        """A run's state."""
        state: dict[str, Any] = self._good(self.api("GET", f"/flow_runs/{run_id}"))["state"]
        return state

    def set_state(self, run_id: str, state: str, name: str, *, force: bool) -> str:
        """Set a run's state, as the UI's menu does; what Prefect says of it."""
        body = {"state": {"type": state, "name": name, "message": "test"}, "force": force}
        return str(self._good(self.api("POST", f"/flow_runs/{run_id}/set_state", body))["status"])

    def deployments(self) -> dict[str, Any]:
        """The deployments the server knows, by name."""
        return {found["name"]: found for found in self._good(self.api("POST", "/deployments/filter", {}))}

    def planned_starts(self, but: str = "") -> list[dt.datetime]:
        """When the runs start that Prefect's scheduler has planned, but those of one deployment (an id)."""
        wanted = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        found = self._good(self.api("POST", "/flow_runs/filter", wanted))
        planned = [run for run in found if run["auto_scheduled"] and run["deployment_id"] != but]
        return [dt.datetime.fromisoformat(run["expected_start_time"]) for run in planned]

    def supervise(self, due: str = "") -> dict[str, Any]:
        """Run supervision's deployment to its end, as its schedule does; ``due``: the moment it is for. The run."""
        deployment = self.deployments()["supervision"]["id"]
        body = {"state": {"type": "SCHEDULED", **({"state_details": {"scheduled_time": due}} if due else {})}}
        run_id = self._good(self.api("POST", f"/deployments/{deployment}/create_flow_run", body))["id"]
        ended = {"COMPLETED", "FAILED", "CRASHED"}
        self.wait_for(lambda: self.state_of(run_id)["type"] in ended, "the end of the supervision")
        run: dict[str, Any] = self._good(self.api("GET", f"/flow_runs/{run_id}"))
        return run

    def runs_of(self, period: Period) -> list[dict[str, Any]]:
        """Every run there is of a period."""
        found = self._good(self.api("POST", "/flow_runs/filter", {"sort": "ID_DESC"}))
        wanted = {"kind": period.kind, "year": period.year}
        return [run for run in found if wanted.items() <= run["parameters"].items()]

    @staticmethod
    def _good(answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.request.url}: {answer.status_code} {answer.text}"
        return answer.json()

    # --- processes

    @property
    def runner(self) -> Child:
        """The runner, which starts the processes of runs."""
        return next(child for child in self.children if child.name == "runner")

    @contextmanager
    def runner_asleep(self) -> Iterator[None]:
        """Nothing is picked up meanwhile."""
        self.runner.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.runner.process.send_signal(signal.SIGCONT)

    def process_of(self, run_id: str) -> int | None:
        """The process id in which a run goes on, if it does; also for the second it takes to end."""
        told = f"PREFECT__FLOW_RUN_ID={run_id}".encode()
        for pid in children_of(os.getpid()):
            process = Path(f"/proc/{pid}")
            with suppress(OSError):
                # Forked runs carry the run in their name, those started cold in their environment.
                name = (process / "comm").read_text().strip()
                if name == process_name(run_id) or told in (process / "environ").read_bytes().split(b"\0"):
                    return pid
        return None

    def cli(self, *arguments: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run ``disclosure`` against this office, ``typed`` on its standard input."""
        return subprocess.run(
            [sys.executable, "-m", "disclosure.cli", *map(str, arguments)],
            input=typed,
            capture_output=True,
            encoding="utf-8",
            env={**child_environment(self.settings), "COLUMNS": "200"},
            timeout=PATIENCE,
            check=False,
        )

    def wait_for(self, look: Callable[[], T | None], what: str, *, every: float = 0.15) -> T:
        """What ``look`` finds, once it is something; fails with the runner's last words."""
        until = time.monotonic() + PATIENCE
        while not (found := look()):
            if time.monotonic() > until:
                raise AssertionError(f"waited {PATIENCE:.0f} s for {what}\n{self.last_words()}")
            time.sleep(every)
        return found

    def last_words(self) -> str:
        """The end of every child's log."""
        return "\n".join(f"--- {child.name}\n{child.last_words(25)}" for child in self.children)

    # --- cycles

    def new_cycle(self, *, period: Period | None = None) -> Case:
        """A cycle of a period no other test has."""
        period = period or Period(next(self._years), "annual")
        with self.place.records.write() as session:
            cycle = cycles.open_cycle(session, self.place.catalog, period, actor="测试")
            return Case(self, period, cycle.id)

    def past_period(self) -> Period:
        """A period that is not opened yet, and may be."""
        return Period(next(self._past_years), "annual")

    def far_period(self) -> Period:
        """A period whose legal date is far ahead, so that any hour of publication may be signed."""
        return Period(next(self._far_years), "annual")

    def figures(self, period: Period, centre: str) -> list[Figure]:
        """The profile's real figures of one centre, dated to ``period``."""
        return [
            replace(figure, period=period)
            for figure in self._figures
            if self.place.catalog.indicators[figure.indicator].centre == centre
        ]

    def centres(self, period: Period) -> list[str]:
        """Ids of the centres that owe figures."""
        catalog = self.place.catalog
        return [centre.id for centre in catalog.centres if catalog.indicators_for(period, centre.id)]

    def filled_workbook(
        self,
        period: Period,
        centre: str,
        *,
        round_number: int = 1,
        filler: str = "甲填报",
        figures: Iterable[Figure] | None = None,
    ) -> Path:
        """A workbook as a statistician hands it in."""
        catalog = self.place.catalog
        name = workbook_name(period.label, catalog.offices[centre].name, round_number)
        return write_workbook(
            self.settings.home / "filled" / name,
            catalog,
            period,
            centre,
            round_number=round_number,
            filled=self.figures(period, centre) if figures is None else figures,
            # Nobody signs before the period is over, and periods here may lie far ahead.
            cover=(filler, "乙复核", "2026-02-20" if period.end < dt.date(2026, 2, 20) else ""),
        )


@dataclass
class Case:
    """One cycle and the run that drives it."""

    office: Office
    period: Period
    cycle_id: int
    run_id: str = ""
    seen: set[str] = field(default_factory=set)
    form: Form | None = None

    def hand_in(self, *centres: str, filler: str = "甲填报") -> list[Receipt]:
        """Hand in real figures of ``centres``, or of all."""
        place = self.office.place
        receipts = []
        for centre in centres or self.office.centres(self.period):
            path = self.office.filled_workbook(self.period, centre, filler=filler)
            receipts.append(hand_in(place.records, place.settings.files, place.catalog, path.read_bytes(), path.name))
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

    def state(self) -> str:
        """The run's state by name."""
        return str(self.office.state_of(self.run_id)["name"])

    def next_form(self) -> Form:
        """The form the run asks with next; fails when the run ends instead."""

        def look() -> Form | None:
            state = self.office.state_of(self.run_id)
            ended = state["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
            assert not ended, f"{state['name']}: {state['message']}\n{self.office.last_words()}"
            keys = state["state_details"].get("run_input_keyset") if state["type"] == "PAUSED" else None
            if not keys or keys["response"] in self.seen:
                return None
            schema = self._input(keys["schema"])
            return Form(keys["response"], schema) if schema else None

        self.form = self.office.wait_for(look, f"the next form of {self.period.id}")
        self.seen.add(self.form.key)
        return self.form

    def resume(self, answer: Mapping[str, Any]) -> httpx.Response:
        """Press Resume with ``answer``."""
        return self.office.api("POST", f"/flow_runs/{self.run_id}/resume", {"run_input": dict(answer)})

    def filled(
        self,
        gate: GateId,
        outcome: str = "通过",
        *,
        who: Member | None = None,
        code: str = "",
        opinion: str = "已核对，数据与原表一致，同意。",
        returned_to: Iterable[str] = (RETURN_TO_NOBODY,),
        publish_at: str = AT_ONCE,
    ) -> dict[str, Any]:
        """The form filled in as far as it asks; by the right office with a good code, if nothing is said."""
        who = who or self.office.reviewer(gate)
        answer = {
            "gate": self.office.place.catalog.gates[gate].name,
            "outcome": outcome,
            "name": who.name,
            "code": code or who.code(),
            "opinion": opinion,
            "returned_to": list(returned_to),
            "publish_at": publish_at,
        }
        assert self.form is not None, "look at the form first"
        return {field: answer[field] for field in self.form.schema["properties"]}

    def answer(self, gate: GateId, outcome: str = "通过", **filled: Any) -> None:
        """Fill in the form at hand and press Resume; Prefect must take it."""
        answer = self.resume(self.filled(gate, outcome, **filled))
        assert answer.is_success, answer.text
        assert answer.json()["status"] == "ACCEPT", answer.text

    def retry(self, *, force: bool) -> None:
        """Press Retry."""
        status = self.office.set_state(self.run_id, "SCHEDULED", "AwaitingRetry", force=force)
        assert status == "ACCEPT", status

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
        with self.office.place.records.read() as session:
            rows = [
                {"event": row.event, "actor": row.actor, **json.loads(row.details)} for row in session.scalars(wanted)
            ]
        return [row for row in rows if event in ("", row["event"])]

    def decisions(self) -> list[tuple[int, str, str]]:
        """(round, gate, outcome) of every decision, in the order made."""
        wanted = select(Decision).where(Decision.cycle_id == self.cycle_id).order_by(Decision.id)
        with self.office.place.records.read() as session:
            return [(row.round, row.gate, row.outcome) for row in session.scalars(wanted)]

    def asks(self) -> list[tuple[str, str]]:
        """(key, state) of every ask, in order."""
        wanted = select(Ask).where(Ask.cycle_id == self.cycle_id).order_by(Ask.id)
        with self.office.place.records.read() as session:
            return [(row.key, row.state) for row in session.scalars(wanted)]

    def page(self) -> str:
        """The published page as the desk serves it."""
        address = f"{self.office.settings.desk_url}/site/releases/{self.period.id}/index.html"
        return httpx.get(address, trust_env=False).raise_for_status().text

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


def office_in(home: Path, profile: str = "gaogang-2016", **settings: Any) -> Office:
    """An office with a home and ports of its own, not yet open; what runs on a clock waits to be started."""
    server_port, desk_port = _free_ports(2)
    unclocked = {"intake_schedule": "", "reminder_schedule": "", "openness_schedule": "", "supervise_at": ""}
    chosen = {**unclocked, "intake_settle_seconds": 0, **settings}
    return Office(Settings(home=home, profile=profile, server_port=server_port, desk_port=desk_port, **chosen))


def _step() -> int:
    return int(time.time()) // STEP_SECONDS


def read_until(process: subprocess.Popen[str], wanted: str) -> str:
    """What the process says up to the line with ``wanted``; fails when it ends before."""
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if wanted in line:
            return told
    raise AssertionError(told)


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or only its entry is left for whoever adopted it to clear away."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def children_of(pid: int) -> list[int]:
    """Process ids of everything ``pid`` started, and what that started."""
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listing.read_text().split():
            found += [int(child), *children_of(int(child))]
    return found


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
