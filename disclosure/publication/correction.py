"""Correcting what was published: a new version of the same cycle, through the same gates, in rounds of its own."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, Office
from disclosure.cycle import queries
from disclosure.cycle.states import enter
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.states import CycleStep
from disclosure.records.tables import Correction, Cycle
from disclosure.review.identify import Proof, authorise
from disclosure.review.refusals import Refusal


def check_correctable(session: Session, catalog: Catalog, cycle: Cycle, offices: Collection[str]) -> None:
    """Check that a correction may begin now.

    Raises:
        DisclosureError: when nothing was published, a version is under way, or an office has no part in the cycle.
    """
    label = queries.period_of(cycle).label
    release = queries.published_release(session, cycle)
    if release is None:
        raise DisclosureError(f"{label}还没有发布，不用更正；数据有误的，请由审核人退回后重报。")
    correction = queries.correction_of(session, cycle)
    if correction is not None and correction.version > release.version:
        raise DisclosureError(f"{label}第 {correction.version} 版正在办理，请先办完（disclosure status 可看进度）。")
    if cycle.step is CycleStep.LATER_REVIEW:
        raise DisclosureError(f"{label}紧急签发后的补审还没有办完，请补审后再更正。")
    named(session, catalog, cycle, offices)


def named(session: Session, catalog: Catalog, cycle: Cycle, offices: Collection[str]) -> tuple[Office, ...]:
    """Return the offices of ``offices`` (ids or names) that hand in anew; without any, every centre of the cycle.

    Raises:
        DisclosureError: for one that has no part in the cycle.
    """
    possible = queries.returnable_offices(session, catalog, cycle)
    unknown = [name for name in offices if not any(name in (office.id, office.name) for office in possible)]
    if unknown:
        may = "、".join(office.name for office in possible)
        raise DisclosureError(f"{'、'.join(unknown)}没有报送过这一期，不能由其重报；可以是：{may}。")
    if not offices:
        return queries.expected_centres(catalog, cycle)
    return tuple(office for office in possible if {office.id, office.name} & set(offices))


def begin_correction(work: Work, cycle: Cycle, proof: Proof, offices: Collection[str] = ()) -> Correction | Refusal:
    """Open the next version: round n+1, in which ``offices`` hand in anew; or return why not. Commit either way.

    Raises:
        DisclosureError: as ``check_correctable``.
    """
    session, catalog = work.session, work.catalog
    queries.lock(session, cycle)
    check_correctable(session, catalog, cycle, offices)
    person = authorise(work, proof, "correct")
    if isinstance(person, Refusal):
        return person
    base = queries.published_release(session, cycle)
    assert base is not None  # noqa: S101 - checked above
    cycle.round += 1
    correction = Correction(
        cycle_id=cycle.id,
        version=base.version + 1,
        round=cycle.round,
        base_id=base.id,
        offices=[office.id for office in named(session, catalog, cycle, offices)],
        reason=proof.reason.strip().rstrip("。"),
        person_id=person.id,
        begun_at=work.now,
    )
    session.add(correction)
    session.flush()
    enter(session, cycle, CycleStep.COLLECT)
    ledger.append(
        session,
        "correction.begun",
        actor=person.name,
        cycle_id=cycle.id,
        version=correction.version,
        round=correction.round,
        offices=correction.offices,
        reason=correction.reason,
    )
    return correction
