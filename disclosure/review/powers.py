"""What one person may do to a release alone, with a one-time code: correct, withdraw, restore, answer a revision."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, PowerId
from disclosure.records.tables import Person
from disclosure.review.people import check_code, find_person, own_roles, roles_of
from disclosure.review.secrets import Cipher

#: Characters that a reason has at least; the public reads it.
SHORTEST_REASON = 6
LONGEST_REASON = 200


def why_not(session: Session, catalog: Catalog, power: PowerId, *, name: str, reason: str, now: dt.datetime) -> str:
    """Why ``name`` may not do this now, a sentence; an empty text when only the code is left to be checked."""
    fact = catalog.powers[power]
    person = find_person(session, name)
    if person is None or not person.is_active or person.office not in catalog.offices:
        return f"“{name}”没有登记或已停用，不能{fact.name}，请核对姓名（disclosure people list 可列出全部）。"
    if not set(fact.roles) & set(roles_of(session, catalog, person, now)):
        needed = "或".join(catalog.roles[role].name for role in fact.roles)
        own = "、".join(catalog.roles[role].name for role in own_roles(catalog, person)) or "没有角色"
        return f"{fact.name}须由{needed}办理；“{name}”是{own}，不能办理。"
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        return f"理由（--reason）会公开，应为 {SHORTEST_REASON} 到 {LONGEST_REASON} 个字，写明为什么。"
    return ""


def use_power(
    session: Session,
    catalog: Catalog,
    cipher: Cipher,
    power: PowerId,
    *,
    name: str,
    reason: str,
    code: str,
    now: dt.datetime,
) -> Person | str:
    """The person whose code was right and is used up now, or the sentence that refuses; it must be committed."""
    if refusal := why_not(session, catalog, power, name=name, reason=reason, now=now):
        return refusal
    person = find_person(session, name)
    assert person is not None  # noqa: S101 - refused above
    return check_code(session, cipher, person, code, now) or person
