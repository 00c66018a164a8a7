"""People who may decide, and the one-time codes that prove who they are (RFC 6238, 30 s, 6 digits)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyotp
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog, Office, RoleId
from disclosure.platform.cipher import Cipher
from disclosure.platform.clock import format_moment, shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records import attempts, ledger
from disclosure.records.tables import Person, SignIn, Substitution, UsedCode
from disclosure.review.refusals import Refusal, RefusalCode

STEP_SECONDS = 30
#: A code is good in its own step and in the one just past, for slow typing and clocks a little off.
STEPS_ACCEPTED = 1
#: What a person's address is called, and looks like, by kind of messenger.
_ADDRESSES = {
    "email": ("电子邮箱", r"[^@\s/?#,;]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"),
    "wecom": ("手机号（11 位）", r"1\d{10}"),
    "dingtalk": ("手机号（11 位）", r"1\d{10}"),
}


@dataclass(frozen=True)
class CodeUse:
    """What a code is given for, such as ``policy/approved``, in answer to which ask if any, and from where."""

    used_for: str
    ask_id: int | None = None
    source: str = ""


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
    found, name = find_office(catalog, office), name.strip()
    if not re.fullmatch(r"[\w\u4e00-\u9fff·.\- ]{1,30}", name):
        raise DisclosureError(f"姓名“{name}”不合要求：1 到 30 个汉字、字母或数字。")
    if find_person(session, name) is not None:
        raise DisclosureError(f"“{name}”已经登记过了。同名的人请在姓名后加科室以示区别。")
    secret = pyotp.random_base32()
    person = Person(
        name=name,
        office=found.id,
        roles=roles_in_office(catalog, found, roles),
        secret=cipher.encrypt(secret),
        is_demo=is_demo,
        enrolled_at=utc_now(),
    )
    session.add(person)
    session.flush()
    ledger.append(
        session, "person.enrolled", actor="管理员", name=name, office=found.id, roles=person.roles, demo=is_demo
    )
    return Enrolment(person, secret, authenticator_uri(catalog, name, secret))


def find_office(catalog: Catalog, office: str) -> Office:
    """Return the office that ``office`` is the id or a name of.

    Raises:
        DisclosureError: when there is none, with those there are.
    """
    found = next((o for o in catalog.offices.values() if office in (o.id, o.name, *o.aliases)), None)
    if found is None:
        names = "、".join(o.name for o in catalog.offices.values())
        raise DisclosureError(f"没有“{office}”这个科室，应为 {names} 之一。")
    return found


def re_enrol(session: Session, catalog: Catalog, cipher: Cipher, name: str) -> Enrolment:
    """Give a new secret to somebody who lost the old one; a lock is lifted, and a disabled person may act again."""
    person = known_person(session, name)
    secret = pyotp.random_base32()
    person.secret, person.secret_number, person.is_active = cipher.encrypt(secret), person.secret_number + 1, True
    attempts.forget_name(session, name)
    end_sessions(session, person, utc_now())
    ledger.append(session, "person.re_enrolled", actor="管理员", name=name)
    return Enrolment(person, secret, authenticator_uri(catalog, name, secret))


def disable(session: Session, name: str) -> Person:
    """Bar somebody from deciding any more; what they decided stands."""
    person = known_person(session, name)
    person.is_active = False
    end_sessions(session, person, utc_now())
    ledger.append(session, "person.disabled", actor="管理员", name=name)
    return person


def end_sessions(session: Session, person: Person, now: dt.datetime) -> None:
    """End whatever ``person`` has open at the door: the right to it is gone, or was somebody else's."""
    open_ones = update(SignIn).where(SignIn.person_id == person.id, SignIn.ended_at.is_(None))
    session.execute(open_ones.values(ended_at=now))


def set_contact(session: Session, catalog: Catalog, name: str, messenger: str, address: str) -> Person:
    """Send reminders to ``name`` by ``messenger`` (an id or a name of the catalogue) to ``address`` from now on.

    Both empty: none are wanted. The ledger is told the messenger, not the address.

    Raises:
        DisclosureError: for unknown people or messengers, and an address that this messenger cannot have.
    """
    person = known_person(session, name)
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
    """Let ``name`` act for ``absent_name`` from ``first_day`` to ``last_day``, both included.

    Raises:
        DisclosureError: for unknown people, one person twice, or days in the wrong order.
    """
    person, absent = known_person(session, name), known_person(session, absent_name)
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
    """Return what ``person`` may do in their own name."""
    of_office = catalog.roles_of_office(person.office)
    if person.roles is None:
        return tuple(role for role in of_office if not catalog.roles[role].only_when_named)
    return tuple(role for role in of_office if role in person.roles)


def roles_of(session: Session, catalog: Catalog, person: Person, now: dt.datetime) -> tuple[RoleId, ...]:
    """Return what ``person`` may do today (Shanghai): their own roles, and those of people they substitute for."""
    acting_as = (person, *_absent(session, now).get(person.id, ()))
    return tuple(dict.fromkeys(role for someone in acting_as for role in own_roles(catalog, someone)))


def offices_of(session: Session, person: Person, now: dt.datetime) -> set[str]:
    """Return ids of the offices ``person`` acts for today (Shanghai), those of people they substitute for included."""
    return {someone.office for someone in (person, *_absent(session, now).get(person.id, ()))}


def staff(session: Session, office: str, now: dt.datetime) -> list[Person]:
    """Return everybody who acts for ``office`` (an id) today, substitutes included, in the order they were enrolled."""
    absent = _absent(session, now)
    active = session.scalars(select(Person).where(Person.is_active).order_by(Person.id))
    return [p for p in active if office in {someone.office for someone in (p, *absent.get(p.id, ()))}]


def holders(session: Session, catalog: Catalog, role: RoleId, now: dt.datetime, office: str = "") -> list[Person]:
    """Return everybody who may act in ``role`` today, substitutes included, in the order they were enrolled.

    ``office`` (an id) narrows them to those who act for it.
    """
    return able(acting(session, catalog, now), role, office)


def acting(session: Session, catalog: Catalog, now: dt.datetime) -> dict[Person, frozenset[tuple[str, RoleId]]]:
    """Return everybody active, in the order they were enrolled, with the offices (ids) and roles they act in today."""
    absent = _absent(session, now)
    active = session.scalars(select(Person).where(Person.is_active).order_by(Person.id))
    return {
        person: frozenset(
            (one.office, role) for one in (person, *absent.get(person.id, ())) for role in own_roles(catalog, one)
        )
        for person in active
    }


def able(acting_in: Mapping[Person, Collection[tuple[str, RoleId]]], role: RoleId, office: str = "") -> list[Person]:
    """Return who of ``acting`` may act in ``role``, for one office (an id) or for any."""
    return [
        person
        for person, places in acting_in.items()
        if any(held == role and office in ("", of) for of, held in places)
    ]


def _absent(session: Session, now: dt.datetime) -> dict[int, list[Person]]:
    """Return whom people substitute for today (Shanghai), by the id of the one who stands in."""
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
    """Return the person enrolled under this name."""
    return session.scalars(select(Person).where(Person.name == name.strip())).one_or_none()


def not_enrolled(name: str) -> Refusal:
    """Return the refusal of a name that nobody is enrolled under."""
    return Refusal(RefusalCode.NOT_ENROLLED, f"“{name}”没有登记，请核对姓名，或请管理员登记（disclosure people add）。")


def names_of_enrolled(session: Session) -> list[str]:
    """Return every name ever enrolled: who is disabled may have drafted."""
    return list(session.scalars(select(Person.name)))


def check_code(
    session: Session,
    cipher: Cipher,
    person: Person,
    code: str,
    now: dt.datetime,
    *,
    use: CodeUse,
) -> Refusal | None:
    """Use up ``code``, given ``now`` for ``use``, or return why it does not prove ``person``.

    Each code counts once and in the order of time. Wrong attempts are counted in the same transaction.
    """
    # Attempts at the same moment are counted one after the other.
    session.refresh(person, with_for_update=True)
    if refusal := _object_to_attempt(session, person, use.source, now):
        return refusal
    step = _step_of(cipher.decrypt(person.secret), code, now)
    if step is None:
        return _count_wrong_code(session, person, use.source, now)
    if refusal := _object_to_step(session, person, step, now):
        return refusal
    session.add(
        UsedCode(
            person_id=person.id,
            secret_number=person.secret_number,
            time_step=step,
            ask_id=use.ask_id,
            used_for=use.used_for,
            used_at=now,
        )
    )
    attempts.forget_failures(session, person.name, use.source)
    return None


def _object_to_step(session: Session, person: Person, step: int, now: dt.datetime) -> Refusal | None:
    """Return why the code of ``step`` does not count any more: it, or a newer one, was used.

    Where the clock was set back it gives steps twice; those are refused as well, until it has caught up.
    """
    newest = session.scalar(
        select(func.max(UsedCode.time_step)).where(
            UsedCode.person_id == person.id, UsedCode.secret_number == person.secret_number
        )
    )
    if newest is None or step > newest:
        return None
    if newest > _step_at(now):
        until = format_moment(dt.datetime.fromtimestamp((newest + 1) * STEP_SECONDS, dt.UTC))
        sentence = f"“{person.name}”已用过 {until} 的口令，服务器的时钟可能被调慢了。请管理员核对时钟。"
        return Refusal(RefusalCode.USED_CODE, sentence)
    if step == newest:
        return Refusal(RefusalCode.USED_CODE, "这个口令已经用过一次，请等验证器显示下一个再填。")
    return Refusal(RefusalCode.USED_CODE, "这个口令之后已经用过更新的口令，请填验证器上正在显示的一个。")


def _object_to_attempt(session: Session, person: Person, source: str, now: dt.datetime) -> Refusal | None:
    """Return why no code of ``person`` is looked at now from ``source``; None when one is."""
    wait = attempts.waiting_time(session, person.name, source, now)
    if not wait:
        return None
    sentence = f"这里错了几次，请过 {attempts.format_wait(wait)}再填“{person.name}”的口令；本人在别处不受影响。"
    return Refusal(RefusalCode.LOCKED, sentence)


def _count_wrong_code(session: Session, person: Person, source: str, now: dt.datetime) -> Refusal:
    """Count a wrong code given for ``person`` from ``source``, and return its refusal."""
    attempts.count_failure(session, person.name, source, now, "code")
    wait = attempts.waiting_time(session, person.name, source, now)
    again = f"（请过 {attempts.format_wait(wait)}再试）" if wait else ""
    return Refusal(RefusalCode.WRONG_CODE, f"口令不对或已过期，请输入验证器上正在显示的 6 位数字{again}。")


def roles_in_office(catalog: Catalog, office: Office, wanted: Collection[str]) -> list[str] | None:
    """Return role ids out of ids or names; None when nothing was said, which means all of the office's.

    Raises:
        DisclosureError: for a role that people of the office cannot have.
    """
    if not wanted:
        return None
    known = {key: role for role in catalog.roles_of_office(office.id) for key in (role, catalog.roles[role].name)}
    if unfit := [name for name in wanted if name not in known]:
        may = "、".join(catalog.roles[role].name for role in catalog.roles_of_office(office.id)) or "没有角色"
        raise DisclosureError(f"{office.name}的人不能担任“{'、'.join(unfit)}”，可以担任：{may}。")
    return sorted({str(known[name]) for name in wanted})


def known_person(session: Session, name: str) -> Person:
    """Return the person enrolled under this name.

    Raises:
        DisclosureError: when nobody is.
    """
    person = find_person(session, name)
    if person is None:
        raise DisclosureError(not_enrolled(name).sentence)
    return person


def authenticator_uri(catalog: Catalog, name: str, secret: str) -> str:
    """Return what an authenticator's QR code says."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=catalog.profile.short_title)


def _step_at(moment: dt.datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS


def _step_of(secret: str, code: str, now: dt.datetime) -> int | None:
    """Return the time step whose code this is, if it is a recent one."""
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    cleaned = re.sub(r"\s", "", code)
    for step in range(_step_at(now), _step_at(now) - STEPS_ACCEPTED - 1, -1):
        if pyotp.utils.strings_equal(totp.at(step * STEP_SECONDS), cleaned):
            return step
    return None
