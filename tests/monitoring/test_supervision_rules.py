"""Protects the rules of supervision: each finding exactly when the worlds disagree, and silence when they agree."""

from __future__ import annotations

import datetime as dt
import string
from dataclasses import replace
from typing import Any

import pytest

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.cycle.deadlines import Start, plan
from disclosure.cycle.view import CycleView
from disclosure.monitoring.supervision.foreign_rules import acts_of, only_informs
from disclosure.monitoring.supervision.rules import judge
from disclosure.monitoring.supervision.schedule import missed_supervisions, supervision_times
from disclosure.monitoring.supervision.snapshots import (
    AutomationSnapshot,
    DeploymentSnapshot,
    PageSnapshot,
    PrefectSnapshot,
    RecordsSnapshot,
    RunSnapshot,
    ScheduleSnapshot,
    Snapshots,
    World,
)
from disclosure.monitoring.supervision.texts import kinds
from disclosure.platform.settings import SHANGHAI, Settings
from disclosure.records.self_check.findings import RecordsFault, RecordsFinding
from disclosure.records.states import ReleaseState
from disclosure.records.tables import Ask, Decision, Release
from tasks.orchestration.processes import RunProcesses, process_name, run_processes
from tasks.orchestration.repair import mended_kinds
from tests.support.overviews import cycle_at, release_in

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
Q1 = Period(2026, "q1")
#: Two days after the day on which q1 of 2026 starts; nothing is due yet.
START = dt.datetime(2026, 4, 20, 9, tzinfo=SHANGHAI)
NOW = dt.datetime(2026, 4, 20, 11, tzinfo=SHANGHAI)
LONG_AGO = NOW - dt.timedelta(hours=1)
RUN = "06e1f2a3-1111-7222-8333-444455556666"
SCHEDULE = ScheduleSnapshot("2026-q1", "RDATE:20260420T090000 Asia/Shanghai")
Q1_DEPLOYMENT = DeploymentSnapshot("q1", (SCHEDULE,))


def run(state: str = "Running", kind: str = "RUNNING", **given: Any) -> RunSnapshot:
    known: dict[str, Any] = {"id": RUN, "name": "q1 2026", "since": LONG_AGO, "period_id": Q1.id, "expected": LONG_AGO}
    if kind == "RUNNING":
        known["has_process"] = True
    if kind == "PAUSED":
        known["has_form"] = True
    return RunSnapshot(**{**known, "state": state, "state_type": kind, **given})


def cycle(**given: Any) -> CycleView:
    """A cycle under review whose drafts are in; ``approved`` are the gates that have said 通过."""
    approved = {gate: Decision(gate=gate, outcome="approved") for gate in given.pop("approved", ())}
    known: dict[str, Any] = {
        "period": Q1,
        "deadlines": plan(CATALOG, Q1),
        "cycle": cycle_at(given.get("step", "review")),
        "centres": CATALOG.centres,
        "id": 1,
        "step": "review",
        "opened_at": START,
        "driver_run_id": RUN,
        "made": approved,
    }
    return CycleView(**{**known, **given})


def worlds(*cycles: CycleView, runs: tuple[RunSnapshot, ...] = (), now: dt.datetime = NOW, **given: Any) -> Snapshots:
    records = RecordsSnapshot(
        starts=(Start(Q1, START, is_provisional=False, publish_by=dt.date(2026, 5, 15)),),
        cycles=cycles,
        began=dt.datetime(2026, 1, 5, tzinfo=SHANGHAI),
        last_look=None,
    )
    prefect = PrefectSnapshot((Q1_DEPLOYMENT,), (Q1_DEPLOYMENT,), runs, runner_since=LONG_AGO)
    return replace(Snapshots(now, records, prefect, ()), **given)


def found(seen: Snapshots) -> list[tuple[str, str]]:
    return [one.key for one in judge(seen).found]


def with_prefect(seen: Snapshots, **given: Any) -> Snapshots:
    assert seen.prefect is not None
    return replace(seen, prefect=replace(seen.prefect, **given))


def test_worlds_that_agree_have_nothing_to_tell() -> None:
    assert found(worlds(cycle(), runs=(run(),))) == []
    assert found(worlds(cycle(), runs=(run("Suspended", "PAUSED"),))) == []
    assert found(worlds(cycle(), runs=(run("Resuming", "SCHEDULED", since=NOW, expected=NOW),))) == []


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_kind_says_what_and_what_to_do(kind: str) -> None:
    told = kinds()[kind]
    assert told.found.endswith("。") or kind == "not_checked"
    assert told.todo.endswith("。")
    # What is said to be mended is mended, and nothing else is.
    assert bool(told.mended) == (kind in mended_kinds())


def test_guessed_passwords_are_told_by_their_source() -> None:
    quiet = worlds(cycle(), runs=(run(),))
    assert found(replace(quiet, records=replace(quiet.records, attacks=(("10.0.0.66", 12),)))) == [
        ("sign_in_attack", "10.0.0.66")
    ]


def test_a_cycle_not_opened_by_its_start() -> None:
    seen = worlds()
    assert found(seen) == [("cycle_not_opened", Q1.id)]
    # A run on its way will open it; a few minutes are nothing.
    assert found(worlds(runs=(run("Pending", "PENDING", since=NOW),))) == []
    assert found(worlds(now=START + dt.timedelta(minutes=5))) == []
    # One planned for later does not.
    later = run("Scheduled", "SCHEDULED", expected=NOW + dt.timedelta(days=3), is_planned_by_prefect=True)
    assert found(worlds(runs=(later,))) == [("cycle_not_opened", Q1.id)]
    # Past its legal date nothing is opened by itself; what was over before these records began was never owed here.
    assert found(worlds(now=NOW + dt.timedelta(days=40))) == [("cycle_never_opened", Q1.id)]
    began = replace(seen.records, began=dt.datetime(2026, 5, 16, tzinfo=SHANGHAI))
    assert found(replace(seen, records=began, now=NOW + dt.timedelta(days=40))) == []


def test_milestones_are_missed_after_their_day_and_never_on_it() -> None:
    waiting = run("Suspended", "PAUSED")
    on_the_day = dt.datetime(2026, 4, 30, 23, 59, tzinfo=SHANGHAI)
    assert found(worlds(cycle(), runs=(waiting,), now=on_the_day)) == []
    after = dt.datetime(2026, 5, 1, 0, 1, tzinfo=SHANGHAI)
    (missed,) = judge(worlds(cycle(), runs=(waiting,), now=after)).found
    assert missed.key == ("milestone_missed", Q1.id)
    day = "2026年4月30日（星期四）"
    assert missed.facts["missed"] == f"“政策与数据审核”（{day}）、“保密性审核”（{day}）"
    done = cycle(approved=("policy", "finance", "confidentiality"))
    assert found(worlds(done, runs=(waiting,), now=after)) == []
    assert found(worlds(cycle(step="archive", published=Release()), now=after + dt.timedelta(days=60))) == []


def test_a_run_is_dead_only_without_a_process_here() -> None:
    assert found(worlds(cycle(), runs=(run(has_process=False),))) == [("run_dead", RUN)]
    # Not known is not dead, and what has just begun may be on its way.
    assert found(worlds(cycle(), runs=(run(has_process=None),))) == []
    assert found(worlds(cycle(), runs=(run(has_process=False, since=NOW),))) == []
    cold = {"has_process": False, "since": NOW - dt.timedelta(seconds=30)}
    assert found(worlds(cycle(), runs=(run("Pending", "PENDING", **cold),))) == []
    # Its successor is on the way already: the dead one is told, the cycle is not restarted once more.
    successor = run("Scheduled", "SCHEDULED", id="b", expected=NOW, since=NOW)
    assert found(worlds(cycle(), runs=(run("Crashed", "CRASHED"), successor))) == []


def test_runs_that_are_gone_or_ended() -> None:
    asks = cycle(ask=Ask(key="cycle1-round1-review-1", flow_run_id=RUN, asked_at=LONG_AGO))
    crashed = run("Crashed", "CRASHED")
    assert found(worlds(cycle(), runs=(crashed,))) == [("run_stopped", RUN)]
    assert found(worlds(cycle())) == [("run_stopped", RUN)]
    assert found(worlds(asks)) == [("ask_without_run", "cycle1-round1-review-1")]
    formless = run("Suspended", "PAUSED", has_form=False)
    assert found(worlds(asks, runs=(formless,))) == [("ask_without_run", "cycle1-round1-review-1")]
    assert found(worlds(asks, runs=(replace(formless, since=NOW),))) == []
    # What somebody ended, somebody decides about.
    for state, kind in (("Failed", "FAILED"), ("Cancelled", "CANCELLED"), ("Completed", "COMPLETED")):
        assert found(worlds(asks, runs=(run(state, kind),))) == [("run_ended", RUN)]
    # A publication that failed on some channels goes on; one that somebody cancelled waits for them.
    partial = cycle(step="publish", release=release_in(ReleaseState.PARTIAL))
    assert found(worlds(partial, runs=(run("Failed", "FAILED"),))) == [("release_partial", RUN)]
    assert found(worlds(partial, runs=(run("Cancelled", "CANCELLED"),))) == [("run_ended", RUN)]
    assert found(worlds(cycle(step="archive", published=Release()), runs=(run("Completed", "COMPLETED"),))) == []
    assert found(worlds(cycle(driver_run_id="", step="collect"))) == [("cycle_without_run", Q1.id)]


def test_resuming_with_no_runner() -> None:
    resuming = run("Resuming", "SCHEDULED")
    assert found(worlds(cycle(), runs=(resuming,))) == [("run_not_taken", RUN)]
    # A runner that has just come takes it now.
    fresh = with_prefect(worlds(cycle(), runs=(resuming,)), runner_since=NOW - dt.timedelta(seconds=5))
    assert found(fresh) == []
    (without,) = judge(with_prefect(worlds(cycle(), runs=(resuming,)), runner_since=None)).found
    assert "没有看到流程运行器" in kinds()["run_not_taken"].found.format(**without.facts)


def test_a_signed_hour_and_the_hour_prefect_has() -> None:
    hour = NOW + dt.timedelta(hours=3)
    signed = cycle(step="publish", release=Release(planned_for=hour))
    there = run("Scheduled", "SCHEDULED", expected=hour, is_planned_by_prefect=False)
    assert found(worlds(signed, runs=(there,))) == []
    elsewhere = replace(there, expected=hour + dt.timedelta(days=1))
    assert found(worlds(signed, runs=(elsewhere,))) == [("publication_not_scheduled", Q1.id)]
    passed = cycle(step="publish", release=Release(planned_for=LONG_AGO))
    assert found(worlds(passed, runs=(elsewhere,))) == [("publication_not_scheduled", Q1.id)]
    assert found(worlds(cycle(driver_run_id="b"), runs=(there, run(id="b")))) == [("scheduled_not_planned", RUN)]


def test_what_is_registered_and_what_should_be() -> None:
    seen = worlds(cycle(), runs=(run(),))
    moved = replace(SCHEDULE, rule="RDATE:20260421T090000 Asia/Shanghai")

    def has(*deployments: DeploymentSnapshot) -> list[tuple[str, str]]:
        return found(with_prefect(seen, deployments=deployments))

    assert has() == [("deployment_missing", "q1")]
    assert has(DeploymentSnapshot("q1")) == [("not_scheduled", "q1/2026-q1")]
    assert has(DeploymentSnapshot("q1", (moved,))) == [("not_scheduled", "q1/2026-q1")]
    added = ScheduleSnapshot("by-hand", "0 9 1 * * Asia/Shanghai")
    assert has(DeploymentSnapshot("q1", (SCHEDULE, added))) == [("schedule_added", "q1/by-hand")]
    assert has(DeploymentSnapshot("q1", (replace(SCHEDULE, is_active=False),))) == [("schedule_paused", "q1/2026-q1")]
    assert has(replace(Q1_DEPLOYMENT, is_paused=True)) == [("deployment_paused", "q1")]
    assert has(Q1_DEPLOYMENT, DeploymentSnapshot("q9")) == [("deployment_unwanted", "q9")]
    assert has(Q1_DEPLOYMENT, DeploymentSnapshot("q9", is_ours=False)) == [("deployment_added", "q9")]
    cancels = AutomationSnapshot("a", "出错就取消", frozenset({"send-notification", "cancel-flow-run"}))
    informs = AutomationSnapshot("b", "退回就告诉我", frozenset({"send-notification"}))
    assert found(with_prefect(seen, automations=(cancels, informs))) == [("automation_added", "a")]


@pytest.mark.parametrize(
    ("row", "is_harmless"),
    [
        ({"actions": [{"type": "send-notification"}]}, True),
        ({"actions": [], "actions_on_trigger": [{"type": "do-nothing"}]}, True),
        ({"actions": [{"type": "send-notification"}, {"type": "run-deployment"}]}, False),
        ({"actions": [{"type": "send-notification"}], "actions_on_resolve": [{"type": "pause-deployment"}]}, False),
        ({"actions": [{"type": "call-webhook"}]}, False),
        ({"actions": ["run-deployment"]}, False),
        ({"actions": {"type": "run-deployment"}}, False),
        ({"actions": [{}]}, False),
    ],
)
def test_what_an_automation_does_whenever_it_does_it_counts(row: dict[str, Any], is_harmless: bool) -> None:
    assert only_informs(acts_of(row)) is is_harmless


def test_a_registered_start_without_a_run() -> None:
    days_before = START - dt.timedelta(days=3)
    seen = worlds(now=days_before)
    assert found(seen) == [("start_not_planned", Q1.id)]
    planned = run("Scheduled", "SCHEDULED", expected=START, is_planned_by_prefect=True)
    assert found(worlds(runs=(planned,), now=days_before)) == []
    # Far ahead Prefect has planned nothing yet, nor where the schedule has just become what it is.
    assert found(worlds(now=START - dt.timedelta(days=91))) == []
    fresh = DeploymentSnapshot("q1", (replace(SCHEDULE, since=days_before),))
    assert found(with_prefect(seen, deployments=(fresh,))) == []


def test_pages() -> None:
    agreed = worlds(cycle(), runs=(run(),))
    pages = tuple(
        PageSnapshot("website", "网站", what, "2025-annual", "2025年度", tuple(f"{n}.html" for n in range(7)))
        for what in ("missing", "altered", "foreign")
    )
    look = judge(replace(agreed, pages=pages))
    assert [one.kind for one in look.found] == ["published_not_live", "page_altered", "live_not_ours"]
    assert look.found[0].facts["paths"].endswith("等 7 个文件")


def test_a_world_that_was_not_seen_is_told_and_proves_nothing() -> None:
    dead = worlds(cycle(), runs=(run(has_process=False),), unread={"processes": "不在本机。"})
    assert found(dead) == [("not_checked", "processes")]
    assert judge(dead).unread == {"processes": "不在本机。"}


def test_every_fact_of_a_sentence_is_given() -> None:
    """Each kind found above fills its sentences; the names in them are a fixed set, so a slip in YAML shows here."""
    names = {
        field
        for kind in kinds().values()
        for text in (kind.found, kind.todo, kind.mended)
        for _, field, _, _ in string.Formatter().parse(text)
        if field
    }
    assert names == {
            "asked", "automation", "channel", "count", "days", "deployment", "failures", "label", "last", "limit",
            "missed", "office", "part", "paths", "period", "planned", "pool", "publish_by", "restore", "rule", "run",
            "runner", "schedule", "scheduled", "since", "source", "start", "state", "step", "unsound", "what",
            "when", "why", "world",
        }  # fmt: skip


def test_mornings_follow_the_working_calendar() -> None:
    settings = Settings(supervise_at="08:30")
    mornings = supervision_times(settings, CATALOG.holidays, 2026)
    assert {morning.time() for morning in mornings} == {dt.time(8, 30)}
    days = {morning.date() for morning in mornings}
    # 2026-02-14 is a Saturday on which people work for 春节, 2026-02-17 is its first day.
    assert dt.date(2026, 2, 14) in days
    assert dt.date(2026, 2, 17) not in days
    assert supervision_times(Settings(supervise_at=""), CATALOG.holidays, 2026) == []
    friday = dt.datetime(2026, 4, 17, 8, 31, tzinfo=SHANGHAI)
    monday = dt.datetime(2026, 4, 20, 9, 29, tzinfo=SHANGHAI)
    assert missed_supervisions(settings, CATALOG.holidays, friday, monday) == []
    assert len(missed_supervisions(settings, CATALOG.holidays, friday, monday + dt.timedelta(minutes=2))) == 1
    assert missed_supervisions(settings, CATALOG.holidays, None, monday) == []


def test_a_process_is_known_by_its_name_or_its_environment() -> None:
    here = RunProcesses(frozenset({process_name(RUN)}), frozenset({"another"}))
    assert here.has(RUN)
    assert here.has("another")
    assert not here.has("06e1f2a3-1111-7222-8333-444455557777")
    # This very test is no run.
    assert not run_processes().has(RUN)


def test_by_unsound_records_nothing_is_said_of_the_site_and_what_is_wrong_is_said() -> None:
    unsound = RecordsFinding(RecordsFault.OLDER, "记录库比它的检查点旧。")
    pages = (PageSnapshot("website", "网站", "foreign", "", "首页与清单", ("index.html",)),)
    records = RecordsSnapshot((), (), LONG_AGO, None)
    unread: dict[World, str] = {"records": "记录库本身有问题。", "pages": "记录库本身有问题。"}
    found = judge(Snapshots(NOW, records, pages=pages, unread=unread, unsound=(unsound,))).found
    assert {one.kind for one in found} == {"records_unsound", "not_checked"}
    (told,) = [one for one in found if one.kind == "records_unsound"]
    assert "线上网站保持原样" in kinds()["records_unsound"].todo.format(**told.facts)
    sound = judge(Snapshots(NOW, records, pages=pages))
    assert {one.kind for one in sound.found} == {"live_not_ours"}
