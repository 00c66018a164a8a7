"""The openness catalogue's steps: notice what changed, ask its office and the reviewers, publish."""

from __future__ import annotations

from prefect import task

from disclosure.monitoring.supervision.run_status import LIVE
from disclosure.monitoring.supervision.snapshots import RunSnapshot
from disclosure.openness import briefing, changes, confirming, review
from disclosure.openness.forms import office_actions
from disclosure.openness.words import words
from disclosure.platform.clock import utc_now
from disclosure.publication.openness import publish_openness
from disclosure.records.installation import Installation, open_installation
from disclosure.records.states import ChangeStep
from disclosure.records.subjects import SubjectKey
from disclosure.records.tables import OpennessChange
from disclosure.review import asks
from disclosure.review.given_answers import require_proven
from tasks.orchestration.forms import confirmation_form, office_form, review_form
from tasks.orchestration.questions import put_ask
from tasks.orchestration.repair import start_successor
from tasks.orchestration.run_ownership import claim
from tasks.orchestration.run_status import settle_run
from tasks.patience import patient


@task(name="notice 查看变更")
@patient("查看变更")
def notice_changes() -> list[int]:
    """Start the clocks of statistics that a published cycle fills anew, and ask for yearly confirmations."""
    with open_installation().begin() as work:
        return [*changes.note_statistics(work), *confirming.note_confirmations(work)]


@task(name="start 开始办理")
def start_runs() -> list[int]:
    """Start a run for every change under way that has none which can go on; return the ids of these changes."""
    return start_runs_of(open_installation())


def start_runs_of(installation: Installation) -> list[int]:
    """Start these runs, from outside a flow as well. Of two started at once the second finds who drives, and stops."""
    with installation.records.read() as session:
        under_way = [
            (change.id, change.driver_run_id, asks.awaited_key(session, change))
            for change in changes.under_way(session, installation.catalog)
        ]
    waiting = [
        (id_, driver)
        for id_, driver, key in under_way
        if driver is None or settle_run(installation, driver, asked=key)[1] not in LIVE
    ]
    for change_id, driver in waiting:
        start_successor(installation, _key(change_id), driver)
    return [change_id for change_id, _ in waiting]


@task(name="take-over 接手变更")
@patient("接手")
def take_over_change(change_id: int) -> RunSnapshot | None:
    """Make this run the driver of a change; see ``claim``."""
    return claim(_key(change_id))


@patient("科室核对")
def ask_office(change_id: int) -> str:
    """Ask the office whether it stands for the content, or what of it changed; return the step it is at then."""
    installation = open_installation()
    with installation.records.read() as session:
        change = changes.get_change(session, change_id)
    return (
        _ask_confirmation(installation, change_id)
        if change.cause == "confirmation"
        else _ask_content(installation, change_id)
    )


def _ask_content(installation: Installation, change_id: int) -> str:
    with installation.records.write() as session:
        change = changes.get_change(session, change_id)
        if change.step is ChangeStep.OFFICE and change.person_id is not None:
            review.enter_review(session, installation.catalog, change)
        if change.step is not ChangeStep.OFFICE:
            return change.step
    actions = office_actions(may_withdraw=review.may_withdraw(change))
    form = office_form(actions, briefing.of_office(installation, change_id, utc_now()))
    return put_ask(installation, _key(change_id), "office", change.digest, form)


def _ask_confirmation(installation: Installation, change_id: int) -> str:
    with installation.records.read() as session:
        change = changes.get_change(session, change_id)
    if change.step is ChangeStep.DONE:
        return change.step
    none = words()["answers"]["none_changed"]
    told = briefing.of_confirmation(installation, change_id)
    form = confirmation_form(briefing.confirmation_labels(installation, change_id), none, told)
    return put_ask(installation, _key(change_id), "confirmation", "", form)


@patient("审核")
def review_change(change_id: int) -> bool:
    """Ask policy (where words or rates change) and confidentiality; return True when approved, False when returned."""
    installation = open_installation()
    with installation.records.read() as session:
        change = changes.get_change(session, change_id)
        require_proven(session, installation.catalog, installation.cipher, change)
        standing = review.standing_of(session, installation.catalog, change)
    if standing.is_returned or standing.is_approved:
        return standing.is_approved
    form = review_form(
        [installation.catalog.gates[gate].name for gate in standing.open_gates],
        [installation.catalog.offices[change.office].name],
        briefing.of_review(installation, change_id, utc_now()),
    )
    return put_ask(installation, _key(change_id), "review", change.digest, form)


@task(name="next-round 退回科室")
@patient("退回科室")
def give_back(change_id: int) -> None:
    """Open round n+1 for the office the change was returned to."""
    with open_installation().records.write() as session:
        review.begin_next_round(session, changes.get_change(session, change_id))


@task(name="publish 发布政务公开")
@patient("发布政务公开")
def publish_changes() -> list[int]:
    """Publish every approved change; published before, nothing is done twice."""
    installation = open_installation()
    published = publish_openness(installation)
    if published:
        installation.sign_ledger()
    return published


def _key(change_id: int) -> SubjectKey:
    return SubjectKey(OpennessChange, change_id)
