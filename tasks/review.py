"""Asking people through a suspended run, and taking their answers into our records.

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

from prefect import runtime, task
from prefect.client.orchestration import get_client
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput

from disclosure import cycles
from disclosure.catalog import GateId
from disclosure.clock import utc_now
from disclosure.errors import DisclosureError
from disclosure.records.tables import Ask
from disclosure.review import asks, briefing, decisions
from disclosure.review.asks import AskStep
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.forms import parse_review
from disclosure.review.stages import come_to_review, come_to_sign_off
from disclosure.workplace import Workplace, open_workplace
from tasks.collect import missing_centres, record_collect_answer
from tasks.exhibits import show_exhibits
from tasks.forms import collect_form, later_review_form, review_form, sign_off_form


def collect_submissions(cycle_id: int) -> None:
    """Go on once every centre has handed in, or the compiler goes on without the rest."""
    settle_open_ask(cycle_id, "collect", record_collect_answer)
    if missing := missing_centres(cycle_id):
        place = open_workplace()
        put_ask(place, cycle_id, "collect", "", collect_form(briefing.of_collect(place, cycle_id, missing)))


def review(cycle_id: int) -> bool:
    """Policy, data and confidentiality review, in any order. True when all approved, False when returned."""
    settle_open_ask(cycle_id, "review", record_review_answer)
    place = open_workplace()
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        compiled, standing = come_to_review(session, place.catalog, cycle)
        audit = decisions.audit_of(session, cycle)
    if standing.is_returned or standing.is_approved:
        return standing.is_approved
    offered: tuple[GateId, ...] = standing.open_gates
    if audit is not None and not audit.is_blocking:
        offered = (*offered, "emergency")
    seen = briefing.look(place, cycle_id)
    show_exhibits(place, cycle_id, "review", seen)
    form = review_form(
        [place.catalog.gates[gate].name for gate in offered],
        briefing.returnable(place, cycle_id),
        briefing.of_review(place, cycle_id, seen),
    )
    return put_ask(place, cycle_id, "review", compiled.digest, form)


def sign_off(cycle_id: int, release_digest: str) -> bool:
    """The leader's review of the exact rendered channels. True when approved, False when returned."""
    settle_open_ask(cycle_id, "sign_off", record_review_answer)
    place = open_workplace()
    with place.records.write() as session:
        standing = come_to_sign_off(session, cycles.get_cycle(session, cycle_id), release_digest)
    if standing.is_returned or standing.is_approved:
        return standing.is_approved
    show_exhibits(place, cycle_id, "sign_off", briefing.look(place, cycle_id))
    form = sign_off_form(
        [place.catalog.gates["leader"].name],
        briefing.returnable(place, cycle_id),
        briefing.of_sign_off(place, cycle_id),
    )
    return put_ask(place, cycle_id, "sign_off", release_digest, form)


def review_afterwards(cycle_id: int) -> None:
    """The reviews that an emergency sign-off went ahead of; an ordinary release has none."""
    settle_open_ask(cycle_id, "later_review", record_review_answer)
    place = open_workplace()
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        release = cycles.release_of(session, cycle)
        assert release is not None  # noqa: S101 - published before
        digest = release.compilation.digest
        open_gates = decisions.standing(session, cycle, REVIEW_GATES, digest).open_gates if release.waived else ()
        if not open_gates:
            cycles.enter(session, cycle, "archive")
            return
    show_exhibits(place, cycle_id, "later_review", briefing.look(place, cycle_id))
    form = later_review_form(
        [place.catalog.gates[gate].name for gate in open_gates], briefing.of_later_review(place, cycle_id)
    )
    put_ask(place, cycle_id, "later_review", digest, form)


@task(name="next-round 开始下一轮")
def begin_next_round(cycle_id: int) -> None:
    """Open round n+1 for the centres that were returned."""
    place = open_workplace()
    with place.records.write() as session:
        decisions.begin_next_round(session, cycles.get_cycle(session, cycle_id))


@task(name="answer 记录审核答复")
def record_review_answer(ask_id: int, raw: object, answered_at: dt.datetime) -> None:
    """Take a reviewer's answer: a decision, or a refusal that the next form explains."""
    place = open_workplace()
    with place.records.write() as session:
        ask = asks.get(session, ask_id)
        cycle = cycles.get_cycle(session, ask.cycle_id)
        answer = parse_review(raw, place.catalog, asks.step_of(ask))
        decisions.record_answer(session, place.catalog, place.cipher, cycle, ask, answer=answer, now=answered_at)


def settle_open_ask(cycle_id: int, step: AskStep, record: Callable[[int, object, dt.datetime], None]) -> None:
    """Take the answer to the open ask of this step, if it has one; give up an ask that nobody answered."""
    place = open_workplace()
    with place.records.read() as session:
        ask = asks.open_ask_of(session, cycles.get_cycle(session, cycle_id))
    if ask is None or ask.step != step:
        return
    if answer := _answer_to(ask):
        filled_in, answered_at = answer
        record(ask.id, filled_in, answered_at)
    else:
        with place.records.write() as session:
            asks.close(session, asks.get(session, ask.id), "abandoned")


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


def put_ask(place: Workplace, cycle_id: int, step: AskStep, digest: str, form: type[RunInput]) -> NoReturn:
    """Write the ask, then suspend this run until somebody answers; the run starts over from the top then.

    Raises:
        DisclosureError: when another run took over the cycle meanwhile: this one asks nobody any more.
    """
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        cycles.lock(session, cycle)
        if cycle.driver_run_id != str(runtime.flow_run.id):
            raise DisclosureError(f"{cycles.period_of(cycle).label}已由另一次运行接着办理，本次运行到此为止。")
        ask = asks.put(session, cycle, step, digest, str(runtime.flow_run.id))
    suspend_flow_run(wait_for_input=form, key=ask.key, timeout=None)
    raise RuntimeError("a suspended run does not go on")
