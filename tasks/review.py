"""What a cycle asks people, in the order of its work, and what our records say they answered."""

from __future__ import annotations

from prefect import task

from disclosure.catalog import GateId
from disclosure.cycle import queries
from disclosure.cycle.states import enter
from disclosure.platform.clock import utc_now
from disclosure.records.installation import open_installation
from disclosure.records.states import CycleStep
from disclosure.records.subjects import SubjectKey
from disclosure.records.tables import Cycle
from disclosure.review import briefing, decisions
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.forms import say_hours
from disclosure.review.given_answers import require_proven
from disclosure.review.preparation import prepare_review, prepare_sign_off
from tasks.collect import missing_centres
from tasks.orchestration.forms import collect_form, later_review_form, review_form, sign_off_form
from tasks.orchestration.questions import publish_review_artifacts, put_ask
from tasks.patience import patient


@patient("查看报送")
def collect_submissions(cycle_id: int) -> None:
    """Go on once every centre has handed in, or the compiler goes on without the rest."""
    if missing := missing_centres(cycle_id):
        installation = open_installation()
        put_ask(
            installation,
            SubjectKey(Cycle, cycle_id),
            "collect",
            "",
            collect_form(briefing.of_collect(installation, cycle_id, missing)),
        )


@patient("审核")
def review(cycle_id: int) -> bool:
    """Policy, data and confidentiality review, in any order. True when all approved, False when returned."""
    installation = open_installation()
    with installation.records.write() as session:
        cycle = queries.get_cycle(session, cycle_id)
        require_proven(session, installation.catalog, installation.cipher, cycle)
        compiled, standing = prepare_review(session, installation.catalog, cycle)
        audit = decisions.audit_of(session, cycle)
    if standing.is_returned or standing.is_approved:
        return standing.is_approved
    offered: tuple[GateId, ...] = standing.open_gates
    if audit is not None and not audit.is_blocking:
        offered = (*offered, "emergency")
    seen = briefing.load_review_material(installation, cycle_id)
    publish_review_artifacts(installation, cycle_id, "review", seen)
    form = review_form(
        [installation.catalog.gates[gate].name for gate in offered],
        briefing.returnable(installation, cycle_id),
        briefing.of_review(installation, cycle_id, seen),
    )
    return put_ask(installation, SubjectKey(Cycle, cycle_id), "review", compiled.digest, form)


@patient("局领导审核")
def sign_off(cycle_id: int, release_digest: str) -> bool:
    """Ask the leader about the exact rendered channels; return True when approved, False when returned."""
    installation = open_installation()
    with installation.records.write() as session:
        cycle = queries.get_cycle(session, cycle_id)
        require_proven(session, installation.catalog, installation.cipher, cycle)
        standing = prepare_sign_off(session, cycle, release_digest)
        latest = decisions.latest_hour(session, installation.catalog, cycle)
    if standing.is_returned or standing.is_approved:
        return standing.is_approved
    publish_review_artifacts(installation, cycle_id, "sign_off", briefing.load_review_material(installation, cycle_id))
    form = sign_off_form(
        [installation.catalog.gates["leader"].name],
        briefing.returnable(installation, cycle_id),
        briefing.of_sign_off(installation, cycle_id),
        say_hours(utc_now(), latest),
    )
    return put_ask(installation, SubjectKey(Cycle, cycle_id), "sign_off", release_digest, form)


@patient("补审")
def review_afterwards(cycle_id: int) -> None:
    """Ask for the reviews that an emergency sign-off went ahead of; an ordinary release has none."""
    installation = open_installation()
    with installation.records.write() as session:
        cycle = queries.get_cycle(session, cycle_id)
        require_proven(session, installation.catalog, installation.cipher, cycle)
        release = queries.release_of(session, cycle)
        assert release is not None  # noqa: S101 - published before
        digest = release.compilation.digest
        open_gates = decisions.gate_status(session, cycle, REVIEW_GATES, digest).open_gates if release.waived else ()
        if not open_gates:
            enter(session, cycle, CycleStep.ARCHIVE)
            return
    publish_review_artifacts(
        installation, cycle_id, "later_review", briefing.load_review_material(installation, cycle_id)
    )
    form = later_review_form(
        [installation.catalog.gates[gate].name for gate in open_gates], briefing.of_later_review(installation, cycle_id)
    )
    put_ask(installation, SubjectKey(Cycle, cycle_id), "later_review", digest, form)


@task(name="next-round 开始下一轮")
@patient("开始下一轮")
def begin_next_round(cycle_id: int) -> None:
    """Open round n+1 for the centres that were returned."""
    installation = open_installation()
    with installation.records.write() as session:
        decisions.begin_next_round(session, queries.get_cycle(session, cycle_id))
