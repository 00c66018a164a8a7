"""Correcting what was published: a new version of the same cycle, through the same gates, in rounds of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog, Office
from disclosure.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.correction_tables import Correction
from disclosure.records.tables import Cycle
from disclosure.review.powers import use_power
from disclosure.review.secrets import Cipher


def check_correctable(session: Session, catalog: Catalog, cycle: Cycle, offices: Collection[str]) -> None:
    """Whether a correction may begin now.

    Raises:
        DisclosureError: when nothing was published, a version is under way, or an office has no part in the cycle.
    """
    label = cycles.period_of(cycle).label
    release = cycles.published_release(session, cycle)
    if release is None:
        raise DisclosureError(f"{label}还没有发布，不用更正；数据有误的，请由审核人退回后重报。")
    correction = cycles.correction_of(session, cycle)
    if correction is not None and correction.version > release.version:
        raise DisclosureError(f"{label}第 {correction.version} 版正在办理，请先办完（disclosure status 可看进度）。")
    if cycle.step == "later_review":
        raise DisclosureError(f"{label}紧急签发后的补审还没有办完，请补审后再更正。")
    named(session, catalog, cycle, offices)


def named(session: Session, catalog: Catalog, cycle: Cycle, offices: Collection[str]) -> tuple[Office, ...]:
    """The offices of ``offices`` (ids or names) that hand in anew; without any, every centre of the cycle.

    Raises:
        DisclosureError: for one that has no part in the cycle.
    """
    possible = cycles.returnable_offices(session, catalog, cycle)
    unknown = [name for name in offices if not any(name in (office.id, office.name) for office in possible)]
    if unknown:
        may = "、".join(office.name for office in possible)
        raise DisclosureError(f"{'、'.join(unknown)}没有报送过这一期，不能由其重报；可以是：{may}。")
    if not offices:
        return cycles.expected_centres(catalog, cycle)
    return tuple(office for office in possible if {office.id, office.name} & set(offices))


def begin_correction(
    session: Session,
    catalog: Catalog,
    cipher: Cipher,
    cycle: Cycle,
    *,
    name: str,
    reason: str,
    code: str,
    now: dt.datetime,
    offices: Collection[str] = (),
) -> str:
    """Open the next version: round n+1, in which ``offices`` hand in anew; why not, or an empty text.

    The refusal must be committed: it may count a wrong code.

    Raises:
        DisclosureError: as ``check_correctable``.
    """
    cycles.lock(session, cycle)
    check_correctable(session, catalog, cycle, offices)
    person = use_power(session, catalog, cipher, "correct", name=name, reason=reason, code=code, now=now)
    if isinstance(person, str):
        return person
    base = cycles.published_release(session, cycle)
    assert base is not None  # noqa: S101 - checked above
    cycle.round += 1
    correction = Correction(
        cycle_id=cycle.id,
        version=base.version + 1,
        round=cycle.round,
        base_id=base.id,
        offices=[office.id for office in named(session, catalog, cycle, offices)],
        reason=reason.strip().rstrip("。"),
        person_id=person.id,
        begun_at=now,
    )
    session.add(correction)
    session.flush()
    cycles.enter(session, cycle, "collect")
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
    return ""
