"""Who a bureau's own OpenID Connect provider says somebody is, as one of the people enrolled here.

The provider's subject counts. The first time somebody comes with the name of an enrolled person who has no subject yet,
it is registered as theirs; from then on nobody else comes in under that name that way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from disclosure.access.accounts import find_account
from disclosure.records import ledger
from disclosure.records.installation import Work
from disclosure.records.tables import Account, Person
from disclosure.review import people
from disclosure.review.refusals import Refusal, RefusalCode


def identify_by_claims(work: Work, claims: Mapping[str, Any], name_claim: str) -> Person | Refusal:
    """Return the person that checked ``claims`` are about; their name stands in ``name_claim``."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        return Refusal(RefusalCode.NOT_ENROLLED, "统一登录没有说明是谁，请联系管理员。")
    registered = select(Person).join(Account, Account.person_id == Person.id).where(Account.openid_subject == subject)
    person = work.session.scalars(registered).one_or_none() or _register(work, subject, claims.get(name_claim))
    if isinstance(person, Person) and not person.is_active:
        return Refusal(RefusalCode.DISABLED, f"“{person.name}”已停用，不能登录，请联系管理员。")
    return person


def _register(work: Work, subject: str, name: object) -> Person | Refusal:
    """Register ``subject`` as that of the person enrolled under ``name``."""
    person = people.find_person(work.session, name) if isinstance(name, str) and name.strip() else None
    if person is None:
        return people.not_enrolled(name.strip()[:30] if isinstance(name, str) else "")
    account = find_account(work.session, person) or Account(person_id=person.id)
    if account.openid_subject is not None:
        sentence = f"“{person.name}”已用统一登录的另一个账号登记过，请管理员核对是不是同名的人。"
        return Refusal(RefusalCode.NOT_ENROLLED, sentence)
    account.openid_subject, account.changed_at = subject, work.now
    work.session.add(account)
    ledger.append(work.session, "openid.registered", actor=person.name, subject=subject)
    return person
