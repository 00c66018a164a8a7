"""Looking after people by browser: the operator enrols, invites, renews, moves and disables, each with a code.

What the command line does as whoever runs this machine, somebody enrolled does here: the ledger has their name beside
each act, and nobody changes their own standing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from disclosure.access import invitations
from disclosure.catalog import Catalog, RoleId
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.tables import Person
from disclosure.review import people
from disclosure.review.identify import Actor, Needs, Proof, explain_refusal, identify, need_role
from disclosure.review.refusals import Refusal, RefusalCode

#: Who looks after people.
ADMINISTRATORS: tuple[RoleId, ...] = ("operator",)


@dataclass(frozen=True)
class Invited:
    """Somebody with a link that leads them in; the token is not kept."""

    name: str
    token: str


def enrol(work: Work, proof: Proof, name: str, office: str, roles: Collection[str] = ()) -> Invited | Refusal:
    """Enrol somebody and invite them: by the link they set up their authenticator and their password.

    Raises:
        DisclosureError: as ``people.enrol``; nothing is recorded then, and no code used up. So with all of these.
    """
    if refusal := _authorise(work, proof, name.strip(), "enrol"):
        return refusal
    made = people.enrol(work.session, work.catalog, work.cipher, name, office, roles=roles)
    return Invited(made.person.name, invitations.invite(work, made.person.name, shows_secret=True))


def invite(work: Work, proof: Proof, name: str) -> Invited | Refusal:
    """Invite somebody who forgot their password; their authenticator stays, and proves them."""
    return _authorise(work, proof, name, "invite") or Invited(name, invitations.invite(work, name))


def renew(work: Work, proof: Proof, name: str) -> Invited | Refusal:
    """Give somebody who lost their telephone, or was disabled, a new authenticator and a new password."""
    if refusal := _authorise(work, proof, name, "renew"):
        return refusal
    people.re_enrol(work.session, work.catalog, work.cipher, name)
    return Invited(name, invitations.invite(work, name, shows_secret=True))


def disable(work: Work, proof: Proof, name: str) -> Person | Refusal:
    """Bar somebody from acting and from coming in; what they decided stands."""
    if refusal := _authorise(work, proof, name, "disable"):
        return refusal
    person = people.disable(work.session, name)
    invitations.close_invitations(work, person)
    return person


def reassign(work: Work, proof: Proof, name: str, office: str, roles: Collection[str] = ()) -> Person | Refusal:
    """Set the office and the roles of somebody anew; what they decided stands."""
    return _authorise(work, proof, name, "reassign") or reassign_person(work.session, work.catalog, name, office, roles)


def reassign_person(session: Session, catalog: Catalog, name: str, office: str, roles: Collection[str]) -> Person:
    """Set office and roles of ``name`` as ``people.enrol`` does, on whoever's authority.

    Raises:
        DisclosureError: for somebody unknown, an unknown office, or a role the office has not.
    """
    person, found = people.known_person(session, name), people.find_office(catalog, office)
    before = {"office": person.office, "roles": person.roles}
    person.office, person.roles = found.id, people.roles_in_office(catalog, found, roles)
    ledger.append(
        session, "person.reassigned", actor="管理员", name=name, office=found.id, roles=person.roles, before=before
    )
    return person


def _authorise(work: Work, proof: Proof, name: str, act: str) -> Refusal | None:
    """Use up the code of whoever looks after people, and note what they do; return why they may not."""
    needs = _need_administrator(work.catalog, name)
    # Told before the code is looked at: nobody fetches one for what is refused anyway.
    who = explain_refusal(work, proof, needs=needs) or identify(work, proof, needs=needs, used_for=f"people/{act}")
    if isinstance(who, Refusal):
        return who
    ledger.append(work.session, "person.managed", actor=who.name, act=act, name=name)
    return None


def _need_administrator(catalog: Catalog, name: str) -> Needs:
    may = "、".join(catalog.roles[role].name for role in ADMINISTRATORS)
    has_role = need_role(ADMINISTRATORS, f"“{{name}}”不能管理人员：人员由{may}管理。")

    def refuse(actor: Actor) -> Refusal | None:
        if actor.name == name:
            return Refusal(RefusalCode.NOT_IN_PERSON, "不能管理自己，请另一位运维人办理，或由管理员在服务器上办理。")
        return has_role(actor)

    return refuse
