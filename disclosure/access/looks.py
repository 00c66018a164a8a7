"""Looks: who opened what before it was published, as pre-release access lists of official statistics have it.

Principle: UK Code of Practice for Statistics, T3.4 and T3.6 (access before release is limited and recorded).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from disclosure.access.embargo import Viewer, explain_embargo
from disclosure.access.materials import Material
from disclosure.records.installation import Work
from disclosure.records.tables import Look
from disclosure.review.refusals import Refusal

#: What a page is made of besides itself; opening it is one look, not twenty.
_PARTS_OF_PAGES = frozenset({".css", ".js", ".svg", ".png", ".ico", ".woff2"})


@dataclass(frozen=True)
class Seer:
    """Who looks, and from where."""

    viewer: Viewer
    person_id: int
    source: str


def look_at(work: Work, seer: Seer, material: Material) -> Refusal | None:
    """Note that somebody opens ``material``, and return why they may not; both must be committed.

    What the public reads too is nothing to note.
    """
    refusal = explain_embargo(work.catalog, seer.viewer, material.kind, material.state)
    if material.state.is_public or PurePosixPath(material.path).suffix in _PARTS_OF_PAGES:
        return refusal
    work.session.add(
        Look(
            person_id=seer.person_id,
            kind=material.kind,
            path=material.path[:255],
            cycle_id=material.cycle_id,
            source=seer.source[:80],
            is_allowed=refusal is None,
            looked_at=work.now,
        )
    )
    return refusal


def list_looks(session: Session, cycle_id: int | None = None, limit: int = 500) -> list[Look]:
    """Return who looked, the latest first; of one cycle, or of all."""
    wanted = select(Look).options(joinedload(Look.person)).order_by(Look.id.desc()).limit(limit)
    return list(session.scalars(wanted if cycle_id is None else wanted.where(Look.cycle_id == cycle_id)))
