"""Who may do this, proven how: one way to it for every gate, power, office and date.

A person is proven by an enrolled name and the one-time code of that moment. A code that was given is used up, whatever
else stands against what they want. A refusal must be committed as well, because it uses up a code or counts a wrong
one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from disclosure.catalog import Catalog, GateId, Office, PowerId, RoleId
from disclosure.confidentiality.draft_marks import draft_fault
from disclosure.confidentiality.public_text import object_to_found
from disclosure.records.installation import Work
from disclosure.records.tables import Ask, Person
from disclosure.review import people
from disclosure.review.personal.holding import search_and_hold
from disclosure.review.refusals import Refusal, RefusalCode, combine_refusals

#: Characters that the reason for using a power has; the public reads it.
SHORTEST_REASON, LONGEST_REASON = 6, 200


@dataclass(frozen=True)
class Proof:
    """What somebody says of themselves: a name, the one-time code shown at that moment, and why they act."""

    name: str
    code: str
    at: dt.datetime
    reason: str = ""


@dataclass(frozen=True)
class Actor:
    """Who acts, as the records have them at that moment.

    ``roles`` are their own, ``acts_as`` those with the roles of absent people they stand in for, ``acts_for`` ids of
    the offices likewise.
    """

    name: str
    office: Office
    roles: Collection[RoleId]
    acts_as: Collection[RoleId]
    acts_for: Collection[str] = ()


#: What an act asks of whoever does it: why this actor may not, None when they may.
Needs = Callable[[Actor], Refusal | None]


def identify(
    work: Work, proof: Proof, *, needs: Needs, used_for: str, against: Iterable[Refusal | None] = ()
) -> Person | Refusal:
    """Return the person whom ``proof`` proves, or everything that stands against it; the code is used up either way.

    ``against`` is what stands against the act itself, whoever does it; ``used_for`` names the act.
    """
    refusal = explain_refusal(work, proof, needs=needs, against=against)
    return prove(work, proof, refusal, used_for=used_for)


def prove(
    work: Work, proof: Proof, refusal: Refusal | None, *, used_for: str, ask: Ask | None = None
) -> Person | Refusal:
    """Return the person whose code ``proof`` has, unless there is a ``refusal`` already; use it up either way."""
    person = people.find_person(work.session, proof.name)
    if person is None or not person.is_active:
        return refusal or people.not_enrolled(proof.name)
    use = people.CodeUse(used_for, ask.id if ask else None, work.source)
    wrong = people.check_code(work.session, work.cipher, person, proof.code, proof.at, use=use)
    return combine_refusals([refusal, wrong]) or person


def explain_refusal(
    work: Work, proof: Proof, *, needs: Needs, against: Iterable[Refusal | None] = ()
) -> Refusal | None:
    """Return all that stands against this before any code is looked at, who acts first; None for nothing."""
    actor = find_actor(work, proof)
    who = actor if isinstance(actor, Refusal) else needs(actor)
    return combine_refusals([who, _other_name(work, proof), *against, _object_to_words(work, proof)])


def _object_to_words(work: Work, proof: Proof) -> Refusal | None:
    """Refuse a reason that tells of persons: reasons are shown to many, those for a power to everybody."""
    found = search_and_hold(work, [proof.reason], door="reason", place="理由或意见", by=work.by or proof.name)
    sentence = object_to_found(work.catalog, "所写的理由或意见", found)
    return Refusal(RefusalCode.PERSONAL_DATA, sentence) if sentence else None


def _other_name(work: Work, proof: Proof) -> Refusal | None:
    """Return why somebody signed in does not act under the name of another."""
    if work.by is None or work.by == proof.name.strip():
        return None
    sentence = f"登录的是“{work.by}”，填的是“{proof.name}”；请填自己的姓名，或退出后由本人登录办理。"
    return Refusal(RefusalCode.OTHER_NAME, sentence)


def find_actor(work: Work, proof: Proof) -> Actor | Refusal:
    """Return who acts under the name of ``proof`` at its moment; unknown and disabled people do not."""
    person = people.find_person(work.session, proof.name)
    if person is None or person.office not in work.catalog.offices:
        return people.not_enrolled(proof.name)
    if not person.is_active:
        return Refusal(RefusalCode.DISABLED, f"“{person.name}”已停用，不能办理，请联系管理员。")
    return Actor(
        person.name,
        work.catalog.offices[person.office],
        people.own_roles(work.catalog, person),
        people.roles_of(work.session, work.catalog, person, proof.at),
        people.offices_of(work.session, person, proof.at),
    )


def need_enrolment(actor: Actor) -> Refusal | None:
    """Ask for nothing but an enrolled person."""
    del actor
    return None


def need_gate(catalog: Catalog, gate_id: GateId) -> Needs:
    """Ask for the role that decides at a gate; ahead of the reviews the leader signs in person."""
    gate, needed = catalog.gates[gate_id], catalog.gate_office(gate_id)

    def refuse(actor: Actor) -> Refusal | None:
        if gate.role not in actor.acts_as:
            if needed.id == actor.office.id:
                role = catalog.roles[gate.role].name
                sentence = f"“{actor.name}”没有“{role}”的角色，不能作{gate.name}，请联系管理员。"
                return Refusal(RefusalCode.WITHOUT_ROLE, sentence)
            sentence = f"“{actor.name}”属于{actor.office.name}，{gate.name}须由{needed.name}的人作出。"
            return Refusal(RefusalCode.WRONG_OFFICE, sentence)
        if gate_id == "emergency" and gate.role not in actor.roles:
            sentence = f"“{actor.name}”是代理人，{gate.name}只能由局领导本人作出。"
            return Refusal(RefusalCode.NOT_IN_PERSON, sentence)
        return None

    return refuse


def need_role(roles: Collection[RoleId], sentence: str) -> Needs:
    """Ask for one of ``roles``; ``sentence`` tells whoever has none, ``{name}`` standing for theirs."""

    def refuse(actor: Actor) -> Refusal | None:
        if set(roles) & set(actor.acts_as):
            return None
        return Refusal(RefusalCode.WITHOUT_ROLE, sentence.format(name=actor.name))

    return refuse


def need_office(office: Office, sentence: str) -> Needs:
    """Ask for somebody who acts for ``office``; ``sentence`` tells whoever does not, as for ``need_role``."""

    def refuse(actor: Actor) -> Refusal | None:
        if office.id in actor.acts_for:
            return None
        return Refusal(RefusalCode.WRONG_OFFICE, sentence.format(name=actor.name))

    return refuse


def need_power(catalog: Catalog, power: PowerId) -> Needs:
    """Ask for a role that holds a power over what is published: correct, withdraw, restore, answer a revision."""
    fact = catalog.powers[power]

    def refuse(actor: Actor) -> Refusal | None:
        if set(fact.roles) & set(actor.acts_as):
            return None
        needed = "或".join(catalog.roles[role].name for role in fact.roles)
        own = "、".join(catalog.roles[role].name for role in actor.roles) or "没有角色"
        sentence = f"{fact.name}须由{needed}办理；“{actor.name}”是{own}，不能办理。"
        return Refusal(RefusalCode.WITHOUT_ROLE, sentence)

    return refuse


def authorise(work: Work, proof: Proof, power: PowerId) -> Person | Refusal:
    """Return the person who uses ``power``, or everything that stands against it; the code is used up either way."""
    needs = need_power(work.catalog, power)
    return identify(work, proof, needs=needs, used_for=power, against=[_unfit_reason(proof)])


def explain_missing_power(work: Work, proof: Proof, power: PowerId) -> Refusal | None:
    """Return why ``proof`` does not carry ``power``; None when only its code is left to be checked."""
    return explain_refusal(work, proof, needs=need_power(work.catalog, power), against=[_unfit_reason(proof)])


def _unfit_reason(proof: Proof) -> Refusal | None:
    if SHORTEST_REASON <= len(proof.reason.strip()) <= LONGEST_REASON:
        fault = draft_fault(proof.reason)
        return Refusal(RefusalCode.DRAFT, f"理由（--reason）会公开，{fault}。") if fault else None
    sentence = f"理由（--reason）会公开，应为 {SHORTEST_REASON} 到 {LONGEST_REASON} 个字，写明为什么。"
    return Refusal(RefusalCode.UNFIT_REASON, sentence)
