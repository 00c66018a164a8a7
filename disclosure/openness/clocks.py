"""Every clock of the catalogue out of the records: what changed when, until when it must be public, whether it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from disclosure.catalog import Catalog
from disclosure.openness.clock import ElementVersion, OpennessClock, clocks_of
from disclosure.platform.clock import shanghai
from disclosure.records.states import ChangeStep
from disclosure.records.tables import OpennessChange, OpennessVersion


@dataclass(frozen=True)
class ElementClock:
    """The clock of one version of one element."""

    item: str
    element: str
    number: int
    what: str
    change_id: int
    clock: OpennessClock


def all_clocks(session: Session, catalog: Catalog, seen_on: dt.date) -> list[ElementClock]:
    """Return every clock started until ``seen_on`` (a Shanghai day) and read on it, by item, element and number."""
    return list(_clocks(session, catalog, seen_on))


def _clocks(session: Session, catalog: Catalog, seen_on: dt.date) -> Iterator[ElementClock]:
    rows = session.scalars(
        select(OpennessVersion)
        .join(OpennessVersion.change)
        .options(joinedload(OpennessVersion.change).joinedload(OpennessChange.release))
        .where(
            OpennessVersion.profile == catalog.profile.id,
            OpennessChange.step != ChangeStep.WITHDRAWN,
            OpennessVersion.changed_on <= seen_on,
        )
        .order_by(OpennessVersion.item, OpennessVersion.element, OpennessVersion.number)
    )
    by_element: dict[tuple[str, str], list[OpennessVersion]] = {}
    for row in rows:
        by_element.setdefault((row.item, row.element), []).append(row)
    for (number, element), own in by_element.items():
        item = catalog.openness_items[number]
        versions = [ElementVersion(v.number, v.changed_on, _public_on(v), v.what) for v in own]
        clocks = clocks_of(versions, seen_on, workdays=item.workdays, holidays=catalog.holidays)
        for version, clock in zip(own, clocks, strict=True):
            yield ElementClock(number, element, version.number, version.what, version.change_id, clock)


def _public_on(version: OpennessVersion) -> dt.date | None:
    """Return the Shanghai day on which it became public.

    A version that a newer one of its own change took the place of was never shown, but became void on the same day:
    its clock is answered by the newer one all the same.
    """
    release = version.change.release
    return (
        shanghai(release.published_at).date()
        if release is not None and version.change.step is ChangeStep.DONE
        else None
    )
