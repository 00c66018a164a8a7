"""Another value for a figure we published (修订): noted once, shown until somebody answers, never taken over.

It comes with an imported table, or in the columns of earlier figures of a workbook that a centre hands in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog
from disclosure.cycle import compilation
from disclosure.figures.figures import Figure, FigureSource
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.tables import Revision


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
            pairs.append((ours, replace(figure, source=FigureSource(file_name=file_name))))
    note_revisions(session, catalog, pairs)


def unanswered(session: Session, catalog: Catalog) -> list[Revision]:
    """Return those that wait for an answer, oldest first."""
    rows = select(Revision).where(Revision.profile == catalog.profile.id, Revision.answer.is_(None))
    return list(session.scalars(rows.order_by(Revision.id)))


def waiting(session: Session, catalog: Catalog) -> list[str]:
    """Return the sentences of those that wait for an answer."""
    return [sentence(catalog, row) for row in unanswered(session, catalog)]


def sentence(catalog: Catalog, row: Revision) -> str:
    """Return what differs, and how to answer in a terminal."""
    return (
        f"{describe(catalog, row)}。"
        f"请汇总人用 disclosure revised {row.id} --answer 答复：correct 更正，keep 维持公布的数据。"
    )


def describe(catalog: Catalog, row: Revision) -> str:
    """Return what differs."""
    indicator = catalog.indicators.get(row.indicator)
    insurance = catalog.insurances[indicator.insurance].short_name if indicator else ""
    region = catalog.regions.get(row.region)
    name = f"{region.name if region else row.region}{insurance}{indicator.name if indicator else row.indicator}"
    label = parse_period(row.period_id).label
    return f"修订 {row.id}：{label}{name}公布为 {row.published}，{row.source}中为 {row.found}"


def open_revision(session: Session, catalog: Catalog, number: int) -> Revision:
    """Return the revision of this number.

    Raises:
        DisclosureError: when there is none, or it was answered.
    """
    row = session.get(Revision, number)
    if row is None or row.profile != catalog.profile.id:
        raise DisclosureError(f"没有编号为 {number} 的修订，请用 disclosure revised 查看。")
    if row.answer is not None:
        raise DisclosureError(f"修订 {number} 已经答复过（{row.reason}），不用再答复。")
    return row


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
