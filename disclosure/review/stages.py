"""Where a round comes to the gates: what the flow settles before it asks anybody, and a rehearsal as well."""

from __future__ import annotations

from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.records.tables import Compilation, Cycle
from disclosure.review import decisions
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.decisions import Standing


def come_to_review(session: Session, catalog: Catalog, cycle: Cycle) -> tuple[Compilation, Standing]:
    """What the round's compilation has come to at the review gates; carries approvals over the first time.

    The round is compiled and audited before.
    """
    compiled = cycles.compilation_of(session, cycle)
    assert compiled is not None  # noqa: S101 - compiled before
    if cycle.step == "audit":
        # The first time in this round: what stands from the round before is settled once.
        decisions.carry_over(session, catalog, cycle, compiled)
        cycles.enter(session, cycle, "review")
    return compiled, decisions.standing(session, cycle, REVIEW_GATES, compiled.digest)


def come_to_sign_off(session: Session, cycle: Cycle, release_digest: str) -> Standing:
    """What the release of this digest has come to at the leader's gate."""
    standing = decisions.standing(session, cycle, ("leader",), release_digest)
    if not (standing.is_returned or standing.is_approved):
        cycles.enter(session, cycle, "sign_off")
    return standing
