"""People who may decide, and the one-time codes that prove who they are (RFC 6238, 30 s, 6 digits)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, Office, RoleId
from disclosure.clock import said, shanghai, utc_now
from disclosure.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.tables import Person, Substitution, UsedCode
from disclosure.review.secrets import Cipher

STEP_SECONDS = 30
#: A code is good in its own step and in the one just past, for slow typing and clocks a little off.
STEPS_ACCEPTED = 1
WRONG_CODES_UNTIL_LOCK = 5
LOCK = dt.timedelta(minutes=15)
#: What a person's address is called, and looks like, by kind of messenger.
_ADDRESSES = {
    "email": ("电子邮箱", r"[^@\s/?#,;]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"),
    "wecom": ("手机号（11 位）", r"1\d{10}"),
    "dingtalk": ("手机号（11 位）", r"1\d{10}"),
}


@dataclass(frozen=True)
class Enrolment:
    """What a person needs once, to set up their authenticator; the secret is not shown again."""

    person: Person
    secret: str
    uri: str


def enrol(
    session: Session,
    catalog: Catalog,
    cipher: Cipher,
    name: str,
    office: str,
    *,
    roles: Collection[str] = (),
    is_demo: bool = False,
) -> Enrolment:
    """Enrol ``name`` of ``office`` (an id or a name of the catalogue).

    ``roles`` (ids or names) narrows what the person may do; without it, every role of the office.

    Raises:
        DisclosureError: for an unknown office, a role the office has not, an unfit name, or a name already
            enrolled.
    """
    found = next((o for o in catalog.offices.values() if office in (o.id, o.name, *o.aliases)), None)
    if found is None:
        names = "、".join(o.name for o in catalog.offices.values())
        raise DisclosureError(f"没有“{office}”这个科室，应为 {names} 之一。")
    name = name.strip()
    if not re.fullmatch(r"[\w\u4e00-\u9fff·.\- ]{1,30}", name):
        raise DisclosureError(f"姓名“{name}”不合要求：1 到 30 个汉字、字母或数字。")
    if find_person(session, name) is not None:
        raise DisclosureError(f"“{name}”已经登记过了。同名的人请在姓名后加科室以示区别。")
    secret = pyotp.random_base32()
    person = Person(
        name=name,
        office=found.id,
        roles=_roles(catalog, found, roles),
        secret=cipher.encrypt(secret),
        is_demo=is_demo,
        enrolled_at=utc_now(),
    )
    session.add(person)
    session.flush()
    ledger.append(
        session, "person.enrolled", actor="管理员", name=name, office=found.id, roles=person.roles, demo=is_demo
    )
    return Enrolment(person, secret, _uri(catalog, name, secret))


def re_enrol(session: Session, catalog: Catalog, cipher: Cipher, name: str) -> Enrolment:
    """A new secret for somebody who lost the old one; a lock is lifted, and a disabled person may act again."""
    person = _known(session, name)
    secret = pyotp.random_base32()
    person.secret, person.is_active, person.wrong_codes, person.locked_until = cipher.encrypt(secret), True, 0, None
    ledger.append(session, "person.re_enrolled", actor="管理员", name=name)
    return Enrolment(person, secret, _uri(catalog, name, secret))


def disable(session: Session, name: str) -> Person:
    """Somebody may not decide any more; what they decided stands."""
    person = _known(session, name)
    person.is_active = False
    ledger.append(session, "person.disabled", actor="管理员", name=name)
    return person


def set_contact(session: Session, catalog: Catalog, name: str, messenger: str, address: str) -> Person:
    """Reminders to ``name`` go by ``messenger`` (an id or a name of the catalogue) to ``address`` from now on.

    Both empty: none are wanted. The ledger is told the messenger, not the address.

    Raises:
        DisclosureError: for unknown people or messengers, and an address that this messenger cannot have.
    """
    person = _known(session, name)
    chosen = ""
    if messenger or address:
        known = catalog.messengers
        found = next((m for m in known.values() if messenger.strip() in (m.id, m.name)), None)
        if found is None:
            ways = "、".join(f"{m.id}（{m.name}）" for m in known.values())
            raise DisclosureError(f"没有“{messenger}”这种通知方式，应为 {ways} 之一。")
        what, pattern = _ADDRESSES[found.kind]
        address = address.strip()
        if not re.fullmatch(pattern, address):
            raise DisclosureError(f"{found.name}要登记{what}，“{address}”不是。")
        chosen = found.id
    person.messenger, person.address = chosen, address
    ledger.append(session, "person.contact", actor="管理员", name=name, messenger=chosen)
    return person


def substitute(session: Session, name: str, absent_name: str, first_day: dt.date, last_day: dt.date) -> Substitution:
    """``name`` may act for ``absent_name`` from ``first_day`` to ``last_day``, both included.

    Raises:
        DisclosureError: for unknown people, one person twice, or days in the wrong order.
    """
    person, absent = _known(session, name), _known(session, absent_name)
    if person.id == absent.id:
        raise DisclosureError(f"“{name}”不能代自己，请核对姓名。")
    if last_day < first_day:
        raise DisclosureError(f"代理的结束日期 {last_day} 早于开始日期 {first_day}，请核对。")
    known = select(Substitution).where(
        Substitution.person_id == person.id,
        Substitution.absent_person_id == absent.id,
        Substitution.first_day == first_day,
    )
    if session.scalars(known).one_or_none() is not None:
        raise DisclosureError(f"{first_day} 起“{name}”代“{absent_name}”已经登记过了。")
    made = Substitution(
        person_id=person.id,
        absent_person_id=absent.id,
        first_day=first_day,
        last_day=last_day,
        registered_at=utc_now(),
    )
    session.add(made)
    ledger.append(
        session,
        "person.substitutes",
        actor="管理员",
        name=name,
        absent=absent_name,
        first_day=first_day.isoformat(),
        last_day=last_day.isoformat(),
    )
    return made


def own_roles(catalog: Catalog, person: Person) -> tuple[RoleId, ...]:
    """What ``person`` may do in their own name."""
    of_office = catalog.roles_of_office(person.office)
    if person.roles is None:
        return tuple(role for role in of_office if not catalog.roles[role].only_when_named)
    return tuple(role for role in of_office if role in person.roles)


def roles_of(session: Session, catalog: Catalog, person: Person, now: dt.datetime) -> tuple[RoleId, ...]:
    """What ``person`` may do today (Shanghai): their own roles, and those of people they substitute for."""
    acting_as = (person, *_absent(session, now).get(person.id, ()))
    return tuple(dict.fromkeys(role for someone in acting_as for role in own_roles(catalog, someone)))


def offices_of(session: Session, person: Person, now: dt.datetime) -> set[str]:
    """Ids of the offices ``person`` acts for today (Shanghai): their own, and those of people they substitute for."""
    return {someone.office for someone in (person, *_absent(session, now).get(person.id, ()))}


def staff(session: Session, office: str, now: dt.datetime) -> list[Person]:
    """Everybody who acts for ``office`` (an id) today, substitutes included, in the order they were enrolled."""
    absent = _absent(session, now)
    active = session.scalars(select(Person).where(Person.is_active).order_by(Person.id))
    return [p for p in active if office in {someone.office for someone in (p, *absent.get(p.id, ()))}]


def holders(session: Session, catalog: Catalog, role: RoleId, now: dt.datetime, office: str = "") -> list[Person]:
    """Everybody who may act in ``role`` today, substitutes included, in the order they were enrolled.

    ``office`` (an id) narrows them to those who act for it.
    """
    return able(acting(session, catalog, now), role, office)


def acting(session: Session, catalog: Catalog, now: dt.datetime) -> dict[Person, frozenset[tuple[str, RoleId]]]:
    """Everybody active, in the order they were enrolled, with the offices (ids) and roles they act in today."""
    absent = _absent(session, now)
    active = session.scalars(select(Person).where(Person.is_active).order_by(Person.id))
    return {
        person: frozenset(
            (one.office, role) for one in (person, *absent.get(person.id, ())) for role in own_roles(catalog, one)
        )
        for person in active
    }


def able(acting_in: Mapping[Person, Collection[tuple[str, RoleId]]], role: RoleId, office: str = "") -> list[Person]:
    """Who of ``acting`` may act in ``role``, for one office (an id) or for any."""
    return [
        person
        for person, places in acting_in.items()
        if any(held == role and office in ("", of) for of, held in places)
    ]


def _absent(session: Session, now: dt.datetime) -> dict[int, list[Person]]:
    """Whom people substitute for today (Shanghai), by the id of the one who stands in."""
    today = shanghai(now).date()
    rows = session.execute(
        select(Substitution.person_id, Person)
        .join(Person, Substitution.absent_person_id == Person.id)
        .where(Substitution.first_day <= today, Substitution.last_day >= today)
        .order_by(Substitution.id)
    )
    found: dict[int, list[Person]] = {}
    for person_id, absent in rows:
        found.setdefault(person_id, []).append(absent)
    return found


def find_person(session: Session, name: str) -> Person | None:
    """The person enrolled under this name."""
    return session.scalars(select(Person).where(Person.name == name.strip())).one_or_none()


def check_code(session: Session, cipher: Cipher, person: Person, code: str, now: dt.datetime) -> str:
    """Use up ``code``; an empty text when it is right, otherwise the sentence that says why not.

    Wrong attempts are counted in the same transaction; the fifth locks the person for a quarter of an hour.
    """
    # Attempts at the same moment are counted one after the other.
    session.refresh(person, with_for_update=True)
    if person.locked_until is not None and now < person.locked_until:
        return f"“{person.name}”因口令连续错误已锁定，{said(person.locked_until)} 以后再试。"
    step = _step_of(cipher.decrypt(person.secret), code, now)
    if step is None:
        person.wrong_codes += 1
        ledger.append(session, "code.wrong", actor=person.name, attempts=person.wrong_codes)
        if person.wrong_codes >= WRONG_CODES_UNTIL_LOCK:
            person.wrong_codes, person.locked_until = 0, now + LOCK
            ledger.append(session, "person.locked", actor=person.name, until=person.locked_until.isoformat())
            return f"口令连续错误 {WRONG_CODES_UNTIL_LOCK} 次，“{person.name}”已锁定到 {said(person.locked_until)}。"
        left = WRONG_CODES_UNTIL_LOCK - person.wrong_codes
        return f"口令不对或已过期，请输入验证器上正在显示的 6 位数字（再错 {left} 次将锁定）。"
    used = select(UsedCode).where(UsedCode.person_id == person.id, UsedCode.time_step == step)
    if session.scalars(used).one_or_none() is not None:
        return "这个口令已经用过一次，请等验证器显示下一个再填。"
    session.add(UsedCode(person_id=person.id, time_step=step))
    person.wrong_codes, person.locked_until = 0, None
    return ""


def _roles(catalog: Catalog, office: Office, wanted: Collection[str]) -> list[str] | None:
    """Role ids out of ids or names; None when nothing was said, which means all of the office's."""
    if not wanted:
        return None
    known = {key: role for role in catalog.roles_of_office(office.id) for key in (role, catalog.roles[role].name)}
    if unfit := [name for name in wanted if name not in known]:
        may = "、".join(catalog.roles[role].name for role in catalog.roles_of_office(office.id)) or "没有角色"
        raise DisclosureError(f"{office.name}的人不能担任“{'、'.join(unfit)}”，可以担任：{may}。")
    return sorted({str(known[name]) for name in wanted})


def _known(session: Session, name: str) -> Person:
    person = find_person(session, name)
    if person is None:
        raise DisclosureError(f"“{name}”没有登记过，请核对姓名（disclosure people list 可列出全部）。")
    return person


def _uri(catalog: Catalog, name: str, secret: str) -> str:
    """What an authenticator's QR code says."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=catalog.profile.short_title)


def _step_of(secret: str, code: str, now: dt.datetime) -> int | None:
    """The time step whose code this is, if it is a recent one."""
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    cleaned = re.sub(r"\s", "", code)
    for step in range(current, current - STEPS_ACCEPTED - 1, -1):
        if pyotp.utils.strings_equal(totp.at(step * STEP_SECONDS), cleaned):
            return step
    return None
