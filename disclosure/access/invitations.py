"""Invitations: a link, good once and for a week, by which a person sets the first or a new password."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from disclosure.access import accounts
from disclosure.access.tokens import new_token, token_hash
from disclosure.platform.errors import DisclosureError
from disclosure.records import attempts, ledger
from disclosure.records.installation import Work
from disclosure.records.tables import Invitation, Person
from disclosure.review import people
from disclosure.review.refusals import Refusal, RefusalCode

LASTS = dt.timedelta(days=7)


def invite(work: Work, name: str, *, shows_secret: bool = False) -> str:
    """Return the token of a new invitation of ``name``; earlier ones are closed.

    ``shows_secret``: by it the person also sets up their authenticator, which only a new secret is for.

    Raises:
        DisclosureError: for somebody who is not enrolled, or disabled.
    """
    person = people.find_person(work.session, name)
    if person is None:
        raise DisclosureError(people.not_enrolled(name).sentence)
    if not person.is_active:
        raise DisclosureError(f"“{person.name}”已停用；要重新启用，请运行 disclosure people re-enrol {person.name}。")
    close_invitations(work, person)
    token = new_token()
    work.session.add(
        Invitation(
            person_id=person.id,
            token_hash=token_hash(token),
            shows_secret=shows_secret,
            made_at=work.now,
            expires_at=work.now + LASTS,
        )
    )
    ledger.append(work.session, "person.invited", actor="管理员", name=person.name)
    return token


def find_invited(work: Work, token: str) -> Person | None:
    """Return whom ``token`` invites; None when it is used, over, or none at all."""
    row = _find_open(work, token)
    return row.person if row is not None else None


def authenticator_to_set_up(work: Work, token: str) -> str:
    """Return what the authenticator is to scan on the page of the invitation; empty where it is set up already."""
    row = _find_open(work, token)
    if row is None or not row.shows_secret:
        return ""
    return people.authenticator_uri(work.catalog, row.person.name, work.cipher.decrypt(row.person.secret))


def _find_open(work: Work, token: str) -> Invitation | None:
    wanted = (
        select(Invitation)
        .where(Invitation.token_hash == token_hash(token), Invitation.closed_at.is_(None))
        .options(joinedload(Invitation.person))
    )
    row = work.session.scalars(wanted).one_or_none()
    if row is None or work.now >= row.expires_at or not row.person.is_active:
        return None
    return row


def accept(work: Work, token: str, password: str, code: str, source: str) -> Person | Refusal:
    """Set the password of the person invited, whose code proves that their authenticator works.

    A refusal must be committed too; the invitation stays open.
    """
    person = find_invited(work, token)
    if person is None:
        return Refusal(RefusalCode.NOT_INVITED, "这个邀请已经用过、过期或不存在。请管理员重新发一个。")
    if wait := attempts.waiting_time(work.session, person.name, source, work.now):
        return accounts.too_many(wait)
    # Looked at before the code: nobody uses one up for a password that is not taken.
    if unfit := accounts.explain_unfit_password(work, person, password):
        return unfit
    if wrong := accounts.use_code(work, person, code, source):
        return wrong
    if unfit := accounts.set_password(work, person, password):
        return unfit
    close_invitations(work, person)
    return person


def close_invitations(work: Work, person: Person) -> None:
    """Make every open invitation of ``person`` worthless."""
    open_ones = update(Invitation).where(Invitation.person_id == person.id, Invitation.closed_at.is_(None))
    work.session.execute(open_ones.values(closed_at=work.now))
