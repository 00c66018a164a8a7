"""Protects the one answer to "can this run go on?": every state, with and without a process, a form and a runner."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from disclosure.monitoring.supervision.run_status import ABANDONED, LIVE, RunStatus, run_status
from disclosure.monitoring.supervision.snapshots import RunSnapshot

pytestmark = pytest.mark.unit

NOW = dt.datetime(2026, 4, 20, 3, tzinfo=dt.UTC)
LONG_AGO = NOW - dt.timedelta(hours=1)
KEY = "cycle1-round1-review-1"


def seen(state_type: str, **given: Any) -> RunSnapshot:
    return RunSnapshot(
        **{"id": "a", "name": "q1", "state": "", "since": LONG_AGO, "asks": KEY, **given}, state_type=state_type
    )


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (None, RunStatus.LOST),
        (seen("COMPLETED"), RunStatus.ENDED),
        (seen("FAILED"), RunStatus.ENDED),
        (seen("CANCELLED"), RunStatus.ENDED),
        (seen("CRASHED"), RunStatus.CRASHED),
        (seen("SCHEDULED"), RunStatus.DUE),
        (seen("SCHEDULED", expected=NOW), RunStatus.DUE),
        (seen("SCHEDULED", expected=NOW + dt.timedelta(days=1)), RunStatus.PLANNED),
        (seen("RUNNING", has_process=True), RunStatus.RUNNING),
        (seen("RUNNING", has_process=None), RunStatus.RUNNING_ELSEWHERE),
        (seen("RUNNING", has_process=False), RunStatus.DEAD),
        (seen("RUNNING", has_process=False, since=NOW), RunStatus.RUNNING),
        (seen("PENDING", has_process=False, since=NOW - dt.timedelta(seconds=30)), RunStatus.RUNNING),
        (seen("CANCELLING", has_process=False), RunStatus.DEAD),
        (seen("PAUSED", has_form=True), RunStatus.WAITING),
        (seen("PAUSED", has_form=True, asks="cycle1-round1-collect-1"), RunStatus.OUTDATED),
        (seen("PAUSED", has_form=False), RunStatus.FORMLESS),
        (seen("PAUSED", has_form=False, since=NOW), RunStatus.WAITING),
        (seen("PAUSED", has_form=False, has_process=True, since=NOW), RunStatus.WAITING),
        (seen("PAUSED", has_form=False, has_process=False, since=NOW), RunStatus.FORMLESS),
    ],
)
def test_where_a_run_stands(run: RunSnapshot | None, expected: RunStatus) -> None:
    assert run_status(run, NOW, asked=KEY) is expected


def test_a_question_that_is_not_looked_at_is_as_good_as_open() -> None:
    waiting = seen("PAUSED", has_form=True)
    assert run_status(waiting, NOW) is RunStatus.WAITING
    assert run_status(waiting, NOW, asked="") is RunStatus.OUTDATED


def test_without_a_runner_nothing_is_on_its_way() -> None:
    for state in ("PENDING", "RUNNING", "CANCELLING"):
        young = seen(state, has_process=False, since=NOW)
        assert run_status(young, NOW, has_runner=False) is RunStatus.DEAD


def test_every_status_is_live_over_or_to_be_replaced() -> None:
    for status in RunStatus:
        assert (status in LIVE) + (status in ABANDONED) + (status is RunStatus.ENDED) == 1
