"""Waking suspended runs: once an answer is in our records, and those that wait for files once some have arrived.

A run is woken with an empty form. It learns from our records whether it was answered.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from uuid import UUID

import httpx
from prefect import task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from sqlalchemy import select

from disclosure.answers.taking import TakenAnswer, take_answer
from disclosure.cycle import queries
from disclosure.platform.clock import utc_now
from disclosure.records.installation import Installation, open_installation
from disclosure.records.states import AskState
from disclosure.records.tables import Ask
from disclosure.review import asks
from disclosure.review.refusals import Refusal
from tasks.orchestration.run_status import find_run

#: What takes the place of a form that is answered: it asks nothing any more.
_ANSWERED_FORM = json.dumps({"title": "已答复", "type": "object", "properties": {}}, ensure_ascii=False)
#: A run whose question is in our records is suspended by then.
_SUSPENDING_GRACE = dt.timedelta(minutes=1)
#: Seconds after each try to wake a run for files; whoever handed them in waits no longer.
_PAUSES = (0.3, 0.7, 1.5, 0.0)


def answer_run(
    installation: Installation, flow_run_id: str, filled_in: object, *, by: str | None = None, source: str = ""
) -> TakenAnswer | Refusal:
    """Take what was filled in as the answer to what the run asks, and wake the run; or return why it was not taken.

    Once taken it counts, whether or not the run can be woken now: ``wake_answered_runs`` sees to it later.
    """
    outcome = take_answer(installation, flow_run_id, filled_in, by=by, now=utc_now(), source=source)
    if isinstance(outcome, TakenAnswer):
        wake_run(outcome.flow_run_id, outcome.pause_key)
    return outcome


def wake_run(run_id: str, pause_key: str) -> bool:
    """Resume the run if it is suspended under ``pause_key``; tell whether it was and goes on."""
    try:
        with get_client(sync_client=True) as client:
            run = find_run(client, UUID(run_id))
            return run is not None and _is_suspended(run, pause_key) and _resume(client, run)
    except httpx.HTTPError:
        return False


def wake_answered_runs(installation: Installation) -> list[str]:
    """Wake every run that still waits although its question is answered; return their ids.

    Whoever took the answer may have died before it could. To be called again and again.
    """
    with installation.records.read() as session:
        answered = session.scalars(
            select(Ask).where(Ask.state == AskState.ANSWERED, Ask.is_awake.is_(False)).order_by(Ask.id)
        ).all()
    if not answered:
        return []
    woken, awake = [], []
    with get_client(sync_client=True) as client:
        for ask in answered:
            run = find_run(client, UUID(ask.flow_run_id))
            if run is not None and _is_suspended(run, ask.pause_key):
                if _resume(client, run):
                    woken.append(ask.flow_run_id)
            elif run is None or _has_gone_on(run, ask):
                awake.append(ask.id)
    if awake:
        with installation.records.write() as session:
            for ask_id in awake:
                asks.get(session, ask_id).is_awake = True
    return woken


def wake_waiting_run(installation: Installation, cycle_id: int) -> str:
    """Resume the run that asks who is missing, to look again; a sentence that says what happened.

    The submission is recorded already, so nothing is lost when Prefect cannot be reached: the run looks again whenever
    it is resumed or retried, and the next intake wakes it again.
    """
    with installation.records.read() as session:
        cycle = queries.get_cycle(session, cycle_id)
        label = queries.period_of(cycle).label
        ask = asks.open_ask_of(session, cycle)
        is_complete = not queries.missing_centres(session, installation.catalog, cycle)
    arrived = "报表已到齐" if is_complete else "有新的报表"
    if ask is None or ask.step != "collect":
        return f"{label}{arrived}。"
    for pause in _PAUSES:
        if wake_run(ask.flow_run_id, ask.pause_key):
            break
        if _is_going_on(ask.flow_run_id):
            # Another file woke it a moment ago: it looks at the records, this file among them.
            return f"{label}{arrived}，等待的运行已经在继续。"
        # On a busy machine its database is locked for a moment; where intake is off nobody else would try again.
        time.sleep(pause)
    else:
        return f"{label}{arrived}并已记录，但现在没能唤醒等待的运行；下次收件时再试。"
    return f"{label}{arrived}，流程继续。" if is_complete else f"{label}{arrived}，等待的运行会更新在等谁。"


@task(name="wake 唤醒周期")
def wake(cycle_id: int) -> str:
    """Wake the run of one cycle; what happened, in words."""
    return wake_waiting_run(open_installation(), cycle_id)


@task(name="wake-answered 唤醒已答复的运行")
def wake_answered() -> list[str]:
    """Wake the runs that still wait although they are answered; return their ids."""
    return wake_answered_runs(open_installation())


def _is_suspended(run: FlowRun, pause_key: str) -> bool:
    return run.state is not None and run.state.is_paused() and run.state.state_details.pause_key == pause_key


def _is_going_on(run_id: str) -> bool:
    """Tell whether a run is under way, woken by somebody else."""
    try:
        with get_client(sync_client=True) as client:
            run = find_run(client, UUID(run_id))
    except httpx.HTTPError:
        return False
    return run is not None and run.state is not None and not run.state.is_final() and not run.state.is_paused()


def _has_gone_on(run: FlowRun, ask: Ask) -> bool:
    """Tell whether a run that is not suspended with this question will not be so any more."""
    assert ask.closed_at is not None  # noqa: S101 - answered
    is_elsewhere = run.state is None or run.state.is_final() or run.state.is_paused()
    return is_elsewhere or ask.closed_at + _SUSPENDING_GRACE < utc_now()


def _resume(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Put an empty form in the place of the run's own, and resume it with that: of two who try one succeeds."""
    assert run.state is not None  # noqa: S101 - suspended
    keys = run.state.state_details.run_input_keyset or {}
    try:
        # One that is not stored yet would collide with ours.
        client.delete_flow_run_input(run.id, keys["schema"])
        client.create_flow_run_input(run.id, keys["schema"], _ANSWERED_FORM)
        return client.resume_flow_run(run.id, run_input={}).status.value == "ACCEPT"
    except (KeyError, ObjectNotFound, PrefectHTTPStatusError):
        return False
