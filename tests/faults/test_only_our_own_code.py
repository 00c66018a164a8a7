"""Protects that a run executes our own flow alone, whatever somebody writes into Prefect's database through its API.

Foreign code would leave a file; it never appears. Whatever differs is refused, told, in the ledger, and put right.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from disclosure.calendar.periods import Period
from disclosure.monitoring.supervision.findings_repository import FindingLine, line_of
from disclosure.platform.settings import SHANGHAI
from disclosure.records.tables import LedgerEntry, SupervisionFinding
from tests.support.case import FLOW, Case
from tests.support.office import Office, office_in

pytestmark = pytest.mark.faults

FOREIGN_FLOW = """
from pathlib import Path
from prefect import flow
Path({mark!r}).touch()

def crashed(flow, flow_run, state):
    Path({mark!r}).touch()

@flow(name="社会保险信息披露", on_crashed=[crashed])
def evil(kind: str = "", year: int | None = None, name: str = "", only: list | None = None):
    Path({mark!r}).touch()
"""


#: What decides which flow a run executes is tried with forked runs and with those that are started cold.
BOTH_STARTS = pytest.mark.parametrize(
    "attacked",
    [pytest.param(True, id="forked"), pytest.param(False, id="cold", marks=pytest.mark.full)],
    indirect=True,
    scope="module",
)


@pytest.fixture(scope="module")
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose Prefect anybody may write to."""
    is_warm = getattr(request, "param", True)
    with office_in(tmp_path_factory.mktemp("attacked"), runner_is_warm=is_warm).open() as office:
        yield office


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[Path]:
    """The file that foreign code would leave; that it did not is looked at after every test."""
    file = tmp_path / "foreign-code-ran"
    yield file
    assert not file.exists()


def foreign_file(tmp_path: Path, mark: Path) -> str:
    """A file with a flow under our name; its entrypoint."""
    file = tmp_path / "evil.py"
    file.write_text(FOREIGN_FLOW.format(mark=str(mark)), encoding="utf-8")
    return f"{file}:evil"


def alterations(tmp_path: Path, mark: Path) -> list[dict[str, dict[str, Any]]]:
    """What somebody may write into a deployment at once, by what each is told as (one by one: tests/tasks)."""
    script = {"prefect.deployments.steps.run_shell_script": {"script": f"touch {mark}", "id": "x"}}
    return [
        {
            "入口": {"entrypoint": foreign_file(tmp_path, mark)},
            "拉取步骤": {"pull_steps": [script]},
            "运行环境变量": {"job_variables": {"env": {"PREFECT__FLOW_ENTRYPOINT": foreign_file(tmp_path, mark)}}},
        },
        {
            "路径": {"path": str(tmp_path), "entrypoint": "evil.py:evil"},
            "参数": {"parameters": {"kind": "annual", "name": "x"}},
            "不核对参数": {"enforce_parameter_schema": False},
            "并发限制": {"concurrency_limit": 1},
        },
    ]


def annual(office: Office) -> dict[str, Any]:
    """The row of the deployment of yearly cycles."""
    row: dict[str, Any] = office._good(office.api("GET", f"/deployments/name/{FLOW}/annual"))
    return row


def alter(office: Office, body: dict[str, Any]) -> None:
    """Write something else into that row."""
    answer = office.api("PATCH", f"/deployments/{annual(office)['id']}", body)
    assert answer.is_success, answer.text


def run_it(office: Office, parameters: dict[str, Any], **more: Any) -> str:
    """Create a run as anybody may who reaches the API; its id."""
    body = {"parameters": {"kind": "annual", **parameters}, "state": {"type": "SCHEDULED"}, **more}
    deployment = annual(office)["id"]
    return str(office._good(office.api("POST", f"/deployments/{deployment}/create_flow_run", body))["id"])


def refused(office: Office, run_id: str) -> str:
    """Wait until the run is refused; what it says."""

    def look() -> str | None:
        state = office.state_of(run_id)
        assert state["type"] not in {"COMPLETED", "FAILED", "CRASHED"}, state
        return str(state["message"]) if state["type"] == "CANCELLED" else None

    return office.wait_for(look, "the run to be refused")


def refused_or_corrected_before(office: Office, run_id: str) -> str:
    """Wait until the run is refused; what it says. Empty when the runner's own look put the row right before."""

    def look() -> str | None:
        state = office.state_of(run_id)
        if state["type"] == "PAUSED":
            return "corrected"
        return str(state["message"]) if state["type"] == "CANCELLED" else None

    told = office.wait_for(look, "the run to be refused")
    return "" if told == "corrected" else told


def another_run(case: Case) -> str | None:
    """The run that goes on after the case's own."""
    return next((run["id"] for run in case.office.runs_of(case.period) if run["id"] != case.run_id), None)


def finding(office: Office, kind: str, subject: str) -> FindingLine | None:
    """The latest finding of a kind about a subject, once something was done about it."""
    wanted = select(SupervisionFinding).where(SupervisionFinding.kind == kind, SupervisionFinding.subject == subject)
    with office.installation.records.read() as session:
        rows = session.scalars(wanted.order_by(SupervisionFinding.id.desc())).all()
        return line_of(rows[0]) if rows and rows[0].mended_at is not None else None


def ledger(office: Office, event: str, part: str) -> list[str]:
    """The ledger's entries of an event that tell of something."""
    with office.installation.records.read() as session:
        told = session.scalars(select(LedgerEntry.details).where(LedgerEntry.event == event)).all()
    return [details for details in told if part in details]


def works(case: Case) -> None:
    """A genuine run goes on to its form."""
    assert case.next_form().is_about_submissions


@BOTH_STARTS
def test_what_a_deployment_says_is_never_followed(attacked: Office, tmp_path: Path, mark: Path) -> None:
    plain = annual(attacked)
    for written in alterations(tmp_path, mark):
        body = {key: value for part in written.values() for key, value in part.items()}
        case = attacked.new_cycle()
        with attacked.runner_asleep():
            alter(attacked, body)
            run = case.start()
        if told := refused_or_corrected_before(attacked, run):
            assert all(what in told for what in written)
            # The cycle was opened by a person, so it goes on: with a run of ours.
            case.run_id = attacked.wait_for(partial(another_run, case), "a run of ours")
            found = finding(attacked, "run_refused", run)
            assert found is not None
            assert "严重" in found.found
            assert ledger(attacked, "run.refused", run)
        works(case)
        for what in written:
            attacked.wait_for(partial(ledger, attacked, "deployment.corrected", what), f"the correction of {what}")
        altered = finding(attacked, "deployment_altered", "annual")
        assert altered is not None
        assert altered.mended.startswith("已按登记改回")
        row = annual(attacked)
        for key in (*body, "paused", "work_pool_name", "work_queue_name"):
            assert (row[key] or None) == (plain[key] or None), key
        assert row["id"] == plain["id"]
    assert not mark.exists()


@BOTH_STARTS
def test_a_run_nobody_asked_for_opens_no_cycle(attacked: Office, mark: Path) -> None:
    unasked = run_it(attacked, {"year": 2032})
    assert "没有人开启" in refused(attacked, unasked)
    assert ledger(attacked, "run.refused", unasked)
    with attacked.installation.records.read() as session:
        opened = session.scalars(select(LedgerEntry.details).where(LedgerEntry.event == "cycle.opened")).all()
    assert not any("2032-annual" in details for details in opened)

    case = attacked.new_cycle()
    variables = run_it(attacked, {"year": case.period.year}, job_variables={"env": {"PYTHONPATH": str(mark.parent)}})
    assert "运行环境变量（env）" in refused(attacked, variables)
    with attacked.runner_asleep():
        alter(attacked, {"enforce_parameter_schema": False})
        extra = run_it(attacked, {"year": 2032, "command": f"touch {mark}"})
        wrong = run_it(attacked, {"year": "not a year"})
        other = run_it(attacked, {"kind": "q1", "year": 2032})
    assert "没有的参数（command）" in refused(attacked, extra)
    assert "参数不合要求" in refused(attacked, wrong)
    assert "不是部署“annual”的参数" in refused(attacked, other)


@pytest.mark.full
def test_a_schedule_opens_what_our_own_calendar_has(attacked: Office) -> None:
    """A schedule that somebody adds makes runs as the scheduler's own; by our plan 2032 is not due, 2024 is."""
    soon = f"DTSTART:{dt.datetime.now(SHANGHAI):%Y%m%dT%H%M%S}\nRRULE:FREQ=SECONDLY;INTERVAL=20;COUNT=30"
    added = {
        f"by-hand-{year}": {
            "slug": f"by-hand-{year}",
            "active": True,
            "schedule": {"rrule": soon, "timezone": "Asia/Shanghai"},
            "parameters": {"year": year},
        }
        for year in (2032, 2024)
    }

    def run_that_is(state: str, year: int) -> str | None:
        # What the runner puts right of an earlier attack takes schedules with it; whoever adds them adds them again.
        row = annual(attacked)
        if missing := added.keys() - {each["slug"] for each in row["schedules"]}:
            again = [added[slug] for slug in sorted(missing)]
            assert attacked.api("POST", f"/deployments/{row['id']}/schedules", again).is_success
        runs = attacked.runs_of(Period(year, "annual"))
        return next((run["id"] for run in runs if run["auto_scheduled"] and run["state_type"] == state), None)

    unplanned = attacked.wait_for(lambda: run_that_is("CANCELLED", 2032), "the run of 2032 to be refused", every=0.5)
    attacked.wait_for(lambda: run_that_is("PAUSED", 2024), "the run of 2024 to ask", every=0.5)
    assert "不在日程上" in refused(attacked, unplanned)
    assert not ledger(attacked, "cycle.opened", "2032-annual")
    assert ledger(attacked, "cycle.opened", "2024-annual")
    assert "已更新：annual" in attacked.cli("deploy").stdout


@pytest.mark.full
def test_what_somebody_adds_is_switched_off_within_seconds(attacked: Office, tmp_path: Path, mark: Path) -> None:
    row = annual(attacked)
    script = {"prefect.deployments.steps.run_shell_script": {"script": f"touch {mark}"}}
    foreign = {"flow_id": row["flow_id"], "name": "mine", "entrypoint": "x.py:x", "pull_steps": [script]}
    foreign_id = attacked._good(attacked.api("POST", "/deployments/", foreign))["id"]
    flow = attacked._good(attacked.api("POST", "/flows/", {"name": "another"}))["id"]
    double = {**foreign, "flow_id": flow, "name": "annual", "tags": row["tags"]}
    double_id = attacked._good(attacked.api("POST", "/deployments/", double))["id"]
    trigger = {"type": "event", "posture": "Reactive", "expect": ["prefect.flow-run.Failed"], "threshold": 1}
    body = {"name": "x", "trigger": trigger, "actions": [{"type": "cancel-flow-run"}]}
    automation = attacked._good(attacked.api("POST", "/automations/", body))["id"]
    assert attacked.api("POST", "/work_pools/", {"name": "theirs", "type": "process"}).is_success
    alter(attacked, {"work_pool_name": "theirs"})

    for kind, subject in {
        "deployment_added": "mine",
        "automation_added": automation,
        "pool_added": "theirs",
        "deployment_altered": "annual",
    }.items():
        attacked.wait_for(lambda kind=kind, subject=subject: finding(attacked, kind, subject), kind)  # type: ignore[misc]
    assert finding(attacked, "deployment_added", "another/annual")
    assert attacked._good(attacked.api("GET", f"/deployments/{foreign_id}"))["paused"]
    assert attacked._good(attacked.api("GET", f"/deployments/{double_id}"))["paused"]
    assert not attacked._good(attacked.api("GET", f"/automations/{automation}"))["enabled"]
    assert attacked._good(attacked.api("GET", "/work_pools/theirs"))["is_paused"]
    attacked.wait_for(lambda: annual(attacked)["work_pool_name"] is None, "the deployment to be put right")

    # One that was replaced by theirs is registered anew, and its runs are taken as before.
    assert attacked.api("DELETE", f"/deployments/{row['id']}").is_success
    theirs = {**foreign, "name": "annual", "entrypoint": foreign_file(tmp_path, mark)}
    assert attacked.api("POST", "/deployments/", theirs).is_success
    attacked.wait_for(lambda: annual(attacked)["entrypoint"] == row["entrypoint"], "the deployment to be registered")
    case = attacked.new_cycle()
    case.start()
    works(case)


@BOTH_STARTS
def test_a_crashed_run_of_an_altered_deployment_runs_no_foreign_hook(
    attacked: Office, tmp_path: Path, mark: Path
) -> None:
    case = attacked.new_cycle()
    case.hand_in()
    run = case.stopped_at("cycle.taken_over", case.start)
    alter(attacked, {"entrypoint": foreign_file(tmp_path, mark)})
    os.kill(run, signal.SIGKILL)
    attacked.wait_for(lambda: case.state() == "Crashed", "the runner to notice")
    # A run of ours goes on, altered or not: it never reads of it what to run.
    case.retry(force=True)
    assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]
    attacked.wait_for(lambda: annual(attacked)["entrypoint"] == "flows.cycle.disclosure_cycle", "it to be put right")


@pytest.mark.full
def test_the_command_line_says_what_was_put_right(attacked: Office, tmp_path: Path, mark: Path) -> None:
    with attacked.runner_asleep():
        alter(attacked, {"entrypoint": foreign_file(tmp_path, mark), "job_variables": {"env": {"X": "1"}}})
        said = attacked.cli("deploy")
        assert said.returncode == 0, said.stdout + said.stderr
        assert "与登记的不同，已改回：annual（入口、运行环境变量）" in said.stdout
        alter(attacked, {"entrypoint": foreign_file(tmp_path, mark)})
        said = attacked.cli("supervise")
    assert "部署被人改动：严重：部署“annual”与登记的不同（入口）" in said.stdout
    assert "已按登记改回" in said.stdout
