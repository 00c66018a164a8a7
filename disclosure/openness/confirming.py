"""Asking once a year whether what is public still holds: one question for each office, about all that is due."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.openness.changes import newest_versions
from disclosure.openness.clock import needs_confirmation
from disclosure.openness.forms import ConfirmationAnswer, parse_confirmation
from disclosure.openness.review import object_to_staff
from disclosure.openness.words import words
from disclosure.platform.clock import shanghai
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.states import ChangeStep
from disclosure.records.tables import OpennessChange, OpennessConfirmation, OpennessVersion, Person
from disclosure.review.asks import Question
from disclosure.review.given_answers import Statement


def note_confirmations(work: Work) -> list[int]:
    """Open a confirmation for every office with elements due; return the ids of the changes."""
    session, catalog, now = work.session, work.catalog, work.now
    by_office: dict[str, list[OpennessVersion]] = {}
    for version in due(session, catalog, now):
        by_office.setdefault(catalog.openness_items[version.item].owner, []).append(version)
    opened = []
    today = shanghai(now).date()
    for office, versions in by_office.items():
        change = OpennessChange(
            profile=catalog.profile.id,
            cause="confirmation",
            source=f"{office}/{min(version.id for version in versions)}/{today}",
            office=office,
            title=words()["causes"]["confirmation"].format(
                office=catalog.offices[office].name, year=today.year, count=len(versions)
            ),
            opened_at=now,
        )
        session.add(change)
        session.flush()
        session.add_all(OpennessConfirmation(change_id=change.id, version_id=version.id) for version in versions)
        ledger.append(
            session,
            "openness.confirmation_due",
            actor="系统",
            change=change.id,
            elements=[f"{version.item}/{version.element}" for version in versions],
        )
        opened.append(change.id)
    return opened


def due(session: Session, catalog: Catalog, now: dt.datetime) -> list[OpennessVersion]:
    """Return the public versions confirmed or published a year ago or longer, and not asked about since.

    A statistic is not confirmed: the next cycle fills it. What the office called changed waits for new content.
    """
    today = shanghai(now).date()
    found = []
    for key, version in sorted(newest_versions(session, catalog).items()):
        release = version.change.release
        element = catalog.openness_items[key[0]].elements[key[1]]
        if release is None or version.change.step is not ChangeStep.DONE or element.kind == "statistic":
            continue
        asked = session.scalars(
            select(OpennessConfirmation)
            .where(OpennessConfirmation.version_id == version.id)
            .order_by(OpennessConfirmation.id.desc())
            .limit(1)
        ).first()
        if asked is not None and asked.confirmed_at is None:
            continue
        confirmed_on = shanghai(asked.confirmed_at).date() if asked and asked.confirmed_at else None
        if needs_confirmation(shanghai(release.published_at).date(), confirmed_on, today):
            found.append(version)
    return found


def asked_about(session: Session, change: OpennessChange) -> list[OpennessConfirmation]:
    """Return what a confirmation asks about, in the catalogue's order."""
    rows = session.scalars(select(OpennessConfirmation).where(OpennessConfirmation.change_id == change.id))
    return sorted(rows, key=lambda row: (row.version.item, row.version.element))


def label_of(catalog: Catalog, version: OpennessVersion) -> str:
    """Return how the form names an element: ``1 企业社会保险登记：服务指南``."""
    item = catalog.openness_items[version.item]
    return f"{int(item.number)} {item.name}：{item.elements[version.element].name}"


def ask_confirmation(work: Work, change: OpennessChange, form: object) -> Question[ConfirmationAnswer]:
    """Return how ``form`` is judged as the office's yearly answer."""
    rows = {label_of(work.catalog, row.version): row for row in asked_about(work.session, change)}

    def record(answer: ConfirmationAnswer, person: Person) -> None:
        for label, row in rows.items():
            row.person_id = person.id
            row.confirmed_at = None if label in answer.changed else work.now
        change.person_id, change.step = person.id, ChangeStep.DONE
        elements = {label: f"{row.version.item}/{row.version.element}" for label, row in rows.items()}
        ledger.append(
            work.session,
            "openness.confirmed",
            actor=person.name,
            change=change.id,
            confirmed=[element for label, element in elements.items() if label not in answer.changed],
            changed=[element for label, element in elements.items() if label in answer.changed],
        )

    return Question(
        read=lambda: parse_confirmation(form, list(rows), work.now),
        object_to=lambda answer: object_to_staff(work, change.office, answer.proof),
        record=record,
        say=lambda answer: Statement(
            outcome="confirmed", name=answer.proof.name, rest={"changed": list(answer.changed)}
        ),
    )
