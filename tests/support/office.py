"""A bureau's office for tests: a real Prefect server, door and runner, people with one-time codes, and cycles.

Tests speak to Prefect over plain HTTP, as its UI does, so the test process never imports Prefect.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import itertools
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from deployments.credential import find_credential, with_live_credential
from deployments.local import Child, child_environment, running
from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import GateId
from disclosure.collection.workbook.write.writer import WorkbookContents
from disclosure.cycle import queries
from disclosure.figures.figures import Figure
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.simulation.actors import Actors
from disclosure.simulation.demo_figures import demo_figures
from tasks.orchestration.processes import process_name
from tests.support.case import Case

#: Long enough for a busy machine; nothing waits this long when it works.
PATIENCE = 120.0

T = TypeVar("T")


class Office(Actors):
    """One running installation and everything tests do to it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(Installation(settings))
        self.settings = settings
        # No connection is kept, so there is none to close.
        self._client = httpx.Client(
            base_url=f"{settings.prefect_url}/api",
            timeout=PATIENCE,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        self.children: tuple[Child, ...] = ()
        self.members: dict[str, list[str]] = {}
        demo = parse_period(self.catalog.profile.demo_period)
        self._figures = demo_figures(self.catalog, demo)
        # Three years apart, so that no cycle is another's year before.
        self._years = itertools.count(demo.year, 3)
        self._past_years = itertools.count(demo.year - 3, -3)
        # Of the same rhythm: a cycle of the same figures as the year before would be asked whether it was copied.
        self._far_years = itertools.count(demo.year + 150, 3)

    @contextmanager
    def open(self) -> Iterator[Office]:
        """Server, door and runner, up until the end."""
        with running(self.settings) as self.children:
            yield self

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[str]]:
        """``disclosure up`` as an operator runs it, from its start; killed at the end if the test did not stop it."""
        process = subprocess.Popen(
            [sys.executable, "-m", "deployments.cli", "up"],
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

    def newcomer(self, office: str, name: str = "") -> str:
        """Enrol somebody of ``office`` (an id); their name."""
        name = name or f"{self.catalog.offices[office].name}·{len(self.secrets) + 1}号"
        self.members.setdefault(office, []).append(name)
        return self.enrol(name, office)

    def member(self, office: str) -> str:
        """Name somebody of ``office`` whose present code is unused, so that nobody waits for the next one."""
        known, now = self.members.get(office, ()), self.step_now()
        return next((n for n in known if now not in self.used_steps.get(n, ())), "") or self.newcomer(office)

    def reviewer(self, gate: GateId) -> str:
        """Name somebody who may decide at ``gate``."""
        return self.member(self.catalog.gate_office(gate).id)

    # --- Prefect

    def api(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """One call of Prefect's API, as our processes make it; its "database is locked" (503) is tried again."""
        until = time.monotonic() + PATIENCE
        while True:
            known = find_credential(self.settings)
            user, _, password = known.get_secret_value().partition(":") if known else ("", "", "")
            answer = self._client.request(method, path, json=body, auth=(user, password))
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

    def planned_starts(self, *, but: str = "", of: str = "") -> list[dt.datetime]:
        """When the runs start that Prefect's scheduler has planned: ``of`` one deployment (an id), all ``but`` one."""
        about = {"id": {"any_": [of]}} if of else {}
        wanted = {
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
            "deployments": about,
            # Of all there are, an answer holds some hundreds.
            "sort": "EXPECTED_START_TIME_ASC",
        }
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
        wanted = {"kind": period.kind, "year": period.year}
        return [run for run in self._all_runs() if wanted.items() <= run["parameters"].items()]

    def _all_runs(self) -> Iterator[dict[str, Any]]:
        """Every run Prefect knows, page after page."""
        for offset in itertools.count(0, 200):
            page = self._good(
                self.api("POST", "/flow_runs/filter", {"sort": "ID_DESC", "limit": 200, "offset": offset})
            )
            yield from page
            if len(page) < 200:
                return

    @staticmethod
    def _good(answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.request.url}: {answer.status_code} {answer.text}"
        return answer.json()

    # --- processes

    @property
    def environment(self) -> dict[str, str]:
        """What a process is told that belongs to this office as much as its own do: it may call Prefect."""
        return child_environment(with_live_credential(self.settings))

    @property
    def runner(self) -> Child:
        """The runner, which starts the processes of runs."""
        return next(child for child in self.children if child.name == "runner")

    @contextmanager
    def runner_asleep(self) -> Iterator[None]:
        """Nothing is picked up, and nothing watched, meanwhile."""
        self.put_to_sleep(self.runner.process.pid)
        try:
            yield
        finally:
            self.runner.process.send_signal(signal.SIGCONT)

    def put_to_sleep(self, pid: int) -> None:
        """Stop a process where it holds nothing that others wait for: asleep it would keep them from writing."""
        os.kill(pid, signal.SIGSTOP)
        while self._are_records_locked():
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.01)
            os.kill(pid, signal.SIGSTOP)

    def _are_records_locked(self) -> bool:
        """Whether somebody is writing our records (SQLite) or the ledger's head right now."""
        with self.settings.ledger_head_file.open("rb") as head:
            try:
                fcntl.flock(head, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        with closing(sqlite3.connect(self.settings.home / "records.db", timeout=0.2)) as records:
            try:
                records.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            return False

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
            [sys.executable, "-m", "deployments.cli", *map(str, arguments)],
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
        with self.installation.records.write() as session:
            cycle = queries.open_cycle(session, self.catalog, period, actor="测试")
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
            if self.catalog.indicators[figure.indicator].centre == centre
        ]

    def centres(self, period: Period) -> list[str]:
        """Ids of the centres that owe figures."""
        catalog = self.catalog
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
        return self.fill_in_workbook(
            WorkbookContents(
                period,
                centre,
                round_number=round_number,
                filled=self.figures(period, centre) if figures is None else figures,
            ),
            folder=self.settings.home / "filled",
            signers=(filler, "乙复核"),
            signed_on=dt.date(2026, 2, 20),
        )


def office_in(home: Path, profile: str = "gaogang-2016", **settings: Any) -> Office:
    """An office with a home and ports of its own, not yet open; what runs on a clock waits to be started."""
    server_port, prefect_port = _free_ports(2)
    unclocked = {"intake_schedule": "", "reminder_schedule": "", "openness_schedule": "", "supervise_at": ""}
    chosen = {**unclocked, "intake_settle_seconds": 0, **settings}
    return Office(Settings(home=home, profile=profile, server_port=server_port, prefect_port=prefect_port, **chosen))


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
