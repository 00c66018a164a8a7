"""Signing in: a name, a password and the one-time code of that moment, each of them needed.

Whatever is wrong, the answer and its time are the same: nobody learns from here who is enrolled.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from zxcvbn import zxcvbn

from disclosure.records import attempts, ledger
from disclosure.records.installation import Work
from disclosure.records.tables import Account, Person
from disclosure.review import people
from disclosure.review.refusals import Refusal, RefusalCode

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
#: zxcvbn's scale from 0 to 4: 3 is "safely unguessable", moderate protection from offline guessing.
LEAST_STRENGTH = 3
#: As much of a password as zxcvbn can do with.
_JUDGED_CHARACTERS = 72
#: RFC 9106's second recommendation: 64 MiB, three passes.
_NOBODYS_SECRET = pyotp.random_base32()
_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)


def sign_in(work: Work, name: str, password: str, code: str, source: str) -> Person | Refusal:
    """Return who ``name`` is once password and code are right, the code used up; a refusal must be committed too."""
    session, now = work.session, work.now
    wait = attempts.waiting_time(session, name, source, now)
    if wait:
        return too_many(wait)
    person = people.find_person(session, name)
    account = find_account(session, person) if person is not None else None
    is_right = _is_password(account.password_hash if account is not None else "", password)
    if person is None or account is None or not is_right or not person.is_active:
        # The work of looking at a code is done for those who are not enrolled too.
        pyotp.TOTP(_NOBODYS_SECRET).verify(code, for_time=now)
        attempts.count_failure(session, name, source, now, "password")
        return _wrong()
    refused = use_code(work, person, code, source)
    if refused is None:
        return person
    return refused if refused.code is RefusalCode.USED_CODE else _wrong()


def find_account(session: Session, person: Person) -> Account | None:
    """Return how ``person`` signs in; None while they have neither a password nor another way."""
    return session.scalars(select(Account).where(Account.person_id == person.id)).one_or_none()


def set_password(work: Work, person: Person, password: str) -> Refusal | None:
    """Let ``person`` sign in by ``password`` from now on, and end every session that the old one opened."""
    if unfit := explain_unfit_password(work, person, password):
        return unfit
    account = find_account(work.session, person) or Account(person_id=person.id)
    account.password_hash, account.changed_at = _hasher.hash(_prepared(password)), work.now
    work.session.add(account)
    people.end_sessions(work.session, person, work.now)
    ledger.append(work.session, "password.set", actor=person.name)
    return None


def change_password(work: Work, person: Person, old: str, new: str, source: str) -> Refusal | None:
    """Set ``new`` for somebody signed in who still knows ``old`` (V2.1.6)."""
    if wait := attempts.waiting_time(work.session, person.name, source, work.now):
        return too_many(wait)
    account = find_account(work.session, person)
    if not _is_password(account.password_hash if account else "", old):
        attempts.count_failure(work.session, person.name, source, work.now, "password")
        return Refusal(RefusalCode.WRONG_PASSWORD, "现在的密码不对，没有更改。")
    return set_password(work, person, new)


def explain_unfit_password(work: Work, person: Person, password: str) -> Refusal | None:
    """Return why ``password`` is not taken: length and guessability, no rules of composition (V2.1.1 to V2.1.9)."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return _unfit(f"密码应有 {SHORTEST_PASSWORD} 到 {LONGEST_PASSWORD} 个字符，请再想一个。")
    known = [person.name, work.catalog.offices[person.office].name, work.catalog.profile.title]
    if zxcvbn(password[:_JUDGED_CHARACTERS], user_inputs=known)["score"] < LEAST_STRENGTH:
        return _unfit("这个密码容易被猜到，请再长一些，例如用几个不相干的词连起来。")
    return None


def _is_password(stored: str, given: str) -> bool:
    """Whether ``given`` is the password; as much work is done where there is none."""
    try:
        return _hasher.verify(stored or _nobodys_hash(), _prepared(given)) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody")


def _prepared(password: str) -> str:
    """Return the password as it is hashed: what no keyboard types must not break the hashing."""
    return password.encode("utf-8", "replace").decode()


def _wrong() -> Refusal:
    return Refusal(RefusalCode.WRONG_PASSWORD, "姓名、密码或一次性口令不对，没有登录。请核对后再试。")


def too_many(wait: dt.timedelta) -> Refusal:
    """Return what somebody is told who has to wait."""
    return Refusal(RefusalCode.LOCKED, f"错了几次，请过 {attempts.format_wait(wait)}再试；本人在别处登录不受影响。")


def use_code(work: Work, person: Person, code: str, source: str) -> Refusal | None:
    """Use up the one-time code of ``person`` for coming in, or return why it does not prove them."""
    use = people.CodeUse("sign_in", source=source)
    return people.check_code(work.session, work.cipher, person, code, work.now, use=use)


def _unfit(sentence: str) -> Refusal:
    return Refusal(RefusalCode.UNFIT_FIELD, sentence)
