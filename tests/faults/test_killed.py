"""Protects a cycle whose process is killed in the middle of any step: it goes on where our records stand."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from office import Case, Office

pytestmark = pytest.mark.faults


def kill_at(case: Case, event: str, start: Callable[[], object]) -> None:
    """``start`` the run's process and kill it (-9) as soon as the ledger has one more ``event``."""
    case.stopped_at(event, start, with_signal=signal.SIGKILL)
    case.office.wait_for(lambda: case.state() == "Crashed", f"the runner to notice the kill at {event}")


def test_killed_in_every_step_and_retried(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    go_on: Callable[[], object] = case.start
    # Killed: before the first figure is compiled, before the audit, before the form is there (its ask already is).
    for number, event in enumerate(("cycle.taken_over", "compilation.made", "audit.finished", "ask.put")):
        kill_at(case, event, go_on)
        force = number % 2 == 0
        go_on = lambda force=force: case.retry(force=force)  # noqa: E731
    go_on()

    assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]
    kill_at(case, "decision.recorded", lambda: case.answer("policy"))
    case.retry(force=False)
    assert case.next_form().gates == ["数据审核", "保密性审核"]
    case.answer("finance")
    assert case.next_form().gates == ["保密性审核"]
    kill_at(case, "release.rendered", lambda: case.answer("confidentiality"))
    case.retry(force=True)
    assert case.next_form().gates == ["局领导审核"]
    kill_at(case, "release.publishing", lambda: case.answer("leader"))
    case.retry(force=False)
    assert case.finish() == "Completed"

    assert [gate for _, gate, _ in case.decisions()] == ["policy", "finance", "confidentiality", "leader"]
    for once in ("compilation.made", "audit.finished", "release.rendered"):
        assert len(case.ledger(once)) == 1
    # Only the question whose form never came up was put again.
    assert [state for _, state in case.asks()].count("abandoned") == 1
    case.assert_published_once()


def test_eight_answers_at_once_make_one_decision(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.start()
    case.next_form()
    answers = [case.filled("policy") for _ in range(8)]
    assert len({answer["name"] for answer in answers}) == 8
    with ThreadPoolExecutor(8) as together:
        told = [answer.json()["status"] for answer in together.map(case.resume, answers)]
    assert sorted(told) == ["ABORT"] * 7 + ["ACCEPT"]

    assert case.next_form().gates == ["数据审核", "保密性审核"]
    assert case.decisions() == [(1, "policy", "approved")]
    assert case.ledger("decision.recorded")[0]["actor"] == answers[told.index("ACCEPT")]["name"]
