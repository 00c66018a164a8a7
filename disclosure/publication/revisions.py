"""The compiler's answer to another value for a published figure: correct it, or keep what was published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from disclosure.calendar.periods import parse_period
from disclosure.cycle import queries
from disclosure.cycle.revisions import open_revision
from disclosure.publication.correction import begin_correction
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.tables import Cycle
from disclosure.review.identify import Proof, authorise
from disclosure.review.refusals import Refusal

Reply = Literal["correct", "keep"]


@dataclass(frozen=True)
class Answered:
    """A recorded answer; ``cycle_id`` is the cycle whose correction began with it, if one did."""

    cycle_id: int | None = None


def answer(work: Work, number: int, reply: Reply, proof: Proof) -> Answered | Refusal:
    """Record the answer; ``correct`` begins the correction of that period, unless one is under way. Commit either way.

    Raises:
        DisclosureError: when it is not open, or the period cannot be corrected now.
    """
    session, catalog = work.session, work.catalog
    row = open_revision(session, catalog, number)
    cycle = queries.find_cycle(session, catalog, parse_period(row.period_id)) if reply == "correct" else None
    if cycle is not None and not _is_under_way(session, cycle):
        begun = begin_correction(work, cycle, proof, (catalog.indicators[row.indicator].centre,))
        if isinstance(begun, Refusal):
            return begun
        answered, person = Answered(cycle.id), begun.person
    else:
        identified = authorise(work, proof, "revise")
        if isinstance(identified, Refusal):
            return identified
        answered, person = Answered(), identified
    row.answer, row.reason, row.person_id, row.answered_at = reply, proof.reason.strip(), person.id, work.now
    ledger.append(session, "revision.answered", actor=person.name, revision=row.id, answer=reply, reason=row.reason)
    return answered


def _is_under_way(session: Session, cycle: Cycle) -> bool:
    correction, release = queries.correction_of(session, cycle), queries.published_release(session, cycle)
    return correction is not None and release is not None and correction.version > release.version
