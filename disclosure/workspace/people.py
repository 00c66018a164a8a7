"""人员: everybody enrolled, with office, roles and how far they have come in setting up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from disclosure.access.administration import ADMINISTRATORS
from disclosure.catalog import Catalog, RoleId
from disclosure.platform.clock import format_moment, shanghai
from disclosure.records.installation import Work
from disclosure.records.tables import Account, Invitation, Person, Substitution
from disclosure.review.people import own_roles

PEOPLE = "/people"
#: Whoever signs, presses or publishes may read who there is; who looks after them changes it.
READERS: frozenset[RoleId] = frozenset({"operator", "supervisor", "leader", "compiler"})


@dataclass(frozen=True)
class PersonLine:
    """Somebody enrolled, in words; ``roles`` are ids of what they may do, ``office`` the id."""

    id: int
    name: str
    office: str
    office_name: str
    roles: Collection[RoleId]
    role_names: str
    state: str
    sign_in: str
    contact: str
    is_active: bool


@dataclass(frozen=True)
class OfficeChoice:
    """An office with the roles that its people can have; those ``only when named`` are marked."""

    id: str
    name: str
    roles: Sequence[tuple[RoleId, str, bool]]


def may_read(roles: Collection[RoleId]) -> bool:
    """Whether the list is for somebody of these roles."""
    return not READERS.isdisjoint(roles)


def may_administer(roles: Collection[RoleId]) -> bool:
    """Whether somebody of these roles looks after people."""
    return not set(roles).isdisjoint(ADMINISTRATORS)


def list_people(work: Work) -> list[PersonLine]:
    """Return everybody enrolled, those who may act first."""
    session, catalog = work.session, work.catalog
    people = session.scalars(select(Person).order_by(Person.is_active.desc(), Person.id)).all()
    with_password = set(session.scalars(select(Account.person_id).where(Account.password_hash != "")))
    opened = select(Invitation).where(Invitation.closed_at.is_(None), Invitation.expires_at > work.now)
    invited = {row.person_id: row for row in session.scalars(opened)}
    return [_line(catalog, person, with_password, invited) for person in people]


def _line(
    catalog: Catalog, person: Person, with_password: Collection[int], invited: Mapping[int, Invitation]
) -> PersonLine:
    roles, office = own_roles(catalog, person), catalog.offices.get(person.office)
    invitation = invited.get(person.id)
    until = f"邀请有效至 {format_moment(invitation.expires_at)}" if invitation else ""
    sign_in = "已设密码" if person.id in with_password else until or "还没有设密码，请发邀请"
    messenger = catalog.messengers.get(person.messenger)
    return PersonLine(
        id=person.id,
        name=person.name,
        office=person.office,
        office_name=office.name if office else person.office,
        roles=roles,
        role_names="、".join(catalog.roles[role].name for role in roles) or "没有角色",
        state=("在用" if person.is_active else "停用") + ("（演示）" if person.is_demo else ""),
        sign_in=sign_in if person.is_active else "不能登录",
        contact=messenger.name if messenger else "未登记",
        is_active=person.is_active,
    )


def list_substitutions(work: Work) -> list[str]:
    """Return who stands in for whom, today or later."""
    today = shanghai(work.now).date()
    rows = work.session.scalars(select(Substitution).where(Substitution.last_day >= today).order_by(Substitution.id))
    return [
        f"{work.session.get_one(Person, row.person_id).name}代"
        f"{work.session.get_one(Person, row.absent_person_id).name}（{row.first_day} 至 {row.last_day}）"
        for row in rows
    ]


def office_choices(catalog: Catalog) -> list[OfficeChoice]:
    """Return the offices with the roles that their people can have."""
    return [
        OfficeChoice(
            office.id,
            office.name,
            [
                (role, catalog.roles[role].name, catalog.roles[role].only_when_named)
                for role in catalog.roles_of_office(office.id)
            ],
        )
        for office in catalog.offices.values()
    ]
