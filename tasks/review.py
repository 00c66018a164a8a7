"""What a cycle asks people, in the order of its work, and taking their answers into our records."""

from __future__ import annotations

import datetime as dt

from prefect import task

from disclosure import cycles
from disclosure.catalog import GateId
from disclosure.records.subjects import SubjectKey
from disclosure.records.tables import Cycle
from disclosure.review import asks, briefing, decisions
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.forms import parse_review
from disclosure.review.stages import come_to_review, come_to_sign_off
from disclosure.workplace import open_workplace
from tasks.asking import put_ask, settle_open_ask
from tasks.collect import missing_centres, record_collect_answer
from tasks.exhibits import show_exhibits
from tasks.forms import collect_form, later_review_form, review_form, sign_off_form


def collect_submissions(cycle_id: int) -> None:
    """Go on once every centre has handed in, or the compiler goes on without the rest."""
    settle_open_ask(SubjectKey(Cycle, cycle_id), "collect", record_collect_answer)
    if missing := missing_centres(cycle_id):
        place = open_workplace()
        put_ask(
            place,
            SubjectKey(Cycle, cycle_id),
            "collect",
            "",
            collect_form(briefing.of_collect(place, cycle_id, missing)),
        )


def review(cycle_id: int) -> bool:
    """Policy, data and confidentiality review, in any order. True when all approved, False when returned."""
    settle_open_ask(SubjectKey(Cycle, cycle_id), "review", record_review_answer)
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
    return put_ask(place, SubjectKey(Cycle, cycle_id), "review", compiled.digest, form)


def sign_off(cycle_id: int, release_digest: str) -> bool:
    """The leader's review of the exact rendered channels. True when approved, False when returned."""
    settle_open_ask(SubjectKey(Cycle, cycle_id), "sign_off", record_review_answer)
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
    return put_ask(place, SubjectKey(Cycle, cycle_id), "sign_off", release_digest, form)


def review_afterwards(cycle_id: int) -> None:
    """The reviews that an emergency sign-off went ahead of; an ordinary release has none."""
    settle_open_ask(SubjectKey(Cycle, cycle_id), "later_review", record_review_answer)
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
    put_ask(place, SubjectKey(Cycle, cycle_id), "later_review", digest, form)


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
        assert ask.cycle_id is not None  # noqa: S101 - put about a cycle
        cycle = cycles.get_cycle(session, ask.cycle_id)
        answer = parse_review(raw, place.catalog, asks.step_of(ask))
        decisions.record_answer(session, place.catalog, place.cipher, cycle, ask, answer=answer, now=answered_at)
