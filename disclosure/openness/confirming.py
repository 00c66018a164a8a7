"""Asking once a year whether what is public still holds: one question for each office, about all that is due."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.clock import shanghai
from disclosure.openness.changes import newest_versions
from disclosure.openness.clock import needs_confirmation
from disclosure.openness.forms import OfficeAnswer, parse_confirmation
from disclosure.openness.review import prove_staff
from disclosure.openness.words import words
from disclosure.records import ledger
from disclosure.records.openness_tables import OpennessChange, OpennessConfirmation, OpennessVersion
from disclosure.records.subjects import lock
from disclosure.records.tables import Ask
from disclosure.review import asks
from disclosure.review.secrets import Cipher


def note_confirmations(session: Session, catalog: Catalog, now: dt.datetime) -> list[int]:
    """Open a confirmation for every office with elements due; the ids of the changes."""
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
    """Public versions that were confirmed, or published, a year ago or longer, and nobody was asked about since.

    A statistic is not confirmed: the next cycle fills it. What the office called changed waits for new content.
    """
    today = shanghai(now).date()
    found = []
    for key, version in sorted(newest_versions(session, catalog).items()):
        release = version.change.release
        element = catalog.openness_items[key[0]].elements[key[1]]
        if release is None or not release.is_live or element.kind == "statistic":
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
    """What a confirmation asks about, in the catalogue's order."""
    rows = session.scalars(select(OpennessConfirmation).where(OpennessConfirmation.change_id == change.id))
    return sorted(rows, key=lambda row: (row.version.item, row.version.element))


def label_of(catalog: Catalog, version: OpennessVersion) -> str:
    """How the form names an element: ``1 企业社会保险登记：服务指南``."""
    item = catalog.openness_items[version.item]
    return f"{int(item.number)} {item.name}：{item.elements[version.element].name}"


def record_confirmation(
    session: Session, catalog: Catalog, cipher: Cipher, ask: Ask, raw: object, *, now: dt.datetime
) -> str:
    """Take the office's answer; an empty text, or why it was not taken. The ask is closed."""
    change = session.get_one(OpennessChange, ask.change_id)
    lock(session, change)
    session.refresh(ask)
    if ask.state != "open":
        return ask.refusal
    rows = asked_about(session, change)
    labels = {label_of(catalog, row.version): row for row in rows}
    answer = parse_confirmation(raw, list(labels))
    if isinstance(answer, str):
        asks.close(session, ask, "refused", answer)
        return answer
    claimed = OfficeAnswer("ready", answer.name, answer.code, "")
    person = prove_staff(session, catalog, cipher, change.office, claimed=claimed, now=now)
    if isinstance(person, str):
        asks.close(session, ask, "refused", person, name=answer.name)
        return person
    for label, row in labels.items():
        row.person_id = person.id
        row.confirmed_at = None if label in answer.changed else now
    change.person_id, change.step = person.id, "done"
    asks.close(session, ask, "answered", name=person.name)
    ledger.append(
        session,
        "openness.confirmed",
        actor=person.name,
        change=change.id,
        confirmed=[f"{r.version.item}/{r.version.element}" for r in rows if r.confirmed_at is not None],
        changed=[f"{r.version.item}/{r.version.element}" for r in rows if r.confirmed_at is None],
    )
    return ""
