"""What people have written so far for elements: kept across sessions, each person's own, until it is handed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from disclosure.catalog import Catalog
from disclosure.openness.changes import ElementKey
from disclosure.records.installation import Work
from disclosure.records.tables import OpennessDraft


def find_draft(session: Session, catalog: Catalog, person_id: int, key: ElementKey) -> OpennessDraft | None:
    """Return what this person has written for an element, if anything."""
    return session.scalars(_of_element(catalog, key).where(OpennessDraft.person_id == person_id)).one_or_none()


def list_drafts(session: Session, catalog: Catalog, person_id: int) -> dict[ElementKey, dt.datetime]:
    """Return the elements this person has a draft of, and when each was last saved."""
    wanted = select(OpennessDraft).where(
        OpennessDraft.profile == catalog.profile.id, OpennessDraft.person_id == person_id
    )
    return {(draft.item, draft.element): draft.saved_at for draft in session.scalars(wanted)}


def others_writing(session: Session, catalog: Catalog, person_id: int, key: ElementKey) -> list[OpennessDraft]:
    """Return the drafts that others have of the same element, the latest first."""
    wanted = _of_element(catalog, key).where(OpennessDraft.person_id != person_id)
    return list(session.scalars(wanted.order_by(OpennessDraft.saved_at.desc(), OpennessDraft.id)))


def save_draft(work: Work, person_id: int, key: ElementKey, fields: Mapping[str, str], based_on: int) -> OpennessDraft:
    """Keep what somebody has written; ``based_on`` counts for a new draft, one that is there keeps its own."""
    draft = find_draft(work.session, work.catalog, person_id, key)
    if draft is None:
        draft = OpennessDraft(
            profile=work.catalog.profile.id, person_id=person_id, item=key[0], element=key[1], based_on=based_on
        )
        work.session.add(draft)
    draft.fields, draft.saved_at = dict(fields), work.now
    work.session.flush()
    return draft


def drop_draft(work: Work, person_id: int, key: ElementKey) -> None:
    """Forget what somebody has written for an element."""
    draft = find_draft(work.session, work.catalog, person_id, key)
    if draft is not None:
        work.session.delete(draft)


def _of_element(catalog: Catalog, key: ElementKey) -> Select[tuple[OpennessDraft]]:
    return (
        select(OpennessDraft)
        .where(
            OpennessDraft.profile == catalog.profile.id, OpennessDraft.item == key[0], OpennessDraft.element == key[1]
        )
        .options(joinedload(OpennessDraft.person))
    )
