"""Asking people through a suspended run, and finding their answers, whatever they are asked about.

An ask is a row: it is written before the run suspends under its key, and read first when the run comes back.
What ``suspend_flow_run`` returns is never looked at, so a retry, a fresh run or a lost Prefect database asks
again instead of reusing or losing an answer.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import NoReturn
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput

from disclosure.clock import utc_now
from disclosure.errors import DisclosureError
from disclosure.records.subjects import SubjectKey, lock
from disclosure.records.tables import Ask
from disclosure.review import asks
from disclosure.review.asks import AskStep
from disclosure.workplace import Workplace, open_workplace


def settle_open_ask(about: SubjectKey, step: AskStep, record: Callable[[int, object, dt.datetime], None]) -> None:
    """Take the answer to the open ask of this step, if it has one; give up an ask that nobody answered."""
    place = open_workplace()
    with place.records.read() as session:
        ask = asks.open_ask_of(session, about.get(session))
    if ask is None or ask.step != step:
        return
    if answer := _answer_to(ask):
        filled_in, answered_at = answer
        record(ask.id, filled_in, answered_at)
    else:
        with place.records.write() as session:
            asks.close(session, asks.get(session, ask.id), "abandoned")


def put_ask(place: Workplace, about: SubjectKey, step: AskStep, digest: str, form: type[RunInput]) -> NoReturn:
    """Write the ask, then suspend this run until somebody answers; the run starts over from the top then.

    Raises:
        DisclosureError: when another run took over the subject meanwhile: this one asks nobody any more.
    """
    with place.records.write() as session:
        subject = about.get(session)
        lock(session, subject)
        if subject.driver_run_id != str(runtime.flow_run.id):
            raise DisclosureError(f"{asks.label_of(subject)}已由另一次运行接着办理，本次运行到此为止。")
        ask = asks.put(session, subject, step, digest, str(runtime.flow_run.id))
    suspend_flow_run(wait_for_input=form, key=ask.key, timeout=None)
    raise RuntimeError("a suspended run does not go on")


def _answer_to(ask: Ask) -> tuple[object, dt.datetime] | None:
    """What was filled in under the ask's key, and when Prefect took it; None when nobody answered.

    The run that asked may be another one than this, and gone: an answer given to it counts all the same. A
    one-time code is judged by the moment it was given, so a runner that was down loses no answer either.
    """
    key = f"suspended-{ask.key}-response"
    with get_client(sync_client=True) as client:
        found = client.filter_flow_run_input(UUID(ask.flow_run_id), key_prefix=key, limit=1, exclude_keys=set())
    if not found:
        return None
    try:
        filled_in = json.loads(found[0].value)
    except ValueError:
        # Anybody who reaches the server can store anything here; it must not stop the run for good.
        filled_in = None
    return filled_in, found[0].created or utc_now()
