"""The openness catalogue's steps: notice what changed, ask its office and the reviewers, publish."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from prefect import task
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from disclosure.clock import utc_now
from disclosure.errors import DisclosureError
from disclosure.openness import briefing, changes, confirming, review
from disclosure.openness.forms import office_actions
from disclosure.openness.publishing import publish_openness
from disclosure.openness.words import words
from disclosure.records.openness_tables import OpennessChange
from disclosure.records.subjects import SubjectKey
from disclosure.records.tables import Ask
from disclosure.review import asks
from disclosure.review.forms import parse_review
from disclosure.workplace import Workplace, open_workplace
from tasks.asking import put_ask, settle_open_ask
from tasks.driving import drive, live_run_name
from tasks.forms import confirmation_form, office_form, review_form
from tasks.known_flows import OPENNESS_CHANGE

#: The deployment that drives one change, as Prefect knows it.
CHANGE_DEPLOYMENT = "openness-change"


@task(name="notice 查看变更")
def notice_changes() -> list[int]:
    """Start the clocks of statistics that a published cycle fills anew, and ask for yearly confirmations."""
    place, now = open_workplace(), utc_now()
    with place.records.write() as session:
        found = changes.note_statistics(session, place.catalog, now)
        return [*found, *confirming.note_confirmations(session, place.catalog, now)]


@task(name="start 开始办理")
def start_runs() -> list[int]:
    """Start a run for every change under way that has none which can go on; the ids of these changes."""
    return start_runs_of(open_workplace())


def start_runs_of(place: Workplace) -> list[int]:
    """The same outside a flow. Two at once may start two runs: the second finds who drives, and stops."""
    with place.records.read() as session:
        under_way = [
            (change.id, change.driver_run_id, ask.key if (ask := asks.open_ask_of(session, change)) else "")
            for change in changes.under_way(session, place.catalog)
        ]
    waiting = [id_ for id_, driver, key in under_way if driver is None or not live_run_name(driver, key)]
    if waiting:
        with get_client(sync_client=True) as client:
            try:
                deployment = client.read_deployment_by_name(f"{OPENNESS_CHANGE.name}/{CHANGE_DEPLOYMENT}")
            except ObjectNotFound as error:
                raise DisclosureError(
                    "内容已经记录，但 Prefect 服务里没有政务公开的部署，没有开始办理。请运行 disclosure deploy 后重试。"
                ) from error
            for change_id in waiting:
                client.create_flow_run_from_deployment(
                    deployment.id, parameters={"change": change_id}, state=Scheduled()
                )
    return waiting


@task(name="take-over 接手变更")
def take_over_change(change_id: int) -> str:
    """Make this run the driver; an empty text, or the name of the live run that drives the change already."""
    return drive(_key(change_id))


def ask_office(change_id: int) -> str:
    """The office stands for the content, or said what of it changed; the step the change is at then."""
    place = open_workplace()
    with place.records.read() as session:
        change = changes.get_change(session, change_id)
    return _ask_confirmation(place, change_id) if change.cause == "confirmation" else _ask_content(place, change_id)


def _ask_content(place: Workplace, change_id: int) -> str:
    settle_open_ask(_key(change_id), "office", record_office_answer)
    with place.records.write() as session:
        change = changes.get_change(session, change_id)
        if change.step == "office" and change.person_id is not None:
            review.enter_review(session, place.catalog, change)
        if change.step != "office":
            return change.step
    actions = office_actions(may_withdraw=review.may_withdraw(change))
    form = office_form(actions, briefing.of_office(place, change_id, utc_now()))
    return put_ask(place, _key(change_id), "office", change.digest, form)


def _ask_confirmation(place: Workplace, change_id: int) -> str:
    settle_open_ask(_key(change_id), "confirmation", record_confirmation)
    with place.records.read() as session:
        change = changes.get_change(session, change_id)
    if change.step == "done":
        return change.step
    none = words()["answers"]["none_changed"]
    told = briefing.of_confirmation(place, change_id)
    form = confirmation_form(briefing.confirmation_labels(place, change_id), none, told)
    return put_ask(place, _key(change_id), "confirmation", "", form)


def review_change(change_id: int) -> bool:
    """Policy (where words or rates change) and confidentiality. True when approved, False when returned."""
    settle_open_ask(_key(change_id), "review", record_openness_review)
    place = open_workplace()
    with place.records.read() as session:
        change = changes.get_change(session, change_id)
        standing = review.standing_of(session, place.catalog, change)
    if standing.is_returned or standing.is_approved:
        return standing.is_approved
    form = review_form(
        [place.catalog.gates[gate].name for gate in standing.open_gates],
        [place.catalog.offices[change.office].name],
        briefing.of_review(place, change_id, utc_now()),
    )
    return put_ask(place, _key(change_id), "review", change.digest, form)


@task(name="next-round 退回科室")
def give_back(change_id: int) -> None:
    """Open round n+1 for the office the change was returned to."""
    with open_workplace().records.write() as session:
        review.begin_next_round(session, changes.get_change(session, change_id))


@task(name="publish 发布政务公开", retries=3, retry_delay_seconds=2)
def publish_changes() -> list[int]:
    """Publish every approved change; published before, nothing is done twice."""
    place = open_workplace()
    published = publish_openness(place)
    if published:
        place.sign_ledger()
    return published


@task(name="answer 记录科室答复")
def record_office_answer(ask_id: int, raw: object, answered_at: dt.datetime) -> None:
    """Take the office's answer about new content."""
    _record(ask_id, raw, answered_at, review.record_office_answer)


@task(name="answer 记录年度确认")
def record_confirmation(ask_id: int, raw: object, answered_at: dt.datetime) -> None:
    """Take the office's yearly confirmation."""
    _record(ask_id, raw, answered_at, confirming.record_confirmation)


@task(name="answer 记录审核答复")
def record_openness_review(ask_id: int, raw: object, answered_at: dt.datetime) -> None:
    """Take a reviewer's answer: a decision, or a refusal that the next form explains."""
    place = open_workplace()
    with place.records.write() as session:
        ask = asks.get(session, ask_id)
        change = session.get_one(OpennessChange, ask.change_id)
        answer = parse_review(raw, place.catalog, "review")
        review.record_review_answer(session, place.catalog, place.cipher, change, ask, answer=answer, now=answered_at)


def _record(ask_id: int, raw: object, answered_at: dt.datetime, take: Callable[..., str]) -> None:
    place = open_workplace()
    with place.records.write() as session:
        ask: Ask = asks.get(session, ask_id)
        take(session, place.catalog, place.cipher, ask, raw, now=answered_at)


def _key(change_id: int) -> SubjectKey:
    return SubjectKey(OpennessChange, change_id)
