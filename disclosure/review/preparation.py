"""Where a round comes to the gates: what the flow settles before it asks anybody, and a rehearsal as well."""

from __future__ import annotations

from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.cycle import queries
from disclosure.cycle.states import enter
from disclosure.records.states import CycleStep
from disclosure.records.tables import Compilation, Cycle
from disclosure.review import decisions
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.decisions import GateStatus


def prepare_review(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Compilation, GateStatus]:
    """Return what the round's compilation has come to at the review gates; carry approvals over the first time.

    The round is compiled and audited before.
    """
    compiled = queries.compilation_of(session, cycle)
    assert compiled is not None  # noqa: S101 - compiled before
    if cycle.step is CycleStep.AUDIT:
        # The first time in this round: what stands from the round before is settled once.
        decisions.carry_over(session, catalog, cycle, compiled)
        enter(session, cycle, CycleStep.REVIEW)
    return compiled, decisions.gate_status(session, cycle, REVIEW_GATES, compiled.digest)


def prepare_sign_off(session: Session, cycle: Cycle, release_digest: str) -> GateStatus:
    """Return what the release of this digest has come to at the leader's gate."""
    standing = decisions.gate_status(session, cycle, ("leader",), release_digest)
    if not (standing.is_returned or standing.is_approved):
        enter(session, cycle, CycleStep.SIGN_OFF)
    return standing
