"""Protects what the watcher decides about a run: every state a run can be in, for everything that is under way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from disclosure.monitoring.supervision.run_status import RunStatus, run_status
from disclosure.monitoring.supervision.snapshots import RunSnapshot
from disclosure.monitoring.supervision.watch_rules import (
    PAUSES,
    REFUSED_PAUSE,
    UNTIL_REPLACED,
    Act,
    Restarts,
    Watched,
    count_restart,
    decide,
    may_restart,
    refusal_of,
)
from disclosure.records.subjects import SubjectKey
from disclosure.records.tables import Cycle, OpennessChange

pytestmark = pytest.mark.unit

NOW = dt.datetime(2026, 4, 20, 3, tzinfo=dt.UTC)
HOUR = NOW + dt.timedelta(hours=2)
KEY = "cycle1-round1-review-1"
#: Within this everything is promised to go on.
PROMISED = dt.timedelta(seconds=30)
A_MOMENT, LONG = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
REVIEWING = Watched(SubjectKey(Cycle, 1), "2026 年第一季度", "a", asked=KEY)
WORKING = Watched(SubjectKey(Cycle, 1), "2026 年第一季度", "a")
SIGNED = Watched(SubjectKey(Cycle, 1), "2026 年第一季度", "a", planned_for=HOUR)
DUE = Watched(SubjectKey(Cycle, 1), "2026 年第一季度", "a", planned_for=NOW - LONG)
CHANGE = Watched(SubjectKey(OpennessChange, 7), "“机构职能”", "a", asked=KEY)
NOT_STARTED = Watched(SubjectKey(OpennessChange, 7), "“机构职能”", "")


def seen(state_type: str, **given: Any) -> RunSnapshot:
    since = NOW - dt.timedelta(hours=1)
    return RunSnapshot(
        **{"id": "a", "name": "q1", "state": "", "since": since, "asks": KEY, **given}, state_type=state_type
    )


def done(watched: Watched, run: RunSnapshot | None, stood: dt.timedelta) -> Act:
    return decide(watched, run, run_status(run, NOW, asked=watched.asked), stood, NOW)


@pytest.mark.parametrize("watched", [REVIEWING, WORKING, SIGNED, DUE, CHANGE], ids=lambda one: str(one.planned_for))
@pytest.mark.parametrize(
    ("run", "at_once"),
    [
        (None, False),
        (seen("CANCELLED"), False),
        (seen("FAILED"), False),
        (seen("CRASHED"), False),
        (seen("COMPLETED"), False),
        (seen("RUNNING", has_process=False), True),
        (seen("CANCELLING", has_process=False), True),
        (seen("PAUSED", has_form=False), True),
        (seen("PAUSED", has_form=None, asks=""), False),
        (seen("PAUSED", has_form=True, asks="cycle1-round1-collect-1"), False),
    ],
    ids=lambda run: run.state_type if isinstance(run, RunSnapshot) else str(run),
)
def test_whatever_cannot_go_on_is_replaced_in_time(watched: Watched, run: RunSnapshot | None, at_once: bool) -> None:
    assert done(watched, run, dt.timedelta()) is (Act.REPLACE if at_once else Act.LEAVE)
    # With the look and the start of a run there is time left.
    assert done(watched, run, PROMISED / 2) is Act.REPLACE


@pytest.mark.parametrize(
    ("watched", "run"),
    [
        (REVIEWING, seen("PAUSED", has_form=True)),
        (WORKING, seen("RUNNING", has_process=True)),
        (WORKING, seen("RUNNING", has_process=None)),
        (CHANGE, seen("PAUSED", has_form=True)),
        (SIGNED, seen("SCHEDULED", expected=HOUR)),
        (WORKING, seen("PENDING", has_process=False, since=NOW - dt.timedelta(seconds=5))),
    ],
)
def test_what_goes_on_is_left_alone(watched: Watched, run: RunSnapshot) -> None:
    assert done(watched, run, dt.timedelta(days=9)) is Act.LEAVE


@pytest.mark.parametrize(
    ("watched", "expected", "stood", "act"),
    [
        # Moved away from its hour, by a week, a minute, or forward.
        (SIGNED, HOUR + dt.timedelta(days=7), A_MOMENT, Act.RESCHEDULE),
        (SIGNED, HOUR + dt.timedelta(seconds=50), A_MOMENT, Act.RESCHEDULE),
        (SIGNED, HOUR - dt.timedelta(hours=1), A_MOMENT, Act.RESCHEDULE),
        (DUE, NOW + dt.timedelta(days=7), A_MOMENT, Act.RESCHEDULE),
        # What has no hour of its own begins now.
        (WORKING, NOW + dt.timedelta(days=1), A_MOMENT, Act.RESCHEDULE),
        # Due: a runner takes it within a moment, or never.
        (DUE, NOW - LONG, A_MOMENT, Act.LEAVE),
        (DUE, NOW - LONG, PROMISED / 2, Act.REPLACE),
        (WORKING, NOW - A_MOMENT, LONG, Act.LEAVE),
        (WORKING, NOW - LONG, LONG, Act.REPLACE),
    ],
)
def test_a_scheduled_run_begins_at_its_hour(
    watched: Watched, expected: dt.datetime, stood: dt.timedelta, act: Act
) -> None:
    assert done(watched, seen("SCHEDULED", expected=expected), stood) is act


def test_a_run_that_was_taken_and_got_no_process_is_replaced_in_time() -> None:
    for seconds, act in ((10, Act.LEAVE), (25, Act.REPLACE)):
        taken = seen("PENDING", has_process=False, since=NOW - dt.timedelta(seconds=seconds))
        assert done(DUE, taken, LONG) is act
    assert done(DUE, seen("PENDING", has_process=True), LONG) is Act.LEAVE
    assert done(DUE, seen("PENDING", has_process=None), LONG) is Act.LEAVE


def test_a_change_without_a_run_gets_one() -> None:
    assert decide(NOT_STARTED, None, RunStatus.LOST, A_MOMENT, NOW) is Act.LEAVE
    assert decide(NOT_STARTED, None, RunStatus.LOST, LONG, NOW) is Act.REPLACE


def test_every_status_that_cannot_go_on_has_its_time() -> None:
    for status, pause in UNTIL_REPLACED.items():
        assert pause < PROMISED, status


def test_runs_that_fail_at_once_are_started_further_and_further_apart() -> None:
    failed = seen("FAILED", message="Flow run encountered an exception: ValueError: oh")
    assert may_restart(None, failed, LONG, NOW)
    restarts, now, waits = count_restart(None, NOW), NOW, []
    for _ in range(9):
        began = now
        while not may_restart(restarts, failed, LONG, now):
            now += A_MOMENT
        waits.append(now - began)
        restarts = count_restart(restarts, now)
    assert waits == [*PAUSES[1:], *[PAUSES[-1]] * 4]
    # One that lasted is followed at once.
    later = now + dt.timedelta(hours=1)
    assert may_restart(restarts, failed, LONG, later)
    assert count_restart(restarts, later) == Restarts(1, later)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("Flow run encountered an exception: DisclosureError: 发布件与签发时不同。", "发布件与签发时不同。"),
        ("Flow run encountered an exception: StateError: 不能变。", "不能变。"),
        ("Flow run encountered an exception: ValueError: oh", ""),
        ("Flow run encountered an exception: UnavailableError: 连不上。", ""),
        ("test", ""),
        ("", ""),
    ],
)
def test_what_a_rule_refused_is_not_tried_again_soon(message: str, why: str) -> None:
    failed = seen("FAILED", message=message)
    assert refusal_of(failed) == why
    assert may_restart(None, failed, LONG, NOW) is not bool(why)
    assert may_restart(None, failed, REFUSED_PAUSE, NOW)
    assert refusal_of(None) == refusal_of(seen("CRASHED", message=message)) == ""
