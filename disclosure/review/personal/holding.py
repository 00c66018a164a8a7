"""What a search refuses is held as rows, never in clear; which of it is accepted, every search asks here."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from disclosure.confidentiality.personal_data import PersonalDatum, find_personal_data
from disclosure.confidentiality.public_text import Acceptances, search_public_text
from disclosure.platform.clock import utc_now
from disclosure.records import ledger
from disclosure.records.installation import Installation, Work
from disclosure.records.states import HeldDoor, HeldState
from disclosure.records.tables import Base, HeldDatum, HeldPlace
from disclosure.records.vouching import VouchingSession

#: Stands for the name of a place, or of a person, that tells of a person itself.
_UNTOLD = "（名称里有个人信息，不重复）"
_LONGEST_PLACE, _LONGEST_NAME = 300, 60


def load_acceptances(session: Session, installation: Installation) -> Acceptances:
    """Return what is accepted now; a row that the installation's key did not authenticate accepts nothing."""
    wanted = select(HeldDatum).where(
        HeldDatum.profile == installation.catalog.profile.id, HeldDatum.state == HeldState.ACCEPTED
    )
    accepted = frozenset(row.digest for row in session.scalars(wanted) if is_proven(installation, row))
    return Acceptances(lambda: installation.cipher, accepted)


def read_acceptances(installation: Installation) -> Acceptances:
    """Return the same where no transaction is open."""
    with installation.records.read() as session:
        return load_acceptances(session, installation)


def is_proven(installation: Installation, row: HeldDatum) -> bool:
    """Whether the last judgement is as it was written here."""
    return installation.cipher.is_authentic(judgement_of(row), row.mac)


def judgement_of(row: HeldDatum) -> str:
    """Return what the code of a judgement covers."""
    at = row.judged_at.astimezone(dt.UTC).isoformat() if row.judged_at else ""
    said = ["judgement of a datum", row.profile, row.kind, row.digest, row.state, row.reason, row.person_id, at]
    return json.dumps(said, ensure_ascii=False)


def search_and_hold(
    work: Work, texts: Iterable[str], *, door: HeldDoor, place: str, by: str
) -> tuple[PersonalDatum, ...]:
    """Find the data of persons in ``texts`` that are not accepted, and hold them."""
    found = search_public_text(work.catalog, texts, load_acceptances(work.session, work.installation))
    hold(work.session, work.catalog.profile.id, found, door=door, place=place, by=by)
    return found


def hold(
    session: Session, profile: str, found: Iterable[PersonalDatum], *, door: HeldDoor, place: str, by: str
) -> None:
    """Keep what a search refused: where it stands and who handed that in, once however often it is tried.

    A unit of work that only reads keeps nothing.
    """
    if not isinstance(session, VouchingSession):
        return
    place, by = _untelling(place, _LONGEST_PLACE), _untelling(by, _LONGEST_NAME)
    fresh = []
    for datum in found:
        row = _row_of(session, profile, datum)
        wanted = select(HeldPlace).where(
            HeldPlace.datum_id == row.id,
            HeldPlace.door == door,
            HeldPlace.place == place,
            HeldPlace.handed_in_by == by,
        )
        known = session.scalars(wanted).one_or_none()
        if known is None:
            _add(session, HeldPlace(datum_id=row.id, door=door, place=place, handed_in_by=by, found_at=utc_now()))
            fresh.append(datum.number)
    if fresh:
        ledger.append(session, "personal.held", actor=by or "系统", door=door, place=place, numbers=fresh)


def _row_of(session: Session, profile: str, datum: PersonalDatum) -> HeldDatum:
    kind = datum.kind.name
    wanted = select(HeldDatum).where(
        HeldDatum.profile == profile, HeldDatum.kind == kind, HeldDatum.digest == datum.digest
    )
    if (row := session.scalars(wanted).one_or_none()) is None:
        _add(
            session,
            HeldDatum(profile=profile, kind=kind, digest=datum.digest, shown=datum.shown, state=HeldState.WAITING),
        )
        row = session.scalars(wanted).one()
    return row


def _add(session: Session, row: Base) -> None:
    """Add ``row`` unless another transaction was first with the same."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        session.expunge(row)


def _untelling(name: str, longest: int) -> str:
    return (_UNTOLD if find_personal_data(name) else name)[:longest]
