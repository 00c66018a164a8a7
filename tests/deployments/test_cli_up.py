"""Protects ``disclosure up`` and ``deploy``: one command starts everything, Prefect plans exactly the calendar's dates.

Ctrl-C leaves no process and no paused schedule; deploying again touches only what differs.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, update

from deployments.local import child_environment, is_up
from disclosure.calendar.periods import Period
from disclosure.calendar.workdays import NATIONAL_HOLIDAYS, missing_holidays, on_or_before
from disclosure.catalog import PROFILES, load_catalog
from disclosure.cycle.deadlines import periods_of_year, plan
from disclosure.monitoring.supervision.schedule import supervision_times
from disclosure.platform.settings import SHANGHAI
from disclosure.records.tables import SupervisionRun
from tests.support.office import Office, children_of, has_ended, office_in, read_until

pytestmark = [pytest.mark.flows, pytest.mark.full]


@contextmanager
def up(office: Office) -> Iterator[subprocess.Popen[str]]:
    """``disclosure up``, ready."""
    with office.up() as process:
        read_until(process, "已就绪")
        yield process


def stopped_by_ctrl_c(process: subprocess.Popen[str]) -> str:
    """What the command says at its end; none of the processes it had started lives on."""
    family = children_of(process.pid)
    assert len(family) >= 3
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=180)
    assert process.returncode == 0, said
    assert [pid for pid in family if not has_ended(pid)] == []
    return said


def profile_with_known_years(folder: Path, years: range) -> Path:
    """楚雄 with the holidays of ``years`` entered, one day for each, so that nothing ahead is provisional."""
    shutil.copytree(PROFILES / "chuxiong", folder)
    entered = [
        f'  "{year}-01-{day:02}": {{kind: off, name: {name}, source: 测试}}'
        for year in years
        if missing_holidays(year, load_catalog("chuxiong").holidays)
        for day, name in enumerate(NATIONAL_HOLIDAYS, 1)
    ]
    file = folder / "holidays.yaml"
    file.write_text("\n".join([file.read_text(encoding="utf-8").rstrip(), *entered, ""]), encoding="utf-8")
    return folder


def planned_dates(office: Office) -> dict[str, dt.date]:
    """Period id -> the working day on which its cycle starts, of this year and the next."""
    this_year = dt.datetime.now(SHANGHAI).year
    catalog = office.installation.catalog
    return {
        period.id: plan(catalog, period)[0].planned
        for year in (this_year, this_year + 1)
        for period in periods_of_year(catalog, year)
    }


def scheduled_dates(office: Office) -> dict[str, dt.date]:
    """The same, as Prefect has it: each schedule is one date at 09:00 in Shanghai, and active."""
    found = {}
    for name, deployment in office.deployments().items():
        if name == "supervision":
            continue
        for entry in deployment["schedules"]:
            assert entry["active"]
            assert entry["schedule"]["timezone"] == "Asia/Shanghai"
            begin, date = entry["schedule"]["rrule"].split()
            assert begin.removeprefix("DTSTART:") == date.removeprefix("RDATE:")
            moment = dt.datetime.strptime(date, "RDATE:%Y%m%dT%H%M%S")  # noqa: DTZ007 - in the schedule's zone
            assert moment.time() == dt.time(9)
            assert entry["parameters"] == {"year": int(entry["slug"][:4])}
            found[entry["slug"]] = moment.date()
    return found


def has_asked_for_work(office: Office, since: dt.datetime) -> bool:
    """Whether the runner has asked for runs of every deployment."""
    asked = [found["last_polled"] for found in office.deployments().values()]
    return all(moment and dt.datetime.fromisoformat(moment) > since for moment in asked)


def planned_runs(office: Office, but: set[str]) -> set[str]:
    """Ids of the runs Prefect has planned, but for those of some deployments."""
    found = office.api("POST", "/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}).json()
    return {run["id"] for run in found if run["deployment_id"] not in but}


def soonest(dates: Iterable[dt.date]) -> dt.datetime:
    now = dt.datetime.now(SHANGHAI)
    moments = [dt.datetime.combine(date, dt.time(9), SHANGHAI) for date in dates]
    return min(moment for moment in moments if moment > now)


def test_start_stop_and_start_again(tmp_path: Path) -> None:
    this_year = dt.datetime.now(SHANGHAI).year
    profile = str(profile_with_known_years(tmp_path / "profile", range(this_year, this_year + 3)))
    office = office_in(tmp_path, profile, supervise_at="08:30")
    with up(office) as process:
        clocked = {"intake", "reminders", "openness-watch", "supervision"}
        assert set(office.deployments()) == {"annual", "q1", "h1", "q3", "special", "openness-change", *clocked}
        taken = office.cli("up")
        assert taken.returncode == 1
        assert "已由另一个 disclosure up" in taken.stdout
        assert "已停止；各周期的日程保持有效" in stopped_by_ctrl_c(process)
    assert not is_up(office.settings)
    assert "Prefect 服务没有运行" in office.cli("deploy").stdout

    begun = dt.datetime.now(dt.UTC)
    with up(office) as process:
        # The runner registers once more before it asks for work for the first time.
        office.wait_for(lambda: has_asked_for_work(office, since=begun), "the runner to ask for work")
        deployments = office.deployments()
        assert deployments["special"]["schedules"] == []
        assert not any(deployment["paused"] for deployment in deployments.values())
        expected = planned_dates(office)
        assert scheduled_dates(office) == expected
        # Prefect's own scheduler makes the runs of the next months; a schedule nobody acts on is worth nothing.
        if soonest(expected.values()) < dt.datetime.now(SHANGHAI) + dt.timedelta(days=100):
            supervision = deployments["supervision"]["id"]
            planned = office.wait_for(lambda: office.planned_starts(but=supervision), "Prefect to plan the next run")
            assert min(planned) == soonest(expected.values())
            assert len(planned) == len(set(planned))
        _supervision_has_looked_and_has_its_mornings(office, begun)
        _deploying_again_touches_only_what_differs(office, process)
        _a_moved_deadline_moves_the_start(office, this_year + 1)
        _a_flow_that_cannot_be_imported_is_told(office)


def _supervision_has_looked_and_has_its_mornings(office: Office, begun: dt.datetime) -> None:
    def looks() -> list[SupervisionRun]:
        wanted = select(SupervisionRun).where(SupervisionRun.finished_at.is_not(None)).order_by(SupervisionRun.id)
        with office.installation.records.read() as session:
            return list(session.scalars(wanted))

    office.wait_for(lambda: looks() and looks()[-1].started_at > begun, "the supervision of this start")
    assert "督办" not in office.cli("status").stdout
    year = dt.datetime.now(SHANGHAI).year
    entries = {entry["slug"]: entry["schedule"] for entry in office.deployments()["supervision"]["schedules"]}
    for slug in (str(year), str(year + 1)):
        mornings = supervision_times(office.settings, office.installation.catalog.holidays, int(slug))
        dates = entries[slug]["rrule"].partition("RDATE:")[2].split(",")
        assert dates == [f"{morning:%Y%m%dT%H%M%S}" for morning in mornings]
        assert entries[slug]["timezone"] == "Asia/Shanghai"

    # Weeks without one are seen at once.
    with office.installation.records.write() as session:
        session.execute(update(SupervisionRun).values(started_at=begun - dt.timedelta(days=21)))
    assert "督办已停：上一次是" in office.cli("status").stdout


@contextmanager
def runner_asleep(process: subprocess.Popen[str]) -> Iterator[None]:
    """The runner that ``up`` started does nothing meanwhile."""
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children_of(process.pid)}
    runner = next(pid for pid, command in commands.items() if b"deployments.runner.serve" in command.split(b"\0"))
    os.kill(runner, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(runner, signal.SIGCONT)


def _deploying_again_touches_only_what_differs(office: Office, process: subprocess.Popen[str]) -> None:
    before = office.deployments()
    # The mornings of supervision are many, and may just be being planned.
    others = {before["q1"]["id"], before["supervision"]["id"]}
    planned = planned_runs(office, but=others)
    # By hand: two deployments more, one of them with a run that waits, one schedule more and another paused.
    with runner_asleep(process):  # which would put it right itself within seconds
        extra = {key: before["q1"][key] for key in ("flow_id", "entrypoint", "tags")}
        assert office.api("POST", "/deployments/", {**extra, "name": "q9"}).is_success
        busy = office.api("POST", "/deployments/", {**extra, "name": "q8"}).json()["id"]
        waits = {"state": {"type": "PAUSED", "name": "Suspended"}}
        assert office.api("POST", f"/deployments/{busy}/create_flow_run", waits).is_success
        q1 = f"/deployments/{before['q1']['id']}/schedules"
        added = [{"schedule": {"cron": "0 9 1 * *"}, "active": True, "slug": "by-hand"}]
        assert office.api("POST", q1, added).is_success
        assert office.api("PATCH", f"{q1}/{before['q1']['schedules'][0]['id']}", {"active": False}).is_success

        said = office.cli("deploy")
    assert said.returncode == 0, said.stdout
    assert "已更新：q1\n" in said.stdout
    unchanged = "annual、h1、q3、special、intake、reminders、openness-watch、openness-change、supervision"
    assert f"没有变化：{unchanged}\n" in said.stdout
    assert "已移除：q9\n" in said.stdout
    assert "还有运行没有办完，暂时保留：q8\n" in said.stdout
    assert office.api("DELETE", f"/deployments/{busy}").is_success
    after = office.deployments()
    assert set(after) == set(before)
    assert scheduled_dates(office) == planned_dates(office)
    assert {name: found["id"] for name, found in after.items()} == {n: found["id"] for n, found in before.items()}
    assert planned_runs(office, but=others) == planned


def _a_moved_deadline_moves_the_start(office: Office, year: int) -> None:
    supervisor = office.newcomer("general_office", "周督办")
    period = Period(year - 1, "annual")
    day = plan(office.installation.catalog, period)[0].due - dt.timedelta(days=8)
    reason = ("--reason", "本年提前一周收数")
    asked = ("deadline", "move", period.id, "draft", day.isoformat(), "--by", supervisor, *reason)
    moved = office.cli(*asked, typed=f"{office.code(supervisor)}\n")
    assert moved.returncode == 0, moved.stdout
    assert "开启时间已按新的日期重排" in moved.stdout
    expected = on_or_before(day, office.installation.catalog.holidays).binding()
    assert scheduled_dates(office)[period.id] == expected


def _a_flow_that_cannot_be_imported_is_told(office: Office) -> None:
    broken = "import sys; sys.modules['flows.cycle'] = None; from deployments.cli import main; main()"
    said = subprocess.run(
        [sys.executable, "-c", broken, "deploy"],
        capture_output=True,
        encoding="utf-8",
        env={**child_environment(office.settings), "COLUMNS": "200"},
        check=False,
    )
    assert said.returncode == 1
    assert "导入失败" in said.stdout
    assert "flows.cycle" in said.stdout
    assert "Traceback" not in said.stderr + said.stdout
