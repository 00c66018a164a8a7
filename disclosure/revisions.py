"""Another value for a figure we published (修订): noted once, shown until somebody answers, never taken over.

It comes with an imported table, or in the columns of earlier figures of a workbook that a centre hands in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import compilation, cycles
from disclosure.catalog import Catalog
from disclosure.clock import utc_now
from disclosure.errors import DisclosureError
from disclosure.figures import Figure, Source
from disclosure.periods import parse_period
from disclosure.publication.correcting import begin_correction
from disclosure.records import ledger
from disclosure.records.correction_tables import Revision
from disclosure.records.tables import Cycle
from disclosure.review.people import find_person
from disclosure.review.powers import use_power
from disclosure.review.secrets import Cipher

Reply = Literal["correct", "keep"]


@dataclass(frozen=True)
class Answered:
    """``refusal`` is why not, empty when it was recorded; ``cycle_id`` is the cycle whose correction began with it."""

    refusal: str = ""
    cycle_id: int | None = None


def note_revisions(session: Session, catalog: Catalog, pairs: Iterable[tuple[Figure, Figure]]) -> None:
    """Note what was (published, found); the same value found again is not asked about again, answered or not."""
    for published, found in pairs:
        values = {"published": _printed(published), "found": _printed(found)}
        place = {
            "profile": catalog.profile.id,
            "period_id": found.period.id,
            "region": found.region,
            "indicator": found.indicator,
        }
        if session.scalars(select(Revision).filter_by(**place, **values)).first() is not None:
            continue
        source = f"{found.source.file_name} {found.source.label}".strip()
        row = Revision(**place, **values, source=source, found_at=utc_now())
        session.add(row)
        session.flush()
        ledger.append(
            session,
            "revision.found",
            actor="系统",
            revision=row.id,
            figure="/".join(found.key),
            published=values["published"],
            found=values["found"],
            source=source,
        )


def note_past_figures(session: Session, catalog: Catalog, past: Iterable[Figure], file_name: str) -> None:
    """Note where the earlier figures beside a workbook's inputs are not those we published.

    A workbook shows them in the present unit with its decimals, so they are compared as they would be shown.
    """
    shown = [figure for figure in past if figure.value is not None]
    if not shown:
        return
    published = compilation.published_figures(session, catalog)
    pairs = []
    for figure in shown:
        ours = published.get(figure.key)
        if ours is not None and _differs(catalog, ours, figure):
            pairs.append((ours, replace(figure, source=Source(file_name=file_name))))
    note_revisions(session, catalog, pairs)


def unanswered(session: Session, catalog: Catalog) -> list[Revision]:
    """Those that wait for an answer, oldest first."""
    rows = select(Revision).where(Revision.profile == catalog.profile.id, Revision.answer.is_(None))
    return list(session.scalars(rows.order_by(Revision.id)))


def waiting(session: Session, catalog: Catalog) -> list[str]:
    """The sentences of those that wait for an answer."""
    return [sentence(catalog, row) for row in unanswered(session, catalog)]


def sentence(catalog: Catalog, row: Revision) -> str:
    """What differs, and how to answer."""
    indicator = catalog.indicators.get(row.indicator)
    insurance = catalog.insurances[indicator.insurance].short_name if indicator else ""
    region = catalog.regions.get(row.region)
    name = f"{region.name if region else row.region}{insurance}{indicator.name if indicator else row.indicator}"
    label = parse_period(row.period_id).label
    return (
        f"修订 {row.id}：{label}{name}公布为 {row.published}，{row.source}中为 {row.found}。"
        f"请汇总人用 disclosure revised {row.id} --answer 答复：correct 更正，keep 维持公布的数据。"
    )


def open_revision(session: Session, catalog: Catalog, number: int) -> Revision:
    """The revision of this number.

    Raises:
        DisclosureError: when there is none, or it was answered.
    """
    row = session.get(Revision, number)
    if row is None or row.profile != catalog.profile.id:
        raise DisclosureError(f"没有编号为 {number} 的修订，请用 disclosure revised 查看。")
    if row.answer is not None:
        raise DisclosureError(f"修订 {number} 已经答复过（{row.reason}），不用再答复。")
    return row


def answer(
    session: Session,
    catalog: Catalog,
    cipher: Cipher,
    number: int,
    reply: Reply,
    *,
    name: str,
    reason: str,
    code: str,
    now: dt.datetime,
) -> Answered:
    """Record the answer; ``correct`` begins the correction of that period, unless one is under way.

    A refusal must be committed: it may count a wrong code.

    Raises:
        DisclosureError: when it is not open, or the period cannot be corrected now.
    """
    row = open_revision(session, catalog, number)
    cycle = cycles.find_cycle(session, catalog, parse_period(row.period_id)) if reply == "correct" else None
    begun = None
    if cycle is not None and not _is_under_way(session, cycle):
        centre = catalog.indicators[row.indicator].centre
        refusal = begin_correction(
            session, catalog, cipher, cycle, name=name, reason=reason, code=code, now=now, offices=(centre,)
        )
        begun = cycle.id
    else:
        used = use_power(session, catalog, cipher, "revise", name=name, reason=reason, code=code, now=now)
        refusal = used if isinstance(used, str) else ""
    if refusal:
        return Answered(refusal)
    person = find_person(session, name)
    assert person is not None  # noqa: S101 - the code was right
    row.answer, row.reason, row.person_id, row.answered_at = reply, reason.strip(), person.id, now
    ledger.append(session, "revision.answered", actor=person.name, revision=row.id, answer=reply, reason=row.reason)
    return Answered(cycle_id=begun)


def _is_under_way(session: Session, cycle: Cycle) -> bool:
    correction, release = cycles.correction_of(session, cycle), cycles.published_release(session, cycle)
    return correction is not None and release is not None and correction.version > release.version


def _printed(figure: Figure) -> str:
    return f"{figure.printed} {figure.unit}".strip()


def _differs(catalog: Catalog, ours: Figure, shown: Figure) -> bool:
    units = catalog.units.get(ours.unit), catalog.units.get(shown.unit)
    if ours.value is None or shown.value is None or units[0] is None or units[1] is None:
        return False
    if units[0].base != units[1].base:
        return False
    exact = ours.value * units[0].factor / units[1].factor
    return bool(exact.quantize(shown.value, ROUND_HALF_UP) != shown.value)
